/* Launching: hidden paths and devices. Needs root. */
#include <sys/sysmacros.h>

#include "basic/strv.h"
#include "runtime/device.h"

#include "tests/unit/runtime-test.h"

static void in_root(const Stage *s, const char *name, char path[PATH_MAX + 64]) {
        (void) snprintf(path, PATH_MAX + 64, "%s/%s", s->root, name);
}

static void put_file(const Stage *s, const char *name, const char *text) {
        char path[PATH_MAX + 64];

        in_root(s, name, path);
        must(file_replace(AT_FDCWD, path, text, strlen(text), 0644, false));
}

START_TEST(masks_of_the_unit) {
        char *mask[] = { (char *) "/etc/secret", (char *) "/srv", (char *) "/link", (char *) "/missing",
                         NULL };
        char path[PATH_MAX + 64];
        Stage s;

        stage_begin(&s, true);
        put_file(&s, "etc/secret", "secret\n");
        put_file(&s, "etc/other", "other\n");
        in_root(&s, "srv", path);
        must(mkdir(path, 0755));
        put_file(&s, "srv/x", "x\n");
        in_root(&s, "link", path);
        must(symlink("../../etc/other", path));
        must(confine_paths_make(true, NULL, mask, &s.spec.masked_paths, &s.spec.protected_paths));
        s.argv[1] = (char *) "cat=/etc/secret";
        s.argv[2] = (char *) "cat=/srv/x";
        s.argv[3] = (char *) "cat=/etc/other";
        s.argv[4] = (char *) "write=/srv/y";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        ck_assert_str_eq(s.text, "/srv/x: error 2\nwrite /srv/y: 30\n");
        stage_end(&s);
}
END_TEST

/* A link of the image must not lead a mask to where it hides what the kernel says. */
START_TEST(masks_do_not_fall_into_proc) {
        char *mask[] = { (char *) "/data", NULL };
        char path[PATH_MAX + 64];
        Stage s;

        stage_begin(&s, true);
        in_root(&s, "data", path);
        must(symlink("/proc/self", path));
        must(confine_paths_make(true, NULL, mask, &s.spec.masked_paths, &s.spec.protected_paths));
        assert_fault(&s, -ELOOP,
                     "mask /data: Too many levels of symbolic links (a symbolic link of the image stands in "
                     "the way)");
        stage_end(&s);
}
END_TEST

START_TEST(patterns_unmask) {
        char *unmask[] = { (char *) "/proc/k*", (char *) "/proc/sys", (char *) "/sys/*", NULL };
        autostrv char **masked = NULL, **protected = NULL;

        must(confine_paths_make(true, unmask, NULL, &masked, &protected));
        ck_assert(!strv_contains(masked, "/proc/kcore") && !strv_contains(masked, "/proc/keys"));
        ck_assert(!strv_contains(masked, "/sys/firmware"));
        ck_assert(strv_contains(masked, "/proc/acpi"));
        /* A star does not go over a slash. */
        ck_assert(strv_contains(masked, "/sys/devices/virtual/powercap"));
        ck_assert(!strv_contains(protected, "/proc/sys") && strv_contains(protected, "/proc/sysrq-trigger"));
}
END_TEST

static void find(Stage *s, DeviceSpec *specs, size_t n, DeviceNodes *nodes) {
        s->fault = (Fault){};
        if (device_nodes_find(specs, n, &s->fault, nodes) < 0)
                ck_abort_msg("%s", fault_to_string(&s->fault));
        s->request.devices = nodes->items;
        s->request.n_devices = nodes->n;
}

START_TEST(devices_are_the_hosts) {
        DeviceSpec specs[] = {
                { (char *) "/dev/zero", (char *) "/dev/deep/er/nil", false, true, true, true, {} },
                { (char *) "/dev/full", (char *) "/dev/null", false, true, false, false, {} },
                { (char *) "/no/such", (char *) "/dev/no", true, true, true, true, {} },
        };
        autodevices DeviceNodes nodes = {};
        Stage s;

        stage_begin(&s, true);
        find(&s, specs, 3, &nodes);
        ck_assert_uint_eq(nodes.n, 2);
        ck_assert_uint_eq(nodes.items[0].number, makedev(1, 5));
        s.argv[1] = (char *) "stat=/dev/deep/er/nil";
        s.argv[2] = (char *) "stat=/dev/deep/er";
        s.argv[3] = (char *) "stat=/dev/null";
        s.argv[4] = (char *) "write=/dev/deep/er/nil";
        s.argv[5] = (char *) "stat=/dev/no";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        ck_assert_str_eq(s.text, "/dev/deep/er/nil: mode 20666 uid 0 gid 0 size 0\n"
                                 "/dev/deep/er: mode 40755 uid 0 gid 0 size 60\n"
                                 "/dev/null: mode 20444 uid 0 gid 0 size 0\n"
                                 "write /dev/deep/er/nil: 0\n"
                                 "/dev/no: error 2\n");
        stage_end(&s);
}
END_TEST

/* All nodes of a directory, at any depth; links in it are not followed. */
START_TEST(directories_of_devices) {
        DeviceSpec spec = { NULL, (char *) "/dev/all", false, true, true, true, {} };
        autodevices DeviceNodes nodes = {};
        char path[PATH_MAX + 64], directory[PATH_MAX + 64];
        Stage s;

        stage_begin(&s, true);
        in_root(&s, "nodes", directory);
        must(mkdir(directory, 0755));
        in_root(&s, "nodes/in", path);
        must(mkdir(path, 0755));
        in_root(&s, "nodes/in/zero", path);
        must(mknod(path, S_IFCHR | 0640, makedev(1, 5)));
        must(chown(path, 0, 44));
        must(chmod(path, 0640));
        in_root(&s, "nodes/link", path);
        must(symlink("/dev/full", path));
        put_file(&s, "nodes/file", "");
        spec.host = directory;
        find(&s, &spec, 1, &nodes);
        ck_assert_uint_eq(nodes.n, 1);
        s.argv[1] = (char *) "stat=/dev/all/in/zero";
        assert_launch(&s);
        ck_assert_int_eq(stage_wait(&s, s.result.pidfd).si_status, 0);
        ck_assert_str_eq(s.text, "/dev/all/in/zero: mode 20640 uid 0 gid 44 size 0\n");
        stage_end(&s);
}
END_TEST

static void assert_device_fault(const DeviceSpec *spec, int error, const char *text) {
        DeviceNodes nodes = {};
        Fault fault = {};
        autofree char *said = NULL;

        ck_assert_int_eq(device_nodes_find(spec, 1, &fault, &nodes), error);
        said = fault_to_string(&fault);
        ck_assert_str_eq(said, text);
}

START_TEST(devices_that_are_none) {
        DeviceSpec spec = { (char *) "/no/such",
                            (char *) "/dev/x",
                            false,
                            true,
                            true,
                            true,
                            { .file = "/etc/x.container", .line = 7 } };
        DeviceNode outside = { .path = (char *) "/etc/x", .mode = S_IFCHR };

        assert_device_fault(
                &spec, -ENOENT,
                "device /no/such (/etc/x.container:7): No such file or directory (AddDevice=-/no/such "
                "lets the host be without it)");
        spec.host = (char *) "/etc/passwd";
        assert_device_fault(&spec, -ENOTBLK,
                            "device /etc/passwd (/etc/x.container:7): Block device required");
        ck_assert_int_eq(device_node_make(-1, &outside, (IdPair){ 0, 0 }, 0), -EINVAL);
        outside.path = (char *) "/dev/../x";
        ck_assert_int_eq(device_node_make(-1, &outside, (IdPair){ 0, 0 }, 0), -EINVAL);
}
END_TEST

/* Where there is such a module, nothing is known of its policy. */
START_TEST(labels_need_their_module) {
        Stage s;
        int r;

        stage_begin(&s, true);
        s.spec.security_labels.app_armor = (char *) "no-such-profile";
        r = stage_launch(&s);
        ck_assert_int_lt(r, 0);
        ck_assert_str_eq(s.fault.step, "security label");
        ck_assert_str_eq(s.fault.object, "exec no-such-profile");
        if (access("/proc/self/attr/apparmor/exec", F_OK) < 0)
                ck_assert_int_eq(r, -EOPNOTSUPP);
        stage_end(&s);
}
END_TEST

TEST_MAIN("launch-confine", masks_of_the_unit, masks_do_not_fall_into_proc, patterns_unmask,
          devices_are_the_hosts, directories_of_devices, devices_that_are_none, labels_need_their_module)
