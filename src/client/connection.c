/* Connections: how they are made, and made anew when the manager is another one. */
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/clock.h"
#include "client/connection.h"

/* A manager that was killed is started again within this time, or not at all. */
#define REOPEN_TIMEOUT  (10 * USEC_PER_SEC)
#define REOPEN_INTERVAL (5 * USEC_PER_MSEC)

int connection_fail(Nsunits *n, int r, char *words) {
        free(n->words);
        n->words = words;
        n->failed = r;
        return r;
}

static void forget_failure(Nsunits *n) {
        sd_bus_error_free(&n->error);
        (void) connection_fail(n, 0, NULL);
}

/* The errno that stands for an error of the manager; sd-bus knows those of D-Bus. */
static int errno_of(const sd_bus_error *error, int r) {
        static const struct {
                const char *name;
                int r;
        } table[] = {
#define X(code, name) { name, -(code) },
                BUS_ERRNO_LIST(X)
#undef X
        };

        if (sd_bus_error_has_names(error, BUS_ERROR_NO_SUCH_UNIT, BUS_ERROR_NO_SUCH_JOB))
                return -ENOENT;
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
                return -EACCES;
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (sd_bus_error_has_name(error, table[i].name))
                        return table[i].r;
        return r;
}

const char *nsunits_error(const Nsunits *n) {
        const char *words = n->words ? n->words : n->error.message;

        return words ? words : n->failed < 0 ? strempty(strerrordesc_np(-n->failed)) : "";
}

const char *nsunits_error_name(const Nsunits *n) {
        return n->error.name;
}

sd_bus *nsunits_get_bus(Nsunits *n) {
        return n->bus;
}

const char *nsunits_get_destination(const Nsunits *n) {
        return n->socket ? NULL : BUS_SERVICE;
}

/* Connects by hand, so that a manager that is not there is known now and not at the first call. */
static int socket_connect(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        autoclose int fd = -EBADF;

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        (void) strcpy(address.sun_path, path);

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return take_fd(fd);
}

static int socket_open(const char *path, sd_bus **ret) {
        autoclose int fd = socket_connect(path);
        sd_bus *bus = NULL;
        int r;

        if (fd < 0)
                return fd;
        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_fd(bus, fd, fd);
        if (r >= 0) {
                (void) take_fd(fd);
                r = sd_bus_start(bus);
        }
        if (r < 0) {
                sd_bus_close_unref(bus);
                return r;
        }

        *ret = bus;
        return 0;
}

int nsunits_open_socket(const char *path, Nsunits **ret) {
        autoptr(Nsunits) n = calloc(1, sizeof(*n));
        int r;

        if (!n)
                return -ENOMEM;
        n->socket = strdup(path);
        if (!n->socket)
                return -ENOMEM;
        r = socket_open(path, &n->bus);
        if (r < 0)
                return r;
        *ret = take_ptr(n);
        return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Nsunits *n = userdata;
        const char *owner;

        if (sd_bus_message_read(m, "sss", NULL, NULL, &owner) >= 0 && owner[0])
                n->managers++;
        return 0;
}

int nsunits_open_system(Nsunits **ret) {
        autoptr(Nsunits) n = calloc(1, sizeof(*n));
        int r;

        if (!n)
                return -ENOMEM;
        r = sd_bus_open_system(&n->bus);
        if (r >= 0)
                r = sd_bus_add_match(n->bus, &n->owner,
                                     "type='signal',sender='org.freedesktop.DBus',"
                                     "member='NameOwnerChanged',arg0='" BUS_SERVICE "'",
                                     on_owner, n);
        if (r < 0)
                return r;
        *ret = take_ptr(n);
        return 0;
}

int nsunits_open(Nsunits **ret) {
        int r = nsunits_open_socket(BUS_PRIVATE_DEFAULT, ret);

        return r < 0 && nsunits_open_system(ret) < 0 ? r : 0;
}

Nsunits *nsunits_close(Nsunits *n) {
        if (!n)
                return NULL;

        (void) nsunits_watch(n, NULL, NULL);
        sd_bus_slot_unref(n->owner);
        sd_bus_flush_close_unref(n->bus);
        sd_bus_error_free(&n->error);
        free(n->socket);
        free(n->words);
        free(n);
        return NULL;
}

bool connection_is_lost(int r) {
        return r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE;
}

int connection_call_new(Nsunits *n, const char *path, const char *interface, const char *member,
                        sd_bus_message **ret) {
        return sd_bus_message_new_method_call(n->bus, ret, nsunits_get_destination(n), path ? path : BUS_PATH,
                                              interface ? interface : BUS_MANAGER_INTERFACE, member);
}

int connection_call_message(Nsunits *n, int r, sd_bus_message *m, sd_bus_message **ret) {
        forget_failure(n);
        if (r >= 0)
                r = sd_bus_call(n->bus, m, UINT64_MAX, &n->error, ret);
        if (connection_is_lost(r))
                r = -ECONNRESET;
        return r < 0 ? connection_fail(n, errno_of(&n->error, r), NULL) : 0;
}

int connection_call(Nsunits *n, const char *path, const char *interface, const char *member,
                    sd_bus_message **ret, const char *types, ...) {
        sd_bus_message *m = NULL;
        va_list ap;
        int r;

        r = connection_call_new(n, path, interface, member, &m);
        if (r >= 0 && types) {
                va_start(ap, types);
                r = sd_bus_message_appendv(m, types, ap);
                va_end(ap);
        }
        r = connection_call_message(n, r, m, ret);
        sd_bus_message_unref(m);
        return r;
}

int connection_match(Nsunits *n, const char *path, const char *interface, const char *member,
                     sd_bus_message_handler_t fn, void *data, sd_bus_slot **ret) {
        int r;

        *ret = sd_bus_slot_unref(*ret);
        r = sd_bus_match_signal(n->bus, ret, nsunits_get_destination(n), path, interface, member, fn, data);
        return r < 0 ? connection_fail(n, r, NULL) : 0;
}

int connection_subscribe(Nsunits *n) {
        n->subscribed = n->managers;
        return connection_call(n, NULL, NULL, "Subscribe", NULL, NULL);
}

static int wait_for_end(Nsunits *n, usec_t end) {
        while (sd_bus_is_open(n->bus) > 0) {
                const usec_t now = clock_now(CLOCK_MONOTONIC);
                int r = sd_bus_process(n->bus, NULL);

                if (r == 0 && now < end)
                        r = sd_bus_wait(n->bus, end - now);
                if (r < 0 && r != -EINTR)
                        break;
                if (now >= end)
                        return -ETIMEDOUT;
        }
        return 0;
}

/* A connection may have been made to the manager that is about to go. */
static bool answers(sd_bus *bus) {
        return sd_bus_call_method(bus, NULL, BUS_PATH, "org.freedesktop.DBus.Peer", "Ping", NULL, NULL,
                                  NULL) >= 0;
}

int nsunits_reopen(Nsunits *n) {
        const usec_t end = clock_now(CLOCK_MONOTONIC) + REOPEN_TIMEOUT;

        forget_failure(n);
        if (!n->socket || (n->bus && wait_for_end(n, end) < 0))
                return connection_fail(n, -ETIMEDOUT, NULL);
        for (;;) {
                n->bus = sd_bus_close_unref(n->bus);
                if (socket_open(n->socket, &n->bus) >= 0 && answers(n->bus)) {
                        n->managers++;
                        return n->fn ? nsunits_watch(n, n->fn, n->data) : 0;
                }
                if (clock_now(CLOCK_MONOTONIC) >= end)
                        return connection_fail(n, -ETIMEDOUT, NULL);
                (void) usleep(REOPEN_INTERVAL);
        }
}

int connection_open_again(const char *path, Nsunits **ret) {
        autoptr(Nsunits) n = calloc(1, sizeof(*n));
        int r;

        if (!n)
                return -ENOMEM;
        n->socket = strdup(path);
        r = n->socket ? nsunits_reopen(n) : -ENOMEM;
        if (r >= 0)
                *ret = take_ptr(n);
        return r == -ETIMEDOUT ? -ECONNRESET : r;
}

int nsunits_process(Nsunits *n, uint64_t timeout) {
        int r = sd_bus_process(n->bus, NULL);

        if (r == 0) {
                r = sd_bus_wait(n->bus, timeout);
                if (r > 0)
                        r = sd_bus_process(n->bus, NULL);
        }
        if (r >= 0 && n->fn && n->subscribed != n->managers)
                return connection_subscribe(n);
        if (r == -EINTR)
                return 0;
        if (connection_is_lost(r) || sd_bus_is_open(n->bus) <= 0)
                return connection_fail(n, -ECONNRESET, NULL);
        return r < 0 ? connection_fail(n, r, NULL) : r > 0;
}
