/* nsctl diff: what a daemon-reload would change for which running unit, and what it takes. */
#include <errno.h>
#include <stdlib.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/explain.h"
#include "ctl/table.h"
#include "ctl/unit-files.h"
#include "spec/unit-diff.h"

/* As diff(1): 0 no difference, 1 some, 2 it could not be found out. */
enum { DIFF_NONE = 0, DIFF_SOME = 1, DIFF_TROUBLE = 2 };

typedef struct DiffRun {
        Ctl *c;
        UnitPath *path;
        HostSpecifiers *host;
        json_t *units; /* of the manager */
        json_t *rows;
        bool trouble;
} DiffRun;

static void run_clear(DiffRun *d) {
        unit_path_free(d->path);
        host_specifiers_free(d->host);
        json_decref(d->units);
        json_decref(d->rows);
}

#define autorun __attribute__((cleanup(run_clear)))

static void add_row(DiffRun *d, const char *unit, const UnitChange *change, const char *what) {
        json_t *row = change ? json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "unit", unit, "section",
                                         change->table->section, "key", change->key->name, "before",
                                         change->before, "after", change->after, "change", what)
                             : json_pack("{s:s, s:n, s:n, s:n, s:n, s:s}", "unit", unit, "section", "key",
                                         "before", "after", "change", what);

        if (json_array_append_new(d->rows, row) < 0)
                d->trouble = true;
}

typedef struct Text {
        const char *text, *file;
} Text;

/* What the manager has: relative paths begin where the file was. */
static int parse_text(const DiffRun *d, const char *name, Text from, UnitSpec **ret) {
        autoptr(RawUnit) raw = calloc(1, sizeof(*raw));
        int r;

        if (!raw)
                return -ENOMEM;
        raw->name = strdup(name);
        raw->fragment = strdup(from.file);
        if (!raw->name || !raw->fragment)
                return -ENOMEM;

        r = raw_unit_parse(raw, raw->fragment, from.text, strlen(from.text), NULL);
        if (r == 0)
                r = unit_spec_load(raw, host_specifiers_context(d->host), NULL, ret);
        if (r == 0)
                (void) take_ptr(raw);
        return r;
}

static int compare(DiffRun *d, const UnitSpec *now, Text started_text, Text loaded_text) {
        autoptr(UnitSpec) started = NULL, loaded = NULL;
        UnitChange *changes;
        size_t n;
        int r;

        /* The file may have been unreadable at the last reload, or the unit is about to be started. */
        r = parse_text(d, now->name, loaded_text.file[0] ? loaded_text : started_text, &loaded);
        if (r == 0)
                r = parse_text(d, now->name, started_text.file[0] ? started_text : loaded_text, &started);
        if (r == 0)
                r = unit_diff(started, loaded, now, &changes, &n);
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++)
                add_row(d, now->name, &changes[i], unit_change_kind_to_string(changes[i].kind));
        unit_changes_free(changes, n);
        return 0;
}

static void tell(DiffRun *d, int status) {
        d->trouble |= status != STATUS_OK;
}

static void diff_running(DiffRun *d, const char *name, const UnitSpec *now) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        Text started, loaded;
        int r;

        r = client_call(d->c, NULL, NULL, "GetUnitText", &error, &reply, "s", name);
        if (r == 0)
                r = sd_bus_message_read(reply, "ssss", &started.text, &started.file, &loaded.text,
                                        &loaded.file);
        if (r < 0) {
                tell(d, client_failure(name, r, &error));
                return;
        }
        r = compare(d, now, started, loaded);
        if (r < 0)
                tell(d, ctl_errno(r, "%s", name));
}

static bool runs(const json_t *unit) {
        const char *state = property_string(unit, "active");

        return !streq(state, "inactive") && !streq(state, "failed") && !streq(state, "");
}

static const json_t *find_unit(const DiffRun *d, const char *name) {
        for (size_t i = 0; i < json_array_size(d->units); i++)
                if (streq(property_string(json_array_get(d->units, i), "unit"), name))
                        return json_array_get(d->units, i);
        return NULL;
}

static void diff_file(DiffRun *d, const char *name) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) now = NULL;
        autofree char *said = NULL;
        int r;

        r = diag ? unit_files_load(d->path, d->host, name, diag, &now) : -ENOMEM;
        if (r == -EINVAL) {
                said = diag_to_string(diag);
                fputs(strempty(said), stderr);
                add_row(d, name, NULL, "has mistakes");
                d->trouble = true;
        } else if (r < 0)
                tell(d, ctl_errno(r, "%s", name));
        else
                diff_running(d, name, now);
}

/* What is at rest takes its file as it is when it is started. */
static void diff_unit(DiffRun *d, const char *name) {
        const json_t *known = find_unit(d, name);
        autofree char *file = NULL;
        int r;

        r = unit_path_find(d->path, name, &file);
        if (r == -ENOENT && !known)
                tell(d, ctl_no_unit(name));
        else if (r == -ENOENT)
                add_row(d, name, NULL, "file is gone");
        else if (r == -ERFKILL) {
                if (known && !streq(property_string(known, "load"), "masked"))
                        add_row(d, name, NULL, "is masked");
        } else if (r < 0)
                tell(d, ctl_errno(r, "%s", name));
        else if (!known || streq(property_string(known, "load"), "not-found"))
                add_row(d, name, NULL, "new file");
        else if (runs(known))
                diff_file(d, name);
}

/* All that the manager knows and all that there are files of. */
static int all_names(const DiffRun *d, char ***ret) {
        autostrv char **names = NULL, **files = NULL;
        int r;

        r = unit_path_list(d->path, &files);
        STRV_FOREACH (file, files)
                if (r == 0 && !unit_name_is_template(*file))
                        r = strv_add(&names, *file);
        for (size_t i = 0; i < json_array_size(d->units) && r == 0; i++) {
                const char *name = property_string(json_array_get(d->units, i), "unit");

                if (!strv_contains(names, name))
                        r = strv_add(&names, name);
        }
        if (r < 0)
                return r;

        strv_sort(names);
        *ret = take_ptr(names);
        return 0;
}

int verb_diff(Ctl *c, char **words) {
        static const Column columns[] = {
                { "UNIT", "unit", 0 },
                { "KEY", "key", 0 },
                { "RUNNING", "before", COLUMN_CUT },
                { "FILE", "after", COLUMN_CUT },
                { "CHANGE", "change", 0 },
        };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autorun DiffRun d = { .c = c, .rows = json_array(), .host = host_specifiers_new() };
        autostrv char **names = NULL;
        int r;

        if (ctl_unit_names(words + 1, &names) < 0 || client_open(c) < 0)
                return DIFF_TROUBLE;
        r = client_list_units(c, &error, &d.units);
        if (r < 0) {
                (void) client_failure("diff", r, &error);
                return DIFF_TROUBLE;
        }
        r = d.rows && d.host ? unit_files_open(NULL, &d.path) : -ENOMEM;
        if (r == 0 && !names)
                r = all_names(&d, &names);
        if (r < 0) {
                (void) ctl_errno(r, "diff");
                return DIFF_TROUBLE;
        }

        STRV_FOREACH (name, names)
                diff_unit(&d, *name);
        if ((c->options.json || json_array_size(d.rows) > 0) &&
            table_print(c, d.rows, columns, ELEMENTSOF(columns)) != STATUS_OK)
                d.trouble = true;
        return d.trouble ? DIFF_TROUBLE : json_array_size(d.rows) > 0 ? DIFF_SOME : DIFF_NONE;
}
