/* What [Service] says of resources besides the limits of LimitSpec: systemd.resource-control(5). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "basic/clock.h"
#include "spec/limit-spec.h"
#include "spec/network-section.h"
#include "spec/types.h"

/* SocketBindAllow=, SocketBindDeny= */
typedef struct SocketBind {
        int family;           /* AF_INET, AF_INET6; AF_UNSPEC = both */
        int protocol;         /* IPPROTO_TCP, IPPROTO_UDP; 0 = both */
        uint16_t first, last; /* ports; 0 = all */
} SocketBind;

typedef struct SocketBindList {
        SocketBind *items;
        size_t n;
} SocketBindList;

/* RestrictNetworkInterfaces= */
typedef struct InterfaceFilter {
        bool deny; /* "~": all but these */
        char **names;
} InterfaceFilter;

#define NFT_SOURCE_LIST(X)             \
        X(NFT_SOURCE_CGROUP, "cgroup") \
        X(NFT_SOURCE_USER, "user")     \
        X(NFT_SOURCE_GROUP, "group")

ENUM_DECLARE(NftSource, nft_source, NFT_SOURCE, NFT_SOURCE_LIST);

#define NFT_FAMILY_LIST(X)             \
        X(NFT_FAMILY_ARP, "arp")       \
        X(NFT_FAMILY_BRIDGE, "bridge") \
        X(NFT_FAMILY_INET, "inet")     \
        X(NFT_FAMILY_IP, "ip")         \
        X(NFT_FAMILY_IP6, "ip6")       \
        X(NFT_FAMILY_NETDEV, "netdev")

ENUM_DECLARE(NftFamily, nft_family, NFT_FAMILY, NFT_FAMILY_LIST);

/* NFTSet=: the set that gets the id of the cgroup, user or group as an element. */
typedef struct NftSetName {
        NftSource source;
        NftFamily family;
        char *table, *set;
} NftSetName;

typedef struct NftSetNameList {
        NftSetName *items;
        size_t n;
} NftSetNameList;

/* Controllers of the cgroup tree; bit N of a set = controller N. The bpf-* ones are systemd's, not the
 * kernel's. */
#define CONTROLLER_LIST(X)                                              \
        X(CONTROLLER_CPU, "cpu")                                        \
        X(CONTROLLER_CPUACCT, "cpuacct")                                \
        X(CONTROLLER_CPUSET, "cpuset")                                  \
        X(CONTROLLER_IO, "io")                                          \
        X(CONTROLLER_BLKIO, "blkio")                                    \
        X(CONTROLLER_MEMORY, "memory")                                  \
        X(CONTROLLER_DEVICES, "devices")                                \
        X(CONTROLLER_PIDS, "pids")                                      \
        X(CONTROLLER_BPF_FIREWALL, "bpf-firewall")                      \
        X(CONTROLLER_BPF_DEVICES, "bpf-devices")                        \
        X(CONTROLLER_BPF_FOREIGN, "bpf-foreign")                        \
        X(CONTROLLER_BPF_SOCKET_BIND, "bpf-socket-bind")                \
        X(CONTROLLER_BPF_INTERFACES, "bpf-restrict-network-interfaces") \
        X(CONTROLLER_BPF_BIND_INTERFACE, "bpf-bind-network-interface")

ENUM_DECLARE(Controller, controller, CONTROLLER, CONTROLLER_LIST);

#define ALL_CONTROLLERS ((1u << CONTROLLER_N_) - 1)

/* Delegate= */
typedef struct Delegation {
        bool on;
        unsigned controllers; /* a set; all of them with "yes" */
} Delegation;

/* Of the Startup*= keys and limits in place of the ones in LimitSpec: UINT64_MAX is not set. */
typedef struct ResourceSection {
        uint64_t startup_cpu_weight; /* 1 ... 10000, CPU_WEIGHT_IDLE */
        IndexSet startup_cpus, startup_memory_nodes;
        uint64_t startup_memory_low, startup_memory_high, startup_memory_max; /* bytes */
        uint64_t startup_memory_swap_max, startup_memory_zswap_max;           /* bytes */
        uint64_t startup_io_weight;                                           /* 1 ... 10000 */

        bool cpu_accounting, memory_accounting, tasks_accounting;

        char **ip_ingress_filters, **ip_egress_filters; /* paths of pinned programs */
        char **bpf_programs;                            /* TYPE:PATH */
        SocketBindList bind_allow, bind_deny;
        InterfaceFilter interfaces;
        char *bind_interface;
        NftSetNameList nft_sets;

        char *slice; /* NULL = the manager's own place */
        Delegation delegate;
        char *delegate_subgroup;
        unsigned disabled_controllers; /* a set of Controller */

        ManagedOom managed_oom_swap, managed_oom_memory_pressure;
        unsigned managed_oom_limit;  /* 1/10000; 0 = the host's default */
        usec_t managed_oom_duration; /* 0 = the host's default */
        char **oom_rules;

        PressureWatch cpu_pressure_watch, memory_pressure_watch, io_pressure_watch;
        usec_t cpu_pressure_threshold, memory_pressure_threshold, io_pressure_threshold;
        bool coredump_receive;
} ResourceSection;
