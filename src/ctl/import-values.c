/* Values as Docker and Compose write them: numbers, sizes, durations, paths, command lines. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "ctl/import.h"

int import_text(Import *i, const Doc *d, const char **ret) {
        if (d->kind != DOC_TEXT) {
                (void) import_wrong_kind(i, d, "a text");
                return -EINVAL;
        }
        *ret = d->text;
        return 0;
}

int import_texts(Import *i, const Doc *d, const char ***ret) {
        autofree const char **texts = NULL;

        if (d->kind != DOC_TEXT && d->kind != DOC_LIST)
                return import_wrong_kind(i, d, "a text or a list of texts");
        texts = calloc(d->n + 2, sizeof(*texts));
        if (!texts)
                return -ENOMEM;

        if (d->kind == DOC_TEXT)
                texts[0] = d->text;
        for (size_t k = 0; k < d->n; k++) {
                int r = import_text(i, d->children[k], &texts[k]);

                if (r < 0)
                        return r;
        }
        *ret = take_ptr(texts);
        return 0;
}

int import_bool(Import *i, const Doc *d, bool *ret) {
        const char *text;
        int r;

        r = import_text(i, d, &text);
        if (r < 0)
                return r;
        return parse_bool(text, ret) < 0 ? import_error(i, d, "\"%s\" is neither true nor false", text) : 0;
}

/* "1.5" of "1.5gb"; exact for what people write. Returns what follows, or NULL for no number. */
static const char *scan_number(const char *s, long double *ret) {
        const char *digits = "0123456789";
        size_t n = strspn(s, digits);
        char *end;

        if (n == 0 || n > 19)
                return NULL;
        if (s[n] == '.')
                n += 1 + strspn(s + n + 1, digits);
        *ret = strtold(s, &end);
        return s + n;
}

int import_size(Import *i, const Doc *d, uint64_t *ret) {
        static const char units[] = "bkmgtp";
        const char *text, *rest, *unit;
        long double n;
        int r;

        r = import_text(i, d, &text);
        if (r < 0)
                return r;

        rest = scan_number(text, &n);
        if (rest) {
                while (*rest == ' ')
                        rest++;
                unit = *rest ? strchr(units, tolower((unsigned char) *rest)) : units;
                if (unit && *rest) {
                        rest++;
                        /* "kb" and "kib" are "k". */
                        if (unit > units && tolower((unsigned char) *rest) == 'i' && rest[1])
                                rest++;
                        if (unit > units && tolower((unsigned char) *rest) == 'b')
                                rest++;
                }
                if (unit && !*rest) {
                        n = ldexpl(n, 10 * (int) (unit - units));
                        if (n < 0x1p63L) {
                                *ret = (uint64_t) n;
                                return 0;
                        }
                }
        }
        return import_error(i, d, "\"%s\" is not a size", text);
}

int import_duration(Import *i, const Doc *d, usec_t *ret) {
        static const struct {
                const char *name;
                long double usec;
        } units[] = { { "ns", 1e-3L }, { "us", 1 },        { "µs", 1 },          { "ms", 1e3L },
                      { "s", 1e6L },   { "m", 60 * 1e6L }, { "h", 3600 * 1e6L }, { "d", 86400 * 1e6L } };
        long double sum = 0, n;
        const char *text, *s;
        int r;

        r = import_text(i, d, &text);
        if (r < 0)
                return r;

        for (s = text; *s;) {
                const char *rest = scan_number(s, &n);
                size_t k = 0, length;

                if (!rest)
                        break;
                /* A bare number: nanoseconds in JSON, seconds to people. */
                if (!*rest && s == text) {
                        sum = d->at.line > 0 ? n * 1e6L : n * 1e-3L;
                        s = rest;
                        break;
                }
                length = strcspn(rest, "0123456789. ");
                while (k < ELEMENTSOF(units) &&
                       (strlen(units[k].name) != length || strncmp(rest, units[k].name, length) != 0))
                        k++;
                if (k == ELEMENTSOF(units))
                        break;
                sum += n * units[k].usec;
                s = rest + length;
        }
        if (s == text || *s || sum >= 0x1p62L)
                return import_error(i, d, "\"%s\" is not a duration, as in 1m30s", text);
        *ret = (usec_t) sum;
        return 0;
}

/* By the text alone: ".." leaves the directory that stands before it, links or not. */
static void append_component(char *path, const char *part, size_t length) {
        size_t n = strlen(path);

        if (length == 0 || (length == 1 && part[0] == '.'))
                return;
        if (length == 2 && strncmp(part, "..", 2) == 0) {
                char *slash = strrchr(path, '/');

                if (slash)
                        *slash = '\0';
                return;
        }
        path[n] = '/';
        memcpy(path + n + 1, part, length);
        path[n + 1 + length] = '\0';
}

int import_path(Import *i, const char *path, char **ret) {
        const char *start = path[0] == '/' ? "" : i->directory;
        autofree char *result = NULL;

        if (path[0] == '~' && (path[1] == '/' || !path[1])) {
                start = strempty(strv_env_get(i->env, "HOME"));
                path++;
        }

        result = calloc(1, strlen(start) + strlen(path) + 3);
        if (!result)
                return -ENOMEM;
        if (!streq(start, "/"))
                strcpy(result, start);
        while (*path) {
                size_t n = strcspn(path, "/");

                append_component(result, path, n);
                path += n + (path[n] == '/');
        }
        if (!*result)
                strcpy(result, "/");
        *ret = take_ptr(result);
        return 0;
}

/* One word into @word, which has room. Returns where it ends, or NULL for a quote that is not closed. */
static const char *shell_word(const char *s, char *word) {
        for (; *s && !isspace((unsigned char) *s); s++) {
                const char quote = *s == '\'' || *s == '"' ? *s : '\0';

                if (!quote) {
                        if (*s == '\\' && !*++s)
                                return NULL;
                        *word++ = *s;
                        continue;
                }
                for (s++; *s && *s != quote; s++) {
                        if (quote == '"' && *s == '\\' && s[1] && strchr("\"\\$`\n", s[1]))
                                s++;
                        *word++ = *s;
                }
                if (!*s)
                        return NULL;
        }
        *word = '\0';
        return s;
}

int shell_split(const char *text, char ***ret) {
        autofree char *word = malloc(strlen(text) + 1);
        autostrv char **words = NULL;
        int r;

        if (!word)
                return -ENOMEM;
        for (;;) {
                while (isspace((unsigned char) *text))
                        text++;
                if (!*text)
                        break;
                text = shell_word(text, word);
                if (!text)
                        return -EINVAL;
                r = strv_add(&words, word);
                if (r < 0)
                        return r;
        }
        *ret = take_ptr(words);
        return 0;
}
