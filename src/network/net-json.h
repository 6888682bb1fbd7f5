/* Addresses as JSON, and back. Nobody outside of this folder includes it. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "basic/inet.h"

json_t *net_json_address(const InetAddress *a);
json_t *net_json_prefix(const InetPrefix *p);
json_t *net_json_mac(const uint8_t mac[6]);

#define NET_MAC_TEXT_MAX 18
const char *net_json_format_mac(const uint8_t mac[6], char text[NET_MAC_TEXT_MAX]);

/** net_json_read_address() - what is none becomes AF_UNSPEC. */
void net_json_read_address(const json_t *j, InetAddress *ret);

/** net_json_read_mac() - 0 or -EBADMSG. */
int net_json_read_mac(const json_t *j, uint8_t ret[6]);

/** net_json_read_text() - into @size bytes; what is missing is "". 0, or -EBADMSG when it is too long. */
int net_json_read_text(const json_t *object, const char *key, char *ret, size_t size);
