/*
 * A saved machine, tampered with, and any events after it. First byte: the policy; then pairs "field, value"
 * up to a field of 255; then events of two bytes. What machine_check() lets in must stay what it lets in.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "supervise/machine.h"

typedef struct Input {
        const uint8_t *at, *end;
} Input;

static unsigned take(Input *in) {
        return in->at < in->end ? *in->at++ : 0;
}

static MachinePolicy policy_from(unsigned n) {
        MachinePolicy p = {
                .restart = {
                        .type = (ServiceType) (n % SERVICE_TYPE_N_),
                        .policy = (RestartPolicy) (n / SERVICE_TYPE_N_ % RESTART_N_),
                        .delay = 1000,
                        .steps = n & 3,
                        .max_delay = n & 4 ? 100000 : USEC_INFINITY,
                },
                .remain_after_exit = n & 8,
                .timeout_start = n & 16 ? 5000 : USEC_INFINITY,
                .timeout_stop = n & 32 ? 5000 : 0,
                .start_limit_interval = n & 64 ? 100000 : 0,
                .start_limit_burst = 2,
                .no_sigkill = n & 128,
                .reload_signal = n & 2,
                .reload_ready = n & 1,
                .watchdog = n & 4 ? 5000 : 0,
                .runtime_max = n & 8 ? 50000 : 0,
        };

        for (int h = HOOK_NONE + 1; h < HOOK_N_; h++)
                p.n_hooks[h] = n >> h & 1;
        return p;
}

/* Sets fields to words and numbers of the input, as a saved file could. */
static void tamper(Machine *m, Input *in) {
        for (unsigned i = take(in); i != 255 && in->at < in->end; i = take(in)) {
                MachineField f;
                unsigned v = take(in);

                if (!machine_field(m, i, &f))
                        continue;
                if (!f.text)
                        f.number = v == 255 ? USEC_INFINITY : v;
                else
                        f.text = i == 0   ? machine_state_to_string((MachineState) (v % MACHINE_STATE_N_))
                                 : i == 1 ? unit_result_to_string((UnitResult) (v % UNIT_RESULT_N_))
                                          : exit_kind_to_string((ExitKind) (v % EXIT_KIND_N_));
                (void) machine_set_field(m, &f);
        }
}

static MachineEvent event_from(unsigned type, unsigned detail) {
        return (MachineEvent){
                .type = (MachineEventType) (type % MACHINE_EVENT_N_),
                .exit = { .kind = (ExitKind) (detail % EXIT_KIND_N_),
                          .status = (int) (detail >> 3),
                          .oom = detail & 1 },
                .cgroup_empty = detail & 2,
                .keep = detail & 4,
                .restart = detail & 8,
                .automatic = detail & 16,
                .ignored = detail & 32,
                .usec = detail,
                .result = (UnitResult) (detail % UNIT_RESULT_N_),
        };
}

/* @m is one of those that could be, and what is asked for does not contradict itself. */
static void examine(const Machine *m, const MachineOutput *out) {
        if (machine_check(m) < 0 || out->timer != m->timer)
                abort();
        if (out->actions & MACHINE_PREPARE && out->actions & MACHINE_SPAWN)
                abort();
        if (out->actions & MACHINE_CLEAN && m->state != MACHINE_CLEANING)
                abort();
        if (out->actions & MACHINE_RUN_HOOK && !m->hook_alive)
                abort();
        if (out->actions & MACHINE_PREPARE && m->state != MACHINE_PREPARING)
                abort();
        if (out->actions & MACHINE_SPAWN && (m->state != MACHINE_SPAWNING || !m->wanted))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Input in = { .at = data, .end = data + size };
        MachinePolicy policy = policy_from(take(&in));
        usec_t now = 1000000;
        MachineOutput out;
        Machine m;

        machine_init(&m);
        tamper(&m, &in);
        if (machine_check(&m) < 0)
                return 0;

        machine_adopt(&m, &policy, false, now, &out);
        examine(&m, &out);
        while (in.at < in.end) {
                unsigned type = take(&in), detail = take(&in);
                MachineEvent e = event_from(type, detail);

                now += e.type == EVENT_TIMEOUT && m.timer != USEC_INFINITY && m.timer > now ? m.timer - now
                                                                                            : detail;
                machine_step(&m, &policy, &e, now, &out);
                examine(&m, &out);
        }

        return 0;
}
