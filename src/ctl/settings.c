/* nsctl show from the files alone. */
#include <errno.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/settings.h"
#include "ctl/table.h"
#include "ctl/unit-files.h"
#include "spec/unit-settings.h"

typedef struct Settings {
        UnitSpec *unit;
        Setting *items;
        size_t n;
} Settings;

static void settings_clear(Settings *s) {
        unit_settings_free(s->items, s->n);
        unit_spec_free(s->unit);
}

#define autosettings __attribute__((cleanup(settings_clear)))

static int load(Ctl *c, const char *name, Settings *ret) {
        autoptr(HostSpecifiers) host = host_specifiers_new();
        const ManagerConfig *config = ctl_config(c);
        autoptr(UnitPath) path = NULL;
        autoptr(Diag) diag = diag_new();
        autofree char *said = NULL;
        int r;

        if (!config)
                return STATUS_FAILED;
        r = host && diag ? unit_files_open(NULL, &path) : -ENOMEM;
        if (r == 0)
                r = unit_files_load(path, host, name, diag, &ret->unit);
        if (r == -ENOENT)
                return ctl_no_unit(name);
        if (r == -ERFKILL)
                return ctl_error("%s is masked", name);
        if (r == -EINVAL) {
                said = diag_to_string(diag);
                fputs(strempty(said), stderr);
                return STATUS_NOT_CONFIGURED;
        }

        if (r == 0)
                r = unit_settings(ret->unit, config, &ret->items, &ret->n);
        return r < 0 ? ctl_errno(r, "%s", name) : STATUS_OK;
}

/* What is not set is left out, unless it is asked for by --all or by name. */
static bool is_shown(const Ctl *c, const Setting *s, char *const *wanted) {
        if (wanted)
                return strv_contains(wanted, s->key->name);
        return c->options.all || s->origin != SETTING_UNSET;
}

static int check_wanted(const Settings *s, char *const *wanted) {
        STRV_FOREACH (w, wanted) {
                bool found = false;

                for (size_t i = 0; i < s->n && !found; i++)
                        found = streq(s->items[i].key->name, *w);
                if (!found)
                        return ctl_error("%s is no key of %s; what is no setting only the manager knows", *w,
                                         s->unit->name);
        }
        return STATUS_OK;
}

static json_t *places_to_json(const Setting *s) {
        json_t *places = json_array();

        for (size_t i = 0; i < s->n_places; i++)
                (void) json_array_append_new(places, json_pack("{s:s?, s:i, s:i}", "file", s->places[i].file,
                                                               "line", (int) s->places[i].line, "column",
                                                               (int) s->places[i].column));
        return places;
}

/* "FILE:LINE, FILE:LINE", or who else has set it; then why it does nothing, if so. */
static char *where_text(const Setting *s) {
        autostrv char **places = NULL;
        autofree char *list = NULL;
        const char *reason = key_idle_reason(s->key);
        char *text;
        int r = 0;

        for (size_t i = 0; i < s->n_places && r == 0; i++)
                r = strv_addf(&places, "%s:%u", strempty(s->places[i].file), s->places[i].line);
        if (r == 0 && !places)
                r = strv_add(&places, setting_origin_to_string(s->origin));
        list = r == 0 ? strv_join(places, ", ") : NULL;
        if (!list ||
            asprintf(&text, "%s%s%s%s", list, reason ? " (" : "", strempty(reason), reason ? ")" : "") < 0)
                return NULL;
        return text;
}

static int print_table(const Ctl *c, const Settings *s, char *const *wanted) {
        static const Column columns[] = {
                { "SECTION", "section", 0 },
                { "KEY", "key", 0 },
                { "VALUE", "value", COLUMN_CUT },
                { "WHERE", "where", 0 },
        };
        autojson json_t *rows = json_array();

        for (size_t i = 0; i < s->n; i++) {
                const Setting *item = &s->items[i];
                autofree char *where = where_text(item);
                json_t *row;

                if (!where || !is_shown(c, item, wanted))
                        continue;
                row = c->options.json
                              ? json_pack("{s:s, s:s, s:s, s:s, s:o, s:s?}", "section", item->table->section,
                                          "key", item->key->name, "value", item->value, "origin",
                                          setting_origin_to_string(item->origin), "where",
                                          places_to_json(item), "idle", key_idle_reason(item->key))
                              : json_pack("{s:s, s:s, s:s, s:s}", "section", item->table->section, "key",
                                          item->key->name, "value", item->value, "where", where);
                if (json_array_append_new(rows, row) < 0)
                        return ctl_errno(-ENOMEM, "show");
        }
        return table_print(c, rows, columns, ELEMENTSOF(columns));
}

static int print_lines(const Ctl *c, const Settings *s, char *const *wanted) {
        autojson json_t *object = json_object();

        for (size_t i = 0; i < s->n; i++) {
                const Setting *item = &s->items[i];

                if (!is_shown(c, item, wanted))
                        continue;
                if (c->options.json)
                        (void) json_object_set_new(object, item->key->name, json_string(item->value));
                else if (c->options.value)
                        puts(item->value);
                else
                        printf("%s=%s\n", item->key->name, item->value);
        }
        return c->options.json ? json_print(object) : STATUS_OK;
}

int settings_show(Ctl *c, const char *name, char *const *wanted) {
        autosettings Settings s = {};
        int status;

        status = load(c, name, &s);
        if (status == STATUS_OK)
                status = check_wanted(&s, wanted);
        if (status != STATUS_OK)
                return status;
        return c->options.where ? print_table(c, &s, wanted) : print_lines(c, &s, wanted);
}
