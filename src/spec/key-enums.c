/* Key types that are one word of a list: all of key-enums.def. */
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

/* The place in @words of what "true" or "0" stand for where a list has words for both. */
static int find_boolean(const char *text, const char *const *words) {
        static const char *const pairs[][2] = { { "no", "yes" }, { "off", "on" } };
        char **list = (char **) words;
        bool on;

        if (parse_bool(text, &on) < 0)
                return -EINVAL;
        for (size_t p = 0; p < ELEMENTSOF(pairs); p++)
                if (strv_contains(list, pairs[p][0]) && strv_contains(list, pairs[p][1]))
                        for (int i = 0; words[i]; i++)
                                if (streq(words[i], pairs[p][on]))
                                        return i;
        return -EINVAL;
}

/* The place of the value in @words. */
static int parse_word(const KeyInput *in, const char *syntax, const char *const *words) {
        autofree char *text = NULL;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        for (int i = 0; words[i]; i++)
                if (streq(words[i], text))
                        return i;
        r = find_boolean(text, words);
        return r < 0 ? key_bad_word(in, text, at, syntax, words) : r;
}

#define WORD_(id, word) word,
#define KEY_ENUM(id, Type, name, LIST, unset)                                     \
        int key_##id##_parse(const KeyInput *in, void *field) {                   \
                static const char *const words[] = { LIST(WORD_) NULL };          \
                int r = parse_word(in, key_type_##id.syntax, words);              \
                                                                                  \
                if (r < 0)                                                        \
                        return r;                                                 \
                *(Type *) field = (Type) r;                                       \
                return 0;                                                         \
        }                                                                         \
                                                                                  \
        char *key_##id##_format(const void *field) {                              \
                return strdup(strempty(name##_to_string(*(const Type *) field))); \
        }                                                                         \
                                                                                  \
        void key_##id##_clear(void *field) {                                      \
                *(Type *) field = unset;                                          \
        }
#include "spec/key-enums.def"
#undef KEY_ENUM
