/*
 * Checks across units: what no single unit can know of itself. Each finding goes into the Diag of the unit
 * that is to be changed, or of the other one when nobody asked about the first.
 *
 * All of them are linear in the number of units, but for the search of a name that was meant.
 */
#pragma once

#include "config/manager-config.h"
#include "spec/unit-set.h"

/* What the units are checked against, besides each other. */
typedef struct SetFacts {
        const ManagerConfig *config; /* NULL = not known */
        char *const *controllers;    /* of cgroup v2 on this host; NULL = not known */
} SetFacts;

/** set_check() - all of the checks below. Each returns 0 or -ENOMEM. */
int set_check(const UnitSet *set, const SetFacts *facts);

/** set_check_references() - units that are named and that there are not. */
int set_check_references(const UnitSet *set);

/** set_check_order() - circles of After= and Before=, and requirements that cannot be met. */
int set_check_order(const UnitSet *set);

/** set_check_ports() - one port of the host for two containers. */
int set_check_ports(const UnitSet *set);

/** set_check_subnets() - networks that overlap each other or those of nsunitd.conf. */
int set_check_subnets(const UnitSet *set, const ManagerConfig *config);

/** set_check_addresses() - static addresses that are taken or outside of their network. */
int set_check_addresses(const UnitSet *set, const ManagerConfig *config);

/** set_check_names() - one name for two containers, networks, volumes or services. */
int set_check_names(const UnitSet *set);

/**
 * set_check_volumes() - one volume, or directory of the host, that several containers write to
 *
 * Quiet when all of them say that it is shared (option "z"), when they are in one pod, when they never run at
 * the same time (Conflicts=, or a oneshot that the other is ordered after), and for what is shared by nature:
 * paths below /dev, /proc, /sys, /run and /tmp.
 */
int set_check_volumes(const UnitSet *set);

/** set_check_limits() - limits whose controller the host lacks. */
int set_check_limits(const UnitSet *set, char *const *controllers);
