#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "basic/inet.h"
#include "basic/macro.h"
#include "basic/parse.h"

#define NAME_MAX_BYTES 253 /* RFC 1035, 2.3.4 */

size_t inet_size(int family) {
        return family == AF_INET6 ? 16 : 4;
}

int inet_parse(const char *s, InetAddress *ret) {
        char inner[INET6_ADDRSTRLEN];
        InetAddress a = {};
        size_t n = strlen(s);

        if (s[0] == '[') {
                if (n < 2 || n - 2 >= sizeof(inner) || s[n - 1] != ']')
                        return -EINVAL;
                memcpy(inner, s + 1, n - 2);
                inner[n - 2] = '\0';
                a.family = AF_INET6;
                s = inner;
        } else
                a.family = strchr(s, ':') ? AF_INET6 : AF_INET;

        if (inet_pton(a.family, s, a.bytes) != 1)
                return -EINVAL;

        *ret = a;
        return 0;
}

int inet_parse_prefix(const char *s, InetPrefix *ret) {
        const char *slash = strchr(s, '/');
        char text[INET_TEXT_MAX];
        InetPrefix p = {};
        uint32_t bits;

        if (!slash || (size_t) (slash - s) >= sizeof(text))
                return -EINVAL;
        memcpy(text, s, (size_t) (slash - s));
        text[slash - s] = '\0';

        if (inet_parse(text, &p.address) < 0)
                return -EINVAL;
        if (parse_u32_range(slash + 1, 0, (uint32_t) inet_size(p.address.family) * 8, &bits) < 0)
                return -EINVAL;

        p.bits = (uint8_t) bits;
        *ret = p;
        return 0;
}

const char *inet_format(const InetAddress *a, char buf[INET_TEXT_MAX]) {
        if (a->family == AF_UNSPEC || !inet_ntop(a->family, a->bytes, buf, INET_TEXT_MAX))
                (void) snprintf(buf, INET_TEXT_MAX, "-");
        return buf;
}

const char *inet_format_prefix(const InetPrefix *p, char buf[INET_TEXT_MAX]) {
        size_t n;

        (void) inet_format(&p->address, buf);
        n = strlen(buf);
        (void) snprintf(buf + n, INET_TEXT_MAX - n, "/%u", p->bits);
        return buf;
}

bool inet_equal(const InetAddress *a, const InetAddress *b) {
        return a->family == b->family &&
               (a->family == AF_UNSPEC || memcmp(a->bytes, b->bytes, inet_size(a->family)) == 0);
}

/* The part of byte @i that belongs to the network of @bits bits. */
static uint8_t network_mask(size_t i, unsigned bits) {
        if (bits >= (i + 1) * 8)
                return 0xff;
        if (bits <= i * 8)
                return 0;
        return (uint8_t) (0xff << (8 - (bits - i * 8)));
}

InetPrefix inet_prefix_network(const InetPrefix *p) {
        InetPrefix n = *p;

        for (size_t i = 0; i < inet_size(n.address.family); i++)
                n.address.bytes[i] &= network_mask(i, n.bits);
        return n;
}

bool inet_contains(const InetPrefix *p, const InetAddress *a) {
        if (p->address.family != a->family)
                return false;
        for (size_t i = 0; i < inet_size(a->family); i++)
                if ((p->address.bytes[i] ^ a->bytes[i]) & network_mask(i, p->bits))
                        return false;
        return true;
}

bool inet_overlap(const InetPrefix *a, const InetPrefix *b) {
        return a->bits <= b->bits ? inet_contains(a, &b->address) : inet_contains(b, &a->address);
}

InetAddress inet_nth(const InetPrefix *p, uint64_t n) {
        InetAddress a = inet_prefix_network(p).address;

        for (size_t i = inet_size(a.family); i-- > 0 && n > 0;) {
                n += a.bytes[i];
                a.bytes[i] = (uint8_t) n;
                n >>= 8;
        }
        return a;
}

InetAddress inet_broadcast(const InetPrefix *p) {
        InetAddress a = p->address;

        for (size_t i = 0; i < inet_size(a.family); i++)
                a.bytes[i] |= (uint8_t) ~network_mask(i, p->bits);
        return a;
}

/* With the underscore, which names of containers may have. */
bool inet_name_is_valid(const char *name) {
        static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
        size_t n = strlen(name);
        InetAddress a;

        return n > 0 && n <= NAME_MAX_BYTES && !name[strspn(name, bytes)] && name[0] != '-' &&
               name[0] != '.' && name[n - 1] != '.' && !strstr(name, "..") && inet_parse(name, &a) < 0;
}
