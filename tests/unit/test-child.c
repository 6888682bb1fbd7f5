/* Following a process by its pidfd: how it ended is told once. */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manager/child.h"
#include "unit-test.h"

static unsigned n_told;
static ChildExit told;

static void on_child_exit(Child *child, const ChildExit *how, void *data) {
        n_told++;
        told = *how;
        (void) sd_event_exit(data, 0);
}

static Child *follow(sd_event *event, int status) {
        ChildInfo info = { .name = "test" };
        Child *child = NULL;

        info.pid = fork();
        if (info.pid == 0) {
                if (status < 0)
                        (void) pause();
                _exit(status);
        }
        info.pidfd = (int) syscall(SYS_pidfd_open, info.pid, 0);
        ck_assert_int_ge(info.pidfd, 0);
        ck_assert_int_eq(child_watch(event, &info, on_child_exit, event, &child), 0);
        return child;
}

START_TEST(exit_status_is_told_once) {
        sd_event *event;
        Child *child;

        ck_assert_int_ge(sd_event_new(&event), 0);
        child = follow(event, 37);
        ck_assert_int_ge(sd_event_loop(event), 0);
        ck_assert_uint_eq(n_told, 1);
        ck_assert(told.known);
        ck_assert_int_eq(told.code, CLD_EXITED);
        ck_assert_int_eq(told.status, 37);
        child_free(child);
        sd_event_unref(event);
}
END_TEST

START_TEST(signal_is_told) {
        sd_event *event;
        Child *child;

        ck_assert_int_ge(sd_event_new(&event), 0);
        child = follow(event, -1);
        ck_assert_int_eq(child_signal(child, SIGUSR1), 0);
        ck_assert_int_ge(sd_event_loop(event), 0);
        ck_assert_int_eq(told.code, CLD_KILLED);
        ck_assert_int_eq(told.status, SIGUSR1);
        ck_assert_int_eq(child_signal(child, SIGUSR1), -ESRCH);
        child_free(child);
        sd_event_unref(event);
}
END_TEST

TEST_MAIN("child", exit_status_is_told_once, signal_is_told)
