/* Units as typed values, and every kind of message about them, word for word. */
#include <signal.h>
#include <sys/mount.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec-helper.h"

#define WEB(lines) "[Container]\nImage=nginx\n" lines

static UnitSpec *web(const char *lines) {
        autofree char *text = NULL;

        ck_assert_int_gt(asprintf(&text, WEB("%s"), lines), 0);
        return load_good("web.container", text);
}

START_TEST(defaults) {
        autoptr(UnitSpec) u = web("");
        const ContainerSection *c = u->container;

        ck_assert_str_eq(u->name, "web.container");
        ck_assert_int_eq(u->kind, UNIT_CONTAINER);
        ck_assert_str_eq(c->image, "nginx");
        ck_assert_int_eq(u->service.type, SERVICE_EXEC);
        ck_assert_int_eq(u->service.restart, RESTART_NO);
        ck_assert_uint_eq(u->service.restart_sec, 100 * USEC_PER_MSEC);
        ck_assert_uint_eq(u->service.timeouts.start, 90 * USEC_PER_SEC);
        ck_assert(!u->service.timeout_start_set);
        ck_assert(u->service.restart_max_delay == USEC_INFINITY);
        ck_assert(u->service.memory_max == UINT64_MAX);
        ck_assert_uint_eq(u->unit.start_limit_burst, 5);
        ck_assert_uint_eq(c->shm_size, 64 << 20);
        ck_assert(!c->confine->seccomp.unconfined && !c->confine->seccomp.path);
        ck_assert_int_eq(c->confine->no_new_privileges, TOGGLE_UNSET);
        ck_assert(!c->network.choice.set);
        ck_assert_ptr_null(u->network);
}
END_TEST

START_TEST(service_values) {
        autoptr(UnitSpec) u =
                web("Notify=yes\n[Service]\nType=notify\nRestart=on-failure\nRestartSec=2\nRestartSteps=3\n"
                    "RestartMaxDelaySec=1min\nTimeoutStartSec=0\nTimeoutStopSec=5s\n"
                    "SuccessExitStatus=3 TEMPFAIL\nSuccessExitStatus=SIGUSR1\nRemainAfterExit=yes\n"
                    "MemoryMax=512M\nCPUWeight=200\nCPUQuota=150%\nTasksMax=64\n");
        const ServiceSection *s = &u->service;

        ck_assert_int_eq(s->type, SERVICE_NOTIFY);
        ck_assert_int_eq(s->restart, RESTART_ON_FAILURE);
        ck_assert_uint_eq(s->restart_sec, 2 * USEC_PER_SEC);
        ck_assert_uint_eq(s->restart_steps, 3);
        ck_assert_uint_eq(s->restart_max_delay, 60 * USEC_PER_SEC);
        ck_assert(s->timeouts.start == USEC_INFINITY && s->timeout_start_set);
        ck_assert_uint_eq(s->timeouts.stop, 5 * USEC_PER_SEC);
        ck_assert(exit_status_set_has_status(&s->exits->success, 3));
        ck_assert(exit_status_set_has_status(&s->exits->success, 75));
        ck_assert(!exit_status_set_has_status(&s->exits->success, 4));
        ck_assert(exit_status_set_has_signal(&s->exits->success, SIGUSR1));
        ck_assert(s->remain_after_exit);
        ck_assert_uint_eq(s->memory_max, 512 << 20);
        ck_assert_uint_eq(s->limits->cpu_weight, 200);
        ck_assert_uint_eq(s->limits->cpu_quota, 1500000);
        ck_assert_uint_eq(s->tasks_max, 64);
}
END_TEST

START_TEST(oneshot_has_no_start_timeout) {
        autoptr(UnitSpec) u = web("[Service]\nType=oneshot\n");
        autoptr(UnitSpec) set = web("[Service]\nType=oneshot\nTimeoutStartSec=5\n");

        ck_assert(u->service.timeouts.start == USEC_INFINITY);
        ck_assert_uint_eq(set->service.timeouts.start, 5 * USEC_PER_SEC);
}
END_TEST

START_TEST(lists_append_and_reset) {
        autoptr(UnitSpec) u =
                web("Environment=A=1 \"B=two words\"\nEnvironment=A=3\nDNS=1.1.1.1\nDNS=\n"
                    "DNS=9.9.9.9\nExec=first\nExec=second one\n[Unit]\nAfter=a\nAfter=\nAfter=b\n");

        ck_assert_uint_eq(strv_length(u->container->environment), 2);
        ck_assert_str_eq(u->container->environment[0], "A=3");
        ck_assert_str_eq(u->container->environment[1], "B=two words");
        ck_assert_uint_eq(u->container->network.more->dns.n, 1);
        ck_assert_uint_eq(strv_length(u->container->exec), 2);
        ck_assert_str_eq(u->container->exec[0], "second");
        /* Dependencies cannot be taken back, as in systemd. */
        ck_assert_uint_eq(strv_length(u->unit.dependencies[UNIT_DEP_AFTER]), 2);
}
END_TEST

START_TEST(scalars_reset_to_their_default) {
        autoptr(UnitSpec) u = web("ReadOnly=yes\nReadOnly=\nShmSize=1M\nShmSize=\n[Service]\nRestart=always\n"
                                  "Restart=\n");

        ck_assert(!u->container->read_only);
        ck_assert_uint_eq(u->container->shm_size, 64 << 20);
        ck_assert_int_eq(u->service.restart, RESTART_NO);
}
END_TEST

START_TEST(units_are_completed) {
        autoptr(UnitSpec) u =
                web("[Unit]\nRequires=db.service back-network.service\nAfter=network-online.target db\n"
                    "Wants=data-volume.service db@%N.container\n[Install]\nWantedBy=multi-user.target\n");

        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_REQUIRES][0], "db.container");
        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_REQUIRES][1], "back.network");
        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_AFTER][0], "network-online.target");
        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_AFTER][1], "db.container");
        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_WANTS][0], "data.volume");
        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_WANTS][1], "db@web.container");
        ck_assert_str_eq(u->install.wanted_by[0], "multi-user.target");
}
END_TEST

START_TEST(named_units_become_dependencies) {
        autoptr(UnitSpec) u =
                web("Network=back.network\nVolume=data.volume:/data\n"
                    "Mount=type=volume,source=more.volume,destination=/more\nVolume=plain:/plain\n");
        static const char *const expected[] = { "back.network", "data.volume", "more.volume" };

        ck_assert_uint_eq(strv_length(u->unit.dependencies[UNIT_DEP_REQUIRES]), ELEMENTSOF(expected));
        ck_assert_uint_eq(strv_length(u->unit.dependencies[UNIT_DEP_AFTER]), ELEMENTSOF(expected));
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_REQUIRES][i], expected[i]);
                ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_AFTER][i], expected[i]);
        }
}
END_TEST

START_TEST(entrypoint_in_both_forms) {
        autoptr(UnitSpec) words = web("Entrypoint=/bin/sh -c\n"),
                          json = web("Entrypoint=[\"/bin/sh\", \"-c x\"]\n");
        autoptr(UnitSpec) empty = web("Entrypoint=\n"), absent = web("");

        ck_assert_str_eq(words->container->entrypoint.words[1], "-c");
        ck_assert_str_eq(json->container->entrypoint.words[1], "-c x");
        ck_assert(empty->container->entrypoint.set && !empty->container->entrypoint.words);
        ck_assert(!absent->container->entrypoint.set);
}
END_TEST

START_TEST(exec_is_quoted_as_in_systemd) {
        autoptr(UnitSpec) u = web("Exec=sh -c 'echo $HOME $$' \"tab\\there\" %n\n");

        ck_assert_str_eq(u->container->exec[2], "echo $HOME $");
        ck_assert_str_eq(u->container->exec[3], "tab\there");
        ck_assert_str_eq(u->container->exec[4], "web.container");
}
END_TEST

START_TEST(one_pair_of_quotes_is_dropped) {
        autoptr(UnitSpec) u =
                load_good("web.container", "[Unit]\nDescription=\"Web\"\n[Container]\nImage=\"nginx\"\n"
                                           "User='app'\n");

        ck_assert_str_eq(u->container->image, "nginx");
        ck_assert_str_eq(u->container->user, "app");
        /* A text of systemd's keeps them. */
        ck_assert_str_eq(u->unit.description, "\"Web\"");
}
END_TEST

START_TEST(volumes) {
        autoptr(UnitSpec) u =
                web("Volume=/srv/www/:/usr/share/www:ro,rslave\nVolume=./conf:/conf\nVolume=../up:/up\n"
                    "Volume=data:/data:nocopy,U,z\nVolume=/cache\n");
        const MountSpec *m = u->container->volumes.items;

        ck_assert_uint_eq(u->container->volumes.n, 5);
        ck_assert_int_eq(m[0].kind, MOUNT_BIND);
        ck_assert_str_eq(m[0].source, "/srv/www");
        ck_assert_str_eq(m[0].destination, "/usr/share/www");
        ck_assert(m[0].read_only && m[0].recursive && m[0].idmap);
        ck_assert_uint_eq(m[0].propagation, MS_SLAVE | MS_REC);
        ck_assert_str_eq(m[1].source, "/etc/nsunits/conf");
        ck_assert_str_eq(m[2].source, "/etc/up");
        ck_assert_int_eq(m[3].kind, MOUNT_VOLUME);
        ck_assert_str_eq(m[3].source, "data");
        ck_assert(!m[3].copy && m[3].chown && m[3].propagation == (MS_PRIVATE | MS_REC));
        ck_assert_int_eq(m[4].kind, MOUNT_VOLUME);
        ck_assert_ptr_null(m[4].source);
        ck_assert_str_eq(m[4].destination, "/cache");
        ck_assert(m[4].copy);
        ck_assert_uint_eq(m[0].at.line, 3);
        ck_assert_uint_eq(m[0].at.column, 8);
}
END_TEST

START_TEST(mounts_and_tmpfs) {
        autoptr(UnitSpec) u = web("Mount=type=bind,src=/a,dst=/b,readonly=true,bind-propagation=shared\n"
                                  "Mount=type=tmpfs,destination=/t,tmpfs-size=64M,tmpfs-mode=1777\n"
                                  "Tmpfs=/run:size=1g,mode=0755,exec\nTmpfs=/tmp\n");
        const MountSpec *m = u->container->files->mounts.items, *t = u->container->files->tmpfses.items;

        ck_assert_str_eq(m[0].source, "/a");
        ck_assert(m[0].read_only && m[0].propagation == MS_SHARED);
        ck_assert_int_eq(m[1].kind, MOUNT_TMPFS);
        ck_assert_uint_eq(m[1].size, 64 << 20);
        ck_assert_uint_eq(m[1].mode, 01777);
        ck_assert(m[1].no_exec && m[1].no_suid && m[1].no_dev);
        ck_assert_uint_eq(t[0].size, 1 << 30);
        ck_assert_uint_eq(t[0].mode, 0755);
        ck_assert(!t[0].no_exec && t[0].no_suid);
        ck_assert_uint_eq(t[1].size, 0);
}
END_TEST

START_TEST(a_later_volume_replaces_one_on_the_same_place) {
        autoptr(UnitSpec) u = web("Volume=/a:/data\nVolume=/b:/data:ro\n");

        ck_assert_uint_eq(u->container->volumes.n, 1);
        ck_assert_str_eq(u->container->volumes.items[0].source, "/b");
        ck_assert(u->container->volumes.items[0].read_only);
}
END_TEST

START_TEST(published_ports) {
        autoptr(UnitSpec) u =
                web("PublishPort=80\nPublishPort=8080:80\nPublishPort=127.0.0.1:8081:80/udp\n"
                    "PublishPort=127.0.0.1::81\nPublishPort=[::1]:82:82\nPublishPort=9000-9009:19000-19009\n"
                    "PublishPort=:83\nPublishPort=0:84\n");
        const PublishSpec *p = u->container->network.publish.items;

        ck_assert_uint_eq(u->container->network.publish.n, 8);
        ck_assert(p[0].host_port == 0 && p[0].container_port == 80 && p[0].count == 1);
        ck_assert(p[1].host_port == 8080 && p[1].host_address.family == AF_UNSPEC &&
                  p[1].protocol == PROTOCOL_TCP);
        ck_assert(p[2].host_address.family == AF_INET && p[2].protocol == PROTOCOL_UDP);
        ck_assert(p[3].host_port == 0 && p[3].host_address.family == AF_INET && p[3].container_port == 81);
        ck_assert(p[4].host_address.family == AF_INET6 && p[4].host_port == 82);
        ck_assert(p[5].host_port == 9000 && p[5].container_port == 19000 && p[5].count == 10);
        ck_assert(p[6].host_port == 0 && p[6].container_port == 83);
        ck_assert(p[7].host_port == 0 && p[7].container_port == 84);
}
END_TEST

START_TEST(networks) {
        autoptr(UnitSpec) none = web("Network=none\n"),
                          bridge = web("Network=bridge\nNetwork=back.network:ip=10.1.0.5\n");
        autoptr(UnitSpec) name = web("Network=back\nIP=10.1.0.9\n");

        ck_assert_int_eq(none->container->network.choice.mode, NETWORK_MODE_NONE);
        ck_assert_str_eq(bridge->container->network.choice.joins[0].name, "default");
        ck_assert_str_eq(bridge->container->network.choice.joins[1].name, "back.network");
        ck_assert_int_eq(bridge->container->network.choice.joins[1].ip4.family, AF_INET);
        ck_assert_str_eq(name->container->network.choice.joins[0].name, "back.network");
        ck_assert_int_eq(name->container->network.more->ip4.family, AF_INET);
}
END_TEST

START_TEST(network_and_volume_units) {
        autoptr(UnitSpec) n = load_good("back.network", "[Network]\nSubnet=10.5.0.0/16\nSubnet=fd05::/64\n"
                                                        "Gateway=10.5.0.254\nIPv6=yes\nInternal=true\n");
        autoptr(UnitSpec) v = load_good("data.volume", "[Volume]\nVolumeName=pgdata\nCopy=no\nLabel=a=b\n");
        autoptr(UnitSpec) bare = load_good("bare.volume", "");

        ck_assert_uint_eq(n->network->n_subnets, 2);
        ck_assert_uint_eq(n->network->n_gateways, 1);
        ck_assert_uint_eq(n->network->subnets[0].bits, 16);
        ck_assert(n->network->ipv6 && n->network->internal);
        ck_assert_str_eq(v->volume->volume_name, "pgdata");
        ck_assert(!v->volume->copy);
        ck_assert(bare->volume->copy);
        ck_assert_ptr_null(bare->volume->volume_name);
}
END_TEST

START_TEST(confinement) {
        autoptr(UnitSpec) u =
                web("AddCapability=CAP_NET_ADMIN sys_time\nDropCapability=all\nNoNewPrivileges=no\n"
                    "SeccompProfile=unconfined\nUnmask=all\nUserNS=host\n"
                    "Sysctl=net.ipv4.ip_forward=1 net.core.somaxconn=1024\nUlimit=nofile=100:200\n"
                    "Ulimit=core=unlimited\n");
        const ContainerSection *c = u->container;

        ck_assert_uint_eq(c->confine->add_capabilities, UINT64_C(1) << 12 | UINT64_C(1) << 25);
        ck_assert_int_eq(c->confine->no_new_privileges, TOGGLE_OFF);
        ck_assert(c->confine->seccomp.unconfined && c->confine->unmask.all);
        ck_assert_int_eq(c->users->namespace.mode, USERNS_HOST);
        ck_assert_str_eq(c->system->sysctls.items[1].path, "net/core/somaxconn");
        ck_assert_str_eq(c->system->sysctls.items[1].value, "1024");
        ck_assert_int_eq(c->system->ulimits.items[0].resource, RLIMIT_NOFILE);
        ck_assert_uint_eq(c->system->ulimits.items[0].limit.rlim_max, 200);
        ck_assert(c->system->ulimits.items[1].limit.rlim_cur == RLIM_INFINITY);
}
END_TEST

START_TEST(sysctl_names_with_dots_inside) {
        autoptr(UnitSpec) u =
                web("Sysctl=net.ipv4.conf.eth0/1.forwarding=1 net/ipv4/conf/eth0.1/forwarding=1\n");

        ck_assert_str_eq(u->container->system->sysctls.items[0].path, "net/ipv4/conf/eth0.1/forwarding");
        ck_assert_str_eq(u->container->system->sysctls.items[1].path, "net/ipv4/conf/eth0.1/forwarding");
}
END_TEST

START_TEST(private_sections_and_keys_are_ignored) {
        autoptr(UnitSpec) u = web("X-Note=anything\n[X-Other]\nWhatever=1\n");

        ck_assert_str_eq(u->container->image, "nginx");
}
END_TEST

START_TEST(unsupported_keys_are_warnings) {
        assert_messages("web.container",
                        WEB("PrivateUsersDelegate=1\n[Service]\n  "
                            "MemoryPressureWatch=on\n"),
                        0,
                        "3:1: warning: PrivateUsersDelegate= is not supported yet\n"
                        "5:3: warning: MemoryPressureWatch= is not supported yet");
}
END_TEST

START_TEST(unknown_keys_and_sections_are_errors) {
        assert_messages("web.container", "[Contianer]\nImage=x\n[Container]\nImgae=x\nRestart=no\nImage=y\n",
                        -EINVAL,
                        "1:1: error: section [Contianer] does not belong in a .container unit (did you mean "
                        "\"Container\"?)\n"
                        "4:1: error: unknown key Imgae= in section [Container] (did you mean \"Image\"?)\n"
                        "5:1: error: Restart= belongs in section [Service], not in [Container]");
        assert_messages("web.container", WEB("[Network]\nSubnet=10.0.0.0/8\n"), -EINVAL,
                        "3:1: error: section [Network] does not belong in a .container unit (it belongs in a "
                        ".network "
                        "unit)");
        assert_messages("web.container", WEB("[Service]\nWants=db\n"), -EINVAL,
                        "4:1: error: Wants= belongs in section [Unit], not in [Service]");
}
END_TEST

START_TEST(bad_values_say_where_and_what) {
        static const char *const cases[][2] = {
                { "ReadOnly=maybe", "10: error: ReadOnly=: \"maybe\" is not one of its values (yes | no)" },
                { "ReadOnly=ture",
                  "10: error: ReadOnly=: \"ture\" is not one of its values (did you mean \"true\"?)" },
                { "PublishPort=8080:http", "18: error: PublishPort=: \"http\" is not a port number" },
                { "PublishPort=70000", "13: error: PublishPort=: \"70000\" is not a port number" },
                { "PublishPort=80:80/tpc",
                  "19: error: PublishPort=: \"tpc\" is not one of its values (did you mean \"tcp\"?)" },
                { "PublishPort=::1:80:80", "13: error: PublishPort=: \"::1:80:80\" has too many colons (an "
                                           "IPv6 address stands in brackets: "
                                           "[::1]:8080:80)" },
                { "PublishPort=80-82:80-81",
                  "13: error: PublishPort=: 3 host ports cannot lead to 2 container ports" },
                { "Volume=data", "8: error: Volume=: \"data\" is not an absolute path in the container" },
                { "Volume=a/b:/c", "8: error: Volume=: \"a/b\" is neither a path nor the name of a volume (a "
                                   "path begins with \"/\", or "
                                   "with \"./\" for the unit file's directory)" },
                { "Volume=/a:/b:rx", "14: error: Volume=: unknown option \"rx\"" },
                { "Volume=/a:/b:ro,raedonly",
                  "17: error: Volume=: unknown option \"raedonly\" (did you mean \"readonly\"?)" },
                { "Volume=/a:/../b", "11: error: Volume=: path \"/../b\" must not contain \"..\"" },
                { "Mount=source=/a,destination=/b",
                  "7: error: Mount=: type= is missing (bind, volume, tmpfs ...)" },
                { "Mount=type=bind,destination=/b", "7: error: Mount=: source= is missing" },
                { "Mount=type=tmpfs,source=/a,destination=/b",
                  "18: error: Mount=: a tmpfs mount has no source" },
                { "Tmpfs=/a:copy", "10: error: Tmpfs=: option \"copy\" does not go with a tmpfs mount" },
                { "AddCapability=NET_ADMIN NET_ARW",
                  "25: error: AddCapability=: \"NET_ARW\" is not a capability (did you mean \"NET_RAW\"?)" },
                { "Sysctl=kernel.panic=1",
                  "8: error: Sysctl=: kernel.panic belongs to the whole machine, not to a container (a "
                  "container has its "
                  "own net.*, fs.mqueue.*, kernel.shm*, kernel.msg*, kernel.sem and kernel.domainname)" },
                { "Ulimit=nofile=10:5", "15: error: Ulimit=: the soft limit is above the hard limit" },
                { "Ulimit=nofiles=10",
                  "8: error: Ulimit=: \"nofiles\" is not one of its values (did you mean \"nofile\"?)" },
                { "IP=fd00::1", "4: error: IP=: \"fd00::1\" is not an IPv4 address" },
                { "DNS=one.one", "5: error: DNS=: \"one.one\" is not an IP address" },
                { "AddHost=db", "9: error: AddHost=: \"db\" is not of the form NAME:ADDRESS" },
                { "StopSignal=SIGTREM", "12: error: StopSignal=: \"SIGTREM\" is not one of its values (did "
                                        "you mean \"SIGTERM\"?)" },
                { "StopTimeout=soon",
                  "13: error: StopTimeout=: \"soon\" is not of the form SECONDS, or as in 5min 20s" },
                { "WorkingDir=data",
                  "12: error: WorkingDir=: \"data\" is not an absolute path in the container" },
                { "UserNS=ato",
                  "8: error: UserNS=: \"ato\" is not one of its values (did you mean \"auto\"?)" },
                { "Environment==x", "13: error: Environment=: \"=x\" has no name" },
                { "Exec=x \\x82", "8: error: Exec=: the escapes give bytes that are not UTF-8" },
                { "Entrypoint=[1]", "12: error: Entrypoint=: the array must hold nothing but strings" },
                { "ContainerName=my web",
                  "17: error: ContainerName=: a name is made of letters, digits, \"_\", \".\" and \"-\"" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *text = NULL, *expected = NULL, *said = NULL;

                ck_assert_int_gt(asprintf(&text, WEB("%s\n"), cases[i][0]), 0);
                ck_assert_int_gt(asprintf(&expected, "3:%s", cases[i][1]), 0);
                said = messages_of("web.container", text, -EINVAL);
                ck_assert_str_eq(said, expected);
        }
}
END_TEST

START_TEST(bad_service_values) {
        assert_messages(
                "web.container",
                WEB("[Service]\nRestart=on-failre\nMemoryMax=lots\nCPUWeight=0\nTasksMax=no\nType=forking\n"
                    "SuccessExitStatus=1 TEMPFIAL\nCPUQuota=20\n"),
                -EINVAL,
                "4:9: error: Restart=: \"on-failre\" is not one of its values (did you mean "
                "\"on-failure\"?)\n"
                "5:11: error: MemoryMax=: \"lots\" is not of the form BYTES, with K, M, G or T | PERCENT% | "
                "infinity\n"
                "6:11: error: CPUWeight=: \"0\" is out of range (1 ... 10000)\n"
                "7:10: error: TasksMax=: \"no\" is not of the form NUMBER | PERCENT% | infinity\n"
                "8:6: error: Type=forking is not for containers (a program that stays in the foreground "
                "needs "
                "Type=exec or Type=notify)\n"
                "9:21: error: SuccessExitStatus=: \"TEMPFIAL\" is not one of its values (did you mean "
                "\"TEMPFAIL\"?)\n"
                "10:10: error: CPUQuota=: \"20\" is not of the form PERCENT%");
}
END_TEST

START_TEST(keys_that_do_not_go_together) {
        static const struct {
                const char *text, *said;
        } cases[] = {
                { "[Container]\nExec=x\n",
                  "1:1: error: neither Image= nor Rootfs= says what the container is made from" },
                { "[Container]\nImage=a b\n", "2:8: error: Image=: the name of an image has no blanks" },
                { WEB("Rootfs=/srv\nExec=x\n"), "3:8: error: Rootfs= does not go together with Image=" },
                { WEB("Group=app\n"), "3:7: error: Group= needs User=" },
                { WEB("[Service]\nType=oneshot\nRestart=always\n"),
                  "5:9: error: Restart=always does not go together with Type=oneshot" },
                { WEB("Network=host\nIP=10.0.0.1\n"),
                  "4:4: error: IP= does not go together with Network=host" },
                { WEB("Network=host\nNetwork=back.network\n"),
                  "4:9: error: Network=: \"back.network\" does not go together with \"host\"" },
                { WEB("Network=host\nSysctl=net.core.somaxconn=1\n"),
                  "4:8: error: Sysctl=net/core/somaxconn is of a namespace that is not the container's own" },
                { WEB("PublishPort=80:80\nPublishPort=127.0.0.1:79-81:1-3\n"),
                  "4:13: error: PublishPort=: host port 80 is published in line 3 already" },
                { WEB("Volume=/a:/x\nTmpfs=/x\n"), "4:7: error: line 3 mounts something on /x already" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_messages("web.container", cases[i].text, -EINVAL, cases[i].said);
}
END_TEST

START_TEST(what_is_probably_not_meant) {
        assert_messages(
                "web.container",
                WEB("Network=none\nPublishPort=80:80\n[Service]\nRestartSteps=3\n[Unit]\nAfter=web\n"), 0,
                "4:13: warning: PublishPort= does nothing with Network=none\n"
                "8:7: warning: After= names the unit itself\n"
                "6:14: warning: RestartSteps= does nothing without RestartMaxDelaySec=");
        assert_messages("web.container", WEB("UserNS=keep-id\nEnvironment=A=b c\n"), 0,
                        "4:17: warning: Environment=: \"c\" is not of the form NAME=VALUE and is left out (a "
                        "value with "
                        "blanks needs quotes around the whole assignment: \"NAME=a value\")");
}
END_TEST

START_TEST(confinement_is_checked) {
        assert_messages(
                "web.container", WEB("SystemCallFilter=@mont\n"), -EINVAL,
                "3:18: error: SystemCallFilter=: \"@mont\" is not a group of system calls (did you mean "
                "\"@mount\"?)");
        assert_messages(
                "web.container", WEB("AddDevice=/dev/fuse:/srv/fuse\n"), -EINVAL,
                "3:11: error: AddDevice=: /srv/fuse is no place for a device in a container (device files "
                "work below /dev alone, and not in /dev/shm, pts or mqueue)");
        assert_messages(
                "web.container", WEB("AddDevice=/dev/fuse:/dev/shm/fuse\n"), -EINVAL,
                "3:11: error: AddDevice=: /dev/shm/fuse is no place for a device in a container (device "
                "files work below /dev alone, and not in /dev/shm, pts or mqueue)");
        assert_messages(
                "web.container", WEB("GroupAdd=keep-groups\n"), 0,
                "3:10: warning: GroupAdd=keep-groups does nothing here (the manager is in no groups of a "
                "user)");
        assert_messages(
                "web.container", WEB("ResolvConf=delete\n"), -EINVAL,
                "3:12: error: ResolvConf=delete is not supported (off leaves the file as the image has it)");
        assert_messages(
                "web.container", WEB("ResolvConf=copy-host\nDNS=9.9.9.9\n"), 0,
                "3:12: warning: ResolvConf=copy-host leaves DNS=, DNSOption= and DNSSearch= without effect");
        assert_messages("web.container", WEB("SeccompProfile=/no/such.json\n"), 0,
                        "3:16: warning: SeccompProfile=: /no/such.json cannot be read now");
        /* Endless, and no file. */
        assert_messages("web.container", WEB("SeccompProfile=/dev/zero\n"), 0,
                        "3:16: warning: SeccompProfile=: /dev/zero cannot be read now");
}
END_TEST

/* Of a kind that nothing runs one sentence says so, not each of its keys. */
START_TEST(kinds_that_nothing_runs_say_so) {
        assert_messages("k.kube", "[Kube]\nYaml=/k.yml\nUserNS=auto\n", 0,
                        " warning: .kube units are read and checked, but nothing runs them yet");
        assert_messages("p.pod", "[Pod]\nPodName=p\n", 0, "");
}
END_TEST

START_TEST(columns_behind_a_continuation) {
        assert_messages("web.container", WEB("Environment=A=1 \\\n   =x\n"), -EINVAL,
                        "4:4: error: Environment=: \"=x\" has no name");
}
END_TEST

START_TEST(specifiers_are_expanded) {
        autoptr(UnitSpec) u =
                load_good("job@7.container", "[Unit]\nDescription=Job %i on %H, 100%%\n[Container]\n"
                                             "Image=job:%i\nVolume=%S/%p/%i:/data\n");

        ck_assert_str_eq(u->unit.description, "Job 7 on host, 100%");
        ck_assert_str_eq(u->container->image, "job:7");
        ck_assert_str_eq(u->container->volumes.items[0].source, "/var/lib/job/7");
}
END_TEST

START_TEST(numbers_of_services_are_systemds) {
        autoptr(UnitSpec) u =
                web("[Service]\nTasksMax=0x10\nCPUWeight=+7\nMemoryMax=1G1M\n[Unit]\nStartLimitBurst=010\n");
        autoptr(UnitSpec) part = web("[Service]\nTasksMax=10%\nMemoryMax=50%\n");
        const uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);

        ck_assert_uint_eq(u->service.tasks_max, 16);
        ck_assert_uint_eq(u->service.limits->cpu_weight, 7);
        ck_assert_uint_eq(u->service.memory_max, UINT64_C(1074790400));
        ck_assert_uint_eq(u->unit.start_limit_burst, 8);

        ck_assert_uint_gt(part->service.tasks_max, 0);
        ck_assert_uint_lt(part->service.tasks_max, UINT64_MAX);
        ck_assert_uint_eq(part->service.memory_max % page, 0);
        ck_assert_uint_ge(part->service.memory_max, (uint64_t) sysconf(_SC_PHYS_PAGES) / 2 * page);
        ck_assert_uint_le(part->service.memory_max, ((uint64_t) sysconf(_SC_PHYS_PAGES) / 2 + 1) * page);
}
END_TEST

START_TEST(configuration_gives_defaults) {
        autoptr(UnitSpec) u = web("[Service]\nTasksMax=infinity\n");
        ManagerConfig config = {
                .defaults = { .memory_max = 1 << 30,
                              .tasks_max = 100,
                              .timeout_start = 7,
                              .timeout_stop = 8,
                              .restart_sec = 9,
                              .start_limit_interval = 10,
                              .start_limit_burst = 11 },
        };

        unit_spec_set_defaults(u, &config);
        ck_assert_uint_eq(u->service.memory_max, 1 << 30);
        ck_assert(u->service.tasks_max == UINT64_MAX); /* the unit says so itself */
        ck_assert_uint_eq(u->service.timeouts.start, 7);
        ck_assert_uint_eq(u->service.timeouts.stop, 8);
        ck_assert_uint_eq(u->service.restart_sec, 9);
        ck_assert_uint_eq(u->unit.start_limit_interval, 10);
        ck_assert_uint_eq(u->unit.start_limit_burst, 11);
}
END_TEST

START_TEST(all_keys_are_shown) {
        autoptr(UnitSpec) u = web("PublishPort=8080:80\n");
        autostrv char **lines = NULL;

        ck_assert_int_eq(unit_spec_format(u, &lines), 0);
        ck_assert(strv_contains(lines, "Image=nginx"));
        ck_assert(strv_contains(lines, "PublishPort=8080:80/tcp"));
        ck_assert(strv_contains(lines, "Restart=no"));
        ck_assert(strv_contains(lines, "RestartSec=100ms"));
        ck_assert(strv_contains(lines, "MemoryMax=infinity"));
        ck_assert(strv_contains(lines, "WantedBy="));
}
END_TEST

TEST_MAIN("unit-spec", defaults, service_values, oneshot_has_no_start_timeout, lists_append_and_reset,
          scalars_reset_to_their_default, units_are_completed, named_units_become_dependencies,
          entrypoint_in_both_forms, exec_is_quoted_as_in_systemd, one_pair_of_quotes_is_dropped, volumes,
          mounts_and_tmpfs, a_later_volume_replaces_one_on_the_same_place, published_ports, networks,
          network_and_volume_units, confinement, sysctl_names_with_dots_inside,
          private_sections_and_keys_are_ignored, unsupported_keys_are_warnings,
          unknown_keys_and_sections_are_errors, bad_values_say_where_and_what, bad_service_values,
          keys_that_do_not_go_together, what_is_probably_not_meant, confinement_is_checked,
          kinds_that_nothing_runs_say_so, columns_behind_a_continuation, specifiers_are_expanded,
          numbers_of_services_are_systemds, configuration_gives_defaults, all_keys_are_shown)
