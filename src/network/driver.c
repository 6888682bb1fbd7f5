/* The table of drivers. */
#include "network/driver.h"

const InetPrefix host_link_local = {
        .address = { .family = AF_INET6, .bytes = { 0xfe, 0x80, [15] = 1 } },
        .bits = 64,
};

static const NetDriver *const drivers[] = {
        [NETWORK_DRIVER_BRIDGE] = &driver_bridge,
        [NETWORK_DRIVER_MACVLAN] = &driver_macvlan,
        [NETWORK_DRIVER_IPVLAN] = &driver_ipvlan,
        [NETWORK_DRIVER_ROUTED] = &driver_routed,
};

_Static_assert(sizeof(drivers) / sizeof(drivers[0]) == NETWORK_DRIVER_N_, "a driver for every word");

const NetDriver *net_driver(NetworkDriver driver) {
        return drivers[driver];
}
