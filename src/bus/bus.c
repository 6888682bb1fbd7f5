/* Connections: the private socket and its clients, the system bus, and who gets signals. */
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "bus/bus-internal.h"
#include "manager/priority.h"

#define SYSTEM_BUS_ADDRESS "unix:path=/run/dbus/system_bus_socket"

/* How long to stay away from a system bus that has thrown us out, before we wait for its socket again. */
#define RETRY_DELAY (2 * USEC_PER_SEC)

/* So long do questions wait while there is more urgent work without end; and so many of one client's are then
 * answered. */
#define PATIENCE        (2 * USEC_PER_MSEC)
#define ANSWERS_AT_ONCE 16

/* For the first question of a new connection. */
#define HEARING_MAX USEC_PER_MSEC

/* A client that does not read for so many messages is dead or hostile; either way it must not cost memory. */
#define QUEUE_MAX 8192

static void peer_free(Peer *p) {
        if (!p)
                return;

        bus_pull_drop(p->owner, p->bus);
        bus_polkit_drop(p->owner, p->bus);
        TAILQ_REMOVE(&p->owner->peers, p, link);
        sd_bus_track_unref(p->subscribers);
        (void) sd_bus_slot_unref(p->filter);
        (void) sd_bus_detach_event(p->bus);
        sd_bus_close_unref(p->bus); /* without a flush, which would wait for the client */
        free(p);
}

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata);

static void schedule_retry(Bus *b) {
        if (!b->retry_timer)
                (void) sd_event_add_time_relative(b->event, &b->retry_timer, CLOCK_MONOTONIC, RETRY_DELAY, 0,
                                                  on_retry, b);
}

static void lose(Peer *p) {
        Bus *b = p->owner;
        bool system = p->system;

        if (system) {
                bus_face_forget(b);
                bus_machine_forget(b);
        }
        peer_free(p);
        if (system)
                bus_host_lose(b);
        if (system)
                schedule_retry(b);
}

int peer_publish(Peer *p) {
        int r;

        if (p->published)
                return 0;
        r = bus_manager_publish(p->owner, p->bus);
        if (r >= 0)
                r = bus_unit_publish(p->owner, p->bus);
        if (r >= 0)
                r = bus_job_publish(p->owner, p->bus);
        p->published = r >= 0;
        return r;
}

/* on_message() hears of that, and frees the peer. */
static void hang_up(const Peer *p) {
        (void) shutdown(sd_bus_get_fd(p->bus), SHUT_RDWR);
}

/*
 * To announce tables to sd-bus takes longer than all the rest of a connection: each method and property is a
 * node of a hash, and the keys of units are hundreds. A client that only calls the manager or looks at units,
 * as nsctl does, needs none of them: its calls are handled here. All tables come with the first message for
 * anything else, or that is not as it should be, before that is looked at.
 */
static int answer_without_tables(Peer *p, sd_bus_message *m, sd_bus_error *error) {
        int r;

        r = bus_call_manager(p->owner, m, error);
        if (r == 0)
                r = bus_get_all(p->owner, m, error);
        if (r != 0)
                return r;
        p->keys_published = true;
        r = peer_publish(p);
        if (r >= 0)
                r = bus_keys_publish(p->owner, p->bus);
        /* Some of the tables would be missing for ever: who connects again gets all of them. */
        if (r < 0)
                hang_up(p);
        return r;
}

static bool is_disconnected(sd_bus_message *m) {
        return sd_bus_message_is_signal(m, "org.freedesktop.DBus.Local", "Disconnected") &&
               streq_null(sd_bus_message_get_path(m), "/org/freedesktop/DBus/Local");
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Peer *p = userdata;

        if (is_disconnected(m)) {
                lose(p);
                return 1;
        }
        if (p->keys_published || !sd_bus_message_is_method_call(m, NULL, NULL))
                return 0;
        return answer_without_tables(p, m, error);
}

/* The common half of all connections: takes over @bus also on failure. */
static int peer_add(Bus *b, sd_bus *bus, bool system, Peer **ret) {
        Peer *p;
        int r;

        p = calloc(1, sizeof(*p));
        if (!p) {
                sd_bus_unref(bus);
                return -ENOMEM;
        }
        *p = (Peer){ .owner = b, .bus = bus, .system = system };
        TAILQ_INSERT_TAIL(&b->peers, p, link);

        r = sd_bus_set_exit_on_disconnect(bus, false);
        /* Nothing is said to a client at the end of the loop, who may not listen; and the end of his
         * connection is for him the end of this manager, who serves nobody any more. */
        if (r >= 0 && !system)
                r = sd_bus_set_close_on_exit(bus, false);
        if (r >= 0)
                r = sd_bus_add_filter(bus, &p->filter, on_message, p);
        if (r >= 0)
                r = sd_bus_attach_event(bus, b->event, PRIORITY_BUS);
        if (r < 0) {
                peer_free(p);
                return r;
        }

        *ret = p;
        return 0;
}

/* Who connects shakes hands and then asks, perhaps more than once in a row: each of it is on its way at once,
 * and would otherwise wait until one more container is launched. */
static void hear_out(sd_bus *bus) {
        sd_bus *held = sd_bus_ref(bus); /* its peer may be gone meanwhile */
        struct pollfd p = { .fd = sd_bus_get_fd(bus), .events = POLLIN };
        const usec_t end = usec_add(clock_now(CLOCK_MONOTONIC), HEARING_MAX);
        const struct timespec most = { .tv_nsec = HEARING_MAX * NSEC_PER_USEC };
        bool heard = false;

        do {
                bool ready = sd_bus_is_ready(bus) > 0;
                int r = sd_bus_process(bus, NULL);

                if (r < 0 || (r == 0 && heard))
                        break;
                heard |= r > 0 && ready;
                if (r == 0 && ppoll(&p, 1, &most, NULL) <= 0)
                        break;
        } while (clock_now(CLOCK_MONOTONIC) < end);
        sd_bus_unref(held);
}

int bus_add_client(Bus *b, int fd) {
        autoclose int owned = fd;
        sd_bus *bus = NULL;
        Peer *p;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;

        r = sd_bus_set_fd(bus, owned, owned);
        if (r >= 0) {
                (void) take_fd(owned);
                r = sd_bus_set_server(bus, true, b->server_id);
        }
        if (r >= 0)
                r = sd_bus_negotiate_creds(bus, true, SD_BUS_CREDS_EUID | SD_BUS_CREDS_PID);
        if (r >= 0)
                r = sd_bus_negotiate_fds(bus, true);
        if (r >= 0)
                r = sd_bus_set_sender(bus, BUS_SERVICE);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0) {
                sd_bus_unref(bus);
                return r;
        }

        r = peer_add(b, bus, false, &p);
        if (r >= 0)
                hear_out(bus);
        return r;
}

static int on_connection(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        int client, r;

        client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client < 0)
                return 0;

        r = bus_add_client(userdata, client);
        if (r < 0)
                log_warning("cannot serve a client: %s", strerror(-r));
        return 0;
}

static bool is_ending(const Bus *b) {
        int code;

        return sd_event_get_exit_code(b->event, &code) >= 0;
}

/* What the event loop would do if it came to it. */
static void serve_all(Bus *b) {
        Peer *p, *next;

        (void) on_connection(b->listener, sd_event_source_get_io_fd(b->listener), EPOLLIN, b);
        for (p = TAILQ_FIRST(&b->peers); p; p = next) {
                sd_bus *bus = sd_bus_ref(p->bus); /* the peer may be gone afterwards */

                next = TAILQ_NEXT(p, link);
                for (int i = 0; i < ANSWERS_AT_ONCE && sd_bus_process(bus, NULL) > 0; i++)
                        ;
                sd_bus_unref(bus);
        }
}

int bus_run(Bus *b) {
        usec_t waiting_since = clock_now(CLOCK_MONOTONIC), now;
        uint64_t timeout = 0;
        int r, code = 0;

        while (sd_event_get_state(b->event) != SD_EVENT_FINISHED) {
                r = sd_event_run(b->event, timeout);
                if (r < 0)
                        return r;

                now = clock_now(CLOCK_MONOTONIC);
                if (r == 0 || timeout > 0) /* nothing was left to do */
                        waiting_since = now;
                else if (now - waiting_since >= PATIENCE && !is_ending(b)) {
                        serve_all(b);
                        waiting_since = clock_now(CLOCK_MONOTONIC);
                }
                timeout = r > 0 ? 0 : UINT64_MAX;
        }
        r = sd_event_get_exit_code(b->event, &code);
        return r < 0 ? r : code;
}

static int on_name(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(m);

        /* A bus that goes away meanwhile, as at shutdown, is no news: we come again. */
        bus_host_settle(userdata);
        if (!e) {
                bus_face_settle(userdata);
                bus_machine_settle(userdata, sd_bus_message_get_bus(m));
        } else if (!sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY))
                log_warning("the system bus does not give us the name " BUS_SERVICE ": %s",
                            strempty(e->message));
        return 0;
}

/* Returns at once, also while there is no system bus: sd-bus then waits for its socket to appear. */
static int open_system_bus(Bus *b) {
        const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
        sd_bus *bus = NULL;
        Peer *p;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;

        r = sd_bus_set_address(bus, address ? address : SYSTEM_BUS_ADDRESS);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_set_watch_bind(bus, true);
        if (r >= 0)
                r = sd_bus_negotiate_creds(bus, true, SD_BUS_CREDS_EUID);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0) {
                sd_bus_unref(bus);
                return r;
        }

        r = peer_add(b, bus, true, &p);
        if (r < 0)
                return r;
        r = sd_bus_request_name_async(bus, NULL, BUS_SERVICE, 0, on_name, b);
        if (r < 0)
                peer_free(p);
        return r;
}

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata) {
        Bus *b = userdata;
        int r;

        b->retry_timer = sd_event_source_disable_unref(b->retry_timer);
        r = open_system_bus(b);
        if (r < 0) {
                log_debug("cannot connect to the system bus: %s", strerror(-r));
                schedule_retry(b);
        }
        return 0;
}

static int listen_private(Bus *b, const char *directory, Fault *fault) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        autoclose int fd = -EBADF;
        int r;

        if (asprintf(&b->socket_path, "%s/" BUS_PRIVATE_SOCKET, directory) < 0) {
                b->socket_path = NULL;
                return -ENOMEM;
        }
        if (strlen(b->socket_path) >= sizeof(address.sun_path))
                return fault_set(fault, "private bus", -ENAMETOOLONG, "%s", b->socket_path);
        (void) strcpy(address.sun_path, b->socket_path);

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return fault_set(fault, "private bus", -errno, NULL);

        /* What an earlier manager has left behind; nobody listens on it. The mode keeps others than root out
         * before the first accept(). */
        (void) unlink(b->socket_path);
        (void) fchmod(fd, 0600);
        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || chmod(b->socket_path, 0600) < 0 ||
            listen(fd, SOMAXCONN) < 0)
                return fault_set(fault, "private bus", -errno, "%s", b->socket_path);

        r = sd_event_add_io(b->event, &b->listener, fd, EPOLLIN, on_connection, b);
        if (r >= 0)
                r = sd_event_source_set_priority(b->listener, PRIORITY_BUS);
        if (r >= 0)
                r = sd_event_source_set_io_fd_own(b->listener, true);
        if (r < 0)
                return fault_set(fault, "private bus", r, NULL);
        (void) take_fd(fd);
        return 0;
}

bool peer_wants_signals(const Peer *p) {
        return p->system ? p->subscribers && sd_bus_track_count(p->subscribers) > 0 : p->subscribed;
}

static bool wants_signal(const Peer *p, const char *member) {
        return peer_wants_signals(p) || (p->waits_for_jobs && streq(member, "JobRemoved"));
}

sd_bus *bus_system(const Bus *b) {
        Peer *p;

        TAILQ_FOREACH (p, &b->peers, link)
                if (p->system && sd_bus_is_ready(p->bus) > 0)
                        return p->bus;
        return NULL;
}

Peer *bus_find_peer(Bus *b, sd_bus *bus) {
        Peer *p;

        TAILQ_FOREACH (p, &b->peers, link)
                if (p->bus == bus)
                        break;
        return p;
}

static int signal_peer(Peer *p, const char *member, const char *types, va_list ap) {
        sd_bus_message *m = NULL;
        uint64_t waiting = 0;
        int r;

        if (!p->system && sd_bus_get_n_queued_write(p->bus, &waiting) >= 0 && waiting > QUEUE_MAX) {
                hang_up(p);
                return -ENOBUFS;
        }

        r = sd_bus_message_new_signal(p->bus, &m, BUS_PATH, BUS_MANAGER_INTERFACE, member);
        if (r >= 0)
                r = sd_bus_message_appendv(m, types, ap);
        if (r >= 0)
                r = sd_bus_send(p->bus, m, NULL);
        sd_bus_message_unref(m);
        return r;
}

void bus_signal(Bus *b, const char *member, const char *types, ...) {
        Peer *p;

        TAILQ_FOREACH (p, &b->peers, link) {
                va_list ap;
                int r;

                if (!wants_signal(p, member))
                        continue;
                va_start(ap, types);
                r = signal_peer(p, member, types, ap);
                va_end(ap);
                if (r < 0)
                        log_debug("cannot send %s: %s", member, strerror(-r));
        }
}

static void on_job_new(const JobInfo *job, void *data) {
        char path[64];

        bus_signal(data, "JobNew", "uos", job->id, bus_job_path(job->id, path), unit_name(job->unit));
}

static void on_job_removed(const JobInfo *job, const char *result, void *data) {
        char path[64];

        bus_signal(data, "JobRemoved", "uoss", job->id, bus_job_path(job->id, path), unit_name(job->unit),
                   result);
        bus_face_follow(data, job->unit);
}

static void on_unit_new(Unit *unit, void *data) {
        autofree char *path = bus_unit_path(unit_name(unit));

        if (path)
                bus_signal(data, "UnitNew", "so", unit_name(unit), path);
}

static void on_unit_removed(Unit *unit, void *data) {
        autofree char *path = bus_unit_path(unit_name(unit));

        if (path)
                bus_signal(data, "UnitRemoved", "so", unit_name(unit), path);
        bus_face_forget_unit(data, unit_name(unit));
}

static void on_unit_changed(Unit *unit, void *data) {
        bus_unit_changed(data, unit);
        bus_face_follow(data, unit);
        bus_machine_follow(data, unit);
}

static void on_reloading(bool begins, void *data) {
        bus_signal(data, "Reloading", "b", begins);
}

static const ManagerListener listener = {
        .job_new = on_job_new,
        .job_removed = on_job_removed,
        .unit_new = on_unit_new,
        .unit_removed = on_unit_removed,
        .unit_changed = on_unit_changed,
        .reloading = on_reloading,
        .before_start = bus_host_before_start,
        .start_dropped = bus_host_forget,
};

int bus_new(sd_event *event, Manager *m, Fault *fault, Bus **ret) {
        autoptr(Bus) b = NULL;
        int r;

        b = calloc(1, sizeof(*b));
        if (!b)
                return fault_set(fault, "private bus", -ENOMEM, NULL);
        b->event = event;
        b->manager = m;
        TAILQ_INIT(&b->peers);
        TAILQ_INIT(&b->execs);
        TAILQ_INIT(&b->pulls);
        TAILQ_INIT(&b->questions);

        r = sd_id128_randomize(&b->server_id);
        if (r < 0)
                return fault_set(fault, "private bus", r, NULL);
        r = listen_private(b, manager_config(m)->paths.run, fault);
        if (r < 0)
                return r;

        r = open_system_bus(b);
        if (r < 0) {
                log_warning("cannot connect to the system bus: %s", strerror(-r));
                schedule_retry(b);
        }

        manager_set_listener(m, &listener, b);
        *ret = take_ptr(b);
        return 0;
}

void bus_free(Bus *b) {
        Peer *p;

        if (!b)
                return;

        manager_set_listener(b->manager, NULL, NULL);
        exec_drop_all(b);
        bus_pull_drop(b, NULL);
        bus_face_forget(b);
        bus_machine_forget(b);
        bus_host_forget_all(b);
        while ((p = TAILQ_FIRST(&b->peers)))
                peer_free(p);
        sd_event_source_disable_unref(b->retry_timer);
        if (b->listener)
                (void) unlink(b->socket_path);
        sd_event_source_disable_unref(b->listener);
        free(b->socket_path);
        free(b->view);
        bus_keys_free();
        free(b);
}
