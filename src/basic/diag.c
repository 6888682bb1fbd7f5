/*
 * The list behind Diag, and the search for the word that was meant.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "basic/diag.h"

struct Diag {
        DiagItem *items;
        size_t n, allocated;
};

ENUM_DEFINE(Severity, severity, SEVERITY, SEVERITY_LIST)

Where where_advance(Where at, size_t bytes) {
        at.offset += bytes;
        if (at.column > 0)
                at.column += (unsigned) bytes;

        for (const WhereBreak *b = at.breaks; b && b->line > 0 && b->offset <= at.offset; b++) {
                at.line = b->line;
                at.column = b->column + (unsigned) (at.offset - b->offset);
                at.breaks = b; /* a place leads only further on: the next step begins here */
        }

        return at;
}

Diag *diag_new(void) {
        return calloc(1, sizeof(Diag));
}

void diag_free(Diag *d) {
        if (!d)
                return;

        for (size_t i = 0; i < d->n; i++) {
                free(d->items[i].file);
                free(d->items[i].message);
                free(d->items[i].hint);
        }
        free(d->items);
        free(d);
}

static DiagItem *diag_add(Diag *d) {
        if (d->n == d->allocated) {
                size_t wanted = d->allocated ? d->allocated * 2 : 8;
                DiagItem *items = reallocarray(d->items, wanted, sizeof(*items));

                if (!items)
                        return NULL;
                d->items = items;
                d->allocated = wanted;
        }

        d->items[d->n] = (DiagItem){};
        return &d->items[d->n++];
}

PRINTF_LIKE(4, 0)
static void diag_addv(Diag *d, Severity severity, Where at, const char *fmt, va_list ap) {
        autofree char *message = NULL;
        DiagItem *item;

        if (!d)
                return;
        if (vasprintf(&message, fmt, ap) < 0) {
                message = NULL;
                return;
        }

        item = diag_add(d);
        if (!item)
                return;

        item->severity = severity;
        item->file = at.file ? strdup(at.file) : NULL;
        item->line = at.line;
        item->column = at.column;
        item->message = take_ptr(message);
}

int diag_error(Diag *d, Where at, int r, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        diag_addv(d, SEVERITY_ERROR, at, fmt, ap);
        va_end(ap);
        return r;
}

void diag_warning(Diag *d, Where at, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        diag_addv(d, SEVERITY_WARNING, at, fmt, ap);
        va_end(ap);
}

void diag_hint(Diag *d, const char *fmt, ...) {
        char *hint = NULL;
        va_list ap;

        if (!d || d->n == 0)
                return;

        va_start(ap, fmt);
        if (vasprintf(&hint, fmt, ap) < 0)
                hint = NULL;
        va_end(ap);

        free(d->items[d->n - 1].hint);
        d->items[d->n - 1].hint = hint;
}

static bool same_letter(char a, char b) {
        return tolower((unsigned char) a) == tolower((unsigned char) b);
}

size_t diag_distance(const char *a, const char *b) {
        size_t rows[3][64], *before = rows[0], *last = rows[1], *row = rows[2], na = strlen(a),
                            nb = strlen(b);

        if (na >= ELEMENTSOF(rows[0]) || nb >= ELEMENTSOF(rows[0]))
                return SIZE_MAX;

        for (size_t j = 0; j <= nb; j++)
                row[j] = j;

        for (size_t i = 1; i <= na; i++) {
                size_t *reused = before;

                before = last;
                last = row;
                row = reused;
                row[0] = i;
                for (size_t j = 1; j <= nb; j++) {
                        size_t replaced = last[j - 1] + !same_letter(a[i - 1], b[j - 1]);

                        row[j] = MIN_OF(replaced, MIN_OF(last[j], row[j - 1]) + 1);
                        if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                            same_letter(a[i - 2], b[j - 1]))
                                row[j] = MIN_OF(row[j], before[j - 2] + 1);
                }
        }

        return row[nb];
}

const char *diag_nearest(const char *word, const char *const *words) {
        const char *best = NULL;
        size_t best_distance = SIZE_MAX;

        for (; words && *words; words++) {
                size_t n = diag_distance(word, *words), longer = MAX_OF(strlen(word), strlen(*words));

                if (n < best_distance && n <= longer / 3) {
                        best = *words;
                        best_distance = n;
                }
        }

        return best;
}

void diag_did_you_mean(Diag *d, const char *word, const char *const *words) {
        const char *best = diag_nearest(word, words);

        if (best)
                diag_hint(d, "did you mean \"%s\"?", best);
}

size_t diag_count(const Diag *d) {
        return d ? d->n : 0;
}

size_t diag_count_errors(const Diag *d) {
        size_t n = 0;

        for (size_t i = 0; d && i < d->n; i++)
                n += d->items[i].severity == SEVERITY_ERROR;
        return n;
}

const DiagItem *diag_get(const Diag *d, size_t i) {
        return d && i < d->n ? &d->items[i] : NULL;
}

static bool item_is_after(const DiagItem *a, const DiagItem *b) {
        return a->line != b->line ? a->line > b->line : a->column > b->column;
}

/* Where item @i belongs among those before it, which are sorted: behind the last of its file that is not
 * after it. */
static size_t find_place(const Diag *d, size_t i) {
        size_t place = i, k = i;

        while (k > 0 && !streq_null(d->items[k - 1].file, d->items[i].file))
                k--;
        for (; k > 0 && streq_null(d->items[k - 1].file, d->items[i].file); k--) {
                if (!item_is_after(&d->items[k - 1], &d->items[i]))
                        return k;
                place = k - 1;
        }
        return place;
}

void diag_sort(Diag *d) {
        for (size_t i = 1; d && i < d->n; i++) {
                size_t place = find_place(d, i);
                DiagItem item = d->items[i];

                memmove(d->items + place + 1, d->items + place, (i - place) * sizeof(item));
                d->items[place] = item;
        }
}

void diag_append(Diag *d, const Diag *from) {
        for (size_t i = 0; d && from && i < from->n; i++) {
                const DiagItem *item = &from->items[i];
                DiagItem *copy = diag_add(d);

                if (!copy)
                        return;
                copy->severity = item->severity;
                copy->file = item->file ? strdup(item->file) : NULL;
                copy->line = item->line;
                copy->column = item->column;
                copy->message = strdup(strempty(item->message));
                copy->hint = item->hint ? strdup(item->hint) : NULL;
        }
}

static void print_item(FILE *f, const DiagItem *item) {
        if (item->file)
                fputs(item->file, f);
        if (item->file && item->line > 0)
                fprintf(f, ":%u", item->line);
        if (item->file && item->line > 0 && item->column > 0)
                fprintf(f, ":%u", item->column);
        fprintf(f, "%s%s: %s", item->file ? ": " : "", severity_to_string(item->severity),
                strempty(item->message));
        if (item->hint)
                fprintf(f, " (%s)", item->hint);
}

char *diag_item_to_string(const DiagItem *item) {
        char *text = NULL;
        size_t n;
        FILE *f;

        f = open_memstream(&text, &n);
        if (!f)
                return NULL;

        print_item(f, item);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

char *diag_to_string(const Diag *d) {
        char *text = NULL;
        size_t n;
        FILE *f;

        f = open_memstream(&text, &n);
        if (!f)
                return NULL;

        for (size_t i = 0; d && i < d->n; i++) {
                print_item(f, &d->items[i]);
                fputc('\n', f);
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
