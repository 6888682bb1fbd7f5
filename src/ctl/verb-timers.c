/* nsctl list-timers: when which unit is started next. */
#include <stdlib.h>

#include "ctl/client.h"
#include "ctl/table.h"
#include "ctl/text.h"

/* The next one first; what comes never last. */
static int by_next(const void *a, const void *b) {
        const json_t *x = json_object_get(*(json_t *const *) a, "next");
        const json_t *y = json_object_get(*(json_t *const *) b, "next");
        json_int_t n = json_integer_value(x), m = json_integer_value(y);

        if (!json_is_integer(x) || !json_is_integer(y))
                return json_is_integer(y) - json_is_integer(x);
        return (n > m) - (n < m);
}

static json_t *sorted(const json_t *rows) {
        size_t n = json_array_size(rows);
        json_t **lines = calloc(n + 1, sizeof(json_t *)), *list = json_array();

        for (size_t i = 0; lines && i < n; i++)
                lines[i] = json_array_get(rows, i);
        if (lines)
                qsort(lines, n, sizeof(json_t *), by_next);
        for (size_t i = 0; lines && i < n; i++)
                (void) json_array_append(list, lines[i]);
        free(lines);
        return list;
}

/* How long until then, and since then: what people read in a table, and programs reckon themselves. */
static void add_distances(json_t *row, usec_t now) {
        const json_t *next = json_object_get(row, "next"), *last = json_object_get(row, "last");
        usec_t n = (usec_t) json_integer_value(next);
        char buf[TEXT_MAX];

        if (json_is_integer(next))
                (void) json_object_set_new(row, "left",
                                           json_string(n > now ? text_span_rough(n - now, buf) : "now"));
        if (json_is_integer(last))
                (void) json_object_set_new(
                        row, "passed", json_string(text_ago((usec_t) json_integer_value(last), now, buf)));
}

int verb_list_timers(Ctl *c, char **words) {
        static const Column columns[] = {
                { "NEXT", "next", COLUMN_TIME }, { "LEFT", "left", COLUMN_RIGHT },
                { "LAST", "last", COLUMN_TIME }, { "PASSED", "passed", COLUMN_RIGHT },
                { "UNIT", "unit", COLUMN_CUT },
        };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *rows = NULL, *list = NULL;
        json_t *row;
        size_t i;
        int r;

        if (client_open(c) < 0)
                return STATUS_FAILED;
        r = client_query_json(c, "ListTimers", NULL, &error, &rows);
        if (r < 0)
                return client_failure("list-timers", r, &error);

        list = sorted(rows);
        if (!c->options.json)
                json_array_foreach(list, i, row) add_distances(row, clock_now(CLOCK_REALTIME));
        return table_print(c, list, columns, ELEMENTSOF(columns));
}
