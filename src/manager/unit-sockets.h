/*
 * The sockets of one armed unit: the manager's, and copies with the keeper, so that they and what is queued
 * on them outlive containers and managers. They are watched while the container rests.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/fault.h"
#include "manager/unit.h"

typedef struct UnitSockets UnitSockets;

/**
 * unit_sockets_open() - those that the unit's file asks for
 * @old:  the ones that it has, or NULL; what is still asked for is taken over, and nothing else of it is
 * touched before all went well
 *
 * Returns: 0 with *ret set, NULL when none is asked for; or a negative errno with @fault filled.
 */
int unit_sockets_open(Unit *u, UnitSockets *old, Fault *fault, UnitSockets **ret);

/** unit_sockets_close() - for good. NULL is fine. */
void unit_sockets_close(UnitSockets *s);

/** unit_sockets_free() - let go of them; the keeper has them. NULL is fine. */
void unit_sockets_free(UnitSockets *s);

/** unit_sockets_watch() - call unit_socket_ready() when something comes, or leave them to the container. */
void unit_sockets_watch(UnitSockets *s, bool on);

size_t unit_sockets_count(const UnitSockets *s);

/** unit_sockets_get() - the @i-th, as a container is to find it, and its name for LISTEN_FDNAMES=. */
int unit_sockets_get(const UnitSockets *s, size_t i, const char **ret_name);

/** unit_sockets_describe() - "stream *:80"; borrowed. */
const char *unit_sockets_describe(const UnitSockets *s, size_t i);
