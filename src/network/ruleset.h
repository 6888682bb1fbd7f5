/*
 * Table inet nsunits: a fixed set of chains, sets and maps. A container only adds and removes elements.
 *
 *      dnat4, dnat6          protocol . port -> address . port      ports on every host address
 *      dnat4_on, dnat6_on    host address . protocol . port -> ...  ports on one host address
 *      range4, range6, range4_on, range6_on    the same for ranges of ports that are the same inside
 *      nat4, nat6            subnets whose traffic to elsewhere is translated
 *      outbound4, outbound6  subnet -> address that it is translated to; the way's own where there is none
 *      networks              groups of links, one a network; what leaves by them from elsewhere is dropped
 *                            unless published
 *      same                  pairs of equal groups: the inside of a network
 *      internal              groups that reach nothing outside
 *      open                  groups that reach each other
 *      strict                groups that reach no other group, nor are reached by one
 *
 * Links are told by their group (ip-link(8)) and not by their names: a container on a network without a
 * bridge needs no element of its own.
 */
#pragma once

#include "basic/fault.h"
#include "basic/inet.h"
#include "network/network.h"
#include "network/nft-batch.h"
#include "spec/network-options.h"

/**
 * ruleset_add() - all chains, sets, maps and rules, without elements, of a table that is there
 * @localhost: connections to 127.0.0.1 are let in as well
 */
void ruleset_add(NftBatch *b, bool localhost);

typedef struct RulesetNetwork {
        uint32_t group;
        const InetPrefix *subnets;
        size_t n_subnets;
        bool internal;
        NetworkIsolation isolation;
        const InetAddress *outbound; /* one of each family; AF_UNSPEC = none */
} RulesetNetwork;

/** ruleset_network() - enter or remove a network. */
void ruleset_network(NftBatch *b, bool add, const RulesetNetwork *network);

/** ruleset_port() - enter or remove one published range for one container address. */
void ruleset_port(NftBatch *b, bool add, const NetworkPort *port, const InetAddress *to);

/**
 * ruleset_add_guard() - the same for table inet nsunits-guard
 *
 * It is there for the moment between the loss of the first table and its restoration. What gets to the host's
 * own ports then, or out of it without translation, would be answered by a reset, or be known to the kernel
 * as it is for ever after: it is dropped, and sent again. Connections that are known go on being translated,
 * because there is somebody who translates.
 */
void ruleset_add_guard(NftBatch *b);
