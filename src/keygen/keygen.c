/*
 * Prints the key tables for whoever cannot include them: manuals, example files, fuzzer. Runs on the machine
 * that builds, so it knows the lists only, and links nothing.
 *
 * - man SECTION: items of an mdoc list, every supported key with its syntax, meaning and default
 * - known SECTION: one line of mdoc, the keys that are accepted with a warning
 * - conf SECTION: items of an mdoc list, every option of that section of nsunitd.conf
 * - conf-example: nsunitd.conf with every option, commented out, at its default
 * - words: lines "SECTION KEY"
 * - dictionary: libFuzzer's, of sections, keys and words of values
 * - seed SECTION: one unit file with every key of that section and of [Unit], [Service] and [Install]
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "config/manager-config.h"
#include "spec/key.h"
#include "spec/types.h"

enum {
#define KEY_TYPE(id, ctype, signature, syntax) TYPE_##id,
#include "spec/key-types.def"
#undef KEY_TYPE
};

static const char *const syntaxes[] = {
#define KEY_TYPE(id, ctype, signature, syntax) [TYPE_##id] = syntax,
#include "spec/key-types.def"
#undef KEY_TYPE
};

typedef struct Item {
        const char *name;
        int type;
        const char *fallback;
        unsigned flags;
        const char *meaning;
} Item;

#define SECTION_BEGIN(word, title, peer) static const Item word##_items[] = {
#define SECTION_END(word) \
        }                 \
        ;
#define KEY(name_, type_, field, def, fl, meaning_)          { #name_, TYPE_##type_, def, fl, meaning_ },
#define KEY_OF(part, name_, type_, field, def, fl, meaning_) { #name_, TYPE_##type_, def, fl, meaning_ },
#include "spec/section-keys.def"
#undef KEY_OF
#undef KEY
#undef SECTION_END
#undef SECTION_BEGIN

static const struct Section {
        const char *title, *peer;
        const Item *items;
        size_t n;
} sections[] = {
#define SECTION_BEGIN(word, title, peer) { title, peer, word##_items, ELEMENTSOF(word##_items) },
#define SECTION_END(word)
#define KEY(name, type, field, def, fl, meaning)
#define KEY_OF(part, name, type, field, def, fl, meaning)
#include "spec/section-keys.def"
#undef KEY_OF
#undef KEY
#undef SECTION_END
#undef SECTION_BEGIN
};

static const struct {
        const char *section, *name;
} known[] = {
#define KNOWN_KEY(section, name, reason) { #section, #name },
#include "spec/known-keys.def"
#undef KNOWN_KEY
};

enum {
        CONF_TEXT = 0,
        CONF_LIST = 1,
        CONF_TEXTS = 0,
};

enum {
#define CONF_TYPE(id, ctype, syntax, flags) CONF_TYPE_##id,
#include "config/conf-types.def"
#undef CONF_TYPE
};

static const struct {
        const char *syntax;
        unsigned flags;
} conf_types[] = {
#define CONF_TYPE(id, ctype, syntax, flags) [CONF_TYPE_##id] = { syntax, flags },
#include "config/conf-types.def"
#undef CONF_TYPE
};

typedef struct Option {
        const char *section, *name;
        int type;
        const char *fallback, *meaning;
} Option;

static const Option options[] = {
#define CONF(section, field, name, type, fallback, meaning) \
        { #section, name, CONF_TYPE_##type, fallback, meaning },
#include "config/manager-config.def"
#undef CONF
};

/* A line of text for mdoc: a backslash begins an escape, a control character at the start a macro. */
static void print_text(const char *text) {
        if (*text == '.' || *text == '\'')
                fputs("\\&", stdout);
        for (; *text; text++)
                if (*text == '\\')
                        fputs("\\e", stdout);
                else
                        putchar(*text);
        putchar('\n');
}

/* One sentence a line, as manuals are kept. */
static void print_sentences(const char *text) {
        const char *end;

        while ((end = strstr(text, ". "))) {
                char sentence[1024];

                (void) snprintf(sentence, sizeof(sentence), "%.*s", (int) (end + 1 - text), text);
                print_text(sentence);
                text = end + 2;
        }
        print_text(text);
}

static void print_man_head(const char *name, const char *equals, const char *syntax) {
        printf(".It Sy %s %s \"", name, equals);
        for (const char *p = syntax; *p; p++)
                fputs(*p == '"' ? "\\(dq" : (char[]){ *p, '\0' }, stdout);
        printf("\"\n");
}

/* nsunitd.conf's option for the default of a key, which its meaning begins with: "MemoryMax= of units ..." */
static const Option *find_option_of(const Item *item) {
        size_t n = strlen(item->name);

        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                if (streq(options[i].section, "defaults") &&
                    strncmp(options[i].meaning, item->name, n) == 0 && options[i].meaning[n] == '=')
                        return &options[i];
        return NULL;
}

static void print_default(const Item *item) {
        const Option *option = find_option_of(item);

        if (option)
                printf("The default is option\n.Sy %s\nof section\n.Sy %s\nin\n.Xr nsunitd.conf 5 ,\n"
                       ".Dq %s\nif that is not set.\n",
                       option->name, option->section, option->fallback);
        else if (item->fallback)
                printf("The default is\n.Dq %s .\n", item->fallback);
}

static const char *origin(const struct Section *section, const Item *item) {
        return item->flags & KEY_OURS ? "nsunits" : item->flags & KEY_NSPAWN ? ".nspawn" : section->peer;
}

static void print_man_item(const struct Section *section, const Item *item) {
        print_man_head(item->name, "Ns = Ns", syntaxes[item->type]);
        print_sentences(item->meaning);

        if ((item->flags & KEY_LIST) && (item->flags & KEY_NO_RESET))
                printf("May be given more than once.\n");
        else if (item->flags & KEY_LIST)
                printf("May be given more than once; an empty value takes the earlier ones back.\n");
        print_default(item);
#define X(id, flag, text)         \
        if (item->flags & (flag)) \
                printf("The key is read and checked, but %s.\n", text);
        KEY_IDLE_LIST(X)
#undef X
        if (!streq(origin(section, item), section->peer))
                printf("(A key of %s.)\n", origin(section, item));
}

static int print_man(const char *title) {
        for (size_t i = 0; i < ELEMENTSOF(sections); i++) {
                if (!streq(sections[i].title, title))
                        continue;
                for (size_t k = 0; k < sections[i].n; k++)
                        print_man_item(&sections[i], &sections[i].items[k]);
                return EXIT_SUCCESS;
        }
        return EXIT_FAILURE;
}

static int print_known(const char *section) {
        bool any = false;

        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                if (streq(known[i].section, section)) {
                        printf("%s%s", any ? ", " : "", known[i].name);
                        any = true;
                }
        printf(".\n");
        return any ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_conf(const char *section) {
        bool any = false;

        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                if (streq(options[i].section, section)) {
                        print_man_head(options[i].name, "No =", conf_types[options[i].type].syntax);
                        print_sentences(options[i].meaning);
                        printf("The default is\n.Dq %s .\n", options[i].fallback);
                        any = true;
                }
        return any ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* "A B" as { A, B }. */
static void print_conf_list(const char *words) {
        const char *separator = "{ ";

        while (*words) {
                size_t n = strcspn(words, " ");

                printf("%s%.*s", separator, (int) n, words);
                separator = ", ";
                words += n + strspn(words + n, " ");
        }
        printf(" }\n");
}

static int print_conf_example(void) {
        const char *section = "";

        printf("# Configuration of the manager of nsunits, see nsunitd.conf(5).\n"
               "# Every option is here, commented out, at its default.\n");
        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                const Option *o = &options[i];

                if (!streq(o->section, section))
                        printf("%s\n%s {\n", *section ? "}\n" : "", o->section);
                section = o->section;
                printf("        # %s\n        #%s = ", o->meaning, o->name);
                if (conf_types[o->type].flags & CONF_LIST)
                        print_conf_list(o->fallback);
                else
                        printf("\"%s\"\n", o->fallback);
        }
        printf("}\n");
        return EXIT_SUCCESS;
}

static int print_words(void) {
        for (size_t i = 0; i < ELEMENTSOF(sections); i++)
                for (size_t k = 0; k < sections[i].n; k++)
                        printf("%s %s\n", sections[i].title, sections[i].items[k].name);
        return EXIT_SUCCESS;
}

/* The words of a syntax that are written as they are: "on-failure" of "no | on-failure". */
static void print_literals(const char *syntax) {
        while (*syntax) {
                size_t n = strcspn(syntax, " |[],:=\"");

                if (n > 1 && islower((unsigned char) syntax[0]))
                        printf("\"%.*s\"\n", (int) n, syntax);
                syntax += n;
                syntax += strspn(syntax, " |[],:=\"");
        }
}

static int print_dictionary(void) {
        for (size_t i = 0; i < ELEMENTSOF(sections); i++) {
                printf("\"[%s]\\x0a\"\n", sections[i].title);
                for (size_t k = 0; k < sections[i].n; k++) {
                        const Item *item = &sections[i].items[k];

                        printf("\"%s=\"\n", item->name);
                        if (item->fallback)
                                printf("\"%s\"\n", item->fallback);
                }
        }
        for (size_t i = 0; i < ELEMENTSOF(syntaxes); i++)
                print_literals(syntaxes[i]);
        return EXIT_SUCCESS;
}

static int print_seed(const char *title) {
        for (size_t i = 0; i < ELEMENTSOF(sections); i++) {
                bool wanted = streq(sections[i].title, title) || !streq(sections[i].peer, "Quadlet");

                if (wanted)
                        printf("[%s]\n", sections[i].title);
                for (size_t k = 0; wanted && k < sections[i].n; k++) {
                        const Item *item = &sections[i].items[k];

                        printf("%s=%s\n", item->name, item->fallback ? item->fallback : "");
                }
        }
        return EXIT_SUCCESS;
}

int main(int argc, char *argv[]) {
        if (argc == 3 && streq(argv[1], "man"))
                return print_man(argv[2]);
        if (argc == 3 && streq(argv[1], "known"))
                return print_known(argv[2]);
        if (argc == 3 && streq(argv[1], "conf"))
                return print_conf(argv[2]);
        if (argc == 2 && streq(argv[1], "conf-example"))
                return print_conf_example();
        if (argc == 2 && streq(argv[1], "words"))
                return print_words();
        if (argc == 2 && streq(argv[1], "dictionary"))
                return print_dictionary();
        if (argc == 3 && streq(argv[1], "seed"))
                return print_seed(argv[2]);

        fprintf(stderr, "usage: keygen man SECTION | known SECTION | conf SECTION | conf-example | words | "
                        "dictionary | seed SECTION\n");
        return EXIT_FAILURE;
}
