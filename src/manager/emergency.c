/*
 * What a unit does to the host, or to the manager.
 *
 * The host belongs to systemd, which is asked by its own program: that knows of inhibitors, of kexec and of
 * whatever comes. A host without it is nobody's to reboot. An action comes before the unit's new state is
 * saved: the next manager asks again rather than not at all.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "manager/emergency.h"
#include "manager/internal.h"
#include "runtime/host-exec.h"

/* As systemd ends when a main process did not exit by itself. */
#define EXIT_STATUS_UNKNOWN 255

struct Emergency {
        Child *children[EMERGENCY_ACTION_N_]; /* systemctl, as long as it runs */
        int status;                           /* of our own exit; -1 = not asked for */
};

/* X(action, verb of systemctl, how often --force) */
#define HOST_ACTION_LIST(X)                              \
        X(EMERGENCY_REBOOT, "reboot", 0)                 \
        X(EMERGENCY_REBOOT_FORCE, "reboot", 1)           \
        X(EMERGENCY_REBOOT_IMMEDIATE, "reboot", 2)       \
        X(EMERGENCY_POWEROFF, "poweroff", 0)             \
        X(EMERGENCY_POWEROFF_FORCE, "poweroff", 1)       \
        X(EMERGENCY_POWEROFF_IMMEDIATE, "poweroff", 2)   \
        X(EMERGENCY_SOFT_REBOOT, "soft-reboot", 0)       \
        X(EMERGENCY_SOFT_REBOOT_FORCE, "soft-reboot", 1) \
        X(EMERGENCY_KEXEC, "kexec", 0)                   \
        X(EMERGENCY_KEXEC_FORCE, "kexec", 1)             \
        X(EMERGENCY_HALT, "halt", 0)                     \
        X(EMERGENCY_HALT_FORCE, "halt", 1)               \
        X(EMERGENCY_HALT_IMMEDIATE, "halt", 2)

typedef struct HostAction {
        const char *verb;
        int force;
} HostAction;

static const HostAction host_actions[EMERGENCY_ACTION_N_] = {
#define X(action, verb, force) [action] = { verb, force },
        HOST_ACTION_LIST(X)
#undef X
};

void emergency_free(Emergency *e) {
        if (!e)
                return;
        for (size_t i = 0; i < ELEMENTSOF(e->children); i++)
                child_free(e->children[i]);
        free(e);
}

/* -- the host -- */

static void on_systemctl_exit(Child *child, const ChildExit *how, void *data) {
        Child **at = data;

        if (how->known && (how->code != CLD_EXITED || how->status != 0))
                log_error("systemctl has failed to do what a unit has asked for (%s %d)",
                          how->code == CLD_EXITED ? "status" : "signal", how->status);
        *at = NULL;
        child_free(child);
}

static int make_words(const HostAction *action, const char *argument, char ***ret) {
        autostrv char **words = NULL;
        int r = strv_add(&words, "systemctl");

        for (int i = 0; r >= 0 && i < action->force; i++)
                r = strv_add(&words, "--force");
        if (r >= 0 && argument && streq(action->verb, "reboot"))
                r = strv_addf(&words, "--reboot-argument=%s", argument);
        if (r >= 0)
                r = strv_add(&words, action->verb);
        if (r >= 0)
                *ret = take_ptr(words);
        return r;
}

static int run_systemctl(Manager *m, EmergencyAction action, const char *argument, Fault *fault) {
        static char *const environment[] = { (char *) "PATH=" HOST_EXEC_PATH, NULL };
        autoclose int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC), pidfd = -EBADF;
        ChildInfo info = {};
        autostrv char **words = NULL;
        int r;

        if (null_fd < 0)
                return fault_set(fault, "open", -errno, "/dev/null");
        r = make_words(&host_actions[action], argument, &words);
        if (r < 0)
                return r;

        const HostExec x = {
                .path = "systemctl",
                .argv = words,
                .environment = environment,
                .cgroup_fd = -1,
                .stdout_fd = null_fd,
                .stderr_fd = null_fd,
        };
        r = host_exec(&x, fault, &pidfd, &info.pid);
        if (r < 0)
                return r;
        info.pidfd = pidfd;
        r = child_watch(m->children, &info, on_systemctl_exit, &m->emergency->children[action],
                        &m->emergency->children[action]);
        if (r >= 0)
                (void) take_fd(pidfd);
        return r;
}

/* -- the manager -- */

static bool prepare(Manager *m) {
        if (m->emergency)
                return true;
        m->emergency = calloc(1, sizeof(*m->emergency));
        if (m->emergency)
                m->emergency->status = -1;
        return m->emergency;
}

/* Returns how many are on their way. */
static unsigned stop_all(Manager *m) {
        unsigned n = 0;

        for (Unit *u = m->units; u; u = u->hh.next)
                if (!unit_at_rest(u) || u->trigger || job_queue_of_unit(m->jobs, u->index)) {
                        (void) manager_enqueue_one(m, u->name, JOB_STOP, JOB_MODE_REPLACE, NULL);
                        n++;
                }
        return n;
}

void manager_settle_exit(Manager *m) {
        if (!m->emergency || m->emergency->status < 0 || job_queue_each(m->jobs, NULL) || stop_all(m) > 0)
                return;
        log_notice("all units are stopped; the manager exits with status %d", m->emergency->status);
        (void) sd_event_exit(m->event, EMERGENCY_EXIT_BASE + m->emergency->status);
}

int manager_end(Manager *m) {
        if (!prepare(m))
                return -ENOMEM;
        m->emergency->status = EXIT_SUCCESS;
        /* At once: a start that is under way, or waits, is not waited for. */
        (void) stop_all(m);
        manager_schedule_jobs(m);
        return 0;
}

/* -- -- */

static int exit_status_of(const Unit *u, int wanted) {
        const MainExit *e = &u->machine.exit;

        if (wanted >= 0)
                return wanted;
        return e->kind == EXIT_KIND_EXITED ? e->status : e->kind == EXIT_KIND_NONE ? 0 : EXIT_STATUS_UNKNOWN;
}

static int perform(Unit *u, EmergencyAction action, const char *argument, int status, Fault *fault) {
        Manager *m = u->manager;

        if (!prepare(m))
                return -ENOMEM;
        if (action == EMERGENCY_EXIT || action == EMERGENCY_EXIT_FORCE) {
                m->emergency->status = status;
                if (action == EMERGENCY_EXIT_FORCE)
                        return sd_event_exit(m->event, EMERGENCY_EXIT_BASE + status);
                manager_schedule_jobs(m);
                return 0;
        }
        if (sd_booted() <= 0) {
                (void) fault_set(fault, "action", -EOPNOTSUPP, "%s", emergency_action_to_string(action));
                fault_advise(fault, "only where systemd runs");
                return -EOPNOTSUPP;
        }
        /* It has been told already. */
        return m->emergency->children[action] ? 0 : run_systemctl(m, action, argument, fault);
}

static void act(Unit *u, const char *key, EmergencyAction action, const char *argument, int status) {
        autofree char *text = NULL;
        Fault fault = {};
        int r;

        if (action == EMERGENCY_NONE)
                return;
        log_message(LOG_CRIT, u->name, "%s=%s", key, emergency_action_to_string(action));
        r = perform(u, action, argument, exit_status_of(u, status), &fault);
        if (r >= 0)
                return;
        text = fault.error < 0 ? fault_to_string(&fault) : NULL;
        log_message(LOG_ERR, u->name, "%s= came to nothing: %s", key, text ? text : strerror(-r));
}

void unit_emergency(Unit *u, MachineState before) {
        const ActiveState from = machine_active_state(before), to = machine_active_state(u->machine.state);
        const UnitSection *s = u->spec ? &u->spec->unit : NULL;
        const bool was_limited = u->limit_told;

        u->limit_told = u->machine.limited;
        if (!s)
                return;
        if (u->machine.limited && !was_limited)
                act(u, "StartLimitAction", s->actions->start_limit_action, s->actions->reboot_argument, -1);
        if (to == ACTIVE_STATE_FAILED && from != ACTIVE_STATE_FAILED)
                act(u, "FailureAction", s->actions->failure_action, s->actions->reboot_argument,
                    s->actions->failure_action_exit_status);
        if (to == ACTIVE_STATE_INACTIVE && from != ACTIVE_STATE_INACTIVE && from != ACTIVE_STATE_FAILED)
                act(u, "SuccessAction", s->actions->success_action, s->actions->reboot_argument,
                    s->actions->success_action_exit_status);
}

void unit_job_emergency(Unit *u) {
        const UnitSection *s = u->spec ? &u->spec->unit : NULL;

        if (s)
                act(u, "JobTimeoutAction", s->actions->job_timeout_action,
                    s->actions->job_timeout_reboot_argument, -1);
}
