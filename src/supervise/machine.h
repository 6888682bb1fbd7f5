/*
 * The life of one container unit: state x event -> actions, a timer, and answers to jobs. Pure: knows neither
 * system calls nor a clock nor logging; the manager does what the output says and reports back by events.
 *
 * The contract with the manager:
 *  - After each step perform the actions in the order of the list below, then arm the unit's one timer to
 *    MachineOutput.timer (or none). An event that follows at once may be fed when all actions are done.
 *  - MACHINE_PREPARE is answered by PREPARED or PREPARE_FAILED (the manager has then undone all it had
 *    prepared), unless MACHINE_CLEAN comes first: that cancels a preparation, whose answer is then not
 *    wanted. DEFER before the answer stops the time-out of the start, which begins anew with PREPARED.
 *  - MACHINE_LOOK is answered in the same way, but what was prepared before is kept by PREPARE_FAILED.
 *  - MACHINE_SPAWN is answered by SPAWNED or SPAWN_FAILED (only the launch was undone, what was prepared is
 *    kept); after SPAWNED, MAIN_EXITED comes exactly once. For every type SPAWNED means that execve() is
 *    done.
 *  - MACHINE_RUN_HOOK starts the command Machine.hook_index of the list Machine.hook; HOOK_EXITED comes
 *    exactly once after it, also when it could not be started. There is never more than one.
 *  - MACHINE_CLEAN releases all that was prepared and forgets the process, and is always answered by CLEANED.
 *  - A restart by policy keeps what is prepared: SPAWN comes again without PREPARE and without CLEAN before.
 *  - CGROUP_EMPTY may be reported whenever cgroup.events says so at that very moment (never from an older
 *    notice: the next invocation may live in the same cgroup).
 *  - Each START is answered by exactly one of START_DONE, START_FAILED and START_CANCELED, each STOP by
 *    STOP_DONE; one that comes while an equal one is open is answered together with it. A failed start and a
 *    stop are answered when the unit is at rest (or waits for a restart) and has released what it had.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/clock.h"
#include "basic/strtab.h"
#include "spec/types.h"
#include "spec/unit-spec.h"
#include "supervise/restart.h"

/* systemd's SubState words. */
#define MACHINE_STATE_LIST(X)                                                                                \
        X(MACHINE_DEAD, "dead")                                                                              \
        X(MACHINE_CONDITION, "condition") /* ExecCondition= runs */                                          \
        X(MACHINE_START_PRE, "start-pre") /* ExecStartPre= runs */                                           \
        X(MACHINE_PREPARING, "prepare")                                                                      \
        X(MACHINE_SPAWNING, "start-spawn")                                                                   \
        X(MACHINE_STARTING, "start")        /* waits for READY=1 (notify) or for the end (oneshot) */        \
        X(MACHINE_START_POST, "start-post") /* ExecStartPost= runs; the main process may have ended */       \
        X(MACHINE_RUNNING, "running")                                                                        \
        X(MACHINE_EXITED, "exited")    /* oneshot and RemainAfterExit=: active without a process */          \
        X(MACHINE_RELOADING, "reload") /* ExecReload= runs, or READY=1 is waited for */                      \
        X(MACHINE_STOPPING, "stop")    /* ExecStop= runs */                                                  \
        X(MACHINE_STOP_WATCHDOG, "stop-watchdog")                                                            \
        X(MACHINE_STOP_SIGTERM, "stop-sigterm")                                                              \
        X(MACHINE_STOP_SIGKILL, "stop-sigkill")                                                              \
        X(MACHINE_FINAL_SIGKILL, "final-sigkill") /* the main process is gone, the rest of the cgroup not */ \
        X(MACHINE_STOP_POST, "stop-post")         /* ExecStopPost= runs */                                   \
        X(MACHINE_CLEANING, "clean")                                                                         \
        X(MACHINE_AUTO_RESTART, "auto-restart")                                                              \
        X(MACHINE_FAILED, "failed")

ENUM_DECLARE(MachineState, machine_state, MACHINE_STATE, MACHINE_STATE_LIST);

/* systemd's ActiveState words. */
#define ACTIVE_STATE_LIST(X)                         \
        X(ACTIVE_STATE_INACTIVE, "inactive")         \
        X(ACTIVE_STATE_ACTIVATING, "activating")     \
        X(ACTIVE_STATE_ACTIVE, "active")             \
        X(ACTIVE_STATE_RELOADING, "reloading")       \
        X(ACTIVE_STATE_DEACTIVATING, "deactivating") \
        X(ACTIVE_STATE_FAILED, "failed")

ENUM_DECLARE(ActiveState, active_state, ACTIVE_STATE, ACTIVE_STATE_LIST);

/* Lists of commands that run on the host, beside the container. */
#define HOOK_LIST(X)                          \
        X(HOOK_NONE, "none")                  \
        X(HOOK_CONDITION, "ExecCondition")    \
        X(HOOK_START_PRE, "ExecStartPre")     \
        X(HOOK_START_POST, "ExecStartPost")   \
        X(HOOK_RELOAD, "ExecReload")          \
        X(HOOK_RELOAD_POST, "ExecReloadPost") \
        X(HOOK_STOP, "ExecStop")              \
        X(HOOK_STOP_POST, "ExecStopPost")

ENUM_DECLARE(Hook, hook, HOOK, HOOK_LIST);

#define MACHINE_EVENT_LIST(X)                                                                              \
        X(EVENT_START, "start")   /* somebody asks for it; .automatic: the wait for a restart is over */   \
        X(EVENT_STOP, "stop")     /* .keep, .restart: a restart job, see below */                          \
        X(EVENT_RELOAD, "reload") /* only to what is running or exited */                                  \
        X(EVENT_DEFER, "defer")   /* the preparation waits for what the unit's time-out is not made for */ \
        X(EVENT_PREPARED, "prepared")                                                                      \
        X(EVENT_PREPARE_FAILED, "prepare-failed") /* .result, 0 = resources */                             \
        X(EVENT_SPAWNED, "spawned")                                                                        \
        X(EVENT_SPAWN_FAILED, "spawn-failed") /* .exit.status: see MachineEvent */                         \
        X(EVENT_READY, "ready")               /* READY=1 */                                                \
        X(EVENT_RELOADING, "reloading")       /* RELOADING=1 */                                            \
        X(EVENT_STOPPING, "stopping")         /* STOPPING=1 */                                             \
        X(EVENT_KEEP_ALIVE, "keep-alive")     /* WATCHDOG=1 */                                             \
        X(EVENT_EXTEND, "extend")             /* EXTEND_TIMEOUT_USEC=: .usec */                            \
        X(EVENT_MAIN_EXITED, "main-exited")   /* .exit, .cgroup_empty */                                   \
        X(EVENT_HOOK_EXITED, "hook-exited")   /* .exit, .ignored */                                        \
        X(EVENT_CGROUP_EMPTY, "cgroup-empty")                                                              \
        X(EVENT_TIMEOUT, "timeout") /* the one timer has run off */                                        \
        X(EVENT_CLEANED, "cleaned")                                                                        \
        X(EVENT_FAIL, "fail") /* .result: watchdog, unhealthy, oom-kill: stop it for that */               \
        X(EVENT_RESET_FAILED, "reset-failed")

ENUM_DECLARE(MachineEventType, machine_event_type, MACHINE_EVENT, MACHINE_EVENT_LIST);

typedef struct MachineEvent {
        MachineEventType type;

        /* MAIN_EXITED: how. SPAWN_FAILED: kind EXIT_KIND_EXITED and a status of 200 ... 245 (systemd.exec(5),
         * "Process Exit Codes") when a child existed and gave up, say 203 for execve(): the result is then
         * exit-code, and a unit of Type=simple counts as started. EXIT_KIND_NONE: resources. HOOK_EXITED:
         * how, a status of 203 when the command could not be executed, EXIT_KIND_UNKNOWN when it was lost
         * with the last manager. */
        MainExit exit;

        /* MAIN_EXITED: the cgroup is empty too (cgroup.events says "populated 0"), or there is none: spares
         * the wait for CGROUP_EMPTY. */
        bool cgroup_empty;

        /* STOP: a START of the same unit follows (restart job): keep what is prepared. If that START never
         * comes, a STOP without keep releases it. */
        bool keep;
        bool restart; /* STOP: also when nothing can be kept */

        bool automatic; /* START: counts as a restart by policy */
        bool ignored;   /* HOOK_EXITED: the command's failure does not matter ("-") */

        usec_t usec;       /* EXTEND; DEFER: how long that may take, 0 = as long as it likes */
        UnitResult result; /* FAIL, PREPARE_FAILED */
} MachineEvent;

/* Actions, to be performed in this order. */
typedef enum MachineAction {
        MACHINE_SEND_STOP_SIGNAL = 1 << 0, /* to the main process as KillMode= says, SIGTERM to the hook */
        MACHINE_SEND_WATCHDOG_SIGNAL = 1 << 1, /* to both */
        MACHINE_SEND_RELOAD_SIGNAL = 1 << 2,   /* to the main process */
        MACHINE_KILL_HOOK = 1 << 3,            /* all that the command has started */
        MACHINE_KILL_ALL =
                1 << 4, /* cgroup.kill, or SIGKILL to the main process where there is none; the hook too */
        MACHINE_CLEAN = 1 << 5,           /* release all; answer CLEANED */
        MACHINE_PREPARE = 1 << 6,         /* answer PREPARED or PREPARE_FAILED */
        MACHINE_SPAWN = 1 << 7,           /* answer SPAWNED or SPAWN_FAILED */
        MACHINE_RUN_HOOK = 1 << 8,        /* answer HOOK_EXITED */
        MACHINE_START_DONE = 1 << 9,      /* the START that was asked for has succeeded ... */
        MACHINE_START_FAILED = 1 << 10,   /* ... has failed, Machine.result says why ... */
        MACHINE_START_CANCELED = 1 << 11, /* ... was overtaken by a STOP */
        MACHINE_STOP_DONE = 1 << 12,      /* the STOP that was asked for is complete */
        MACHINE_RELOAD_DONE = 1 << 13,    /* the RELOAD that was asked for has succeeded ... */
        MACHINE_RELOAD_FAILED = 1 << 14,  /* ... has failed */
        MACHINE_BEGIN = 1 << 15,          /* a new invocation begins: before all others */
        MACHINE_STATE_CHANGED = 1 << 16,  /* something of the machine differs: save it, tell the bus */
        MACHINE_LOOK = 1 << 17, /* can what is prepared be used? answer PREPARED or PREPARE_FAILED */
} MachineAction;

typedef struct MachineOutput {
        unsigned actions;    /* MACHINE_* bits */
        usec_t timer;        /* absolute; USEC_INFINITY = none. Always equal to Machine.timer */
        MachineState before; /* state before the step, for log lines */
} MachineOutput;

/* What of the unit file decides about its life. May change under a living machine (daemon-reload). */
typedef struct MachinePolicy {
        RestartRule restart; /* has the type */
        bool remain_after_exit;
        bool no_sigkill;           /* what does not obey the stop signal is given up */
        bool reload_signal;        /* a reload is a signal to the main process */
        bool reload_ready;         /* ... and has ended when it says READY=1 */
        unsigned n_hooks[HOOK_N_]; /* commands of each list */
        usec_t timeout_start;      /* a command; preparation and start together; USEC_INFINITY = none */
        usec_t timeout_stop;       /* a command, before SIGKILL, and again after it; USEC_INFINITY = none */
        usec_t timeout_abort;      /* after the watchdog's signal */
        usec_t watchdog;           /* longest silence; 0 = any */
        usec_t runtime_max;        /* 0 = any */
        usec_t runtime_extra;      /* some of it is added; 0 = nothing */
        usec_t restart_reset;      /* an end after so long begins the row of delays anew; 0 = never */
        uint32_t dice;             /* any number, another one at each step */
        bool look;                 /* what is prepared has to be looked at before it is used again */
        TimeoutMode timeout_start_mode, timeout_stop_mode;
        usec_t start_limit_interval; /* 0 = no limit */
        unsigned start_limit_burst;  /* 0 = no limit */
} MachinePolicy;

/* Plain data, saved as it is (machine_field()). All times are of the one clock that machine_step() is given;
 * 0 = never. */
typedef struct Machine {
        MachineState state;
        UnitResult result; /* of the last or the current invocation; success until something else is known */
        MainExit exit;     /* of the main process of this invocation; none before its end */
        MainExit cause;    /* exit that the last automatic restart followed upon; decides nothing */
        bool wanted;       /* the last word was START */
        bool prepared;     /* what PREPARE made is held */
        bool main_alive;   /* between SPAWNED and MAIN_EXITED */
        bool cgroup_empty; /* the cgroup has run empty in this invocation, or was never entered */
        bool ready;        /* READY=1 was seen in this invocation, or since the last reload began */
        Hook hook;         /* the list that was begun last in this invocation */
        unsigned hook_index;
        bool hook_alive; /* between RUN_HOOK and HOOK_EXITED */
        bool post_due;   /* ExecStopPost= has yet to run in this invocation */
        bool spoilt;     /* something of this invocation may use what is prepared for ever */
        bool limited;    /* the last start was refused by the start limit */
        bool keep;    /* the stop under way, or the last one, is half a restart that keeps what is prepared */
        bool restart; /* ... is half a restart */
        bool given_up;     /* stopped while it waited for a restart: rests as dead, not as failed */
        bool start_asked;  /* the present invocation answers a START */
        bool start_queued; /* a START came on the way down: begins when at rest */
        bool stop_asked;   /* a STOP is to be answered */
        bool reload_asked; /* a RELOAD is to be answered */
        bool reload_again; /* another one came while one was under way */
        bool reload_failed;
        unsigned n_restarts;  /* automatic ones since the last manual start */
        unsigned n_delays;    /* ... that count for the next delay: see RestartResetSec= */
        uint32_t dice;        /* thrown once for an invocation */
        usec_t timer;         /* when TIMEOUT is due; USEC_INFINITY = not at all */
        usec_t watchdog_due;  /* 0 = not at all */
        usec_t limit_begin;   /* start limit: when the interval began */
        unsigned limit_count; /* ... and how many starts it has seen */
        usec_t state_change, inactive_exit, active_enter, active_exit, inactive_enter;
        usec_t main_start, main_exit; /* of the last main process */
} Machine;

/** machine_init() - dead, nothing held, no timer. */
void machine_init(Machine *m);

/** machine_policy_from_unit() - the policy of a container unit. */
MachinePolicy machine_policy_from_unit(const UnitSpec *u);

/**
 * machine_step() - let one event happen
 * @now:  a monotonic clock that goes on while the machine sleeps (CLOCK_BOOTTIME), never 0
 * @ret:  what to do
 *
 * An event that means nothing in the present state changes nothing and asks for nothing.
 */
void machine_step(Machine *m, const MachinePolicy *policy, const MachineEvent *event, usec_t now,
                  MachineOutput *ret);

/**
 * machine_adopt() - take up a machine that an earlier manager has left behind
 *
 * What that manager had begun and nobody will ever answer (PREPARE, SPAWN, CLEAN) is undone or repeated, a
 * kill is repeated, the timer stays due when it was. @asked: the job that asked for what is under way was
 * kept, too, and is answered; without it, a start that is caught up with is answered all the same. CLEAN may
 * come although little or nothing is held. Afterwards report HOOK_EXITED if hook_alive is set and the command
 * has gone in the meantime, MAIN_EXITED if main_alive is set and the process has gone, else CGROUP_EMPTY if
 * the cgroup is empty or gone.
 */
void machine_adopt(Machine *m, const MachinePolicy *policy, bool asked, usec_t now, MachineOutput *ret);

/** machine_active_state() - systemd's ActiveState of a state. */
ActiveState machine_active_state(MachineState s);

/** machine_substate_to_string() - SubState as shown to people and on the bus: systemd's words only. */
const char *machine_substate_to_string(MachineState s);

/* One field of a Machine as name and value, for saving. Words for enums, numbers for all else; a number is to
 * be kept in full 64 bits (as a signed one it may be -1). */
typedef struct MachineField {
        const char *name;
        const char *text; /* NULL = number */
        uint64_t number;
} MachineField;

/** machine_field() - the @i-th field, from 0; false beyond the last. Strings are constants. */
bool machine_field(const Machine *m, size_t i, MachineField *ret);

/** machine_set_field() - by name. Returns 0, -ENOENT for an unknown name (skip it), -EINVAL for a bad value.
 */
int machine_set_field(Machine *m, const MachineField *f);

/** machine_check() - could a machine have come to look like this? 0 or -EINVAL: do not adopt it. */
int machine_check(const Machine *m);
