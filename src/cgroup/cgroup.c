/* One unit's cgroup, through the files of cgroup v2 (Documentation/admin-guide/cgroup-v2.rst). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "cgroup/cgroup.h"
#include "cgroup/limits.h"

#define FILE_MAX_BYTES (16 * 1024 * 1024)

/* Of cgroup nesting inside a container; the kernel's own default is none. */
#define DEPTH_MAX 64

/* "web.service" for web.container; what belongs to no container keeps its name. systemd's tools take a "_" at
 * the beginning away, with which systemd escapes names.
 */
static char *name_of(const char *unit) {
        autofree char *service = NULL;
        char *name;

        if (unit_name_kind(unit) != UNIT_CONTAINER || unit_name_to_service(unit, &service) < 0)
                return strdup(unit);
        if (service[0] != '_')
                return take_ptr(service);
        return asprintf(&name, "_%s", service) < 0 ? NULL : name;
}

/* Of the directory of a cgroup. */
typedef struct Place {
        int fd;           /* of the one above; borrowed */
        const char *path; /* of that one; borrowed */
        char *name;       /* NULL: out of memory */
} Place;

static void place_done(Place *p) {
        free(p->name);
}

#define autoplace __attribute__((cleanup(place_done)))

static Place new_place(const CgroupRoot *root, const char *unit) {
        return (Place){ cgroup_root_fd(root), cgroup_root_path(root), name_of(unit) };
}

/* One that an older manager has made stays where it is. */
static Place find(const CgroupRoot *root, const char *unit) {
        int old_fd = cgroup_root_old_fd(root);

        if (old_fd >= 0 && file_exists(old_fd, unit))
                return (Place){ old_fd, CGROUP_OLD_PLACE, strdup(unit) };
        return new_place(root, unit);
}

/* Some unit of the name was here: its empty remains may still bear limits. */
static int make_fresh(const CgroupRoot *root, const char *unit, const Place *p, Fault *fault) {
        int r;

        /* Most often there is nothing. */
        if (cgroup_root_old_fd(root) < 0 && mkdirat(p->fd, p->name, 0755) == 0)
                return 0;
        r = cgroup_remove(root, unit);
        if (r == 0 && mkdirat(p->fd, p->name, 0755) < 0)
                r = -errno;
        if (r < 0) {
                fault_set(fault, "cgroup", r, "%s/%s", p->path, p->name);
                if (r == -EBUSY)
                        fault_advise(fault,
                                     "processes of an earlier or another manager's container live in it");
        }
        return r;
}

int cgroup_create(CgroupRoot *root, const char *unit, const LimitSpec *limits, Fault *fault) {
        autoplace Place p = new_place(root, unit);
        autoclose int fd = -EBADF;
        int r;

        if (!p.name)
                return fault_set(fault, "cgroup", -ENOMEM, NULL);
        r = cgroup_root_enable(root, limits, fault);
        if (r < 0)
                return r;
        r = make_fresh(root, unit, &p, fault);
        if (r < 0)
                return r;

        fd = dir_open(p.fd, p.name);
        r = fd < 0 ? fault_set(fault, "cgroup", fd, "%s/%s", p.path, p.name)
                   : cgroup_apply(fd, NULL, limits, fault);
        if (r < 0) {
                (void) unlinkat(p.fd, p.name, AT_REMOVEDIR);
                return r;
        }
        return take_fd(fd);
}

/* The kernel lists the files that go with the directory (since 4.15; some have come later). */
int cgroup_delegate(int fd, uid_t uid, gid_t gid, Fault *fault) {
        autofree char *text = NULL;
        char *state = NULL;
        int r;

        r = file_read(AT_FDCWD, "/sys/kernel/cgroup/delegate", FILE_MAX_BYTES, &text, NULL);
        if (r < 0)
                return fault_set(fault, "delegate", r, "/sys/kernel/cgroup/delegate");

        if (fchown(fd, uid, gid) < 0)
                return fault_set(fault, "delegate", -errno, "cgroup");
        for (char *name = strtok_r(text, "\n", &state); name; name = strtok_r(NULL, "\n", &state))
                if (fchownat(fd, name, uid, gid, 0) < 0 && errno != ENOENT)
                        return fault_set(fault, "delegate", -errno, "%s", name);
        return 0;
}

int cgroup_make_subgroup(int fd, const char *name, uid_t uid, gid_t gid, Fault *fault) {
        autoclose int sub_fd = -EBADF;

        if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
                return fault_set(fault, "delegate", -errno, "%s", name);
        sub_fd = dir_open(fd, name);
        if (sub_fd < 0)
                return fault_set(fault, "delegate", sub_fd, "%s", name);
        return cgroup_delegate(sub_fd, uid, gid, fault);
}

int cgroup_open(const CgroupRoot *root, const char *unit) {
        autoplace Place p = find(root, unit);

        return p.name ? dir_open(p.fd, p.name) : -ENOMEM;
}

char *cgroup_path(const CgroupRoot *root, const char *unit) {
        autoplace Place p = find(root, unit);
        char *path;

        return p.name && asprintf(&path, "%s/%s", p.path, p.name) >= 0 ? path : NULL;
}

int cgroup_kill(int fd) {
        return file_write(fd, "cgroup.kill", "1");
}

int cgroup_freeze(int fd, bool freeze) {
        return file_write(fd, "cgroup.freeze", freeze ? "1" : "0");
}

int cgroup_is_to_freeze(int fd) {
        autofree char *line = NULL;
        int r;

        r = file_read_line(fd, "cgroup.freeze", &line);
        return r < 0 ? r : streq(line, "1");
}

int cgroup_open_events(int fd) {
        int events_fd = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

        return events_fd < 0 ? -errno : events_fd;
}

/* The number behind "KEY " at the start of a line, or -ENODATA. */
static int find_number(const char *text, const char *key, uint64_t *ret) {
        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                const char *rest = startswith(line, key);
                char number[32] = {};

                if (!rest || rest[0] != ' ')
                        continue;
                (void) snprintf(number, sizeof(number), "%.*s", (int) strcspn(rest + 1, "\n"), rest + 1);
                return parse_u64(number, ret);
        }
        return -ENODATA;
}

int cgroup_read_events(int events_fd, CgroupEvents *ret) {
        uint64_t populated, frozen = 0;
        char text[256];
        ssize_t n;
        int r;

        n = pread(events_fd, text, sizeof(text) - 1, 0);
        if (n < 0)
                return -errno;
        text[n] = '\0';

        r = find_number(text, "populated", &populated);
        if (r < 0)
                return r;
        (void) find_number(text, "frozen", &frozen);
        *ret = (CgroupEvents){ .populated = populated != 0, .frozen = frozen != 0 };
        return 0;
}

int cgroup_populated(int fd) {
        autoclose int events_fd = cgroup_open_events(fd);
        CgroupEvents events;
        int r;

        if (events_fd < 0)
                return events_fd;
        r = cgroup_read_events(events_fd, &events);
        return r < 0 ? r : events.populated;
}

int cgroup_frozen(int fd) {
        autoclose int events_fd = cgroup_open_events(fd);
        CgroupEvents events;
        int r;

        if (events_fd < 0)
                return events_fd;
        r = cgroup_read_events(events_fd, &events);
        return r < 0 ? r : events.frozen;
}

int cgroup_open_memory_events(int fd) {
        int events_fd = openat(fd, "memory.events", O_RDONLY | O_CLOEXEC);

        if (events_fd >= 0)
                return events_fd;
        return errno == ENOENT ? -EOPNOTSUPP : -errno;
}

int cgroup_read_memory_events(int events_fd, CgroupMemoryEvents *ret) {
        CgroupMemoryEvents e = {};
        char text[512];
        ssize_t n;
        int r;

        n = pread(events_fd, text, sizeof(text) - 1, 0);
        if (n < 0)
                return -errno;
        text[n] = '\0';

        r = find_number(text, "oom_kill", &e.oom_kill);
        if (r == 0)
                r = find_number(text, "oom", &e.oom);
        if (r == 0)
                r = find_number(text, "max", &e.max);
        if (r < 0)
                return r;
        *ret = e;
        return 0;
}

int cgroup_memory_events(int fd, CgroupMemoryEvents *ret) {
        autoclose int events_fd = cgroup_open_memory_events(fd);

        return events_fd < 0 ? events_fd : cgroup_read_memory_events(events_fd, ret);
}

/* A file that fits into @buf: the kernel gives it in one piece. What does not fit is cut off. */
static int read_small(int fd, const char *file, char *buf, size_t size) {
        autoclose int file_fd = openat(fd, file, O_RDONLY | O_CLOEXEC);
        ssize_t n;

        if (file_fd < 0)
                return -errno;
        n = read(file_fd, buf, size - 1);
        if (n < 0)
                return -errno;
        buf[n] = '\0';
        return 0;
}

static uint64_t read_number(int fd, const char *file) {
        char text[32];
        uint64_t value;

        if (read_small(fd, file, text, sizeof(text)) < 0)
                return UINT64_MAX;
        text[strcspn(text, "\n")] = '\0';
        return parse_u64(text, &value) == 0 ? value : UINT64_MAX;
}

/* io.stat has a line for each device: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6". */
static void read_io(int fd, CgroupStats *s) {
        const struct {
                const char *word;
                uint64_t *to;
        } sums[] = {
                { "rbytes=", &s->io_read_bytes },
                { "wbytes=", &s->io_written_bytes },
                { "rios=", &s->io_reads },
                { "wios=", &s->io_writes },
        };
        autofree char *text = NULL;
        bool known = file_read(fd, "io.stat", FILE_MAX_BYTES, &text, NULL) == 0;
        char *state = NULL;

        for (size_t i = 0; i < ELEMENTSOF(sums); i++)
                *sums[i].to = known ? 0 : UINT64_MAX;
        for (char *word = known ? strtok_r(text, " \n", &state) : NULL; word;
             word = strtok_r(NULL, " \n", &state))
                for (size_t i = 0; i < ELEMENTSOF(sums); i++) {
                        const char *number = startswith(word, sums[i].word);
                        uint64_t n;

                        if (number && parse_u64(number, &n) == 0)
                                *sums[i].to += n;
                }
}

/* cpu.stat is there without the cpu controller too. */
int cgroup_cpu_usage(int fd, usec_t *ret) {
        char text[128]; /* it is the first line */
        int r;

        r = read_small(fd, "cpu.stat", text, sizeof(text));
        return r < 0 ? r : find_number(text, "usage_usec", ret);
}

int cgroup_totals(int fd, CgroupStats *ret) {
        CgroupStats s = {
                .cpu_usage = UINT64_MAX,
                .memory_current = UINT64_MAX,
                .swap_current = UINT64_MAX,
                .zswap_current = UINT64_MAX,
                .tasks = UINT64_MAX,
        };
        int r;

        r = cgroup_cpu_usage(fd, &s.cpu_usage);
        if (r == -ENODEV || (r == -ENOENT && cgroup_populated(fd) < 0))
                return -ENODEV;

        s.memory_peak = read_number(fd, "memory.peak");
        s.swap_peak = read_number(fd, "memory.swap.peak");
        s.tasks_peak = read_number(fd, "pids.peak"); /* since 6.1 */
        read_io(fd, &s);
        *ret = s;
        return 0;
}

/* Without such a controller or limit there is room. */
static bool is_below(int fd, const char *current, const char *max, uint64_t wanted) {
        const uint64_t most = read_number(fd, max), now = most == UINT64_MAX ? 0 : read_number(fd, current);

        return most == UINT64_MAX || (now <= most && most - now >= wanted);
}

bool cgroup_has_room(int fd, uint64_t bytes, uint64_t tasks) {
        return is_below(fd, "pids.current", "pids.max", tasks) &&
               is_below(fd, "memory.current", "memory.high", bytes) &&
               is_below(fd, "memory.current", "memory.max", bytes);
}

int cgroup_stats(int fd, CgroupStats *ret) {
        CgroupStats s;
        int r;

        r = cgroup_totals(fd, &s);
        if (r < 0)
                return r;
        s.memory_current = read_number(fd, "memory.current");
        s.swap_current = read_number(fd, "memory.swap.current");
        s.zswap_current = read_number(fd, "memory.zswap.current");
        s.tasks = read_number(fd, "pids.current");
        *ret = s;
        return 0;
}

int cgroup_pressure(int fd, const char *resource, char **ret) {
        char file[32], text[512], *second;
        int r;

        (void) snprintf(file, sizeof(file), "%s.pressure", resource);
        r = read_small(fd, file, text, sizeof(text));
        if (r < 0)
                return r == -ENOENT ? -EOPNOTSUPP : r;
        /* "some" and "full"; of the processor older kernels know the first one only. */
        second = text + strcspn(text, "\n");
        if (*second)
                *second++ = '\0';
        second[strcspn(second, "\n")] = '\0';
        return asprintf(ret, "%s%s%s", text, *second ? "; " : "", second) < 0 ? -ENOMEM : 0;
}

/* Called for each directory of the tree below a cgroup, children before their parent. */
typedef int (*VisitFn)(int fd, void *data);

static int visit_tree(int fd, unsigned depth, VisitFn fn, bool remove, void *data) {
        autoclosedir DIR *d = NULL;
        struct dirent *e;
        int copy, r;

        if (depth == DEPTH_MAX)
                return -ELOOP;
        copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (copy < 0)
                return -errno;
        d = fdopendir(copy);
        if (!d) {
                r = -errno;
                (void) close(copy);
                return r;
        }

        while (errno = 0, (e = readdir(d))) {
                autoclose int child_fd = -EBADF;

                if (e->d_type != DT_DIR || streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                child_fd = dir_open(fd, e->d_name);
                if (child_fd == -ENOENT)
                        continue;
                if (child_fd < 0)
                        return child_fd;
                r = visit_tree(child_fd, depth + 1, fn, remove, data);
                if (r < 0)
                        return r;
                if (remove && unlinkat(fd, e->d_name, AT_REMOVEDIR) < 0 && errno != ENOENT)
                        return -errno;
        }
        if (errno != 0)
                return -errno;
        return fn ? fn(fd, data) : 0;
}

typedef struct Pids {
        pid_t *items;
        size_t n, allocated;
} Pids;

static int add_pids(int fd, void *data) {
        autofree char *text = NULL;
        Pids *p = data;
        int r;

        r = file_read(fd, "cgroup.procs", FILE_MAX_BYTES, &text, NULL);
        if (r == -ENODEV || r == -ENOENT)
                return 0;
        if (r == -EOPNOTSUPP) /* a threaded cgroup: its processes are listed by the one above it */
                return 0;
        if (r < 0)
                return r;

        for (char *s = text, *end; *s; s = end + (*end == '\n')) {
                long pid = strtol(s, &end, 10);

                if (end == s)
                        return -EBADMSG;
                if (p->n == p->allocated) {
                        size_t wanted = p->allocated ? p->allocated * 2 : 64;
                        pid_t *grown = reallocarray(p->items, wanted, sizeof(*grown));

                        if (!grown)
                                return -ENOMEM;
                        p->items = grown;
                        p->allocated = wanted;
                }
                p->items[p->n++] = (pid_t) pid;
        }
        return 0;
}

int cgroup_pids(int fd, pid_t **ret, size_t *ret_n) {
        Pids pids = {};
        int r;

        r = visit_tree(fd, 0, add_pids, false, &pids);
        if (r < 0) {
                free(pids.items);
                return r;
        }
        *ret = pids.items;
        *ret_n = pids.n;
        return 0;
}

bool cgroup_has_none_but(int fd, pid_t pid) {
        char text[32], that[32];

        (void) snprintf(that, sizeof(that), "%d\n", pid);
        return read_small(fd, "cgroup.procs", text, sizeof(text)) == 0 &&
               (streq(text, "") || streq(text, that));
}

int cgroup_signal(int fd, int sig) {
        autofree pid_t *pids = NULL;
        size_t n;
        int sent = 0, r;

        r = cgroup_pids(fd, &pids, &n);
        if (r < 0)
                return r;
        /* 0 stands for a process that our pid namespace does not know: to kill(2) it would mean ourselves. */
        for (size_t i = 0; i < n; i++)
                sent += pids[i] > 0 && kill(pids[i], sig) == 0;
        return sent;
}

int cgroup_remove(const CgroupRoot *root, const char *unit) {
        autoplace Place p = find(root, unit);
        autoclose int fd = p.name ? dir_open(p.fd, p.name) : -ENOMEM;
        int r;

        if (fd == -ENOENT)
                return 0;
        if (fd < 0)
                return fd;

        /* First, so that a tree with processes in it stays as it is. */
        if (cgroup_populated(fd) == 1)
                return -EBUSY;
        r = visit_tree(fd, 0, NULL, true, NULL);
        if (r < 0)
                return r;
        return unlinkat(p.fd, p.name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}
