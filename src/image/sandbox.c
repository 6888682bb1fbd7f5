/* Namespaces and root of the sandbox. What is forbidden within stands in sandbox-filter.c. */
#include "image/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"

/* An empty file system for who needs none. */
static int root_make_empty(void) {
        autoclose int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
        int fd;

        if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "size", "4k", 0) < 0 ||
            fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        return fd < 0 ? -errno : fd;
}

static int root_change(int root_fd) {
        autoclose int tree = -EBADF;

        /* Entered before unshare(2): the working directory then moves into the new mount namespace, and only
         * a mount of the own namespace can be cloned. */
        if (root_fd >= 0 && fchdir(root_fd) < 0)
                return -errno;
        if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) < 0)
                return -errno;
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return -errno;

        tree = root_fd >= 0 ? open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)
                            : root_make_empty();
        if (tree < 0)
                return root_fd >= 0 ? -errno : tree;
        if (move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(tree) < 0)
                return -errno;

        /* pivot_root(2): the old root ends up on top of the new one, and is taken off. */
        if (syscall(SYS_pivot_root, ".", ".") == 0)
                return umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ? -errno : 0;
        /* An initramfs as root cannot be left so; without CAP_SYS_CHROOT and directories outside this will
         * do. */
        return errno != EINVAL || chroot(".") < 0 || chdir("/") < 0 ? -errno : 0;
}

/* Descriptors 0, 1, ... as asked for, and nothing above them. */
static int fds_arrange(const SandboxSpec *spec) {
        int high[SANDBOX_FDS_MAX];

        for (size_t i = 0; i < spec->n_fds; i++) {
                high[i] = fcntl(spec->fds[i], F_DUPFD_CLOEXEC, SANDBOX_FDS_MAX);
                if (high[i] < 0)
                        return -errno;
        }
        for (size_t i = 0; i < spec->n_fds; i++)
                if (dup2(high[i], (int) i) < 0)
                        return -errno;
        return close_range((unsigned) spec->n_fds, ~0U, 0) < 0 ? -errno : 0;
}

static int sandbox_enter(const SandboxSpec *spec, int go_fd) {
        char byte;
        int r;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        /* End of file: the parent could not write the maps, or is dead. */
        if (read(go_fd, &byte, 1) != 1)
                return -ESRCH;

        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return -errno;
        /* Changing the ids has undone it. */
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void) umask(0);

        r = root_change(spec->root_fd);
        if (r == 0)
                r = fds_arrange(spec);
        if (r == 0)
                r = sandbox_filter(spec->root_fd >= 0);
        return r;
}

static int maps_write(pid_t pid) {
        static const char *const files[] = { "uid_map", "gid_map" };
        char path[64];

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                int r;

                (void) snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
                r = file_write(AT_FDCWD, path, "0 0 4294967295\n");
                if (r < 0)
                        return r;
        }
        return 0;
}

int sandbox_spawn(const SandboxSpec *spec, pid_t *ret, Fault *fault) {
        autoclose int go_read = -EBADF, go_write = -EBADF;
        int go[2], r;
        pid_t pid;

        if (pipe2(go, O_CLOEXEC) < 0)
                return fault_set(fault, "sandbox", -errno, "pipe");
        go_read = go[0];
        go_write = go[1];

        /* As fork(2), with namespaces: glibc has no call for that. */
        pid = (pid_t) syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid < 0) {
                r = fault_set(fault, "sandbox", -errno, "clone with user namespace");
                fault_advise(fault, "see /proc/sys/user/max_user_namespaces");
                return r;
        }
        if (pid == 0) {
                (void) close(take_fd(go_write));
                _exit(sandbox_enter(spec, go_read) < 0 ? SANDBOX_FAILED : spec->fn(spec->data));
        }

        r = maps_write(pid);
        if (r == 0 && write(go_write, "", 1) != 1)
                r = -errno;
        if (r < 0) {
                (void) kill(pid, SIGKILL);
                (void) waitpid(pid, NULL, 0);
                return fault_set(fault, "sandbox", r, "id maps");
        }
        *ret = pid;
        return 0;
}
