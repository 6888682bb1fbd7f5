/* See log-reader.h. */
#include "manager/log-reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "build-config.h"
#include "manager/internal.h"
#include "runtime/host-exec.h"

#define PROGRAM LIBEXECDIR "/nsunits-logger"
#define NAME    "nsunits-logger"

/* To systemd's tools "logger.slice/web.service" is web.service as well: that is whose lines they are. Not the
 * container's own cgroup, with which the last lines would be killed. */
#define GROUP "logger.slice"

/* Who kills them again and again does not keep us busy. */
#define REPLACE_DELAY (200 * USEC_PER_MSEC)

/* Of what one was called with: identifiers are unit names. */
#define COMMAND_MAX 4096

struct LogReader {
        Manager *manager;
        char *service, *identifier;
        uid_t uid;
        gid_t gid;
        int fds[2];
        Child *child; /* NULL = to be replaced */
        sd_event_source *timer;
        bool failed; /* which has been said */
        LogReader *next;
};

static void reader_free(LogReader *l) {
        if (!l)
                return;

        child_free(l->child);
        (void) sd_event_source_disable_unref(l->timer);
        for (size_t i = 0; i < ELEMENTSOF(l->fds); i++)
                cleanup_close_(&l->fds[i]);
        free(l->service);
        free(l->identifier);
        free(l);
}

AUTOPTR_DEFINE(LogReader, reader_free);

static LogReader *reader_new(Manager *m, const LogOwner *owner) {
        autoptr(LogReader) l = calloc(1, sizeof(*l));

        if (!l)
                return NULL;
        *l = (LogReader){ .manager = m, .uid = owner->uid, .gid = owner->gid, .fds = { -EBADF, -EBADF } };
        l->service = strdup(owner->service);
        l->identifier = strdup(owner->identifier);
        return l->service && l->identifier ? take_ptr(l) : NULL;
}

static void add(LogReader *l) {
        l->next = l->manager->log_readers;
        l->manager->log_readers = l;
}

static void drop(LogReader *l) {
        LogReader **at = &l->manager->log_readers;

        while (*at != l)
                at = &(*at)->next;
        *at = l->next;
        manager_schedule_collect(l->manager);
        reader_free(l);
}

/* It ends when all is said, which it cannot have been while somebody may write or something is to be read. */
static bool is_wanted(const LogReader *l, const ChildExit *how) {
        if (how->known && how->code == CLD_EXITED)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(l->fds); i++) {
                struct pollfd p = { .fd = l->fds[i], .events = POLLIN };

                if (poll(&p, 1, 0) >= 0 && (!(p.revents & POLLHUP) || p.revents & POLLIN))
                        return true;
        }
        return false;
}

static int on_replace(sd_event_source *s, uint64_t usec, void *userdata);

static void replace_later(LogReader *l) {
        l->timer = sd_event_source_disable_unref(l->timer);
        if (sd_event_add_time_relative(l->manager->event, &l->timer, CLOCK_MONOTONIC, REPLACE_DELAY, 0,
                                       on_replace, l) < 0)
                drop(l);
}

static void on_reader_exit(Child *child, const ChildExit *how, void *data) {
        LogReader *l = data;

        l->child = NULL;
        child_free(child);
        if (is_wanted(l, how))
                replace_later(l);
        else
                drop(l);
}

static int follow(LogReader *l, int pidfd, pid_t pid) {
        const ChildInfo info = { .pidfd = pidfd, .pid = pid };

        return child_watch(l->manager->children, &info, on_reader_exit, l, &l->child);
}

static int start(LogReader *l, Fault *fault) {
        autofree char *cgroup = NULL, *uid = NULL, *gid = NULL;
        autoclose int cgroup_fd = -EBADF;
        int pidfd = -EBADF, r;
        pid_t pid;

        if (asprintf(&cgroup, GROUP "/%s", l->service) < 0 || asprintf(&uid, "%u", l->uid) < 0 ||
            asprintf(&gid, "%u", l->gid) < 0)
                return fault_set(fault, "logs", -ENOMEM, NULL);
        if (access(PROGRAM, X_OK) < 0)
                return fault_set(fault, "logs", -errno, PROGRAM);
        /* The one of the last launch may still be in it, with lines to say. */
        cgroup_fd = dir_make_open(cgroup_root_fd(l->manager->cgroups), cgroup, 0755);
        if (cgroup_fd < 0)
                return fault_set(fault, "logs", cgroup_fd, "cgroup %s", cgroup);

        char *const argv[] = { (char *) NAME, uid, gid, l->identifier, NULL };
        static char *const environment[] = { NULL };
        const HostExec x = { .path = PROGRAM,
                             .argv = argv,
                             .environment = environment,
                             .cgroup_fd = cgroup_fd,
                             .stdout_fd = l->fds[0],
                             .stderr_fd = l->fds[1] };

        r = host_exec(&x, fault, &pidfd, &pid);
        if (r < 0)
                return r;
        r = follow(l, pidfd, pid);
        if (r < 0)
                child_put_down(pidfd);
        return r < 0 ? fault_set(fault, "logs", r, NULL) : 0;
}

static int on_replace(sd_event_source *s, uint64_t usec, void *userdata) {
        LogReader *l = userdata;
        Fault fault = {};
        int r = start(l, &fault);

        if (r >= 0) {
                log_notice("the logger of %s was killed; there is another one", l->service);
                l->failed = false;
                return 0;
        }
        if (!l->failed)
                log_warning("the logger of %s was killed, and cannot be replaced yet: %s: %s", l->service,
                            strempty(fault.object), strerror(-r));
        l->failed = true;
        replace_later(l);
        return 0;
}

int log_reader_start(Manager *m, const LogOwner *owner, int fds[2], Fault *fault) {
        autoptr(LogReader) l = reader_new(m, owner);
        int r;

        if (!l)
                return fault_set(fault, "logs", -ENOMEM, NULL);
        for (size_t i = 0; i < ELEMENTSOF(l->fds); i++)
                l->fds[i] = fds[i];
        r = start(l, fault);
        if (r < 0) {
                l->fds[0] = l->fds[1] = -EBADF;
                return r;
        }
        for (size_t i = 0; i < ELEMENTSOF(l->fds); i++)
                l->fds[i] = fd_move_up(l->fds[i]);
        add(take_ptr(l));
        fds[0] = fds[1] = -EBADF;
        return 0;
}

/* --- those of an earlier manager -------------------------------------------------------------------- */

/* "nsunits-logger UID GID IDENTIFIER", each with its NUL. */
static int read_command(pid_t pid, const char *service, char **ret_text, LogOwner *ret) {
        autofree char *path = NULL, *text = NULL;
        const char *words[4], *p;
        uint64_t uid, gid;
        size_t size;

        if (asprintf(&path, "/proc/%i/cmdline", pid) < 0 ||
            file_read(AT_FDCWD, path, COMMAND_MAX, &text, &size) < 0)
                return -ESRCH;
        p = text;
        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                if (p >= text + size)
                        return -EBADMSG;
                words[i] = p;
                p += strlen(p) + 1;
        }
        if (!streq(words[0], NAME) || parse_u64(words[1], &uid) < 0 || parse_u64(words[2], &gid) < 0)
                return -EBADMSG;
        *ret = (LogOwner){
                .service = service, .identifier = words[3], .uid = (uid_t) uid, .gid = (gid_t) gid
        };
        *ret_text = take_ptr(text);
        return 0;
}

/* One of its ends to read from, opened again. */
static int open_end(pid_t pid, int number) {
        autofree char *path = NULL;
        int fd;

        if (asprintf(&path, "/proc/%i/fd/%i", pid, number) < 0)
                return -ENOMEM;
        fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? -errno : fd_move_up(fd);
}

/* One that cannot be had goes on without anybody who would replace it. */
static void adopt(Manager *m, const char *service, pid_t pid) {
        autoclose int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        autofree char *text = NULL;
        autoptr(LogReader) l = NULL;
        LogOwner owner;

        if (pidfd < 0 || read_command(pid, service, &text, &owner) < 0)
                return;
        l = reader_new(m, &owner);
        for (size_t i = 0; l && i < ELEMENTSOF(l->fds); i++) {
                l->fds[i] = open_end(pid, STDOUT_FILENO + (int) i);
                if (l->fds[i] < 0)
                        return;
        }
        if (!l || follow(l, pidfd, pid) < 0)
                return;
        (void) take_fd(pidfd);
        add(take_ptr(l));
}

/* Calls @fn for the cgroup of each service that has had one. */
static void each_group(const CgroupRoot *cgroups, void (*fn)(int dir_fd, const char *service, void *data),
                       void *data) {
        int fd = dir_open(cgroup_root_fd(cgroups), GROUP);
        DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
        struct dirent *e;

        if (!d) {
                if (fd >= 0)
                        (void) close(fd);
                return;
        }
        while ((e = readdir(d)))
                if (e->d_type == DT_DIR && e->d_name[0] != '.')
                        fn(fd, e->d_name, data);
        (void) closedir(d);
}

static void adopt_group(int dir_fd, const char *service, void *data) {
        autoclose int fd = dir_open(dir_fd, service);
        autofree pid_t *pids = NULL;
        size_t n = 0;

        if (fd < 0 || cgroup_pids(fd, &pids, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                adopt(data, service, pids[i]);
}

void log_reader_adopt_all(Manager *m) {
        each_group(m->cgroups, adopt_group, m);
}

/* The kernel refuses those in which one runs. */
static void remove_group(int dir_fd, const char *service, void *data) {
        (void) unlinkat(dir_fd, service, AT_REMOVEDIR);
}

void log_reader_collect(const CgroupRoot *cgroups) {
        each_group(cgroups, remove_group, NULL);
        (void) unlinkat(cgroup_root_fd(cgroups), GROUP, AT_REMOVEDIR);
}

bool log_reader_is(const Manager *m, pid_t pid) {
        for (const LogReader *l = m->log_readers; l; l = l->next)
                if (l->child && child_pid(l->child) == pid)
                        return true;
        return false;
}

void log_reader_free_all(Manager *m) {
        LogReader *l;

        while ((l = m->log_readers)) {
                m->log_readers = l->next;
                reader_free(l);
        }
}
