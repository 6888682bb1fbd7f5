/* Launching: priorities, groups and rights of the container's process. Needs root. */
#include <linux/capability.h>

#include "tests/unit/runtime-test.h"

/* CAP_SYS_NICE and CAP_SYS_RESOURCE are not everywhere: only what anybody may do to itself. */
START_TEST(schedule_takes_effect) {
        Stage s;

        stage_begin(&s, true);
        s.spec.schedule = &(ScheduleSpec){
                .set = SCHEDULE_NICE | SCHEDULE_OOM_SCORE | SCHEDULE_POLICY | SCHEDULE_IO | SCHEDULE_CPUS |
                       SCHEDULE_UMASK | SCHEDULE_PERSONALITY,
                .nice = 17,
                .oom_score_adjust = 321,
                .policy = SCHED_BATCH,
                .reset_on_fork = true,
                .io_class = 2,
                .io_priority = 6,
                .cpus = { 1 },
                .umask = 0027,
                .personality = 8, /* PER_LINUX32 */
        };
        s.argv[1] = (char *) "schedule";
        s.argv[2] = (char *) "cat=/proc/self/oom_score_adj";
        s.argv[3] = (char *) "cat=/proc/self/personality";
        s.argv[4] = (char *) "cat=/proc/self/status";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        /* SCHED_BATCH | SCHED_RESET_ON_FORK; class 2 above bit 13. */
        assert_has(&s, "nice 17 policy 1073741827 ioprio 16390 umask 27\n321\n00000008\n");
        assert_has(&s, "Cpus_allowed_list:\t0\n");
        stage_end(&s);
}
END_TEST

START_TEST(nothing_is_set_unasked) {
        Stage s;

        stage_begin(&s, true);
        s.argv[1] = (char *) "schedule";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        ck_assert_ptr_nonnull(strstr(s.text, " policy 0 "));
        assert_has(&s, " umask 22\n");
        stage_end(&s);
}
END_TEST

START_TEST(faults_name_the_value) {
        Stage s;

        stage_begin(&s, true);
        s.spec.schedule = &(ScheduleSpec){ .set = SCHEDULE_CPUS, .cpus = { [15] = UINT64_C(1) << 63 } };
        assert_fault(
                &s, -EINVAL,
                "processor affinity: Invalid argument (none of these processors is there, or the manager's "
                "cpuset lacks them)");
        s.spec.schedule = &(ScheduleSpec){ .set = SCHEDULE_OOM_SCORE, .oom_score_adjust = 1001 };
        assert_fault(&s, -EINVAL, "OOM score 1001: Invalid argument");
        stage_end(&s);
}
END_TEST

START_TEST(ambient_capabilities_reach_a_user) {
        Identity user = { .uid = 33, .gid = 34, .home = (char *) "/" };
        Stage s;

        stage_begin(&s, true);
        s.request.identity = &user;
        s.spec.ambient_capabilities = UINT64_C(1) << CAP_NET_BIND_SERVICE | UINT64_C(1) << CAP_CHOWN;
        s.argv[1] = (char *) "cat=/proc/self/status";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        assert_has(&s, "CapInh:\t0000000000000401\nCapPrm:\t0000000000000401\nCapEff:\t0000000000000401\n"
                       "CapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000401\n");
        stage_end(&s);
}
END_TEST

/* A link of the image at a file's place is covered; what it leads to stays. */
START_TEST(files_cover_links) {
        LaunchFile file = { "/etc/hostname", "/etc/localtime", true, false, true };
        char path[PATH_MAX + 64];
        Stage s;

        stage_begin(&s, true);
        (void) snprintf(path, sizeof(path), "%s/etc/zone", s.root);
        must(file_replace(AT_FDCWD, path, "zone\n", 5, 0644, false));
        (void) snprintf(path, sizeof(path), "%s/etc/localtime", s.root);
        must(symlink("zone", path));
        s.request.files = &file;
        s.request.n_files = 1;
        s.argv[1] = (char *) "cat=/proc/self/mountinfo";
        s.argv[2] = (char *) "cat=/etc/zone";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        assert_has(&s, " /etc/localtime ro");
        assert_has(&s, "\nzone\n");
        must(unlink(path));
        must(symlink("/nowhere/at/all", path));
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        assert_has(&s, " /etc/localtime ro");
        stage_end(&s);
}
END_TEST

/* One of them stands where another belongs. */
START_TEST(descriptors_are_handed_over) {
        char init[PATH_MAX];
        int fds[2];
        Stage s;

        stage_begin(&s, true);
        path_beside_test("../../src/runtime/init/nsunits-init", init);
        s.request.init_path = init;
        must(fds[0] = memfd_create("first", MFD_CLOEXEC));
        must(fds[1] = memfd_create("second", MFD_CLOEXEC));
        must(dup3(fds[1], 300, O_CLOEXEC));
        ck_assert_int_eq(write(fds[0], "one\n", 4), 4);
        ck_assert_int_eq(pwrite(fds[1], "two\n", 4, 0), 4);
        s.request.passed_fds = (int[]){ 300, fds[0] };
        s.request.n_passed_fds = 2;
        s.argv[1] = (char *) "fds";
        s.argv[2] = (char *) "env=LISTEN_PID";
        s.argv[3] = (char *) "cat=/proc/self/fd/3";
        s.argv[4] = (char *) "cat=/proc/self/fd/4";
        s.argv[5] = (char *) "exit=0";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        assert_has(&s, "fds 0 1 2 3 4\n");
        assert_has(&s, "LISTEN_PID=1\n");
        assert_has(&s, "two\none\n");

        s.spec.run_init = true;
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        assert_has(&s, "fds 0 1 2 3 4\n");
        assert_has(&s, "LISTEN_PID=2\n");
        assert_has(&s, "two\none\n");
        (void) close(300);
        (void) close(fds[0]);
        (void) close(fds[1]);
        stage_end(&s);
}
END_TEST

TEST_MAIN("launch-process", schedule_takes_effect, nothing_is_set_unasked, faults_name_the_value,
          ambient_capabilities_reach_a_user, files_cover_links, descriptors_are_handed_over)
