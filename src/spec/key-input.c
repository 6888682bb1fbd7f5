/* What the key types have in common: specifiers, quotes, words, paths. */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "basic/utf8.h"
#include "config/specifiers.h"
#include "spec/key-input.h"
#include "spec/variables.h"

static int expand_specifiers(const KeyInput *in, const char *text, Where at, char **ret) {
        if (in->specifiers && strchr(text, '%'))
                return specifiers_expand(text, at, in->specifiers, in->diag, ret);

        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

int key_expand(const KeyInput *in, const char *text, Where at, char **ret) {
        autofree char *expanded = NULL;
        int r;

        r = expand_specifiers(in, text, at, &expanded);
        if (r < 0)
                return r;
        if (in->variables && strchr(expanded, '$'))
                return variables_expand(in, expanded, at, ret);
        *ret = take_ptr(expanded);
        return 0;
}

int key_unquote(const KeyInput *in, char **ret, Where *ret_at) {
        size_t n = strlen(in->text);
        bool quoted = n >= 2 && in->text[0] == in->text[n - 1] && (in->text[0] == '"' || in->text[0] == '\'');
        Where at = where_advance(in->at, quoted);
        autofree char *inner = NULL;

        inner = strndup(in->text + quoted, n - 2 * quoted);
        if (!inner)
                return -ENOMEM;
        if (ret_at)
                *ret_at = at;
        return key_expand(in, inner, at, ret);
}

/* Takes over @text, also on failure. */
static int add_word(Word **words, size_t *n, char *text, const Word *from) {
        Word *list = text ? reallocarray(*words, *n + 2, sizeof(*list)) : NULL;

        if (!list) {
                free(text);
                return -ENOMEM;
        }
        list[*n] = *from;
        list[(*n)++].text = text;
        list[*n] = (Word){};
        *words = list;
        return 0;
}

/* One word of the text is one word, but for a variable that stands for several. */
static int expand_word(const KeyInput *in, const Word *word, Word **words, size_t *n) {
        autostrv char **several = NULL;
        char *text;
        int r;

        r = in->variables ? variables_expand_word(in, word->text, word->at, &several) : 0;
        if (r < 0)
                return r;
        if (r > 0) {
                for (size_t i = 0; several && several[i] && r >= 0; i++)
                        r = add_word(words, n, strdup(several[i]), word);
                return r < 0 ? r : 0;
        }

        r = key_expand(in, word->text, word->at, &text);
        if (r < 0)
                return r;
        r = add_word(words, n, text, word);
        /* Neither D-Bus nor JSON could tell of it. */
        if (r == 0 && utf8_find_invalid(text, strlen(text)) < strlen(text))
                return diag_error(in->diag, word->at, -EINVAL,
                                  "%s=: the escapes give bytes that are not UTF-8", in->key);
        return r;
}

int key_split(const KeyInput *in, WordsFlags flags, Word **ret) {
        autowords Word *words = NULL, *expanded = NULL;
        size_t n = 0;
        int r, n_words;

        n_words = words_split(in->text, in->at, flags, in->diag, &words);
        if (n_words < 0)
                return n_words;

        for (int i = 0; i < n_words; i++) {
                r = expand_word(in, &words[i], &expanded, &n);
                if (r < 0)
                        return r;
        }

        *ret = take_ptr(expanded);
        return (int) n;
}

char *key_join_take(char **words, int r) {
        autostrv char **owned = words;

        return r < 0 ? NULL : words_join(owned);
}

/* "/a/b/../c" to "/a/c", as Quadlet does: by the text, without looking at links. */
static void drop_parents(char *path) {
        char *to = path;

        for (const char *from = path; *from;) {
                size_t n = strcspn(from + 1, "/") + 1;

                if (n == 3 && strncmp(from, "/..", 3) == 0)
                        while (to > path && *--to != '/')
                                ;
                else {
                        memmove(to, from, n);
                        to += n;
                }
                from += n;
        }
        if (to == path)
                *to++ = '/';
        *to = '\0';
}

int key_host_path(const KeyInput *in, const char *text, Where at, const char *what, char **ret) {
        autofree char *path = NULL;

        if (text[0] == '/')
                path = strdup(text);
        else if (!in->directory)
                return diag_error(in->diag, at, -EINVAL, "%s=: %s \"%s\" is not an absolute path", in->key,
                                  what, text);
        else if (asprintf(&path, "%s/%s", in->directory, text) < 0)
                path = NULL;
        if (!path)
                return -ENOMEM;

        (void) path_normalize(path);
        drop_parents(path);
        *ret = take_ptr(path);
        return 0;
}

int key_absolute_path(const KeyInput *in, const char *text, Where at, char **ret) {
        char *path;

        if (text[0] != '/')
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not an absolute path", in->key,
                                  text);

        path = strdup(text);
        if (!path)
                return -ENOMEM;
        *ret = path_normalize(path);
        return 0;
}

int key_container_path(const KeyInput *in, const char *text, Where at, char **ret) {
        autofree char *path = NULL;

        path = strdup(text);
        if (!path)
                return -ENOMEM;
        if (text[0] != '/')
                return diag_error(in->diag, at, -EINVAL,
                                  "%s=: \"%s\" is not an absolute path in the container", in->key, text);

        (void) path_normalize(path);
        if (!path_is_absolute_clean(path))
                return diag_error(in->diag, at, -EINVAL, "%s=: path \"%s\" must not contain \"..\"", in->key,
                                  text);

        *ret = take_ptr(path);
        return 0;
}

int key_size(const char *text, uint64_t *ret) {
        size_t n = strlen(text);
        char plain[32];

        /* Podman's units are lower-case, and "mb" is "m". */
        if (n >= 2 && tolower((unsigned char) text[n - 1]) == 'b' && isalpha((unsigned char) text[n - 2]))
                n--;
        if (n == 0 || n >= sizeof(plain))
                return -EINVAL;

        for (size_t i = 0; i < n; i++)
                plain[i] = (char) toupper((unsigned char) text[i]);
        plain[n] = '\0';
        return parse_size(plain, ret);
}

bool key_next_option(char **rest, const char *start, Where at, char separator, KeyOption *ret) {
        const char separators[] = { separator, '\0' };
        char *option;

        while ((option = strsep(rest, separators))) {
                char *equals = strchr(option, '=');

                if (!*option)
                        continue;
                ret->at = where_advance(at, (size_t) (option - start));
                ret->value_at = where_advance(ret->at, equals ? (size_t) (equals + 1 - option) : 0);
                ret->name = option;
                ret->value = equals ? equals + 1 : NULL;
                if (equals)
                        *equals = '\0';
                return true;
        }
        return false;
}

int key_bad_form(const KeyInput *in, const char *text, Where at, int r, const char *syntax) {
        if (r == -ERANGE)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is out of range (%s)", in->key, text,
                                  syntax);
        return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not of the form %s", in->key, text, syntax);
}

int key_bad_option(const KeyInput *in, const KeyOption *option, const char *const *words) {
        (void) diag_error(in->diag, option->at, -EINVAL, "%s=: unknown option \"%s\"", in->key, option->name);
        diag_did_you_mean(in->diag, option->name, words);
        return -EINVAL;
}

int key_bad_word(const KeyInput *in, const char *word, Where at, const char *syntax,
                 const char *const *words) {
        (void) diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not one of its values", in->key, word);
        diag_hint(in->diag, "%s", syntax);
        diag_did_you_mean(in->diag, word, words);
        return -EINVAL;
}

char *key_format_u64(uint64_t n) {
        return n == UINT64_MAX ? strdup("infinity") : key_format_text("%" PRIu64, n);
}

char *key_format_text(const char *fmt, ...) {
        va_list ap;
        char *text;
        int r;

        va_start(ap, fmt);
        r = vasprintf(&text, fmt, ap);
        va_end(ap);
        return r < 0 ? NULL : text;
}

void key_set_text(char **field, char *text) {
        free(*field);
        *field = text;
}

int key_fill_instance(const KeyInput *in, char **name) {
        const char *own = in->specifiers ? in->specifiers->unit_name : NULL;
        autofree char *instance = NULL;
        char *whole;
        int r;

        if (!own || !unit_name_is_template(*name))
                return 0;
        r = unit_name_instance(own, &instance);
        if (r < 0 || !instance)
                return r;

        r = unit_name_replace_instance(*name, instance, &whole);
        if (r < 0)
                return r;
        free(*name);
        *name = whole;
        return 0;
}
