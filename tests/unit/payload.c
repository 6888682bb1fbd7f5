/*
 * The program that unit tests run inside containers: static, so that a root needs nothing else.
 * Each argument is a command; results go to standard output as "command: result".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void print_file(const char *path) {
        char buf[4096];
        ssize_t n;
        int fd = open(path, O_RDONLY);

        if (fd < 0) {
                printf("%s: error %d\n", path, errno);
                return;
        }
        while ((n = read(fd, buf, sizeof(buf))) > 0)
                (void) fwrite(buf, 1, (size_t) n, stdout);
        (void) close(fd);
}

static void print_link(const char *path) {
        char buf[4096];
        ssize_t n = readlink(path, buf, sizeof(buf) - 1);

        buf[n < 0 ? 0 : n] = '\0';
        printf("%s: %s\n", path, n < 0 ? strerror(errno) : buf);
}

static void print_stat(const char *path) {
        struct stat st;

        if (stat(path, &st) < 0)
                printf("%s: error %d\n", path, errno);
        else
                printf("%s: mode %o uid %u gid %u size %ld\n", path, st.st_mode, st.st_uid, st.st_gid,
                       (long) st.st_size);
}

static void print_write(const char *path) {
        int fd = open(path, O_WRONLY | O_CREAT, 0644);

        printf("write %s: %d\n", path, fd < 0 ? errno : 0);
        if (fd >= 0)
                (void) close(fd);
}

/* A file system of its own on top of what is there, remounting that as well as it can. */
static void print_mount(const char *path) {
        int r = mount("tmpfs", path, "tmpfs", 0, NULL);

        printf("mount %s: %d\n", path, r < 0 ? errno : 0);
        (void) mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
}

static void print_call(const char *what) {
        long r = -1;

        errno = 0;
        if (strcmp(what, "unshare") == 0)
                r = syscall(SYS_unshare, CLONE_NEWUSER);
        else if (strcmp(what, "clone3") == 0)
                r = syscall(SYS_clone3, NULL, 0);
        else if (strcmp(what, "clone-newuser") == 0)
                r = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
        else if (strcmp(what, "vsock") == 0)
                r = socket(AF_VSOCK, SOCK_STREAM, 0);
        else if (strcmp(what, "unix") == 0)
                r = socket(AF_UNIX, SOCK_STREAM, 0);
        else if (strcmp(what, "personality") == 0)
                r = personality(0x0040000); /* ADDR_NO_RANDOMIZE */
        else if (strcmp(what, "personality-ask") == 0)
                r = personality(0xffffffff);
        else if (strcmp(what, "io_uring") == 0)
                r = syscall(425, 1, NULL);
        else if (strcmp(what, "keyctl") == 0)
                r = syscall(SYS_keyctl, 0, 0, 0, 0, 0);
        else if (strcmp(what, "future") == 0)
                r = syscall(499);
        else if (strcmp(what, "mknod") == 0)
                r = mknod("/dev/x", S_IFCHR | 0666, 0x103);
        printf("call %s: %d\n", what, r < 0 ? errno : 0);
}

static void print_self(void) {
        gid_t groups[64];
        int n = getgroups(64, groups);
        char host[256] = "", cwd[4096] = "";
        struct rlimit l;

        (void) gethostname(host, sizeof(host) - 1);
        printf("pid %d sid %d uid %u gid %u groups", getpid(), getsid(0), getuid(), getgid());
        for (int i = 0; i < n; i++)
                printf(" %u", groups[i]);
        (void) getrlimit(RLIMIT_NOFILE, &l);
        printf(" host %s cwd %s nofile %lu/%lu home %s\n", host, getcwd(cwd, sizeof(cwd)), l.rlim_cur,
               l.rlim_max, getenv("HOME"));
}

static void print_schedule(void) {
        printf("nice %d policy %d ioprio %ld umask %o\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0),
               syscall(SYS_ioprio_get, 1, 0), umask(0));
}

static void print_fds(void) {
        printf("fds");
        for (int fd = 0; fd < 1024; fd++)
                if (fcntl(fd, F_GETFD) >= 0)
                        printf(" %d", fd);
        printf("\n");
}

int main(int argc, char **argv) {
        for (int i = 1; i < argc; i++) {
                char *value = strchr(argv[i], '=');

                if (value)
                        *value++ = '\0';
                if (strcmp(argv[i], "cat") == 0)
                        print_file(value);
                else if (strcmp(argv[i], "link") == 0)
                        print_link(value);
                else if (strcmp(argv[i], "stat") == 0)
                        print_stat(value);
                else if (strcmp(argv[i], "write") == 0)
                        print_write(value);
                else if (strcmp(argv[i], "mount") == 0)
                        print_mount(value);
                else if (strcmp(argv[i], "call") == 0)
                        print_call(value);
                else if (strcmp(argv[i], "self") == 0)
                        print_self();
                else if (strcmp(argv[i], "schedule") == 0)
                        print_schedule();
                else if (strcmp(argv[i], "fds") == 0)
                        print_fds();
                else if (strcmp(argv[i], "env") == 0)
                        printf("%s=%s\n", value, getenv(value));
                else if (strcmp(argv[i], "exit") == 0)
                        exit(atoi(value));
                else if (strcmp(argv[i], "kill") == 0)
                        (void) kill(getpid(), atoi(value));
                else if (strcmp(argv[i], "tty") == 0)
                        printf("tty %s\n", isatty(0) ? ttyname(0) : "no");
                else if (strcmp(argv[i], "wait") == 0)
                        (void) pause();
                (void) fflush(stdout);
        }
        return 0;
}
