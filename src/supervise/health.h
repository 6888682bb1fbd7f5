/*
 * The health of one container: when it is looked at next, and what the answers make of it. Pure: knows
 * neither how one looks, nor a clock; the manager does what the output says.
 *
 * The contract with the manager:
 *  - After each step perform the actions, then arm the one timer to Health.due; HEALTH_EVENT_DUE when it has
 * run off.
 *  - HEALTH_PROBE begins a probe (of the startup check while Health.startup); PASSED or FAILED comes once
 * after it, unless HEALTH_DROP_PROBE comes first: it has taken too long, and its answer is not wanted any
 * more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/clock.h"
#include "basic/strtab.h"
#include "spec/health-spec.h"

/* The words of Docker and Podman. */
#define HEALTH_STATE_LIST(X)           \
        X(HEALTH_STARTING, "starting") \
        X(HEALTH_HEALTHY, "healthy")   \
        X(HEALTH_UNHEALTHY, "unhealthy")

ENUM_DECLARE(HealthState, health_state, HEALTH, HEALTH_STATE_LIST);

typedef enum HealthEvent {
        HEALTH_EVENT_DUE,
        HEALTH_EVENT_PASSED,
        HEALTH_EVENT_FAILED,
} HealthEvent;

typedef enum HealthAction {
        HEALTH_DROP_PROBE = 1 << 0, /* before all others */
        HEALTH_PROBE = 1 << 1,
        HEALTH_CHANGED = 1 << 2, /* the state is another one, or the startup check has passed: save, tell */
        HEALTH_READY = 1 << 3,   /* healthy for the first time */
        HEALTH_ACT = 1 << 4,     /* unhealthy by now: HealthOnFailure= */
        HEALTH_GIVE_UP = 1 << 5, /* the startup check has failed too often: start it anew */
} HealthAction;

/* Plain data, saved as it is (health_field()). All times are of the one clock that health_step() is given. */
typedef struct Health {
        HealthState state;
        bool startup; /* the startup check is at work: the regular one waits for it */
        bool probing;
        bool was_healthy;
        unsigned streak; /* failures in a row that count */
        unsigned startup_passed, startup_failed;
        usec_t begin;   /* of the container */
        usec_t counted; /* when a failure has counted last, or the beginning */
        usec_t pause;   /* before the next early look */
        usec_t due;     /* of the next probe, or, while one runs, of its end; USEC_INFINITY = never */
} Health;

/** health_begin() - a container has begun to run: the first probe is due at once. */
void health_begin(Health *h, const HealthSpec *spec, usec_t now);

/**
 * health_adopt() - the manager is another one: a probe that was under way is lost and is made again
 *
 * The start period goes on, failures that counted still do, and the next probe comes when it was to come.
 */
void health_adopt(Health *h, const HealthSpec *spec, usec_t now);

/** health_step() - HEALTH_* actions. An event that does not belong there changes nothing. */
unsigned health_step(Health *h, const HealthSpec *spec, HealthEvent event, usec_t now);

/* A field by name, for saving: words have a text, all others a number. */
typedef struct HealthField {
        const char *name, *text;
        uint64_t number;
} HealthField;

/** health_field() - field @i; false when there are no more. */
bool health_field(const Health *h, size_t i, HealthField *ret);

/** health_set_field() - 0, -ENOENT for a name that no field has, -EINVAL for a value that it cannot have. */
int health_set_field(Health *h, const HealthField *f);
