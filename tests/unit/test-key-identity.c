/* What format() writes, parse() reads back, of every key of [Container] and [Pod]; and it is what is
 * expected. */
#include "basic/macro.h"
#include "spec-helper.h"
#include "spec/key.h"

/* Key, what somebody writes, how it is shown; NULL: the same. */
static const char *const values[][3] = {
        { "AccuracySec", "5min", NULL },
        { "Accept", "no", NULL },
        { "AddCapability", "CAP_SYS_TIME NET_ADMIN", "NET_ADMIN SYS_TIME" },
        { "AddDevice", "-/dev/fuse", NULL },
        { "AddDevice", "/dev/sda:/dev/xvda:r /dev/null:rw", NULL },
        { "AddDevice", "vendor.com/class=name", NULL },
        { "AddHost", "db:10.0.0.1", NULL },
        { "AddHost", "up:host-gateway", NULL },
        { "AmbientCapability", "NET_ADMIN", NULL },
        { "Annotation", "a=b c", "a=b c=" },
        { "AppArmor", "unconfined", NULL },
        { "AutoUpdate", "registry", NULL },
        { "Backlog", "128", NULL },
        { "BandwidthMax", "10M", "10000000" },
        { "BandwidthMax", "infinity", NULL },
        { "BindIPv6Only", "ipv6-only", NULL },
        { "BindUser", "alice bob", NULL },
        { "Boot", "on", "yes" },
        { "Bridge", "br0", NULL },
        { "CgroupNS", "host", NULL },
        { "CgroupsMode", "no-conmon", NULL },
        { "ContainerName", "web", NULL },
        { "ContainersConfModule", "/etc/x.conf", NULL },
        { "DNS", "fd00::1", NULL },
        { "DNSOption", "ndots:1", NULL },
        { "DNSSearch", ".", NULL },
        { "DirectoryMode", "0700", NULL },
        { "DropCapability", "all", "ALL" },
        { "EgressAllow", "example.org:443 10.0.0.1/8:5432/tcp [fd00::1]:53-54/udp",
          "example.org:443 10.0.0.0/8:5432/tcp fd00::1/128:53-54/udp" },
        { "EgressAllow", "*.example.org 10.0.0.1", "*.example.org 10.0.0.1/32" },
        { "EgressDefault", "deny", NULL },
        { "Entrypoint", "[\"a\", \"b c\"]", "a \"b c\"" },
        { "Environment", "\"A=b c\" D=\\\"quoted\\\"", "\"A=b c\" \"D=\\\"quoted\\\"\"" },
        { "EnvironmentFile", "-/etc/env", NULL },
        { "EnvironmentHost", "yes", NULL },
        { "Ephemeral", "yes", NULL },
        { "Exec", "sleep \"in one\" \"back\\\\slash\"", NULL },
        { "ExitPolicy", "continue", NULL },
        { "ExposeHostPort", "50-59/udp", NULL },
        { "FileDescriptorName", "http", NULL },
        { "FixedRandomDelay", "yes", NULL },
        { "FreeBind", "yes", NULL },
        { "GIDMap", "0:1000:10", NULL },
        { "GlobalArgs", "--syslog --log-level=debug", NULL },
        { "Group", "www-data", NULL },
        { "GroupAdd", "keep-groups", NULL },
        { "HealthCmd", "curl -f http://x || exit 1", NULL },
        { "HealthCmd", "[\"CMD\", \"/bin/check\", \"-x\"]", "[\"/bin/check\", \"-x\"]" },
        { "HealthCmd", "[\"CMD-SHELL\", \"[ -e /x ]\"]", NULL },
        { "HealthCmd", "CMD /bin/check -x", "[\"/bin/check\", \"-x\"]" },
        { "HealthCmd", "none", NULL },
        { "HealthInterval", "1m30s", "1min 30s" },
        { "HealthInterval", "disable", NULL },
        { "HealthLogDestination", "events_logger", NULL },
        { "HealthMaxLogCount", "0", NULL },
        { "HealthMaxLogSize", "100", NULL },
        { "HealthOnFailure", "kill", NULL },
        { "HealthRetries", "5", NULL },
        { "HealthStartPeriod", "20s", NULL },
        { "HealthStartupCmd", "pgrep -f java", NULL },
        { "HealthStartupInterval", "10s", NULL },
        { "HealthStartupRetries", "0", NULL },
        { "HealthStartupSuccess", "1", NULL },
        { "HealthStartupTimeout", "10s", NULL },
        { "HealthTimeout", "5s", NULL },
        { "HostName", "box", NULL },
        { "HttpProxy", "false", "no" },
        { "IP", "10.0.0.1", NULL },
        { "IP6", "fd00::1", NULL },
        { "IPVLAN", "eth0", NULL },
        { "Image", "docker.io/library/nginx:1.27", NULL },
        { "Inaccessible", "/proc/acpi", NULL },
        { "Interface", "eth1:lan eth2", NULL },
        { "IpcNS", "db.container", NULL },
        { "KeepAlive", "yes", NULL },
        { "Label", "a=b", NULL },
        { "LinkJournal", "try-guest", NULL },
        { "ListenDatagram", "127.0.0.1:53", NULL },
        { "ListenSequentialPacket", "@name", NULL },
        { "ListenStream", "/run/web.sock", NULL },
        { "ListenStream", "[::1]:80", NULL },
        { "ListenStream", "8080", NULL },
        { "LogDriver", "k8s-file", NULL },
        { "LogPipe", "yes", NULL },
        { "LogOpt", "max-size=10mb max-file=3 tag=x,y", "max-size=10485760 max-file=3 tag=x,y" },
        { "MACVLAN", "eth0:mv0", NULL },
        { "MachineID", "0123ABCD-4567-89ab-cdef-0123456789ab", "0123abcd456789abcdef0123456789ab" },
        { "Mask", "/proc/acpi:/proc/kcore", "/proc/acpi /proc/kcore" },
        { "Memory", "4g", "4294967296" },
        { "Mount", "type=bind,source=/a,destination=/b,ro,bind-nonrecursive,slave", NULL },
        { "Mount", "type=bind,src=/a,dst=/b,relabel=shared,U=true",
          "type=bind,source=/a,destination=/b,U,z" },
        { "Mount", "type=bind,source=/a,destination=/b,idmap=uids=0-1000-1#1-2000-5;gids=0-1000-1", NULL },
        { "Mount", "type=tmpfs,destination=/t,exec,notmpcopyup,noswap,size=1024,mode=755", NULL },
        { "Mount", "type=image,source=fedora,destination=/f,rw=true,subpath=/usr",
          "type=image,source=fedora,destination=/f,rw,subpath=/usr" },
        { "Mount", "type=artifact,source=x.artifact,destination=/a,title=t", NULL },
        { "Mount", "type=glob,source=/usr/lib/libfoo*",
          "type=glob,source=/usr/lib/libfoo*,destination=/usr/lib" },
        { "Mount", "type=devpts,destination=/dev/pts,mode=620,uid=1,gid=5,max=8", NULL },
        { "Mount", "type=ramfs,destination=/r,size=64m", "type=ramfs,destination=/r,size=67108864" },
        { "Network",
          "back.network:ip=10.1.0.5,mac=02:00:00:00:00:01,alias=a,alias=b,interface_name=eth5,mtu=1400",
          NULL },
        { "Network", "container:systemd-db", "db.container" },
        { "Network", "ns:/run/netns/x", NULL },
        { "Network", "none", NULL },
        { "Network", "app.pod", NULL },
        { "NetworkAlias", "www", NULL },
        { "NoDelay", "yes", NULL },
        { "NoNewPrivileges", "no", NULL },
        { "Notify", "true", "yes" },
        { "Notify", "healthy", NULL },
        { "OnActiveSec", "1h", NULL },
        { "OnBootSec", "90", "\"1min 30s\"" },
        { "OnCalendar", "Mon..Fri 6:00", "\"Mon..Fri *-*-* 06:00:00\"" },
        { "OnStartupSec", "10min", NULL },
        { "OnUnitActiveSec", "1d", NULL },
        { "OnUnitInactiveSec", "1w", NULL },
        { "Overlay", "/a:/b:/c", NULL },
        { "Overlay", "/a::/c", NULL },
        { "OverlayReadOnly", "/a\\:x:/b:/c", NULL },
        { "Persistent", "yes", NULL },
        { "PidNS", "/run/ns/pid", NULL },
        { "PidsLimit", "-1", NULL },
        { "PidsLimit", "8192", NULL },
        { "PivotRoot", "/ostree/1:/sysroot", NULL },
        { "Pod", "app.pod", NULL },
        { "PodName", "app", NULL },
        { "PodmanArgs", "--with-key=value --foo", NULL },
        { "PrivateUsersDelegate", "2", NULL },
        { "Probe", "tcp://:5432", NULL },
        { "Probe", "http://web:8080/healthz?x=1", NULL },
        { "Probe", "http://:80", "http://:80/" },
        { "Probe", "unix:/run/x.sock", NULL },
        { "Probe", "exec:/bin/check \"a b\"", NULL },
        { "PublishPort", "[::1]:8000-8010:9000-9010/udp", NULL },
        { "PublishPort", "127.0.0.1::80/tcp", NULL },
        { "Pull", "newer", NULL },
        { "RandomizedDelaySec", "30s", NULL },
        { "ReadOnly", "1", "yes" },
        { "ReadOnlyTmpfs", "no", NULL },
        { "ReloadCmd", "/bin/reload \"a b\"", NULL },
        { "ReloadSignal", "hup", "SIGHUP" },
        { "RemapGid", "0:10000:10", NULL },
        { "RemapUid", "0:10000:10", NULL },
        { "RemapUidSize", "20", NULL },
        { "RemapUsers", "keep-id", NULL },
        { "RemoveOnStop", "yes", NULL },
        { "ResolvConf", "copy-host", NULL },
        { "RestrictAddressFamilies", "AF_INET AF_INET6", NULL },
        { "RestrictAddressFamilies", "~AF_PACKET AF_NETLINK", "~AF_NETLINK AF_PACKET" },
        { "RestrictAddressFamilies", "none", NULL },
        { "Retry", "5", NULL },
        { "RetryDelay", "10s", NULL },
        { "ReusePort", "yes", NULL },
        { "Rootfs", "/srv/root:O", NULL },
        { "RunInit", "yes", NULL },
        { "SeccompProfile", "unconfined", NULL },
        { "SeccompProfile", "/etc/web.json", NULL },
        { "Secret", "key", "key,type=mount,target=/run/secrets/key" },
        { "Secret", "key,type=env,target=API_KEY", NULL },
        { "Secret", "key,target=/etc/key,uid=5,mode=0400",
          "key,type=mount,target=/etc/key,uid=5,gid=0,mode=400" },
        { "SecurityLabelDisable", "yes", NULL },
        { "SecurityLabelFileType", "file_t", NULL },
        { "SecurityLabelLevel", "s0:c1,c2", NULL },
        { "SecurityLabelNested", "yes", NULL },
        { "SecurityLabelType", "web_t", NULL },
        { "ServiceName", "web", NULL },
        { "ShmSize", "1m", "1048576" },
        { "SocketGroup", "www-data", NULL },
        { "SocketMode", "0600", NULL },
        { "SocketUser", "1000", NULL },
        { "StartWithPod", "no", NULL },
        { "StopSignal", "SIGQUIT", NULL },
        { "StopTimeout", "1min 30s", NULL },
        { "SubGIDMap", "utest", NULL },
        { "SubUIDMap", "utest", NULL },
        { "SuppressSync", "yes", NULL },
        { "Sysctl", "net.core.somaxconn=4096", "net/core/somaxconn=4096" },
        { "SystemCallFilter", "@mount add_key", NULL },
        { "SystemCallFilter", "~@mount add_key", NULL },
        { "TimeNS", "new", NULL },
        { "TimeOffsetBoottime", "+1d", "1d" },
        { "TimeOffsetMonotonic", "-1h 30min", "-1h 30min" },
        { "Timezone", "Europe/Paris", NULL },
        { "Tmpfs", "/run:ro,size=4096", NULL },
        { "TriggerLimitBurst", "5", NULL },
        { "TriggerLimitIntervalSec", "10s", NULL },
        { "UIDMap", "+u82:@10008 0:0:1", "+u82:@10008:1 0:0:1" },
        { "Ulimit", "nofile=1024:unlimited", NULL },
        { "Ulimit", "host", NULL },
        { "Unmask", "/proc/sys/foo:/proc/sys/b*", "/proc/sys/foo /proc/sys/b*" },
        { "Unmask", "all", "ALL" },
        { "User", "1000:1000", NULL },
        { "UserNS", "auto:size=5000,uidmapping=0:100000:10,gidmapping=1:2:3", NULL },
        { "UserNS", "keep-id:uid=1000,gid=999", NULL },
        { "UserNS", "nomap", NULL },
        { "UserNS", "host", NULL },
        { "UserNS", "ns:/run/ns/user", NULL },
        { "UtsNS", "app.pod", NULL },
        { "VirtualEthernetExtra", "ve-x:eth1", NULL },
        { "Volatile", "overlay", NULL },
        { "Volatile", "true", "yes" },
        { "VolatileTmp", "yes", NULL },
        { "Volume", "data.volume:/data:ro,nocopy", NULL },
        { "Volume", "/a:/b:O,upperdir=/u,workdir=/w", NULL },
        { "Volume", "/anonymous", NULL },
        { "WorkingDir", "/srv", NULL },
        { "Zone", "lab", NULL },
};

static const char *const sections[] = { "Container", "Pod" };

START_TEST(values_survive) {
        for (size_t i = 0; i < ELEMENTSOF(values); i++)
                for (size_t s = 0; s < ELEMENTSOF(sections); s++) {
                        const Key *k = key_find(key_table_find(sections[s]), values[i][0]);
                        const char *expected = values[i][2] ? values[i][2] : values[i][1];
                        uint64_t first[64] = {}, second[64] = {};
                        KeyInput in = { .key = values[i][0], .text = values[i][1] };
                        autofree char *once = NULL, *twice = NULL;

                        if (!k)
                                continue;
                        k->type->clear(first);
                        ck_assert_msg(k->type->parse(&in, first) == 0, "%s=%s", k->name, values[i][1]);
                        once = k->type->format(first);
                        ck_assert_msg(streq(once, expected), "%s=%s becomes %s", k->name, values[i][1], once);

                        in.text = once;
                        k->type->clear(second);
                        ck_assert_msg(k->type->parse(&in, second) == 0, "%s=%s", k->name, once);
                        twice = k->type->format(second);
                        ck_assert_str_eq(once, twice);
                        k->type->clear(first);
                        k->type->clear(second);
                }
}
END_TEST

START_TEST(every_key_has_a_value_here) {
        for (size_t s = 0; s < ELEMENTSOF(sections); s++) {
                const KeyTable *table = key_table_find(sections[s]);

                for (size_t i = 0; i < table->n; i++) {
                        size_t found = 0;

                        for (size_t k = 0; k < ELEMENTSOF(values); k++)
                                found += streq(values[k][0], table->keys[i].name);
                        ck_assert_msg(found > 0, "%s=", table->keys[i].name);
                }
        }
}
END_TEST

/* A value is taken back by an empty one, and one pair of quotes is none of it. */
START_TEST(quotes_and_resets) {
        autoptr(UnitSpec) u = NULL;
        autoptr(Diag) diag = diag_new();

        ck_assert_int_eq(load_text("web.container",
                                   "[Container]\nImage=\"nginx\"\nMemory=\"1g\"\nSecret=a\nSecret=\nSecret='"
                                   "b,type=env'\n"
                                   "UserNS='keep-id:uid=5'\nHealthCmd=\"true\"\nNotify=\n",
                                   diag, &u),
                         0);
        ck_assert_uint_eq(u->container->memory, 1U << 30);
        ck_assert_uint_eq(u->container->files->secrets.n, 1);
        ck_assert_uint_eq(u->container->users->namespace.uid, 5);
        ck_assert_str_eq(u->container->health->command.argv[0], "true");
}
END_TEST

TEST_MAIN("key-identity", values_survive, every_key_has_a_value_here, quotes_and_resets)
