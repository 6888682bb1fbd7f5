/* A further process in a running container. Needs root. */
#include <sys/ioctl.h>
#include <termios.h>

#include "runtime/exec.h"
#include "tests/unit/runtime-test.h"

static ExecRequest request_for(const Stage *s, char *const *argv) {
        return (ExecRequest){
                .pidfd = s->result.pidfd,
                .cgroup_fd = -1,
                .user_namespace = s->spec.user_namespace,
                .argv = argv,
                .capabilities = DEFAULT_CAPS,
                .no_new_privileges = true,
                .seccomp = &s->spec.seccomp,
                .stdin_fd = -1,
                .stdout_fd = s->output,
                .stderr_fd = s->output,
        };
}

static void begin_waiting(Stage *s, bool user_namespace) {
        stage_begin(s, user_namespace);
        s->argv[1] = (char *) "wait";
        assert_launch(s);
}

static void end_waiting(Stage *s) {
        must(kill(s->result.pid, SIGKILL));
        (void) stage_wait(s, s->result.pidfd);
        stage_end(s);
}

static void joins_and_is_confined(bool user_namespace) {
        static const char *const names[] = { "mnt", "pid", "net", "uts", "ipc", "user", "cgroup", "time" };
        char words[8][64], path[64], theirs[64], wanted[160];
        char *argv[16] = { (char *) "payload", (char *) "self", (char *) "cat=/proc/self/status",
                           (char *) "fds", (char *) "call=unshare" };
        Fault fault = {};
        ExecRequest request;
        ExecResult result;
        Stage s;
        int fds;

        begin_waiting(&s, user_namespace);
        for (size_t i = 0; i < 8; i++) {
                (void) snprintf(words[i], sizeof(words[i]), "link=/proc/self/ns/%s", names[i]);
                argv[5 + i] = words[i];
        }
        request = request_for(&s, argv);
        fds = count_descriptors();
        if (container_exec(&request, &fault, &result) < 0)
                ck_abort_msg("%s", fault_to_string(&fault));
        ck_assert_int_eq(result.terminal_fd, -1);
        ck_assert_int_eq(stage_wait(&s, result.pidfd).si_status, 0);
        (void) close(result.pidfd);
        ck_assert_int_eq(count_descriptors(), fds);

        assert_has(&s, "uid 0 gid 0 groups host box cwd /");
        assert_has(&s, "CapEff:\t00000000a80425fb");
        assert_has(&s, "CapBnd:\t00000000a80425fb");
        assert_has(&s, "NoNewPrivs:\t1");
        assert_has(&s, "Seccomp:\t2");
        assert_has(&s, "fds 0 1 2\n");
        assert_has(&s, "call unshare: 1\n");
        for (size_t i = 0; i < 8; i++) {
                (void) snprintf(path, sizeof(path), "/proc/%d/ns/%s", s.result.pid, names[i]);
                memset(theirs, 0, sizeof(theirs));
                must((int) readlink(path, theirs, sizeof(theirs) - 1));
                (void) snprintf(wanted, sizeof(wanted), "/proc/self/ns/%s: %s\n", names[i], theirs);
                assert_has(&s, wanted);
        }
        end_waiting(&s);
}

START_TEST(joins_all_namespaces) {
        joins_and_is_confined(true);
}
END_TEST

START_TEST(joins_without_user_namespace) {
        joins_and_is_confined(false);
}
END_TEST

/* Into s->text, until @wanted is in it. */
static void read_until(Stage *s, int fd, const char *wanted) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        size_t used = 0;

        s->text[0] = '\0';
        while (!strstr(s->text, wanted)) {
                ssize_t n;

                ck_assert_msg(poll(&p, 1, 20000) == 1, "no \"%s\" in \"%s\"", wanted, s->text);
                n = read(fd, s->text + used, sizeof(s->text) - 1 - used);
                ck_assert_msg(n > 0, "end before \"%s\" in \"%s\"", wanted, s->text);
                used += (size_t) n;
                s->text[used] = '\0';
        }
}

START_TEST(terminal_is_the_containers_own) {
        char *argv[] = { (char *) "payload", (char *) "tty",  (char *) "stat=/dev/pts/0",
                         (char *) "fds",     (char *) "wait", NULL };
        Identity user = { .uid = 33, .gid = 34 };
        struct winsize size;
        ExecRequest request;
        ExecResult result;
        Fault fault = {};
        Stage s;

        begin_waiting(&s, true);
        request = request_for(&s, argv);
        request.terminal = true;
        request.rows = 50;
        request.columns = 132;
        request.identity = &user;
        if (container_exec(&request, &fault, &result) < 0)
                ck_abort_msg("%s", fault_to_string(&fault));
        read_until(&s, result.terminal_fd, "fds 0 1 2\r\n");
        assert_has(&s, "tty /dev/pts/0\r\n/dev/pts/0: mode 20620 uid 33 gid 5");
        must(ioctl(result.terminal_fd, TIOCGWINSZ, &size));
        ck_assert_int_eq(size.ws_row, 50);
        ck_assert_int_eq(size.ws_col, 132);
        must(exec_resize(result.terminal_fd, 10, 20));
        must(ioctl(result.terminal_fd, TIOCGWINSZ, &size));
        ck_assert_int_eq(size.ws_row, 10);

        /* It is the controlling one: Ctrl-C reaches the process. */
        ck_assert_int_eq(write(result.terminal_fd, "\003", 1), 1);
        ck_assert_int_eq(stage_wait(&s, result.pidfd).si_status, SIGINT);
        end_waiting(&s);
}
END_TEST

START_TEST(faults_leave_nothing) {
        char *argv[] = { (char *) "missing", NULL };
        ExecRequest request;
        ExecResult result;
        Fault fault = {};
        int fds;
        Stage s;

        begin_waiting(&s, true);
        request = request_for(&s, argv);
        request.terminal = true;
        fds = count_descriptors();
        ck_assert_int_eq(container_exec(&request, &fault, &result), -ENOENT);
        ck_assert_str_eq(fault.step, "exec");
        ck_assert_str_eq(fault.object, "missing");
        ck_assert_int_eq(count_descriptors(), fds);

        must(kill(s.result.pid, SIGKILL));
        (void) stage_wait(&s, s.result.pidfd);
        ck_assert_int_eq(container_exec(&request, NULL, &result), -ESRCH);
        ck_assert_int_eq(count_descriptors(), fds);
        stage_end(&s);
}
END_TEST

TEST_MAIN("exec", joins_all_namespaces, joins_without_user_namespace, terminal_is_the_containers_own,
          faults_leave_nothing)
