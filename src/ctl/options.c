/* nsctl's command line. */
#include <getopt.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/options.h"

typedef enum OptionKind {
        OPTION_FLAG,
        OPTION_TEXT,
        OPTION_LIST,
} OptionKind;

static const struct {
        OptionKind kind;
        size_t offset;
        int letter; /* 0 = none */
        const char *word, *what, *help;
} table[] = {
#define FLAG(field, short_, long_, help) { OPTION_FLAG, offsetof(Options, field), short_, long_, NULL, help },
#define TEXT(field, short_, long_, what, help) \
        { OPTION_TEXT, offsetof(Options, field), short_, long_, what, help },
#define LIST(field, short_, long_, what, help) \
        { OPTION_LIST, offsetof(Options, field), short_, long_, what, help },
#include "ctl/options.def"
#undef FLAG
#undef TEXT
#undef LIST
};

/* What getopt_long() returns for table[i]: above every letter. */
#define CODE_BASE 1000

static int set(Options *o, size_t i, char *value) {
        char *field = (char *) o + table[i].offset;

        switch (table[i].kind) {
        case OPTION_FLAG:
                *(bool *) field = true;
                return 0;
        case OPTION_TEXT:
                *(const char **) field = value;
                return 0;
        case OPTION_LIST:
                return strv_add((char ***) field, value);
        }
        __builtin_unreachable();
}

/* Does everything from here on belong to the program that is to be executed? */
static bool rest_is_command(char *const *words) {
        return strv_length(words) == 2 && (streq(words[0], "exec") || streq(words[0], "run"));
}

int options_parse(int argc, char **argv, Options *ret, char ***ret_words) {
        struct option longs[ELEMENTSOF(table) + 1] = {};
        char shorts[2 * ELEMENTSOF(table) + 2] =
                "-"; /* "-": words are returned in their place, as option 1 */
        autostrv char **words = NULL;
        size_t n = 1;
        int code, r = 0;

        memset(ret, 0, sizeof(*ret));
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                longs[i] = (struct option){ table[i].word, table[i].kind != OPTION_FLAG, NULL,
                                            CODE_BASE + (int) i };
                if (table[i].letter)
                        shorts[n++] = (char) table[i].letter;
                if (table[i].letter && table[i].kind != OPTION_FLAG)
                        shorts[n++] = ':';
        }

        optind = 0; /* glibc: start anew, tests parse more than once */
        while (r == 0 && !rest_is_command(words) &&
               (code = getopt_long(argc, argv, shorts, longs, NULL)) >= 0) {
                size_t i = (size_t) (code - CODE_BASE);

                if (code == '?')
                        return -EINVAL;
                if (code == 1) {
                        r = strv_add(&words, optarg);
                        continue;
                }
                if (code < CODE_BASE)
                        for (i = 0; table[i].letter != code;)
                                i++;
                r = set(ret, i, optarg);
        }

        if (r == 0 && rest_is_command(words) && optind < argc && streq(argv[optind], "--"))
                optind++;
        if (r == 0)
                r = strv_add_all(&words, argv + optind);
        if (r == 0)
                *ret_words = take_ptr(words);
        return r;
}

void options_clear(Options *o) {
#define FLAG(field, short_, long_, help)
#define TEXT(field, short_, long_, what, help)
#define LIST(field, short_, long_, what, help) o->field = strv_free(o->field);
#include "ctl/options.def"
#undef FLAG
#undef TEXT
#undef LIST
}

void options_help(FILE *f) {
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                char left[64];

                (void) snprintf(left, sizeof(left), "%c%c%s --%s%s%s", table[i].letter ? '-' : ' ',
                                table[i].letter ? table[i].letter : ' ', table[i].letter ? "," : " ",
                                table[i].word, table[i].what ? " " : "", strempty(table[i].what));
                fprintf(f, "  %-26s %s\n", left, table[i].help);
        }
}

static bool letter_takes_value(char letter) {
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (table[i].letter == letter)
                        return table[i].kind != OPTION_FLAG;
        return false;
}

bool options_take_value(const char *word) {
        const char *name = startswith(word, "--");

        for (size_t i = 0; name && i < ELEMENTSOF(table); i++)
                if (streq(table[i].word, name))
                        return table[i].kind != OPTION_FLAG;
        if (name || word[0] != '-')
                return false;

        /* "-fn 5", but not "-n5": what follows the letter in its own word is the value. */
        for (word++; *word; word++)
                if (letter_takes_value(*word))
                        return word[1] == '\0';
        return false;
}

void options_words(FILE *f) {
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                fprintf(f, "--%s\n", table[i].word);
                if (table[i].letter)
                        fprintf(f, "-%c\n", table[i].letter);
        }
}
