/* What /proc says of processes: parents, numbers inside pid namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/process.h"
#include "unit-test.h"

START_TEST(parent_is_told) {
        pid_t found = 0;

        ck_assert_int_eq(process_parent(getpid(), &found), 0);
        ck_assert_int_eq(found, getppid());
        ck_assert_int_lt(process_parent(-1, &found), 0);
}
END_TEST

START_TEST(inner_number_is_told) {
        pid_t found = 0, outer;
        int pipes[2];
        char byte;

        ck_assert_int_eq(process_inner_pid(getpid(), &found), 0);
        ck_assert_int_eq(found, getpid());
        ck_assert(process_same_pid_namespace(getpid(), getppid()));

        if (geteuid() != 0 || pipe(pipes) < 0 || unshare(CLONE_NEWPID) < 0)
                return;
        outer = fork();
        if (outer == 0) {
                (void) close(pipes[1]);
                (void) !read(pipes[0], &byte, 1);
                _exit(0);
        }
        ck_assert_int_eq(process_inner_pid(outer, &found), 0);
        ck_assert_int_eq(found, 1);
        ck_assert(!process_same_pid_namespace(getpid(), outer));
        (void) close(pipes[1]);
        (void) waitpid(outer, NULL, 0);
}
END_TEST

START_TEST(mounts_are_held) {
        struct stat held, own;
        int pidfd = syscall(SYS_pidfd_open, getpid(), 0), fd;
        pid_t child;

        fd = process_mounts(pidfd);
        if (fd == -ENOTTY || geteuid() != 0)
                return;
        ck_assert_int_ge(fd, 0);
        ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        ck_assert_int_eq(fstat(fd, &held), 0);
        ck_assert_int_eq(stat("/proc/self/ns/mnt", &own), 0);
        ck_assert_uint_eq(held.st_ino, own.st_ino);
        (void) close(fd);
        (void) close(pidfd);

        child = fork();
        if (child == 0)
                _exit(0);
        pidfd = syscall(SYS_pidfd_open, child, 0);
        ck_assert_int_ge(pidfd, 0);
        (void) waitpid(child, NULL, 0);
        ck_assert_int_lt(process_mounts(pidfd), 0);
        (void) close(pidfd);
}
END_TEST

TEST_MAIN("process", parent_is_told, inner_number_is_told, mounts_are_held)
