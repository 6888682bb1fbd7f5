/*
 * Every state that a machine can be brought into, by every event that a manager can report there: a search
 * over machine x world until nothing new turns up, for each type and policy. The world is what the manager
 * sees: what is held, what is to be answered, which process lives.
 */
#include <signal.h>
#include <string.h>

#include "supervise/machine.h"
#include "unit-test.h"

/* An assertion of check writes a message each time, even when it holds: too much for millions of them. */
#define ASSERT(expr, ...)                          \
        do                                         \
                if (!(expr))                       \
                        ck_abort_msg(__VA_ARGS__); \
        while (0)

/* What is true outside. */
typedef struct World {
        bool dirty;                           /* there may be something to be released */
        bool held;                            /* PREPARE has been answered, CLEAN has not */
        bool preparing, spawning, cleaning;   /* to be answered; preparing what is held: a look at it */
        bool alive, populated;                /* the main process; the cgroup */
        bool hook;                            /* a command beside the container */
        unsigned char starts, stops, reloads; /* to be answered: at most one each, an equal one joins */
} World;

/* One point of the search. All bytes count: made from zeroes. */
typedef struct Point {
        Machine m;
        World w;
} Point;

enum {
        POINTS_MAX = 1 << 17,
        STARTS = MACHINE_START_DONE | MACHINE_START_FAILED | MACHINE_START_CANCELED,
        RELOADS = MACHINE_RELOAD_DONE | MACHINE_RELOAD_FAILED,
};

typedef struct Walk {
        MachinePolicy p;
        Point *points; /* found, in the order of finding: also the queue */
        size_t n;
        unsigned *slots; /* hash table of positions + 1 */
} Walk;

static const usec_t NOW = 1000 * USEC_PER_SEC;

static const MainExit exits[] = {
        { .kind = EXIT_KIND_EXITED, .status = 0 },
        { .kind = EXIT_KIND_EXITED, .status = 1 },
        { .kind = EXIT_KIND_KILLED, .status = SIGKILL, .oom = true },
        { .kind = EXIT_KIND_KILLED, .status = SIGKILL },
        { .kind = EXIT_KIND_UNKNOWN },
};

/* What does not decide what happens next is not to make two points of one. */
static Point normal(const Machine *m, const World *w) {
        Point p;

        memset(&p, 0, sizeof(p));
        memcpy(&p.m, m, sizeof(p.m));
        memcpy(&p.w, w, sizeof(p.w));
        p.m.state_change = p.m.inactive_exit = p.m.active_enter = p.m.active_exit = p.m.inactive_enter = 0;
        p.m.main_start = p.m.main_exit = p.m.limit_begin = 0;
        p.m.timer = m->timer == USEC_INFINITY ? USEC_INFINITY : NOW;
        /* No list of statuses is in these policies: once it has become a result, an exit decides nothing. */
        memset(&p.m.exit, 0, sizeof(p.m.exit));
        memset(&p.m.cause, 0, sizeof(p.m.cause));
        p.m.watchdog_due = m->watchdog_due == 0 ? 0 : NOW;
        p.m.n_restarts = m->n_restarts > 1 ? 1 : m->n_restarts;
        p.m.n_delays = 0;
        if (!m->hook_alive) {
                p.m.hook = HOOK_NONE;
                p.m.hook_index = 0;
        }
        if (m->state == MACHINE_DEAD || m->state == MACHINE_FAILED || m->state == MACHINE_AUTO_RESTART) {
                p.m.ready = p.m.spoilt = p.m.post_due = p.m.cgroup_empty = false;
        }
        return p;
}

static void add(Walk *k, const Machine *m, const World *w) {
        Point p = normal(m, w);
        const unsigned char *bytes = (const unsigned char *) &p;
        unsigned h = 2166136261U;

        for (size_t i = 0; i < sizeof(p); i++)
                h = (h ^ bytes[i]) * 16777619U;
        for (h %= 2 * POINTS_MAX; k->slots[h] != 0; h = (h + 1) % (2 * POINTS_MAX))
                if (memcmp(&k->points[k->slots[h] - 1], &p, sizeof(p)) == 0)
                        return;

        ASSERT(k->n < POINTS_MAX, "the machine has no end");
        memcpy(&k->points[k->n], &p, sizeof(p));
        k->slots[h] = (unsigned) ++k->n;
}

/* What the world becomes by @e. */
static void happen(World *w, const MachineEvent *e) {
        if (e->type == EVENT_START)
                w->starts = 1;
        if (e->type == EVENT_STOP)
                w->stops = 1;
        if (e->type == EVENT_RELOAD)
                w->reloads = 1;
        if (e->type == EVENT_HOOK_EXITED)
                w->hook = false;
        if (e->type == EVENT_PREPARED)
                w->held = true;
        if (e->type == EVENT_PREPARED || e->type == EVENT_PREPARE_FAILED)
                w->preparing = false;
        if ((e->type == EVENT_PREPARE_FAILED && !w->held) || e->type == EVENT_CLEANED)
                w->dirty = false;
        if (e->type == EVENT_SPAWNED)
                w->alive = w->populated = true;
        if (e->type == EVENT_SPAWNED || e->type == EVENT_SPAWN_FAILED)
                w->spawning = false;
        if (e->type == EVENT_MAIN_EXITED)
                w->alive = false;
        if ((e->type == EVENT_MAIN_EXITED && e->cgroup_empty) || e->type == EVENT_CGROUP_EMPTY)
                w->populated = false;
        if (e->type == EVENT_CLEANED)
                w->cleaning = w->held = false;
}

#define PROMISE(expr) \
        ASSERT(expr, "%s, %s in %s: %s", #expr, what, machine_state_to_string(out->before), where)

/* Does what the output asks for, and holds the machine to its word. */
static void obey(const Machine *m, World *w, const MachineOutput *out, const char *what) {
        const char *where = machine_state_to_string(m->state);
        unsigned a = out->actions;
        unsigned answers = a & STARTS;
        bool rest = m->state == MACHINE_DEAD || m->state == MACHINE_FAILED;

        PROMISE(!w->cleaning || !(a & (MACHINE_PREPARE | MACHINE_LOOK | MACHINE_SPAWN | MACHINE_CLEAN)));
        if (a & (MACHINE_SEND_STOP_SIGNAL | MACHINE_SEND_WATCHDOG_SIGNAL))
                PROMISE(w->alive || w->hook);
        if (a & MACHINE_SEND_RELOAD_SIGNAL)
                PROMISE(w->alive);
        if (a & MACHINE_KILL_HOOK)
                PROMISE(w->hook);
        /* One that not even SIGKILL ends is not waited for. */
        if (out->before == MACHINE_FINAL_SIGKILL || out->before == MACHINE_STOP_SIGKILL) {
                w->hook &= m->hook_alive && !(a & MACHINE_RUN_HOOK);
                w->alive &= m->main_alive;
        }
        if (a & MACHINE_RUN_HOOK) {
                PROMISE(!w->hook && !w->cleaning && !w->preparing && !w->spawning && !(a & MACHINE_CLEAN));
                w->hook = true;
        }
        if (a & MACHINE_CLEAN) {
                PROMISE(w->dirty);
                w->cleaning = true;
                w->preparing = w->alive = w->populated = w->hook = false;
        }
        if (a & MACHINE_PREPARE) {
                PROMISE(!w->held && !w->preparing && !(a & MACHINE_CLEAN));
                w->preparing = w->dirty = true;
        }
        if (a & MACHINE_LOOK) {
                PROMISE(w->held && !w->preparing && !(a & MACHINE_CLEAN));
                w->preparing = true;
        }
        if (a & MACHINE_SPAWN) {
                PROMISE(w->held && !w->spawning && !w->alive && !w->populated);
                w->spawning = true;
        }
        if (a & (MACHINE_PREPARE | MACHINE_LOOK | MACHINE_SPAWN))
                PROMISE(m->wanted && !w->hook);
        if (a & RELOADS) {
                PROMISE((a & RELOADS) != RELOADS && w->reloads > 0);
                w->reloads = 0;
        }
        if (answers) {
                PROMISE((answers & (answers - 1)) == 0);
                PROMISE(w->starts > 0);
                w->starts = 0;
        }
        if (a & MACHINE_STOP_DONE) {
                PROMISE(w->stops > 0 && !w->alive && !w->populated && (!w->hook || a & MACHINE_RUN_HOOK));
                w->stops = 0;
        }

        PROMISE(machine_check(m) == 0);
        PROMISE(w->alive == m->main_alive);
        PROMISE(w->hook == m->hook_alive);
        PROMISE(w->held == m->prepared);
        PROMISE(w->reloads == m->reload_asked);
        PROMISE(w->starts == (m->start_asked || m->start_queued));
        PROMISE(w->stops == m->stop_asked);
        if (rest) {
                PROMISE(!w->alive && !w->populated && !w->preparing && !w->spawning && !w->cleaning &&
                        !w->hook && w->dirty == w->held);
                PROMISE(!w->held || m->keep);
                PROMISE(w->starts == 0 && w->stops == 0 && w->reloads == 0);
        }
        if (rest || m->state == MACHINE_EXITED || m->state == MACHINE_CLEANING)
                PROMISE(m->timer == USEC_INFINITY);
        PROMISE(m->state != MACHINE_AUTO_RESTART || m->timer != USEC_INFINITY);
        PROMISE(out->timer == m->timer);
}

static void step(const Walk *k, Point *p, MachineEvent e) {
        usec_t now = e.type == EVENT_TIMEOUT ? p->m.timer : NOW;
        MachineOutput out;

        happen(&p->w, &e);
        machine_step(&p->m, &k->p, &e, now, &out);
        obey(&p->m, &p->w, &out, machine_event_type_to_string(e.type));
}

static void try(Walk *k, const Point *from, MachineEvent e) {
        Point p;

        memcpy(&p, from, sizeof(p));
        step(k, &p, e);
        add(k, &p.m, &p.w);
}

static void try_exits(Walk *k, const Point *from) {
        for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
                for (int empty = 0; empty < 2; empty++)
                        try(k, from,
                            (MachineEvent){ .type = EVENT_MAIN_EXITED,
                                            .exit = exits[i],
                                            .cgroup_empty = empty || !from->w.populated });
}

static void try_hook_ends(Walk *k, const Point *from) {
        for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
                try(k, from, (MachineEvent){ .type = EVENT_HOOK_EXITED, .exit = exits[i] });
        try(k, from, (MachineEvent){ .type = EVENT_HOOK_EXITED, .exit = exits[1], .ignored = true });
}

static void try_messages(Walk *k, const Point *from) {
        try(k, from, (MachineEvent){ .type = EVENT_READY });
        try(k, from, (MachineEvent){ .type = EVENT_RELOADING });
        try(k, from, (MachineEvent){ .type = EVENT_STOPPING });
        try(k, from, (MachineEvent){ .type = EVENT_KEEP_ALIVE });
        try(k, from, (MachineEvent){ .type = EVENT_EXTEND, .usec = 1 });
}

/* All that can come next, and what a new manager would make of it. */
static void try_all(Walk *k, const Point *from) {
        const World *w = &from->w;

        try(k, from, (MachineEvent){ .type = EVENT_START });
        try(k, from, (MachineEvent){ .type = EVENT_STOP });
        try(k, from, (MachineEvent){ .type = EVENT_STOP, .keep = true });
        try(k, from, (MachineEvent){ .type = EVENT_STOP, .restart = true });
        try(k, from, (MachineEvent){ .type = EVENT_RESET_FAILED });
        try(k, from, (MachineEvent){ .type = EVENT_FAIL, .result = RESULT_WATCHDOG });
        if (from->m.timer != USEC_INFINITY)
                try(k, from, (MachineEvent){ .type = EVENT_TIMEOUT });
        if (w->preparing) {
                try(k, from, (MachineEvent){ .type = EVENT_DEFER });
                try(k, from, (MachineEvent){ .type = EVENT_PREPARED });
                try(k, from, (MachineEvent){ .type = EVENT_PREPARE_FAILED });
        }
        if (w->spawning) {
                try(k, from, (MachineEvent){ .type = EVENT_SPAWNED });
                try(k, from, (MachineEvent){ .type = EVENT_SPAWN_FAILED });
                try(k, from, (MachineEvent){ .type = EVENT_SPAWN_FAILED, .exit = exits[1] });
        }
        if (w->spawning || w->alive)
                try_messages(k, from);
        if (w->alive)
                try_exits(k, from);
        if (w->hook)
                try_hook_ends(k, from);
        if (from->m.state == MACHINE_RUNNING || from->m.state == MACHINE_EXITED ||
            from->m.state == MACHINE_RELOADING)
                try(k, from, (MachineEvent){ .type = EVENT_RELOAD });
        if (from->m.state == MACHINE_AUTO_RESTART)
                try(k, from, (MachineEvent){ .type = EVENT_START, .automatic = true });
        if (w->populated)
                try(k, from, (MachineEvent){ .type = EVENT_CGROUP_EMPTY });
        if (w->cleaning)
                try(k, from, (MachineEvent){ .type = EVENT_CLEANED });
}

/* What a helpful world answers next; false when it owes nothing. With @deaf no process ever ends by itself.
 */
static bool answer(const Point *p, bool deaf, MachineEvent *ret) {
        *ret = (MachineEvent){};
        if (p->w.cleaning)
                ret->type = EVENT_CLEANED;
        else if (p->w.preparing)
                ret->type = EVENT_PREPARED;
        else if (p->w.spawning)
                ret->type = EVENT_SPAWNED;
        else if (p->w.hook && !deaf)
                *ret = (MachineEvent){ .type = EVENT_HOOK_EXITED, .exit = exits[0] };
        else if (p->w.alive && !deaf)
                *ret = (MachineEvent){ .type = EVENT_MAIN_EXITED, .exit = exits[0] };
        else if (p->w.populated && !deaf)
                ret->type = EVENT_CGROUP_EMPTY;
        else if (p->m.timer != USEC_INFINITY)
                ret->type = EVENT_TIMEOUT;
        else
                return false;

        return true;
}

/* Wherever it is: a stop leads to rest, with nothing left, whether the processes obey or not. */
static void stop_all(const Walk *k, const Point *from) {
        for (int deaf = 0; deaf < 2; deaf++) {
                MachineEvent e;
                Point p;
                int n = 0;

                memcpy(&p, from, sizeof(p));
                step(k, &p, (MachineEvent){ .type = EVENT_STOP });
                while (answer(&p, deaf, &e)) {
                        ASSERT(++n < 20, "%s never ends", machine_state_to_string(from->m.state));
                        step(k, &p, e);
                }
                ASSERT(p.m.state == MACHINE_DEAD || p.m.state == MACHINE_FAILED, "%s ends in %s",
                       machine_state_to_string(from->m.state), machine_state_to_string(p.m.state));
                ASSERT(!p.w.held && p.w.starts == 0 && p.w.stops == 0, "%s leaves something behind",
                       machine_state_to_string(from->m.state));
        }
}

/* A manager dies and another one comes: what was begun is lost. Jobs are not, unless with @asked false. */
static void adopt(Walk *k, const Point *from, bool spawned, bool asked) {
        MachineOutput out;
        Point p;

        memcpy(&p, from, sizeof(p));
        p.w.populated |= p.w.spawning && spawned;
        p.w.preparing = p.w.spawning = p.w.cleaning = false;
        if (!asked)
                p.w.starts = p.w.stops = p.w.reloads = 0;
        machine_adopt(&p.m, &k->p, asked, NOW, &out);
        /* A start that is caught up with may be nobody's, but it is answered. */
        if (!asked || out.before == MACHINE_PREPARING || out.before == MACHINE_SPAWNING ||
            out.before == MACHINE_CONDITION || out.before == MACHINE_START_PRE)
                p.w.starts |= p.m.start_queued || p.m.start_asked || out.actions & STARTS;
        obey(&p.m, &p.w, &out, "adoption");
        if (p.m.state == MACHINE_FINAL_SIGKILL && !p.w.populated)
                step(k, &p, (MachineEvent){ .type = EVENT_CGROUP_EMPTY });
        add(k, &p.m, &p.w);
}

static Walk *walk_new(ServiceType type, RestartPolicy restart, unsigned burst, unsigned hooks) {
        Walk *k = calloc(1, sizeof(*k));

        k->p = (MachinePolicy){
                .restart = { .type = type, .policy = restart, .delay = 1, .max_delay = USEC_INFINITY },
                .timeout_start = 1,
                .timeout_stop = 1,
                .timeout_abort = 1,
                .watchdog = 1,
                .start_limit_interval = USEC_INFINITY,
                .start_limit_burst = burst,
        };
        for (int i = HOOK_NONE + 1; i < HOOK_N_; i++)
                k->p.n_hooks[i] = hooks;
        k->p.reload_signal = k->p.reload_ready = type == SERVICE_NOTIFY;
        k->points = calloc(POINTS_MAX, sizeof(*k->points));
        k->slots = calloc((size_t) 2 * POINTS_MAX, sizeof(*k->slots));
        return k;
}

static void walk_free(Walk *k) {
        free(k->points);
        free(k->slots);
        free(k);
}

static bool state_may_be(int state, const MachinePolicy *p) {
        ServiceType type = p->restart.type;
        RestartPolicy restart = p->restart.policy;

        switch (state) {
        case MACHINE_EXITED:
                return p->remain_after_exit;
        case MACHINE_RUNNING:
                return type != SERVICE_ONESHOT;
        case MACHINE_STARTING:
                return type == SERVICE_ONESHOT || service_type_notifies(type);
        case MACHINE_AUTO_RESTART:
                return restart != RESTART_NO && !(restart == RESTART_ON_SUCCESS && type == SERVICE_ONESHOT);
        case MACHINE_CONDITION:
        case MACHINE_START_PRE:
        case MACHINE_START_POST:
        case MACHINE_STOPPING:
        case MACHINE_STOP_POST:
                return p->n_hooks[HOOK_STOP] > 0;
        case MACHINE_RELOADING:
                return type != SERVICE_ONESHOT || (p->n_hooks[HOOK_RELOAD] > 0 && p->remain_after_exit);
        default:
                return true;
        }
}

static void walk(ServiceType type, RestartPolicy restart, bool remain, unsigned burst, unsigned hooks,
                 bool look) {
        Walk *k = walk_new(type, restart, burst, hooks);
        bool seen[MACHINE_STATE_N_] = {};
        World w = {};
        Machine m;

        k->p.remain_after_exit = remain;
        k->p.look = look;
        machine_init(&m);
        add(k, &m, &w);
        for (size_t i = 0; i < k->n; i++) {
                Point p;

                memcpy(&p, &k->points[i], sizeof(p));
                seen[p.m.state] = true;
                try_all(k, &p);
                stop_all(k, &p);
                for (int how = 0; how < 4; how++)
                        adopt(k, &p, how & 1, how & 2);
        }

        for (int s = 0; s < MACHINE_STATE_N_; s++)
                ASSERT(seen[s] == state_may_be(s, &k->p), "%s, %s: %s", service_type_to_string(type),
                       restart_policy_to_string(restart), machine_state_to_string((MachineState) s));
        walk_free(k);
}

/* Types that differ in more than their name. */
static const ServiceType types[] = { SERVICE_SIMPLE, SERVICE_EXEC, SERVICE_NOTIFY, SERVICE_ONESHOT };

START_TEST(all_that_can_happen) {
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
                for (int restart = 0; restart < RESTART_N_; restart++)
                        for (int remain = 0; remain < 2; remain++)
                                for (unsigned burst = 0; burst < 3; burst += 2)
                                        walk(types[i], (RestartPolicy) restart, remain, burst, 0, false);
}
END_TEST

/* Before each launch but the first. */
START_TEST(all_that_can_happen_with_looks) {
        for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
                walk(types[t], RESTART_ALWAYS, false, 0, 0, true);
                walk(types[t], RESTART_ON_FAILURE, true, 2, 0, true);
        }
        walk(SERVICE_NOTIFY, RESTART_ON_FAILURE, false, 2, 1, true);
}
END_TEST

/* A command in each list. */
START_TEST(all_that_can_happen_with_hooks) {
        static const RestartPolicy policies[] = { RESTART_NO, RESTART_ON_FAILURE };

        for (size_t t = 1; t < sizeof(types) / sizeof(types[0]); t++)
                for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
                        for (int remain = 0; remain < 2; remain++)
                                walk(types[t], policies[i], remain, 2, 1, false);
}
END_TEST

/* A careless manager, or a saved state that was tampered with: any event anywhere, in all histories of five.
 * The machine may be led astray, but stays one that could be. */
START_TEST(all_short_histories_of_any_events) {
        enum { DEPTH = 5 };
        MachinePolicy p = {
                .restart = { .type = SERVICE_NOTIFY, .policy = RESTART_ALWAYS, .max_delay = USEC_INFINITY },
                .timeout_start = 1,
                .timeout_stop = 1,
        };
        size_t n = 1;

        for (int i = 0; i < DEPTH; i++)
                n *= MACHINE_EVENT_N_;
        for (size_t h = 0; h < n; h++) {
                Machine m;

                machine_init(&m);
                for (size_t i = 0, rest = h; i < DEPTH; i++, rest /= MACHINE_EVENT_N_) {
                        MachineEvent e = { .type = (MachineEventType) (rest % MACHINE_EVENT_N_) };
                        MachineOutput out;

                        machine_step(&m, &p, &e, NOW + i, &out);
                        ASSERT(machine_check(&m) == 0, "history %zu", h);
                }
        }
}
END_TEST

TEST_MAIN("machine-walk", all_that_can_happen, all_that_can_happen_with_looks, all_that_can_happen_with_hooks,
          all_short_histories_of_any_events)
