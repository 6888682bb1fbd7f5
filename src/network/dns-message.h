/*
 * Questions and answers of DNS (RFC 1035), as far as who passes them on has to read them. Pure; both sides
 * are hostile.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/inet.h"

#define DNS_NAME_MAX    255 /* with the dots and a NUL */
#define DNS_HEADER_SIZE 12

/** dns_question() - the name that a message asks for, in small letters; -EBADMSG unless it is one question.
 */
int dns_question(const uint8_t *message, size_t size, char ret[DNS_NAME_MAX + 1]);

/** dns_is_answer() - does @answer bear the id of @query, and its question? */
bool dns_is_answer(const uint8_t *answer, size_t size, const uint8_t *query, size_t query_size);

typedef struct DnsAddress {
        InetAddress address;
        uint32_t ttl; /* seconds */
} DnsAddress;

/**
 * dns_addresses() - the A and AAAA records of the answer, behind whatever aliases
 *
 * Returns: how many there are, at most @max; what cannot be read ends the list.
 */
size_t dns_addresses(const uint8_t *answer, size_t size, DnsAddress *ret, size_t max);

/** dns_untruncate() - what has come is all there is: nobody needs to ask again over TCP. */
void dns_untruncate(uint8_t *answer, size_t size);

/** dns_name_matches() - "www.example.org" is meant by itself and by "*.example.org", in any case. */
bool dns_name_matches(const char *name, const char *pattern);
