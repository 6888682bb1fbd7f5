/* The manager's side of nsunits-keeper. */
#include "manager/keeper.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <uthash.h>

#include "basic/clock.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "build-config.h"
#include "cgroup/cgroup.h"
#include "manager/child.h"
#include "manager/priority.h"
#include "runtime/host-exec.h"
#include "runtime/keeper/keeper-message.h"

#define PROGRAM LIBEXECDIR "/nsunits-keeper"

/* Beside the units' own, which all have a suffix. */
#define CGROUP "keeper"

/* It answers at once; this is for one that was stopped by somebody. */
#define PATIENCE_SECONDS 2

/* One that ends sooner is not started again. */
#define SHORTEST_LIFE USEC_PER_SEC

#define KILL_TRIES    50
#define KILL_INTERVAL USEC_PER_MSEC

#define END_TIMEOUT  USEC_PER_SEC
#define END_INTERVAL USEC_PER_MSEC

typedef struct Said {
        struct Said *next;
        FdMessage message; /* .data is owned */
} Said;

/* Most often one; the last one may be on its way out when the next one is needed. */
typedef struct Process {
        Keeper *keeper;
        Child *child;
        struct Process *next;
} Process;

typedef struct Kept {
        char *label;
        int fd;
        bool listens;
        bool ours; /* not taken yet: left by an earlier manager */
        Said *said;
        UT_hash_handle hh;
} Kept;

struct Keeper {
        sd_event *event;
        const Children *children;
        CgroupRoot *cgroups;
        char *run;
        int fd;      /* connected, or none */
        bool broken; /* of no use any more; on_hang_up() follows */
        sd_event_source *hang_up;
        Process *processes; /* those that are our children */
        usec_t started;
        bool warned;
        bool cgroup_left;
        Kept *kept;
};

/* --- what is kept ----------------------------------------------------------------------------------- */

/* The keeper has copies of what came along until it is told to forget. */
static void said_free(Said *list) {
        Said *s;

        while ((s = list)) {
                list = s->next;
                fd_message_close(&s->message);
                free(s->message.data);
                free(s);
        }
}

static void kept_free(Keeper *k, Kept *e) {
        HASH_DEL(k->kept, e);
        said_free(e->said);
        if (e->ours)
                (void) close(e->fd);
        free(e->label);
        free(e);
}

static Kept *find(const Keeper *k, const char *label) {
        Kept *e;

        HASH_FIND_STR(k->kept, label, e);
        return e;
}

static Kept *kept_new(Keeper *k, const char *label, int fd, bool listens) {
        Kept *e = find(k, label);

        if (e)
                kept_free(k, e);
        e = calloc(1, sizeof(*e));
        if (!e || !(e->label = strdup(label))) {
                free(e);
                return NULL;
        }
        e->fd = fd;
        e->listens = listens;
        HASH_ADD_KEYPTR(hh, k->kept, e->label, strlen(e->label), e);
        return e;
}

/* --- the connection --------------------------------------------------------------------------------- */

static void disconnect(Keeper *k) {
        k->broken = false;
        k->hang_up = sd_event_source_disable_unref(k->hang_up);
        replace_fd(&k->fd, -EBADF);
}

/* It is the descriptor, not the keeper: sockets that lie in one another too deep, files that are not to be
 * handed on. */
static bool is_unsendable(int error) {
        return error == -ETOOMANYREFS || error == -EINVAL || error == -EBADF;
}

/* A keeper that has given up, or was given up, serves nobody, and would take the messages of all containers:
 * another one takes its place as soon as it is known. */
static int say(Keeper *k, KeeperVerb verb, const char *label, int fd, bool listens) {
        const KeeperMessage m = { .header = { .verb = verb,
                                              .flags = listens ? KEEPER_LISTENS : 0,
                                              .label_size = (uint32_t) strlen(label) },
                                  .label = label };
        int r;

        if (k->fd < 0 || k->broken)
                return 0;
        r = keeper_message_send(k->fd, 0, &m, &fd, fd >= 0);
        /* A container's choice of descriptor must not cost the others theirs. */
        if (r >= 0 || is_unsendable(r))
                return r;
        log_warning("the keeper of descriptors does not answer: %s", strerror(-r));
        k->broken = true;
        (void) shutdown(k->fd, SHUT_RDWR);
        return 0;
}

static void warn(Keeper *k, int error) {
        if (!k->warned)
                log_warning(
                        "should the manager die, messages and descriptors of containers may be lost: %s: %s",
                        PROGRAM, strerror(-error));
        k->warned = true;
}

static int start(Keeper *k);

/* With all that is to be held. */
static int start_anew(Keeper *k) {
        int r = start(k);

        for (Kept *e = k->kept; e && r >= 0; e = e->hh.next)
                if (say(k, KEEPER_PUT, e->label, e->fd, e->listens) < 0)
                        log_warning("a descriptor will not outlive the manager: %s", e->label);
        return r;
}

/* Somebody has killed it: what it held is still open here. */
static void begin_again(Keeper *k) {
        int r = -EAGAIN;

        if (k->warned || !k->kept || k->fd >= 0)
                return;
        if (clock_now(CLOCK_MONOTONIC) > usec_add(k->started, SHORTEST_LIFE))
                r = start_anew(k);
        if (r < 0)
                warn(k, r);
        else
                log_notice("the keeper of descriptors has ended; another one has taken its place");
}

static int on_hang_up(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        disconnect(userdata);
        begin_again(userdata);
        return 0;
}

static void process_free(Process *p) {
        Process **at = &p->keeper->processes;

        while (*at != p)
                at = &(*at)->next;
        *at = p->next;
        child_free(p->child);
        free(p);
}

static void on_process_exit(Child *child, const ChildExit *how, void *data) {
        process_free(data);
}

/* The manager waits for answers at its start alone. */
static int adopt_connection(Keeper *k, int fd) {
        const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
        int r;

        (void) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        r = sd_event_add_io(k->event, &k->hang_up, fd, EPOLLHUP, on_hang_up, k);
        if (r >= 0)
                r = sd_event_source_set_priority(k->hang_up, PRIORITY_KEEPER);
        if (r < 0) {
                k->hang_up = sd_event_source_disable_unref(k->hang_up);
                return r;
        }
        k->fd = fd;
        return 0;
}

/* Through /proc: the directory may be longer than the 108 bytes of sun_path. */
static int make_address(int run_fd, struct sockaddr_un *ret) {
        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        (void) snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%i/keeper", run_fd);
        return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

static int connect_to(Keeper *k) {
        autoclose int run_fd = open(k->run, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
        struct sockaddr_un address;
        int r;

        if (run_fd < 0)
                return -errno;
        fd = make_address(run_fd, &address);
        if (fd < 0 || connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        r = adopt_connection(k, fd);
        if (r < 0)
                return r;
        (void) take_fd(fd);
        return 0;
}

/* --- the process ------------------------------------------------------------------------------------ */

/* It listens before there is a process: the first connection need not wait for one. */
static int listen_for(const Keeper *k) {
        autoclose int run_fd = open(k->run, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
        struct sockaddr_un address;
        mode_t mask;
        int r;

        if (run_fd < 0)
                return -errno;
        fd = make_address(run_fd, &address);
        if (fd < 0)
                return -errno;
        (void) unlinkat(run_fd, "keeper", 0);
        mask = umask(0177);
        r = bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 ? -errno : 0;
        (void) umask(mask);
        if (r < 0)
                return r;
        return listen(fd, 4) < 0 ? -errno : take_fd(fd);
}

/* Not the manager's: what is left in there would be in the way of its service. Whoever is in it already is on
 * its way out, or cannot be reached any more, and would take messages that are not for it. */
static int open_cgroup(const Keeper *k) {
        const LimitSpec none = LIMIT_SPEC_NONE;
        int fd = -EBUSY;

        for (int i = 0; k->cgroups && fd == -EBUSY && i < KILL_TRIES; i++) {
                autoclose int old = cgroup_open(k->cgroups, CGROUP);

                if (old >= 0 && cgroup_populated(old) > 0) {
                        (void) cgroup_kill(old);
                        (void) usleep(KILL_INTERVAL);
                }
                fd = cgroup_create(k->cgroups, CGROUP, &none, NULL);
        }
        return fd;
}

static int watch_process(Keeper *k, int pidfd, pid_t pid) {
        const ChildInfo info = { .pidfd = pidfd, .pid = pid };
        Process *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        p->keeper = k;
        r = child_watch(k->children, &info, on_process_exit, p, &p->child);
        if (r < 0) {
                free(p);
                return r;
        }
        p->next = k->processes;
        k->processes = p;
        return 0;
}

static int start(Keeper *k) {
        static char *const argv[] = { (char *) "nsunits-keeper", NULL }, *const environment[] = { NULL };
        autoclose int listen_fd = listen_for(k), cgroup_fd = -EBADF, null_fd = -EBADF, pidfd = -EBADF;
        Fault fault = {};
        pid_t pid;
        int r;

        if (listen_fd < 0)
                return listen_fd;
        if (access(PROGRAM, X_OK) < 0)
                return -errno;
        null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null_fd < 0)
                return -errno;
        cgroup_fd = open_cgroup(k);

        const HostExec x = {
                .path = PROGRAM,
                .argv = argv,
                .environment = environment,
                .cgroup_fd = cgroup_fd >= 0 ? cgroup_fd : -1,
                .stdout_fd = listen_fd,
                .stderr_fd = null_fd,
        };
        r = host_exec(&x, &fault, &pidfd, &pid);
        if (r < 0)
                return r;

        k->cgroup_left = true;
        k->started = clock_now(CLOCK_MONOTONIC);
        r = watch_process(k, pidfd, pid);
        if (r < 0)
                return r;
        (void) take_fd(pidfd);
        return connect_to(k);
}

/* --- at the manager's start ------------------------------------------------------------------------- */

static int add_said(Keeper *k, const char *label, const KeeperMessage *m, FdMessage *raw) {
        Kept *e = find(k, label);
        Said *s = e ? calloc(1, sizeof(*s)) : NULL, **end;

        if (!s)
                return 0;
        s->message = *raw;
        s->message.sender = m->header.sender;
        s->message.size = m->text_size;
        s->message.data = malloc(m->text_size + 1);
        if (!s->message.data) {
                free(s);
                return -ENOMEM;
        }
        memcpy(s->message.data, m->text, m->text_size);
        s->message.data[m->text_size] = '\0';
        raw->n_fds = 0;
        for (end = &e->said; *end; end = &(*end)->next)
                ;
        *end = s;
        return 0;
}

/* Returns 1 when all was said. */
static int take_answer(Keeper *k, const KeeperMessage *m, FdMessage *raw) {
        autofree char *label = strndup(m->label, m->header.label_size);
        Kept *e;

        if (!label)
                return -ENOMEM;
        switch (m->header.verb) {
        case KEEPER_ENTRY:
                if (raw->n_fds != 1)
                        return 0;
                e = kept_new(k, label, raw->fds[0], m->header.flags & KEEPER_LISTENS);
                if (!e)
                        return -ENOMEM;
                raw->fds[0] = -EBADF;
                e->ours = true;
                return 0;
        case KEEPER_MESSAGE:
                return add_said(k, label, m, raw);
        case KEEPER_END:
                return 1;
        default:
                return 0;
        }
}

static int learn(Keeper *k) {
        char data[KEEPER_DATA_MAX];
        int r;

        (void) say(k, KEEPER_LIST, "", -1, false);
        do {
                FdMessage raw = { .data = data, .size = sizeof(data) };
                KeeperMessage m;

                r = k->fd >= 0 ? fd_message_receive(k->fd, 0, &raw) : -ENOTCONN;
                if (r <= 0)
                        return r < 0 ? r : -ECONNRESET;
                r = keeper_message_parse(&raw, &m);
                if (r >= 0)
                        r = take_answer(k, &m, &raw);
                fd_message_close(&raw);
        } while (r == 0);
        return r < 0 ? r : 0;
}

int keeper_new(sd_event *event, const Children *children, CgroupRoot *cgroups, const char *run,
               Keeper **ret) {
        autoptr(Keeper) k = calloc(1, sizeof(*k));
        int r;

        if (!k || !(k->run = strdup(run)))
                return -ENOMEM;
        k->fd = -EBADF;
        k->event = sd_event_ref(event);
        k->children = children;
        k->cgroups = cgroups;

        r = connect_to(k);
        if (r >= 0) {
                k->cgroup_left = true;
                r = learn(k);
                if (r < 0) {
                        log_warning("what the keeper of descriptors holds is lost: %s", strerror(-r));
                        disconnect(k);
                }
        }
        *ret = take_ptr(k);
        return 0;
}

int keeper_take(Keeper *k, const char *label) {
        Kept *e = find(k, label);

        if (!e || !e->ours)
                return -ENOENT;
        e->ours = false;
        return e->fd;
}

const char *keeper_next(const Keeper *k, const char *prefix) {
        for (const Kept *e = k->kept; e; e = e->hh.next)
                if (e->ours && startswith(e->label, prefix))
                        return e->label;
        return NULL;
}

void keeper_hear(Keeper *k, const char *label, KeeperMessageFn fn, void *data) {
        Kept *e = find(k, label);
        Said *list = e ? take_ptr(e->said) : NULL;

        if (!list)
                return;
        /* What follows from a message may be that all of this label is closed. */
        for (Said *s = list; s; s = s->next)
                fn(&s->message, data);
        said_free(list);
        (void) say(k, KEEPER_FORGET, label, -1, false);
}

void keeper_settle(Keeper *k) {
        Kept *e, *next;

        HASH_ITER (hh, k->kept, e, next) {
                autofree char *label = e->ours ? strdup(e->label) : NULL;

                if (!label)
                        continue;
                kept_free(k, e);
                (void) say(k, KEEPER_DROP, label, -1, false);
        }
}

/* --- later ------------------------------------------------------------------------------------------ */

int keeper_put(Keeper *k, const char *label, int fd, bool listens) {
        Kept *e = kept_new(k, label, fd, listens);
        int r;

        if (!e) {
                warn(k, -ENOMEM);
                return 0;
        }
        if (k->fd < 0) {
                r = k->warned ? 0 : start_anew(k);
                if (r < 0)
                        warn(k, r);
                return 0;
        }
        r = say(k, KEEPER_PUT, label, fd, listens);
        if (r < 0)
                kept_free(k, e);
        return r;
}

void keeper_close(Keeper *k, const char *label, int *fd) {
        Kept *e = find(k, label);

        replace_fd(fd, -EBADF);
        if (!e)
                return;
        kept_free(k, e);
        (void) say(k, KEEPER_DROP, label, -1, false);
}

bool keeper_rest(Keeper *k) {
        if (k->kept)
                return false;
        disconnect(k);
        if (k->cgroup_left && k->cgroups && cgroup_remove(k->cgroups, CGROUP) != -EBUSY)
                k->cgroup_left = false;
        return k->cgroup_left;
}

void keeper_end(Keeper *k) {
        const usec_t end = usec_add(clock_now(CLOCK_MONOTONIC), END_TIMEOUT);

        while (k && keeper_rest(k) && clock_now(CLOCK_MONOTONIC) < end)
                (void) usleep(END_INTERVAL);
}

void keeper_free(Keeper *k) {
        Kept *e, *next;

        if (!k)
                return;
        /* Without a connection: nothing is closed but our own copies. */
        disconnect(k);
        HASH_ITER (hh, k->kept, e, next)
                kept_free(k, e);
        while (k->processes)
                process_free(k->processes);
        (void) sd_event_unref(k->event);
        free(k->run);
        free(k);
}
