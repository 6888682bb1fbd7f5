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
#include "config/raw-unit.h"
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
        usec_t timeout_stop;
        ExitStatusSet success_exit_status;
        bool remain_after_exit;
        LimitSpec limits;
} ServiceSection;

/* [Install] */
typedef struct InstallSection {
        char **wanted_by;
} InstallSection;

/* [Network] */
typedef struct NetworkSection {
        InetPrefix *subnets;
        size_t n_subnets;
        InetAddress *gateways; /* by position; a missing one is the subnet's first address */
        size_t n_gateways;
        bool ipv6, internal;
} NetworkSection;

/* [Volume] */
typedef struct VolumeSection {
        char *volume_name; /* NULL = the unit's stem */
        bool copy;         /* fill from the image when empty */
} VolumeSection;

/* [Container] is long and has its own header. */
typedef struct ContainerSection ContainerSection;

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
 * @raw:  taken over on success
 * @diag: errors and warnings are added here, all of them, not just the first
 *
 * Pure: no system calls. Keys that systemd or Quadlet know and we do not support yet are warnings.
 *
 * Returns: 0; -EINVAL when there was at least one error; -ENOMEM.
 */
int unit_spec_load(RawUnit *raw, Diag *diag, UnitSpec **ret);
