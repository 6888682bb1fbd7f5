#include "storage/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "spec/worker-line.h"
#include "storage/tree-tar.h"

/* A place in a root: the directory, and the name in it; NULL = the directory itself. */
typedef struct Place {
        int dir_fd;
        char *name;
} Place;

static void place_clear(Place *p) {
        cleanup_close_(&p->dir_fd);
        free(p->name);
}

#define autoplace __attribute__((cleanup(place_clear)))

/* Files get the container's ids by themselves, and no more can be done than its root could do. */
static int take_ids(const TransferEnd *end, Fault *fault) {
        if (end->userns_fd < 0)
                return 0;
        if (setns(end->userns_fd, CLONE_NEWUSER) < 0 || setresgid(0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
            setresuid(0, 0, 0) < 0)
                return fault_set(fault, "user namespace", -errno, NULL);
        /* Somebody in there may see this process. */
        return prctl(PR_SET_DUMPABLE, 0) < 0 ? fault_set(fault, "user namespace", -errno, NULL) : 0;
}

/* "a/b/" is "b" in "a"; ".", "/" and "a/." are what is in there. */
static int find_place(const TransferEnd *end, Place *ret, Fault *fault) {
        autofree char *copy = strdup(end->path), *name = NULL;
        autoplace Place p = { .dir_fd = -EBADF };
        char *slash, *last;

        if (!copy)
                return -ENOMEM;
        for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
                copy[n - 1] = '\0';
        slash = strrchr(copy, '/');
        last = slash ? slash + 1 : copy;
        if (*last && !streq(last, ".") && !streq(last, "..")) {
                p.name = strdup(last);
                if (!p.name)
                        return -ENOMEM;
                *last = '\0';
        }
        p.dir_fd = path_in_root_open(end->root_fd, *copy ? copy : ".", O_RDONLY | O_DIRECTORY, 0);
        if (p.dir_fd < 0)
                return fault_set(fault, "copy", p.dir_fd, "%s", end->path);
        *ret = p;
        p = (Place){ .dir_fd = -EBADF };
        return 0;
}

static int send_files(const TransferEnd *from, int out_fd, Fault *fault) {
        autoplace Place p = { .dir_fd = -EBADF };
        int r;

        r = take_ids(from, fault);
        if (r == 0)
                r = find_place(from, &p, fault);
        if (r < 0)
                return r;

        const TarOut q = { .dir_fd = p.dir_fd, .name = p.name ? p.name : ".", .out_fd = out_fd };
        struct stat st;

        if (fstatat(q.dir_fd, q.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return fault_set(fault, "copy", -errno, "%s", from->path);
        return tar_write(&q, fault);
}

/* Just what unpacking takes, and no program can give more. */
static int drop_capabilities(void) {
        static const unsigned kept[] = { CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
                                         CAP_FOWNER, CAP_FSETID,       CAP_SETFCAP };
        struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct d[2] = {};

        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                d[kept[i] / 32].permitted |= 1U << kept[i] % 32;
        d[0].effective = d[0].permitted;
        d[1].effective = d[1].permitted;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capset, &h, d) < 0)
                return -errno;
        return 0;
}

/* From here on no path means anything of the host's. */
static int enter(const TransferEnd *to, int dir_fd, Fault *fault) {
        if (fchdir(to->root_fd) < 0 || chroot(".") < 0 || fchdir(dir_fd) < 0)
                return fault_set(fault, "copy", -errno, "%s", to->path);
        return drop_capabilities();
}

/* Where to, and as what: into a directory, or as the name that is said. */
static int find_target(const TransferEnd *to, bool into, Place *ret, Fault *fault) {
        int fd = path_in_root_open(to->root_fd, to->path, O_RDONLY | O_DIRECTORY, 0);
        int r;

        if (fd >= 0) {
                *ret = (Place){ .dir_fd = fd };
                return 0;
        }
        if (into || (fd != -ENOENT && fd != -ENOTDIR) || endswith(to->path, "/"))
                return fault_set(fault, "copy", fd, "%s", to->path);
        r = find_place(to, ret, fault);
        return r == 0 && !ret->name ? fault_set(fault, "copy", -ENOENT, "%s", to->path) : r;
}

static int receive_files(const TransferEnd *to, int in_fd, bool into, bool plain, Fault *fault) {
        autoplace Place p = { .dir_fd = -EBADF };
        int r;

        r = take_ids(to, fault);
        if (r == 0)
                r = find_target(to, into, &p, fault);
        if (r == 0)
                r = enter(to, p.dir_fd, fault);
        if (r < 0)
                return r;

        const TarIn q = { .in_fd = in_fd, .as = p.name, .plain = plain };

        return tar_read(&q, fault);
}

/* Copied contents ("a/.") have no name that could become another one. */
static bool is_contents(const char *path) {
        return streq(path, ".") || streq(path, "/") || endswith(path, "/.");
}

enum {
        SENDER_GOOD,
        SENDER_TOLD, /* it has failed, and said why */
        SENDER_CUT,  /* nobody reads any more: whoever should have knows why */
};

static int wait_for_sender(pid_t pid) {
        int status;

        if (waitpid(pid, &status, 0) < 0)
                return -errno;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -EPIPE;
}

static _Noreturn void run_sender(const TransferEnd *from, int out_fd) {
        Fault fault = {};
        int r = send_files(from, out_fd, &fault);

        if (r >= 0)
                _exit(SENDER_GOOD);
        if (r == -EPIPE)
                _exit(SENDER_CUT);
        (void) fault_set(&fault, "copy", r, NULL);
        worker_line_fault(&fault);
        _exit(SENDER_TOLD);
}

/* A process of the other end has no use for it; one of a container might, by way of /proc. */
static void let_go(const TransferEnd *end) {
        if (end->root_fd >= 0)
                (void) close(end->root_fd);
        if (end->userns_fd >= 0)
                (void) close(end->userns_fd);
}

int transfer(const TransferEnd *from, const TransferEnd *to, Fault *fault) {
        autoclose int read_fd = -EBADF;
        int pipes[2], r, sent;
        pid_t pid;

        if (from->stream_fd >= 0)
                return receive_files(to, from->stream_fd, true, false, fault);
        if (to->stream_fd >= 0)
                return send_files(from, to->stream_fd, fault);

        if (pipe2(pipes, O_CLOEXEC) < 0)
                return fault_set(fault, "copy", -errno, NULL);
        read_fd = pipes[0];
        pid = fork();
        if (pid < 0) {
                r = fault_set(fault, "copy", -errno, NULL);
                (void) close(pipes[1]);
                return r;
        }
        if (pid == 0) {
                let_go(to);
                replace_fd(&read_fd, -EBADF);
                run_sender(from, pipes[1]);
        }

        (void) close(pipes[1]);
        let_go(from);
        /* What root of a container has made set-id for its own root must not become so for the host's. */
        r = receive_files(to, read_fd, is_contents(from->path), to->userns_fd < 0, fault);
        replace_fd(&read_fd, -EBADF);
        sent = wait_for_sender(pid);
        if (sent == SENDER_TOLD) {
                *fault = (Fault){};
                return -EPIPE;
        }
        return r == 0 && sent != SENDER_GOOD
                       ? fault_set(fault, "copy", sent < 0 ? sent : -EPIPE, "%s", from->path)
                       : r;
}
