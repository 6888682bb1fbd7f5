/*
 * The floor of the measurements: one container with the isolation that nsunits gives, by raw system calls and
 * without anything around it: no unit file, no state that is saved, no bus, no supervision.
 *
 *      floor filter FILE             write the default filter's program, to be installed ready-made
 *      floor install                 print how long the kernel takes to install it, in nanoseconds
 *      floor start CONFIG...         start the container, leave it
 *      floor run CONFIG...           start it, wait for its end, take everything back
 *      floor stop CONFIG...          SIGTERM to it, wait for its end, take everything back
 *      floor supervise CONFIG...     start it, and again whenever it ends: with the namespaces, the network
 * and the mounted root that it had floor ahead CONFIG...         the same, and the next process is made, up
 * to its program, while one runs floor start-nth|stop-nth N CONFIG...          the same for the Nth container
 * of its kind: directory, cgroup, address and port of its own floor start-many|stop-many N JOBS CONFIG... for
 * 1 to N, by JOBS processes
 *
 * CONFIG: LAYERS UPPER CGROUP STAMPS NETWORK ARGUMENT...
 *      LAYERS   directories with a colon between, the topmost first, owned by 0
 *      UPPER    directory for the container's own files, its pid and what belongs to a start
 *      CGROUP   its cgroup, made and removed here
 *      STAMPS   directory to be seen as /stamps
 *      NETWORK  "none", or BRIDGE,ADDRESS/PREFIX,GATEWAY,PORT with the map "ports" in the table "floor"
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "floor-filter.h"
#include "floor-network.h"
#include "runtime/clone.h"

#define FIRST_ID   3000000
#define IDS        65536
#define MAX_LAYERS 64

/* A tenth of a millisecond each. */
#define REMOVE_TRIES 200000

/* Descriptors of mounts that belong nowhere yet. */
typedef struct Mounts {
        int root, dev, volume;
} Mounts;

typedef struct Floor {
        char *layers, *upper, *cgroup, *stamps, *network, **argv;
        struct sock_fprog filter;
        int ready[2];    /* the child, which shares the descriptors, waits here for what was made for it */
        bool keeps_root; /* mounted at UPPER/root, for the next launch */
} Floor;

/* What belongs to the container, not to one launch of it. */
typedef struct Held {
        Floor *floor;
        int user_ns, net_ns;
        Mounts mounts; /* of the next launch */
        int pidfd;
        pid_t pid;
        void *stack;
        bool ahead;
        int order[2]; /* the process that was made ahead waits here */
} Held;

static void must(long r, const char *what) {
        if (r >= 0)
                return;
        fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
        _exit(1);
}

static void write_file(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        must(fd, path);
        must(write(fd, text, strlen(text)), path);
        (void) close(fd);
}

static int fs_mount(const char *type, const char *key, const char *value, unsigned flags) {
        int fs = fsopen(type, FSOPEN_CLOEXEC), fd;

        must(fs, type);
        if (key)
                must(fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0), key);
        must(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
        fd = fsmount(fs, FSMOUNT_CLOEXEC, flags);
        must(fd, type);
        (void) close(fs);
        return fd;
}

/* --- what the parent makes, outside of the user namespace -------------------------------------------------
 */

static int make_dev(void) {
        static const struct {
                const char *name;
                unsigned minor;
        } nodes[] = { { "null", 3 }, { "zero", 5 }, { "full", 7 }, { "random", 8 }, { "urandom", 9 } };
        static const char *const dirs[] = { "pts", "shm", "mqueue" };
        int dev = fs_mount("tmpfs", "mode", "755", MOUNT_ATTR_NOSUID);

        (void) umask(0);
        for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
                must(mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(1, nodes[i].minor)), nodes[i].name);
        must(mknodat(dev, "tty", S_IFCHR | 0666, makedev(5, 0)), "tty");
        for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
                must(mkdirat(dev, dirs[i], 0755), dirs[i]);
        must(symlinkat("/proc/self/fd", dev, "fd"), "fd");
        must(symlinkat("pts/ptmx", dev, "ptmx"), "ptmx");
        (void) umask(022);
        return dev;
}

static int id_mapped_clone(int at, const char *path, int user_ns) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned) user_ns };
        int fd = open_tree(at, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

        must(fd, path);
        must(mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)), "idmap");
        return fd;
}

static void put(int fd, const char *path) {
        must(move_mount(fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH), path);
        (void) close(fd);
}

static int plain_clone(const char *path) {
        int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

        must(fd, path);
        return fd;
}

static const char *root_path(const Floor *f) {
        static char path[4096];

        (void) snprintf(path, sizeof(path), "%s/root", f->upper);
        return path;
}

static int make_root(const Floor *f, int user_ns) {
        char *layers = strdup(f->layers), *rest = layers, upper[4096], work[4096];
        int fs = fsopen("overlay", FSOPEN_CLOEXEC), lower[MAX_LAYERS], n = 0, fd;

        must(fs, "overlay");
        /* A detached mount goes with its descriptor: they stay open until the overlay has its own. */
        for (char *layer; n < MAX_LAYERS && (layer = strsep(&rest, ":")); n++) {
                lower[n] = id_mapped_clone(AT_FDCWD, layer, user_ns);
                must(fsconfig(fs, FSCONFIG_SET_FD, "lowerdir+", NULL, lower[n]), "lowerdir+");
        }
        (void) snprintf(upper, sizeof(upper), "%s/upper", f->upper);
        (void) snprintf(work, sizeof(work), "%s/work", f->upper);
        must(mkdir(upper, 0755), upper);
        must(mkdir(work, 0755), work);
        must(chown(upper, FIRST_ID, FIRST_ID), upper);
        must(chown(work, FIRST_ID, FIRST_ID), work);
        must(fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", upper, 0), "upperdir");
        must(fsconfig(fs, FSCONFIG_SET_STRING, "workdir", work, 0), "workdir");
        must(fsconfig(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0), "volatile");
        must(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), "overlay");
        fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV);
        must(fd, "overlay");
        (void) close(fs);
        while (n > 0)
                (void) close(lower[--n]);
        free(layers);
        if (f->keeps_root)
                put(fd, root_path(f));
        return f->keeps_root ? plain_clone(root_path(f)) : fd;
}

/* --- the child -------------------------------------------------------------------------------------------
 */

static void mount_all(const Mounts *m) {
        unsigned flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
        int proc = fs_mount("proc", NULL, NULL, flags),
            sys = fs_mount("sysfs", NULL, NULL, flags | MOUNT_ATTR_RDONLY);

        put(m->root, "/mnt");
        must(chdir("/mnt"), "root");
        must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
        must(umount2(".", MNT_DETACH), "old root");
        must(chdir("/"), "/");
        put(proc, "/proc");
        put(sys, "/sys");
        put(m->dev, "/dev");
        put(fs_mount("devpts", "ptmxmode", "0666", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC), "/dev/pts");
        put(fs_mount("tmpfs", "mode", "1777", flags), "/dev/shm");
        put(fs_mount("mqueue", NULL, NULL, flags), "/dev/mqueue");
        put(m->volume, "/stamps");
}

static void mask_paths(void) {
        static const char *const hidden[] = { "/proc/kcore", "/proc/keys", "/proc/timer_list" };
        static const char *const read_only[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                 "/proc/sysrq-trigger" };
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

        for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
                if (access(hidden[i], F_OK) == 0)
                        must(mount("/dev/null", hidden[i], NULL, MS_BIND, NULL), hidden[i]);
        for (size_t i = 0; i < sizeof(read_only) / sizeof(*read_only); i++) {
                int fd = open_tree(AT_FDCWD, read_only[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

                if (fd < 0)
                        continue;
                must(mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)), read_only[i]);
                put(fd, read_only[i]);
        }
}

static void become_root(void) {
        must(setresgid(0, 0, 0), "setresgid");
        must(setresuid(0, 0, 0), "setresuid");
        must(setsid(), "setsid");
        must(sethostname("floor", 5), "hostname");
}

static void confine(const Floor *f, const Mounts *mounts) {
        mount_all(mounts);
        mask_paths();
        for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
                if (!((1ULL << cap) & 0x800425fbULL))
                        must(prctl(PR_CAPBSET_DROP, cap), "capabilities");
        must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
        must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &f->filter), "seccomp");
}

static void become_program(const Floor *f) {
        (void) execv(f->argv[0], f->argv);
        must(-1, f->argv[0]);
}

static void child(const Floor *f) {
        Mounts mounts;

        must(read(f->ready[0], &mounts, sizeof(mounts)) == sizeof(mounts) ? 0 : -1, "wait");
        /* For the parent as well, whose table this is until the program begins. */
        (void) close(f->ready[0]);
        (void) close(f->ready[1]);
        become_root();
        must(unshare(CLONE_NEWTIME), "time namespace");
        floor_network_inside(f->network);
        confine(f, &mounts);
        become_program(f);
}

/* --- the life of one -------------------------------------------------------------------------------------
 */

static void map_ids(pid_t pid) {
        char path[64], map[64];

        (void) snprintf(map, sizeof(map), "0 %d %d", FIRST_ID, IDS);
        (void) snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
        write_file(path, map);
        (void) snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
        write_file(path, map);
}

static int open_ns(pid_t pid, const char *what) {
        char path[64];
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, what);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        must(fd, path);
        return fd;
}

static pid_t start(Floor *f, int *ret_pidfd) {
        struct clone_args args = {
                .flags = CLONE_FILES | CLONE_PIDFD | CLONE_INTO_CGROUP | CLONE_NEWUSER | CLONE_NEWPID |
                         CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP,
                .pidfd = (uintptr_t) ret_pidfd,
                .exit_signal = SIGCHLD,
        };
        Mounts mounts;
        int user_ns;
        pid_t pid;

        must(mkdir(f->cgroup, 0755), f->cgroup);
        args.cgroup = (unsigned) open(f->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        must((int) args.cgroup, f->cgroup);
        must(pipe2(f->ready, O_CLOEXEC), "pipe");
        pid = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
        must(pid, "clone3");
        if (pid == 0)
                child(f);

        map_ids(pid);
        user_ns = open_ns(pid, "user");
        mounts = (Mounts){ make_root(f, user_ns), make_dev(), id_mapped_clone(AT_FDCWD, f->stamps, user_ns) };
        floor_network_outside(f->network, pid);
        must(write(f->ready[1], &mounts, sizeof(mounts)), "go");
        (void) close(user_ns);
        (void) close((int) args.cgroup);
        return pid;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        (void) st;
        (void) type;
        (void) ftw;
        return remove(path);
}

/* It is busy for as long as the kernel takes for what has ended in it: longer, where others work. What is
 * left would be in the way of the next start. */
static void remove_cgroup(const Floor *f) {
        int r;

        for (int i = 0; (r = rmdir(f->cgroup)) < 0 && errno == EBUSY && i < REMOVE_TRIES; i++)
                (void) usleep(100);
        must(r < 0 && errno != ENOENT ? -1 : 0, f->cgroup);
}

static void take_back(const Floor *f) {
        static const char *const names[] = { "upper", "work" };
        char path[4096];

        floor_network_remove(f->network);
        if (umount2(root_path(f), MNT_DETACH) == 0)
                must(rmdir(root_path(f)), root_path(f));
        remove_cgroup(f);
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
                (void) snprintf(path, sizeof(path), "%s/%s", f->upper, names[i]);
                must(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT), path);
        }
}

static pid_t saved_pid(const Floor *f) {
        char path[4096];
        int pid = 0;
        FILE *file;

        (void) snprintf(path, sizeof(path), "%s/pid", f->upper);
        file = fopen(path, "re");
        must(file && fscanf(file, "%d", &pid) == 1 ? 0 : -1, path);
        (void) fclose(file);
        return pid;
}

static void save_pid(const Floor *f, pid_t pid) {
        char path[4096], text[32];

        (void) snprintf(path, sizeof(path), "%s/pid", f->upper);
        (void) snprintf(text, sizeof(text), "%d", pid);
        write_file(path, text);
}

static void await_end(int pidfd) {
        struct pollfd p = { .fd = pidfd, .events = POLLIN };

        must(poll(&p, 1, -1), "poll");
}

static void stop(const Floor *f) {
        int pidfd = (int) syscall(SYS_pidfd_open, saved_pid(f), 0);

        must(pidfd, "pidfd_open");
        must(syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0), "SIGTERM");
        await_end(pidfd);
        take_back(f);
}

static int launched_child(void *argument) {
        Held *h = argument;
        char byte;

        become_root();
        confine(h->floor, &h->mounts);
        if (h->ahead) {
                (void) close(h->order[1]);
                if (read(h->order[0], &byte, 1) != 1)
                        return 1;
        }
        become_program(h->floor);
        return 1;
}

/* In the namespaces that are held, makes the others; its child is the parent's. */
static int joining_child(void *argument) {
        Held *h = argument;
        struct clone_args args = {
                .flags = CLONE_PIDFD | CLONE_PARENT | CLONE_NEWPID |
                         (h->ahead ? 0 : CLONE_VM | CLONE_VFORK | CLONE_FILES),
                .pidfd = (uintptr_t) &h->pidfd,
                .stack = (uintptr_t) h->stack,
                .stack_size = CLONE_STACK_SIZE,
        };

        must(setns(h->net_ns, CLONE_NEWNET), "network namespace");
        must(setns(h->user_ns, CLONE_NEWUSER), "user namespace");
        must(unshare(CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC), "unshare");
        h->pid = (pid_t) clone_call(&args, launched_child, h);
        return 0;
}

static void start_again(Held *h, int cgroup, void *stack) {
        struct clone_args args = {
                .flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_INTO_CGROUP,
                .exit_signal = SIGCHLD,
                .stack = (uintptr_t) stack,
                .stack_size = CLONE_STACK_SIZE,
                .cgroup = (unsigned) cgroup,
        };

        h->mounts = (Mounts){ plain_clone(root_path(h->floor)), make_dev(),
                              id_mapped_clone(AT_FDCWD, h->floor->stamps, h->user_ns) };
        must(clone_call(&args, joining_child, h), "clone3");
        must(h->pid, "clone3");
}

static void *make_stack(void) {
        void *stack =
                mmap(NULL, CLONE_STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        must(stack == MAP_FAILED ? -1 : 0, "stack");
        return stack;
}

static void supervise(Floor *f, bool ahead) {
        Held h = { .floor = f, .pidfd = -1, .stack = make_stack(), .ahead = ahead };
        void *stack = make_stack();
        int cgroup;

        f->keeps_root = true;
        must(mkdir(root_path(f), 0755) < 0 && errno != EEXIST ? -1 : 0, "root");
        save_pid(f, start(f, &h.pidfd));
        h.user_ns = open_ns(saved_pid(f), "user");
        h.net_ns = open_ns(saved_pid(f), "net");
        cgroup = open(f->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        must(cgroup, f->cgroup);
        for (;;) {
                int ended = h.pidfd;

                if (ahead) {
                        must(pipe2(h.order, O_CLOEXEC), "pipe");
                        start_again(&h, cgroup, stack);
                        (void) close(h.order[0]);
                }
                await_end(ended);
                if (ahead) {
                        must(write(h.order[1], "", 1), "order");
                        (void) close(h.order[1]);
                } else
                        start_again(&h, cgroup, stack);
                save_pid(f, h.pid);
                (void) close(ended);
                while (waitpid(-1, NULL, __WALL | WNOHANG) > 0)
                        continue;
        }
}

static void run_once(Floor *f) {
        int pidfd = -1;
        pid_t pid = start(f, &pidfd);

        await_end(pidfd);
        (void) waitpid(pid, NULL, 0);
        (void) close(pidfd);
        take_back(f);
}

/* --- many of them ----------------------------------------------------------------------------------------
 */

static char *nth_network(const char *network, unsigned n) {
        char bridge[16], gateway[64], *text = NULL;
        unsigned a, b, c, d, prefix, port;

        if (sscanf(network, "%15[^,],%u.%u.%u.%u/%u,%63[^,],%u", bridge, &a, &b, &c, &d, &prefix, gateway,
                   &port) != 8)
                return strdup(network);
        n += c * 256 + d;
        must(asprintf(&text, "%s,%u.%u.%u.%u/%u,%s,%u", bridge, a, b, n / 256, n % 256, prefix, gateway,
                      port + n),
             "network");
        return text;
}

static void one_of_many(const Floor *f, bool starts, unsigned n) {
        Floor one = *f;
        int pidfd = -1;

        must(asprintf(&one.upper, "%s/%u", f->upper, n), "directory");
        must(asprintf(&one.cgroup, "%s-%u", f->cgroup, n), "cgroup");
        one.network = nth_network(f->network, n);
        if (starts) {
                must(mkdir(one.upper, 0755) < 0 && errno != EEXIST ? -1 : 0, one.upper);
                save_pid(&one, start(&one, &pidfd));
                (void) close(pidfd);
        } else
                stop(&one);
        free(one.upper);
        free(one.cgroup);
        free(one.network);
}

static int many(const Floor *f, bool starts, unsigned count, unsigned jobs) {
        int status, bad = 0;

        for (unsigned job = 0; job < jobs; job++) {
                pid_t pid = fork();

                must(pid, "fork");
                if (pid > 0)
                        continue;
                for (unsigned n = 1 + job; n <= count; n += jobs)
                        one_of_many(f, starts, n);
                _exit(0);
        }
        while (wait(&status) > 0)
                bad |= status;
        return bad == 0 ? 0 : 1;
}

static Floor configure(char **argv) {
        return (Floor){ .layers = argv[0],
                        .upper = argv[1],
                        .cgroup = argv[2],
                        .stamps = argv[3],
                        .network = argv[4],
                        .argv = argv + 5 };
}

static int of_many(int argc, char **argv) {
        bool starts = strncmp(argv[1], "start-", 6) == 0;
        static Floor f;

        if (strcmp(argv[1] + (starts ? 6 : 5), "many") == 0 && argc > 9) {
                f = configure(argv + 4);
                floor_filter_load(&f.filter);
                return many(&f, starts, (unsigned) atoi(argv[2]), (unsigned) atoi(argv[3]));
        }
        f = configure(argv + 3);
        floor_filter_load(&f.filter);
        one_of_many(&f, starts, (unsigned) atoi(argv[2]));
        return 0;
}

int main(int argc, char **argv) {
        static Floor f;
        int pidfd = -1;

        if (argc == 3 && strcmp(argv[1], "filter") == 0)
                return floor_filter_write(argv[2]);
        if (argc == 2 && strcmp(argv[1], "install") == 0) {
                floor_filter_load(&f.filter);
                return floor_filter_time(&f.filter);
        }
        if (argc < 8) {
                fprintf(stderr,
                        "usage: floor filter FILE | install | VERB LAYERS UPPER CGROUP STAMPS NETWORK "
                        "ARGUMENT...\n");
                return 2;
        }
        if (strchr(argv[1], '-'))
                return of_many(argc, argv);
        f = configure(argv + 2);
        floor_filter_load(&f.filter);
        if (strcmp(argv[1], "start") == 0)
                save_pid(&f, start(&f, &pidfd));
        else if (strcmp(argv[1], "run") == 0)
                run_once(&f);
        else if (strcmp(argv[1], "stop") == 0)
                stop(&f);
        else if (strcmp(argv[1], "supervise") == 0)
                supervise(&f, false);
        else if (strcmp(argv[1], "ahead") == 0)
                supervise(&f, true);
        else
                return 2;
        return 0;
}
