/* One unit's cgroup, through the files of cgroup v2 (Documentation/admin-guide/cgroup-v2.rst). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#include "cgroup/cgroup.h"
#include "spec/resource-section.h"

/* Below a unit's cgroup, when its container may make cgroups. */
#define DELEGATED "inside"

#define FILE_MAX_BYTES (16 * 1024 * 1024)

/* Of cgroup nesting inside a container; the kernel's own default is none. */
#define DEPTH_MAX 64

#define CPU_WEIGHT_DEFAULT 100

/* A value into a file of a cgroup; UINT64_MAX is the kernel's "max". */
static int write_value(int fd, const char *file, uint64_t value) {
        char text[32] = "max";

        if (value != UINT64_MAX)
                (void) snprintf(text, sizeof(text), "%" PRIu64, value);
        return file_write(fd, file, text);
}

static int write_quota(int fd, uint64_t quota) {
        char text[48] = "max 100000";

        /* The kernel takes at least 1 ms of processor time in a period of at most 1 s. */
        if (quota != UINT64_MAX && quota >= 10000)
                (void) snprintf(text, sizeof(text), "%" PRIu64 " 100000", quota / 10);
        else if (quota != UINT64_MAX)
                (void) snprintf(text, sizeof(text), "%" PRIu64 " 1000000", MAX_OF(quota, UINT64_C(1000)));
        return file_write(fd, "cpu.max", text);
}

static int limit_fault(Fault *fault, int r, const char *key, uint64_t value) {
        return r < 0 ? fault_set(fault, "limit", r, "%s=%" PRIu64, key, value) : 0;
}

/* An idle cgroup has no weight that could be set. Kernels before 5.15 know of none. */
static int write_weight(int fd, uint64_t weight, bool fresh) {
        int r;

        if (weight == CPU_WEIGHT_IDLE)
                return write_value(fd, "cpu.idle", 1);
        r = fresh ? 0 : write_value(fd, "cpu.idle", 0);
        if (r < 0 && r != -ENOENT)
                return r;
        return write_value(fd, "cpu.weight", weight == UINT64_MAX ? CPU_WEIGHT_DEFAULT : weight);
}

/* @fresh: nothing was set before, so that what is not limited needs no writing. */
static int write_limits(const CgroupRoot *root, int fd, const LimitSpec *l, bool fresh, Fault *fault) {
        bool cpu = cgroup_root_supports(root, CGROUP_CPU);
        bool memory = cgroup_root_supports(root, CGROUP_MEMORY);
        bool pids = cgroup_root_supports(root, CGROUP_PIDS);
        int r = 0;

        if (memory && (!fresh || l->memory_max != UINT64_MAX))
                r = limit_fault(fault, write_value(fd, "memory.max", l->memory_max), "MemoryMax",
                                l->memory_max);
        if (r == 0 && pids && (!fresh || l->tasks_max != UINT64_MAX))
                r = limit_fault(fault, write_value(fd, "pids.max", l->tasks_max), "TasksMax", l->tasks_max);
        if (r == 0 && cpu && (!fresh || l->cpu_weight != UINT64_MAX))
                r = limit_fault(fault, write_weight(fd, l->cpu_weight, fresh), "CPUWeight", l->cpu_weight);
        if (r == 0 && cpu && (!fresh || l->cpu_quota != UINT64_MAX))
                r = limit_fault(fault, write_quota(fd, l->cpu_quota), "CPUQuota", l->cpu_quota);
        return r;
}

int cgroup_set_limits(const CgroupRoot *root, int fd, const LimitSpec *limits, Fault *fault) {
        int r;

        r = cgroup_root_check(root, limits, fault);
        return r < 0 ? r : write_limits(root, fd, limits, false, fault);
}

/* Some unit of the name was here: its empty remains may still bear limits. */
static int make_fresh(const CgroupRoot *root, const char *unit, Fault *fault) {
        int root_fd = cgroup_root_fd(root), r;

        if (mkdirat(root_fd, unit, 0755) == 0)
                return 0;
        if (errno != EEXIST)
                return fault_set(fault, "cgroup", -errno, "%s/%s", cgroup_root_path(root), unit);

        r = cgroup_remove(root, unit);
        if (r == 0 && mkdirat(root_fd, unit, 0755) < 0)
                r = -errno;
        if (r < 0) {
                fault_set(fault, "cgroup", r, "%s/%s", cgroup_root_path(root), unit);
                if (r == -EBUSY)
                        fault_advise(fault,
                                     "processes of an earlier or another manager's container live in it");
        }
        return r;
}

static int set_up(const CgroupRoot *root, int fd, const LimitSpec *limits, Fault *fault) {
        int r;

        r = write_limits(root, fd, limits, true, fault);
        if (r < 0)
                return r;

        if (!cgroup_root_supports(root, CGROUP_MEMORY))
                return 0;
        r = file_write(fd, "memory.oom.group", "1");
        return r < 0 ? fault_set(fault, "limit", r, "memory.oom.group") : 0;
}

int cgroup_create(const CgroupRoot *root, const char *unit, const LimitSpec *limits, Fault *fault) {
        autoclose int fd = -EBADF;
        int r;

        r = cgroup_root_check(root, limits, fault);
        if (r < 0)
                return r;
        r = make_fresh(root, unit, fault);
        if (r < 0)
                return r;

        fd = cgroup_open(root, unit);
        r = fd < 0 ? fault_set(fault, "cgroup", fd, "%s/%s", cgroup_root_path(root), unit)
                   : set_up(root, fd, limits, fault);
        if (r < 0) {
                (void) unlinkat(cgroup_root_fd(root), unit, AT_REMOVEDIR);
                return r;
        }
        return take_fd(fd);
}

int cgroup_open(const CgroupRoot *root, const char *unit) {
        return dir_open(cgroup_root_fd(root), unit);
}

char *cgroup_path(const CgroupRoot *root, const char *unit) {
        char *path = NULL;

        return asprintf(&path, "%s/%s", cgroup_root_path(root), unit) < 0 ? NULL : path;
}

int cgroup_kill(int fd) {
        return file_write(fd, "cgroup.kill", "1");
}

int cgroup_freeze(int fd, bool freeze) {
        return file_write(fd, "cgroup.freeze", freeze ? "1" : "0");
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

int cgroup_memory_events(int fd, CgroupMemoryEvents *ret) {
        CgroupMemoryEvents e = {};
        autofree char *text = NULL;
        int r;

        r = file_read(fd, "memory.events", FILE_MAX_BYTES, &text, NULL);
        if (r == -ENOENT)
                return -EOPNOTSUPP;
        if (r < 0)
                return r;

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

static uint64_t read_number(int fd, const char *file) {
        autofree char *line = NULL;
        uint64_t value;

        return file_read_line(fd, file, &line) == 0 && parse_u64(line, &value) == 0 ? value : UINT64_MAX;
}

int cgroup_stats(int fd, CgroupStats *ret) {
        CgroupStats s = { .cpu_usage = UINT64_MAX };
        autofree char *text = NULL;
        int r;

        /* cpu.stat is there without the cpu controller too. */
        r = file_read(fd, "cpu.stat", FILE_MAX_BYTES, &text, NULL);
        if (r == -ENODEV || (r == -ENOENT && cgroup_populated(fd) < 0))
                return -ENODEV;
        if (r == 0)
                (void) find_number(text, "usage_usec", &s.cpu_usage);

        s.memory_current = read_number(fd, "memory.current");
        s.memory_peak = read_number(fd, "memory.peak");
        s.tasks = read_number(fd, "pids.current");
        *ret = s;
        return 0;
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

/* Those of the unit's cgroup, one by one: not all of them may be handed on. */
static void hand_controllers_on(int fd) {
        autofree char *line = NULL;
        char *rest, *name;

        if (file_read_line(fd, "cgroup.controllers", &line) < 0)
                return;
        rest = line;
        while ((name = strsep(&rest, " "))) {
                char text[64];

                (void) snprintf(text, sizeof(text), "+%s", name);
                if (*name)
                        (void) file_write(fd, "cgroup.subtree_control", text);
        }
}

static int give(int fd, uid_t uid, gid_t gid) {
        static const char *const files[] = { "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };

        if (fchown(fd, uid, gid) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (fchownat(fd, files[i], uid, gid, 0) < 0)
                        return -errno;
        return 0;
}

int cgroup_delegate(int fd, uid_t uid, gid_t gid) {
        autoclose int inner = -EBADF;
        int r;

        r = visit_tree(fd, 0, NULL, true, NULL);
        if (r < 0)
                return r;
        hand_controllers_on(fd);
        if (mkdirat(fd, DELEGATED, 0755) < 0)
                return -errno;
        inner = dir_open(fd, DELEGATED);
        if (inner < 0)
                return inner;
        r = give(inner, uid, gid);
        return r < 0 ? r : take_fd(inner);
}

int cgroup_open_delegated(int fd, const char *path) {
        autoclose int inner = dir_open(fd, DELEGATED);

        return inner < 0 ? inner : dir_open(inner, path);
}

int cgroup_remove(const CgroupRoot *root, const char *unit) {
        autoclose int fd = -EBADF;
        int r;

        fd = cgroup_open(root, unit);
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
        return unlinkat(cgroup_root_fd(root), unit, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}
