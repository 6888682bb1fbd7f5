/* See utf8.h. */
#include <string.h>

#include "basic/utf8.h"

bool utf8_char_valid(uint32_t code) {
        if (code > 0x10ffff || (code & 0xfffff800) == 0xd800)
                return false;
        return !(code >= 0xfdd0 && code <= 0xfdef) && (code & 0xfffe) != 0xfffe;
}

/* Length of the character at @s, 0 when there is none. */
static size_t char_length(const unsigned char *s, size_t size) {
        static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
        uint32_t code;
        size_t n;

        if (s[0] < 0x80)
                return 1;

        n = s[0] >= 0xf8 ? 0 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 0;
        if (n == 0 || n > size)
                return 0;

        code = s[0] & (0x7fU >> n);
        for (size_t i = 1; i < n; i++) {
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
                code = code << 6 | (s[i] & 0x3f);
        }

        return code >= smallest[n] && utf8_char_valid(code) ? n : 0;
}

size_t utf8_find_invalid(const char *s, size_t size) {
        size_t i = 0, n;

        while (i < size) {
                n = char_length((const unsigned char *) s + i, size - i);
                if (n == 0)
                        break;
                i += n;
        }

        return i;
}

size_t utf8_encode(uint32_t code, char out[4]) {
        if (code < 0x80) {
                out[0] = (char) code;
                return 1;
        }
        if (code < 0x800) {
                out[0] = (char) (0xc0 | code >> 6);
                out[1] = (char) (0x80 | (code & 0x3f));
                return 2;
        }
        if (code < 0x10000) {
                out[0] = (char) (0xe0 | code >> 12);
                out[1] = (char) (0x80 | (code >> 6 & 0x3f));
                out[2] = (char) (0x80 | (code & 0x3f));
                return 3;
        }

        out[0] = (char) (0xf0 | code >> 18);
        out[1] = (char) (0x80 | (code >> 12 & 0x3f));
        out[2] = (char) (0x80 | (code >> 6 & 0x3f));
        out[3] = (char) (0x80 | (code & 0x3f));
        return 4;
}

char *utf8_make_plain(char *s) {
        size_t size = strlen(s);

        for (size_t i = 0; i < size; i++)
                if ((unsigned char) s[i] < ' ' || s[i] == 0x7f)
                        s[i] = '?';
        for (size_t i = 0; (i = i + utf8_find_invalid(s + i, size - i)) < size; i++)
                s[i] = '?';
        return s;
}
