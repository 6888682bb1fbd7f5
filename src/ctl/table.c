/* Lists of things, as JSON or as a table. */
#include <errno.h>
#include <libsmartcols.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/strv.h"
#include "ctl/table.h"
#include "ctl/text.h"

typedef struct libscols_table ScolsTable;

AUTOPTR_DEFINE(ScolsTable, scols_unref_table);

int json_print(json_t *j) {
        if (json_dumpf(j, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY) < 0 || fputc('\n', stdout) == EOF)
                return ctl_errno(-errno, "cannot write");
        return STATUS_OK;
}

static char *number_cell(json_int_t n, unsigned flags) {
        char buf[TEXT_MAX];

        if (flags & COLUMN_BYTES)
                return strdup(text_bytes((uint64_t) n, buf));
        if (flags & COLUMN_TIME)
                return strdup(text_timestamp((usec_t) n, buf));
        (void) snprintf(buf, sizeof(buf), "%" JSON_INTEGER_FORMAT, n);
        return strdup(buf);
}

static char *real_cell(double d) {
        char *text;

        return asprintf(&text, "%.1f", d) < 0 ? NULL : text;
}

static char *list_cell(const json_t *array, unsigned flags) {
        autostrv char **parts = NULL;

        for (size_t i = 0; i < json_array_size(array); i++)
                if (strv_take(&parts, table_cell(json_array_get(array, i), flags)) < 0)
                        return NULL;
        return parts ? strv_join(parts, ", ") : strdup("-");
}

char *table_cell(const json_t *value, unsigned flags) {
        const char *text;

        switch (json_typeof(value)) {
        case JSON_STRING:
                text = json_string_value(value);
                if (flags & COLUMN_ID) {
                        const char *digest = startswith(text, "sha256:");

                        return strndup(digest ? digest : text, 12);
                }
                return text[0] ? text_escape(text) : strdup("-");
        case JSON_INTEGER:
                return number_cell(json_integer_value(value), flags);
        case JSON_TRUE:
                return strdup("yes");
        case JSON_FALSE:
                return strdup("no");
        case JSON_ARRAY:
                return list_cell(value, flags);
        case JSON_OBJECT:
                return json_dumps(value, JSON_COMPACT);
        case JSON_REAL:
                return real_cell(json_real_value(value));
        case JSON_NULL:
                return strdup("-");
        }
        return NULL;
}

static int fill_line(struct libscols_line *line, const json_t *row, const Column *columns, size_t n,
                     bool colours) {
        for (size_t i = 0; i < n; i++) {
                const json_t *value = json_object_get(row, columns[i].key);
                struct libscols_cell *cell = scols_line_get_cell(line, i);
                autofree char *text = value ? table_cell(value, columns[i].flags) : strdup("-");
                const char *colour;

                if (!text || !cell || scols_cell_set_data(cell, text) < 0)
                        return -ENOMEM;
                colour = columns[i].flags & COLUMN_STATE ? text_state_colour(text, colours) : "";
                if (colour[0] && scols_cell_set_color(cell, colour) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int make_columns(const Ctl *c, struct libscols_table *t, const Column *columns, size_t n) {
        for (size_t i = 0; i < n; i++) {
                int flags = 0;

                if (columns[i].flags & (COLUMN_RIGHT | COLUMN_BYTES))
                        flags |= SCOLS_FL_RIGHT;
                if (columns[i].flags & COLUMN_CUT && !c->options.full)
                        flags |= SCOLS_FL_TRUNC;
                if (!scols_table_new_column(t, columns[i].title, columns[i].flags & COLUMN_CUT ? 0.2 : 0,
                                            flags))
                        return -ENOMEM;
        }
        return 0;
}

static int build(const Ctl *c, json_t *rows, const Column *columns, size_t n, struct libscols_table *t) {
        bool colours = text_colours(stdout);
        json_t *row;
        size_t i;
        int r;

        r = make_columns(c, t, columns, n);
        if (r < 0)
                return r;

        if (colours)
                (void) scols_table_enable_colors(t, 1);
        if (c->options.no_legend)
                (void) scols_table_enable_noheadings(t, 1);

        json_array_foreach(rows, i, row) {
                struct libscols_line *line = scols_table_new_line(t, NULL);

                if (!line)
                        return -ENOMEM;
                r = fill_line(line, row, columns, n, colours);
                if (r < 0)
                        return r;
        }
        return 0;
}

int table_print(const Ctl *c, json_t *rows, const Column *columns, size_t n) {
        autoptr(ScolsTable) t = NULL;
        int r;

        if (c->options.json)
                return json_print(rows);

        t = scols_new_table();
        r = t ? build(c, rows, columns, n, t) : -ENOMEM;
        if (r == 0)
                r = scols_print_table(t);
        return r < 0 ? ctl_errno(r, "cannot print the table") : STATUS_OK;
}
