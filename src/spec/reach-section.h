/*
 * How a container is reached and started from outside, as typed data: probes, links, what it may connect to,
 * timers, sockets. Key types in key-probe.c, key-link.c, key-egress.c, key-timer.c and key-listen.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/calendar.h"
#include "basic/clock.h"
#include "basic/inet.h"
#include "spec/container-words.h"
#include "spec/types.h"

#define PROBE_LIST(X)         \
        X(PROBE_NONE, "")     \
        X(PROBE_TCP, "tcp")   \
        X(PROBE_HTTP, "http") \
        X(PROBE_UNIX, "unix") \
        X(PROBE_EXEC, "exec")

ENUM_DECLARE(ProbeKind, probe_kind, PROBE, PROBE_LIST);

/* Probe=. */
typedef struct ProbeChoice {
        ProbeKind kind;
        char *host;    /* tcp, http: address or name; NULL = the container's own 127.0.0.1 */
        uint16_t port; /* tcp, http */
        char *path;    /* http: what to ask for; unix: of the socket inside the container */
        char **argv;   /* exec */
} ProbeChoice;

/** probe_choice_clear() - free what @p owns; it is none then. */
void probe_choice_clear(ProbeChoice *p);

/** probe_choice_copy() - 0 or -ENOMEM; probe_choice_clear() is fine in either case. */
int probe_choice_copy(const ProbeChoice *from, ProbeChoice *to);

/* A network device of the host, and its name inside the container. */
typedef struct LinkSpec {
        char *host, *container;
} LinkSpec;

typedef struct LinkList {
        LinkSpec *items;
        size_t n;
} LinkList;

/* Devices beside those of Network= (systemd.nspawn(5)). */
typedef struct LinkKeys {
        LinkList extra, moved, macvlans, ipvlans;
        char *bridge, *zone;
} LinkKeys;

typedef struct CalendarList {
        Calendar *items;
        size_t n;
} CalendarList;

typedef struct SpanList {
        usec_t *items;
        size_t n;
} SpanList;

/* systemd.timer(5). */
typedef struct TimerKeys {
        CalendarList calendars;
        SpanList on_boot, on_startup, on_active, on_unit_active, on_unit_inactive;
        bool persistent, fixed_random_delay;
        usec_t randomized_delay, accuracy;
} TimerKeys;

#define IPV6_ONLY_LIST(X)               \
        X(IPV6_ONLY_DEFAULT, "default") \
        X(IPV6_ONLY_NO, "both")         \
        X(IPV6_ONLY_YES, "ipv6-only")

ENUM_DECLARE(Ipv6Only, ipv6_only, IPV6_ONLY, IPV6_ONLY_LIST);

/* One address of ListenStream= and its like (systemd.socket(5)). */
typedef struct ListenSpec {
        char *path;          /* socket in the file system, or "@abstract"; NULL: address and port count */
        InetAddress address; /* AF_UNSPEC = every address */
        uint16_t port;
} ListenSpec;

typedef struct ListenList {
        ListenSpec *items;
        size_t n;
} ListenList;

typedef struct ListenKeys {
        ListenList stream, datagram, sequential;
        char *descriptor_name;
        bool accept; /* no other value than false gets here */
        unsigned backlog;
        Ipv6Only ipv6_only;
        bool free_bind, keep_alive, no_delay, reuse_port, remove_on_stop;
        mode_t mode, directory_mode;
        char *user, *group; /* of the host */
        unsigned trigger_burst;
        usec_t trigger_interval;
} ListenKeys;
