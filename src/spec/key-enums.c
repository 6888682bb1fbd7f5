/* Key types that are one word of a list: all of key-enums.def. */
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

static int find_word(const char *const *words, const char *text) {
        for (int i = 0; words[i]; i++)
                if (streq(words[i], text))
                        return i;
        return -ENOENT;
}

/* The place of the value in @words. */
static int parse_word(const KeyInput *in, const char *syntax, const char *const *words) {
        autofree char *text = NULL;
        bool on;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        r = find_word(words, text);
        if (r < 0 && parse_bool(text, &on) == 0)
                r = find_word(words, on ? "yes" : "no");
        if (r >= 0)
                return r;
        return key_bad_word(in, text, at, syntax, words);
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
