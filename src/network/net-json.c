#include "network/net-json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"

json_t *net_json_address(const InetAddress *a) {
        char text[INET_TEXT_MAX];

        return json_string(inet_format(a, text));
}

json_t *net_json_prefix(const InetPrefix *p) {
        char text[INET_TEXT_MAX];

        return json_string(inet_format_prefix(p, text));
}

const char *net_json_format_mac(const uint8_t mac[6], char text[NET_MAC_TEXT_MAX]) {
        (void) snprintf(text, NET_MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
                        mac[3], mac[4], mac[5]);
        return text;
}

json_t *net_json_mac(const uint8_t mac[6]) {
        char text[NET_MAC_TEXT_MAX];

        return json_string(net_json_format_mac(mac, text));
}

void net_json_read_address(const json_t *j, InetAddress *ret) {
        if (!json_is_string(j) || inet_parse(json_string_value(j), ret) < 0)
                *ret = (InetAddress){};
}

int net_json_read_mac(const json_t *j, uint8_t ret[6]) {
        return sscanf(strempty(json_string_value(j)), "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &ret[0], &ret[1],
                      &ret[2], &ret[3], &ret[4], &ret[5]) == 6
                       ? 0
                       : -EBADMSG;
}

int net_json_read_text(const json_t *object, const char *key, char *ret, size_t size) {
        const char *text = strempty(json_string_value(json_object_get(object, key)));

        if (strlen(text) >= size)
                return -EBADMSG;
        (void) snprintf(ret, size, "%s", text);
        return 0;
}
