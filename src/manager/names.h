/*
 * Names of containers on their networks: /etc/hosts and resolv.conf of all that run, and who is called what.
 */
#pragma once

#include "manager/internal.h"

/* No resolv.conf that is meant to be one is longer. */
#define NAMES_RESOLV_MAX ((size_t) 64 * 1024)

/** manager_names_new() - nothing is watched before manager_settle_names(). 0 or -ENOMEM. */
int manager_names_new(Manager *m);
void manager_names_free(Manager *m);

/** manager_settle_names() - once, when all that runs is known: everybody is told again, if need be. */
void manager_settle_names(Manager *m);

/** unit_enter_names() - from now on its names are found on its networks. */
int unit_enter_names(Unit *u, Fault *fault);

/** unit_leave_names() - and no longer; before its addresses are given back. */
void unit_leave_names(Unit *u);

/** unit_change_names() - they are others than before. */
void unit_change_names(Unit *u);

/** manager_names_changed() - everybody on that network, and its server, is told anew. 0 or negative errno. */
int manager_names_changed(Manager *m, const char *network);

/** unit_hosts_text() - what /etc/hosts has at this moment; free(). NULL when out of memory. */
char *unit_hosts_text(const Unit *u);

/** unit_resolv_text() - the same of a resolv.conf that is made by us. */
char *unit_resolv_text(const Unit *u);

/** manager_renew_resolv() - in running containers, because the host's or a name server is another. */
void manager_renew_resolv(Manager *m);
