#include "network/dns-message.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "basic/macro.h"

#define FLAG_TRUNCATED 0x02 /* of the third byte */
#define FLAG_ANSWER    0x80

#define LABEL_POINTER 0xc0
#define RECORD_FIXED  10 /* type, class, ttl, length */

#define TYPE_A    1
#define TYPE_AAAA 28
#define CLASS_IN  1

static uint16_t read_u16(const uint8_t *p) {
        return (uint16_t) (p[0] << 8 | p[1]);
}

static uint32_t read_u32(const uint8_t *p) {
        return (uint32_t) read_u16(p) << 16 | read_u16(p + 2);
}

/* Behind the name at @at, which may end in a pointer; 0 = not readable. */
static size_t skip_name(const uint8_t *m, size_t size, size_t at) {
        while (at < size) {
                uint8_t length = m[at];

                if (length == 0)
                        return at + 1;
                if ((length & LABEL_POINTER) == LABEL_POINTER)
                        return at + 2 <= size ? at + 2 : 0;
                if (length & LABEL_POINTER)
                        return 0;
                at += 1u + length;
        }
        return 0;
}

int dns_question(const uint8_t *m, size_t size, char ret[DNS_NAME_MAX + 1]) {
        size_t at = DNS_HEADER_SIZE, n = 0;

        if (size < DNS_HEADER_SIZE + 5 || read_u16(m + 4) != 1)
                return -EBADMSG;

        /* A question has no name before it that it could point to. */
        while (at < size && m[at] > 0 && !(m[at] & LABEL_POINTER)) {
                uint8_t length = m[at++];

                if (at + length >= size || n + length + 1 > DNS_NAME_MAX)
                        return -EBADMSG;
                if (n > 0)
                        ret[n++] = '.';
                for (; length > 0; length--, at++) {
                        /* A dot or a NUL inside of a label would make another name of it. */
                        if (!isgraph(m[at]) || m[at] == '.')
                                return -EBADMSG;
                        ret[n++] = (char) tolower(m[at]);
                }
        }
        if (at + 5 > size || m[at] != 0)
                return -EBADMSG;
        ret[n] = '\0';
        return 0;
}

bool dns_is_answer(const uint8_t *a, size_t size, const uint8_t *q, size_t query_size) {
        char asked[DNS_NAME_MAX + 1], answered[DNS_NAME_MAX + 1];
        size_t end = skip_name(a, size, DNS_HEADER_SIZE),
               query_end = skip_name(q, query_size, DNS_HEADER_SIZE);

        return size >= DNS_HEADER_SIZE && a[2] & FLAG_ANSWER && memcmp(a, q, 2) == 0 &&
               dns_question(a, size, answered) == 0 && dns_question(q, query_size, asked) == 0 &&
               streq(asked, answered) && memcmp(a + end, q + query_end, 4) == 0;
}

static bool take_address(const uint8_t *record, const uint8_t *data, uint16_t length, DnsAddress *ret) {
        const int family = read_u16(record) == TYPE_A      ? AF_INET
                           : read_u16(record) == TYPE_AAAA ? AF_INET6
                                                           : AF_UNSPEC;

        if (family == AF_UNSPEC || read_u16(record + 2) != CLASS_IN || length != inet_size(family))
                return false;
        *ret = (DnsAddress){ .address.family = family, .ttl = read_u32(record + 4) };
        memcpy(ret->address.bytes, data, length);
        return true;
}

size_t dns_addresses(const uint8_t *m, size_t size, DnsAddress *ret, size_t max) {
        size_t at = skip_name(m, size, DNS_HEADER_SIZE), n = 0;
        uint16_t n_records = size >= DNS_HEADER_SIZE ? read_u16(m + 6) : 0;

        if (at == 0)
                return 0;
        at += 4;
        for (; n_records > 0 && n < max; n_records--) {
                uint16_t length;

                at = at <= size ? skip_name(m, size, at) : 0;
                if (at == 0 || at + RECORD_FIXED > size)
                        break;
                length = read_u16(m + at + 8);
                if (at + RECORD_FIXED + length > size)
                        break;
                n += take_address(m + at, m + at + RECORD_FIXED, length, &ret[n]);
                at += RECORD_FIXED + (size_t) length;
        }
        return n;
}

void dns_untruncate(uint8_t *m, size_t size) {
        if (size >= DNS_HEADER_SIZE && read_u16(m + 6) > 0)
                m[2] = (uint8_t) (m[2] & ~FLAG_TRUNCATED);
}

bool dns_name_matches(const char *name, const char *pattern) {
        size_t n = strlen(name), k;

        if (!startswith(pattern, "*."))
                return strcasecmp(name, pattern) == 0;
        k = strlen(pattern) - 1;
        return n > k && strcasecmp(name + n - k, pattern + 1) == 0;
}
