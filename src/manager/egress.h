/*
 * EgressAllow= of units: what the firewall lets through, and the gate that adds addresses of names to it.
 */
#pragma once

#include "manager/internal.h"
#include "network/records.h"

/** unit_close_egress() - as its spec says, whatever was before. */
int unit_close_egress(Unit *u, Fault *fault);
void unit_open_egress(Unit *u);

/** unit_change_egress() - of a running container, to what @wanted says; takes it over into the unit's spec.
 */
int unit_change_egress(Unit *u, ContainerSpec *wanted, Fault *fault);

/** manager_adopt_egress() - that of all that runs, with the gates that run. */
void manager_adopt_egress(Manager *m);

/** unit_renew_gate() - its servers may be others. */
void unit_renew_gate(Unit *u);

/** unit_has_gate() - is that of its network asked for names? */
bool unit_has_gate(const Unit *u);

/** unit_renew_egress_peers() - names that others have on its networks, and those of AddHost=. */
void unit_renew_egress_peers(Unit *u, const NameTable *t);

/** unit_forget_gate() - it goes on without the manager. */
void unit_forget_gate(Unit *u);
