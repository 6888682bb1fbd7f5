/* A unit file in the making. What is quoted here is what config/words.c and spec/key-input.c take apart. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/text.h"
#include "ctl/unit-writer.h"

/* Far below the 1 MiB that a line may have, and more than one argument of execve(2) (128 KiB) twice over. */
#define VALUE_MAX ((size_t) 256 * 1024)

int unit_text_new(UnitKind kind, const char *stem, Where at, UnitText **ret) {
        autoptr(UnitText) u = NULL;

        u = calloc(1, sizeof(*u));
        if (!u)
                return -ENOMEM;

        u->kind = kind;
        u->at = at;
        u->stem = strdup(stem);
        if (!u->stem || asprintf(&u->name, "%s.%s", stem, unit_kind_to_string(kind)) < 0)
                return -ENOMEM;
        /* "@" would make it a template, a dot in front would hide the file. */
        if (!unit_name_valid(u->name) || strchr(stem, '@') || strchr(".-", stem[0]))
                return -EINVAL;

        *ret = take_ptr(u);
        return 0;
}

void unit_text_free(UnitText *u) {
        if (!u)
                return;

        for (size_t i = 0; i < u->n; i++)
                free(u->lines[i].value);
        free(u->lines);
        strv_free(u->notes);
        free(u->name);
        free(u->stem);
        free(u);
}

/* Takes @value, also on failure; NULL is taken for -ENOMEM. */
static int add_line(UnitText *u, UnitPart part, const char *key, Where at, char *value) {
        autofree char *owned = value;

        if (!owned)
                return -ENOMEM;
        if (strlen(owned) > VALUE_MAX)
                return -EINVAL;

        /* Room by doubling: full at every power of two. */
        if ((u->n & (u->n - 1)) == 0) {
                UnitLine *p = reallocarray(u->lines, u->n > 0 ? u->n * 2 : 1, sizeof(*p));

                if (!p)
                        return -ENOMEM;
                u->lines = p;
        }
        u->lines[u->n++] = (UnitLine){ .part = part, .key = key, .value = take_ptr(owned), .at = at };
        return 0;
}

static bool has_control(const char *s) {
        for (; *s; s++)
                if (iscntrl((unsigned char) *s) && *s != '\t')
                        return true;
        return false;
}

/* What stands for something else unless it is doubled: specifiers everywhere, variables in Quadlet's
 * sections. */
static bool is_doubled(UnitPart part, char c) {
        return c == '%' || (c == '$' && part == PART_OWN);
}

/* @s between @before and @after. */
static char *double_signs(UnitPart part, const char *before, const char *s, const char *after) {
        char *text = NULL;
        size_t n;
        FILE *f;

        f = open_memstream(&text, &n);
        if (!f)
                return NULL;

        fputs(before, f);
        for (; *s; s++) {
                if (is_doubled(part, *s))
                        fputc(*s, f);
                fputc(*s, f);
        }
        fputs(after, f);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

int unit_text_raw(UnitText *u, UnitPart part, const char *key, Where at, const char *value) {
        return add_line(u, part, key, at, strdup(value));
}

/* The reader trims blanks, takes one pair of quotes off, and joins a line that ends in a backslash to the
 * next. */
int unit_text_value(UnitText *u, UnitPart part, const char *key, Where at, const char *value) {
        const size_t n = strlen(value);
        const char *quote = "";

        if (has_control(value))
                return -EINVAL;
        if (n == 0 || strchr(" \t", value[0]) || strchr(" \t\\", value[n - 1]) ||
            (n >= 2 && value[0] == value[n - 1] && strchr("\"'", value[0])))
                quote = "\"";
        return add_line(u, part, key, at, double_signs(part, quote, value, quote));
}

int unit_text_plain_word(UnitText *u, UnitPart part, const char *key, Where at, const char *word) {
        const char *quote = "";

        /* A backslash is a letter to us, and none to others who read such a list. */
        if (has_control(word) || strchr(word, '\\'))
                return -EINVAL;
        if (!*word || strpbrk(word, " \t\"'"))
                quote = strchr(word, '"') ? "'" : "\"";
        if (strchr(word, '"') && strchr(word, '\''))
                return -EINVAL;
        return add_line(u, part, key, at, double_signs(part, quote, word, quote));
}

static void write_word(FILE *f, UnitPart part, const char *word) {
        const char *quote = !*word || strpbrk(word, " \t\n\r\"'\\") || has_control(word) ? "\"" : "";

        fputs(quote, f);
        for (const char *p = word; *p; p++)
                switch (*p) {
                case '\n':
                        fputs("\\n", f);
                        break;
                case '\t':
                        fputs("\\t", f);
                        break;
                case '"':
                case '\\':
                        fprintf(f, "\\%c", *p);
                        break;
                default:
                        if (is_doubled(part, *p))
                                fputc(*p, f);
                        if (iscntrl((unsigned char) *p))
                                fprintf(f, "\\x%02x", (unsigned char) *p);
                        else
                                fputc(*p, f);
                }
        fputs(quote, f);
}

int unit_text_words(UnitText *u, UnitPart part, const char *key, Where at, char *const *words) {
        char *text = NULL;
        size_t n;
        FILE *f;

        f = open_memstream(&text, &n);
        if (!f)
                return -ENOMEM;

        STRV_FOREACH (w, words) {
                if (w != words)
                        fputc(' ', f);
                write_word(f, part, *w);
        }
        if (fclose(f) != 0) {
                free(text);
                return -ENOMEM;
        }
        return add_line(u, part, key, at, text);
}

int unit_text_word(UnitText *u, UnitPart part, const char *key, Where at, const char *word) {
        const char *words[] = { word, NULL };

        return unit_text_words(u, part, key, at, (char *const *) words);
}

bool unit_text_has(const UnitText *u, UnitPart part, const char *key) {
        for (size_t i = 0; i < u->n; i++)
                if (u->lines[i].part == part && !u->lines[i].refused && streq(u->lines[i].key, key))
                        return true;
        return false;
}

bool unit_text_drop(UnitText *u, UnitPart part, const char *key) {
        const bool any = unit_text_has(u, part, key);

        for (size_t i = 0; i < u->n; i++)
                if (u->lines[i].part == part && streq(u->lines[i].key, key))
                        u->lines[i].refused = true;
        return any;
}

int unit_text_note(UnitText *u, const char *fmt, ...) {
        autofree char *plain = NULL;
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vasprintf(&plain, fmt, ap);
        va_end(ap);
        if (n < 0) {
                plain = NULL;
                return -ENOMEM;
        }
        return strv_take(&u->notes, text_escape(plain));
}

const char *unit_text_section(const UnitText *u, UnitPart part) {
        static const char *const own[UNIT_KIND_N_] = {
                [UNIT_CONTAINER] = "Container", [UNIT_POD] = "Pod",     [UNIT_NETWORK] = "Network",
                [UNIT_VOLUME] = "Volume",       [UNIT_IMAGE] = "Image", [UNIT_BUILD] = "Build",
                [UNIT_KUBE] = "Kube",
        };
        static const char *const common[PART_N_] = {
                [PART_UNIT] = "Unit",
                [PART_SERVICE] = "Service",
                [PART_INSTALL] = "Install",
        };

        return part == PART_OWN ? own[u->kind] : common[part];
}

/* [Container] is written even when it is empty: it is what tells the kind in a bundle. */
static bool part_is_there(const UnitText *u, UnitPart part) {
        for (size_t i = 0; i < u->n; i++)
                if (u->lines[i].part == part && !u->lines[i].refused)
                        return true;
        return part == PART_OWN;
}

void unit_text_write(UnitText *u, bool with_name, FILE *f) {
        const char *before = "";
        unsigned number = 1;

        if (with_name) {
                fprintf(f, "# FileName=%s\n", u->stem);
                number++;
        }
        STRV_FOREACH (note, u->notes) {
                fprintf(f, "# %s\n", *note);
                number++;
        }

        for (UnitPart part = 0; part < PART_N_; part++) {
                if (!part_is_there(u, part))
                        continue;
                fprintf(f, "%s[%s]\n", before, unit_text_section(u, part));
                number += 1 + !!*before;
                before = "\n";
                for (size_t i = 0; i < u->n; i++) {
                        UnitLine *l = &u->lines[i];

                        if (l->part != part)
                                continue;
                        l->number = l->refused ? 0 : number++;
                        if (!l->refused)
                                fprintf(f, "%s=%s\n", l->key, l->value);
                }
        }
}
