/* A launch in two parts: what becomes of a standby is what a plain launch would have made. Needs root. */
#include "runtime/exe.h"
#include "runtime/step.h"
#include "tests/unit/standby-fixture.h"

/* All that a process can tell of itself. */
static char *const telling[] = {
        (char *) "payload",
        (char *) "self",
        (char *) "schedule",
        (char *) "fds",
        (char *) "tty",
        (char *) "link=/proc/self/fd/0",
        (char *) "link=/proc/self/fd/3",
        (char *) "link=/proc/self/fd/4",
        (char *) "link=/proc/self/exe",
        (char *) "link=/proc/self/cwd",
        (char *) "link=/proc/self/root",
        (char *) "cat=/proc/self/status",
        (char *) "cat=/proc/self/environ",
        (char *) "cat=/proc/self/cmdline",
        (char *) "cat=/proc/self/comm",
        (char *) "cat=/proc/self/limits",
        (char *) "cat=/proc/self/mountinfo",
        (char *) "cat=/proc/self/uid_map",
        (char *) "cat=/proc/self/cgroup",
        (char *) "cat=/proc/self/oom_score_adj",
        (char *) "cat=/proc/self/timerslack_ns",
        (char *) "cat=/proc/self/coredump_filter",
        (char *) "cat=/proc/self/personality",
        (char *) "cat=/proc/self/timens_offsets",
        (char *) "cat=/proc/sys/kernel/msgmax",
        (char *) "write=/proc/sys/kernel/core_pattern",
        (char *) "write=/bin/x",
        (char *) "write=/data/x",
        (char *) "call=unshare",
        (char *) "call=clone3",
        (char *) "call=mknod",
        (char *) "call=unix",
        (char *) "call=keyctl",
        NULL,
};

static bool differs_anyway(const char *line) {
        static const char *const names[] = { "Vm", "Rss", "Hugetlb", "SigQ", "voluntary", "nonvoluntary" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strncmp(line, names[i], strlen(names[i])) == 0)
                        return true;
        return false;
}

/* "ID PARENT MAJOR:MINOR ROOT ...": the first three are new ones each time. */
static const char *skip_mount_ids(const char *line) {
        int length = 0;

        (void) sscanf(line, "%*d %*d %*d:%*d %n", &length);
        return line + length;
}

/* What was printed, without what is never the same twice. */
static void take_text(Stage *s, char *to, size_t size) {
        ssize_t n = pread(s->output, s->text, sizeof(s->text) - 1, 0);
        size_t length = 0;

        ck_assert_int_gt(n, 0);
        ck_assert_int_lt(n, (ssize_t) sizeof(s->text) - 1);
        s->text[n] = '\0';
        for (ssize_t i = 0; i < n; i++)
                if (s->text[i] == '\0')
                        s->text[i] = '\n';
        to[0] = '\0';
        for (char *line = strtok(s->text, "\n"); line; line = strtok(NULL, "\n"))
                if (!differs_anyway(line))
                        length += (size_t) snprintf(to + length, size - length, "%s\n", skip_mount_ids(line));
        ck_assert_uint_lt(length, size);
}

static char plain[sizeof(((Stage *) 0)->text)], late[sizeof(plain)];

/* Mounts are good for one launch only. */
static void make_mount(Stage *s, LaunchMount *mount) {
        int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

        must(fs);
        must(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
        *mount = (LaunchMount){ fsmount(fs, FSMOUNT_CLOEXEC, 0), "/data", true };
        must(mount->fd);
        (void) close(fs);
        s->request.mounts = mount;
        s->request.n_mounts = 1;
}

/* Both are too long to be shown as a whole. */
static void assert_same_lines(const char *a, const char *b) {
        while (*a != '\0' || *b != '\0') {
                size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");

                ck_assert_msg(n == m && memcmp(a, b, n) == 0, "launched: %.*s\nlate:     %.*s", (int) n, a,
                              (int) m, b);
                a += n + (a[n] == '\n');
                b += m + (b[m] == '\n');
        }
}

static void assert_like_a_launch(Standby *b) {
        Stage *s = &b->s;
        LaunchMount mount;
        int fds, mounts;

        s->spec.argv = (char **) telling;
        make_mount(s, &mount);
        fds = count_descriptors();
        mounts = count_lines("/proc/self/mountinfo");
        forget_output(s);
        assert_launch(s);
        ck_assert_int_eq(stage_wait(s, s->result.pidfd).si_status, 0);
        (void) close(s->result.pidfd);
        take_text(s, plain, sizeof(plain));
        (void) close(mount.fd);

        make_mount(s, &mount);
        standby_run(b);
        take_text(s, late, sizeof(late));
        assert_same_lines(plain, late);
        ck_assert_int_eq(count_descriptors(), fds);
        ck_assert_int_eq(count_lines("/proc/self/mountinfo"), mounts);
        (void) close(mount.fd);
}

static void like_a_launch(bool user_namespace) {
        Standby b;

        standby_begin(&b, user_namespace);
        assert_like_a_launch(&b);
        ck_assert_ptr_nonnull(strstr(late, "\nfds 0 1 2\n"));
        ck_assert_ptr_nonnull(strstr(late, "\nSigBlk:\t0000000000000000\n"));
        ck_assert_ptr_nonnull(strstr(late, "\nSigIgn:\t0000000000000000\n"));
        ck_assert_ptr_nonnull(strstr(late, "\nSeccomp:\t2\n"));
        ck_assert_ptr_nonnull(strstr(late, " policy 0 "));
        ck_assert_ptr_nonnull(strstr(late, "\n/proc/self/exe: /bin/payload\n"));
        ck_assert_ptr_nonnull(strstr(late, "\nwrite /data/x: 0\n"));
        ck_assert_ptr_nonnull(strstr(late, "\nHOSTNAME=box\n"));
        ck_assert_ptr_null(strstr(late, "standby"));

        b.s.spec.no_new_privileges = false;
        b.s.spec.seccomp.enabled = false;
        b.s.spec.capabilities = 0;
        assert_like_a_launch(&b);
        b.s.spec.capabilities = ALL_CAPS;
        assert_like_a_launch(&b);
        stage_end(&b.s);
}

START_TEST(like_a_launch_with_user_namespace) {
        like_a_launch(true);
}
END_TEST

START_TEST(like_a_launch_without_user_namespace) {
        like_a_launch(false);
}
END_TEST

static void like_a_launch_of_a_user(bool user_namespace) {
        gid_t groups[] = { 7, 8 };
        Identity user = {
                .uid = 33, .gid = 34, .groups = groups, .n_groups = 2, .home = (char *) "/var/www"
        };
        SysctlSpec sysctls[] = { { (char *) "kernel/msgmax", (char *) "4242" } };
        RlimitSpec limits[] = { { RLIMIT_NOFILE, { 100, 200 } }, { RLIMIT_CORE, { 0, 0 } } };
        char *environment[] = { (char *) "PATH=/nowhere:/bin", (char *) "HOME=/wrong",
                                (char *) "EMPTY=", NULL };
        char *over[] = { (char *) "HOME=/right", (char *) "WORDS=a b\tc", NULL };
        Standby b;

        standby_begin(&b, user_namespace);
        b.s.request.identity = &user;
        b.s.request.environment = over;
        b.s.spec.environment = environment;
        b.s.spec.sysctls = sysctls;
        b.s.spec.n_sysctls = 1;
        b.s.spec.rlimits = limits;
        b.s.spec.n_rlimits = 2;
        b.s.spec.working_dir = (char *) "/srv/new/place";
        b.s.spec.read_only = true;
        assert_like_a_launch(&b);
        ck_assert_ptr_nonnull(strstr(late, "uid 33 gid 34 groups 7 8 host box cwd /srv/new/place"));
        ck_assert_ptr_nonnull(strstr(late, "\nHOME=/right\n"));
        ck_assert_ptr_nonnull(strstr(late, "\nEMPTY=\n"));
        ck_assert_ptr_nonnull(strstr(late, "\nWORDS=a b\tc\n"));
        ck_assert_ptr_nonnull(strstr(late, "\n4242\n"));

        b.s.spec.ambient_capabilities = UINT64_C(1) << 10; /* CAP_NET_BIND_SERVICE */
        b.s.spec.no_new_privileges = false;
        assert_like_a_launch(&b);
        ck_assert_ptr_nonnull(strstr(late, "\nCapAmb:\t0000000000000400\n"));
        stage_end(&b.s);
}

START_TEST(like_a_launch_of_a_user_with_user_namespace) {
        like_a_launch_of_a_user(true);
}
END_TEST

START_TEST(like_a_launch_of_a_user_without_user_namespace) {
        like_a_launch_of_a_user(false);
}
END_TEST

/* Each stream alone, and with what is passed: the places of one may be those of another. */
START_TEST(descriptors_come_to_their_places) {
        int passed[20];
        Standby b;

        standby_begin(&b, true);
        for (size_t i = 0; i < ELEMENTSOF(passed); i++) {
                char name[16];

                (void) snprintf(name, sizeof(name), "passed-%zu", i);
                must(passed[i] = memfd_create(name, MFD_CLOEXEC));
        }
        b.s.request.passed_fds = passed;
        for (unsigned streams = 0; streams < 4; streams++) {
                b.s.request.stdin_fd = streams & 1 ? memfd_create("input", MFD_CLOEXEC) : -1;
                ck_assert_int_eq(b.s.request.stdin_fd >= 0, streams & 1);
                b.s.request.stderr_fd = streams & 2 ? b.s.output : -1;
                for (size_t n = 0; n <= ELEMENTSOF(passed); n += n < 3 ? 1 : 17) {
                        b.s.request.n_passed_fds = n;
                        assert_like_a_launch(&b);
                        ck_assert_int_eq(strstr(late, "\nLISTEN_PID=1\n") != NULL, n > 0);
                        ck_assert_int_eq(strstr(late, "/fd/3: /memfd:passed-0 (deleted)\n") != NULL, n > 0);
                        ck_assert_int_eq(strstr(late, "/fd/4: /memfd:passed-1 (deleted)\n") != NULL, n > 1);
                        ck_assert_int_eq(strstr(late, "/fd/0: /memfd:input (deleted)\n") != NULL,
                                         streams & 1);
                }
                if (streams & 1)
                        (void) close(b.s.request.stdin_fd);
        }
        stage_end(&b.s);
}
END_TEST

/* All that one message carries; one more is not for a standby. */
START_TEST(many_descriptors) {
        int passed[252];
        Standby b;

        standby_begin(&b, true);
        for (size_t i = 0; i < ELEMENTSOF(passed); i++)
                passed[i] = b.s.output;
        b.s.request.passed_fds = passed;
        b.s.request.n_passed_fds = 251;
        assert_like_a_launch(&b);

        b.s.request.n_mounts = 0;
        b.s.request.n_passed_fds = 252;
        standby_launch(&b);
        ck_assert_int_eq(standby_order(&b), -ESTALE);
        ck_assert_int_eq(b.s.fault.error, 0);
        assert_ended(&b, 0);
        stage_end(&b.s);
}
END_TEST

/* Where there is no room for those that are on their way, a plain launch has some. */
START_TEST(few_descriptors) {
        RlimitSpec limit = { RLIMIT_NOFILE, {} };
        LaunchMount mount;
        int passed[2];
        Standby b;

        standby_begin(&b, true);
        b.s.spec.rlimits = &limit;
        b.s.spec.n_rlimits = 1;
        b.s.spec.argv = (char *[]){ (char *) "payload", (char *) "self", NULL };
        b.s.request.passed_fds = passed;
        passed[0] = passed[1] = b.s.output;
        for (size_t n = 0; n <= 2; n++)
                for (rlim_t most = 5; most < 12; most++) {
                        int r;

                        limit.limit = (struct rlimit){ most, most };
                        b.s.request.n_passed_fds = n;
                        make_mount(&b.s, &mount);
                        standby_launch(&b);
                        r = standby_order(&b);
                        if (r == 0)
                                ck_assert_int_eq(standby_wait(&b).si_status, 0);
                        else
                                assert_ended(&b, 1);
                        ck_assert_msg(r == 0 || r == -ESTALE, "limit %d, %zu passed: %d", (int) most, n, r);
                        ck_assert(r == 0 || b.s.fault.error == 0);
                        (void) close(mount.fd);
                }
        stage_end(&b.s);
}
END_TEST

static char *file_of(const Standby *b, const char *name) {
        char path[64], *text;

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", b->s.result.pid, name);
        ck_assert_int_eq(file_read(AT_FDCWD, path, 65536, &text, NULL), 0);
        return text;
}

static int descriptors_of(const Standby *b) {
        char path[64];
        int n = 0;

        for (int fd = 0; fd < 1024; fd++) {
                struct stat st;

                (void) snprintf(path, sizeof(path), "/proc/%d/fd/%d", b->s.result.pid, fd);
                n += lstat(path, &st) == 0;
        }
        return n;
}

/* It costs nobody anything, is nobody's, and can be killed. */
START_TEST(waits_in_all_modesty) {
        Identity user = { .uid = 33, .gid = 34 };
        LaunchFile secret = { "/etc/hostname", "/etc/name", true, false, false };
        Standby b;

        for (int user_namespace = 0; user_namespace < 2; user_namespace++) {
                autofree char *status = NULL, *environment = NULL;

                standby_begin(&b, user_namespace);
                b.s.request.identity = &user;
                b.s.spec.environment = (char *[]){ (char *) "SECRET=old", NULL };
                if (file_exists(AT_FDCWD, secret.source)) {
                        b.s.request.files = &secret;
                        b.s.request.n_files = 1;
                }
                standby_launch(&b);
                ck_assert_int_eq(sched_getscheduler(b.s.result.pid), SCHED_OTHER);
                ck_assert_int_eq(descriptors_of(&b), 4);
                status = file_of(&b, "status");
                ck_assert_ptr_nonnull(strstr(status, "\nSigBlk:\t0000000000000000\n"));
                ck_assert_ptr_nonnull(strstr(status, "\nCapEff:\t0000000000000000\n"));
                ck_assert_ptr_nonnull(strstr(status, "\nSeccomp:\t2\n"));
                environment = file_of(&b, "environ");
                ck_assert_ptr_null(strstr(environment, "SECRET"));
                must(kill(b.s.result.pid, SIGKILL));
                ck_assert_int_eq(standby_wait(&b).si_code, CLD_KILLED);
                stage_end(&b.s);
        }
}
END_TEST

START_TEST(ends_with_its_manager) {
        Standby b;
        int fds;

        standby_begin(&b, true);
        fds = count_descriptors();
        standby_launch(&b);
        assert_ended(&b, 0);
        ck_assert_int_eq(count_descriptors(), fds);
        stage_end(&b.s);
}
END_TEST

START_TEST(one_that_was_killed_is_of_no_use) {
        siginfo_t si;
        Standby b;

        standby_begin(&b, true);
        standby_launch(&b);
        must(kill(b.s.result.pid, SIGKILL));
        must(waitid(P_PIDFD, (id_t) b.s.result.pidfd, &si, WEXITED | WNOWAIT));
        ck_assert_int_eq(standby_order(&b), -ESTALE);
        ck_assert_int_eq(b.s.fault.error, 0);
        ck_assert_int_eq(standby_wait(&b).si_code, CLD_KILLED);
        stage_end(&b.s);
}
END_TEST

/* What it is told may be another thing than what there was when it was made. */
START_TEST(program_is_that_of_the_order) {
        char *environment[] = { (char *) "PATH=/nowhere:/bin", (char *) "WHAT=this", NULL };
        Standby b;

        standby_begin(&b, true);
        b.s.argv[0] = (char *) "missing";
        b.s.spec.environment = (char *[]){ (char *) "PATH=/nowhere", (char *) "WHAT=that", NULL };
        standby_launch(&b);
        b.s.spec.environment = environment;
        b.s.argv[0] = (char *) "payload";
        b.s.argv[1] = (char *) "env=WHAT";
        b.s.argv[2] = (char *) "link=/proc/self/exe";
        b.s.argv[3] = (char *) "exit=7";
        ck_assert_int_eq(standby_order(&b), 0);
        ck_assert_int_eq(standby_wait(&b).si_status, 7);
        ck_assert_str_eq(b.s.text, "WHAT=this\n/proc/self/exe: /bin/payload\n");
        stage_end(&b.s);
}
END_TEST

/* As on Linux < 6.3. */
START_TEST(is_made_without_shared_memory) {
        autoptr(Plan) plan = NULL;
        int ends[2];
        Standby b;

        standby_begin(&b, true);
        must(standby_sockets(ends));
        b.s.request.standby_fd = ends[1];
        b.s.argv[1] = (char *) "schedule";
        must(launch_plan(&b.s.request, NULL, &plan));
        plan->own_memory = true;
        must(launch_run(plan, NULL, &b.s.result));
        (void) close(ends[1]);
        b.fd = ends[0];
        ck_assert_int_eq(sched_getscheduler(b.s.result.pid), SCHED_OTHER);
        ck_assert_int_eq(standby_order(&b), 0);
        ck_assert_int_eq(standby_wait(&b).si_status, 0);
        assert_has(&b.s, " policy 0 ");
        stage_end(&b.s);
}
END_TEST

/* As the manager has it, on a mount that is nowhere to be seen; which can be cloned since Linux 6.15. */
START_TEST(program_is_mounted_nowhere) {
        char directory[PATH_MAX];
        int hidden, program;
        Standby b;

        standby_begin(&b, true);
        path_beside_test("../../src/runtime/standby", directory);
        must(hidden = exe_directory_open(directory));
        must(program = openat(hidden, "nsunits-standby", O_PATH | O_CLOEXEC));
        (void) snprintf(b.program, sizeof(b.program), "/proc/self/fd/%d", program);
        b.s.argv[1] = (char *) "self";
        standby_run(&b);
        (void) close(program);
        (void) close(hidden);
        stage_end(&b.s);
}
END_TEST

START_TEST(none_has_an_init) {
        Standby b;
        int ends[2];

        standby_begin(&b, true);
        must(standby_sockets(ends));
        b.s.request.standby_fd = ends[1];
        b.s.spec.run_init = true;
        b.s.request.init_path = b.program;
        ck_assert_int_eq(stage_launch(&b.s), -EINVAL);
        b.s.spec.run_init = false;
        b.s.request.standby_path = NULL;
        ck_assert_int_eq(stage_launch(&b.s), -EINVAL);
        (void) close(ends[0]);
        (void) close(ends[1]);
        stage_end(&b.s);
}
END_TEST

TEST_MAIN("standby", like_a_launch_with_user_namespace, like_a_launch_without_user_namespace,
          like_a_launch_of_a_user_with_user_namespace, like_a_launch_of_a_user_without_user_namespace,
          descriptors_come_to_their_places, many_descriptors, few_descriptors, waits_in_all_modesty,
          ends_with_its_manager, one_that_was_killed_is_of_no_use, program_is_that_of_the_order,
          is_made_without_shared_memory, program_is_mounted_nowhere, none_has_an_init)
