/* Signals that a unit's machine asks for: whom they reach is KillMode=. */
#include <signal.h>

#include "manager/internal.h"

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

void unit_signal_stop(Unit *u) {
        unit_hook_signal(u, SIGTERM);
        if (!u->main || kill_mode(u) == KILL_MODE_NONE)
                return;

        to_container(u, stop_signal(u));
        if (u->spec && u->spec->service.send_sighup)
                to_container(u, SIGHUP);
}

void unit_signal_watchdog(Unit *u) {
        int sig =
                u->spec && u->spec->service.watchdog_signal > 0 ? u->spec->service.watchdog_signal : SIGABRT;

        unit_hook_signal(u, sig);
        (void) unit_signal_main(u, sig);
}

void unit_signal_reload(Unit *u) {
        const ContainerSection *c = u->spec ? u->spec->container : NULL;
        int sig = c && c->reload_signal > 0 ? c->reload_signal
                  : u->spec                 ? u->spec->service.reload_signal
                                            : SIGHUP;

        (void) unit_signal_main(u, sig);
}

void unit_kill_all(Unit *u) {
        int sig = u->spec && u->spec->service.final_kill_signal > 0 ? u->spec->service.final_kill_signal
                                                                    : SIGKILL;

        unit_hook_kill(u);
        if (sig != SIGKILL && u->main) {
                if (u->held.cgroup_fd < 0 || cgroup_signal(u->held.cgroup_fd, sig) < 0)
                        (void) child_signal(u->main, sig);
                return;
        }
        u->held.cgroup_spent = true;
        if (u->held.cgroup_fd < 0 || cgroup_kill(u->held.cgroup_fd) < 0)
                if (u->main)
                        (void) child_signal(u->main, SIGKILL);
}
