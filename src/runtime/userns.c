/* Namespaces without processes. */
#include "runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/futex.h>
#include <linux/magic.h>
#include <linux/nsfs.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/syscall.h"
#include "runtime/clone.h"

/* A line of a map is at most "4294967295 4294967295 4294967295\n". */
#define MAP_LINE_MAX 34

static int map_format(const IdList *list, char **ret) {
        autofree char *text = malloc(list->n * MAP_LINE_MAX + 1);
        size_t used = 0;

        if (!text)
                return -ENOMEM;

        text[0] = '\0';
        for (size_t i = 0; i < list->n; i++)
                used += (size_t) snprintf(text + used, MAP_LINE_MAX + 1, "%u %u %u\n", list->items[i].inside,
                                          list->items[i].outside, list->items[i].count);
        *ret = take_ptr(text);
        return 0;
}

/* A network namespace for the process that calls this, with its loopback up; a descriptor of it. All that
 * are ours begin like this, and here nobody waits for it. */
static long netns_begin(void) {
        struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
        long r, fd;

        r = RAW(unshare, CLONE_NEWNET);
        if (r < 0)
                return r;
        fd = RAW(socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return fd;
        r = RAW(ioctl, fd, SIOCSIFFLAGS, &lo);
        (void) RAW(close, fd);
        return r < 0 ? r : RAW(openat, AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* In the memory of both; its stack follows. */
struct NetnsBirth {
        pid_t creator, pid;
        bool wanted;
        uint32_t mapped; /* futex: the child may go on */
        int fd;          /* in the table of both */
};

#define BIRTH_STACK_OFFSET ((sizeof(NetnsBirth) + 63) / 64 * 64)
#define BIRTH_SIZE         (BIRTH_STACK_OFFSET + CLONE_STACK_SIZE)

/*
 * The first process in the new user namespace. It waits for the maps, because what it then makes belongs to
 * the namespace's root. The creator may be killed before it says so: then this must not wait for ever, with
 * all its descriptors.
 */
static int birth_child(void *argument) {
        NetnsBirth *b = argument;

        if (RAW(prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || RAW(getppid) != b->creator)
                return 0;
        while (__atomic_load_n(&b->mapped, __ATOMIC_ACQUIRE) == 0)
                (void) RAW(futex, &b->mapped, FUTEX_WAIT_PRIVATE, 0, NULL);
        if (b->wanted)
                b->fd = (int) netns_begin();
        return 0;
}

static int birth_new(bool wanted, NetnsBirth **ret) {
        NetnsBirth *b = mmap(NULL, BIRTH_SIZE, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

        if (b == MAP_FAILED)
                return -errno;
        *b = (NetnsBirth){ .creator = getpid(), .wanted = wanted, .fd = -ECHILD };
        *ret = b;
        return 0;
}

static int birth_begin(NetnsBirth *b) {
        struct clone_args args = {
                /* Not CLONE_VFORK: the maps are written while it waits. It touches nothing but this. */
                .flags = CLONE_VM | CLONE_FILES | CLONE_NEWUSER | CLONE_CLEAR_SIGHAND,
                .stack = (uintptr_t) b + BIRTH_STACK_OFFSET,
                .stack_size = CLONE_STACK_SIZE,
        };
        sigset_t all, old;
        long pid;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &old);
        pid = clone_call(&args, birth_child, b);
        (void) sigprocmask(SIG_SETMASK, &old, NULL);
        if (pid < 0)
                return (int) pid;
        b->pid = (pid_t) pid;
        return 0;
}

static void birth_go_on(NetnsBirth *b) {
        __atomic_store_n(&b->mapped, 1, __ATOMIC_RELEASE);
        (void) syscall(SYS_futex, &b->mapped, FUTEX_WAKE_PRIVATE, 1);
}

/* Without an exit signal, so that nobody else's wait finds it. */
static void birth_await_end(NetnsBirth *b) {
        while (b->pid > 0 && waitpid(b->pid, NULL, __WALL) < 0 && errno == EINTR)
                continue;
}

void netns_abandon(NetnsBirth *b) {
        if (!b)
                return;
        /* One that may go on ends by itself: killed, it could leave a descriptor that nobody knows of. */
        if (b->pid > 0 && !b->mapped)
                (void) kill(b->pid, SIGKILL);
        birth_await_end(b);
        cleanup_close_(&b->fd);
        (void) munmap(b, BIRTH_SIZE);
}

int netns_finish(NetnsBirth *birth, Fault *f) {
        autoptr(NetnsBirth) b = birth;

        birth_await_end(b);
        b->pid = 0;
        return b->fd < 0 ? fault_set(f, "network namespace", b->fd, NULL) : take_fd(b->fd);
}

static int map_write(pid_t pid, const char *file, const char *map, Fault *f) {
        char path[64];
        int r;

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
        r = file_write(AT_FDCWD, path, map);
        if (r == -EPERM)
                fault_advise(f, "the manager needs CAP_SETUID and CAP_SETGID over the ids to map");
        return r < 0 ? fault_set(f, "user namespace", r, "%s \"%s\"", file, map) : 0;
}

static int map_and_open(pid_t pid, const char *uids, const char *gids, Fault *f) {
        char path[64];
        int r, fd;

        r = map_write(pid, "uid_map", uids, f);
        if (r == 0)
                r = map_write(pid, "gid_map", gids, f);
        if (r < 0)
                return r;

        (void) snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? fault_set(f, "user namespace", -errno, "%s", path) : fd;
}

int userns_create(const IdMap *ids, NetnsBirth **ret_birth, Fault *f) {
        autofree char *uids = NULL, *gids = NULL;
        autoptr(NetnsBirth) b = NULL;
        int r, fd;

        if (ids->uids.n == 0 || ids->gids.n == 0)
                return fault_set(f, "user namespace", -EINVAL, "empty map");
        r = map_format(&ids->uids, &uids);
        if (r == 0)
                r = map_format(&ids->gids, &gids);
        if (r == 0)
                r = birth_new(ret_birth != NULL, &b);
        if (r == 0)
                r = birth_begin(b);
        if (r < 0) {
                (void) fault_set(f, "user namespace", r, NULL);
                if (r == -ENOSPC)
                        fault_advise(f, "see /proc/sys/user/max_user_namespaces");
                return r;
        }

        fd = map_and_open(b->pid, uids, gids, f);
        if (fd >= 0 && ret_birth) {
                birth_go_on(b);
                *ret_birth = take_ptr(b);
        }
        return fd;
}

/* At most 340 lines. */
#define MAP_TEXT_MAX 16384

typedef struct MapJob {
        int fd;
        char texts[2][MAP_TEXT_MAX];
} MapJob;

static long read_own(const char *path, char *buf) {
        long fd, r;

        fd = RAW(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return fd;
        r = RAW(read, fd, buf, MAP_TEXT_MAX - 1);
        (void) RAW(close, fd);
        return r;
}

/* From inside: ids outside are those of the parent then. */
static int map_child(void *p) {
        MapJob *job = p;
        long r;

        r = RAW(setns, job->fd, CLONE_NEWUSER);
        if (r >= 0)
                r = read_own("/proc/self/uid_map", job->texts[0]);
        if (r >= 0)
                r = read_own("/proc/self/gid_map", job->texts[1]);
        return r < 0 ? (int) r : 0;
}

static int map_parse(const char *text, IdList *to) {
        IdExtent e;
        int n, r;

        for (; sscanf(text, "%u %u %u%n", &e.inside, &e.outside, &e.count, &n) == 3; text += n) {
                r = id_list_add(to, e);
                if (r < 0)
                        return r;
        }
        return to->n > 0 ? 0 : -ENOENT;
}

int userns_read_map(int fd, IdMap *ret, Fault *f) {
        autofree MapJob *job = calloc(1, sizeof(*job));
        int r;

        if (!job)
                return fault_set(f, "user namespace", -ENOMEM, NULL);
        job->fd = fd;
        r = helper_run(map_child, job);
        if (r == 0)
                r = map_parse(job->texts[0], &ret->uids);
        if (r == 0)
                r = map_parse(job->texts[1], &ret->gids);
        return r < 0 ? fault_set(f, "user namespace", r, "its map of ids") : 0;
}

typedef struct NetnsJob {
        int userns_fd;
        int fd;
} NetnsJob;

/* The descriptor is opened in the table that is shared with the manager: no passing needed. */
static int netns_child(void *p) {
        NetnsJob *job = p;
        long r = 0;

        if (job->userns_fd >= 0)
                r = RAW(setns, job->userns_fd, CLONE_NEWUSER);
        if (r == 0)
                r = netns_begin();
        if (r < 0)
                return (int) r;
        job->fd = (int) r;
        return 0;
}

int netns_create(int userns_fd, Fault *f) {
        NetnsJob job = { .userns_fd = userns_fd, .fd = -EBADF };
        int r;

        r = helper_run(netns_child, &job);
        if (r < 0)
                return fault_set(f, "network namespace", r, NULL);
        return job.fd;
}

typedef struct PodJob {
        int userns_fd;
        const char *host_name;
        size_t size;
        int ipc, uts;
} PodJob;

static int pod_child(void *p) {
        PodJob *job = p;
        long r = 0;

        if (job->userns_fd >= 0)
                r = RAW(setns, job->userns_fd, CLONE_NEWUSER);
        if (r == 0)
                r = RAW(unshare, CLONE_NEWIPC | CLONE_NEWUTS);
        if (r == 0)
                r = RAW(sethostname, job->host_name, job->size);
        if (r == 0)
                r = RAW(openat, AT_FDCWD, "/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
        if (r < 0)
                return (int) r;
        job->ipc = (int) r;
        r = RAW(openat, AT_FDCWD, "/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
        if (r < 0) {
                (void) RAW(close, job->ipc);
                return (int) r;
        }
        job->uts = (int) r;
        return 0;
}

int pod_spaces_create(int userns_fd, const char *host_name, int *ret_ipc, int *ret_uts, Fault *f) {
        PodJob job = { .userns_fd = userns_fd, .host_name = host_name, .size = strlen(host_name) };
        int r;

        r = helper_run(pod_child, &job);
        if (r < 0)
                return fault_set(f, "pod's namespaces", r, NULL);
        *ret_ipc = job.ipc;
        *ret_uts = job.uts;
        return 0;
}

int ns_hold(int fd, const char *path, Fault *f) {
        autoclose int file = -EBADF;
        char source[32];

        /* What a crash left there is not ours any more. */
        (void) ns_release(path);
        file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
        if (file < 0)
                return fault_set(f, "hold namespace", -errno, "%s", path);

        if (mount(fd_path(fd, source), path, NULL, MS_BIND, NULL) < 0) {
                int r = fault_set(f, "hold namespace", -errno, "%s", path);

                (void) unlink(path);
                return r;
        }
        return 0;
}

int ns_open(const char *path) {
        autoclose int fd = -EBADF;
        struct statfs fs;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        if (fstatfs(fd, &fs) < 0)
                return -errno;
        /* The empty file without its mount: left by a crash between the two. */
        if (fs.f_type != NSFS_MAGIC)
                return -ENOENT;
        return take_fd(fd);
}

int ns_open_type(const char *path, int flag) {
        autoclose int fd = ns_open(path);
        int type;

        /* A file that has nothing to do with namespaces. */
        if (fd == -ENOENT && file_exists(AT_FDCWD, path))
                return -EINVAL;
        if (fd < 0)
                return fd;
        type = ioctl(fd, NS_GET_NSTYPE);
        if (type < 0)
                return -errno;
        return type == flag ? take_fd(fd) : -EINVAL;
}

int ns_release(const char *path) {
        if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
                return -errno;
        if (unlink(path) < 0 && errno != ENOENT)
                return -errno;
        return 0;
}
