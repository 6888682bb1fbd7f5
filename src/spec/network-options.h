/* Options= of a network, and the same of Network=NAME:..., as typed data. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "basic/inet.h"
#include "basic/strtab.h"

#define NETWORK_ISOLATION_LIST(X)        \
        X(NETWORK_ISOLATION_YES, "true") \
        X(NETWORK_ISOLATION_NO, "false") \
        X(NETWORK_ISOLATION_STRICT, "strict")

ENUM_DECLARE(NetworkIsolation, network_isolation, NETWORK_ISOLATION, NETWORK_ISOLATION_LIST);

/* Of all drivers; spec/check-network.c knows which belong to which. */
#define NETWORK_SUBMODE_LIST(X)                   \
        X(NETWORK_SUBMODE_DEFAULT, "")            \
        X(NETWORK_SUBMODE_MANAGED, "managed")     \
        X(NETWORK_SUBMODE_UNMANAGED, "unmanaged") \
        X(NETWORK_SUBMODE_BRIDGE, "bridge")       \
        X(NETWORK_SUBMODE_PRIVATE, "private")     \
        X(NETWORK_SUBMODE_VEPA, "vepa")           \
        X(NETWORK_SUBMODE_PASSTHRU, "passthru")   \
        X(NETWORK_SUBMODE_L2, "l2")               \
        X(NETWORK_SUBMODE_L3, "l3")               \
        X(NETWORK_SUBMODE_L3S, "l3s")

ENUM_DECLARE(NetworkSubmode, network_submode, NETWORK_SUBMODE, NETWORK_SUBMODE_LIST);

typedef struct NetworkOptions {
        uint32_t mtu;    /* 0 = as the kernel makes links */
        uint32_t metric; /* of default routes; 0 = the kernel's */
        uint16_t vlan;   /* 0 = none */
        NetworkIsolation isolation;
        NetworkSubmode mode;
        bool no_default_route;
        InetAddress outbound[2]; /* what connections to outside come from; IPv4 first, AF_UNSPEC = any */
        char device[IFNAMSIZ];   /* a bridge's name, or what a macvlan or ipvlan lies on; "" = not said */
        char vrf[IFNAMSIZ];      /* "" = none */
        bool cutoff_set;
        int32_t cutoff; /* of a macvlan: more receivers of a broadcast than that are served later */
} NetworkOptions;

/**
 * network_options_read() - from the words OPTION=VALUE that the key table has checked
 *
 * A name that no driver knows says nothing.
 */
void network_options_read(char *const *words, NetworkOptions *ret);
