/* Exit status without being the parent: bound pidfds, and process accounting for older kernels. */
#include "runtime/exit-store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/acct.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/magic.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/parse.h"
#include "basic/syscall.h"
#include "runtime/clone.h"

/* <linux/pidfd.h> of Linux 6.15; older headers do not have these. */
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif
#define INFO_EXIT (UINT64_C(1) << 3)

typedef struct PidfdInfo {
        uint64_t mask;
        uint64_t cgroupid;
        uint32_t pid, tgid, ppid;
        uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
        int32_t exit_code;
        uint32_t reserved[2];
} PidfdInfo;

#define IOCTL_GET_INFO _IOWR(0xFF, 11, PidfdInfo)

/* Memory is given back in pages; a power of two of records fills one. */
#define ACCOUNT_PAGE 4096

/* -- holding -- */

static int hold_pidfd(int pidfd, const char *path) {
        autoclose int tree = -EBADF;

        tree = open_tree(pidfd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
        if (tree < 0)
                return -errno;
        return move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

typedef struct AccountJob {
        int pidfd;
        const char *path;
        void *stack;
        int result;
} AccountJob;

/* In the container's pid namespace, whose accounting this turns on, but with the host's root and rights. */
static int account_inner(void *p) {
        AccountJob *job = p;

        job->result = (int) RAW(acct, job->path);
        return 0;
}

static int account_child(void *p) {
        AccountJob *job = p;
        struct clone_args args = {
                .flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_CLEAR_SIGHAND,
                .stack = (uintptr_t) job->stack,
                .stack_size = CLONE_STACK_SIZE,
        };
        long r;

        r = RAW(setns, job->pidfd, CLONE_NEWPID);
        if (r < 0)
                return (int) r;
        r = clone_call(&args, account_inner, job);
        if (r < 0)
                return (int) r;
        (void) RAW(wait4, r, NULL, __WALL, NULL);
        return job->result;
}

int exit_account(int pidfd, const char *path) {
        AccountJob job = { .pidfd = pidfd, .path = path, .result = -ECHILD };
        int dumpable, r;

        job.stack = mmap(NULL, CLONE_STACK_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (job.stack == MAP_FAILED)
                return -errno;

        /* As in launch.c: for a moment a process of ours is visible in the container. */
        dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
        (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        r = helper_run(account_child, &job);
        if (dumpable == 1)
                (void) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        (void) munmap(job.stack, CLONE_STACK_SIZE);
        return r;
}

int exit_hold(int pidfd, const char *path, bool own_namespace, Fault *f) {
        autoclose int file = -EBADF;
        int r;

        (void) exit_release(path);
        file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file < 0)
                return fault_set(f, "hold process", -errno, "%s", path);

        r = hold_pidfd(pidfd, path);
        if (r == 0)
                return 1;
        r = own_namespace ? exit_account(pidfd, path) : -EOPNOTSUPP;
        /* Dead already: its parent, who asks, will have the status from wait. */
        if (r == 0 || r == -ESRCH)
                return 0;
        (void) unlink(path);
        return fault_set(f, "hold process", r, "%s", path);
}

int exit_open(const char *path) {
        autoclose int fd = -EBADF;
        struct statfs fs;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        if (fstatfs(fd, &fs) < 0)
                return -errno;
        return fs.f_type == PID_FS_MAGIC ? take_fd(fd) : -ENOTSUP;
}

int exit_release(const char *path) {
        if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
                return -errno;
        if (unlink(path) < 0 && errno != ENOENT)
                return -errno;
        return 0;
}

/* -- asking -- */

static void status_from_wait(int wait_status, ExitStatus *ret) {
        if (!ret)
                return;
        if (WIFEXITED(wait_status))
                *ret = (ExitStatus){ .code = CLD_EXITED, .status = WEXITSTATUS(wait_status) };
        else
                *ret = (ExitStatus){ .code = WCOREDUMP(wait_status) ? CLD_DUMPED : CLD_KILLED,
                                     .status = WTERMSIG(wait_status) };
}

/* Records of acct_v3 (acct(5)). That of PID 1 is written at its exit, and once more when its namespace
 * ends, with the same status. @ret_end: first byte behind what was looked at. */
static int account_find_first(int fd, ExitStatus *ret, off_t *ret_end) {
        struct acct_v3 records[64];
        off_t at = lseek(fd, 0, SEEK_DATA);
        ssize_t n;

        *ret_end = 0;
        if (at < 0)
                return errno == ENXIO ? EXIT_STATE_UNKNOWN : -errno;

        while ((n = pread(fd, records, sizeof(records), at)) >= (ssize_t) sizeof(records[0])) {
                size_t found = (size_t) n / sizeof(records[0]);

                for (size_t i = 0; i < found; i++)
                        if ((records[i].ac_version & 0x7f) == 3 && records[i].ac_pid == 1) {
                                status_from_wait((int) records[i].ac_exitcode, ret);
                                return EXIT_STATE_KNOWN;
                        }
                at += (off_t) (found * sizeof(records[0]));
        }
        *ret_end = at;
        return n < 0 ? -errno : EXIT_STATE_UNKNOWN;
}

static int status_from_account(const char *path, ExitStatus *ret) {
        autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
        off_t end;

        if (fd < 0)
                return errno == ENOENT ? EXIT_STATE_UNKNOWN : -errno;
        return account_find_first(fd, ret, &end);
}

static bool is_account(const char *path) {
        struct statfs fs;

        return path && statfs(path, &fs) == 0 && fs.f_type != PID_FS_MAGIC;
}

int exit_trim(const char *path) {
        autoclose int fd = -EBADF;
        off_t end;
        int r;

        if (!is_account(path))
                return 0;
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        /* Not truncated: a record that comes now lies behind @end, and stays. */
        r = account_find_first(fd, NULL, &end);
        end -= end % ACCOUNT_PAGE;
        if (r == EXIT_STATE_UNKNOWN && end > 0 &&
            fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, end) < 0)
                r = -errno;
        return r < 0 ? r : 1;
}

int exit_status(int pidfd, const char *path, ExitStatus *ret) {
        struct pollfd p = { .fd = pidfd, .events = POLLIN };
        PidfdInfo info = { .mask = INFO_EXIT };
        siginfo_t si = {};

        if (pidfd >= 0) {
                if (waitid(P_PIDFD, (id_t) pidfd, &si, WEXITED | WNOHANG | __WALL) == 0) {
                        if (si.si_pid == 0)
                                return EXIT_STATE_ALIVE;
                        if (ret)
                                *ret = (ExitStatus){ .code = si.si_code, .status = si.si_status };
                        return EXIT_STATE_KNOWN;
                }
                if (errno != ECHILD)
                        return -errno;

                /* Before the kernel is asked: what is reaped in between has no status in the answer, and
                 * would pass for one that never had any. */
                if (poll(&p, 1, 0) < 0)
                        return -errno;
                if (!(p.revents & POLLIN))
                        return EXIT_STATE_ALIVE;
                if (ioctl(pidfd, IOCTL_GET_INFO, &info) == 0 && (info.mask & INFO_EXIT)) {
                        status_from_wait(info.exit_code, ret);
                        return EXIT_STATE_KNOWN;
                }
        }

        if (is_account(path)) {
                int r = status_from_account(path, ret);

                if (r != EXIT_STATE_UNKNOWN)
                        return r;
        }

        /* A kernel that tells of the end by POLLHUP will tell the status then, too. */
        if (pidfd >= 0 && !(p.revents & POLLHUP)) {
                uint64_t identity = 0;

                if (pidfd_identity(pidfd, &identity) == 0 && identity != 0)
                        return EXIT_STATE_ENDING;
        }
        return EXIT_STATE_UNKNOWN;
}

/* -- identity -- */

int pidfd_identity(int pidfd, uint64_t *ret) {
        struct statfs fs;
        struct stat st;

        if (fstatfs(pidfd, &fs) < 0 || fstat(pidfd, &st) < 0)
                return -errno;
        /* Before pidfs all pidfds shared one anonymous inode. */
        *ret = fs.f_type == PID_FS_MAGIC ? st.st_ino : 0;
        return 0;
}

/* Field @n, from 3 on, of /proc/PID/stat. */
static int stat_field(pid_t pid, int n, char ret[32]) {
        autofree char *text = NULL;
        char path[64], *p;
        int r;

        (void) snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        r = file_read_line(AT_FDCWD, path, &text);
        if (r < 0)
                return r;

        /* The second field, the name, may hold anything; its ')' is the last one of the line. */
        p = strrchr(text, ')');
        for (int field = 2; p && field < n; field++) {
                p = strchr(p, ' ');
                if (p)
                        p++;
        }
        if (!p)
                return -EBADMSG;
        (void) snprintf(ret, 32, "%.*s", (int) strcspn(p, " "), p);
        return 0;
}

int process_start_time(pid_t pid, uint64_t *ret) {
        char text[32];
        int r = stat_field(pid, 22, text);

        return r < 0 ? r : parse_u64(text, ret);
}

/* Others are shown 0, as if it had gone well: proc_pid_stat(5). */
static bool may_see_statuses(void) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {};

        return syscall(SYS_capget, &header, data) == 0 && data[0].effective & 1U << CAP_SYS_PTRACE;
}

int exit_status_of_zombie(int pidfd, pid_t pid, ExitStatus *ret) {
        char state[32], code[32];
        int wait_status;

        if (stat_field(pid, 3, state) < 0 || stat_field(pid, 52, code) < 0 ||
            parse_int(code, &wait_status) < 0 || (wait_status == 0 && !may_see_statuses()))
                return EXIT_STATE_UNKNOWN;
        /* If it is there yet, the number was not given to another one when we looked. */
        if (state[0] != 'Z' || syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0)
                return EXIT_STATE_UNKNOWN;
        status_from_wait(wait_status, ret);
        return EXIT_STATE_KNOWN;
}
