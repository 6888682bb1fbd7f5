/* Key types of lists of texts: words, variables, command lines, files, units; and image and root names. */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/key-input.h"
#include "spec/key-types.h"
#include "spec/variables.h"

static char *format_list(const void *field) {
        return words_join(*(char *const *const *) field);
}

static void clear_list(void *field) {
        char ***v = field;

        *v = strv_free(*v);
}

int key_texts_parse(const KeyInput *in, void *field) {
        char *text;
        int r;

        r = key_unquote(in, &text, NULL);
        return r < 0 ? r : strv_take(field, text);
}

char *key_texts_format(const void *field) {
        return format_list(field);
}

void key_texts_clear(void *field) {
        clear_list(field);
}

static int parse_words(const KeyInput *in, WordsFlags flags, char ***list) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, flags, &words);
        for (int i = 0; i < n; i++) {
                int r = strv_add(list, words[i].text);

                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

int key_words_parse(const KeyInput *in, void *field) {
        return parse_words(in, WORDS_QUOTES, field);
}

int key_command_parse(const KeyInput *in, void *field) {
        return parse_words(in, WORDS_QUOTES | WORDS_ESCAPES, field);
}

int key_json_words(const KeyInput *in, const char *text, Where at, char ***list) {
        json_error_t error;
        json_t *array, *item;
        size_t i;
        int r = 0;

        array = json_loads(text, 0, &error);
        if (!array)
                return diag_error(in->diag, where_advance(at, (size_t) error.position), -EINVAL, "%s=: %s",
                                  in->key, error.text);

        json_array_foreach(array, i, item) {
                r = json_is_string(item)
                            ? strv_add(list, json_string_value(item))
                            : diag_error(in->diag, at, -EINVAL,
                                         "%s=: the array must hold nothing but strings", in->key);
                if (r < 0)
                        break;
        }
        json_decref(array);
        return r;
}

int key_entrypoint_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        Entrypoint *e = field;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        e->set = true;
        return text[0] == '[' ? key_json_words(in, text, at, &e->words)
                              : parse_words(in, WORDS_QUOTES | WORDS_ESCAPES, &e->words);
}

char *key_entrypoint_format(const void *field) {
        const Entrypoint *e = field;

        return words_join(e->words);
}

void key_entrypoint_clear(void *field) {
        Entrypoint *e = field;

        e->words = strv_free(e->words);
        e->set = false;
}

/* "NAME" without "=": an empty label, or the service's variable of that name. */
static int assign_bare_name(const KeyInput *in, const Word *word, bool first, char ***list) {
        const char *value = NULL;

        if (streq(in->key, "Label") || streq(in->key, "Annotation"))
                value = "";
        else if (in->variables)
                value = strv_env_get(in->variables->known, word->text);
        if (value) {
                autofree char *assignment = NULL;

                if (asprintf(&assignment, "%s=%s", word->text, value) < 0) {
                        assignment = NULL;
                        return -ENOMEM;
                }
                return strv_env_set(list, assignment);
        }

        diag_warning(in->diag, word->at, "%s=: \"%s\" is not of the form NAME=VALUE and is left out", in->key,
                     word->text);
        if (!first)
                diag_hint(in->diag,
                          "a value with blanks needs quotes around the whole assignment: \"NAME=a value\"");
        return 0;
}

int key_assignments_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES | WORDS_STRICT, &words);
        for (int i = 0; i < n; i++) {
                const char *word = words[i].text, *equals = strchr(word, '=');
                int r;

                if (equals == word || !*word)
                        r = diag_error(in->diag, words[i].at, -EINVAL, "%s=: \"%s\" has no name", in->key,
                                       word);
                else if (equals && strcspn(word, " \t\n") < (size_t) (equals - word))
                        r = diag_error(in->diag, words[i].at, -EINVAL, "%s=: the name in \"%s\" has blanks",
                                       in->key, word);
                else
                        r = equals ? strv_env_set(field, word)
                                   : assign_bare_name(in, &words[i], i == 0, field);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

int key_env_files_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES, &words);
        for (int i = 0; i < n; i++) {
                bool optional = words[i].text[0] == '-';
                autofree char *path = NULL;
                int r;

                r = key_host_path(in, words[i].text + optional, where_advance(words[i].at, optional), "file",
                                  &path);
                if (r == 0)
                        r = strv_addf(field, "%s%s", optional ? "-" : "", path);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

/* Unit types of systemd that are not ours: kept as they are, for the generator. */
static const char *const foreign_suffixes[] = { "target", "socket", "mount",  "automount", "timer", "path",
                                                "slice",  "scope",  "device", "swap",      NULL };

static int complete_unit(const KeyInput *in, const Word *word, char **ret) {
        static const char *const suffixes[] = { "container", "pod",    "network", "volume", "image",
                                                "build",     "kube",   "service", "target", "socket",
                                                "mount",     "timer",  "path",    "slice",  "scope",
                                                "automount", "device", "swap",    NULL };
        const char *dot = strrchr(word->text, '.');
        int r;

        if (dot && strv_contains((char **) foreign_suffixes, dot + 1)) {
                *ret = strdup(word->text);
                return *ret ? 0 : -ENOMEM;
        }

        /* "db.conatiner" is a slip, not the stem of "db.conatiner.container". */
        r = dot && !strv_contains((char **) suffixes, dot + 1) && diag_nearest(dot + 1, suffixes)
                    ? -EINVAL
                    : unit_name_complete(word->text, ret);
        if (r == -EINVAL) {
                (void) diag_error(in->diag, word->at, r, "%s=: \"%s\" is not the name of a unit", in->key,
                                  word->text);
                if (dot)
                        diag_did_you_mean(in->diag, dot + 1, suffixes);
        }
        return r;
}

int key_units_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                char ***list = field;
                autofree char *name = NULL;
                int r;

                r = complete_unit(in, &words[i], &name);
                if (r == 0)
                        r = key_fill_instance(in, &name);
                if (r == 0 && !strv_contains(*list, name))
                        r = strv_take(list, take_ptr(name));
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

int key_image_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        char **image = field;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        for (const char *p = text; *p; p++)
                if (isspace((unsigned char) *p) || iscntrl((unsigned char) *p))
                        return diag_error(in->diag, where_advance(at, (size_t) (p - text)), -EINVAL,
                                          "%s=: the name of an image has no blanks", in->key);

        free(*image);
        *image = take_ptr(text);
        return 0;
}

/* Keeps ":O" at the end: the field is one text, and spec_make() looks for it. */
int key_rootfs_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL, *path = NULL, *whole = NULL;
        char **rootfs = field, *colon;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        colon = strrchr(text, ':');
        if (colon) {
                if (!streq(colon, ":O"))
                        return diag_error(in->diag, where_advance(at, (size_t) (colon - text)), -EINVAL,
                                          "%s=: the only option is \":O\"", in->key);
                *colon = '\0';
        }

        r = key_host_path(in, text, at, "directory", &path);
        if (r < 0)
                return r;
        if (asprintf(&whole, "%s%s", path, colon ? ":O" : "") < 0) {
                whole = NULL;
                return -ENOMEM;
        }

        free(*rootfs);
        *rootfs = take_ptr(whole);
        return 0;
}
