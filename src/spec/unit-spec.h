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
#include "spec/section.h"

typedef struct UnitSpec {
        const char *name; /* the one of @raw */
        UnitKind kind;
        RawUnit *raw;     /* owned: every Where points into it */
        RawUnit *derived; /* owned: values that other keys stand for (podman-args.h); bear the places of
                             those; NULL = there are none */
#define MEMBER_(word, title, type) type word;
        COMMON_SECTION_LIST(MEMBER_)
#undef MEMBER_
        /* Exactly the one of @kind is set. */
#define MEMBER_(word, title, type, kind) type *word;
        OWN_SECTION_LIST(MEMBER_)
#undef MEMBER_
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
 * Pure, but for MemoryMax=N%, which asks how much memory this machine has, and for @specifiers->read_file, by
 * which the files of [Service] EnvironmentFile= are read where their variables stand in values (variables.h).
 * What was read is noted in @raw, which then says the same when it is loaded from its text alone.
 * Keys that systemd or Quadlet know and we do not support yet are warnings. Units that other keys name
 * (Network=x.network, Volume=x.volume:/y, Image=x.image) are added to Requires= and After=.
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

/** unit_raw_value() - the last assignment of a key by any of its names, also an empty one; false when there
 * is none. @raw may be NULL. */
bool unit_raw_value(const RawUnit *raw, const char *section, const char *key, RawValue *ret);

/** unit_spec_value() - the same, of all that the unit says. */
bool unit_spec_value(const UnitSpec *u, const char *section, const char *key, RawValue *ret);

/** unit_spec_is_set() - does the unit's text give @key in @section a value? */
bool unit_spec_is_set(const UnitSpec *u, const char *section, const char *key);

/** unit_spec_service() - what systemd knows the unit by: ServiceName=, or the name that Quadlet would give
 * it. 0 or -ENOMEM; free *ret. */
int unit_spec_service(const UnitSpec *u, char **ret);

/**
 * unit_spec_format() - all keys of all sections of @u as "Key=value", sorted within their section
 * @ret: vector to strv_free()
 *
 * Returns: 0 or -ENOMEM.
 */
int unit_spec_format(const UnitSpec *u, char ***ret);
