/* Key types of hooks' surroundings: names of variables, working directory, output, fields of the journal. */
#include <ctype.h>
#include <string.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

static bool is_variable_name(const char *name, size_t n) {
        if (n == 0 || isdigit((unsigned char) name[0]))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!isalnum((unsigned char) name[i]) && name[i] != '_')
                        return false;
        return true;
}

static int parse_names(const KeyInput *in, bool values, char ***list) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES, &words);
        for (int i = 0; i < n; i++) {
                const char *word = words[i].text;
                size_t length = values ? strcspn(word, "=") : strlen(word);
                int r;

                if (!is_variable_name(word, length))
                        return diag_error(in->diag, words[i].at, -EINVAL,
                                          "%s=: \"%s\" is not the name of a variable", in->key, word);
                r = strv_contains(*list, word) ? 0 : strv_add(list, word);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

int key_env_names_parse(const KeyInput *in, void *field) {
        return parse_names(in, false, field);
}

int key_env_unset_parse(const KeyInput *in, void *field) {
        return parse_names(in, true, field);
}

int key_work_dir_parse(const KeyInput *in, void *field) {
        bool optional = in->text[0] == '-';
        autofree char *text = NULL, *path = NULL;
        Where at = where_advance(in->at, optional);
        char *whole;
        int r;

        r = key_expand(in, in->text + optional, at, &text);
        if (r == 0 && !streq(text, "~"))
                r = key_absolute_path(in, text, at, &path);
        if (r < 0)
                return r;
        if (path && !path_is_absolute_clean(path) && !streq(path, "/"))
                return diag_error(in->diag, at, -EINVAL, "%s=: path \"%s\" must not contain \"..\"", in->key,
                                  text);

        whole = key_format_text("%s%s", optional ? "-" : "", path ? path : "~");
        if (!whole)
                return -ENOMEM;
        key_set_text(field, whole);
        return 0;
}

int key_output_parse(const KeyInput *in, void *field) {
        static const char *const words[] = {
                "inherit", "null",         "tty",    "journal", "journal+console",
                "kmsg",    "kmsg+console", "socket", "fd",      NULL
        };
        static const char *const with_path[] = { "file:", "append:", "truncate:" };
        autofree char *text = NULL, *path = NULL;
        const char *rest = NULL;
        size_t i;
        int r;

        r = key_expand(in, in->text, in->at, &text);
        if (r < 0)
                return r;

        for (i = 0; i < ELEMENTSOF(with_path) && !rest; i++)
                rest = startswith(text, with_path[i]);
        if (rest) {
                char *whole;

                r = key_absolute_path(in, rest, where_advance(in->at, (size_t) (rest - text)), &path);
                if (r < 0)
                        return r;
                whole = key_format_text("%s%s", with_path[i - 1], path);
                if (!whole)
                        return -ENOMEM;
                key_set_text(field, whole);
                return 0;
        }
        if (!strv_contains((char **) words, text) && !startswith(text, "fd:"))
                return key_bad_word(in, text, in->at, key_type_output.syntax, words);

        key_set_text(field, take_ptr(text));
        return 0;
}

/* systemd.journal-fields(7): what begins with "_" is the journal's own. */
static bool is_journal_field(const char *word) {
        size_t n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

        return n > 0 && n <= 64 && word[n] == '=' && word[0] != '_' && !isdigit((unsigned char) word[0]);
}

int key_log_fields_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES, &words);
        for (int i = 0; i < n; i++) {
                int r;

                if (!is_journal_field(words[i].text))
                        return diag_error(in->diag, words[i].at, -EINVAL,
                                          "%s=: \"%s\" is not of the form FIELD=VALUE", in->key,
                                          words[i].text);
                r = strv_add(field, words[i].text);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}
