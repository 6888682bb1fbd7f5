/* What a change of a unit file means for the container that runs. */
#include "basic/macro.h"
#include "spec-helper.h"
#include "spec/unit-diff.h"

#define WEB "[Container]\nImage=x\n"

/* One line for each change: "Key: before -> after (kind)". */
static void expect(const char *started, const char *loaded, const char *now, const char *expected) {
        const char *const texts[] = { started, loaded, now };
        UnitSpec *specs[3] = {};
        UnitChange *changes;
        autofree char *said = NULL;
        size_t n, size;
        FILE *f;

        for (size_t i = 0; i < 3; i++)
                ck_assert_int_eq(load_text("web.container", texts[i], NULL, &specs[i]), 0);
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

TEST_MAIN("unit-diff", kinds, what_is_no_change, reloaded)
