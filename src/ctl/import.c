/* The walk over a table of rows, and what is told about it. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/import.h"

/* In a note; what is longer is in the source. */
#define SHORT_VALUE 60

/* JSON has no lines: the way to the member stands before the message. */
static char *place_prefix(const Doc *d) {
        autofree char *path = NULL;
        char *text;

        if (d->at.line > 0)
                return strdup("");
        path = doc_path(d, NULL);
        if (!path || !*path)
                return path ? strdup("") : NULL;
        return asprintf(&text, "%s: ", path) < 0 ? NULL : text;
}

PRINTF_LIKE(1, 0)
static char *format(const char *fmt, va_list ap) {
        char *text;

        return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

int import_error(Import *i, const Doc *d, const char *fmt, ...) {
        autofree char *prefix = place_prefix(d), *text = NULL;
        va_list ap;

        va_start(ap, fmt);
        text = format(fmt, ap);
        va_end(ap);
        return diag_error(i->diag, d->at, -EINVAL, "%s%s", strempty(prefix), strempty(text));
}

void import_warning(Import *i, const Doc *d, const char *fmt, ...) {
        autofree char *prefix = place_prefix(d), *text = NULL;
        va_list ap;

        va_start(ap, fmt);
        text = format(fmt, ap);
        va_end(ap);
        diag_warning(i->diag, d->at, "%s%s", strempty(prefix), strempty(text));
}

/* Line breaks would be hard to read in a comment, and a value of many words is no name for anything. */
static const char *short_value(const Doc *d) {
        return d->kind == DOC_TEXT && strlen(d->text) <= SHORT_VALUE && !strchr(d->text, '\n') ? d->text
                                                                                               : NULL;
}

int import_note(Conversion *c, const Doc *d, const char *fmt, ...) {
        autofree char *path = doc_path(d, c->top ? c->top : c->root), *why = NULL;
        const char *value = short_value(d);
        va_list ap;

        va_start(ap, fmt);
        why = format(fmt, ap);
        va_end(ap);
        if (!path || !why)
                return -ENOMEM;

        import_warning(c->import, d, "%s: %s%s%s", c->unit->name, d->at.line > 0 ? path : "",
                       d->at.line > 0 ? ": " : "", why);
        return unit_text_note(c->unit, "%s%s%s%s: %s", path, value ? " \"" : "", strempty(value),
                              value ? "\"" : "", why);
}

int import_wrong_kind(Import *i, const Doc *d, const char *wanted) {
        autofree char *path = doc_path(d, NULL);

        if (d->at.line == 0)
                return import_error(i, d, "this is %s, where %s should be", doc_kind_name(d->kind), wanted);
        return import_error(i, d, "%s is %s, where %s should be", strempty(path), doc_kind_name(d->kind),
                            wanted);
}

int import_put(Conversion *c, const Doc *d, int r) {
        return r == -EINVAL ? import_note(c, d, "it has a character that %s= cannot say", c->row->key) : r;
}

/* Is there a row for @path, or for something above it? *ret_below: there are rows below it. */
static bool is_covered(const ImportRow *rows, size_t n, const char *path, bool *ret_below) {
        const size_t length = strlen(path);

        *ret_below = false;
        for (size_t i = 0; i < n; i++) {
                if (streq(rows[i].path, path))
                        return true;
                if (strncmp(rows[i].path, path, length) == 0 && rows[i].path[length] == '.')
                        *ret_below = true;
        }
        return false;
}

/* The paths of all rows, for did-you-mean. */
static void suggest(Import *i, const ImportRow *rows, size_t n, const char *path) {
        autofree const char **words = calloc(n + 1, sizeof(*words));

        for (size_t k = 0; words && k < n; k++)
                words[k] = rows[k].path;
        if (words)
                diag_did_you_mean(i->diag, path, words);
}

/* What no row is about. */
static int check_members(Conversion *c, const ImportRow *rows, size_t n, bool strict, const Doc *map,
                         const char *prefix) {
        int bad = 0;

        for (size_t i = 0; i < map->n; i++) {
                const Doc *child = map->children[i];
                autofree char *path = NULL;
                bool below;
                int r = 0;

                /* Extensions are for others. */
                if (child->kind == DOC_NULL || (strict && startswith(child->key, "x-")))
                        continue;
                if (asprintf(&path, "%s%s%s", prefix, *prefix ? "." : "", child->key) < 0) {
                        path = NULL;
                        return -ENOMEM;
                }
                if (is_covered(rows, n, path, &below))
                        continue;
                if (below)
                        r = child->kind == DOC_MAP ? check_members(c, rows, n, strict, child, path)
                                                   : import_wrong_kind(c->import, child, "a map");
                else if (strict) {
                        r = import_note(c, child, "this is not known here");
                        suggest(c->import, rows, n, path);
                } else if (*prefix && !doc_is_empty(child))
                        r = import_note(c, child, "this is not known here");
                if (r == -ENOMEM)
                        return r;
                bad = r < 0 ? r : bad;
        }
        return bad;
}

int import_rows(Conversion *c, const ImportRow *rows, size_t n, bool strict) {
        int bad = 0, r;

        if (c->root->kind != DOC_MAP)
                return c->root->kind == DOC_NULL ? 0 : import_wrong_kind(c->import, c->root, "a map");

        for (size_t i = 0; i < n; i++) {
                const Doc *value = doc_find(c->root, rows[i].path);

                if (!value)
                        continue;
                c->row = &rows[i];
                if (rows[i].convert)
                        r = rows[i].convert(c, value);
                else
                        /* What says "no" needs no equal. */
                        r = rows[i].reason && !doc_is_empty(value)
                                    ? import_note(c, value, "%s", rows[i].reason)
                                    : 0;
                if (r == -ENOMEM)
                        return r;
                bad = r < 0 ? r : bad;
        }

        r = check_members(c, rows, n, strict, c->root, "");
        return r < 0 ? r : bad;
}
