/* Signals that a unit's machine asks for: whom they reach is KillMode=, and who is said to have sent them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "manager/death.h"
#include "manager/freeze.h"
#include "manager/internal.h"
#include "manager/standby.h"

/* From a file that is gone there are still the defaults. */
static KillMode kill_mode(const Unit *u) {
        return u->spec ? u->spec->service.kill_mode : KILL_MODE_MIXED;
}

static int stop_signal(const Unit *u) {
        const ServiceSection *s = u->spec ? &u->spec->service : NULL;
        const ContainerSection *c = u->spec ? u->spec->container : NULL;

        if (s && u->machine.restart && s->restart_kill_signal > 0)
                return s->restart_kill_signal;
        /* What the unit says before what the image says. */
        if (s && s->kill_signal > 0 && !(c && c->stop_signal > 0))
                return s->kill_signal;
        return u->held.spec ? u->held.spec->stop_signal : SIGTERM;
}

static void to_container(const Unit *u, int sig) {
        if (kill_mode(u) == KILL_MODE_CONTROL_GROUP && u->held.cgroup_fd >= 0)
                (void) cgroup_signal(u->held.cgroup_fd, sig);
        else
                (void) unit_signal_main(u, sig);
}

/* Before the process is told to end, while to let go of its mounts costs nothing. */
static void mind_mounts(Unit *u) {
        if (!u->machine.restart)
                unit_drop_mounts(u);
        else if (u->mounts_fd < 0)
                unit_hold_mounts(u);
}

void unit_signal_stop(Unit *u) {
        unit_hook_signal(u, SIGTERM);
        if (!u->main || kill_mode(u) == KILL_MODE_NONE)
                return;

        mind_mounts(u);
        unit_thaw(u);
        to_container(u, stop_signal(u));
        if (u->spec && u->spec->service.send_sighup)
                to_container(u, SIGHUP);
        if (u->machine.restart)
                return unit_await_end(u);
        unit_dismiss_standby(u);
        /* It takes the kernel's time, which the container needs to end anyway. */
        unit_drop_base(u);
}

static int watchdog_signal(const Unit *u) {
        int sig = u->spec ? u->spec->service.watchdog_signal : 0;

        return sig > 0 ? sig : SIGABRT;
}

void unit_signal_watchdog(Unit *u) {
        int sig = watchdog_signal(u);

        unit_hook_signal(u, sig);
        unit_thaw(u);
        (void) unit_signal_main(u, sig);
}

static int reload_signal(const Unit *u) {
        const ContainerSection *c = u->spec ? u->spec->container : NULL;

        if (c && c->reload_signal > 0)
                return c->reload_signal;
        return u->spec ? u->spec->service.reload_signal : SIGHUP;
}

void unit_signal_reload(Unit *u) {
        unit_thaw(u);
        (void) unit_signal_main(u, reload_signal(u));
}

static int final_signal(const Unit *u) {
        int sig = u->spec ? u->spec->service.final_kill_signal : 0;

        return sig > 0 ? sig : SIGKILL;
}

void unit_kill_all(Unit *u) {
        int sig = final_signal(u);

        unit_hook_kill(u);
        if (!u->machine.restart)
                unit_drop_mounts(u);
        if (sig != SIGKILL && u->main) {
                if (u->held.cgroup_fd < 0 || cgroup_signal(u->held.cgroup_fd, sig) < 0)
                        (void) child_signal(u->main, sig);
                return;
        }
        u->held.cgroup_spent = true;
        unit_dismiss_standby(u);
        if (u->held.cgroup_fd < 0 || cgroup_kill(u->held.cgroup_fd) < 0)
                if (u->main)
                        (void) child_signal(u->main, SIGKILL);
}

/* Objects of "signal" and "by", the last one last; more than that are of no use to anybody. */
#define SENT_MAX 4

void unit_note_signal(Unit *u, int sig, const char *by) {
        if (!u->sent)
                u->sent = json_array();
        if (!by || json_array_append_new(u->sent, json_pack("{s:i, s:s}", "signal", sig, "by", by)) < 0)
                return;
        if (json_array_size(u->sent) > SENT_MAX)
                (void) json_array_remove(u->sent, 0);
}

const char *unit_sender_of(const Unit *u, int sig, int *ret_sig) {
        for (size_t i = json_array_size(u->sent); i > 0; i--) {
                const json_t *o = json_array_get(u->sent, i - 1);
                int number = (int) json_integer_value(json_object_get(o, "signal"));

                if (sig != 0 && number != sig)
                        continue;
                if (ret_sig)
                        *ret_sig = number;
                return json_string_value(json_object_get(o, "by"));
        }
        if (ret_sig)
                *ret_sig = 0;
        return NULL;
}

/* "the manager, for the result timeout, for job 12 (stop) of nsctl (pid 4, user 0)" */
static char *machine_words(const Unit *u, bool stops) {
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);
        bool failed = stops && u->machine.result != RESULT_SUCCESS;
        const char *by = job ? job->by : NULL;
        autofree char *result = NULL, *why = NULL;
        char *text;

        if (failed && asprintf(&result, ", for the result %s", unit_result_to_string(u->machine.result)) < 0)
                result = NULL;
        if (job && asprintf(&why, ", for job %u (%s)%s%s", job->id, job_type_to_string(job->type),
                            by ? " of " : "", strempty(by)) < 0)
                why = NULL;
        return asprintf(&text, "the manager%s%s", strempty(result), strempty(why)) < 0 ? NULL : text;
}

void unit_note_signals(Unit *u, unsigned actions) {
        autofree char *by = NULL;

        if (!u->main || !(actions & (MACHINE_KILL_ALL | MACHINE_SEND_WATCHDOG_SIGNAL |
                                     MACHINE_SEND_STOP_SIGNAL | MACHINE_SEND_RELOAD_SIGNAL)))
                return;
        by = machine_words(u, !(actions & MACHINE_SEND_RELOAD_SIGNAL));
        if (actions & MACHINE_SEND_RELOAD_SIGNAL)
                unit_note_signal(u, reload_signal(u), by);
        if (actions & MACHINE_SEND_STOP_SIGNAL)
                unit_note_signal(u, stop_signal(u), by);
        if (actions & MACHINE_SEND_WATCHDOG_SIGNAL)
                unit_note_signal(u, watchdog_signal(u), by);
        if (actions & MACHINE_KILL_ALL)
                unit_note_signal(u, final_signal(u), by);
}
