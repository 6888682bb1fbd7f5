/* What is said about mistakes in the keys of [Container] and [Pod]: word for word, with line and column. */
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec-helper.h"

#define WEB(text) "[Container]\nImage=nginx\n" text

/* What follows the line number, in line 3 unless another is named. */
static void assert_refused(const char *line, const char *expected) {
        autofree char *text = NULL, *said = NULL;

        ck_assert_int_gt(asprintf(&text, WEB("%s\n"), line), 0);
        said = messages_of("web.container", text, -EINVAL);
        ck_assert_msg(strstr(said, expected) != NULL, "%s\nsaid: %s\nexpected: %s", line, said, expected);
}

START_TEST(values) {
        static const char *const cases[][2] = {
                { "AddDevice=dev/sda",
                  "3:11: error: AddDevice=: \"dev/sda\" is not the absolute path of a device" },
                { "AddDevice=/dev/sda:rx", "3:20: error: AddDevice=: \"rx\" is not made of r, w and m" },
                { "AutoUpdate=registyr", "3:12: error: AutoUpdate=: \"registyr\" is not one of its values "
                                         "(did you mean \"registry\"?)" },
                { "UIDMap=0:1000:x",
                  "3:8: error: UIDMap=: \"0:1000:x\" is not of the form [+]INSIDE:OUTSIDE[:COUNT]" },
                { "UIDMap=0:4294967290:10",
                  "3:8: error: UIDMap=: \"0:4294967290:10\" is out of range (ids end at 4294967294)" },
                { "HealthCmd=[]", "3:11: error: HealthCmd=: there is no command in it" },
                { "HealthInterval=soon",
                  "3:16: error: HealthInterval=: \"soon\" is not of the form SECONDS, or as in "
                  "5min 20s | disable" },
                { "HealthOnFailure=kil", "3:17: error: HealthOnFailure=: \"kil\" is not one of its values "
                                         "(did you mean \"kill\"?)" },
                { "LogOpt=max-sise=1m",
                  "3:8: error: LogOpt=: unknown option \"max-sise\" (did you mean \"max-size\"?)" },
                { "LogOpt=tag=x max-size=big", "3:23: error: LogOpt=: \"big\" is not a size" },
                { "Mask=/a:b", "3:9: error: Mask=: \"b\" is not an absolute path in the container" },
                { "Notify=healty",
                  "3:8: error: Notify=: \"healty\" is not one of its values (did you mean \"healthy\"?)" },
                { "PidsLimit=many", "3:11: error: PidsLimit=: \"many\" is not of the form NUMBER | -1" },
                { "Pod=app", "3:5: error: Pod=: \"app\" is not the name of a .pod unit" },
                { "Secret=key,type=file",
                  "3:17: error: Secret=: \"file\" is not one of its values (type is mount or env)" },
                { "Secret=key,taget=x",
                  "3:12: error: Secret=: unknown option \"taget\" (did you mean \"target\"?)" },
                { "Secret=key,mode=9", "3:17: error: Secret=: mode=\"9\" is not an octal mode" },
                { "Secret=a-b,type=env", "3:8: error: Secret=: \"a-b\" is not the name of a variable" },
                { "Secret=type=env", "3:8: error: Secret=: \"type=env\" is not the name of a secret" },
                { "Timezone=../x", "3:10: error: Timezone=: \"../x\" is not of the form AREA/CITY | local" },
                { "UserNS=keep-id:uis=1",
                  "3:16: error: UserNS=: unknown option \"uis\" (did you mean \"uid\"?)" },
                { "UserNS=auto:size=0", "3:18: error: UserNS=: size=0 is not a number of ids or an id" },
                { "UserNS=host:uid=1", "3:13: error: UserNS=: \"host\" has no options" },
                { "Network=back.network:mac=1",
                  "3:26: error: Network=: \"1\" is not of the form 02:00:00:00:00:01" },
                { "Network=back.network:mac=03:00:00:00:00:01",
                  "3:26: error: Network=: 03:00:00:00:00:01 is the address of a group" },
                { "Network=back.network:interface_name=a/b",
                  "3:37: error: Network=: the name of an interface has 1 to 15 letters" },
                { "Network=db.container:ip=10.0.0.1",
                  "3:22: error: Network=: the network of another container has no options" },
                { "Network=none:ip=10.0.0.1", "3:14: error: Network=: \"none\" has no options" },
                { "Network=db.container\nNetwork=host",
                  "4:9: error: Network=: \"host\" does not go together with \"db.container\"" },
                { "Mount=type=imge,source=x,destination=/x",
                  "3:7: error: Mount=: \"imge\" is not one of its values (did you mean \"image\"?)" },
                { "Mount=type=image,destination=/x", "3:7: error: Mount=: source= is missing" },
                { "Mount=type=devpts,source=/x,destination=/x",
                  "3:19: error: Mount=: a devpts mount has no source" },
                { "Mount=type=bind,source=/a,destination=/b,title=x",
                  "3:42: error: Mount=: option \"title\" does not go with a bind mount" },
                { "Mount=type=bind,source=/a,destination=/b,idmap=uids=1-2-3;gid=1-2-3",
                  "3:59: error: Mount=: unknown option \"gid\" (did you mean \"gids\"?)" },
                { "Volume=/a:/b:U,idmap=uids=1-x-3",
                  "3:27: error: Volume=: \"1-x-3\" is not of the form [+]INSIDE:OUTSIDE[:COUNT]" },
                { "SystemCallFilter=read Write", "3:23: error: SystemCallFilter=: \"Write\" is not the name "
                                                 "of a system call or of a @group" },
                { "RestrictAddressFamilies=~AF_INTE",
                  "3:26: error: RestrictAddressFamilies=: \"AF_INTE\" is not an address family (did you mean "
                  "\"AF_INET\"?)" },
                { "MachineID=123", "3:11: error: MachineID=: \"123\" is not of the form 128-BIT ID" },
                { "PivotRoot=/", "3:11: error: PivotRoot=: \"/\" is the root already" },
                { "Overlay=/a",
                  "3:9: error: Overlay=: \"/a\" is not of the form LOWER[:LOWER]...:UPPER[:/DESTINATION]" },
                { "Overlay=/a:/b:c",
                  "3:15: error: Overlay=: \"c\" is not an absolute path in the container" },
                { "Interface=a-name-that-is-too-long",
                  "3:11: error: Interface=: the name of an interface has 1 to 15 letters" },
                { "PidNS=hots",
                  "3:7: error: PidNS=: \"hots\" is not one of its values (did you mean \"host\"?)" },
                { "TimeOffsetBoottime=-x", "3:20: error: TimeOffsetBoottime=: \"-x\" is not of the form "
                                           "[-]SECONDS, or as in -5min 20s" },
                { "Probe=tpc://:1",
                  "3:7: error: Probe=: \"tpc\" is not one of its values (did you mean \"tcp\"?)" },
                { "Probe=tcp://:http", "3:14: error: Probe=: \":http\" does not end in a port number" },
                { "EgressAllow=ex ample:443x",
                  "3:22: error: EgressAllow=: \"443x\" is neither a port nor a range of ports" },
                { "EgressAllow=10.0.0.0/8:5432/tpc",
                  "3:29: error: EgressAllow=: \"tpc\" is not one of its values (did you mean \"tcp\"?)" },
                { "BandwidthMax=fast", "3:14: error: BandwidthMax=: \"fast\" is not of the form BITS" },
                { "OnCalendar=Mon..", "3:12: error: OnCalendar=: \"Mon..\" is not a time of the calendar" },
                { "OnCalendar=daly", "3:12: error: OnCalendar=: \"daly\" is not a time of the calendar (did "
                                     "you mean \"daily\"?)" },
                { "ListenStream=web.sock", "3:14: error: ListenStream=: \"web.sock\" is not of the form "
                                           "/PATH | @NAME | [ADDRESS:]PORT" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_refused(cases[i][0], cases[i][1]);
}
END_TEST

START_TEST(keys_that_do_not_go_together) {
        static const char *const cases[][2] = {
                { "ReloadCmd=x\nReloadSignal=HUP",
                  "4:14: error: ReloadSignal= does not go together with ReloadCmd=" },
                { "HealthStartupCmd=x", "3:18: error: HealthStartupCmd= needs HealthCmd=" },
                { "HealthCmd=x\nProbe=tcp://:80", "4:7: error: Probe= does not go together with HealthCmd=" },
                { "Probe=tcp://db:80", "3:7: error: Probe=: \"db\" is not an address (without one, it is the "
                                       "container's own 127.0.0.1 or ::1)" },
                { "HealthLogDestination=logs",
                  "3:22: error: HealthLogDestination=: \"logs\" is none of local, "
                  "events_logger and /DIRECTORY" },
                { "UIDMap=0:1:1\nUserNS=auto", "3:8: error: UIDMap= does not go together with UserNS=" },
                { "RemapUsers=auto\nSubUIDMap=x",
                  "3:12: error: RemapUsers= does not go together with SubUIDMap=" },
                { "RemapUid=0:1:1", "3:10: error: RemapUid= needs RemapUsers=" },
                { "Pod=app.pod\nPublishPort=80:80",
                  "4:13: error: PublishPort= does not go together with Pod= (it belongs in app.pod)" },
                { "IpcNS=app.pod\nPidNS=app.pod", "4:7: error: PidNS=app.pod: a pod has no namespace of this "
                                                  "kind (its containers have one each)" },
                { "Pod=app.pod\nUserNS=auto",
                  "4:8: error: UserNS= does not go together with Pod= (it belongs in app.pod)" },
                { "Network=db.container\nIP=10.0.0.1",
                  "4:4: error: IP= does not go together with Network=db.container" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_refused(cases[i][0], cases[i][1]);
}
END_TEST

START_TEST(old_keys_are_the_new_ones) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) automatic = NULL, manual = NULL, keep = NULL;

        ck_assert_int_eq(load_text("web.container",
                                   WEB("RemapUsers=auto\nRemapUid=0:10:5\nRemapUidSize=20\n"), diag,
                                   &automatic),
                         0);
        ck_assert_int_eq(automatic->container->users->namespace.mode, USERNS_AUTO);
        ck_assert_uint_eq(automatic->container->users->namespace.size, 20);
        ck_assert_uint_eq(automatic->container->users->namespace.uid_map.items[0].outside, 10);

        ck_assert_int_eq(
                load_text("web.container", WEB("RemapUsers=manual\nRemapGid=0:10:5\n"), diag, &manual), 0);
        ck_assert_uint_eq(manual->container->users->gid_map.n, 1);

        ck_assert_int_eq(load_text("web.container", WEB("RemapUsers=keep-id\n"), diag, &keep), 0);
        ck_assert_int_eq(keep->container->users->namespace.mode, USERNS_KEEP_ID);
}
END_TEST

START_TEST(units_that_keys_name) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = NULL, member = NULL, pod = NULL;
        char *const *requires, *const *after;

        ck_assert_int_eq(load_text("web.container",
                                   "[Container]\nImage=x.build\nNetwork=back.network\nVolume=data.volume:/d\n"
                                   "PidNS=db.container\n",
                                   diag, &u),
                         0);
        requires = u->unit.dependencies[UNIT_DEP_REQUIRES];
        after = u->unit.dependencies[UNIT_DEP_AFTER];
        ck_assert(strv_contains(requires, "x.build") && strv_contains(after, "x.build"));
        ck_assert(strv_contains(requires, "back.network") && strv_contains(after, "data.volume"));
        ck_assert(strv_contains(requires, "db.container"));

        ck_assert_int_eq(load_text("web.container", WEB("Pod=app.pod\n"), diag, &member), 0);
        ck_assert(strv_contains(member->unit.dependencies[UNIT_DEP_BINDS_TO], "app.pod"));
        ck_assert(strv_contains(member->unit.dependencies[UNIT_DEP_AFTER], "app.pod"));

        ck_assert_int_eq(
                load_text("app.pod", "[Pod]\nNetwork=back.network\nVolume=data.volume:/d\n", diag, &pod), 0);
        ck_assert(strv_contains(pod->unit.dependencies[UNIT_DEP_REQUIRES], "back.network"));
        ck_assert(strv_contains(pod->unit.dependencies[UNIT_DEP_REQUIRES], "data.volume"));
}
END_TEST

START_TEST(pods) {
        autofree char *said = messages_of("app.pod",
                                          "[Pod]\nExitPolicy=sotp\nNetwork=host\nIP=10.0.0.1\nUserNS=auto\n"
                                          "UIDMap=0:1:1\nPublishPort=80:80\nPublishPort=80:81\n",
                                          -EINVAL);

        ck_assert_ptr_nonnull(strstr(
                said,
                "2:12: error: ExitPolicy=: \"sotp\" is not one of its values (did you mean \"stop\"?)\n"));
        ck_assert_ptr_nonnull(strstr(said, "4:4: error: IP= does not go together with Network=host\n"));
        ck_assert_ptr_nonnull(strstr(said, "6:8: error: UIDMap= does not go together with UserNS=\n"));
        ck_assert_ptr_nonnull(
                strstr(said, "8:13: error: PublishPort=: host port 80 is published in line 7 already"));
}
END_TEST

TEST_MAIN("container-keys", values, keys_that_do_not_go_together, old_keys_are_the_new_ones,
          units_that_keys_name, pods)
