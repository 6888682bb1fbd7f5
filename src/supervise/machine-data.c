/*
 * A machine as data: its words, its beginning, and its fields as names and values for whoever keeps it over
 * the manager's death. Knows no format of files, and nothing of what leads from one state to another.
 */
#include "basic/macro.h"
#include "supervise/machine.h"

ENUM_DEFINE(MachineState, machine_state, MACHINE_STATE, MACHINE_STATE_LIST)
ENUM_DEFINE(ActiveState, active_state, ACTIVE_STATE, ACTIVE_STATE_LIST)
ENUM_DEFINE(Hook, hook, HOOK, HOOK_LIST)
ENUM_DEFINE(MachineEventType, machine_event_type, MACHINE_EVENT, MACHINE_EVENT_LIST)

static const ActiveState active_states[MACHINE_STATE_N_] = {
        [MACHINE_DEAD] = ACTIVE_STATE_INACTIVE,
        [MACHINE_CONDITION] = ACTIVE_STATE_ACTIVATING,
        [MACHINE_START_PRE] = ACTIVE_STATE_ACTIVATING,
        [MACHINE_PREPARING] = ACTIVE_STATE_ACTIVATING,
        [MACHINE_SPAWNING] = ACTIVE_STATE_ACTIVATING,
        [MACHINE_STARTING] = ACTIVE_STATE_ACTIVATING,
        [MACHINE_START_POST] = ACTIVE_STATE_ACTIVATING,
        [MACHINE_RUNNING] = ACTIVE_STATE_ACTIVE,
        [MACHINE_EXITED] = ACTIVE_STATE_ACTIVE,
        [MACHINE_RELOADING] = ACTIVE_STATE_RELOADING,
        [MACHINE_STOPPING] = ACTIVE_STATE_DEACTIVATING,
        [MACHINE_STOP_WATCHDOG] = ACTIVE_STATE_DEACTIVATING,
        [MACHINE_STOP_SIGTERM] = ACTIVE_STATE_DEACTIVATING,
        [MACHINE_STOP_SIGKILL] = ACTIVE_STATE_DEACTIVATING,
        [MACHINE_FINAL_SIGKILL] = ACTIVE_STATE_DEACTIVATING,
        [MACHINE_STOP_POST] = ACTIVE_STATE_DEACTIVATING,
        [MACHINE_CLEANING] = ACTIVE_STATE_DEACTIVATING,
        [MACHINE_AUTO_RESTART] = ACTIVE_STATE_ACTIVATING,
        [MACHINE_FAILED] = ACTIVE_STATE_FAILED,
};

ActiveState machine_active_state(MachineState s) {
        return active_states[s];
}

const char *machine_substate_to_string(MachineState s) {
        /* To a reader, being launched and not being ready yet are the same. */
        static const MachineState shown_as[MACHINE_STATE_N_] = {
                [MACHINE_PREPARING] = MACHINE_START_PRE,
                [MACHINE_SPAWNING] = MACHINE_STARTING,
                [MACHINE_CLEANING] = MACHINE_STOP_POST,
        };

        return machine_state_to_string(shown_as[s] != MACHINE_DEAD ? shown_as[s] : s);
}

void machine_init(Machine *m) {
        *m = (Machine){ .state = MACHINE_DEAD, .timer = USEC_INFINITY };
}

MachinePolicy machine_policy_from_unit(const UnitSpec *u) {
        const ServiceSection *s = &u->service;
        const ContainerSection *c = u->container;

        return (MachinePolicy){
                .restart = restart_rule_from_service(s),
                .remain_after_exit = s->remain_after_exit,
                .no_sigkill = !s->send_sigkill,
                .reload_signal = s->type == SERVICE_NOTIFY_RELOAD || (c && c->reload_signal > 0),
                .reload_ready = s->type == SERVICE_NOTIFY_RELOAD,
                .n_hooks = {
                        [HOOK_CONDITION] = (unsigned) s->hooks->condition.n,
                        [HOOK_START_PRE] = (unsigned) s->hooks->start_pre.n,
                        [HOOK_START_POST] = (unsigned) s->hooks->start_post.n,
                        [HOOK_RELOAD] = (unsigned) s->hooks->reload.n + (c && c->reload_command),
                        [HOOK_RELOAD_POST] = (unsigned) s->hooks->reload_post.n,
                        [HOOK_STOP] = (unsigned) s->hooks->stop.n,
                        [HOOK_STOP_POST] = (unsigned) s->hooks->stop_post.n,
                },
                .timeout_start = s->timeouts.start,
                .timeout_stop = s->timeouts.stop,
                .timeout_abort = s->timeout_abort,
                .timeout_start_mode = s->timeout_start_mode,
                .timeout_stop_mode = s->timeout_stop_mode,
                .watchdog = s->watchdog == USEC_INFINITY ? 0 : s->watchdog,
                .runtime_max = s->runtime_max == USEC_INFINITY || s->type == SERVICE_ONESHOT ? 0 : s->runtime_max,
                .runtime_extra = s->runtime_random_extra,
                .restart_reset = s->restart_reset == USEC_INFINITY ? 0 : s->restart_reset,
                .start_limit_interval = u->unit.start_limit_interval,
                .start_limit_burst = u->unit.start_limit_burst,
        };
}

/* One line per field that is kept: name, member, and for words the family of functions. */
#define MACHINE_FIELD_LIST(WORD, NUMBER)          \
        WORD("state", state, machine_state)       \
        WORD("result", result, unit_result)       \
        WORD("exit_kind", exit.kind, exit_kind)   \
        NUMBER("exit_status", exit.status)        \
        NUMBER("exit_oom", exit.oom)              \
        WORD("cause_kind", cause.kind, exit_kind) \
        NUMBER("cause_status", cause.status)      \
        NUMBER("wanted", wanted)                  \
        NUMBER("prepared", prepared)              \
        NUMBER("main_alive", main_alive)          \
        NUMBER("cgroup_empty", cgroup_empty)      \
        NUMBER("ready", ready)                    \
        WORD("hook", hook, hook)                  \
        NUMBER("hook_index", hook_index)          \
        NUMBER("hook_alive", hook_alive)          \
        NUMBER("post_due", post_due)              \
        NUMBER("spoilt", spoilt)                  \
        NUMBER("limited", limited)                \
        NUMBER("keep", keep)                      \
        NUMBER("restart", restart)                \
        NUMBER("given_up", given_up)              \
        NUMBER("start_asked", start_asked)        \
        NUMBER("start_queued", start_queued)      \
        NUMBER("stop_asked", stop_asked)          \
        NUMBER("reload_asked", reload_asked)      \
        NUMBER("reload_again", reload_again)      \
        NUMBER("reload_failed", reload_failed)    \
        NUMBER("n_delays", n_delays)              \
        NUMBER("dice", dice)                      \
        NUMBER("n_restarts", n_restarts)          \
        NUMBER("timer", timer)                    \
        NUMBER("watchdog_due", watchdog_due)      \
        NUMBER("limit_begin", limit_begin)        \
        NUMBER("limit_count", limit_count)        \
        NUMBER("state_change", state_change)      \
        NUMBER("inactive_exit", inactive_exit)    \
        NUMBER("active_enter", active_enter)      \
        NUMBER("active_exit", active_exit)        \
        NUMBER("inactive_enter", inactive_enter)  \
        NUMBER("main_start", main_start)          \
        NUMBER("main_exit", main_exit)

bool machine_field(const Machine *m, size_t i, MachineField *ret) {
        size_t n = 0;

#define GET_WORD(name_, member, family)                                                        \
        if (i == n++) {                                                                        \
                *ret = (MachineField){ .name = name_, .text = family##_to_string(m->member) }; \
                return true;                                                                   \
        }
#define GET_NUMBER(name_, member)                                                       \
        if (i == n++) {                                                                 \
                *ret = (MachineField){ .name = name_, .number = (uint64_t) m->member }; \
                return true;                                                            \
        }
        MACHINE_FIELD_LIST(GET_WORD, GET_NUMBER)

        return false;
}

int machine_set_field(Machine *m, const MachineField *f) {
#define SET_WORD(name_, member, family)                                          \
        if (streq(f->name, name_)) {                                             \
                int v = f->text ? (int) family##_from_string(f->text) : -EINVAL; \
                                                                                 \
                if (v < 0)                                                       \
                        return v;                                                \
                m->member = (__typeof__(m->member)) v;                           \
                return 0;                                                        \
        }
/* What does not survive the member's type was not written by machine_field(). */
#define SET_NUMBER(name_, member)                                            \
        if (streq(f->name, name_)) {                                         \
                __typeof__(m->member) v = (__typeof__(m->member)) f->number; \
                                                                             \
                if (f->text || (uint64_t) v != f->number)                    \
                        return -EINVAL;                                      \
                m->member = v;                                               \
                return 0;                                                    \
        }
        MACHINE_FIELD_LIST(SET_WORD, SET_NUMBER)

        return -ENOENT;
}

#define BIT(state) (1U << MACHINE_##state)

/* What each state may have: a main process, a hook, what PREPARE made. */
static bool processes_fit(const Machine *m, unsigned bit) {
        static const unsigned always = BIT(STARTING) | BIT(RUNNING);
        static const unsigned stopping = BIT(STOP_WATCHDOG) | BIT(STOP_SIGTERM) | BIT(STOP_SIGKILL);
        static const unsigned maybe = always | stopping | BIT(START_POST) | BIT(RELOADING) | BIT(STOPPING);
        static const unsigned hooks = stopping | BIT(CONDITION) | BIT(START_PRE) | BIT(START_POST) |
                                      BIT(RELOADING) | BIT(STOPPING) | BIT(FINAL_SIGKILL) | BIT(STOP_POST);
        /* CONDITION, START_PRE and STOP_POST without one: begun by a manager that did not get to it. */
        static const unsigned with_hook = BIT(START_POST) | BIT(STOPPING);

        if (m->main_alive ? !(bit & maybe) : bit & always)
                return false;
        if (m->hook_alive ? !(bit & hooks) || m->hook == HOOK_NONE : bit & with_hook)
                return false;
        return !(bit & stopping) || m->main_alive || m->hook_alive;
}

int machine_check(const Machine *m) {
        static const unsigned holding = BIT(SPAWNING) | BIT(STARTING) | BIT(START_POST) | BIT(RUNNING) |
                                        BIT(EXITED) | BIT(RELOADING) | BIT(STOPPING);
        /* States that a STOP leaves at once. */
        static const unsigned wanted = BIT(CONDITION) | BIT(START_PRE) | BIT(PREPARING) | BIT(STARTING) |
                                       BIT(START_POST) | BIT(RUNNING) | BIT(EXITED) | BIT(RELOADING) |
                                       BIT(AUTO_RESTART);
        unsigned bit = 1U << m->state;

        if (!processes_fit(m, bit))
                return -EINVAL;
        if (!m->prepared && (bit & holding || m->main_alive))
                return -EINVAL;
        if (m->state == MACHINE_AUTO_RESTART && m->timer == USEC_INFINITY)
                return -EINVAL;
        if (!m->wanted && (bit & wanted || m->start_asked || m->start_queued))
                return -EINVAL;

        return 0;
}
