/*
 * A unit file with meaning: one typed struct per section, filled by the key tables (*-keys.def), and
 * the whole unit around them. Still what the author wrote, plus defaults; spec_make() (spec-make.h)
 * turns a container unit into the ContainerSpec that is started.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/clock.h"
#include "basic/diag.h"
#include "basic/inet.h"
#include "basic/unit-name.h"
#include "config/manager-config.h"
#include "config/raw-unit.h"
#include "config/specifiers.h"
#include "spec/container-section.h"
#include "spec/container-spec.h"
#include "spec/restart-policy.h"
#include "spec/types.h"

/* [Unit] */
typedef struct UnitSection {
        char *description;
        char **documentation;
        /* Names of units. Those of ours are completed ("db.service" -> "db.container", "back-network.service"
         * -> "back.network"); others ("network-online.target") are kept for the generator and ignored by the
         * manager. */
        char **after, **before, **requires, **wants;
        usec_t start_limit_interval; /* 0 = no limit */
        unsigned start_limit_burst;
} UnitSection;

/* Exit statuses and signals of SuccessExitStatus=. */
typedef struct ExitStatusSet {
        uint64_t statuses[4]; /* bit n of word n/64: status n */
        uint64_t signals[2];  /* bit n of word n/64: signal n */
} ExitStatusSet;

static inline bool exit_status_set_has_status(const ExitStatusSet *s, unsigned n) {
        return n < 256 && s->statuses[n / 64] >> (n % 64) & 1;
}

static inline bool exit_status_set_has_signal(const ExitStatusSet *s, unsigned n) {
        return n < 128 && s->signals[n / 64] >> (n % 64) & 1;
}

/* [Service] */
typedef struct ServiceSection {
        ServiceType type;
        RestartPolicy restart;
        usec_t restart_sec;
        unsigned restart_steps;
        usec_t restart_max_delay; /* USEC_INFINITY = not set */
        usec_t timeout_start;     /* USEC_INFINITY = none; the default depends on the type */
        bool timeout_start_set;
        usec_t timeout_stop; /* USEC_INFINITY = none */
        bool timeout_stop_set;
        ExitStatusSet success_exit_status;
        bool remain_after_exit;
        LimitSpec limits;
} ServiceSection;

/* [Install] */
typedef struct InstallSection {
        char **wanted_by;
} InstallSection;

/* A list that the key tables fill as one field and everybody else reads as items and their number. */
typedef struct InetPrefixList {
        InetPrefix *items;
        size_t n;
} InetPrefixList;

/* [Network] */
typedef struct NetworkSection {
        char *network_name; /* NULL = the unit's stem */
        union {
                InetPrefixList subnet_list;
                struct {
                        InetPrefix *subnets;
                        size_t n_subnets;
                };
        };
        union {
                InetAddressList gateway_list;
                struct {
                        InetAddress *gateways; /* by position; a missing one is the subnet's first address */
                        size_t n_gateways;
                };
        };
        bool ipv6, internal, disable_dns;
        char **labels; /* NAME=VALUE */
} NetworkSection;

/* [Volume] */
typedef struct VolumeSection {
        char *volume_name; /* NULL = the unit's stem */
        bool copy;         /* fill from the image when empty */
        char **labels;     /* NAME=VALUE */
} VolumeSection;

typedef struct UnitSpec {
        char *name;
        UnitKind kind;
        RawUnit *raw; /* owned: every Where points into it */
        UnitSection unit;
        ServiceSection service;
        InstallSection install;
        ContainerSection *container; /* exactly the one of @kind is set */
        NetworkSection *network;
        VolumeSection *volume;
} UnitSpec;

/** unit_spec_free() - NULL is fine. */
void unit_spec_free(UnitSpec *u);

AUTOPTR_DEFINE(UnitSpec, unit_spec_free);

/**
 * unit_spec_load() - give a raw unit its meaning
 * @raw:        taken over on success
 * @specifiers: what %-specifiers stand for on this host; NULL = unknown. Name and path are @raw's
 * @diag:       errors and warnings are added here, all of them, not just the first
 *
 * Pure, but for MemoryMax=N%, which asks how much memory this machine has. Keys that systemd or Quadlet know
 * and we do not support yet are warnings. Units that other keys name (Network=x.network, Volume=x.volume:/y,
 * Image=x.image) are added to Requires= and After=.
 *
 * Returns: 0; -EINVAL when there was at least one error; -ENOMEM.
 */
int unit_spec_load(RawUnit *raw, const SpecifierContext *specifiers, Diag *diag, UnitSpec **ret);

/** unit_spec_set_defaults() - what the unit does not set and nsunitd.conf does: RestartSec=, timeouts,
 * limits, start limit. StopTimeout= of [Container] counts as TimeoutStopSec= where it is the shorter one. */
void unit_spec_set_defaults(UnitSpec *u, const ManagerConfig *config);

/** unit_spec_section() - the typed struct of a section ("Service"), for key_format(); NULL when @u has none.
 */
const void *unit_spec_section(const UnitSpec *u, const char *section);

/** unit_spec_is_set() - does the unit's text give @key in @section a value? */
bool unit_spec_is_set(const UnitSpec *u, const char *section, const char *key);

/**
 * unit_spec_format() - all keys of all sections of @u as "Key=value", sorted within their section
 * @ret: vector to strv_free()
 *
 * Returns: 0 or -ENOMEM.
 */
int unit_spec_format(const UnitSpec *u, char ***ret);
