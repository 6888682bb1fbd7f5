/*
 * Parts that sections have in common: how [Container] and [Pod] join networks and user namespaces. Each field
 * is filled by a key; the key types in key-network.c, key-networks.c, key-publish.c and key-userns.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "basic/inet.h"
#include "spec/container-spec.h"
#include "spec/container-words.h"
#include "spec/namespace.h"

typedef struct InetAddressList {
        InetAddress *items;
        size_t n;
} InetAddressList;

typedef struct HostList {
        HostEntry *items;
        size_t n;
} HostList;

typedef struct PublishList {
        PublishSpec *items;
        size_t n;
} PublishList;

/* One network that Network= joins, with the options behind its name. */
typedef struct NetworkJoin {
        char *name;           /* of a .network unit, or "default" */
        InetAddress ip4, ip6; /* AF_UNSPEC = none */
        bool mac_set;
        uint8_t mac[6];
        char **aliases;
        char *interface_name;      /* inside the container */
        char *host_interface_name; /* the other end */
        char **options;            /* NAME=VALUE for the network's driver */
        Where at;
} NetworkJoin;

/* Network=. At most one of the three: a mode without networks, networks of its own, another's namespace. */
typedef struct NetworkChoice {
        bool set;
        NetworkMode mode;
        NetworkJoin *joins; /* with NETWORK_MODE_PRIVATE */
        size_t n_joins;
        NamespaceChoice shared; /* NAMESPACE_DEFAULT unless "container:", "ns:", x.container or x.pod */
        char *helper;           /* "pasta" or "slirp4netns", which are for users without privileges */
} NetworkChoice;

/* What few units say anything of: those that do not share it (KeyPart in key.h). */
typedef struct NetworkMore {
        InetAddress ip4, ip6;
        char **aliases;
        HostList hosts;
        InetAddressList dns;
        char **dns_options, **dns_search; /* "." as the only search domain: none */
        char *host_name;
        uint64_t bandwidth_max; /* bits per second; UINT64_MAX = no limit */
        EgressList egress_allow;
        EgressPolicy egress_default;
} NetworkMore;

typedef struct NetworkKeys {
        NetworkChoice choice;
        PublishList publish;
        const NetworkMore *more;
} NetworkKeys;

#define USERNS_LIST(X)               \
        X(USERNS_AUTO, "auto")       \
        X(USERNS_HOST, "host")       \
        X(USERNS_KEEP_ID, "keep-id") \
        X(USERNS_NOMAP, "nomap")     \
        X(USERNS_SHARED, "shared")   \
        X(USERNS_DEFAULT, "")

ENUM_DECLARE(UserNamespaceMode, userns_mode, USERNS, USERNS_LIST);

#define ID_UNSET UINT32_MAX

/* UserNS=. */
typedef struct UserNamespaceChoice {
        UserNamespaceMode mode;
        uint32_t size;              /* auto, keep-id: number of ids; 0 = not said */
        uint32_t uid, gid;          /* keep-id: who the manager's user is inside; ID_UNSET = not said */
        IdMapList uid_map, gid_map; /* auto: lines that must be in the map */
        NamespaceChoice shared;     /* USERNS_SHARED: "container:", "ns:", x.container */
} UserNamespaceChoice;

typedef struct UserKeys {
        UserNamespaceChoice namespace;
        IdMapList uid_map, gid_map;
        char *sub_uid, *sub_gid; /* names of ranges in /etc/subuid and /etc/subgid */
        RemapMode remap;         /* old spelling of the above */
        IdMapList remap_uid, remap_gid;
        unsigned remap_size;
} UserKeys;
