#include "spec/network-options.h"

#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"

ENUM_DEFINE(NetworkIsolation, network_isolation, NETWORK_ISOLATION, NETWORK_ISOLATION_LIST)
ENUM_DEFINE(NetworkSubmode, network_submode, NETWORK_SUBMODE, NETWORK_SUBMODE_LIST)

static uint32_t read_number(char *const *words, const char *name) {
        const char *value = strv_env_get(words, name);
        uint32_t number = 0;

        return value && parse_u32_range(value, 0, UINT32_MAX, &number) == 0 ? number : 0;
}

static void read_name(char *const *words, const char *name, char ret[IFNAMSIZ]) {
        const char *value = strv_env_get(words, name);

        if (value && strlen(value) < IFNAMSIZ)
                (void) snprintf(ret, IFNAMSIZ, "%s", value);
}

void network_options_read(char *const *words, NetworkOptions *ret) {
        const char *mode = strv_env_get(words, "mode"), *isolate = strv_env_get(words, "isolate");
        const char *no_route = strv_env_get(words, "no_default_route");
        static const char *const outbound[] = { "outbound_addr4", "outbound_addr6" };

        *ret = (NetworkOptions){
                .mtu = read_number(words, "mtu"),
                .metric = read_number(words, "metric"),
                .vlan = (uint16_t) read_number(words, "vlan"),
                .cutoff_set = strv_env_get(words, "bclim") != NULL,
                .cutoff = (int32_t) read_number(words, "bclim"),
        };
        if (ret->mtu == 0)
                ret->mtu = read_number(words, "com.docker.network.driver.mtu");
        if (isolate && (int) network_isolation_from_string(isolate) >= 0)
                ret->isolation = network_isolation_from_string(isolate);
        if (mode && (int) network_submode_from_string(mode) >= 0)
                ret->mode = network_submode_from_string(mode);
        if (no_route)
                (void) parse_bool(no_route, &ret->no_default_route);
        for (size_t i = 0; i < ELEMENTSOF(outbound); i++) {
                const char *value = strv_env_get(words, outbound[i]);

                if (value && inet_parse(value, &ret->outbound[i]) < 0)
                        ret->outbound[i] = (InetAddress){};
        }
        read_name(words, "com.docker.network.bridge.name", ret->device);
        read_name(words, "parent", ret->device);
        read_name(words, "vrf", ret->vrf);
}
