/*
 * The name servers of networks: one dnsmasq per network that wants DNS and has containers on it, bound to the
 * addresses that the host has there.
 *
 * They are no part of the manager's state: a manager that dies leaves them running, with all names they have,
 * and the next one finds them by their cgroup. Where dnsmasq is missing or fails, resolv.conf of the
 * containers has the host's servers, and names are in /etc/hosts.
 */
#pragma once

#include "manager/internal.h"
#include "network/records.h"

/* A resolver looks at no more than three (resolv.conf(5), MAXNS). */
#define DNS_SERVERS_MAX 3

/** manager_dns_adopt() - take over the servers of the last manager, and end those that nobody needs. */
void manager_dns_adopt(Manager *m);

/** manager_dns_free() - forget the servers, which go on. */
void manager_dns_free(Manager *m);

/** manager_dns_end() - end them and wait until they are gone: nothing runs any more. */
void manager_dns_end(Manager *m);

/** manager_dns_settle() - servers for all networks that want one now, and for no others. */
void manager_dns_settle(Manager *m);

/** manager_dns_open() - the servers of these networks begin, while their first container is being made. */
void manager_dns_open(Manager *m, char *const *networks);

/** manager_dns_publish() - servers of these networks get the names of @t, and are started if need be. */
void manager_dns_publish(Manager *m, const NameTable *t, char *const *networks);

/** unit_dns_servers() - addresses for the unit's resolv.conf; returns their number, 0 = the host's servers.
 */
size_t unit_dns_servers(const Unit *u, InetAddress ret[DNS_SERVERS_MAX]);

/** unit_wait_for_dns() - false when there is nothing to wait for, else EVENT_PREPARED follows. */
bool unit_wait_for_dns(Unit *u);
