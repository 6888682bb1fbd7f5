/* Exit status without being the parent. Needs root. */
#include <sys/acct.h>
#include <sys/syscall.h>

#include "runtime/clone.h"
#include "runtime/exit-store.h"
#include "tests/unit/runtime-test.h"

static char store[PATH_MAX + 16];

static void begin(Stage *s, char *command) {
        stage_begin(s, true);
        must(mount("tmpfs", "/mnt", "tmpfs", 0, NULL));
        (void) strcpy(store, "/mnt/pid");
        s->argv[1] = command;
        assert_launch(s);
}

static void end(Stage *s) {
        must(umount2("/mnt", MNT_DETACH));
        stage_end(s);
}

START_TEST(child_is_reaped) {
        ExitStatus status;
        Stage s;

        begin(&s, (char *) "wait");
        ck_assert_int_eq(exit_status(s.result.pidfd, NULL, &status), EXIT_STATE_ALIVE);
        must(kill(s.result.pid, SIGTERM)); /* PID 1 without a handler: ignored from inside, not from here */
        must(kill(s.result.pid, SIGKILL));
        must(poll(&(struct pollfd){ .fd = s.result.pidfd, .events = POLLIN }, 1, 20000));
        ck_assert_int_eq(exit_status(s.result.pidfd, NULL, &status), EXIT_STATE_KNOWN);
        ck_assert_int_eq(status.code, CLD_KILLED);
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
        end(&s);
}
END_TEST

/* Somebody else reaps; the status is found at the path, as after a restart of the manager. */
START_TEST(status_survives_the_parent) {
        ExitStatus status = {};
        uint64_t before, after;
        int held, again;
        Stage s;

        begin(&s, (char *) "wait");
        held = exit_hold(s.result.pidfd, store, true, NULL);
        must(held);
        if (held == 0)
                return end(&s); /* Linux < 6.14: see the next test */
        must(pidfd_identity(s.result.pidfd, &before));
        (void) close(s.result.pidfd);

        must(again = exit_open(store));
        must(pidfd_identity(again, &after));
        ck_assert_uint_eq(before, after);
        ck_assert_uint_ne(before, 0);
        ck_assert_int_eq(exit_status(again, store, &status), EXIT_STATE_ALIVE);
        must(kill(s.result.pid, SIGKILL));
        (void) close(again);
        ck_assert_int_eq(waitpid(s.result.pid, NULL, 0), s.result.pid);

        must(again = exit_open(store));
        ck_assert_int_eq(exit_status(again, store, &status), EXIT_STATE_KNOWN);
        ck_assert_int_eq(status.code, CLD_KILLED);
        ck_assert_int_eq(status.status, SIGKILL);
        (void) close(again);
        must(exit_release(store));
        ck_assert(!file_exists(AT_FDCWD, store));
        must(exit_release(store));
        ck_assert_int_eq(exit_open(store), -ENOENT);
        end(&s);
}
END_TEST

/* What older kernels are left with. */
START_TEST(accounting_tells_the_status) {
        ExitStatus status = {};
        Stage s;
        int r;

        begin(&s, (char *) "wait");
        must(file_replace(AT_FDCWD, store, "", 0, 0600, false));
        r = exit_account(s.result.pidfd, store);
        if (r == -ENOSYS)
                return end(&s); /* a kernel without it */
        must(r);
        ck_assert_int_eq(exit_status(-1, store, &status), EXIT_STATE_UNKNOWN);
        must(kill(s.result.pid, SIGKILL));
        (void) stage_wait(&s, s.result.pidfd);
        ck_assert_int_eq(exit_open(store), -ENOTSUP);
        ck_assert_int_eq(exit_status(-1, store, &status), EXIT_STATE_KNOWN);
        ck_assert_int_eq(status.code, CLD_KILLED);
        ck_assert_int_eq(status.status, SIGKILL);
        must(exit_release(store));
        ck_assert_int_eq(exit_status(-1, store, &status), EXIT_STATE_UNKNOWN);
        ck_assert_int_eq(exit_account(s.result.pidfd, store), -ESRCH);
        end(&s);
}
END_TEST

/* As many records as processes have ended; the last one is that of PID 1. */
static void append_records(int fd, unsigned n, uint32_t last_pid) {
        for (unsigned i = 0; i < n; i++) {
                struct acct_v3 record = { .ac_version = 3, .ac_pid = i + 1 < n ? 7 : last_pid };

                record.ac_exitcode = 37 << 8;
                ck_assert_int_eq(write(fd, &record, sizeof(record)), sizeof(record));
        }
}

START_TEST(accounting_is_trimmed) {
        ExitStatus status = {};
        struct stat st;
        int fd;

        must(unshare(CLONE_NEWNS));
        must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        must(mount("tmpfs", "/mnt", "tmpfs", 0, NULL));
        (void) strcpy(store, "/mnt/pid");
        ck_assert_int_eq(exit_trim(store), 0);
        must(fd = open(store, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
        ck_assert_int_eq(exit_trim(store), 1);

        /* Two pages and one record go, but for the page that may still grow. */
        append_records(fd, 2 * 64 + 1, 7);
        ck_assert_int_eq(exit_trim(store), 1);
        must(fstat(fd, &st));
        ck_assert_int_eq(st.st_blocks * 512, 4096);
        ck_assert_int_eq(exit_status(-1, store, &status), EXIT_STATE_UNKNOWN);

        /* What is asked for stays, how often it may be trimmed. */
        append_records(fd, 3 * 64, 1);
        ck_assert_int_eq(exit_trim(store), 1);
        ck_assert_int_eq(exit_trim(store), 1);
        ck_assert_int_eq(exit_status(-1, store, &status), EXIT_STATE_KNOWN);
        ck_assert_int_eq(status.code, CLD_EXITED);
        ck_assert_int_eq(status.status, 37);
        (void) close(fd);
        must(umount2("/mnt", MNT_DETACH));
}
END_TEST

/* Its parent does not care: the status is that of the zombie. */
START_TEST(zombie_has_a_status) {
        autoclose int pidfd = -EBADF;
        ExitStatus status = {};
        siginfo_t si = {};
        pid_t pid = fork();

        must(pid);
        if (pid == 0)
                _exit(42);
        must(pidfd = (int) syscall(SYS_pidfd_open, pid, 0));
        must(waitid(P_PID, (id_t) pid, &si, WEXITED | WNOWAIT));
        ck_assert_int_eq(exit_status_of_zombie(pidfd, pid, &status), EXIT_STATE_KNOWN);
        ck_assert_int_eq(status.code, CLD_EXITED);
        ck_assert_int_eq(status.status, 42);
        must(waitpid(pid, NULL, 0));
        ck_assert_int_eq(exit_status_of_zombie(pidfd, pid, &status), EXIT_STATE_UNKNOWN);
        ck_assert_int_eq(exit_status_of_zombie(pidfd, getpid(), &status), EXIT_STATE_UNKNOWN);
}
END_TEST

START_TEST(start_time_is_read) {
        uint64_t mine = 0, parents = 0;

        must(process_start_time(getpid(), &mine));
        must(process_start_time(getppid(), &parents));
        ck_assert_uint_gt(mine, 0);
        ck_assert_uint_ge(mine, parents);
        ck_assert_int_lt(process_start_time(-1, &mine), 0);
}
END_TEST

TEST_MAIN("exit store", child_is_reaped, status_survives_the_parent, accounting_tells_the_status,
          accounting_is_trimmed, zombie_has_a_status, start_time_is_read)
