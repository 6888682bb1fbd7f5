/* [Network] as typed data. Filled by network-keys.def. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/inet.h"
#include "spec/container-section.h"
#include "spec/unit-words.h"

/* Addresses of a subnet that containers may get. */
typedef struct InetRange {
        InetAddress first, last;
        uint8_t bits; /* written as a prefix of so many bits; 0 = as first and last */
} InetRange;

typedef struct InetRangeList {
        InetRange *items;
        size_t n;
} InetRangeList;

/* A route of every container on the network. */
typedef struct NetworkRoute {
        InetPrefix to;
        InetAddress via;
        uint32_t metric; /* 0 = the kernel's */
} NetworkRoute;

typedef struct NetworkRouteList {
        NetworkRoute *items;
        size_t n;
} NetworkRouteList;

typedef struct NetworkSection {
        char *network_name; /* NULL = the unit's stem */
        NetworkDriver driver;
        IpamDriver ipam_driver;
        union {
                InetPrefixList subnet_list;
                struct {
                        InetPrefix *subnets;
                        size_t n_subnets;
                };
        };
        union {
                InetAddressList gateway_list;
                struct {
                        InetAddress *gateways; /* by position; a missing one is the subnet's first address */
                        size_t n_gateways;
                };
        };
        InetRangeList ranges; /* by position */
        NetworkRouteList routes;
        InetAddressList dns; /* what names outside are asked of */
        bool ipv6, internal, disable_dns;
        bool delete_on_stop;
        char *interface_name; /* of the bridge, or the device under a macvlan or ipvlan */
        char **options;       /* OPTION=VALUE, checked */
        char **labels;        /* NAME=VALUE */

        char *service_name; /* NULL = as Quadlet names it */
        char **podman_args, **global_args, **containers_conf_modules;
} NetworkSection;
