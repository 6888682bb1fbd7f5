/* See variables.h. Everything is replaced from left to right, once: what a value holds is never looked at
 * again. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "config/env-file.h"
#include "config/specifiers.h"
#include "config/words.h"
#include "spec/key-types.h"
#include "spec/variables.h"

#define FILE_MAX (1024 * 1024)

/* No unit file has it: of sections with such names nobody reads anything. */
#define PINNED_SECTION "X-Nsunits-Variables"
#define PINNED_KEY     "Known"

static size_t name_length(const char *s) {
        size_t n = 0;

        while (isalnum((unsigned char) s[n]) || s[n] == '_')
                n++;
        return isdigit((unsigned char) s[0]) ? 0 : n;
}

/* Remembers which file it was: when that changes, so does the unit. */
static int add_stamp(RawUnit *raw, const char *path, const FileStamp *stamp) {
        size_t n = strv_length(raw->variable_files);
        FileStamp *stamps = reallocarray(raw->variable_stamps, n + 1, sizeof(*stamps));

        if (!stamps)
                return -ENOMEM;
        stamps[n] = *stamp;
        raw->variable_stamps = stamps;
        return strv_add(&raw->variable_files, path);
}

/* A file that cannot be read is not known, and neither is what it may set; with "-" before it, it is empty.
 */
static int add_file(RawUnit *raw, const char *file, const SpecifierContext *specifiers, Variables *v) {
        bool optional = file[0] == '-';
        autofree char *text = NULL;
        FileStamp stamp = {};
        size_t size;
        int r = 0;

        if (specifiers && specifiers->read_file) {
                r = specifiers->read_file(file + optional, FILE_MAX, &stamp, &text, &size);
                if (r == -ENOMEM || add_stamp(raw, file + optional, &stamp) < 0)
                        return -ENOMEM;
        }
        if (text) {
                r = env_file_parse(&v->known, file + optional, text, size, NULL);
                return r == -ENOMEM ? r : 0;
        }
        if (v->unread || (optional && r == -ENOENT))
                return 0;

        v->unread = strdup(file + optional);
        v->unread_error = r;
        return v->unread ? 0 : -ENOMEM;
}

/* "$" that is not "$$". */
static bool has_dollar(const char *value) {
        const char *p = strchr(value, '$');

        while (p && p[1] == '$')
                p = strchr(p + 2, '$');
        return p != NULL;
}

/* Environment=NAME hands a variable on. */
static bool has_bare_name(const RawValue *v) {
        autostrv char **words = NULL;

        if (!streq(v->key, "Environment") ||
            words_split_strv(v->value, raw_value_at(v), WORDS_QUOTES | WORDS_ESCAPES, NULL, &words) < 0)
                return false;
        STRV_FOREACH (word, words)
                if (!strchr(*word, '='))
                        return true;
        return false;
}

/* In Quadlet's own sections. */
static bool may_have_variables(const RawValue *v) {
        return section_kind(v->section) >= 0 && (has_dollar(v->value) || has_bare_name(v));
}

static bool uses_variables(const RawUnit *raw) {
        RAW_FOREACH (v, raw)
                if (may_have_variables(&v))
                        return true;
        return false;
}

/* At the most: also where it is a part of another name. */
static bool is_used(const RawUnit *raw, const char *assignment) {
        autofree char *name = strndup(assignment, strcspn(assignment, "="));

        RAW_FOREACH (v, raw)
                if (may_have_variables(&v) && (!name || strstr(v.value, name)))
                        return true;
        return false;
}

static int add_value(const RawValue *v, const char *directory, const SpecifierContext *specifiers,
                     char ***files, Variables *ret) {
        KeyInput in = { .key = v->key,
                        .text = v->value,
                        .at = raw_value_at(v),
                        .directory = directory,
                        .specifiers = specifiers };
        bool file = streq(v->key, "EnvironmentFile");
        char ***list = file ? files : &ret->known;

        if (!streq(v->section, "Service") || (!file && !streq(v->key, "Environment")))
                return 0;
        if (!v->value[0]) {
                *list = strv_free(*list);
                return 0;
        }
        return file ? key_env_files_parse(&in, list) : key_assignments_parse(&in, list);
}

/* Returns 1 when the text says what they were, 0 when it does not. */
static int find_pinned(const RawUnit *raw, Variables *ret) {
        int found = 0;

        RAW_FOREACH (v, raw) {
                autostrv char **words = NULL;
                int r;

                if (!streq(v.section, PINNED_SECTION) || !streq(v.key, PINNED_KEY))
                        continue;
                found = 1;
                r = words_split_strv(v.value, raw_value_at(&v), WORDS_QUOTES | WORDS_ESCAPES, NULL, &words);
                if (r == 0)
                        r = strv_add_all(&ret->known, words);
                if (r == -ENOMEM)
                        return r;
        }
        return found;
}

int variables_collect(RawUnit *raw, const char *directory, const SpecifierContext *specifiers,
                      Variables *ret) {
        autostrv char **files = NULL;
        int r;

        if (!uses_variables(raw))
                return 0;
        r = find_pinned(raw, ret);
        if (r != 0)
                return r < 0 ? r : 0;

        for (RawValue v = {}; r != -ENOMEM && raw_unit_next(raw, &v);)
                r = add_value(&v, directory, specifiers, &files, ret);
        /* Files beat Environment=, as in systemd. */
        STRV_FOREACH (f, files)
                if (r != -ENOMEM)
                        r = add_file(raw, *f, specifiers, ret);
        return r == -ENOMEM ? r : 0;
}

int variables_pin(const Variables *v, RawUnit *raw) {
        if (!raw->variable_files)
                return 0;

        STRV_FOREACH (known, v->known) {
                char *word[] = { *known, NULL };
                autofree char *text = NULL;
                int r;

                if (!is_used(raw, *known))
                        continue;
                text = words_join(word);
                r = text ? raw_unit_add(raw, PINNED_SECTION, PINNED_KEY, text,
                                        (Where){ .file = raw->fragment })
                         : -ENOMEM;
                if (r < 0)
                        return r;
        }
        return 0;
}

void variables_clear(Variables *v) {
        strv_free(v->known);
        free(v->unread);
        *v = (Variables){};
}

/* Why a variable has no value, and what can be done. */
static void hint(const KeyInput *in, const char *name) {
        const Variables *v = in->variables;

        if (v->unread && v->unread_error < 0)
                diag_hint(in->diag, "%s, which EnvironmentFile= names, cannot be read: %s", v->unread,
                          strerror(-v->unread_error));
        else if (v->unread)
                diag_hint(in->diag, "%s, which EnvironmentFile= names, is not read here", v->unread);
        else if (in->free_text)
                diag_hint(in->diag, "Environment= of [Service] sets it; $${%s} is left for the container",
                          name);
        else
                diag_hint(in->diag, "Environment= of [Service] sets it");
}

/* 1: *ret is the value, borrowed. 0: it has none and is as good as empty. */
static int look_up(const KeyInput *in, const char *name, Where at, const char **ret) {
        *ret = strv_env_get(in->variables->known, name);
        if (*ret)
                return 1;

        if (!in->free_text || in->variables->unread) {
                (void) diag_error(in->diag, at, -EINVAL, "%s=: the variable %s has no value", in->key, name);
                hint(in, name);
                return -EINVAL;
        }
        diag_warning(in->diag, at, "%s=: the variable %s has no value and is taken as empty", in->key, name);
        hint(in, name);
        *ret = "";
        return 0;
}

/* "${NAME}" at @p. Returns how long it is. */
static int expand_braces(const KeyInput *in, const char *p, Where at, const char **ret) {
        const char *end = strchr(p, '}');
        autofree char *name = NULL;
        size_t n;
        int r;

        if (!end)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"${\" needs a \"}\"", in->key);
        n = (size_t) (end - p) - 2;
        name = strndup(p + 2, n);
        if (!name)
                return -ENOMEM;
        if (n == 0 || name_length(name) != n) {
                (void) diag_error(in->diag, at, -EINVAL, "%s=: \"${%s}\" is not a variable", in->key, name);
                diag_hint(in->diag, "\"$$\" is a dollar sign");
                return -EINVAL;
        }
        r = look_up(in, name, at, ret);
        return r < 0 ? r : (int) n + 3;
}

/* A word that begins with a dollar sign is a variable as a whole, or nothing that systemd would understand.
 */
static int whole_name(const KeyInput *in, const char *word, Where at) {
        size_t n;

        if (word[0] != '$' || word[1] == '{' || word[1] == '$')
                return 0;
        n = name_length(word + 1);
        if (n > 0 && !word[n + 1])
                return 1;
        (void) diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not a variable", in->key, word);
        diag_hint(in->diag, n > 0 ? "a part of a word is written ${NAME}" : "\"$$\" is a dollar sign");
        return -EINVAL;
}

int variables_expand(const KeyInput *in, const char *text, Where at, char **ret) {
        char *whole = NULL;
        size_t size;
        FILE *f;
        int r;

        r = whole_name(in, text, at);
        if (r > 0) {
                const char *value;

                r = look_up(in, text + 1, at, &value);
                if (r < 0)
                        return r;
                *ret = strdup(value);
                return *ret ? 0 : -ENOMEM;
        }
        f = r == 0 ? open_memstream(&whole, &size) : NULL;
        if (!f)
                return r < 0 ? r : -ENOMEM;

        for (const char *p = text; *p && r >= 0;) {
                const char *value = "";

                if (p[0] == '$' && p[1] == '{') {
                        r = expand_braces(in, p, where_advance(at, (size_t) (p - text)), &value);
                        fputs(r > 0 ? value : "", f);
                        p += r > 0 ? r : 0;
                } else {
                        p += p[0] == '$' && p[1] == '$';
                        fputc(*p++, f);
                }
        }
        if (fclose(f) != 0)
                r = -ENOMEM;
        if (r < 0) {
                free(whole);
                return r;
        }
        *ret = whole;
        return 0;
}

int variables_expand_word(const KeyInput *in, const char *word, Where at, char ***ret) {
        const char *value;
        int r;

        r = whole_name(in, word, at);
        if (r <= 0)
                return r;
        r = look_up(in, word + 1, at, &value);
        if (r < 0)
                return r;
        r = strv_split(value, " \t\n", ret);
        return r < 0 ? r : 1;
}
