/* nsctl list, list-units, list-jobs. */
#include <fnmatch.h>
#include <string.h>

#include "basic/strv.h"
#include "ctl/bus-json.h"
#include "ctl/client.h"
#include "ctl/table.h"
#include "ctl/unit-files.h"

static bool is_at_rest(const json_t *row) {
        const char *state = json_string_value(json_object_get(row, "active"));

        return streq_null(state, "inactive") && json_integer_value(json_object_get(row, "job")) == 0;
}

static bool matches(const json_t *row, char *const *patterns) {
        STRV_FOREACH (p, patterns)
                if (fnmatch(*p, strempty(json_string_value(json_object_get(row, "unit"))), 0) == 0)
                        return true;
        return !patterns;
}

/* With --all: unit files that the manager has had no reason to look at. */
static int add_files(json_t *rows) {
        autojson json_t *known = json_object();
        autostrv char **names = NULL;
        json_t *row;
        size_t i;
        int r;

        r = unit_files_list(false, &names);
        if (r < 0)
                return r;

        json_array_foreach(rows, i, row) {
                if (json_object_set(known, json_string_value(json_object_get(row, "unit")), row) < 0)
                        return -ENOMEM;
        }
        STRV_FOREACH (n, names) {
                if (unit_name_is_template(*n) || json_object_get(known, *n))
                        continue;
                row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "unit", *n, "description", "", "load",
                                "stub", "active", "inactive", "sub", "dead", "job", 0);
                if (!row || json_array_append_new(rows, row) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int patterns_from(char *const *words, char ***ret) {
        STRV_FOREACH (w, words) {
                autofree char *name = NULL;
                int r;

                /* "web*" is a pattern of any kind of unit, "web" the name of one. */
                if (strpbrk(*w, "*?["))
                        r = strv_add(ret, *w);
                else {
                        r = ctl_unit_name(*w, &name);
                        if (r == 0)
                                r = strv_take(ret, take_ptr(name));
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

int verb_list(Ctl *c, char **words) {
        static const Column columns[] = {
                { "UNIT", "unit", 0 }, { "LOAD", "load", 0 },    { "ACTIVE", "active", COLUMN_STATE },
                { "SUB", "sub", 0 },   { "JOB", "job_type", 0 }, { "DESCRIPTION", "description", COLUMN_CUT },
        };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *rows = NULL;
        autostrv char **patterns = NULL;
        int r;

        if (patterns_from(words + 1, &patterns) < 0 || client_open(c) < 0)
                return STATUS_FAILED;
        r = client_list_units(c, &error, &rows);
        if (r < 0)
                return client_failure("list", r, &error);
        if (c->options.all || patterns)
                r = add_files(rows);
        if (r < 0)
                return ctl_errno(r, "cannot read the unit files");

        for (size_t i = json_array_size(rows); i > 0; i--) {
                const json_t *row = json_array_get(rows, i - 1);

                if (!matches(row, patterns) || (!c->options.all && !patterns && is_at_rest(row)))
                        (void) json_array_remove(rows, i - 1);
        }
        return table_print(c, rows, columns, ELEMENTSOF(columns));
}

int verb_list_jobs(Ctl *c, char **words) {
        static const Column columns[] = {
                { "JOB", "id", COLUMN_RIGHT },
                { "UNIT", "unit", 0 },
                { "TYPE", "type", 0 },
                { "STATE", "state", 0 },
        };
        static const char *const keys[] = { "id", "unit", "type", "state" };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        autojson json_t *rows = NULL;
        int r;

        if (client_open(c) < 0)
                return STATUS_FAILED;
        r = client_call(c, NULL, NULL, "ListJobs", &error, &reply, NULL);
        if (r == 0)
                r = bus_json_read_rows(reply, keys, ELEMENTSOF(keys), &rows);
        if (r < 0)
                return client_failure("list-jobs", r, &error);

        return table_print(c, rows, columns, ELEMENTSOF(columns));
}
