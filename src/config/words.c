/* Words of a value. See words.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/utf8.h"
#include "config/words.h"

#define BLANKS " \t\n\r"

typedef struct Splitter {
        const char *text;
        size_t i;       /* next byte of @text */
        Where at;       /* of the byte at @reached, where the last word or escape began */
        size_t reached; /* what is found lies ever further on, and is not counted from the start each time */
        WordsFlags flags;
        Diag *diag;
        char *word; /* room for the whole text: an escape is never shorter than what it stands for */
        size_t n_word;
} Splitter;

void words_free(Word *words) {
        for (Word *w = words; w && w->text; w++)
                free(w->text);
        free(words);
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int digit_value(char c, unsigned base) {
        int v = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : 255;

        return v < (int) base ? v : -1;
}

/* Exactly @n digits. */
static int read_number(const char *s, size_t n, unsigned base, uint32_t *ret) {
        uint32_t v = 0;

        for (size_t i = 0; i < n; i++) {
                int d = digit_value(s[i], base);

                if (d < 0)
                        return -EINVAL;
                v = v * base + (uint32_t) d;
        }

        *ret = v;
        return 0;
}

int words_unescape_one(const char *s, char out[4], size_t *ret_out) {
        static const char plain[] = "abfnrtv\\\"'s", meant[] = "\a\b\f\n\r\t\v\\\"' ";
        const char *p = *s ? strchr(plain, *s) : NULL;
        size_t n;
        uint32_t v;

        if (p) {
                out[0] = meant[p - plain];
                *ret_out = 1;
                return 1;
        }

        /* A NUL cannot be part of any value, however it is spelled. */
        switch (*s) {
        case 'x':
                if (read_number(s + 1, 2, 16, &v) < 0 || v == 0)
                        return -EINVAL;
                out[0] = (char) v;
                *ret_out = 1;
                return 3;
        case 'u':
        case 'U':
                n = *s == 'u' ? 4 : 8;
                if (read_number(s + 1, n, 16, &v) < 0 || v == 0 || !utf8_char_valid(v))
                        return -EINVAL;
                *ret_out = utf8_encode(v, out);
                return (int) n + 1;
        default:
                if (read_number(s, 3, 8, &v) < 0 || v == 0 || v > 255)
                        return -EINVAL;
                out[0] = (char) v;
                *ret_out = 1;
                return 3;
        }
}

/* The place of byte @i, which is not before the last one that was asked for. */
static Where place(Splitter *s, size_t i) {
        s->at = where_advance(s->at, i - s->reached);
        s->reached = i;
        return s->at;
}

/* What is no escape after all stays in the word as it is, unless it is an error. */
static int keep_escape(Splitter *s, Where at) {
        const char c = s->text[s->i], shown[] = { (unsigned char) c < 0x80 ? c : '\0', '\0' };

        if (s->flags & WORDS_STRICT)
                return diag_error(s->diag, at, -EINVAL, "Unknown escape \"\\%s\"", shown);
        diag_warning(s->diag, at, "Unknown escape \"\\%s\" is kept as it is", shown);

        s->word[s->n_word++] = '\\';
        if (c != '\0') {
                s->word[s->n_word++] = c;
                s->i++;
        }
        return 0;
}

/* At the byte behind a backslash. */
static int read_escape(Splitter *s) {
        size_t n_out;
        int n;

        n = words_unescape_one(s->text + s->i, s->word + s->n_word, &n_out);
        if (n < 0)
                return keep_escape(s, place(s, s->i - 1));

        s->n_word += n_out;
        s->i += (size_t) n;
        return 0;
}

/* Up to the blank behind the word. Quotes may begin and end anywhere in it, as in systemd. */
static int read_word(Splitter *s, bool *ret_quoted) {
        Where quote_at = {};
        char quote = '\0', c;
        int r;

        s->n_word = 0;
        *ret_quoted = false;

        while ((c = s->text[s->i]) != '\0') {
                if (c == '\\' && (s->flags & WORDS_ESCAPES)) {
                        s->i++;
                        r = read_escape(s);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (!quote && is_blank(c))
                        return 0;

                s->i++;
                if (quote ? c == quote : (s->flags & WORDS_QUOTES) && (c == '"' || c == '\'')) {
                        quote_at = place(s, s->i - 1);
                        quote = quote ? '\0' : c;
                        *ret_quoted = true;
                } else
                        s->word[s->n_word++] = c;
        }

        if (quote)
                return diag_error(s->diag, quote_at, -EINVAL, "Quote is not closed");
        return 0;
}

/* The lone semicolon at the next byte: one that divides commands, or an escaped one that is a word. */
static size_t semicolon(const Splitter *s) {
        size_t n = s->text[s->i] == '\\';

        if (!(s->flags & WORDS_SEMICOLONS) || s->text[s->i + n] != ';')
                return 0;
        n++;
        return s->text[s->i + n] == '\0' || is_blank(s->text[s->i + n]) ? n : 0;
}

/* Whatever begins at the next byte. */
static int read_item(Splitter *s, Word *ret) {
        size_t n = semicolon(s);
        int r;

        ret->at = place(s, s->i);
        if (n > 0) {
                ret->separator = n == 1;
                s->word[0] = ';';
                s->n_word = 1;
                s->i += n;
        } else {
                r = read_word(s, &ret->quoted);
                if (r < 0)
                        return r;
        }

        ret->text = strndup(s->word, s->n_word);
        return ret->text ? 0 : -ENOMEM;
}

static int read_words(Splitter *s, Word **words) {
        size_t n = 0, allocated = 0;

        for (;;) {
                Word w = {};
                int r;

                while (is_blank(s->text[s->i]))
                        s->i++;
                if (s->text[s->i] == '\0')
                        return (int) n;

                if (n + 1 >= allocated) {
                        size_t wanted = allocated ? allocated * 2 : 4;
                        Word *p = reallocarray(*words, wanted, sizeof(*p));

                        if (!p)
                                return -ENOMEM;
                        memset(p + n, 0, (wanted - n) * sizeof(*p));
                        *words = p;
                        allocated = wanted;
                }

                r = read_item(s, &w);
                if (r < 0)
                        return r;
                (*words)[n++] = w;
        }
}

int words_split(const char *text, Where at, WordsFlags flags, Diag *diag, Word **ret) {
        autofree char *buffer = malloc(strlen(text) + 1);
        Splitter s = { .text = text, .at = at, .flags = flags, .diag = diag, .word = buffer };
        autowords Word *words = NULL;
        int r;

        if (!buffer)
                return -ENOMEM;

        r = read_words(&s, &words);
        if (r < 0)
                return r;
        *ret = take_ptr(words);
        return r;
}

int words_split_strv(const char *text, Where at, WordsFlags flags, Diag *diag, char ***ret) {
        autowords Word *words = NULL;
        char **v;
        int n;

        n = words_split(text, at, flags, diag, &words);
        if (n < 0)
                return n;

        v = n > 0 ? calloc((size_t) n + 1, sizeof(*v)) : NULL;
        if (n > 0 && !v)
                return -ENOMEM;
        for (int i = 0; i < n; i++)
                v[i] = words[i].text;

        /* The strings have moved; only the frame of the list is left to free. */
        free(take_ptr(words));
        *ret = v;
        return 0;
}

/* A word of plain letters needs no quotes; a lone semicolon could divide commands. */
static bool needs_quotes(const char *word) {
        return !*word || strpbrk(word, BLANKS "\"'\\") || streq(word, ";");
}

static void print_quoted(FILE *f, const char *word) {
        (void) fputc('"', f);
        for (; *word; word++)
                if (*word == '\n' || *word == '\r')
                        (void) fputs(*word == '\n' ? "\\n" : "\\r", f);
                else
                        fprintf(f, "%s%c", *word == '"' || *word == '\\' ? "\\" : "", *word);
        (void) fputc('"', f);
}

char *words_join(char *const *words) {
        char *text = NULL;
        size_t n;
        FILE *f;

        f = open_memstream(&text, &n);
        if (!f)
                return NULL;

        STRV_FOREACH (w, words) {
                if (w != words)
                        (void) fputc(' ', f);
                if (needs_quotes(*w))
                        print_quoted(f, *w);
                else
                        (void) fputs(*w, f);
        }

        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
