/* See variables.h. Everything is replaced from left to right, once: what a value holds is never looked at
 * again. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "config/env-file.h"
#include "config/specifiers.h"
#include "spec/key-types.h"
#include "spec/variables.h"

#define FILE_MAX (1024 * 1024)

static size_t name_length(const char *s) {
        size_t n = 0;

        while (isalnum((unsigned char) s[n]) || s[n] == '_')
                n++;
        return isdigit((unsigned char) s[0]) ? 0 : n;
}

/* A file that cannot be read is not known, and neither is what it may set; with "-" before it, it is empty.
 */
static int add_file(const char *file, const SpecifierContext *specifiers, Variables *v) {
        bool optional = file[0] == '-';
        autofree char *text = NULL;
        size_t size;
        int r;

        r = specifiers && specifiers->read_file
                    ? specifiers->read_file(file + optional, FILE_MAX, &text, &size)
                    : 0;
        if (r == -ENOMEM)
                return r;
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

int variables_collect(const RawUnit *raw, const char *directory, const SpecifierContext *specifiers,
                      Variables *ret) {
        autostrv char **files = NULL;
        int r = 0;

        for (size_t i = 0; i < raw->n_values && r != -ENOMEM; i++) {
                const RawValue *v = &raw->values[i];
                KeyInput in = { .key = v->key,
                                .text = v->value,
                                .at = v->at,
                                .directory = directory,
                                .specifiers = specifiers };
                bool file = streq(v->key, "EnvironmentFile");
                char ***list = file ? &files : &ret->known;

                if (!streq(v->section, "Service") || (!file && !streq(v->key, "Environment")))
                        continue;
                if (!v->value[0])
                        *list = strv_free(*list);
                else
                        r = file ? key_env_files_parse(&in, list) : key_assignments_parse(&in, list);
        }

        /* Files beat Environment=, as in systemd. */
        STRV_FOREACH (f, files)
                if (r != -ENOMEM)
                        r = add_file(*f, specifiers, ret);
        return r == -ENOMEM ? r : 0;
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
