/* Launching: what is kept of one launch for the next ones to begin with. Needs root. */
#include <stdlib.h>

#include "runtime/step.h"
#include "tests/unit/runtime-test.h"

#define LINES_MAX 64

typedef struct Mounts {
        char text[8192];
        char *lines[LINES_MAX]; /* root, mount point and options of each, sorted */
        size_t n;
} Mounts;

static int compare_lines(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static void read_mounts(const char *mountinfo, Mounts *m) {
        m->n = 0;
        (void) snprintf(m->text, sizeof(m->text), "%s", mountinfo);
        for (char *line = strtok(m->text, "\n"); line; line = strtok(NULL, "\n")) {
                char *fields = line, *end = strstr(line, " - ");

                ck_assert_ptr_nonnull(end);
                *end = '\0';
                /* Its id, that of its parent, and the device differ. */
                for (int i = 0; i < 3; i++)
                        fields = strchr(fields, ' ') + 1;
                ck_assert_uint_lt(m->n, LINES_MAX);
                m->lines[m->n++] = fields;
        }
        qsort(m->lines, m->n, sizeof(m->lines[0]), compare_lines);
}

static void assert_same_mounts(const Mounts *a, const Mounts *b) {
        ck_assert_uint_eq(a->n, b->n);
        for (size_t i = 0; i < a->n; i++)
                ck_assert_str_eq(a->lines[i], b->lines[i]);
}

/* A run to its end; what it has printed is in s->text. */
static void run(Stage *s) {
        must(ftruncate(s->output, 0));
        must((int) lseek(s->output, 0, SEEK_SET));
        assert_launch(s);
        ck_assert_int_eq(stage_wait(s, s->result.pidfd).si_status, 0);
        (void) close(s->result.pidfd);
}

/* The next launches begin with it. */
static void take_base(Stage *s) {
        ck_assert_int_ge(s->result.base_fd, 0);
        ck_assert_int_eq(fcntl(s->result.base_fd, F_GETFD), FD_CLOEXEC);
        s->request.keep_base = false;
        s->request.base_fd = s->result.base_fd;
}

static void check_like_the_first(bool user_namespace, bool read_only) {
        LaunchFile file = { "/etc/hostname", "/etc/name", true, false, false };
        Mounts plain, other;
        int fds;
        Stage s;

        stage_begin(&s, user_namespace);
        s.request.files = &file;
        s.request.n_files = 1;
        s.argv[1] = (char *) "cat=/proc/self/mountinfo";
        /* What is missing as a mount point is made by the first. */
        run(&s);

        s.spec.read_only = read_only;
        run(&s);
        ck_assert_int_eq(s.result.base_fd, -1);
        read_mounts(s.text, &plain);
        s.request.keep_base = true;
        run(&s);
        take_base(&s);
        read_mounts(s.text, &other);
        assert_same_mounts(&plain, &other);

        fds = count_descriptors();
        for (int i = 0; i < 3; i++) {
                run(&s);
                ck_assert_int_eq(s.result.base_fd, -1);
                read_mounts(s.text, &other);
                assert_same_mounts(&plain, &other);
        }
        ck_assert_int_eq(count_descriptors(), fds);
        stage_end(&s);
}

START_TEST(mounts_are_the_same) {
        check_like_the_first(true, false);
}
END_TEST

START_TEST(so_they_are_without_user_namespace) {
        check_like_the_first(false, false);
}
END_TEST

START_TEST(a_root_is_read_only_again) {
        check_like_the_first(true, true);
}
END_TEST

/* What the program did to its own mounts, and to what was made for it alone, is gone; its root is the same.
 */
START_TEST(nothing_of_the_last_one_is_there) {
        Stage s;

        stage_begin(&s, true);
        s.spec.capabilities = ALL_CAPS;
        s.spec.seccomp.enabled = false;
        s.request.keep_base = true;
        s.argv[1] = (char *) "write=/etc/left";
        s.argv[2] = (char *) "write=/dev/left";
        s.argv[3] = (char *) "write=/dev/shm/left";
        s.argv[4] = (char *) "write=/dev/mqueue/left";
        s.argv[5] = (char *) "mount=/etc";
        s.argv[6] = (char *) "mount=/sys";
        run(&s);
        assert_has(&s, "write /dev/mqueue/left: 0\nmount /etc: 0\nmount /sys: 0\n");
        take_base(&s);

        for (int i = 0; i < 2; i++) {
                s.argv[1] = (char *) "cat=/etc/left";
                s.argv[2] = (char *) "cat=/dev/left";
                s.argv[3] = (char *) "cat=/dev/shm/left";
                s.argv[4] = (char *) "cat=/dev/mqueue/left";
                s.argv[5] = (char *) "cat=/proc/self/mountinfo";
                s.argv[6] = (char *) "write=/etc/right";
                run(&s);
                ck_assert(strncmp(s.text, "/dev/left: error 2\n", 19) == 0);
                assert_has(&s, "/dev/shm/left: error 2\n/dev/mqueue/left: error 2\n");
                assert_lacks(&s, " / /etc ");
                assert_lacks(&s, " / /sys rw");
                assert_has(&s, "write /etc/right: 0\n");

                s.argv[1] = (char *) "mount=/etc";
                s.argv[2] = NULL;
                run(&s);
        }
        stage_end(&s);
}
END_TEST

/* As on Linux < 6.3: the first child's memory is its own then, too. */
START_TEST(works_without_shared_memory) {
        Stage s;

        stage_begin(&s, true);
        s.argv[1] = (char *) "self";
        for (int i = 0; i < 2; i++) {
                autoptr(Plan) plan = NULL;

                s.request.keep_base = i == 0;
                must(launch_plan(&s.request, NULL, &plan));
                plan->own_memory = true;
                plan->shared_memory = false;
                must(launch_run(plan, &s.fault, &s.result));
                ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
                if (i == 0)
                        take_base(&s);
        }
        assert_has(&s, "pid 1 sid 1 uid 0 gid 0");
        stage_end(&s);
}
END_TEST

START_TEST(faults_leave_nothing) {
        Stage s;

        stage_begin(&s, true);
        s.request.keep_base = true;
        s.argv[0] = (char *) "missing";
        assert_fault(&s, -ENOENT,
                     "exec missing: No such file or directory (no such program in the container)");

        s.argv[0] = (char *) "payload";
        s.argv[1] = (char *) "exit=0";
        run(&s);
        take_base(&s);
        s.request.keep_base = true;
        assert_fault(&s, -EINVAL, "plan a base is there already: Invalid argument");

        s.request.keep_base = false;
        s.argv[0] = (char *) "missing";
        assert_fault(&s, -ENOENT,
                     "exec missing: No such file or directory (no such program in the container)");
        must(s.request.base_fd = open("/dev/null", O_RDONLY | O_CLOEXEC));
        assert_fault(&s, -EINVAL, "copy base base: Invalid argument");
        stage_end(&s);
}
END_TEST

TEST_MAIN("launch-base", mounts_are_the_same, so_they_are_without_user_namespace, a_root_is_read_only_again,
          nothing_of_the_last_one_is_there, works_without_shared_memory, faults_leave_nothing)
