/* Networks, volumes, images, artifacts, builds and kube files as typed values, and all that is said about
 * them. */
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec-helper.h"
#include "spec/key.h"

#define IDLE(kind) "warning: ." kind " units are read and checked, but nothing runs them yet"

/* What is said about a unit of a kind that nothing runs, without the sentence that says so. */
static void assert_idle_messages(const char *name, const char *text, int expected, const char *messages) {
        autofree char *said = messages_of(name, text, expected), *whole = NULL;
        const char *kind = strrchr(name, '.') + 1, *idle;
        autofree char *sentence = NULL;
        size_t n;

        ck_assert_int_gt(asprintf(&sentence, " " IDLE("%s"), kind), 0);
        idle = strstr(said, sentence);
        ck_assert_msg(idle, "%s", said);
        n = strlen(sentence) + (idle[strlen(sentence)] == '\n');
        ck_assert_int_ge(asprintf(&whole, "%.*s%s", (int) (idle - said), said, idle + n), 0);
        n = strlen(whole);
        if (n > 0 && whole[n - 1] == '\n')
                whole[n - 1] = '\0';
        ck_assert_str_eq(whole, messages);
}

/* A unit of which nothing is said but that nothing runs it. */
static UnitSpec *load_idle(const char *name, const char *text) {
        autoptr(Diag) diag = diag_new();
        autofree char *said = NULL;
        UnitSpec *u;

        ck_assert_int_eq(load_text(name, text, diag, &u), 0);
        said = diag_to_string(diag);
        ck_assert_uint_eq(diag_count(diag), 1);
        ck_assert_ptr_nonnull(strstr(said, "but nothing runs them yet"));
        return u;
}

static void assert_shown(const UnitSpec *u, const char *key, const char *value) {
        const KeyTable *table = key_table_find(section_of_kind(u->kind));
        autofree char *text = key_format(key_find(table, key), unit_spec_section(u, table->section));

        ck_assert_str_eq(text, value);
}

START_TEST(networks) {
        autoptr(Diag) diag = diag_new();
        UnitSpec *u;

        ck_assert_int_eq(
                load_text("n.network",
                          "[Network]\nSubnet=10.5.0.0/16\nSubnet=fd05::/64\nIPRange=10.5.1.0/24\n"
                          "IPRange=fd05::10-fd05::ff\nDNS=1.1.1.1\nInterfaceName=br-back\n"
                          "Options=mtu=1400 \"vrf=blue\"\nOptions=mtu=1500 isolate=strict\n"
                          "NetworkDeleteOnStop=yes\nServiceName=back\nPodmanArgs=--log-level \"a b\"\n",
                          diag, &u),
                0);
        ck_assert_int_eq(u->network->driver, NETWORK_DRIVER_BRIDGE);
        ck_assert_int_eq(u->network->ipam_driver, IPAM_DRIVER_HOST_LOCAL);
        ck_assert_uint_eq(u->network->ranges.n, 2);
        ck_assert_uint_eq(u->network->ranges.items[0].bits, 24);
        ck_assert(u->network->delete_on_stop);
        assert_shown(u, "IPRange", "10.5.1.0/24 fd05::10-fd05::ff");
        assert_shown(u, "Options", "mtu=1500 vrf=blue isolate=strict");
        assert_shown(u, "PodmanArgs", "--log-level \"a b\"");
        assert_shown(u, "ServiceName", "back");
        unit_spec_free(u);
}
END_TEST

START_TEST(networks_are_checked) {
        assert_messages("n.network", "[Network]\nGateway=10.0.0.1\n", -EINVAL,
                        "2:9: error: there are more Gateway= than Subnet=");
        assert_messages("n.network",
                        "[Network]\nSubnet=10.0.0.0/24\nGateway=10.0.0.1\nGateway=10.0.1.1\nDNS=\n", -EINVAL,
                        "4:9: error: there are more Gateway= than Subnet=");
        assert_messages("n.network", "[Network]\nIPRange=10.0.0.0/28\n", -EINVAL,
                        "2:9: error: there are more IPRange= than Subnet=");
        assert_messages("n.network", "[Network]\nSubnet=10.0.0.0/24\nIPRange=10.0.0.10-10.0.1.20\n", -EINVAL,
                        "3:9: error: IPRange= is not inside Subnet=10.0.0.0/24");
        assert_messages("n.network", "[Network]\nIPRange=10.0.0.9-10.0.0.2\n", -EINVAL,
                        "2:9: error: IPRange=: the range of addresses runs backwards");
        assert_messages("n.network", "[Network]\nIPRange=10.0.0.9-fd00::1\n", -EINVAL,
                        "2:9: error: IPRange=: \"10.0.0.9-fd00::1\" begins in IPv4 and ends in IPv6");
        assert_messages(
                "n.network", "[Network]\nRoute=10.1.0.0/16\n", -EINVAL,
                "2:7: error: Route=: \"10.1.0.0/16\" is not of the form ADDRESS/BITS,GATEWAY[,METRIC]");
        assert_messages("n.network", "[Network]\nRoute=10.1.0.0/16,fd00::1\n", -EINVAL,
                        "2:19: error: Route=: \"fd00::1\" is not an IPv4 address");
        assert_messages("n.network", "[Network]\nRoute=10.1.0.0/16,10.0.0.2,0\n", -EINVAL,
                        "2:28: error: Route=: \"0\" is not a metric (1 ... 4294967295)");
        assert_messages("n.network", "[Network]\nSubnet=10.0.0.0/24\nRoute=10.1.0.0/16,10.2.0.2\n", -EINVAL,
                        "3:7: error: Route=: the gateway 10.2.0.2 is not inside a Subnet=");
        assert_messages("n.network", "[Network]\nDriver=routed\nRoute=10.1.0.0/16,10.2.0.2\n", -EINVAL,
                        "3:7: error: Route= does not go together with Driver=routed: the host is the only "
                        "neighbour");
        assert_messages("n.network", "[Network]\nIPRange=10.0.0.9\n", -EINVAL,
                        "2:9: error: IPRange=: \"10.0.0.9\" is not of the form ADDRESS/BITS | "
                        "ADDRESS-ADDRESS");
        assert_messages("n.network",
                        "[Network]\nSubnet=10.0.0.0/24\nSubnet=10.0.0.128/25\nSubnet=10.1.0.0/24\n", -EINVAL,
                        "3:8: error: Subnet=10.0.0.128/25 is given twice, or inside another");
}
END_TEST

START_TEST(drivers_and_their_options) {
        assert_messages(
                "n.network", "[Network]\nDriver=brigde\n", -EINVAL,
                "2:8: error: Driver=: \"brigde\" is not one of its values (did you mean \"bridge\"?)");
        assert_messages("n.network", "[Network]\nDriver=macvlan\nIPAMDriver=dhcp\n", 0,
                        "3:12: warning: IPAMDriver=dhcp is not supported yet (the network is not started)");
        assert_messages("n.network", "[Network]\nDriver=ipvlan\nOptions=mode=bridge\n", -EINVAL,
                        "3:9: error: Options=mode=bridge does not go together with Driver=ipvlan");
        assert_messages(
                "n.network", "[Network]\nDriver=macvlan\nInternal=yes\nOptions=vlan=5 mtu=1400\n", 0,
                "4:9: warning: Options=vlan does nothing with Driver=macvlan\n"
                "3:10: warning: Internal=yes takes the default route with Driver=macvlan, and no more "
                "(what the device's network reaches is reached)");
        assert_messages("n.network", "[Network]\nOptions=isolate=true mtu=9\n", -EINVAL,
                        "2:26: error: Options=: \"9\" is not what mtu is set to (a number from 68 to 65535)");
        assert_messages(
                "n.network", "[Network]\nOptions=isolate=maybe\n", -EINVAL,
                "2:17: error: Options=: \"maybe\" is not what isolate is set to (true | false | strict)");
        assert_messages("n.network", "[Network]\nOptions=outbound_addr4=fd00::1\n", -EINVAL,
                        "2:24: error: Options=: \"fd00::1\" is not what outbound_addr4 is set to (an IPv4 "
                        "address)");
        assert_messages(
                "n.network", "[Network]\nOptions=metrik=5\n", 0,
                "2:9: warning: Options=: no driver has an option \"metrik\" (did you mean \"metric\"?)");
        assert_messages("n.network", "[Network]\nOptions=mtu\n", -EINVAL,
                        "2:9: error: Options=: \"mtu\" is not of the form OPTION=VALUE");
        assert_messages("n.network", "[Network]\nInterfaceName=much-too-long-for-linux\n", -EINVAL,
                        "2:15: error: InterfaceName=: the name of an interface has 1 to 15 letters, without "
                        "\"/\", \":\" and blanks");
        assert_messages(
                "p.pod", "[Pod]\nNetworkAlias=www\nNetworkAlias=\"a b\"\nNetwork=x:alias=-y\n", 0,
                "3:14: warning: NetworkAlias=: \"a b\" is no name of a host, and the container is not "
                "found by it\n"
                "4:9: warning: Network=: \"-y\" is no name of a host, and the container is not found by "
                "it");
        assert_messages("n.network", "[Network]\nDisableDNS=yes\nDNS=9.9.9.9\n", 0,
                        "3:5: warning: DNS= does nothing with DisableDNS=yes");
        assert_messages("n.network", "[Network]\nGlobalArgs=--syslog\n", 0,
                        "2:1: warning: GlobalArgs= steers podman itself and has no effect here");
        assert_messages("n.network", "[Network]\nGatway=10.0.0.1\n", -EINVAL,
                        "2:1: error: unknown key Gatway= in section [Network] (did you mean \"Gateway\"?)");
}
END_TEST

START_TEST(volumes) {
        autoptr(UnitSpec) u = load_good("v.volume", "[Volume]\nUser=root\nGroup=12\nGID=12\nDriver=local\n");
        autoptr(UnitSpec) bare = load_good("bare.volume", "");

        ck_assert_uint_eq(u->volume->user, 0);
        ck_assert_uint_eq(u->volume->uid, OWNER_UNSET);
        ck_assert_uint_eq(u->volume->gid, 12);
        assert_shown(u, "User", "0");
        assert_shown(u, "UID", "");
        ck_assert_uint_eq(bare->volume->user, OWNER_UNSET);
        ck_assert(bare->volume->copy);
}
END_TEST

START_TEST(volumes_are_checked) {
        assert_messages("v.volume", "[Volume]\nType=ext4\n", -EINVAL, "2:6: error: Type= needs Device=");
        assert_messages("v.volume", "[Volume]\nDriver=image\n", -EINVAL,
                        "2:8: error: Driver=image needs Image=");
        assert_messages("v.volume", "[Volume]\nDriver=sshfs\n", 0,
                        "2:8: warning: Driver=sshfs is a plugin of podman's (the volume is not made)");
        assert_messages("v.volume", "[Volume]\nDriver=image\nImage=nginx\nDevice=/dev/sdz\n", -EINVAL,
                        "4:8: error: Device= and Driver=image exclude each other");
        assert_messages("v.volume", "[Volume]\nOptions=size=1G,inodes=10k,uid=5,nocopy\n", 0, "");
        assert_messages("v.volume", "[Volume]\nOptions=size=1G,noatime\n", -EINVAL,
                        "2:17: error: Options=: \"noatime\" needs Device=");
        assert_messages("v.volume", "[Volume]\nOptions=inode=5\n", -EINVAL,
                        "2:9: error: Options=: \"inode\" needs Device= (did you mean \"inodes\"?)");
        assert_messages("v.volume", "[Volume]\nOptions=size=big\n", -EINVAL,
                        "2:9: error: Options=: size=big is no size");
        assert_messages("v.volume", "[Volume]\nImage=nginx\n", 0,
                        "2:7: warning: Image= does nothing without Driver=image");
        assert_messages("v.volume", "[Volume]\nUser=www-data\n", -EINVAL,
                        "2:6: error: User=: \"www-data\" is not of the form NUMBER | root (other names mean "
                        "something in a container only, and a volume is none)");
        assert_messages("v.volume", "[Volume]\nUID=-1\n", -EINVAL,
                        "2:5: error: UID=: \"-1\" is not of the form NUMBER | root");
        assert_messages("v.volume", "[Volume]\nUser=5\nUID=6\n", 0,
                        "2:6: warning: User= does nothing beside UID=");
        assert_messages(
                "v.volume", "[Volume]\nServiceName=data.service\n", 0,
                "2:13: warning: ServiceName=: the service will be called data.service.service (the name "
                "is written without its suffix)");
        assert_messages("v.volume", "[Volume]\nServiceName=a b\n", -EINVAL,
                        "2:14: error: ServiceName=: the name of a service is made of letters, digits and "
                        ":_.\\-@");
}
END_TEST

START_TEST(images) {
        autoptr(Diag) diag = diag_new();
        UnitSpec *u;

        ck_assert_int_eq(load_text("i.image",
                                   "[Image]\nImage=docker-archive:/srv/web.tar\n"
                                   "ImageTag=localhost/web:1\nArch=arm64\nAuthFile=./auth.json\n"
                                   "TLSVerify=no\nRetry=5\nRetryDelay=10s\nPolicy=newer\n",
                                   diag, &u),
                         0);
        ck_assert_uint_eq(diag_count(diag), 0);
        assert_shown(u, "Image", "docker-archive:/srv/web.tar");
        assert_shown(u, "AuthFile", "/etc/nsunits/auth.json");
        assert_shown(u, "Retry", "5");
        assert_shown(u, "RetryDelay", "10s");
        ck_assert_int_eq(u->image->policy, PULL_NEWER);
        ck_assert(!u->image->registry.tls_verify);
        unit_spec_free(u);

        assert_messages("i.image", "[Image]\nArch=arm64\n", -EINVAL,
                        "1:1: error: Image= is missing: it says what to pull");
        assert_messages(
                "i.image", "[Image]\nImage=a\nPolicy=allways\n", -EINVAL,
                "3:8: error: Policy=: \"allways\" is not one of its values (did you mean \"always\"?)");
        assert_idle_messages("a.artifact", "[Artifact]\nQuiet=yes\n", -EINVAL,
                             "2:1: warning: Quiet= steers podman itself and has no effect here\n"
                             "1:1: error: Artifact= is missing: it says what to pull");
}
END_TEST

START_TEST(builds) {
        autoptr(UnitSpec) u = load_good(
                "b.build",
                "[Build]\nImageTag=localhost/web:1\nImageTag=localhost/web:latest\nFile=web/Containerfile\n"
                "SetWorkingDirectory=src\nNetwork=host\nVolume=cache.volume:/cache\n"
                "Secret=id=key,src=/etc/key\nBuildArg=A=1 \"B=two words\"\nPull=never\n");

        ck_assert_str_eq(u->build->image_tags[0], "localhost/web:1");
        assert_shown(u, "File", "web/Containerfile");
        assert_shown(u, "SetWorkingDirectory", "/etc/nsunits/src");
        assert_shown(u, "BuildArg", "A=1 \"B=two words\"");
        assert_shown(u, "Secret", "id=key,src=/etc/key");
        ck_assert(u->build->force_rm);
        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_REQUIRES][0], "cache.volume");
        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_AFTER][0], "cache.volume");
}
END_TEST

START_TEST(builds_are_checked) {
        assert_messages("b.build", "[Build]\nFile=/srv/Containerfile\n", -EINVAL,
                        "1:1: error: ImageTag= is missing: the image needs a name");
        assert_messages("b.build", "[Build]\nImageTag=web\n", -EINVAL,
                        "1:1: error: neither SetWorkingDirectory= nor File= says what to build");
        assert_messages("b.build", "[Build]\nImageTag=web\nFile=Containerfile\n", -EINVAL,
                        "3:6: error: File=Containerfile is a relative path, which needs "
                        "SetWorkingDirectory=");
        assert_messages("b.build", "[Build]\nImageTag=web\nFile=https://example.org/Containerfile\n", 0, "");
        assert_messages("b.build", "[Build]\nImageTag=web\nSetWorkingDirectory=file\n", -EINVAL,
                        "3:21: error: SetWorkingDirectory=file needs File=");
        assert_messages("b.build", "[Build]\nImageTag=web\nFile=/f\nSecret=id=a,scr=/x\n", -EINVAL,
                        "4:13: error: Secret=: unknown option \"scr\" (did you mean \"src\"?)");
        assert_messages("b.build", "[Build]\nImageTag=web\nFile=/f\nSecret=src=/x\n", -EINVAL,
                        "4:8: error: Secret=: \"src=/x\" has no id=NAME");
}
END_TEST

START_TEST(kube_files) {
        autoptr(UnitSpec) u = load_idle("k.kube", "[Kube]\nYaml=web.yml https://example.org/db.yml\n"
                                                  "Network=back.network\nPublishPort=8080:80\n"
                                                  "ExitCodePropagation=any\nSetWorkingDirectory=unit\n");

        assert_shown(u, "Yaml", "/etc/nsunits/web.yml https://example.org/db.yml");
        assert_shown(u, "PublishPort", "8080:80/tcp");
        ck_assert_int_eq(u->kube->exit_propagation, EXIT_PROPAGATION_ANY);
        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_REQUIRES][0], "back.network");

        assert_idle_messages("k.kube", "[Kube]\nKubeDownForce=yes\n", -EINVAL,
                             "1:1: error: Yaml= is missing: it says what to run");
        assert_idle_messages(
                "k.kube", "[Kube]\nYaml=a.yml b.yml\nSetWorkingDirectory=yaml\n", -EINVAL,
                "3:21: error: SetWorkingDirectory=yaml does not go together with several files in "
                "Yaml=");
}
END_TEST

START_TEST(services_have_names) {
        autoptr(UnitSpec) named = load_good("data.volume", "[Volume]\nServiceName=pgdata\n");
        autoptr(UnitSpec) instance = load_good("data@1.volume", "[Volume]\nServiceName=pgdata@\n");
        autoptr(UnitSpec) plain = load_good("data@1.volume", "");
        autofree char *a = NULL, *b = NULL, *c = NULL;

        ck_assert_int_eq(unit_spec_service(named, &a), 0);
        ck_assert_str_eq(a, "pgdata.service");
        ck_assert_int_eq(unit_spec_service(instance, &b), 0);
        ck_assert_str_eq(b, "pgdata@1.service");
        ck_assert_int_eq(unit_spec_service(plain, &c), 0);
        ck_assert_str_eq(c, "data-volume@1.service");
}
END_TEST

START_TEST(aliases) {
        autoptr(UnitSpec) u = load_good("web.container", "[Container]\nImage=a\nExec=b\n[Install]\n"
                                                         "Alias=www.service \"site.service\"\n");

        ck_assert_str_eq(u->install.alias[0], "www.container");
        ck_assert_str_eq(u->install.alias[1], "site.container");
        assert_messages("web.container", "[Container]\nImage=a\n[Install]\nAlias=a/b.service\n", 0,
                        "4:7: warning: Alias=: \"a/b.service\" is not the name of a service and is left out");
        assert_messages("web.container", "[Container]\nImage=a\n[Install]\nAlias=b.target\n", -EINVAL,
                        "4:7: error: Alias=: \"b.target\" is not the name of a service");
}
END_TEST

START_TEST(templates_get_the_instance) {
        autoptr(UnitSpec) u =
                load_good("web@1.container",
                          "[Unit]\nAfter=db@.service\n[Container]\nImage=a\nVolume=data@.volume:/data\n"
                          "Network=back@.network\n");
        autoptr(UnitSpec) template =
                load_good("web@.container", "[Container]\nImage=a\nVolume=data@.volume:/data\n");

        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_AFTER][0], "db@1.container");
        ck_assert_str_eq(u->container->volumes.items[0].source, "data@1.volume");
        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_REQUIRES][0], "back@1.network");
        ck_assert_str_eq(u->unit.dependencies[UNIT_DEP_REQUIRES][1], "data@1.volume");
        ck_assert_str_eq(template->unit.dependencies[UNIT_DEP_REQUIRES][0], "data@.volume");
}
END_TEST

TEST_MAIN("unit-kinds", networks, networks_are_checked, drivers_and_their_options, volumes,
          volumes_are_checked, images, builds, builds_are_checked, kube_files, services_have_names, aliases,
          templates_get_the_instance)
