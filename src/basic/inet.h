/* Internet addresses and prefixes as plain data, comparable and printable. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct InetAddress {
        int family; /* AF_INET, AF_INET6; AF_UNSPEC = none */
        union {
                struct in_addr v4;
                struct in6_addr v6;
                uint8_t bytes[16]; /* network order; 4 of them for AF_INET */
        };
} InetAddress;

typedef struct InetPrefix {
        InetAddress address; /* host bits are kept */
        uint8_t bits;
} InetPrefix;

#define INET_TEXT_MAX 64

/** inet_size() - bytes of an address: 4 or 16. */
size_t inet_size(int family);

/** inet_parse() - "10.0.0.1", "fd00::1", "[fd00::1]". Returns 0 or -EINVAL. */
int inet_parse(const char *s, InetAddress *ret);

/** inet_parse_prefix() - "10.0.0.0/24". Returns 0 or -EINVAL. */
int inet_parse_prefix(const char *s, InetPrefix *ret);

/** inet_format() - into @buf of INET_TEXT_MAX bytes; returns @buf. */
const char *inet_format(const InetAddress *a, char buf[INET_TEXT_MAX]);
const char *inet_format_prefix(const InetPrefix *p, char buf[INET_TEXT_MAX]);

bool inet_equal(const InetAddress *a, const InetAddress *b);

/** inet_prefix_network() - @p with its host bits cleared. */
InetPrefix inet_prefix_network(const InetPrefix *p);

/** inet_contains() - is @a inside @p? False for another family. */
bool inet_contains(const InetPrefix *p, const InetAddress *a);

/** inet_overlap() - do two prefixes share an address? */
bool inet_overlap(const InetPrefix *a, const InetPrefix *b);

/** inet_name_is_valid() - can a line of /etc/hosts and a question of DNS have this name? */
bool inet_name_is_valid(const char *name);

/** inet_nth() - the network address of @p plus @n; wraps are the caller's error. */
InetAddress inet_nth(const InetPrefix *p, uint64_t n);

/** inet_broadcast() - the last address of @p. */
InetAddress inet_broadcast(const InetPrefix *p);
