/* Words of a value. See words.h. */
#include <errno.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/utf8.h"
#include "config/words.h"

#define BLANKS " \t\n\r"

typedef struct Splitter {
        const char *text;
        size_t i; /* next byte of @text */
        Where at;
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
        return c != '\0' && strchr(BLANKS, c);
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

/* At the byte behind a backslash. */
static int read_escape(Splitter *s) {
        Where at = where_advance(s->at, s->i - 1);
        char out[4];
        size_t n_out;
        int n;

        if (s->text[s->i] == '\0')
                return diag_error(s->diag, at, -EINVAL, "Lone backslash at the end of the value");

        n = words_unescape_one(s->text + s->i, out, &n_out);
        if (n < 0) {
                diag_warning(s->diag, at, "Unknown escape \"\\%.*s\" is kept as it is",
                             (unsigned char) s->text[s->i] < 0x80 ? 1 : 0, s->text + s->i);
                out[0] = '\\';
                out[1] = s->text[s->i];
                n_out = 2;
                n = 1;
        }

        memcpy(s->word + s->n_word, out, n_out);
        s->n_word += n_out;
        s->i += (size_t) n;
        return 0;
}

/* Up to the blank behind the word. Quotes may begin and end anywhere in it, as in systemd. */
static int read_word(Splitter *s, bool *ret_quoted) {
        size_t quote_at = 0;
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
                        quote_at = s->i - 1;
                        quote = quote ? '\0' : c;
                        *ret_quoted = true;
                } else
                        s->word[s->n_word++] = c;
        }

        if (quote)
                return diag_error(s->diag, where_advance(s->at, quote_at), -EINVAL, "Quote is not closed");
        return 0;
}

static int read_words(Splitter *s, Word **words) {
        size_t n = 0, allocated = 0;
        int r;

        for (;;) {
                Word w = {};

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

                w.at = where_advance(s->at, s->i);
                r = read_word(s, &w.quoted);
                if (r < 0)
                        return r;
                w.text = strndup(s->word, s->n_word);
                if (!w.text)
                        return -ENOMEM;
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
