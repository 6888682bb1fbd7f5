/*
 * Table inet nsunits: a fixed set of chains, sets and maps. A container only adds and removes elements.
 *
 *      dnat4, dnat6          protocol . port -> address . port      ports on every host address
 *      dnat4_on, dnat6_on    host address . protocol . port -> ...  ports on one host address
 *      nat4, nat6            subnets whose traffic to elsewhere is masqueraded
 *      bridges               our bridges; what leaves by them from elsewhere is dropped unless published
 *      internal              bridges that reach nothing outside
 */
#pragma once

#include "basic/fault.h"
#include "basic/inet.h"
#include "network/network.h"
#include "network/nft-batch.h"

/**
 * ruleset_add() - all chains, sets, maps and rules, without elements
 * @localhost: connections to 127.0.0.1 are let in as well
 */
void ruleset_add(NftBatch *b, bool localhost);

/** ruleset_network() - enter or remove a network. */
void ruleset_network(NftBatch *b, bool add, const char *bridge, const InetPrefix *subnets, size_t n,
                     bool internal);

/** ruleset_port() - enter or remove one published range for one container address. */
void ruleset_port(NftBatch *b, bool add, const NetworkPort *port, const InetAddress *to);
