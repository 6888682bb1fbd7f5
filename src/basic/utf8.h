/* UTF-8 (RFC 3629), with systemd's idea of which code points are characters. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What some editors begin a file with. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/** utf8_char_valid() - a code point that is no surrogate and no noncharacter. */
bool utf8_char_valid(uint32_t code);

/** utf8_find_invalid() - offset of the first byte that is not part of valid UTF-8; @size when all is well. */
size_t utf8_find_invalid(const char *s, size_t size);

/** utf8_make_plain() - put "?" for control characters and for what is no UTF-8, in place. Returns @s. */
char *utf8_make_plain(char *s);

/** utf8_encode() - write @code, which must be valid; returns the number of bytes. */
size_t utf8_encode(uint32_t code, char out[4]);
