/* JSON as text (RFC 8259). */
#include <stdlib.h>
#include <string.h>

#include "basic/json-text.h"
#include "basic/utf8.h"

/* The sign and all digits of an int64_t. */
#define NUMBER_MAX 20

void json_text_clear(JsonText *t) {
        free(t->text);
        *t = (JsonText){};
}

/* Room for @size more bytes and a NUL; NULL when there is none. */
static char *grow(JsonText *t, size_t size) {
        size_t wanted = t->allocated;
        char *grown;

        while (wanted <= t->size + size)
                wanted = wanted ? wanted * 2 : 4096;
        if (wanted != t->allocated) {
                grown = realloc(t->text, wanted);
                if (!grown) {
                        t->failed = true;
                        return NULL;
                }
                t->text = grown;
                t->allocated = wanted;
        }
        return t->text + t->size;
}

static void put(JsonText *t, const char *s, size_t size) {
        char *to = grow(t, size);

        if (!to)
                return;
        memcpy(to, s, size);
        t->size += size;
}

static void put_char(JsonText *t, char c) {
        put(t, &c, 1);
}

/* What comes before each value. */
static void put_name(JsonText *t, const char *name) {
        const char last = t->size > 0 ? t->text[t->size - 1] : '{';

        if (last != '{' && last != '[')
                put_char(t, ',');
        if (!name)
                return;
        put_char(t, '"');
        put(t, name, strlen(name));
        put(t, "\":", 2);
}

static void put_escaped(JsonText *t, unsigned char c) {
        static const char hex[] = "0123456789abcdef";
        const char code[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

        if (c == '"' || c == '\\') {
                put_char(t, '\\');
                put_char(t, (char) c);
        } else
                put(t, code, sizeof(code));
}

static bool is_plain(unsigned char c) {
        return c >= ' ' && c != '"' && c != '\\';
}

/* Valid UTF-8. */
static void put_text(JsonText *t, const char *s, size_t size) {
        size_t n;

        for (size_t i = 0; i < size; i += n) {
                for (n = 0; i + n < size && is_plain((unsigned char) s[i + n]); n++)
                        continue;
                put(t, s + i, n);
                if (i + n < size)
                        put_escaped(t, (unsigned char) s[i + n++]);
        }
}

void json_text_begin(JsonText *t, const char *name, char bracket) {
        put_name(t, name);
        put_char(t, bracket);
}

void json_text_end(JsonText *t, char bracket) {
        put_char(t, bracket);
}

void json_text_number(JsonText *t, const char *name, int64_t value) {
        uint64_t rest = value < 0 ? -(uint64_t) value : (uint64_t) value;
        char text[NUMBER_MAX], *p = text + sizeof(text);

        do
                *--p = (char) ('0' + rest % 10);
        while ((rest /= 10) > 0);
        if (value < 0)
                *--p = '-';
        put_name(t, name);
        put(t, p, (size_t) (text + sizeof(text) - p));
}

void json_text_boolean(JsonText *t, const char *name, bool value) {
        json_text_raw(t, name, value ? "true" : "false");
}

void json_text_string(JsonText *t, const char *name, const char *value) {
        size_t size;

        if (!value)
                return;
        put_name(t, name);
        put_char(t, '"');
        for (size = strlen(value); size > 0;) {
                size_t good = utf8_find_invalid(value, size);

                put_text(t, value, good);
                if (good == size)
                        break;
                put_char(t, '?');
                value += good + 1;
                size -= good + 1;
        }
        put_char(t, '"');
}

void json_text_raw(JsonText *t, const char *name, const char *value) {
        if (!value) {
                t->failed = true;
                return;
        }
        put_name(t, name);
        put(t, value, strlen(value));
}

const char *json_text_finish(const JsonText *t) {
        if (t->failed || !t->text)
                return NULL;
        t->text[t->size] = '\0';
        return t->text;
}
