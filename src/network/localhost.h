/*
 * Published ports on the host's own 127.0.0.1 and ::1, by programs at connect(2) (cgroup BPF).
 *
 * The program writes the container's address over the loopback address before the connection is made: no
 * packet is translated, and it is the only way for ::1, which never leaves the loopback device. It serves
 * TCP, and UDP sockets that connect. The kernel keeps programs and their maps while no manager runs.
 * Processes of other network namespaces are let alone.
 */
#pragma once

#include "basic/cleanup.h"
#include "network/network.h"

typedef struct Localhost Localhost;

/**
 * localhost_new() - changes nothing
 * @cgroup: mount point of cgroup2, whose processes are served
 *
 * Returns: 0; -EOPNOTSUPP and others: not on this kernel.
 */
int localhost_new(const char *cgroup, Localhost **ret);

/** localhost_free() - the kernel keeps what is attached. NULL is fine. */
void localhost_free(Localhost *l);

AUTOPTR_DEFINE(Localhost, localhost_free);

/** localhost_enter() - add or remove the ports of an attachment. Those on other host addresses do not count.
 */
int localhost_enter(Localhost *l, bool add, const Attachment *a);

/**
 * localhost_settle() - attach the programs if there are ports, detach them if there are none
 *
 * What an earlier manager of this network namespace has attached is replaced or removed. To load and attach
 * them takes the kernel 0.4 ms, so where the last port has gone another one is given some time to come. NULL
 * is fine.
 */
int localhost_settle(Localhost *l);
