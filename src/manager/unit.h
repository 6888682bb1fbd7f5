/*
 * One unit as the manager knows it. Opaque; what others may see is in UnitStatus.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/clock.h"
#include "basic/fault.h"
#include "spec/unit-spec.h"
#include "supervise/job.h"
#include "supervise/machine.h"

typedef struct Unit Unit;

#define LOAD_STATE_LIST(X)                 \
        X(LOAD_LOADED, "loaded")           \
        X(LOAD_NOT_FOUND, "not-found")     \
        X(LOAD_BAD_SETTING, "bad-setting") \
        X(LOAD_MASKED, "masked")

ENUM_DECLARE(LoadState, load_state, LOAD_STATE, LOAD_STATE_LIST);

/* A look at a unit. Everything is borrowed and good until the loop runs again. */
typedef struct UnitStatus {
        const char *name; /* "web.container" */
        const char *description;
        LoadState load_state;
        const char *load_error; /* diagnostics as text, or NULL */
        const UnitSpec *spec;   /* what the file says; NULL unless loaded */
        const char *fragment;   /* path, or NULL */
        char *const *drop_ins;
        bool need_reload;       /* a file has changed since it was read */
        const Machine *machine; /* states, result, counters, timestamps */
        ActiveState
                active_state; /* that of the machine, unless it rests and waits for its timer or sockets */
        const char *sub_state;
        usec_t next_trigger, last_trigger; /* of its timer, by CLOCK_REALTIME; 0 = never */
        pid_t main_pid;                    /* 0 = none */
        pid_t last_main_pid;               /* the same, also when it has ended */
        uint8_t invocation[16];            /* zero before the first start */
        const char *status_text;           /* STATUS= of the last notification, or NULL */
        const char *health;                /* word of its state; "" without checks */
        const char *health_output;         /* of the last check, or NULL */
        unsigned health_streak;            /* failures in a row */
        const char *fault;                 /* why the last start failed, in words, or NULL */
        bool holds_cgroup;                 /* unit_cgroup() has an answer */
        const char *image_id;              /* or NULL */
        const char *container_name;
        int status_errno;                     /* ERRNO= of the last notification */
        unsigned n_stored_fds;                /* FDSTORE=1 */
        bool condition_result, assert_result; /* of the last start that was tried */
        const char *unmet;                    /* what was not met then, "ConditionPathExists=/x", or NULL */
        unsigned start_count;                 /* starts that count for the start limit now */
        bool can_reload;
        uint32_t job_id; /* 0 = none */
        JobType job_type;
} UnitStatus;

/* Counters of the unit's cgroup, and which limits are in effect: X(field, name of the property). UINT64_MAX =
 * not known, or no limit. */
#define UNIT_USAGE_LIST(X)                              \
        X(memory_current, "MemoryCurrent")              \
        X(memory_peak, "MemoryPeak")                    \
        X(memory_swap_current, "MemorySwapCurrent")     \
        X(memory_swap_peak, "MemorySwapPeak")           \
        X(memory_zswap_current, "MemoryZSwapCurrent")   \
        X(cpu_usage_nsec, "CPUUsageNSec")               \
        X(tasks_current, "TasksCurrent")                \
        X(io_read_bytes, "IOReadBytes")                 \
        X(io_read_operations, "IOReadOperations")       \
        X(io_write_bytes, "IOWriteBytes")               \
        X(io_write_operations, "IOWriteOperations")     \
        X(ip_ingress_bytes, "IPIngressBytes")           \
        X(ip_ingress_packets, "IPIngressPackets")       \
        X(ip_egress_bytes, "IPEgressBytes")             \
        X(ip_egress_packets, "IPEgressPackets")         \
        X(effective_memory_high, "EffectiveMemoryHigh") \
        X(effective_memory_max, "EffectiveMemoryMax")   \
        X(effective_tasks_max, "EffectiveTasksMax")

typedef struct UnitUsage {
#define X(field, name) uint64_t field;
        UNIT_USAGE_LIST(X)
#undef X
} UnitUsage;

const char *unit_name(const Unit *u);
void unit_status(Unit *u, UnitStatus *ret);

/** unit_has_install() - does [Install] say with what it is started? Also of a file that has mistakes. */
bool unit_has_install(const Unit *u);

/** unit_names() - its own name and its aliases. 0 or -ENOMEM; strv_free() *ret. */
int unit_names(const Unit *u, char ***ret);

/** unit_firewalls() - chains of other people's firewalls that may keep its packets from passing. Borrowed,
 * good until the next call; NULL = none. */
char *const *unit_firewalls(const Unit *u);

/** unit_listens() - the sockets that it waits on, as "stream *:80". 0 or -ENOMEM; strv_free() *ret. */
int unit_listens(const Unit *u, char ***ret);

/** unit_needs_reload() - has one of its files changed since it was read? A few stat(2). */
bool unit_needs_reload(const Unit *u);

/** unit_addresses() - on its networks, as "10.89.0.2/24". 0 or -ENOMEM; strv_free() *ret. */
int unit_addresses(const Unit *u, char ***ret);

/** unit_ports() - that it publishes, as "0.0.0.0:8080->80/tcp". 0 or -ENOMEM; strv_free() *ret. */
int unit_ports(const Unit *u, char ***ret);

/** unit_cgroup() - path of its cgroup as in /proc/PID/cgroup; NULL when there is none. Free it. */
char *unit_cgroup(const Unit *u);

/* systemd's words. */
#define FREEZER_STATE_LIST(X)           \
        X(FREEZER_RUNNING, "running")   \
        X(FREEZER_FREEZING, "freezing") \
        X(FREEZER_FROZEN, "frozen")

ENUM_DECLARE(FreezerState, freezer_state, FREEZER, FREEZER_STATE_LIST);

FreezerState unit_freezer_state(const Unit *u);

/** unit_deaths() - records of its last deaths, oldest first: an array of objects. json_decref(); NULL when
 * out of memory. */
json_t *unit_deaths(const Unit *u);

/** unit_usage() - reads the cgroup's files; all unknown when nothing runs. */
void unit_usage(Unit *u, UnitUsage *ret);
