/* Lists of things, as JSON or as a table. */
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/text.h"

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

/* The character at @p: how many bytes it has, and columns on the terminal. What cannot be shown is replaced.
 */
static size_t next_char(char *p, unsigned *ret_width) {
        static const char *locale;
        mbstate_t state = {};
        wchar_t c;
        size_t n;
        int width;

        *ret_width = 1;
        if (*p >= ' ' && *p < 0x7f)
                return 1;

        if (!locale)
                locale = strempty(setlocale(LC_CTYPE, "C.UTF-8"));
        n = mbrtowc(&c, p, MB_LEN_MAX, &state);
        width = n <= MB_LEN_MAX ? wcwidth(c) : -1;
        if (width < 0) {
                *p = '?';
                return 1;
        }
        *ret_width = (unsigned) width;
        return n;
}

/* The part of @text that fits into @most columns: its width, and its length. */
static unsigned measure(char *text, unsigned most, size_t *ret_size) {
        unsigned total = 0, width;
        char *p = text;
        size_t n;

        for (; *p; p += n, total += width) {
                n = next_char(p, &width);
                if (width > most - total)
                        break;
        }
        *ret_size = (size_t) (p - text);
        return total;
}

/* Takes from the columns that may be cut, from the widest one first, until a line fits into @most. */
static void fit(const Column *columns, size_t n, unsigned most, unsigned *widths) {
        size_t total = n - 1;

        for (size_t i = 0; i < n; i++)
                total += widths[i];
        for (; total > most; total--) {
                size_t widest = n;

                for (size_t i = 0; i < n; i++)
                        if (columns[i].flags & COLUMN_CUT && widths[i] > strlen(columns[i].title) &&
                            (widest == n || widths[i] > widths[widest]))
                                widest = i;
                if (widest == n)
                        break;
                widths[widest]--;
        }
}

static void print_blanks(unsigned n) {
        while (n-- > 0)
                (void) putchar_unlocked(' ');
}

static void print_line(char *const *cells, const Column *columns, size_t n, const unsigned *widths,
                       bool colours) {
        for (size_t i = 0; i < n; i++) {
                const char *colour =
                        columns[i].flags & COLUMN_STATE ? text_state_colour(cells[i], colours) : "";
                bool right = columns[i].flags & (COLUMN_RIGHT | COLUMN_BYTES), last = i + 1 == n;
                size_t size;
                unsigned blanks = widths[i] - measure(cells[i], widths[i], &size);

                if (right)
                        print_blanks(blanks);
                (void) fputs(colour, stdout);
                (void) fwrite(cells[i], 1, size, stdout);
                (void) fputs(text_reset(colour[0]), stdout);
                if (!right && !last)
                        print_blanks(blanks);
                (void) putchar_unlocked(last ? '\n' : ' ');
        }
}

/* The cells of all lines, one after the other, with those of the head before them; strv_free(). */
static char **make_cells(const json_t *rows, const Column *columns, size_t n) {
        autostrv char **cells = calloc((json_array_size(rows) + 1) * n + 1, sizeof(*cells));
        char **next = cells;

        for (size_t i = 0; cells && i < n; i++)
                if (!(*next++ = strdup(columns[i].title)))
                        return NULL;
        for (size_t line = 0; cells && line < json_array_size(rows); line++)
                for (size_t i = 0; i < n; i++) {
                        const json_t *value = json_object_get(json_array_get(rows, line), columns[i].key);

                        *next = value ? table_cell(value, columns[i].flags) : strdup("-");
                        if (!*next++)
                                return NULL;
                }
        return take_ptr(cells);
}

int table_print(const Ctl *c, json_t *rows, const Column *columns, size_t n) {
        const size_t n_cells = (json_array_size(rows) + 1) * n;
        const bool colours = text_colours(stdout);
        autofree unsigned *widths = NULL;
        autostrv char **cells = NULL;

        if (c->options.json)
                return json_print(rows);
        if (json_array_size(rows) == 0)
                return STATUS_OK;

        cells = make_cells(rows, columns, n);
        widths = calloc(n, sizeof(*widths));
        if (!cells || !widths)
                return ctl_errno(-ENOMEM, "cannot print the table");

        for (size_t i = 0; i < n_cells; i++) {
                size_t size;

                widths[i % n] = MAX_OF(widths[i % n], measure(cells[i], UINT_MAX, &size));
        }
        if (!c->options.full)
                fit(columns, n, terminal_columns(STDOUT_FILENO, UINT_MAX), widths);

        for (size_t i = c->options.no_legend ? n : 0; i < n_cells; i += n)
                print_line(cells + i, columns, n, widths, colours && i > 0);
        return STATUS_OK;
}
