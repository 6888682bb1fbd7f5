/* nsctl network, links: what units use. Lists come from the manager as JSON. */
#include <string.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/store.h"

int store_list(Ctl *c, const char *method, const Column *columns, size_t n) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *rows = NULL;
        int r;

        if (client_open(c) < 0)
                return STATUS_FAILED;

        r = client_query_json(c, method, NULL, &error, &rows);
        return r < 0 ? client_failure("list", r, &error) : table_print(c, rows, columns, n);
}

int store_inspect(Ctl *c, const char *method, char **names) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *rows = NULL;
        int r, status = STATUS_OK;

        if (!names[0])
                return ctl_error("inspect: name at least one");
        if (client_open(c) < 0)
                return STATUS_FAILED;
        r = client_query_json(c, method, NULL, &error, &rows);
        if (r < 0)
                return client_failure("inspect", r, &error);

        STRV_FOREACH (name, names) {
                json_t *found = NULL, *row;
                size_t i;

                json_array_foreach(
                        rows, i,
                        row) if (streq_null(json_string_value(json_object_get(row, "name")), *name) ||
                                 streq_null(json_string_value(json_object_get(row, "unit")), *name)) found =
                        row;
                status = found ? json_print(found) : ctl_error("there is no \"%s\"", *name);
        }
        return status;
}

int store_remove_each(Ctl *c, const char *method, char **names) {
        int status = STATUS_OK;

        if (!names[0])
                return ctl_error("rm: name at least one");
        if (client_open(c) < 0)
                return STATUS_FAILED;

        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = client_call(c, NULL, NULL, method, &error, NULL, "s", *name);

                if (r < 0)
                        status = client_failure(*name, r, &error);
        }
        return status;
}

/* What is as it should be is not told. */
static int network_diff(Ctl *c) {
        static const Column columns[] = {
                { "WHAT", "what", 0 },
                { "NAME", "name", 0 },
                { "DESIRED", "desired", COLUMN_CUT },
                { "ACTUAL", "actual", COLUMN_CUT },
        };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *rows = NULL;
        int r;

        if (client_open(c) < 0)
                return STATUS_FAILED;
        r = client_query_json(c, "DiffNetwork", NULL, &error, &rows);
        if (r < 0)
                return client_failure("network diff", r, &error);
        if (json_array_size(rows) == 0 && !c->options.json)
                return STATUS_OK;
        r = table_print(c, rows, columns, ELEMENTSOF(columns));
        return r == STATUS_OK && json_array_size(rows) > 0 ? STATUS_FAILED : r;
}

int verb_network(Ctl *c, char **words) {
        static const Column columns[] = {
                { "NAME", "name", 0 },       { "DRIVER", "driver", 0 },     { "DEVICE", "device", 0 },
                { "SUBNETS", "subnets", 0 }, { "INTERNAL", "internal", 0 }, { "UNITS", "units", COLUMN_CUT },
        };
        const char *what = words[1] ? words[1] : "list";

        if (streq(what, "list"))
                return store_list(c, "ListNetworks", columns, ELEMENTSOF(columns));
        if (streq(what, "inspect"))
                return store_inspect(c, "ListNetworks", words + 2);
        if (streq(what, "diff"))
                return network_diff(c);
        return ctl_error("network %s: it is list, inspect or diff", what);
}

int verb_links(Ctl *c, char **words) {
        static const Column columns[] = {
                { "HOST LINK", "host_link", 0 },          { "UNIT", "unit", 0 }, { "LINK", "link", 0 },
                { "ADDRESSES", "addresses", COLUMN_CUT }, { "MAC", "mac", 0 },   { "NETWORK", "network", 0 },
        };

        return store_list(c, "ListLinks", columns, ELEMENTSOF(columns));
}
