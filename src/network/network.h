/*
 * The network of all containers: links, addresses, routes, published ports.
 *
 * One handle per manager. It keeps the desired state of everything that is attached in memory, so that
 * what others delete (the nftables table, a bridge) can be made again. It knows no unit files, no
 * processes and no event loop: the manager hands in namespaces as descriptors and watches one descriptor.
 *
 * What the kernel holds stays when the handle is freed: containers go on talking while no manager runs,
 * and the next manager takes everything over by network_adopt() and network_settle().
 *
 * Every function works in the network namespace of the calling thread ("the host") and blocks only for
 * the time of its system calls.
 */
#pragma once

#include <jansson.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/fault.h"
#include "basic/inet.h"
#include "basic/json-text.h"
#include "spec/container-spec.h"
#include "spec/network-section.h"
#include "spec/unit-spec.h"

/* The network that a container is on when it names none. */
#define NETWORK_DEFAULT_NAME "default"

/* From nsunitd.conf. A prefix of family AF_UNSPEC means "none". Copied by network_new(). */
typedef struct NetworkSettings {
        InetPrefix subnet4;     /* of the default network */
        InetPrefix subnet6;     /* of the default network */
        InetPrefix pool4;       /* where networks without Subnet= take theirs from: /24s */
        InetPrefix pool6;       /* the same: /64s */
        char bridge[IFNAMSIZ];  /* of the default network */
        bool own_table;         /* nobody else is to change our table, where the kernel can see to that */
        bool publish_localhost; /* published ports answer on 127.0.0.1 and ::1, too */
        const char *cgroup; /* mount point of cgroup2; NULL = ::1 is left out. Used by network_new() only */
} NetworkSettings;

typedef struct Network Network;

/* One pair of links between a network and a container. Addresses bear the length of their network. */
typedef struct NetworkLink {
        char *network;            /* "default" or a unit name */
        NetworkDriver driver;     /* of the network */
        char device[IFNAMSIZ];    /* the network's bridge, or what the link lies on; "" = none */
        char host_name[IFNAMSIZ]; /* the end on the host; "" = it has none */
        unsigned host_index;      /* of that; 0 = not known yet */
        char name[IFNAMSIZ];      /* the end in the container: "eth0", "eth1", ... */
        uint8_t mac[6];           /* of the container's end */
        InetPrefix addresses[2];  /* IPv4 first */
        InetAddress gateways[2];  /* by position; AF_UNSPEC = none */
        size_t n_addresses;
} NetworkLink;

/** network_link_passes_host() - do the packets of this link go through the host, its routes and its firewall?
 */
bool network_link_passes_host(const NetworkLink *link);

/* A published range with its host port decided. */
typedef struct NetworkPort {
        Protocol protocol;
        InetAddress host_address; /* AF_UNSPEC = every address, IPv4 and IPv6 */
        uint16_t host_port, container_port, count;
} NetworkPort;

typedef struct Egress Egress;

/* What one unit holds. Made and changed only by the functions below; everybody may read it. */
typedef struct Attachment {
        char *unit;
        NetworkLink *links;
        size_t n_links;
        NetworkPort *ports;
        size_t n_ports;
        bool published; /* the ports, if there are any, are in the kernel's maps */
        Egress *egress; /* NULL = it may connect to everything */
} Attachment;

typedef struct AttachRequest {
        const char *unit; /* owner of leases and ports, alias of the host's link */
        const char
                *link_hint; /* what the host's link is named after ("web" gives "web-3fa91c"); may be NULL */
        int netns_fd;       /* of the container; borrowed */
        char *const *networks;        /* names given to network_define(), or "default" */
        const JoinSpec *joins;        /* by position, or NULL */
        const InetAddress *addresses; /* wanted, on the first network */
        size_t n_addresses;
        const PublishSpec *publish; /* checked and reserved here, in effect after network_publish() */
        size_t n_publish;
} AttachRequest;

/**
 * network_new() - open the kernel's interfaces; changes nothing
 *
 * Defines the default network from the settings.
 *
 * Returns: 0, or a negative errno with @fault filled: -EPERM, -EOPNOTSUPP a kernel without nftables, ...
 */
int network_new(const NetworkSettings *settings, Fault *fault, Network **ret);

/** network_free() - forget everything; the kernel keeps it. Frees all attachments. NULL is fine. */
void network_free(Network *n);

AUTOPTR_DEFINE(Network, network_free);

/**
 * network_define() - make a .network unit known, or known anew
 * @name:    unit name
 * @section: copied; a subnet is taken from the pools when it names none
 *
 * Touches the kernel only to look for a free subnet. A network that has links keeps what it has until
 * the last of them has gone, but for the ranges that new links get their addresses of.
 *
 * Returns: 0; 1 = in use, nothing else changed but that new links are allowed again; -EADDRINUSE the subnet
 * belongs to another network (named in @fault); -EADDRNOTAVAIL the pools are exhausted; -EINVAL a subnet is
 * too small or its gateway outside of it; -ENOMEM. After an error the network is as it was.
 */
int network_define(Network *n, const char *name, const NetworkSection *section, Fault *fault);

/** network_undefine() - forget a .network unit. -EBUSY while containers are on it, -ENOENT. */
int network_undefine(Network *n, const char *name);

/**
 * network_open() - make what the links of these networks will have in common: bridges
 *
 * network_attach() does so, too: this is for whoever has use for it before. The table is left to that: it
 * takes a millisecond, and nothing passes without links. What stays without a link goes with the next
 * network_collect(). Names of no network are left to network_attach().
 */
int network_open(Network *n, char *const *networks, Fault *fault);

/**
 * network_attach() - connect a network namespace to its networks
 * @ret: owned by @n, good until network_detach() or network_free()
 *
 * Brings up lo, leases addresses, makes the links (eth0 on the first network, ...) and the default route.
 * The first link of a network makes its bridge, the first of all the nftables table. Ports are checked
 * against other containers and the host's listeners, free ones are picked, and all are kept for this unit.
 * A network namespace with user namespace must have been made in that user namespace.
 *
 * Returns: 0, or a negative errno with @fault filled and everything undone: -ENOENT no such network;
 *          -EADDRINUSE an address or a port is taken (the fault names both owners); -EADDRNOTAVAIL the
 *          subnet is exhausted or does not contain the wanted address; or what netlink says.
 */
int network_attach(Network *n, const AttachRequest *request, Fault *fault, Attachment **ret);

/**
 * network_add_extra() - a link beside those of the networks, which is no EXTRA_LINK_MOVED
 *
 * It is down and has no address. network_drop_extra() takes away what would be left on the host.
 */
int network_add_extra(Network *n, const ExtraLink *link, int netns_fd, Fault *fault);
void network_drop_extra(Network *n, const ExtraLink *link);

/**
 * network_detach() - give back all that an attachment holds, and free it
 * @netns_dies: the caller closes the last reference to the namespace now; the links go with it a little
 *              later. Else they are deleted here, which takes 10 to 20 ms each.
 *
 * The bridge of a network without links, and the table, go with the next network_collect(). NULL is fine.
 */
void network_detach(Network *n, Attachment *a, bool netns_dies);

/* Links of the host; the owner frees @items. */
typedef struct LinkNumbers {
        unsigned *items;
        size_t n;
} LinkNumbers;

/**
 * network_collect() - take down the bridges, the table and the programs that nothing uses any more
 *
 * Apart from network_detach(), because the kernel takes 20 to 50 ms for a bridge and nobody has to wait for
 * it.
 * @ret_left: the numbers of those bridges, which somebody else is to delete (network/worker.h), are added to
 * these; who needs one of them before that makes it anew. NULL = they are deleted here
 */
void network_collect(Network *n, LinkNumbers *ret_left);

/**
 * network_delete_kept() - links of namespaces that were given up, and that somebody keeps
 *
 * Whoever has entered such a namespace goes on having its addresses, which others may be given: but for the
 * link he could talk to them. To be called some seconds after network_detach(): what was detached before the
 * call before should have gone. Deletes one link at most, which takes 10 to 20 ms.
 *
 * Returns: is it to be called again, some seconds later?
 */
bool network_delete_kept(Network *n);

/**
 * network_publish() - let packets to the reserved ports in: one transaction for all of them
 *
 * Nothing to do when published already.
 */
int network_publish(Network *n, Attachment *a, Fault *fault);

/**
 * network_unpublish() - the reverse; the ports stay reserved. Established connections are not cut.
 *
 * The programs behind ports of 127.0.0.1, which then lead nowhere, go with the next network_collect().
 */
int network_unpublish(Network *n, Attachment *a);

/**
 * network_set_ports() - change the ports of a running container, in one transaction if they are published
 *
 * A port that was picked stays the same where no other is asked for.
 *
 * Returns: 0, or a negative errno with @fault filled and nothing changed.
 */
int network_set_ports(Network *n, Attachment *a, const PublishSpec *publish, size_t n_publish, Fault *fault);

/**
 * network_port_to_string() - "0.0.0.0:8080-8081->80-81/tcp", for status and lists
 *
 * Returns: a string to free(); NULL when out of memory.
 */
char *network_port_to_string(const NetworkPort *port);

/** network_attachment_save() - a member "network" with all that network_adopt() needs. */
void network_attachment_save(const Attachment *a, JsonText *t);

/**
 * network_adopt() - take over what an earlier manager has attached
 * @saved: what network_attachment_save() has written; any JSON is survived
 *
 * Only remembers; network_settle() then compares with the kernel. Networks whose unit has gone meanwhile
 * are remembered from @saved.
 *
 * Returns: 0; -EBADMSG @saved is not of that form; -EADDRINUSE it contradicts one adopted earlier; -ENOMEM.
 */
int network_adopt(Network *n, const json_t *saved, Fault *fault, Attachment **ret);

/**
 * network_settle() - after all adoptions: make the kernel as it should be
 *
 * Bridges and the table are made again where they are missing or old. To be called once at start, also when
 * nothing was adopted.
 *
 * Returns: 0, or the first negative errno with @fault filled; goes on after errors.
 */
int network_settle(Network *n, Fault *fault);

/**
 * network_close_egress() - the container may connect to nothing but this
 * @allow:   copied
 * @adopted: addresses of names that an earlier manager's gate has found stay
 *
 * What others have begun it may answer. Returns: 0, or a negative errno with @fault filled and nothing
 * changed.
 */
int network_close_egress(Network *n, Attachment *a, const EgressSpec *allow, size_t n_allow, bool adopted,
                         Fault *fault);

/** network_open_egress() - it may connect to everything. */
void network_open_egress(Network *n, Attachment *a);

/**
 * network_limit() - of what each of its links sends and receives
 * @bits: per second; UINT64_MAX = no limit
 *
 * Its own end is in its namespace: a container with CAP_NET_ADMIN could take off the limit of what it sends.
 */
int network_limit(Network *n, const Attachment *a, int netns_fd, uint64_t bits, Fault *fault);

/* As the container sees it. */
typedef struct NetworkTraffic {
        uint64_t received_bytes, received_packets, sent_bytes, sent_packets;
} NetworkTraffic;

/** network_traffic() - since its links were made; false when that is not known. */
bool network_traffic(Network *n, const Attachment *a, NetworkTraffic *ret);

/** network_settle_egress() - once, when all that are closed are so again: what is left of others goes. */
void network_settle_egress(Network *n);

/** network_set_egress_peers() - the addresses that the name of that entry has by /etc/hosts. */
int network_set_egress_peers(Network *n, Attachment *a, size_t entry, const InetAddress *addresses,
                             size_t n_addresses);

/** network_wants_purge() - have published ports been changed since the last network_purge()? */
bool network_wants_purge(const Network *n);

/**
 * network_purge() - forget tracked connections to where published ports do not lead any more
 *
 * To be called a moment after what changes ports, which does not wait for it.
 * Returns: how many there were, or a negative errno.
 */
int network_purge(Network *n);

/* How the host is reached on a network. By position; borrowed, good until the network changes. */
typedef struct NetworkFace {
        const InetPrefix *subnets;
        const InetAddress *gateways;
        size_t n;
        size_t n_links; /* containers on it */
        bool internal;
} NetworkFace;

/** network_face() - false when there is no network of that name, or nothing of it: neither links nor what
 * network_collect() has not taken down yet. */
bool network_face(const Network *n, const char *name, NetworkFace *ret);

/** network_monitor_fd() - readable (EPOLLIN) when the firewall or links have changed; borrowed. */
int network_monitor_fd(const Network *n);

/* What network_process_monitor() had to do; both may be. */
enum {
        NETWORK_TABLE_RESTORED = 1 << 0,
        NETWORK_LINKS_RESTORED = 1 << 1,
};

/**
 * network_process_monitor() - read what has changed; make again what somebody else has taken from us
 *
 * Returns: a set of NETWORK_..._RESTORED, or a negative errno.
 */
int network_process_monitor(Network *n);

/** network_list_links() - JSON array: host_link, unit, link, addresses, mac, network. NULL when out of
 * memory. */
json_t *network_list_links(const Network *n);

/** network_list() - JSON array: name, driver, bridge, subnets, gateways, internal, units. NULL when out of
 * memory. */
json_t *network_list(const Network *n);

/**
 * network_diff() - what the host should have, compared with what it has
 *
 * An array of objects: what, name, desired, actual; null where there is nothing. Links that die with a
 * container that has ended just now are in it.
 *
 * Returns: 0, or a negative errno.
 */
int network_diff(Network *n, json_t **ret);

/**
 * network_firewalls() - chains of others that drop what is forwarded and none of their rules lets through
 * @ret: "table ip filter, chain FORWARD", ...; NULL = none. Borrowed, good until the next call
 *
 * Looked up again only when somebody has changed nftables since.
 */
int network_firewalls(Network *n, char *const **ret);
