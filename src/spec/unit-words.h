/*
 * Words that keys of networks, images, builds and kube files choose from. One list each gives the enum, its
 * spelling in unit files, in `nsctl show`, on the bus and in the manuals.
 */
#pragma once

#include "basic/strtab.h"

/* What a network is made of. */
#define NETWORK_DRIVER_LIST(X)               \
        X(NETWORK_DRIVER_BRIDGE, "bridge")   \
        X(NETWORK_DRIVER_MACVLAN, "macvlan") \
        X(NETWORK_DRIVER_IPVLAN, "ipvlan")   \
        X(NETWORK_DRIVER_ROUTED, "routed")

ENUM_DECLARE(NetworkDriver, network_driver, NETWORK_DRIVER, NETWORK_DRIVER_LIST);

/* Who gives out the addresses of a network. */
#define IPAM_DRIVER_LIST(X)                     \
        X(IPAM_DRIVER_HOST_LOCAL, "host-local") \
        X(IPAM_DRIVER_DHCP, "dhcp")             \
        X(IPAM_DRIVER_NONE, "none")

ENUM_DECLARE(IpamDriver, ipam_driver, IPAM_DRIVER, IPAM_DRIVER_LIST);

/* When an image is fetched again. */
#define PULL_LIST(X)               \
        X(PULL_ALWAYS, "always")   \
        X(PULL_MISSING, "missing") \
        X(PULL_NEVER, "never")     \
        X(PULL_NEWER, "newer")

ENUM_DECLARE(PullPolicy, pull_policy, PULL, PULL_LIST);

/* How many containers of a kube file have to fail for its unit to have failed. */
#define EXIT_PROPAGATION_LIST(X)       \
        X(EXIT_PROPAGATION_ALL, "all") \
        X(EXIT_PROPAGATION_ANY, "any") \
        X(EXIT_PROPAGATION_NONE, "none")

ENUM_DECLARE(ExitPropagation, exit_propagation, EXIT_PROPAGATION, EXIT_PROPAGATION_LIST);

/* Whose directory relative paths in a kube file begin at. */
#define KUBE_DIRECTORY_LIST(X)         \
        X(KUBE_DIRECTORY_YAML, "yaml") \
        X(KUBE_DIRECTORY_UNIT, "unit")

ENUM_DECLARE(KubeDirectory, kube_directory, KUBE_DIRECTORY, KUBE_DIRECTORY_LIST);
