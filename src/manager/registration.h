/*
 * What machined is told of a container that runs: machined's own word for it is machine. Only those have a
 * registration whose cgroup is named after a service (cgroup-root.h), since machined stops what it takes for
 * the unit of a machine.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "manager/unit.h"

/* machined's limit, HOST_NAME_MAX. */
#define REGISTRATION_NAME_MAX 64

typedef struct Registration {
        char name[REGISTRATION_NAME_MAX + 1]; /* a host name, made of the container's */
        pid_t leader;
        char *root;      /* directory on the host, or NULL */
        int *interfaces; /* numbers of the host's ends of its links */
        size_t n_interfaces;
} Registration;

void registration_done(Registration *r);

/** unit_leader() - first process of the container, when there is something to register; else 0. */
pid_t unit_leader(const Unit *u);

/** unit_registration() - of a unit that has a leader. 0 or -ENOMEM. */
int unit_registration(const Unit *u, Registration *ret);
