/* [Network] as typed data. Filled by network-keys.def. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/inet.h"
#include "spec/container-section.h"

/* A list that the key tables fill as one field and everybody else reads as items and their number. */
typedef struct InetPrefixList {
        InetPrefix *items;
        size_t n;
} InetPrefixList;

typedef struct NetworkSection {
        char *network_name; /* NULL = the unit's stem */
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
        bool ipv6, internal, disable_dns;
        char **labels; /* NAME=VALUE */
} NetworkSection;
