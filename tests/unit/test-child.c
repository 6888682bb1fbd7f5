/* Following a process by its pidfd: how it ended is told once. */
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manager/child.h"
#include "unit-test.h"

static unsigned n_told;
static ChildExit told;
static const Children *telling; /* those whose callbacks ask */

static void on_child_exit(Child *child, const ChildExit *how, void *data) {
        n_told++;
        told = *how;
        if (telling)
                ck_assert(children_are_told_of(telling));
        if (data)
                (void) sd_event_exit(data, 0);
}

static Child *follow(const Children *children, sd_event *event, int status) {
        ChildInfo info = {};
        Child *child = NULL;

        info.pid = fork();
        if (info.pid == 0) {
                if (status < 0)
                        (void) pause();
                _exit(status);
        }
        info.pidfd = (int) syscall(SYS_pidfd_open, info.pid, 0);
        ck_assert_int_ge(info.pidfd, 0);
        ck_assert_int_eq(child_watch(children, &info, on_child_exit, event, &child), 0);
        return child;
}

START_TEST(exit_status_is_told_once) {
        sd_event *event;
        Children *children;
        Child *child;

        n_told = 0;
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(children_new(event, &children), 0);
        child = follow(children, event, 37);
        ck_assert_int_ge(sd_event_loop(event), 0);
        ck_assert_uint_eq(n_told, 1);
        ck_assert(told.known);
        ck_assert_int_eq(told.code, CLD_EXITED);
        ck_assert_int_eq(told.status, 37);
        child_free(child);
        children_free(children);
        sd_event_unref(event);
}
END_TEST

START_TEST(signal_is_told) {
        sd_event *event;
        Children *children;
        Child *child;

        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(children_new(event, &children), 0);
        child = follow(children, event, -1);
        ck_assert_int_eq(child_signal(child, SIGUSR1), 0);
        ck_assert_int_ge(sd_event_loop(event), 0);
        ck_assert_int_eq(told.code, CLD_KILLED);
        ck_assert_int_eq(told.status, SIGUSR1);
        ck_assert_int_eq(child_signal(child, SIGUSR1), -ESRCH);
        child_free(child);
        children_free(children);
        sd_event_unref(event);
}
END_TEST

static void wait_for_end(const Child *child) {
        siginfo_t si;

        ck_assert_int_eq(waitid(P_PIDFD, (id_t) child_pidfd(child), &si, WEXITED | WNOWAIT), 0);
}

static int on_urgent(sd_event_source *s, void *data) {
        *(unsigned *) data = n_told;
        return 0;
}

/* What is more urgent comes between the ends of two. */
START_TEST(one_end_in_a_turn) {
        unsigned before = UINT_MAX;
        sd_event_source *urgent;
        sd_event *event;
        Children *children;
        Child *a, *b;

        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(children_new(event, &children), 0);
        a = follow(children, NULL, 1);
        b = follow(children, NULL, 2);
        wait_for_end(a);
        wait_for_end(b);
        n_told = 0;
        ck_assert_int_gt(sd_event_run(event, UINT64_MAX), 0);
        ck_assert_uint_eq(n_told, 1);

        ck_assert_int_ge(sd_event_add_defer(event, &urgent, on_urgent, &before), 0);
        ck_assert_int_ge(sd_event_source_set_priority(urgent, SD_EVENT_PRIORITY_IMPORTANT), 0);
        ck_assert_int_gt(sd_event_run(event, UINT64_MAX), 0);
        ck_assert_uint_eq(before, 1);
        ck_assert_int_gt(sd_event_run(event, UINT64_MAX), 0);
        ck_assert_uint_eq(n_told, 2);
        child_free(a);
        child_free(b);
        sd_event_source_unref(urgent);
        children_free(children);
        sd_event_unref(event);
}
END_TEST

/* One that nobody wants to hear of any more is not heard of. */
START_TEST(who_is_let_go_is_not_told) {
        sd_event *event;
        Children *children;
        Child *child;

        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(children_new(event, &children), 0);
        child = follow(children, NULL, 1);
        wait_for_end(child);
        n_told = 0;
        child_free(child);
        ck_assert_int_eq(sd_event_run(event, 0), 0);
        ck_assert_uint_eq(n_told, 0);
        children_free(children);
        sd_event_unref(event);
}
END_TEST

static void follow_up(void *data) {
        ck_assert(!children_are_told_of(telling));
        *(unsigned *) data = n_told;
}

START_TEST(what_follows_comes_last) {
        unsigned told_before = 99;
        sd_event *event;
        Children *children;
        Child *child;

        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(children_new(event, &children), 0);
        telling = children;
        children_follow_up(children, follow_up, &told_before);
        child = follow(children, event, 0);
        ck_assert_int_ge(sd_event_loop(event), 0);
        ck_assert_uint_eq(told_before, n_told);
        ck_assert_uint_gt(n_told, 0);
        telling = NULL;
        child_free(child);
        children_free(children);
        sd_event_unref(event);
}
END_TEST

/* Of an earlier manager, that is: its parent is another process, which has better things to do than to reap.
 */
START_TEST(nobody_reaps) {
        ChildInfo info = {};
        sd_event *event;
        Children *children;
        Child *child;
        int numbers[2];
        pid_t parent;

        ck_assert_int_eq(pipe(numbers), 0);
        parent = fork();
        if (parent == 0) {
                pid_t pid = fork();

                if (pid == 0)
                        _exit(37);
                (void) !write(numbers[1], &pid, sizeof(pid));
                (void) pause();
        }
        ck_assert_int_eq(read(numbers[0], &info.pid, sizeof(info.pid)), sizeof(info.pid));
        info.pidfd = (int) syscall(SYS_pidfd_open, info.pid, 0);
        ck_assert_int_ge(info.pidfd, 0);

        n_told = 0;
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(children_new(event, &children), 0);
        ck_assert_int_eq(child_watch(children, &info, on_child_exit, event, &child), 0);
        ck_assert_int_ge(sd_event_loop(event), 0);
        ck_assert_uint_eq(n_told, 1);
        ck_assert(told.known);
        ck_assert_int_eq(told.code, CLD_EXITED);
        ck_assert_int_eq(told.status, 37);

        (void) kill(parent, SIGKILL);
        (void) waitpid(parent, NULL, 0);
        (void) close(numbers[0]);
        (void) close(numbers[1]);
        child_free(child);
        children_free(children);
        sd_event_unref(event);
}
END_TEST

TEST_MAIN("child", what_follows_comes_last, nobody_reaps, exit_status_is_told_once, signal_is_told,
          one_end_in_a_turn, who_is_let_go_is_not_told)
