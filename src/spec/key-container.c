/* Key types of single values that only containers have: logs, limits, pod, time zone, ids, roots. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

static int set_text(char **field, const char *text) {
        free(*field);
        *field = strdup(text);
        return *field ? 0 : -ENOMEM;
}

static int apply_log_option(const KeyInput *in, const KeyOption *o, LogOptions *l) {
        static const char *const names[] = { "path", "max-size", "max-file", "tag", "label", NULL };
        const char *value = strempty(o->value);
        uint32_t files;

        if (!strv_contains((char **) names, o->name))
                return key_bad_option(in, o, names);
        if (!*value)
                return diag_error(in->diag, o->value_at, -EINVAL, "%s=: %s= needs a value", in->key, o->name);

        if (streq(o->name, "path"))
                return set_text(&l->path, value);
        if (streq(o->name, "tag"))
                return set_text(&l->tag, value);
        if (streq(o->name, "label"))
                return set_text(&l->label, value);
        if (streq(o->name, "max-size"))
                return key_size(value, &l->max_size) < 0
                               ? diag_error(in->diag, o->value_at, -EINVAL, "%s=: \"%s\" is not a size",
                                            in->key, value)
                               : 0;
        if (parse_u32_range(value, 1, UINT32_MAX, &files) < 0)
                return diag_error(in->diag, o->value_at, -EINVAL, "%s=: \"%s\" is not a number of files",
                                  in->key, value);
        l->max_files = files;
        return 0;
}

int key_log_options_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                char *rest = words[i].text;
                KeyOption o;

                /* One option a word: no comma ends it. */
                if (key_next_option(&rest, words[i].text, words[i].at, '\0', &o)) {
                        int r = apply_log_option(in, &o, field);

                        if (r < 0)
                                return r;
                }
        }
        return n < 0 ? n : 0;
}

char *key_log_options_format(const void *field) {
        const LogOptions *l = field;
        char **words = NULL;
        int r = 0;

        if (l->path)
                r = strv_addf(&words, "path=%s", l->path);
        if (r == 0 && l->max_size > 0)
                r = strv_addf(&words, "max-size=%" PRIu64, l->max_size);
        if (r == 0 && l->max_files > 0)
                r = strv_addf(&words, "max-file=%u", l->max_files);
        if (r == 0 && l->tag)
                r = strv_addf(&words, "tag=%s", l->tag);
        if (r == 0 && l->label)
                r = strv_addf(&words, "label=%s", l->label);
        return key_join_take(words, r);
}

void key_log_options_clear(void *field) {
        LogOptions *l = field;

        free(l->path);
        free(l->tag);
        free(l->label);
        *l = (LogOptions){};
}

int key_pids_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        uint64_t n = UINT64_MAX;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        r = streq(text, "-1") || streq(text, "0") ? 0 : parse_u64(text, &n);
        if (r < 0)
                return key_bad_form(in, text, at, r, key_type_pids.syntax);
        *(uint64_t *) field = n;
        return 0;
}

char *key_pids_format(const void *field) {
        uint64_t n = *(const uint64_t *) field;
        char *text;

        if (n == 0 || n == UINT64_MAX)
                return strdup(n == 0 ? "" : "-1");
        return asprintf(&text, "%" PRIu64, n) < 0 ? NULL : text;
}

void key_pids_clear(void *field) {
        *(uint64_t *) field = 0;
}

int key_pod_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        if (unit_name_kind(text) != UNIT_POD || !unit_name_valid(text)) {
                (void) diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not the name of a .pod unit",
                                  in->key, text);
                return -EINVAL;
        }
        return set_text(field, text);
}

/* A file below /usr/share/zoneinfo, or "local". */
int key_timezone_parse(const KeyInput *in, void *field) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
        autofree char *text = NULL;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        if (!*text || strchr("/-+", *text) || text[strspn(text, letters)] || strstr(text, "//"))
                return key_bad_form(in, text, at, -EINVAL, "AREA/CITY | local");
        return set_text(field, text);
}

/* 32 hexadecimal digits, also in the form of a UUID. */
int key_id128_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        char digits[33];
        size_t n = 0;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        for (const char *p = text; *p; p++) {
                size_t place = (size_t) (p - text);

                if (*p == '-' && strlen(text) == 36 &&
                    (place == 8 || place == 13 || place == 18 || place == 23))
                        continue;
                if (!isxdigit((unsigned char) *p) || n == 32)
                        n = 33;
                else
                        digits[n++] = (char) tolower((unsigned char) *p);
                if (n > 32)
                        break;
        }
        if (n != 32)
                return key_bad_form(in, text, at, -EINVAL, key_type_id128.syntax);
        digits[32] = '\0';
        if (digits[strspn(digits, "0")] == '\0')
                return diag_error(in->diag, at, -EINVAL, "%s=: the id of all zeros is none", in->key);
        return set_text(field, digits);
}

int key_pivot_root_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        PivotRootChoice c = {};
        char *old;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        old = text;
        strsep(&old, ":");
        r = key_container_path(in, text, at, &c.new_root);
        if (r == 0 && streq(c.new_root, "/"))
                r = diag_error(in->diag, at, -EINVAL, "%s=: \"/\" is the root already", in->key);
        if (r == 0 && old)
                r = key_container_path(in, old, where_advance(at, (size_t) (old - text)), &c.old_root);
        if (r < 0) {
                key_pivot_root_clear(&c);
                return r;
        }
        key_pivot_root_clear(field);
        *(PivotRootChoice *) field = c;
        return 0;
}

char *key_pivot_root_format(const void *field) {
        const PivotRootChoice *c = field;
        char *text;

        return asprintf(&text, "%s%s%s", strempty(c->new_root), c->old_root ? ":" : "",
                        strempty(c->old_root)) < 0
                       ? NULL
                       : text;
}

void key_pivot_root_clear(void *field) {
        PivotRootChoice *c = field;

        free(c->new_root);
        free(c->old_root);
        *c = (PivotRootChoice){};
}
