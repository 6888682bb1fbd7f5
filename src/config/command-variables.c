/* Variables in command lines, replaced just before a command is run. */
#include "config/command-variables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "config/words.h"

#define NAME_FIRST   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define NAME_LETTERS NAME_FIRST "0123456789"

/* Length of the name at @s; 0 = none. */
static size_t name_length(const char *s) {
        return strspn(s, NAME_FIRST) > 0 ? strspn(s, NAME_LETTERS) : 0;
}

/* The value of the variable whose name is the @n bytes at @name; "" when it is not set. */
static const char *value_of(const char *name, size_t n, char *const *env) {
        STRV_FOREACH (e, env)
                if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
                        return *e + n + 1;
        return "";
}

/* "${NAME}" and "$$" inside of a word. */
static char *expand_inside(const char *word, char *const *env) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        while (*word) {
                size_t n = word[0] == '$' && word[1] == '{' ? name_length(word + 2) : 0;

                if (n > 0 && word[2 + n] == '}') {
                        fputs(value_of(word + 2, n, env), f);
                        word += n + 3;
                } else {
                        word += word[0] == '$' && word[1] == '$';
                        fputc(*word++, f);
                }
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

/* The words of a value: split at blanks, with quotes respected. One that does not close is taken as it is. */
static int add_words_of(const char *value, char ***to) {
        autostrv char **words = NULL;
        int r;

        r = words_split_strv(value, (Where){}, WORDS_QUOTES, NULL, &words);
        if (r == -ENOMEM)
                return r;
        return r < 0 ? strv_add(to, value) : strv_add_all(to, words);
}

int command_variables_expand(char *const *words, char *const *env, char ***ret) {
        autostrv char **out = NULL;

        STRV_FOREACH (w, words) {
                size_t n = **w == '$' ? name_length(*w + 1) : 0;
                int r;

                if (n > 0 && (*w)[1 + n] == '\0')
                        r = add_words_of(value_of(*w + 1, n, env), &out);
                else
                        r = strv_take(&out, expand_inside(*w, env));
                if (r < 0)
                        return r;
        }

        *ret = take_ptr(out);
        return 0;
}
