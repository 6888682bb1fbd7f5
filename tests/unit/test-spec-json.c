/*
 * The JSON of a spec: its content, and, where crun and root are at hand, that crun starts the same container
 * from it.
 */
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "spec-helper.h"
#include "spec/spec-json.h"
#include "spec/spec-make.h"

static const ManagerConfig config = {
        .users = { .id_count = 65536 },
        .defaults = { .memory_max = UINT64_MAX,
                      .tasks_max = UINT64_MAX,
                      .timeout_start = 1,
                      .timeout_stop = 1 },
        /* Docker's fourteen. */
        .security = { .no_new_privileges = true,
                      .seccomp = true,
                      .mask_paths = true,
                      .capabilities = 0xa80425fb },
};

static char *text_of(const char *lines, const SpecJsonContext *context) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = NULL;
        autoptr(ContainerSpec) s = NULL;
        char *text = NULL;

        u = load_good("web.container", lines);
        ck_assert_int_eq(spec_make(u, &(SpecSources){ .config = &config }, diag, &s), 0);
        ck_assert_int_eq(spec_to_json(s, context, &text), 0);
        return text;
}

/* The value at "process.args.0". */
static json_t *at(json_t *root, const char *path) {
        autofree char *copy = strdup(path);
        char *rest = copy, *step;

        while (root && (step = strsep(&rest, ".")))
                root = json_is_array(root) ? json_array_get(root, (size_t) atoi(step))
                                           : json_object_get(root, step);
        ck_assert_msg(root != NULL, "%s is not there", path);
        return root;
}

static bool array_has(json_t *array, const char *text) {
        json_t *item;
        size_t i;

        json_array_foreach(array, i, item) if (json_is_string(item) &&
                                               streq(json_string_value(item), text)) return true;
        return false;
}

static json_t *mount_on(json_t *root, const char *destination) {
        json_t *item;
        size_t i;

        json_array_foreach(at(root, "mounts"), i,
                           item) if (streq(json_string_value(json_object_get(item, "destination")),
                                           destination)) return item;
        ck_abort_msg("nothing is mounted on %s", destination);
}

static bool has_namespace(json_t *root, const char *type) {
        json_t *item;
        size_t i;

        json_array_foreach(
                at(root, "linux.namespaces"), i,
                item) if (streq(json_string_value(json_object_get(item, "type")), type)) return true;
        return false;
}

START_TEST(content) {
        IdExtent extent = { 0, 1048576, 65536 };
        const IdMap ids = { { &extent, 1 }, { &extent, 1 } };
        const SpecJsonContext context = { .root = "/r", .ids = &ids };
        autofree char *text =
                text_of("[Container]\nRootfs=/r\nExec=/bin/x \"a b\"\nUser=7\nReadOnly=yes\n"
                        "Volume=data:/data:ro\nTmpfs=/t:size=4096\nSysctl=net.core.somaxconn=9\n"
                        "Ulimit=nofile=5:6\nPublishPort=8080:80\nAddCapability=SYS_TIME\n"
                        "[Service]\nMemoryMax=64M\nCPUQuota=50%\n",
                        &context);
        json_t *root = json_loads(text, 0, NULL);

        ck_assert_ptr_nonnull(root);
        ck_assert_str_eq(json_string_value(at(root, "process.args.1")), "a b");
        ck_assert_int_eq(json_integer_value(at(root, "process.user.uid")), 7);
        ck_assert(json_is_true(at(root, "root.readonly")));
        ck_assert_str_eq(json_string_value(at(root, "root.path")), "/r");
        ck_assert_str_eq(json_string_value(at(root, "hostname")), "web");
        ck_assert(json_is_true(at(root, "process.noNewPrivileges")));
        ck_assert(array_has(at(root, "process.capabilities.bounding"), "CAP_SYS_TIME"));
        ck_assert(!array_has(at(root, "process.capabilities.bounding"), "CAP_SYS_ADMIN"));
        ck_assert_str_eq(json_string_value(at(root, "process.rlimits.0.type")), "RLIMIT_NOFILE");
        ck_assert_int_eq(json_integer_value(at(root, "linux.uidMappings.0.hostID")), 1048576);
        ck_assert_int_eq(json_integer_value(at(root, "linux.resources.memory.limit")), 64 << 20);
        ck_assert_int_eq(json_integer_value(at(root, "linux.resources.cpu.quota")), 50000);
        ck_assert_str_eq(json_string_value(json_object_get(at(root, "linux.sysctl"), "net.core.somaxconn")),
                         "9");
        ck_assert(array_has(at(root, "linux.maskedPaths"), "/proc/kcore"));
        ck_assert(has_namespace(root, "user") && has_namespace(root, "network"));
        ck_assert_str_eq(json_string_value(json_object_get(mount_on(root, "/data"), "source")),
                         "/var/lib/nsunits/volumes/data/_data");
        ck_assert(array_has(json_object_get(mount_on(root, "/data"), "options"), "ro"));
        ck_assert(array_has(json_object_get(mount_on(root, "/t"), "options"), "size=4096"));
        ck_assert_str_eq(json_string_value(json_object_get(at(root, "annotations"), "org.nsunits1.publish")),
                         "8080:80/tcp");
        json_decref(root);
}
END_TEST

/* Is a call allowed without looking at its arguments? */
static bool filter_allows(json_t *root, const char *name) {
        json_t *rule;
        size_t i;

        json_array_foreach(at(root, "linux.seccomp.syscalls"), i,
                           rule) if (!json_object_get(rule, "args") &&
                                     array_has(json_object_get(rule, "names"), name) &&
                                     streq(json_string_value(json_object_get(rule, "action")),
                                           "SCMP_ACT_ALLOW")) return true;
        return false;
}

START_TEST(filter_follows_the_capabilities) {
        const SpecJsonContext context = { .root = "/r" };
        autofree char *less = text_of("[Container]\nRootfs=/r\nExec=x\n", &context);
        autofree char *more = text_of("[Container]\nRootfs=/r\nExec=x\nAddCapability=SYS_ADMIN\n", &context);
        autofree char *none =
                text_of("[Container]\nRootfs=/r\nExec=x\nSeccompProfile=unconfined\nUnmask=ALL\n", &context);
        json_t *root;

        root = json_loads(less, 0, NULL);
        ck_assert(filter_allows(root, "read") && !filter_allows(root, "mount") &&
                  !filter_allows(root, "clone"));
        ck_assert(!has_namespace(root, "user"));
        json_decref(root);

        root = json_loads(more, 0, NULL);
        ck_assert(filter_allows(root, "mount") && filter_allows(root, "clone"));
        json_decref(root);

        root = json_loads(none, 0, NULL);
        ck_assert_ptr_null(json_object_get(at(root, "linux"), "seccomp"));
        ck_assert_ptr_null(json_object_get(at(root, "linux"), "maskedPaths"));
        json_decref(root);
}
END_TEST

/* A root that borrows the host's programs: links as on a system with merged /usr. */
static void make_rootfs(const char *bundle) {
        autofree char *root = NULL;
        static const char *const links[] = { "bin", "lib", "lib64", "sbin" };

        ck_assert_int_gt(asprintf(&root, "%s/rootfs", bundle), 0);
        ck_assert_int_eq(mkdir(root, 0755), 0);
        for (size_t i = 0; i < ELEMENTSOF(links); i++) {
                autofree char *path = NULL, *target = NULL;

                ck_assert_int_gt(asprintf(&path, "%s/%s", root, links[i]), 0);
                ck_assert_int_gt(asprintf(&target, "usr/%s", links[i]), 0);
                ck_assert_int_eq(symlink(target, path), 0);
        }
}

static bool can_run_crun(void) {
        return geteuid() == 0 && access("/usr/bin/crun", X_OK) == 0 && access("/usr/bin/sh", X_OK) == 0;
}

START_TEST(process_and_changed_filter) {
        const SpecJsonContext context = { .root = "/r" };
        autofree char *text = text_of(
                "[Container]\nRootfs=/r\nExec=x\nGroupAdd=audio\nGroupAdd=42\nAmbientCapability=CHOWN\n"
                "Annotation=\"a.b=c d\"\nSystemCallFilter=mount\nSystemCallFilter=~mkdir\n"
                "RestrictAddressFamilies=~AF_UNIX\nSuppressSync=yes\nAddDevice=/dev/fuse\n"
                "Mask=/x\nTimezone=local\n",
                &context);
        json_t *root = json_loads(text, 0, NULL), *notes = at(root, "annotations");

        ck_assert_int_eq(json_integer_value(at(root, "process.user.additionalGids.0")), 42);
        ck_assert(array_has(at(root, "process.capabilities.ambient"), "CAP_CHOWN"));
        ck_assert_str_eq(json_string_value(json_object_get(notes, "a.b")), "c d");
        ck_assert_str_eq(json_string_value(json_object_get(notes, "org.nsunits1.devices")),
                         "/dev/fuse:/dev/fuse:rwm");
        ck_assert_str_eq(json_string_value(json_object_get(notes, "org.nsunits1.address-families")),
                         "~AF_UNIX");
        ck_assert_str_eq(json_string_value(json_object_get(notes, "org.nsunits1.groups")), "audio 42");
        ck_assert_str_eq(json_string_value(json_object_get(notes, "org.nsunits1.timezone")), "local");
        ck_assert(array_has(at(root, "linux.maskedPaths"), "/x"));
        ck_assert(filter_allows(root, "mount") && !filter_allows(root, "mkdir") &&
                  !filter_allows(root, "fsync"));
        ck_assert(filter_allows(root, "mkdirat"));
        json_decref(root);
}
END_TEST

START_TEST(crun_starts_the_same_container) {
        char bundle[] = "/tmp/test-spec-json.XXXXXX", output[PATH_MAX];
        autofree char *root = NULL, *text = NULL, *state = NULL, *config_file = NULL, *said = NULL,
                      *command = NULL;
        SpecJsonContext context = {};
        int r;

        if (!can_run_crun()) {
                printf("skipped: needs root and crun\n");
                return;
        }

        ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
        ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        /* crun refuses hosts with both kinds of cgroups; this one is to look as if it had the second kind
         * only. */
        (void) mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
        ck_assert_ptr_nonnull(mkdtemp(bundle));
        ck_assert_int_eq(mount("bundle", bundle, "tmpfs", 0, NULL), 0);
        make_rootfs(bundle);
        ck_assert_int_gt(asprintf(&root, "%s/rootfs", bundle), 0);
        ck_assert_int_gt(asprintf(&config_file, "%s/config.json", bundle), 0);
        context.root = root;
        text = text_of(
                "[Container]\nRootfs=/r\nVolume=/usr:/usr:ro\nTmpfs=/tmp:size=1m\nHostName=inside\n"
                "Environment=GREETING=hello\nSysctl=net.core.somaxconn=77\nUlimit=nofile=100:200\n"
                "WorkingDir=/tmp\n"
                "Exec=sh -c 'echo $GREETING $(cat /proc/sys/kernel/hostname) $$$$ $(cat "
                "/proc/sys/net/core/somaxconn) "
                "$(ulimit -n) $(pwd); grep -E \"CapBnd|NoNewPrivs|Seccomp:\" /proc/self/status; "
                "touch /usr/x 2>/dev/null || echo read-only; test -s /proc/timer_list || echo masked'\n",
                &context);
        ck_assert_int_eq(file_replace(AT_FDCWD, config_file, text, strlen(text), 0644, false), 0);

        (void) snprintf(output, sizeof(output), "%s/output", bundle);
        ck_assert_int_gt(
                asprintf(&command,
                         "crun --root=%s/state --cgroup-manager=disabled run --bundle=%s test-spec-json-%d "
                         ">%s 2>&1",
                         bundle, bundle, getpid(), output),
                0);
        r = system(command);
        ck_assert_int_eq(file_read(AT_FDCWD, output, 1 << 16, &said, NULL), 0);
        (void) umount2(bundle, MNT_DETACH);
        (void) rmdir(bundle);
        ck_assert_msg(WIFEXITED(r) && WEXITSTATUS(r) == 0, "%s", said);
        ck_assert_str_eq(said, "hello inside 1 77 100 /tmp\n"
                               "CapBnd:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n"
                               "read-only\nmasked\n");
}
END_TEST

START_TEST(limits_in_full) {
        static const struct {
                const char *file, *text;
        } files[] = {
                { "cpu.idle", "1" },
                { "memory.min", "4096" },
                { "memory.low", "max" },
                { "memory.high", "8192" },
                { "memory.swap.max", "0" },
                { "memory.zswap.max", "4096" },
                { "memory.zswap.writeback", "0" },
                { "memory.oom.group", "1" },
                { "io.weight", "default 7" },
                { "cpuset.cpus.partition", "isolated" },
        };
        const SpecJsonContext context = { .root = "/r" };
        autofree char *text =
                text_of("[Container]\nRootfs=/r\nExec=/bin/x\nPidsLimit=9\n"
                        "[Service]\nCPUWeight=idle\nCPUQuota=150%\nCPUQuotaPeriodSec=10ms\n"
                        "AllowedCPUs=0-3 7\nAllowedMemoryNodes=1\nCPUSetPartition=isolated\n"
                        "MemoryMin=4K\nMemoryLow=infinity\nMemoryHigh=8K\nMemorySwapMax=0\n"
                        "MemoryZSwapMax=4K\nMemoryZSwapWriteback=no\nIOWeight=7\n"
                        "IOReadBandwidthMax=/srv 1K\nDevicePolicy=closed\nDeviceAllow=char-pts rw\n",
                        &context);
        json_t *root = json_loads(text, 0, NULL);

        ck_assert_ptr_nonnull(root);
        ck_assert_int_eq(json_integer_value(at(root, "linux.resources.cpu.quota")), 15000);
        ck_assert_int_eq(json_integer_value(at(root, "linux.resources.cpu.period")), 10000);
        ck_assert_str_eq(json_string_value(at(root, "linux.resources.cpu.cpus")), "0-3,7");
        ck_assert_str_eq(json_string_value(at(root, "linux.resources.cpu.mems")), "1");
        ck_assert_int_eq(json_integer_value(at(root, "linux.resources.pids.limit")), 9);
        ck_assert_uint_eq(json_object_size(at(root, "linux.resources.unified")), ELEMENTSOF(files));
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                ck_assert_str_eq(json_string_value(
                                         json_object_get(at(root, "linux.resources.unified"), files[i].file)),
                                 files[i].text);
        ck_assert_str_eq(
                json_string_value(json_object_get(at(root, "annotations"), "org.nsunits1.io-read-bandwidth")),
                "/srv=1000");
        ck_assert_str_eq(
                json_string_value(json_object_get(at(root, "annotations"), "org.nsunits1.device-policy")),
                "closed");
        ck_assert_str_eq(
                json_string_value(json_object_get(at(root, "annotations"), "org.nsunits1.device-allow")),
                "char-pts:rw");
        json_decref(root);
}
END_TEST

TEST_MAIN("spec-json", limits_in_full, process_and_changed_filter, content, filter_follows_the_capabilities,
          crun_starts_the_same_container)
