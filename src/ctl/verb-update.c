/* nsctl auto-update: newer images for the units that say AutoUpdate=. */
#include <string.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/table.h"

static int ask(Ctl *c, char **units, sd_bus_error *error, json_t **ret) {
        automessage sd_bus_message *m = NULL, *reply = NULL;
        const char *text;
        int r;

        r = client_message_new(c, "AutoUpdate", &m);
        if (r >= 0)
                r = sd_bus_message_append_strv(m, units);
        if (r >= 0)
                r = sd_bus_message_append(m, "b", c->options.dry_run);
        if (r >= 0)
                r = client_call_message(c, m, error, &reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &text);
        if (r < 0)
                return r;
        *ret = json_loads(text, 0, NULL);
        return *ret ? 0 : -EBADMSG;
}

/* What is not in the table: why. */
static int report(const json_t *rows) {
        int status = STATUS_OK;
        const json_t *row;
        size_t i;

        json_array_foreach(rows, i, row) {
                const char *unit = json_string_value(json_object_get(row, "unit"));
                const char *reason = json_string_value(json_object_get(row, "reason"));
                const char *updated = json_string_value(json_object_get(row, "updated"));

                if (reason)
                        status = ctl_error("%s: %s: %s", strempty(unit), strempty(updated), reason);
        }
        return status;
}

int verb_auto_update(Ctl *c, char **words) {
        static const Column columns[] = {
                { "UNIT", "unit", 0 },
                { "IMAGE", "image", COLUMN_CUT },
                { "POLICY", "policy", 0 },
                { "UPDATED", "updated", 0 },
        };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autostrv char **units = NULL;
        autojson json_t *rows = NULL;
        int r;

        if (client_open(c) < 0 || (words[1] && client_unit_names(c, words + 1, &units) < 0))
                return STATUS_FAILED;
        r = ask(c, units, &error, &rows);
        if (r < 0)
                return client_failure("auto-update", r, &error);
        if (!c->options.quiet && table_print(c, rows, columns, ELEMENTSOF(columns)) != STATUS_OK)
                return STATUS_FAILED;
        return report(rows);
}
