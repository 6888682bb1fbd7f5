/*
 * The network of the floor: a veth pair into the container, its far end in a bridge, and one element in a map
 * of published ports, through libmnl and libnftnl. @network is floor.c's NETWORK; nothing is done for "none".
 */
#pragma once

#include <sys/types.h>

/** floor_network_outside() - the pair, with its inner end in @pid's network namespace, and the published
 * port. */
void floor_network_outside(const char *network, pid_t pid);

/** floor_network_inside() - links up, address, default route; in the container. */
void floor_network_inside(const char *network);

/** floor_network_remove() - take the published port back; the pair goes with the container. */
void floor_network_remove(const char *network);
