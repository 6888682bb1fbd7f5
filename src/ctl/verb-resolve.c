/* nsctl resolve: names of containers, asked from the host. */
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "ctl/client.h"
#include "ctl/table.h"

/* "back" is "back.network", as in Network=. */
static char *network_name(const char *typed) {
        char *name;

        if (!typed || streq(typed, "default") || unit_name_kind(typed) == UNIT_NETWORK)
                return strdup(strempty(typed));
        return asprintf(&name, "%s.network", typed) < 0 ? NULL : name;
}

int verb_resolve(Ctl *c, char **words) {
        static const Column columns[] = {
                { "NAME", "name", 0 },
                { "ADDRESS", "address", 0 },
                { "NETWORK", "network", 0 },
                { "UNIT", "unit", COLUMN_CUT },
        };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        autofree char *network = network_name(c->options.network);
        autojson json_t *rows = NULL;
        const char *text;
        int r;

        if (!network || client_open(c) < 0)
                return STATUS_FAILED;
        r = client_call(c, NULL, NULL, "Resolve", &error, &reply, "ss", words[1], network);
        if (r == 0)
                r = sd_bus_message_read(reply, "s", &text);
        if (r < 0)
                return client_failure(words[1], r, &error);

        rows = json_loads(text, 0, NULL);
        if (json_array_size(rows) == 0)
                return ctl_error("nobody is called \"%s\"%s%s", words[1], network[0] ? " on " : "", network);
        return c->options.quiet ? STATUS_OK : table_print(c, rows, columns, ELEMENTSOF(columns));
}
