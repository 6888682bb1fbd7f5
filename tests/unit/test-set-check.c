/* Checks across units: every message, word for word, and where it is put. */
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec-helper.h"
#include "spec/set-check.h"

#define BOX(lines) "[Container]\nImage=x\n" lines
#define UNITS_MAX  8

/* Units as pairs of name and text, ended by NULL. A name with "!" before it is not asked about; the text
 * "mask" masks the unit, "bad" has mistakes. */
typedef const char *const Units[2 * UNITS_MAX + 1];

/* All that is said, in the order of the units, without the directory. */
static char *said_about(const char *const *units, const SetFacts *facts) {
        autoptr(UnitSet) set = unit_set_new();
        UnitSpec *specs[UNITS_MAX] = {};
        Diag *diags[UNITS_MAX] = {};
        size_t n = 0;
        char *text = calloc(1, 8192), *from, *to;

        for (; units[2 * n]; n++) {
                const char *name = units[2 * n] + (units[2 * n][0] == '!'), *body = units[2 * n + 1];
                SetState state = strcmp(body, "mask") == 0  ? SET_MASKED
                                 : strcmp(body, "bad") == 0 ? SET_BAD
                                                            : SET_LOADED;

                diags[n] = diag_new();
                if (state == SET_LOADED)
                        ck_assert_msg(load_text(name, body, diags[n], &specs[n]) == 0, "%s: %s", name,
                                      diag_to_string(diags[n]));
                diag_free(diags[n]);
                diags[n] = diag_new();
                ck_assert_int_eq(
                        unit_set_add(set, name, state, specs[n], units[2 * n][0] == '!' ? NULL : diags[n]),
                        0);
        }
        ck_assert_int_eq(set_check(set, facts), 0);

        for (size_t i = 0; i < n; i++) {
                autofree char *one = diag_to_string(diags[i]);

                strcat(text, one);
                diag_free(diags[i]);
                unit_spec_free(specs[i]);
        }
        for (from = to = text; *from;)
                if (strncmp(from, "/etc/nsunits/", 13) == 0)
                        from += 13;
                else
                        *to++ = *from++;
        *to = '\0';
        return text;
}

static void expect(const char *const *units, const char *expected) {
        autoptr(ManagerConfig) config = manager_config_new();
        const SetFacts facts = { .config = config };
        autofree char *said = said_about(units, &facts);

        ck_assert_str_eq(said, expected);
}

START_TEST(references) {
        /* Required, and not there. */
        expect((Units){ "web.container", BOX("[Unit]\nRequires=db.container\n") },
               "web.container:4:10: error: Requires=: there is no unit file for db.container\n");
        expect((Units){ "web.container", BOX("[Unit]\nRequires=a.container dbb.container\n"), "db.container",
                        BOX(""), "a.container", BOX("") },
               "web.container:4:22: error: Requires=: there is no unit file for dbb.container (did you mean "
               "\"db.container\"?)\n");
        /* The key that names it, if it is another one. */
        expect((Units){ "web.container", BOX("Network=bakc.network\nVolume=data.volume:/d\n"), "back.network",
                        "[Network]\n" },
               "web.container:3:9: error: Network=: there is no unit file for bakc.network (did you mean "
               "\"back.network\"?)\n"
               "web.container:4:8: error: Volume=: there is no unit file for data.volume\n");
        expect((Units){ "web.container", BOX("Network=back\n") },
               "web.container:3:9: error: Network=: there is no unit file for back.network\n");
        /* The same stem, another kind. */
        expect((Units){ "web.container", BOX("[Unit]\nRequires=back.container\n"), "back.network",
                        "[Network]\n" },
               "web.container:4:10: error: Requires=: there is no unit file for back.container (did you mean "
               "\"back.network\"?)\n");
        expect((Units){ "web.container", BOX("Network=back.network\n"), "back.container", BOX("") },
               "web.container:3:9: error: Network=: there is no unit file for back.network\n");
        /* Only wished for: a slip, or a unit that need not be there. */
        expect((Units){ "web.container", BOX("[Unit]\nAfter=dbb.container\nWants=cache.container\n"),
                        "db.container", BOX("") },
               "web.container:4:7: warning: After=: there is no unit file for dbb.container (did you mean "
               "\"db.container\"?)\n");
        /* Said once where it is both required and ordered. */
        expect((Units){ "web.container", BOX("[Unit]\nRequires=dbb.container\nAfter=dbb.container\n"),
                        "db.container", BOX("") },
               "web.container:4:10: error: Requires=: there is no unit file for dbb.container (did you mean "
               "\"db.container\"?)\n");
}
END_TEST

START_TEST(references_that_are_good) {
        /* The host's own units, and instances of a template. */
        expect((Units){ "web.container",
                        BOX("[Unit]\nRequires=network-online.target postgresql.service job@1.container\n"
                            "After=web2.service\n"),
                        "job@.container", BOX(""), "web3.container", BOX("") },
               "");
        expect((Units){ "web.container", BOX("[Unit]\nWants=db.container\n"), "db.container", "mask" }, "");
        /* Nobody asked. */
        expect((Units){ "!web.container", BOX("[Unit]\nRequires=db.container\n") }, "");
}
END_TEST

START_TEST(references_that_are_no_use) {
        expect((Units){ "web.container", BOX("[Unit]\nRequires=db.container\n"), "db.container", "mask" },
               "web.container:4:10: error: Requires=: db.container is masked\n");
        expect((Units){ "web.container", BOX("[Unit]\nRequires=db\n"), "!db.container", "bad" },
               "web.container:4:10: error: Requires=: the unit file of db.container has mistakes\n");
        expect((Units){ "web.container", BOX("[Unit]\nRequires=db\n"), "db.container", "bad" }, "");
}
END_TEST

START_TEST(circles) {
        expect((Units){ "a.container", BOX("[Unit]\nAfter=b\n"), "b.container", BOX("[Unit]\nAfter=a\n") },
               "a.container:4:7: error: the order of starts is a circle: a.container -> b.container -> "
               "a.container "
               "(the rest of the circle is in b.container:4)\n");
        /* Before= is the other way round; what follows from Network= counts as well. */
        expect((Units){ "!a.container", BOX("[Unit]\nAfter=b\n"), "b.container", BOX("Network=c.network\n"),
                        "c.network", "[Network]\n[Unit]\nBefore=x.container\nAfter=a\n" },
               "b.container:3:9: error: the order of starts is a circle: b.container -> c.network -> "
               "a.container -> "
               "b.container (the rest of the circle is in c.network:4 and a.container:4)\n");
        expect((Units){ "a.container", BOX("[Unit]\nBefore=b\nAfter=b\n"), "b.container", BOX("") },
               "a.container:5:7: error: the order of starts is a circle: a.container -> b.container -> "
               "a.container "
               "(the rest of the circle is in a.container:4)\n");
        /* No circle. */
        expect((Units){ "a.container", BOX("[Unit]\nAfter=b c\n"), "b.container", BOX("[Unit]\nAfter=c\n"),
                        "c.container", BOX("") },
               "");
}
END_TEST

START_TEST(requirements) {
        expect((Units){ "a.container", BOX("[Unit]\nRequires=b\n"), "b.container",
                        BOX("[Unit]\nConflicts=a\n") },
               "a.container:4:10: error: Requires=: b.container conflicts with this unit, which can never "
               "start\n");
        expect((Units){ "a.container", BOX("[Unit]\nRequires=b c\n"), "b.container",
                        BOX("[Unit]\nConflicts=c\n"), "c.container", BOX("") },
               "a.container:4:10: error: Requires=: b.container conflicts with c.container, which is "
               "required as "
               "well\n");
        expect((Units){ "a.container", BOX("[Unit]\nRequisite=b\nBefore=b\n"), "b.container", BOX("") },
               "a.container:4:11: error: Requisite=: b.container has to be active already, but starts after "
               "this "
               "unit\n");
        expect((Units){ "a.container", BOX("[Unit]\nRequisite=b\n"), "b.container",
                        BOX("[Unit]\nRequisite=a\n") },
               "a.container:4:11: error: each has to be active before the next one can start: a.container -> "
               "b.container -> a.container (the rest of the circle is in b.container:4)\n");
        /* Requirements of each other are fine: both are started. */
        expect((Units){ "a.container", BOX("[Unit]\nRequires=b\n"), "b.container",
                        BOX("[Unit]\nBindsTo=a\n") },
               "");
        /* Nor are two units in each other's way that never run at once. */
        expect((Units){ "a.container",
                        BOX("PublishPort=80:80\nIP=10.89.0.5\nContainerName=x\nVolume=d:/"
                            "d\n[Unit]\nConflicts=b\n"),
                        "b.container",
                        BOX("PublishPort=80:80\nIP=10.89.0.5\nContainerName=x\nVolume=d:/d\n") },
               "");
}
END_TEST

START_TEST(ports) {
        expect((Units){ "a.container", BOX("PublishPort=8080:80\n"), "b.container",
                        BOX("PublishPort=8080:80\n") },
               "b.container:3:13: warning: PublishPort=: host port 8080/tcp is published by a.container, too "
               "(in "
               "a.container:3)\n");
        /* Told to the one that was asked about. */
        expect((Units){ "a.container", BOX("PublishPort=8080:80\n"), "!b.container",
                        BOX("PublishPort=8080:80\n") },
               "a.container:3:13: warning: PublishPort=: host port 8080/tcp is published by b.container, too "
               "(in "
               "b.container:3)\n");
        /* Ranges, and one address of all. */
        expect((Units){ "a.container", BOX("PublishPort=8000-8010:80-90/udp\n"), "b.container",
                        BOX("PublishPort=127.0.0.1:8005:80/udp\n") },
               "b.container:3:13: warning: PublishPort=: host port 8005/udp is published by a.container, too "
               "(in "
               "a.container:3)\n");
        expect((Units){ "a.container", BOX("PublishPort=0.0.0.0:80:80\n"), "b.container",
                        BOX("PublishPort=10.1.1.1:80:80\n") },
               "b.container:3:13: warning: PublishPort=: host port 80/tcp is published by a.container, too "
               "(in "
               "a.container:3)\n");
        /* A pod publishes for its members. */
        expect((Units){ "a.pod", "[Pod]\nPublishPort=80:80\nIP=10.89.0.5\n", "b.container",
                        BOX("PublishPort=80:80\nIP=10.89.0.5\n") },
               "b.container:3:13: warning: PublishPort=: host port 80/tcp is published by a.pod, too (in "
               "a.pod:2)\n"
               "b.container:4:4: warning: 10.89.0.5 is the address of a.pod, too (in a.pod:3)\n");
        /* Other addresses, families, protocols, ports; a port that is picked; no publishing at all. */
        expect((Units){ "a.container",
                        BOX("PublishPort=127.0.0.1:80:80\nPublishPort=81:81\nPublishPort=[::]:82:82\n"),
                        "b.container",
                        BOX("PublishPort=127.0.0.2:80:80\nPublishPort=81:81/"
                            "udp\nPublishPort=0.0.0.0:82:82\n"),
                        "c.container", BOX("PublishPort=80\n"), "d.container", BOX("PublishPort=80\n"),
                        "e.container", BOX("PublishPort=81:81\nNetwork=host\n") },
               "");
}
END_TEST

START_TEST(addresses) {
#define BACK "back.network", "[Network]\nSubnet=10.1.0.0/24\n"
        expect((Units){ BACK, "a.container", BOX("Network=back.network\nIP=10.1.0.5\n"), "b.container",
                        BOX("Network=back.network:ip=10.1.0.5\n") },
               "b.container:3:9: warning: 10.1.0.5 is the address of a.container, too (in a.container:4)\n");
        expect((Units){ BACK, "a.container", BOX("Network=back.network\nIP=10.2.0.5\nIP6=fd00::5\n") },
               "a.container:4:4: error: IP=: 10.2.0.5 is in no subnet of back.network\n"
               "a.container:5:5: error: IP6=: back.network has no IPv6 subnet\n");
        expect((Units){ BACK, "a.container", BOX("Network=back.network\nIP=10.1.0.1\n"), "b.container",
                        BOX("Network=back.network\nIP=10.1.0.255\n") },
               "a.container:4:4: error: IP=: 10.1.0.1 is the host's own address on back.network\n"
               "b.container:4:4: error: IP=: 10.1.0.255 is the last address of back.network, which no "
               "container can "
               "have\n");
        expect((Units){ "any.network", "[Network]\n", "a.container",
                        BOX("Network=any.network\nIP=10.1.0.5\n") },
               "a.container:4:4: warning: IP=: any.network has no Subnet=, so its addresses are not known "
               "before it "
               "starts\n");
        expect((Units){ "a.container", BOX("IP=10.1.0.5\n"), "b.container", BOX("IP=10.89.0.5\n") },
               "a.container:3:4: error: IP=: 10.1.0.5 is not in 10.89.0.0/24, the default network's subnet "
               "(a "
               ".network unit with a Subnet= of its own, or nsunitd.conf)\n");
        expect((Units){ "a.container", BOX("IP=10.89.0.5\n"), "b.container",
                        BOX("PublishPort=10.89.0.5:80:80\n") },
               "b.container:3:13: error: PublishPort=: 10.89.0.5 is the address of a.container, not one of "
               "the host's "
               "(in a.container:3)\n");
}
END_TEST

START_TEST(subnets) {
        expect((Units){ "a.network", "[Network]\nSubnet=10.1.0.0/16\n", "b.network",
                        "[Network]\nSubnet=10.2.0.0/24\nSubnet=10.1.7.0/24\n" },
               "b.network:3:8: error: Subnet=10.1.7.0/24 overlaps 10.1.0.0/16 of a.network (in "
               "a.network:2)\n");
        expect((Units){ "a.network", "[Network]\nSubnet=10.1.3.0/24\n", "!b.network",
                        "[Network]\nSubnet=10.1.0.0/16\n" },
               "a.network:2:8: error: Subnet=10.1.3.0/24 overlaps 10.1.0.0/16 of b.network (in "
               "b.network:2)\n");
        expect((Units){ "a.network", "[Network]\nSubnet=10.89.0.0/25\n" },
               "a.network:2:8: error: Subnet=10.89.0.0/25 overlaps 10.89.0.0/24 of the default network "
               "(nsunitd.conf "
               "can give that another one)\n");
        expect((Units){ "a.network", "[Network]\nSubnet=10.90.3.0/24\n" },
               "a.network:2:8: warning: Subnet=10.90.3.0/24 is part of the pool 10.90.0.0/16, of which other "
               "networks "
               "are given theirs (nsunitd.conf has the pool)\n");
        expect((Units){ "a.network", "[Network]\nSubnet=10.1.0.0/24\n", "b.network",
                        "[Network]\nSubnet=10.1.1.0/24\nSubnet=fd01::/64\n" },
               "");
}
END_TEST

START_TEST(names) {
        expect((Units){ "a.container", BOX("ContainerName=db\n"), "b.container", BOX("ContainerName=db\n") },
               "b.container:3:15: warning: the container of a.container has the name \"db\", too (in "
               "a.container:3)\n");
        expect((Units){ "a.container", BOX("ContainerName=db\n"), "db.container", BOX("") },
               "db.container: warning: the container of a.container has the name \"db\", too (in "
               "a.container:3)\n");
        expect((Units){ "a.network", "[Network]\nNetworkName=n\n", "b.network",
                        "[Network]\nNetworkName=n\n" },
               "b.network:2:13: warning: the network of a.network has the name \"n\", too (in "
               "a.network:2)\n");
        expect((Units){ "a.volume", "[Volume]\nVolumeName=n\n", "n.volume", "[Volume]\n", "n.network",
                        "[Network]\n" },
               "n.volume: warning: the volume of a.volume has the name \"n\", too (in a.volume:2)\n");
        expect((Units){ "back-network.container", BOX(""), "back.network", "[Network]\n" },
               "back.network: error: the service of back-network.container would be called "
               "back-network.service, too "
               "(in back-network.container)\n");
        expect((Units){ "a.volume", "[Volume]\nServiceName=data\n", "b.network",
                        "[Network]\nServiceName=data\n" },
               "b.network:2:13: error: the service of a.volume would be called data.service, too (in "
               "a.volume:2)\n");
        expect((Units){ "web.container", BOX(""), "web.kube", "[Kube]\nYaml=x\nServiceName=web-pods\n" }, "");
        expect((Units){ "a.container", BOX(""), "b.volume", "[Volume]\nServiceName=a\n" },
               "b.volume:2:13: error: the service of a.container would be called a.service, too (in "
               "a.container)\n");
}
END_TEST

START_TEST(volumes) {
        expect((Units){ "a.container", BOX("Volume=/srv/data:/d\n"), "b.container",
                        BOX("Mount=type=bind,source=/srv/data,destination=/x\n") },
               "b.container:3:7: warning: /srv/data is mounted read-write by a.container, too (in "
               "a.container:3; "
               "\"ro\" where it is only read, \"z\" in all where that is meant)\n");
        expect((Units){ "a.container", BOX("Volume=data.volume:/d\n"), "b.container",
                        BOX("Volume=stuff:/d\n"), "data.volume", "[Volume]\nVolumeName=stuff\n" },
               "b.container:3:8: warning: stuff is mounted read-write by a.container, too (in a.container:3; "
               "\"ro\" "
               "where it is only read, \"z\" in all where that is meant)\n");
        /* One says that it is shared, the other does not. */
        expect((Units){ "a.container", BOX("Volume=data:/d:z\n"), "b.container", BOX("Volume=data:/d\n") },
               "b.container:3:8: warning: data is mounted read-write by a.container, too (in a.container:3; "
               "\"ro\" "
               "where it is only read, \"z\" in all where that is meant)\n");
}
END_TEST

START_TEST(volumes_that_are_good) {
        expect((Units){ "a.container", BOX("Volume=data:/d:z\nVolume=other:/o\n"), "b.container",
                        BOX("Volume=data:/d:z\nVolume=other:/o:ro\n"), "c.container",
                        BOX("Mount=type=volume,src=data,dst=/d,relabel=shared\nVolume=/anonymous\n"),
                        "d.container", BOX("Volume=/run/x.sock:/x\nVolume=/anonymous\n"), "e.container",
                        BOX("Volume=/run/x.sock:/x\nVolume=/dev/shm:/x1\n") },
               "");
        /* Members of one pod belong together. */
        expect((Units){ "a.container", BOX("Volume=/srv/y:/y\nPod=p.pod\n"), "b.container",
                        BOX("Volume=/srv/y:/y\nPod=p.pod\n"), "p.pod", "[Pod]\nVolume=/srv/y:/z\n" },
               "");
        /* Never at the same time. */
        expect((Units){ "init.container", BOX("Volume=data:/d\n[Service]\nType=oneshot\n"), "db.container",
                        BOX("Volume=data:/d\n[Unit]\nAfter=init\n") },
               "");
        /* A template runs only as its instances. */
        expect((Units){ "a.container", BOX("Volume=data:/d\n"), "job@.container", BOX("Volume=data:/d\n") },
               "");
}
END_TEST

START_TEST(limits) {
        const char *controllers[] = { "cpu", "pids", NULL };
        const SetFacts facts = { .controllers = (char **) controllers };
        autofree char *said = said_about((Units){ "a.container",
                                                  BOX("[Service]\nMemoryMax=64M\nCPUQuota=50%\nTasksMax=5\n"),
                                                  "b.container", BOX("[Service]\nMemoryMax=\n") },
                                         &facts);

        ck_assert_str_eq(said,
                         "a.container:4:11: warning: MemoryMax=: cgroup v2 has no memory controller on this "
                         "host, a start fails\n");
}
END_TEST

/* A thousand units that name each other take no thousand times longer than one. */
START_TEST(many) {
        autoptr(UnitSet) set = unit_set_new();
        autoptr(ManagerConfig) config = manager_config_new();
        const SetFacts facts = { .config = config };
        static UnitSpec *specs[5000];
        autoptr(Diag) diag = diag_new();
        autofree char *said = NULL;

        for (unsigned i = 0; i < ELEMENTSOF(specs); i++) {
                autofree char *name = NULL, *text = NULL;

                ck_assert_int_gt(asprintf(&name, "u%u.container", i), 0);
                ck_assert_int_gt(asprintf(&text,
                                          BOX("PublishPort=%u:80\nVolume=v%u:/d\n"
                                              "IP=10.89.0.%u\n[Unit]\nAfter=u%u.container\n"),
                                          1024 + i, i, 2 + i % 250, i > 0 ? i - 1 : 0),
                                 0);
                ck_assert_int_eq(load_text(name, text, NULL, &specs[i]), 0);
                ck_assert_int_eq(
                        unit_set_add(set, specs[i]->name, SET_LOADED, specs[i], i == 4999 ? diag : NULL), 0);
        }
        ck_assert_int_eq(set_check(set, &facts), 0);
        said = diag_to_string(diag);
        ck_assert_str_eq(
                said,
                "/etc/nsunits/u4999.container:5:4: warning: 10.89.0.251 is the address of u4749.container, "
                "too (in /etc/nsunits/u4749.container:5)\n");
        for (size_t i = 0; i < ELEMENTSOF(specs); i++)
                unit_spec_free(specs[i]);
}
END_TEST

TEST_MAIN("set-check", references, references_that_are_good, references_that_are_no_use, circles,
          requirements, ports, addresses, subnets, names, volumes, volumes_that_are_good, limits, many)
