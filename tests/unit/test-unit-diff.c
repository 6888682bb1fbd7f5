/* What a change of a unit file means for the container that runs. */
#include "basic/macro.h"
#include "spec-helper.h"
#include "spec/unit-diff.h"

#define WEB "[Container]\nImage=x\n"

/* One line for each change: "Key: before -> after (kind)". */
static void expect_of(const char *name, const char *started, const char *loaded, const char *now,
                      const char *expected) {
        const char *const texts[] = { started, loaded, now };
        UnitSpec *specs[3] = {};
        UnitChange *changes;
        autofree char *said = NULL;
        size_t n, size;
        FILE *f;

        for (size_t i = 0; i < 3; i++)
                ck_assert_int_eq(load_text(name, texts[i], NULL, &specs[i]), 0);
        ck_assert_int_eq(unit_diff(specs[0], specs[1], specs[2], &changes, &n), 0);

        f = open_memstream(&said, &size);
        for (size_t i = 0; i < n; i++)
                fprintf(f, "%s: %s -> %s (%s)\n", changes[i].key->name, changes[i].before, changes[i].after,
                        unit_change_kind_to_string(changes[i].kind));
        fclose(f);
        ck_assert_str_eq(said, expected);

        unit_changes_free(changes, n);
        for (size_t i = 0; i < 3; i++)
                unit_spec_free(specs[i]);
}

static void expect(const char *started, const char *loaded, const char *now, const char *expected) {
        expect_of("web.container", started, loaded, now, expected);
}

START_TEST(kinds) {
        expect(WEB, WEB, WEB, "");
        expect(WEB, WEB, "[Container]\nImage=y\n", "Image: x -> y (new container)\n");
        expect(WEB, WEB, WEB "Environment=A=1\n", "Environment:  -> A=1 (restart)\n");
        expect(WEB "[Service]\nMemoryMax=64M\n", WEB "[Service]\nMemoryMax=64M\n", WEB,
               "MemoryMax: 67108864 -> infinity (live)\n");
        expect(WEB, WEB, WEB "[Unit]\nAfter=db\n[Install]\nWantedBy=multi-user.target\n",
               "After:  -> db.container (live)\nWantedBy:  -> multi-user.target (live)\n");
}
END_TEST

START_TEST(what_is_no_change) {
        /* The same meaning in other words. */
        expect(WEB "[Service]\nRestartSec=60\n", WEB "[Service]\nRestartSec=60\n",
               WEB "# a comment\n[Service]\nRestartSec=1min\n", "");
        /* What follows from another key. */
        expect(WEB, WEB, WEB "Network=back.network\n", "Network:  -> back.network (new container)\n");
        /* What nothing acts on. */
        expect(WEB, WEB, WEB "GlobalArgs=--x\n", "");
}
END_TEST

/* After a daemon-reload what is live is in effect already, the rest waits for a restart. */
START_TEST(reloaded) {
        const char *now = WEB "User=me\n[Service]\nRestartSec=5\n";

        expect(WEB, WEB, now, "User:  -> me (restart)\nRestartSec: 100ms -> 5s (live)\n");
        expect(WEB, now, now, "User:  -> me (restart)\n");
}
END_TEST

/* What a change is for a key, told by how the manager makes things: see manager/renew.c. */
START_TEST(what_is_not_seen_at_once) {
        /* Ports and limits change while it runs, by whatever key. */
        expect(WEB, WEB, WEB "PublishPort=8080:80\nMemory=64M\nPidsLimit=9\nLabel=a=b\n",
               "Label:  -> a=b (live)\nMemory: 0 -> 67108864 (live)\nPidsLimit:  -> 9 (live)\n"
               "PublishPort:  -> 8080:80/tcp (live)\n");
        /* What the program was told at its start. */
        expect(WEB, WEB, WEB "[Service]\nType=simple\nWatchdogSec=5\n",
               "Type: exec -> simple (restart)\nWatchdogSec: 0 -> 5s (restart)\n");
        /* Those of a network namespace that is kept would stay. */
        expect(WEB, WEB, WEB "Sysctl=net.ipv4.ip_forward=1\n",
               "Sysctl:  -> net/ipv4/ip_forward=1 (new container)\n");
        expect(WEB, WEB, WEB "PodmanArgs=--memory 64m --sysctl net.core.somaxconn=9 --quiet\n",
               "Memory: 0 -> 67108864 (live)\nSysctl:  -> net/core/somaxconn=9 (new container)\n");
        /* Made for each launch. */
        expect(WEB, WEB, WEB "TimeOffsetBoottime=5\nHostName=x\nVolume=/a:/b\n",
               "HostName:  -> x (restart)\nTimeOffsetBoottime: 0 -> 5s (restart)\n"
               "Volume:  -> /a:/b (restart)\n");
}
END_TEST

START_TEST(other_kinds) {
        expect_of("a.network", "[Network]\n", "[Network]\n", "[Network]\nSubnet=10.1.0.0/24\nLabel=a=b\n",
                  "Label:  -> a=b (live)\nSubnet:  -> 10.1.0.0/24 (restart)\n");
        expect_of("a.volume", "[Volume]\n", "[Volume]\n", "[Volume]\nUID=7\nLabel=a=b\n",
                  "Label:  -> a=b (live)\nUID:  -> 7 (new volume)\n");
        expect_of("a.image", "[Image]\nImage=x\n", "[Image]\nImage=x\n", "[Image]\nImage=y\n",
                  "Image: x -> y (restart)\n");
}
END_TEST

TEST_MAIN("unit-diff", kinds, what_is_no_change, reloaded, what_is_not_seen_at_once, other_kinds)
