/* Every setting, its value, and who gave it. */
#include "basic/macro.h"
#include "spec-helper.h"
#include "spec/unit-settings.h"

/* "VALUE ORIGIN LINE LINE ..." of a key. */
static char *setting_text(const char *name, const char *text, const ManagerConfig *config, const char *key) {
        UnitSpec *u = NULL;
        Setting *settings;
        char *result = NULL;
        size_t n;

        ck_assert_int_eq(load_text(name, text, NULL, &u), 0);
        ck_assert_int_eq(unit_settings(u, config, &settings, &n), 0);
        for (size_t i = 0; i < n; i++) {
                const Setting *s = &settings[i];
                FILE *f;
                size_t size;

                ck_assert(strcmp(s->key->name, key) != 0 || !result);
                if (strcmp(s->key->name, key) != 0)
                        continue;
                f = open_memstream(&result, &size);
                fprintf(f, "%s %s", s->value, setting_origin_to_string(s->origin));
                for (size_t k = 0; k < s->n_places; k++)
                        fprintf(f, " %u", s->places[k].line);
                fclose(f);
        }
        unit_settings_free(settings, n);
        unit_spec_free(u);
        return result;
}

static void expect(const char *text, const char *key, const char *expected) {
        autoptr(ManagerConfig) config = manager_config_new();
        autofree char *said = NULL;

        config->defaults.restart_sec = 7 * USEC_PER_SEC;
        said = setting_text("web.container", text, config, key);
        ck_assert_str_eq(said, expected);
}

#define WEB "[Container]\nImage=x\n"

START_TEST(origins) {
        expect(WEB, "Image", "x file 2");
        expect(WEB, "ReadOnly", "no default");
        expect(WEB, "HostName", " unset");
        expect(WEB, "RestartSec", "7s nsunitd.conf");
        expect(WEB "[Service]\nRestartSec=3\n", "RestartSec", "3s file 4");
        expect(WEB "[Service]\nRestartSec=3\nRestartSec=\n", "RestartSec", "7s nsunitd.conf");
        expect(WEB "Network=back.network\n", "Requires", "back.network implied");
        expect(WEB "[Service]\nType=oneshot\n", "TimeoutStartSec", "infinity implied");
        expect(WEB, "TasksMax", "2048 default");
}
END_TEST

START_TEST(places) {
        /* The last one counts, or all of them, or those after a reset. */
        expect(WEB "HostName=a\nHostName=b\n", "HostName", "b file 4");
        expect(WEB "DNS=10.0.0.1\nHostName=a\nDNS=10.0.0.2\n", "DNS", "10.0.0.1 10.0.0.2 file 3 5");
        expect(WEB "DNS=10.0.0.1\nDNS=\nDNS=10.0.0.2\n", "DNS", "10.0.0.2 file 5");
        expect(WEB "DNS=10.0.0.1\nDNS=\n", "DNS", " unset");
        expect(WEB "[Service]\nMemoryMax=1M\nMemoryLimit=2M\n", "MemoryMax", "2097152 file 5");
        /* Dependencies cannot be taken back. */
        expect(WEB "[Unit]\nAfter=a\nAfter=\n", "After", "a.container file 4");
}
END_TEST

TEST_MAIN("unit-settings", origins, places)
