/* Launching: what the container's process sees, and what the manager keeps. Needs root. */
#include <sys/prctl.h>
#include <sys/statfs.h>

#include <linux/magic.h>

#include "runtime/step.h"

#include "tests/unit/runtime-test.h"

START_TEST(user_namespace_is_complete) {
        Stage s;
        int mounts, fds;

        stage_begin(&s, true);
        s.argv[1] = (char *) "self";
        s.argv[2] = (char *) "cat=/proc/self/status";
        s.argv[3] = (char *) "cat=/proc/self/uid_map";
        s.argv[4] = (char *) "cat=/proc/self/mountinfo";
        s.argv[5] = (char *) "fds";
        s.argv[6] = (char *) "stat=/bin/payload";
        mounts = count_lines("/proc/self/mountinfo");
        fds = count_descriptors();
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        (void) close(s.result.pidfd);

        assert_has(&s, "pid 1 sid 1 uid 0 gid 0 groups host box cwd /");
        assert_has(&s, "CapBnd:\t00000000a80425fb");
        assert_has(&s, "CapEff:\t00000000a80425fb");
        assert_has(&s, "CapPrm:\t00000000a80425fb");
        assert_has(&s, "CapInh:\t0000000000000000");
        assert_has(&s, "NoNewPrivs:\t1");
        assert_has(&s, "Seccomp:\t2");
        assert_has(&s, "SigBlk:\t0000000000000000");
        assert_has(&s, "SigIgn:\t0000000000000000");
        assert_has(&s, "         0     200000      65536");
        assert_has(&s, "fds 0 1 2\n");
        assert_has(&s, "/bin/payload: mode 100755 uid 0 gid 0");
        assert_has(&s, " /dev/pts ");
        assert_has(&s, " /dev/shm ");
        assert_has(&s, " /dev/mqueue ");
        assert_has(&s, " /sys ro,");
        assert_has(&s, " /proc/sys ro,");
        assert_has(&s, " /proc/keys ");
        assert_lacks(&s, "/tmp/nsunits-test");

        ck_assert_int_eq(count_lines("/proc/self/mountinfo"), mounts);
        ck_assert_int_eq(count_descriptors(), fds);
        ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
        stage_end(&s);
}
END_TEST

START_TEST(works_without_user_namespace) {
        Stage s;

        stage_begin(&s, false);
        s.spec.no_new_privileges = false;
        s.argv[1] = (char *) "self";
        s.argv[2] = (char *) "cat=/proc/self/status";
        s.argv[3] = (char *) "cat=/proc/self/uid_map";
        s.argv[4] = (char *) "write=/proc/sys/kernel/core_pattern";
        s.argv[5] = (char *) "write=/sys/kernel/mm/x";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        assert_has(&s, "pid 1 sid 1 uid 0 gid 0");
        assert_has(&s, "CapEff:\t00000000a80425fb");
        assert_has(&s, "NoNewPrivs:\t0");
        assert_has(&s, "Seccomp:\t2");
        assert_has(&s, "         0          0 4294967295");
        assert_has(&s, "write /proc/sys/kernel/core_pattern: 30\n");
        assert_has(&s, "write /sys/kernel/mm/x: 30\n");
        stage_end(&s);
}
END_TEST

static int make_scrap(const char *source) {
        int fs = fsopen("tmpfs", FSOPEN_CLOEXEC), fd;

        must(fs);
        must(fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0));
        must(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
        must(fd = fsmount(fs, FSMOUNT_CLOEXEC, 0));
        (void) close(fs);
        return fd;
}

START_TEST(takes_scraps_away) {
        int scraps[2];
        Stage s;

        for (int user_namespace = 0; user_namespace < 2; user_namespace++) {
                stage_begin(&s, user_namespace);
                scraps[0] = make_scrap("scrap-one");
                scraps[1] = make_scrap("scrap-two");
                s.request.scrap_fds = scraps;
                s.request.n_scraps = 2;
                s.argv[1] = (char *) "cat=/proc/self/mountinfo";
                assert_launch(&s);
                ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
                assert_has(&s, " /dev/shm ");
                assert_lacks(&s, "scrap-");
                /* Dropped already: the last descriptor has nothing to wait for. */
                for (int i = 0; i < 2; i++) {
                        ck_assert_int_eq(move_mount(scraps[i], "", AT_FDCWD, s.root, MOVE_MOUNT_F_EMPTY_PATH),
                                         -1);
                        ck_assert_int_eq(errno, EINVAL);
                        (void) close(scraps[i]);
                }
                (void) close(s.result.pidfd);
                stage_end(&s);
        }
}
END_TEST

/* Each of the eight namespaces is another one than the manager's. */
START_TEST(has_eight_own_namespaces) {
        static const char *const names[] = { "mnt", "pid", "net", "uts", "ipc", "user", "cgroup", "time" };
        char words[8][64], path[64], mine[64], wanted[160];
        Stage s;

        stage_begin(&s, true);
        for (size_t i = 0; i < 8; i++) {
                (void) snprintf(words[i], sizeof(words[i]), "link=/proc/self/ns/%s", names[i]);
                s.argv[1 + i] = words[i];
        }
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        for (size_t i = 0; i < 8; i++) {
                (void) snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
                memset(mine, 0, sizeof(mine));
                must((int) readlink(path, mine, sizeof(mine) - 1));
                (void) snprintf(wanted, sizeof(wanted), "%s: %.*s[", path, (int) strcspn(mine, ":") + 1,
                                mine);
                assert_has(&s, wanted);
                (void) snprintf(wanted, sizeof(wanted), "%s: %s", path, mine);
                assert_lacks(&s, wanted);
        }
        stage_end(&s);
}
END_TEST

START_TEST(user_has_no_capabilities) {
        gid_t groups[] = { 7, 8 };
        Identity user = {
                .uid = 33, .gid = 34, .groups = groups, .n_groups = 2, .home = (char *) "/var/www"
        };
        Stage s;

        stage_begin(&s, true);
        s.request.identity = &user;
        s.argv[1] = (char *) "self";
        s.argv[2] = (char *) "cat=/proc/self/status";
        s.argv[3] = (char *) "write=/bin/x";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        assert_has(&s, "uid 33 gid 34 groups 7 8 host");
        assert_has(&s, "home /var/www");
        assert_has(&s, "CapEff:\t0000000000000000");
        assert_has(&s, "CapPrm:\t0000000000000000");
        assert_has(&s, "CapBnd:\t00000000a80425fb");
        assert_has(&s, "write /bin/x: 13\n");
        stage_end(&s);
}
END_TEST

START_TEST(filter_refuses_what_docker_refuses) {
        Stage s;

        stage_begin(&s, true);
        s.argv[1] = (char *) "call=unshare";
        s.argv[2] = (char *) "call=clone3";
        s.argv[3] = (char *) "call=clone-newuser";
        s.argv[4] = (char *) "call=vsock";
        s.argv[5] = (char *) "call=unix";
        s.argv[6] = (char *) "call=personality";
        s.argv[7] = (char *) "call=personality-ask";
        s.argv[8] = (char *) "call=io_uring";
        s.argv[9] = (char *) "call=keyctl";
        s.argv[10] = (char *) "call=future";
        s.argv[11] = (char *) "call=mknod";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        ck_assert_str_eq(s.text,
                         "call unshare: 1\ncall clone3: 38\ncall clone-newuser: 1\ncall vsock: 1\n"
                         "call unix: 0\ncall personality: 1\ncall personality-ask: 0\ncall io_uring: 1\n"
                         "call keyctl: 1\ncall future: 38\ncall mknod: 1\n");
        stage_end(&s);
}
END_TEST

START_TEST(settings_take_effect) {
        SysctlSpec sysctls[] = { { (char *) "net/ipv4/ip_unprivileged_port_start", (char *) "80" },
                                 { (char *) "kernel/msgmax", (char *) "4242" } };
        RlimitSpec limits[] = { { RLIMIT_NOFILE, { 100, 200 } } };
        char *environment[] = { (char *) "PATH=/nowhere:/bin", (char *) "HOME=/wrong", NULL };
        char *over[] = { (char *) "HOME=/right", NULL };
        Stage s;

        stage_begin(&s, true);
        s.spec.sysctls = sysctls;
        s.spec.n_sysctls = 2;
        s.spec.rlimits = limits;
        s.spec.n_rlimits = 1;
        s.spec.environment = environment;
        s.spec.working_dir = (char *) "/srv/new/place";
        s.spec.read_only = true;
        s.request.environment = over;
        s.argv[1] = (char *) "self";
        s.argv[2] = (char *) "cat=/proc/sys/net/ipv4/ip_unprivileged_port_start";
        s.argv[3] = (char *) "cat=/proc/sys/kernel/msgmax";
        s.argv[4] = (char *) "write=/srv/x";
        s.argv[5] = (char *) "write=/dev/shm/x";
        s.argv[6] = (char *) "stat=/srv/new";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        assert_has(&s, "cwd /srv/new/place nofile 100/200 home /right\n80\n4242\n");
        assert_has(&s, "write /srv/x: 30\nwrite /dev/shm/x: 0\n/srv/new: mode 40755 uid 0 gid 0");
        stage_end(&s);
}
END_TEST

static int detached_tmpfs(void) {
        int fs, fd;

        must(fs = fsopen("tmpfs", FSOPEN_CLOEXEC));
        must(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
        must(fd = fsmount(fs, FSMOUNT_CLOEXEC, 0));
        (void) close(fs);
        return fd;
}

static void make_link(const Stage *s, const char *target, const char *name) {
        char path[PATH_MAX + 64];

        (void) snprintf(path, sizeof(path), "%s/%s", s->root, name);
        must(symlink(target, path));
}

/* Links lead where they lead for the container, never to the host; what is missing is made. */
START_TEST(destinations_stay_in_the_root) {
        LaunchMount mounts[3];
        LaunchFile files[2] = { { "/etc/hostname", "/etc/resolv.conf", true, false },
                                { "/etc/hostname", "/deep/in/file", false, false } };
        char path[PATH_MAX + 64];
        Stage s;

        stage_begin(&s, true);
        make_link(&s, "../run/made/by/link", "etc/resolv.conf");
        make_link(&s, "/../../../../tmp/escape", "out");
        mounts[0] = (LaunchMount){ detached_tmpfs(), "/out/dir", true };
        mounts[1] = (LaunchMount){ detached_tmpfs(), "/out/dir/inner", true };
        mounts[2] = (LaunchMount){ detached_tmpfs(), "/plain", true };
        s.request.mounts = mounts;
        s.request.n_mounts = 3;
        s.request.files = files;
        s.request.n_files = 2;
        s.argv[1] = (char *) "cat=/proc/self/mountinfo";
        s.argv[2] = (char *) "stat=/deep/in/file";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        assert_has(&s, " /tmp/escape/dir rw");
        assert_has(&s, " /tmp/escape/dir/inner rw");
        assert_has(&s, " /plain rw");
        assert_has(&s, " /run/made/by/link ro");
        assert_has(&s, "/deep/in/file: mode 100");
        ck_assert(!file_exists(AT_FDCWD, "/tmp/escape"));
        (void) snprintf(path, sizeof(path), "%s/tmp/escape/dir", s.root);
        ck_assert(file_exists(AT_FDCWD, path));
        stage_end(&s);
}
END_TEST

START_TEST(faults_name_step_and_object) {
        SysctlSpec sysctl = { (char *) "kernel/core_pattern", (char *) "x" };
        char *environment[] = { (char *) "PATH=/bin", NULL };
        LaunchMount mount = { -1, "/loop/x", true };
        LaunchFile file = { "/no/such/file", "/x", false, false };
        char path[PATH_MAX + 64];
        int r;

        Stage s;

        stage_begin(&s, true);
        s.spec.environment = environment;
        s.argv[0] = (char *) "missing";
        assert_fault(&s, -ENOENT,
                     "exec missing: No such file or directory (no such program in the container)");
        s.argv[0] = (char *) "/etc";
        assert_fault(&s, -EACCES, "exec /etc: Permission denied");
        (void) snprintf(path, sizeof(path), "%s/bin/script", s.root);
        r = file_replace(AT_FDCWD, path, "#!/no/interpreter\n", 18, 0755, false);
        must(r);
        s.argv[0] = (char *) "script";
        assert_fault(
                &s, -ENOENT,
                "exec script: No such file or directory (the program is there, but its interpreter or loader "
                "is not)");
        must(file_replace(AT_FDCWD, path, "hello\n", 6, 0755, false));
        assert_fault(
                &s, -ENOEXEC,
                "exec script: Exec format error (not a program for this processor, or a script without #!)");

        s.argv[0] = (char *) "payload";
        s.spec.sysctls = &sysctl;
        s.spec.n_sysctls = 1;
        assert_fault(&s, -EPERM,
                     "system control kernel/core_pattern: Operation not permitted (it is not the container's "
                     "own but "
                     "the host's)");
        sysctl.path = (char *) "net/no/such";
        assert_fault(&s, -ENOENT, "system control net/no/such: No such file or directory");
        s.spec.n_sysctls = 0;

        s.request.files = &file;
        s.request.n_files = 1;
        assert_fault(&s, -ENOENT, "clone path /no/such/file: No such file or directory");
        s.request.n_files = 0;

        make_link(&s, "loop", "loop");
        mount.fd = detached_tmpfs();
        s.request.mounts = &mount;
        s.request.n_mounts = 1;
        assert_fault(&s, -ELOOP,
                     "attach /loop/x: Too many levels of symbolic links (a symbolic link of the image stands "
                     "in the "
                     "way)");
        s.request.n_mounts = 0;

        s.spec.working_dir = (char *) "/bin/payload";
        assert_fault(&s, -ENOTDIR, "make directory /bin/payload: Not a directory");
        s.spec.working_dir = NULL;

        make_link(&s, "bin", "proc-link");
        (void) snprintf(path, sizeof(path), "%s/proc", s.root);
        must(rmdir(path));
        make_link(&s, "bin", "proc");
        assert_fault(&s, -ELOOP,
                     "attach /proc: Too many levels of symbolic links (a symbolic link of the image stands "
                     "in the way)");
        stage_end(&s);
}
END_TEST

/* A link of the image must not lead a volume into /proc. */
START_TEST(volumes_do_not_fall_into_proc) {
        LaunchMount mount = { -1, "/data", true };
        Stage s;

        stage_begin(&s, true);
        make_link(&s, "/proc/self", "data");
        mount.fd = detached_tmpfs();
        s.request.mounts = &mount;
        s.request.n_mounts = 1;
        ck_assert_int_eq(stage_launch(&s), -ELOOP);
        stage_end(&s);
}
END_TEST

START_TEST(read_only_root_needs_mount_points) {
        LaunchMount volume = { -1, "/absent", true };
        Stage s;

        stage_begin(&s, true);
        ck_assert_int_eq(stage_launch(&s), 0); /* makes /proc and the like */
        (void) stage_wait(&s, s.result.pidfd);
        must(mount(NULL, s.root, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
        volume.fd = detached_tmpfs();
        s.request.mounts = &volume;
        s.request.n_mounts = 1;
        assert_fault(
                &s, -EROFS,
                "attach /absent: Read-only file system (the root is read-only: make the mount point in the "
                "image)");
        stage_end(&s);
}
END_TEST

/* The same plan again, and the end of the first run does not matter to it. */
START_TEST(plan_runs_again) {
        autoptr(Plan) plan = NULL;
        LaunchResult second;
        Stage s;

        stage_begin(&s, true);
        s.argv[1] = (char *) "exit=7";
        must(launch_plan(&s.request, NULL, &plan));
        must(launch_run(plan, NULL, &s.result));
        must(launch_run(plan, NULL, &second));
        ck_assert_int_ne(s.result.pid, second.pid);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 7);
        ck_assert_int_eq(stage_wait(&s, second.pidfd).si_status, 7);
        stage_end(&s);
}
END_TEST

START_TEST(init_reaps_and_passes_the_status) {
        char init[PATH_MAX];
        Stage s;

        stage_begin(&s, true);
        path_beside_test("../../src/runtime/init/nsunits-init", init);
        s.spec.run_init = true;
        s.request.init_path = init;
        s.argv[1] = (char *) "self";
        s.argv[2] = (char *) "fds";
        s.argv[3] = (char *) "cat=/proc/1/cmdline";
        s.argv[4] = (char *) "exit=9";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 9);
        assert_has(&s, "pid 2 sid 1");
        assert_has(&s, "nsunits-init");
        assert_has(&s, "fds 0 1 2\n");

        s.argv[4] = (char *) "kill=15";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 128 + SIGTERM);

        s.argv[4] = (char *) "wait";
        assert_launch(&s);
        must(kill(s.result.pid, SIGTERM));
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 128 + SIGTERM);

        s.argv[0] = (char *) "missing";
        ck_assert_int_eq(stage_launch(&s), -ENOENT);
        stage_end(&s);
}
END_TEST

/* As on Linux < 6.3. */
START_TEST(works_without_shared_memory) {
        autoptr(Plan) plan = NULL;
        Stage s;

        stage_begin(&s, true);
        s.argv[1] = (char *) "self";
        s.argv[2] = (char *) "exit=3";
        must(launch_plan(&s.request, NULL, &plan));
        plan->own_memory = true;
        must(launch_run(plan, NULL, &s.result));
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 3);
        assert_has(&s, "pid 1 sid 1 uid 0 gid 0");

        s.argv[0] = (char *) "missing";
        plan_free(take_ptr(plan));
        must(launch_plan(&s.request, NULL, &plan));
        plan->own_memory = true;
        ck_assert_int_eq(launch_run(plan, &s.fault, &s.result), -ENOENT);
        ck_assert_str_eq(s.fault.object, "missing");
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
        stage_end(&s);
}
END_TEST

/* With an own user namespace nobody may mount a sysfs of the host's network. */
START_TEST(shares_the_hosts_network) {
        char mine[64] = "", wanted[128];
        Stage s;

        stage_begin(&s, true);
        (void) close(s.request.netns_fd);
        s.request.netns_fd = -1;
        s.argv[1] = (char *) "link=/proc/self/ns/net";
        s.argv[2] = (char *) "cat=/proc/self/mountinfo";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        must((int) readlink("/proc/self/ns/net", mine, sizeof(mine) - 1));
        (void) snprintf(wanted, sizeof(wanted), "/proc/self/ns/net: %s\n", mine);
        assert_has(&s, wanted);
        assert_has(&s, " /sys ro,");
        stage_end(&s);
}
END_TEST

static bool find_cgroup2(char *ret) {
        static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
        struct statfs fs;

        for (size_t i = 0; i < 2; i++)
                if (statfs(places[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC) {
                        (void) snprintf(ret, PATH_MAX, "%s/nsunits-test-%d", places[i], getpid());
                        return true;
                }
        return false;
}

START_TEST(starts_in_its_cgroup) {
        char group[PATH_MAX];
        autofree char *pids = NULL;
        char path[PATH_MAX + 32], wanted[32];
        Stage s;

        stage_begin(&s, true);
        if (!find_cgroup2(group))
                return stage_end(&s);
        must(mkdir(group, 0755));
        must(s.request.cgroup_fd = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        s.argv[1] = (char *) "cat=/proc/self/cgroup";
        s.argv[2] = (char *) "cat=/sys/fs/cgroup/cgroup.procs";
        s.argv[3] = (char *) "write=/sys/fs/cgroup/cgroup.procs";
        s.argv[4] = (char *) "wait";
        assert_launch(&s);
        (void) snprintf(path, sizeof(path), "%s/cgroup.procs", group);
        ck_assert_int_eq(file_read(AT_FDCWD, path, 4096, &pids, NULL), 0);
        (void) snprintf(wanted, sizeof(wanted), "%d\n", s.result.pid);
        ck_assert_str_eq(pids, wanted);

        /* The output is complete when the last line is there; the kernel's death notice orders the rest. */
        (void) snprintf(path, sizeof(path), "%s/cgroup.kill", group);
        while (pread(s.output, s.text, sizeof(s.text) - 1, 0) >= 0 && !strstr(s.text, "write "))
                (void) sched_yield();
        must(file_write(AT_FDCWD, path, "1"));
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, SIGKILL);
        assert_has(&s, "0::/\n");
        /* The first child, which joined the namespaces, may be on its way out: a process that cannot be seen.
         */
        assert_has(&s, "\n1\nwrite /sys/fs/cgroup/cgroup.procs: ");
        assert_lacks(&s, "cgroup.procs: 0\n");
        while (rmdir(group) < 0)
                ck_assert_int_eq(errno, EBUSY);
        stage_end(&s);
}
END_TEST

/* The namespace begins at the unit's cgroup, the process is in the one below, and may write there. */
START_TEST(starts_below_its_cgroup) {
        char group[PATH_MAX], path[PATH_MAX + 32];
        IdPair owner;
        Stage s;

        stage_begin(&s, true);
        if (!find_cgroup2(group))
                return stage_end(&s);
        owner = id_map_outside(s.request.ids, (IdPair){ 0, 0 });
        must(mkdir(group, 0755));
        must(s.request.cgroup_fd = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        must(mkdirat(s.request.cgroup_fd, "sub", 0755));
        must(fchownat(s.request.cgroup_fd, "cgroup.procs", owner.uid, owner.gid, 0));
        must(s.request.subgroup_fd = openat(s.request.cgroup_fd, "sub/cgroup.procs", O_WRONLY | O_CLOEXEC));
        s.spec.delegate = true;
        s.argv[1] = (char *) "cat=/proc/self/cgroup";
        s.argv[2] = (char *) "write=/sys/fs/cgroup/cgroup.procs";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        assert_has(&s, "0::/sub\n");
        assert_has(&s, "write /sys/fs/cgroup/cgroup.procs: 0\n");

        (void) close(s.request.subgroup_fd);
        (void) snprintf(path, sizeof(path), "%s/sub", group);
        while (rmdir(path) < 0)
                ck_assert_int_eq(errno, EBUSY);
        while (rmdir(group) < 0)
                ck_assert_int_eq(errno, EBUSY);
        stage_end(&s);
}
END_TEST

static void on_lease(int sig) {
}

/* A lease that nobody gives back: opening the program blocks. */
START_TEST(gives_up_on_what_does_not_answer) {
        char path[PATH_MAX + 32];
        int fd;
        Stage s;

        stage_begin(&s, false);
        (void) snprintf(path, sizeof(path), "%s/bin/payload", s.root);
        must(fd = open(path, O_RDWR | O_CLOEXEC));
        ck_assert(signal(SIGIO, on_lease) != SIG_ERR);
        must(fcntl(fd, F_SETLEASE, F_WRLCK));
        s.spec.environment = (char *[]){ (char *) "PATH=/bin", NULL };
        assert_fault(&s, -ETIMEDOUT, "exec payload: Connection timed out (a file system does not answer?)");
        stage_end(&s);
}
END_TEST

START_TEST(plan_is_printed) {
        autoptr(Plan) plan = NULL;
        autofree char *text = NULL;
        autofclose FILE *f = NULL;
        size_t size;
        Stage s;

        stage_begin(&s, true);
        must(launch_plan(&s.request, NULL, &plan));
        ck_assert_ptr_nonnull(f = open_memstream(&text, &size));
        plan_print(plan, f);
        (void) fflush(f);
        ck_assert_ptr_nonnull(
                strstr(text, "  0 host   clone mount  @0(root)  flags=0x50  -> @1(root copy)\n"));
        ck_assert_ptr_nonnull(strstr(text, " build  mask  /proc/keys  flags=0x4\n"));
        ck_assert_ptr_nonnull(strstr(text, " build  exec  payload\n"));
        stage_end(&s);
}
END_TEST

TEST_MAIN("launch", user_namespace_is_complete, works_without_user_namespace, takes_scraps_away,
          has_eight_own_namespaces, user_has_no_capabilities, filter_refuses_what_docker_refuses,
          settings_take_effect, destinations_stay_in_the_root, faults_name_step_and_object,
          volumes_do_not_fall_into_proc, read_only_root_needs_mount_points, plan_runs_again,
          init_reaps_and_passes_the_status, works_without_shared_memory, shares_the_hosts_network,
          starts_in_its_cgroup, starts_below_its_cgroup, gives_up_on_what_does_not_answer, plan_is_printed)
