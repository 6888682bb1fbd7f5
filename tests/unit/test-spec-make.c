/* What spec_make() decides: the image's part, the configuration's part, and who wins. */
#include <signal.h>
#include <sys/mount.h>

#include "basic/capability.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec-helper.h"
#include "spec/spec-make.h"
#include "spec/syscall-groups.h"

static char *entrypoint[] = { (char[]){ "/entry" }, NULL };
static char *cmd[] = { (char[]){ "serve" }, (char[]){ "-f" }, NULL };
static char *env[] = { (char[]){ "PATH=/image" }, (char[]){ "A=image" }, (char[]){ "container=oci" }, NULL };
static char *volumes[] = { (char[]){ "/data/" }, (char[]){ "/cache" }, (char[]){ "relative" }, NULL };
static char *labels[] = { (char[]){ "from=image" }, (char[]){ "both=image" }, NULL };

static const ImageConfig image = {
        .entrypoint = entrypoint,
        .cmd = cmd,
        .env = env,
        .user = (char[]){ "app:www" },
        .working_dir = (char[]){ "/srv" },
        .volumes = volumes,
        .labels = labels,
        .stop_signal = (char[]){ "SIGQUIT" },
};

static const ManagerConfig config = {
        .users = { .id_count = 65536 },
        .defaults = { .memory_max = UINT64_MAX,
                      .tasks_max = 2048,
                      .timeout_start = 90 * USEC_PER_SEC,
                      .timeout_stop = 10 * USEC_PER_SEC },
        .security = { .user_namespace = true,
                      .no_new_privileges = true,
                      .seccomp = true,
                      .mask_paths = true,
                      .capabilities = 0xff },
};

/* Tests fill in what else they need. */
static SpecSources sources;

static ContainerSpec *make_of(const char *lines, const ImageConfig *with, char *const *files) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = NULL;
        autofree char *text = NULL;
        ContainerSpec *s = NULL;

        ck_assert_int_gt(asprintf(&text, "[Container]\n%s", lines), 0);
        u = load_good("web.container", text);
        sources.image = with;
        sources.config = &config;
        sources.file_environment = files;
        ck_assert_int_eq(spec_make(u, &sources, diag, &s), 0);
        ck_assert_uint_eq(diag_count(diag), 0);
        return s;
}

static ContainerSpec *make(const char *lines) {
        autofree char *text = NULL;

        ck_assert_int_gt(asprintf(&text, "Image=nginx\n%s", lines), 0);
        return make_of(text, &image, NULL);
}

static void assert_argv(const char *lines, const char *expected) {
        autoptr(ContainerSpec) s = make(lines);
        autofree char *joined = strv_join(s->argv, "|");

        ck_assert_str_eq(joined, expected);
}

START_TEST(command_of_image_and_unit) {
        assert_argv("", "/entry|serve|-f");
        assert_argv("Exec=other arg\n", "/entry|other|arg");
        assert_argv("Entrypoint=/mine\n", "/mine");
        assert_argv("Entrypoint=/mine\nExec=arg\n", "/mine|arg");
        assert_argv("Entrypoint=\nExec=/prog\n", "/prog");
}
END_TEST

START_TEST(nothing_to_run_is_an_error) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = load_good("web.container", "[Container]\nImage=x\nEntrypoint=\n");
        const ImageConfig nothing = {};
        ContainerSpec *s = NULL;

        ck_assert_int_eq(spec_make(u, &(SpecSources){ .image = &nothing, .config = &config }, diag, &s),
                         -EINVAL);
        ck_assert_ptr_null(s);
        ck_assert_str_eq(diag_get(diag, 0)->message,
                         "nothing to run: neither the unit nor the image names a program");
        ck_assert_uint_eq(diag_get(diag, 0)->line, 1);
}
END_TEST

START_TEST(environment_in_order) {
        char *files[] = { (char[]){ "A=file" }, (char[]){ "B=file" }, NULL };
        autoptr(ContainerSpec) s = make_of("Image=x\nEnvironment=B=unit\n", &image, files);
        autoptr(ContainerSpec) bare = make_of("Rootfs=/srv\nExec=x\n", NULL, NULL);

        ck_assert_str_eq(strv_env_get(s->environment, "PATH"), "/image");
        ck_assert_str_eq(strv_env_get(s->environment, "A"), "file");
        ck_assert_str_eq(strv_env_get(s->environment, "B"), "unit");
        ck_assert_str_eq(strv_env_get(s->environment, "container"), "nsunits");
        ck_assert_str_eq(strv_env_get(s->environment, "HOSTNAME"), "web");
        ck_assert_str_eq(strv_env_get(bare->environment, "PATH"), SPEC_PATH_DEFAULT);
}
END_TEST

START_TEST(user_and_group) {
        autoptr(ContainerSpec) from_image = make(""), own = make("User=bob\n"),
                               both = make("User=1:2\nGroup=3\n");
        autoptr(ContainerSpec) colon = make("User=1000:1001\n");

        ck_assert_str_eq(from_image->user, "app");
        ck_assert_str_eq(from_image->group, "www");
        ck_assert_str_eq(own->user, "bob");
        ck_assert_ptr_null(own->group);
        ck_assert_str_eq(both->user, "1");
        ck_assert_str_eq(both->group, "3");
        ck_assert_str_eq(colon->group, "1001");
}
END_TEST

START_TEST(what_the_image_says) {
        autoptr(ContainerSpec) s = make("Label=both=unit\n"), own = make("WorkingDir=/own\nStopSignal=INT\n");

        ck_assert_str_eq(s->working_dir, "/srv");
        ck_assert_int_eq(s->stop_signal, SIGQUIT);
        ck_assert_str_eq(strv_env_get(s->labels, "from"), "image");
        ck_assert_str_eq(strv_env_get(s->labels, "both"), "unit");
        ck_assert_str_eq(own->working_dir, "/own");
        ck_assert_int_eq(own->stop_signal, SIGINT);
}
END_TEST

START_TEST(mounts_are_sorted_and_image_volumes_added) {
        autoptr(ContainerSpec) s =
                make("Tmpfs=/data/tmp\nVolume=/srv/data:/data\nMount=type=tmpfs,destination=/a\n");

        ck_assert_uint_eq(s->n_mounts, 4);
        ck_assert_str_eq(s->mounts[0].destination, "/a");
        ck_assert_str_eq(s->mounts[1].destination, "/cache");
        ck_assert_int_eq(s->mounts[1].kind, MOUNT_VOLUME);
        ck_assert_ptr_null(s->mounts[1].source);
        ck_assert(s->mounts[1].copy && s->mounts[1].idmap);
        ck_assert_str_eq(s->mounts[2].destination, "/data");
        ck_assert_int_eq(s->mounts[2].kind, MOUNT_BIND);
        ck_assert(s->mounts[2].idmap);
        ck_assert_str_eq(s->mounts[3].destination, "/data/tmp");
}
END_TEST

START_TEST(without_user_namespace_nothing_is_shifted) {
        autoptr(ContainerSpec) s = make("UserNS=host\n");

        ck_assert(!s->user_namespace);
        for (size_t i = 0; i < s->n_mounts; i++)
                ck_assert(!s->mounts[i].idmap);
}
END_TEST

START_TEST(host_network_shares_users) {
        autoptr(ContainerSpec) host = make("Network=host\n"), own = make("Network=host\nUserNS=auto\n"),
                               none = make("Network=none\n");

        ck_assert(!host->user_namespace);
        ck_assert(own->user_namespace);
        ck_assert(none->user_namespace);
}
END_TEST

START_TEST(capabilities) {
        static const struct {
                const char *lines;
                uint64_t expected;
        } cases[] = {
                { "", 0xff },
                { "DropCapability=CHOWN\n", 0xfe },
                { "AddCapability=NET_ADMIN\n", 0xff | 1 << 12 },
                { "DropCapability=all\nAddCapability=KILL\n", 1 << 5 },
        };
        autoptr(ContainerSpec) all = make("AddCapability=ALL\nDropCapability=CHOWN\n");

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autoptr(ContainerSpec) s = make(cases[i].lines);

                ck_assert_uint_eq(s->capabilities, cases[i].expected);
        }
        ck_assert_uint_eq(all->capabilities, capability_all() & ~UINT64_C(1));
}
END_TEST

START_TEST(security_of_configuration_and_unit) {
        autoptr(ContainerSpec) s = make(""),
                               off = make("NoNewPrivileges=no\nSeccompProfile=unconfined\nUnmask=ALL\n");

        ck_assert(s->user_namespace && s->no_new_privileges && s->seccomp.enabled && s->masked_paths &&
                  s->protected_paths);
        ck_assert_uint_eq(s->id_count, 65536);
        ck_assert(!off->no_new_privileges && !off->seccomp.enabled && !off->masked_paths &&
                  !off->protected_paths);
}
END_TEST

START_TEST(network_of_a_container) {
        autoptr(ContainerSpec) s = make("PublishPort=80\nIP=10.0.0.5\nAddHost=db:10.0.0.9\nDNS=9.9.9.9\n");
        autoptr(ContainerSpec) none = make("Network=none\n"),
                               back = make("Network=back.network:ip=10.9.0.2\n");

        ck_assert_int_eq(s->network, NETWORK_MODE_PRIVATE);
        ck_assert_str_eq(s->networks[0], "default");
        ck_assert_uint_eq(s->n_addresses, 1);
        ck_assert_uint_eq(s->n_publish, 1);
        ck_assert_str_eq(s->hosts[0].name, "db");
        ck_assert_uint_eq(s->n_dns, 1);
        ck_assert_int_eq(none->network, NETWORK_MODE_NONE);
        ck_assert_ptr_null(none->networks);
        ck_assert_str_eq(back->networks[0], "back.network");
        ck_assert_uint_eq(back->n_addresses, 1);
}
END_TEST

START_TEST(names) {
        autoptr(ContainerSpec) s = make(""), own = make("ContainerName=www\nHostName=www.example.org\n");

        ck_assert_str_eq(s->unit, "web.container");
        ck_assert_str_eq(s->name, "web");
        ck_assert_str_eq(s->host_name, "web");
        ck_assert_str_eq(own->name, "www");
        ck_assert_str_eq(own->host_name, "www.example.org");
}
END_TEST

/* What @lines of a pod come to. */
static ContainerSpec *make_pod(const char *lines) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = NULL;
        autofree char *text = NULL;
        ContainerSpec *s = NULL;

        ck_assert_int_gt(asprintf(&text, "[Pod]\n%s", lines), 0);
        u = load_good("app.pod", text);
        sources.config = &config;
        ck_assert_int_eq(spec_make(u, &sources, diag, &s), 0);
        ck_assert_uint_eq(diag_count(diag), 0);
        return s;
}

static void assert_in_pod(const ContainerSpec *s, Space space) {
        ck_assert_int_eq(container_spec_space(s, space)->mode, NAMESPACE_UNIT);
        ck_assert_str_eq(container_spec_space(s, space)->unit, "app.pod");
}

START_TEST(a_pod_is_a_container_without_a_process) {
        autoptr(ContainerSpec) s =
                make_pod("PublishPort=80:8080\nIP=10.89.0.9\nVolume=/srv:/srv\nDNS=9.9.9.9\n"
                         "UIDMap=0:5000:10\n");

        ck_assert_str_eq(s->name, "app");
        ck_assert_str_eq(s->host_name, "app");
        ck_assert_ptr_null(s->argv);
        ck_assert_uint_eq(s->n_publish, 1);
        ck_assert_uint_eq(s->n_addresses, 1);
        ck_assert_uint_eq(s->n_mounts, 1);
        ck_assert_uint_eq(s->n_dns, 1);
        ck_assert_uint_eq(s->shm_size, UINT64_C(64) << 20);
        ck_assert_str_eq(s->networks[0], "default");
        ck_assert(s->user_namespace && !s->pick_ids);
        ck_assert_uint_eq(s->ids.gids.items[0].outside, 5000);
}
END_TEST

START_TEST(what_a_pod_gives_to_its_containers) {
        autoptr(ContainerSpec) pod =
                make_pod("HostName=shop\nAddHost=db:10.0.0.1\nDNS=9.9.9.9\nDNSSearch=a.example\n"
                         "Volume=/pod:/shared\nVolume=/pod:/own\n");
        autoptr(ContainerSpec) s = NULL, own = NULL, on_host = NULL, host = make_pod("Network=host\n");

        sources.pod = pod;
        s = make("Image=x\nPod=app.pod\nVolume=/mine:/own\n");
        assert_in_pod(s, SPACE_NETWORK);
        assert_in_pod(s, SPACE_IPC);
        assert_in_pod(s, SPACE_UTS);
        assert_in_pod(s, SPACE_USER);
        ck_assert_int_eq(container_spec_space(s, SPACE_PID)->mode, NAMESPACE_DEFAULT);
        ck_assert_int_eq(s->network, NETWORK_MODE_SHARED);
        ck_assert_str_eq(s->name, "web");
        ck_assert_str_eq(s->host_name, "shop");
        ck_assert_str_eq(strv_env_get(s->environment, "HOSTNAME"), "shop");
        ck_assert_uint_eq(s->n_hosts, 1);
        ck_assert_uint_eq(s->n_dns, 1);
        ck_assert_str_eq(s->dns_search[0], "a.example");
        ck_assert_uint_eq(s->n_publish, 0);
        ck_assert_ptr_null(s->networks);
        for (size_t i = 0; i < s->n_mounts; i++)
                if (streq(s->mounts[i].destination, "/own"))
                        ck_assert_str_eq(s->mounts[i].source, "/mine");
                else if (streq(s->mounts[i].destination, "/shared"))
                        ck_assert_str_eq(s->mounts[i].source, "/pod");

        own = make("Image=x\nPod=app.pod\nDNSOption=ndots:3\nIpcNS=new\n");
        ck_assert_uint_eq(own->n_dns, 0);
        ck_assert_str_eq(own->dns_options[0], "ndots:3");
        ck_assert_int_eq(container_spec_space(own, SPACE_IPC)->mode, NAMESPACE_NEW);

        sources.pod = host;
        on_host = make("Image=x\nPod=app.pod\n");
        ck_assert(!host->user_namespace && !on_host->user_namespace);
        sources.pod = NULL;
}
END_TEST

START_TEST(roots) {
        autoptr(ContainerSpec) plain = make_of("Rootfs=/srv/r\nExec=x\n", NULL, NULL);
        autoptr(ContainerSpec) overlay = make_of("Rootfs=/srv/r:O\nExec=x\nReadOnly=yes\n", NULL, NULL);

        ck_assert_str_eq(plain->rootfs, "/srv/r");
        ck_assert(!plain->rootfs_overlay && !plain->read_only && !plain->image);
        ck_assert_str_eq(overlay->rootfs, "/srv/r");
        ck_assert(overlay->rootfs_overlay && overlay->read_only);
}
END_TEST

START_TEST(timeouts_and_limits) {
        autoptr(ContainerSpec) s = make(""), one = make("StopTimeout=3\n");
        autoptr(ContainerSpec) two =
                make("StopTimeout=30\n[Service]\nTimeoutStopSec=20\nTimeoutStartSec=infinity\n");
        autoptr(ContainerSpec) limits = make("[Service]\nMemoryMax=64M\nTasksMax=infinity\nCPUQuota=50%\n");

        ck_assert_uint_eq(s->stop_timeout, 10 * USEC_PER_SEC);
        ck_assert_uint_eq(s->start_timeout, 90 * USEC_PER_SEC);
        ck_assert_uint_eq(s->limits->tasks_max, 2048);
        ck_assert(s->limits->memory_max == UINT64_MAX && s->limits->cpu_quota == UINT64_MAX);
        ck_assert_uint_eq(one->stop_timeout, 3 * USEC_PER_SEC);
        ck_assert_uint_eq(two->stop_timeout, 20 * USEC_PER_SEC);
        ck_assert(two->start_timeout == USEC_INFINITY);
        ck_assert_uint_eq(limits->limits->memory_max, 64 << 20);
        ck_assert(limits->limits->tasks_max == UINT64_MAX);
        ck_assert_uint_eq(limits->limits->cpu_quota, 500000);
}
END_TEST

/* Startup*= stand for others until the unit is active; the rest is the same for both. */
START_TEST(limits_of_the_start) {
        autoptr(ContainerSpec) plain = make("[Service]\nCPUWeight=80\n");
        autoptr(ContainerSpec) s = make("[Service]\nCPUWeight=80\nStartupCPUWeight=idle\nMemoryMax=64M\n"
                                        "StartupMemoryLow=0\nMemoryLow=4K\nStartupMemorySwapMax=infinity\n"
                                        "MemorySwapMax=8K\nAllowedCPUs=1-2\nStartupAllowedCPUs=3\n"
                                        "IOReadIOPSMax=/srv 5\n");
        autofree char *cpus = index_set_to_string(&s->limits->cpus),
                      *starting = index_set_to_string(&s->starting_limits->cpus);

        ck_assert(!plain->starting_limits);
        ck_assert(s->starting_limits);
        ck_assert_uint_eq(s->limits->cpu_weight, 80);
        ck_assert_uint_eq(s->starting_limits->cpu_weight, CPU_WEIGHT_IDLE);
        ck_assert_uint_eq(s->limits->memory_low, 4096);
        ck_assert_uint_eq(s->starting_limits->memory_low, 0);
        ck_assert_uint_eq(s->limits->memory_swap_max, 8192);
        ck_assert_uint_eq(s->starting_limits->memory_swap_max, UINT64_MAX);
        ck_assert_uint_eq(s->starting_limits->memory_max, 64 << 20);
        ck_assert_uint_eq(s->starting_limits->tasks_max, 2048);
        ck_assert_str_eq(cpus, "1-2");
        ck_assert_str_eq(starting, "3");
        ck_assert_str_eq(s->starting_limits->io_read_iops.items[0].path, "/srv");
}
END_TEST

START_TEST(want_of_memory_and_delegation) {
        autoptr(ContainerSpec) plain = make("");
        autoptr(ContainerSpec) delegated = make("[Service]\nDelegate=memory pids\nDelegateSubgroup=main\n");
        autoptr(ContainerSpec) both = make("[Service]\nDelegate=yes\nOOMPolicy=kill\n");
        autoptr(ContainerSpec) stop = make("[Service]\nOOMPolicy=stop\n");

        ck_assert_int_eq(plain->oom_policy, OOM_POLICY_KILL);
        ck_assert(plain->limits->oom_group && !plain->delegate);
        ck_assert_int_eq(delegated->oom_policy, OOM_POLICY_CONTINUE);
        ck_assert(delegated->delegate && !delegated->limits->oom_group);
        ck_assert_uint_eq(delegated->delegate_controllers, 1U << CONTROLLER_MEMORY | 1U << CONTROLLER_PIDS);
        ck_assert_str_eq(delegated->delegate_subgroup, "main");
        ck_assert(both->delegate && both->limits->oom_group);
        ck_assert(!stop->limits->oom_group && !stop->delegate);
        ck_assert_ptr_null(stop->delegate_subgroup);
}
END_TEST

START_TEST(environment_files_are_listed) {
        autoptr(UnitSpec) u =
                load_good("web.container", "[Container]\nImage=x\nEnvironmentFile=-./a.env /b.env\n");

        ck_assert_str_eq(spec_environment_files(u)[0], "-/etc/nsunits/a.env");
        ck_assert_str_eq(spec_environment_files(u)[1], "/b.env");
}
END_TEST

START_TEST(environment_of_the_host) {
        char *host[] = { (char *) "LANG=C.UTF-8",
                         (char *) "NOTIFY_SOCKET=/run/x",
                         (char *) "HTTP_PROXY=http://p",
                         (char *) "no_proxy=local",
                         (char *) "A=host",
                         NULL };
        autoptr(ContainerSpec) proxy = NULL, all = NULL, none = NULL;

        sources.host_environment = host;
        proxy = make("");
        all = make("EnvironmentHost=yes\n");
        none = make("HttpProxy=no\n");
        sources.host_environment = NULL;
        ck_assert_str_eq(strv_env_get(proxy->environment, "HTTP_PROXY"), "http://p");
        ck_assert_str_eq(strv_env_get(proxy->environment, "no_proxy"), "local");
        ck_assert_ptr_null(strv_env_get(proxy->environment, "LANG"));
        ck_assert_str_eq(strv_env_get(all->environment, "LANG"), "C.UTF-8");
        ck_assert_ptr_null(strv_env_get(all->environment, "NOTIFY_SOCKET"));
        /* The image knows better. */
        ck_assert_str_eq(strv_env_get(all->environment, "A"), "image");
        ck_assert_ptr_null(strv_env_get(none->environment, "no_proxy"));
}
END_TEST

START_TEST(process_and_files) {
        autoptr(ContainerSpec) s = make("GroupAdd=audio\nGroupAdd=4242\nTimezone=Europe/Berlin\n"
                                        "MachineID=0123456789abcdef0123456789abcdef\nDNSSearch=a.example\n"
                                        "DNSOption=ndots:1\nAnnotation=x=y\nMemory=64M\nPidsLimit=99\n");
        autoptr(ContainerSpec) unlimited = make("PidsLimit=-1\n");

        ck_assert_uint_eq(strv_length(s->groups), 2);
        ck_assert_str_eq(s->time_zone, "Europe/Berlin");
        ck_assert_str_eq(s->machine_id, "0123456789abcdef0123456789abcdef");
        ck_assert_str_eq(strv_env_get(s->environment, "container_uuid"),
                         "01234567-89ab-cdef-0123-456789abcdef");
        ck_assert_str_eq(s->dns_search[0], "a.example");
        ck_assert_str_eq(s->dns_options[0], "ndots:1");
        ck_assert_str_eq(s->annotations[0], "x=y");
        ck_assert_uint_eq(s->limits->memory_max, 64 << 20);
        ck_assert_uint_eq(s->limits->tasks_max, 99);
        ck_assert_uint_eq(unlimited->limits->tasks_max, UINT64_MAX);
}
END_TEST

static void assert_ids(const char *lines, bool pick, const char *uids, const char *gids) {
        autoptr(ContainerSpec) s = make(lines);
        const IdList *lists[] = { &s->ids.uids, &s->ids.gids };
        const char *expected[] = { uids, gids };

        ck_assert(s->user_namespace);
        ck_assert_int_eq(s->pick_ids, pick);
        for (size_t i = 0; i < 2; i++) {
                autostrv char **words = NULL;
                autofree char *text = NULL;

                for (size_t j = 0; j < lists[i]->n; j++)
                        ck_assert_int_eq(strv_addf(&words, "%u:%u:%u", lists[i]->items[j].inside,
                                                   lists[i]->items[j].outside, lists[i]->items[j].count),
                                         0);
                text = strv_join(words, " ");
                ck_assert_str_eq(text, expected[i]);
        }
}

START_TEST(maps_of_ids) {
        assert_ids("", true, "", "");
        assert_ids("UserNS=nomap\n", true, "", "");
        assert_ids("UserNS=auto:size=1000,uidmapping=5:1005:1\n", true, "5:1005:1", "");
        assert_ids("UserNS=keep-id\n", false, "0:0:4294967295", "0:0:4294967295");
        /* What is said of users counts for groups, unless there is more to say. */
        assert_ids("UIDMap=0:100000:1000\nUIDMap=1000:1000:1\n", false, "0:100000:1000 1000:1000:1",
                   "0:100000:1000 1000:1000:1");
        assert_ids("UIDMap=0:100000:10\nGIDMap=0:200000:10\n", false, "0:100000:10", "0:200000:10");
        assert_ids("UIDMap=u0:100000:10\nUIDMap=g0:7:1\n", false, "0:100000:10", "0:7:1");
        assert_ids("UIDMap=+33:1033:1\n", true, "33:1033:1", "33:1033:1");
}
END_TEST

START_TEST(maps_of_ranges) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = load_good("web.container", "[Container]\nImage=x\nExec=x\nSubUIDMap=other\n");
        ContainerSpec *s = NULL;

        sources.sub_uids = "root:1:1\napp:100000:1000\nweb:5:5\napp:300000:500\nbad\napp:x:1\n";
        sources.sub_gids = "app:500000:2000\n";
        assert_ids("SubUIDMap=app\n", false, "0:100000:1000 1000:300000:500", "0:500000:2000");
        /* Outside are numbers within the ranges then, but for the host's own. */
        assert_ids("SubUIDMap=app\nSubGIDMap=app\nUIDMap=0:990:20\nUIDMap=100:@33:1\n", false,
                   "0:100990:10 10:300000:10 100:33:1", "0:500990:20 100:33:1");
        ck_assert_int_eq(spec_make(u, &sources, diag, &s), -EINVAL);
        ck_assert_str_eq(diag_get(diag, 0)->message, "SubUIDMap=: /etc/subuid has no range of \"other\"");
        sources.sub_uids = sources.sub_gids = NULL;
}
END_TEST

START_TEST(bad_maps_of_ids) {
        static const struct {
                const char *lines, *said;
        } cases[] = {
                { "UIDMap=0:1:1\nUIDMap=5:1:1\n", "UIDMap=: ids are mapped twice" },
                { "SubUIDMap=app\nUIDMap=0:5:10\n", "UIDMap=: the range has fewer ids than that" },
        };

        sources.config = &config;
        sources.sub_uids = sources.sub_gids = "app:100000:10\n";
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *text = NULL;
                autoptr(Diag) diag = diag_new();
                autoptr(UnitSpec) u = NULL;
                ContainerSpec *s = NULL;

                ck_assert_int_gt(asprintf(&text, "[Container]\nImage=x\nExec=x\n%s", cases[i].lines), 0);
                u = load_good("web.container", text);
                ck_assert_int_eq(spec_make(u, &sources, diag, &s), -EINVAL);
                ck_assert_str_eq(diag_get(diag, 0)->message, cases[i].said);
        }
        sources.sub_uids = sources.sub_gids = NULL;
}
END_TEST

static bool has_mount(const ContainerSpec *s, const char *destination, MountKind kind) {
        for (size_t i = 0; i < s->n_mounts; i++)
                if (streq(s->mounts[i].destination, destination) && s->mounts[i].kind == kind)
                        return true;
        return false;
}

START_TEST(memory_over_a_read_only_root) {
        autoptr(ContainerSpec) s = make("ReadOnly=yes\nVolume=t:/tmp\n");
        autoptr(ContainerSpec) without = make("ReadOnly=yes\nReadOnlyTmpfs=no\n"), writable = make("");
        autoptr(ContainerSpec) old = make("VolatileTmp=yes\n");

        ck_assert(has_mount(s, "/run", MOUNT_TMPFS) && has_mount(s, "/var/tmp", MOUNT_TMPFS));
        ck_assert(has_mount(s, "/tmp", MOUNT_VOLUME) && !has_mount(s, "/tmp", MOUNT_TMPFS));
        ck_assert(!has_mount(without, "/run", MOUNT_TMPFS) && !has_mount(writable, "/run", MOUNT_TMPFS));
        ck_assert(has_mount(old, "/tmp", MOUNT_TMPFS));
}
END_TEST

START_TEST(filters_and_devices) {
        autoptr(ContainerSpec) s =
                make("SystemCallFilter=@swap mount\nSystemCallFilter=~chroot\n"
                     "RestrictAddressFamilies=AF_UNIX\nSuppressSync=yes\nMask=/etc/x:/srv\n"
                     "Unmask=/proc/k*\nAddDevice=-/dev/fuse:r\nAmbientCapability=CHOWN\n");

        ck_assert_uint_eq(strv_length(s->seccomp.allow), 3);
        ck_assert_str_eq(s->seccomp.deny[0], "chroot");
        ck_assert(s->seccomp.families.set && s->seccomp.suppress_sync && s->seccomp.enabled);
        ck_assert(strv_contains(s->masked_paths, "/srv") && !strv_contains(s->masked_paths, "/proc/kcore"));
        ck_assert_uint_eq(s->n_devices, 1);
        ck_assert(s->devices[0].optional && s->devices[0].read && !s->devices[0].write);
        ck_assert_uint_eq(s->ambient_capabilities, 1);
}
END_TEST

START_TEST(schedule_and_limits) {
        autoptr(ContainerSpec) none = make(""),
                               s = make("Ulimit=core=1:2\nUlimit=host\n[Service]\nNice=-3\n"
                                        "CPUSchedulingPolicy=rr\nCPUAffinity=1 64-65\n"
                                        "IOSchedulingClass=none\nIOSchedulingPriority=3\nUMask=077\n"
                                        "LimitCORE=5\nLimitNOFILE=9:10\n");
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) bad =
                load_good("web.container", "[Container]\nImage=x\nExec=x\n[Service]\nPersonality=sh\n");
        ContainerSpec *refused = NULL;

        ck_assert_ptr_null(none->schedule);
        ck_assert_uint_eq(none->n_rlimits, 0);
        ck_assert_uint_eq(s->schedule->set,
                          SCHEDULE_NICE | SCHEDULE_POLICY | SCHEDULE_CPUS | SCHEDULE_IO | SCHEDULE_UMASK);
        ck_assert_int_eq(s->schedule->nice, -3);
        /* A realtime policy has a priority of at least 1; the class "none" has none. */
        ck_assert_int_eq(s->schedule->priority, 1);
        ck_assert_int_eq(s->schedule->io_priority, 0);
        ck_assert_uint_eq(s->schedule->cpus[0], 2);
        ck_assert_uint_eq(s->schedule->cpus[1], 3);
        ck_assert_uint_eq(s->n_rlimits, 2);
        ck_assert_uint_eq(s->rlimits[0].limit.rlim_cur, 1);
        ck_assert_uint_eq(s->rlimits[1].limit.rlim_max, 10);
        ck_assert_int_eq(spec_make(bad, &sources, diag, &refused), -EINVAL);
        ck_assert_uint_eq(diag_count(diag), 1);
}
END_TEST

START_TEST(groups_of_system_calls) {
        char *mixed[] = { (char *) "@sync", (char *) "mount", (char *) "fsync", NULL }, **all = NULL;
        char *nested[] = { (char *) "@system-service", NULL }, *bad[] = { (char *) "@nothing", NULL };

        ck_assert_int_eq(syscall_names_expand(mixed, &all), 0);
        ck_assert_uint_eq(strv_length(all), 8);
        ck_assert(strv_contains(all, "fsync") && strv_contains(all, "sync_file_range2"));
        strv_free(all);
        /* Groups in groups, to the end. */
        ck_assert_int_eq(syscall_names_expand(nested, &all), 0);
        ck_assert(strv_contains(all, "openat") && strv_contains(all, "socket") &&
                  !strv_contains(all, "mount"));
        STRV_FOREACH (name, all)
                ck_assert_msg(**name != '@', "%s", *name);
        strv_free(all);
        ck_assert_int_eq(syscall_names_expand(bad, &all), -ENOENT);
        for (const char *const *group = syscall_groups(); *group; group++) {
                char *one[] = { (char *) *group, NULL };

                ck_assert(syscall_group_exists(*group));
                ck_assert_int_eq(syscall_names_expand(one, &all), 0);
                strv_free(all);
        }
}
END_TEST

TEST_MAIN("spec-make", command_of_image_and_unit, nothing_to_run_is_an_error, environment_in_order,
          user_and_group, what_the_image_says, mounts_are_sorted_and_image_volumes_added,
          without_user_namespace_nothing_is_shifted, host_network_shares_users, capabilities,
          security_of_configuration_and_unit, network_of_a_container, names,
          a_pod_is_a_container_without_a_process, what_a_pod_gives_to_its_containers, roots,
          timeouts_and_limits, limits_of_the_start, want_of_memory_and_delegation,
          environment_files_are_listed, groups_of_system_calls, environment_of_the_host, process_and_files,
          maps_of_ids, maps_of_ranges, bad_maps_of_ids, schedule_and_limits, memory_over_a_read_only_root,
          filters_and_devices)
