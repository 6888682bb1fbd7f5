/*
 * Freezing a container: the kernel's state, in its cgroup, so that it outlives the manager. What a frozen
 * program cannot do is not asked of it meanwhile: health checks, keep-alives and time limits wait.
 */
#include "manager/freeze.h"
#include "basic/log.h"
#include "manager/internal.h"

ENUM_DEFINE(FreezerState, freezer_state, FREEZER, FREEZER_STATE_LIST)

static int set_frozen(Unit *u, bool freeze) {
        int r;

        if (u->frozen == freeze)
                return 0;
        r = cgroup_freeze(u->held.cgroup_fd, freeze);
        if (r < 0)
                return r;
        u->frozen = freeze;
        unit_health_hold(u);
        return 0;
}

void unit_thaw(Unit *u) {
        int r = u->held.cgroup_fd >= 0 ? set_frozen(u, false) : 0;

        if (r < 0)
                log_message(LOG_WARNING, u->name, "cannot be thawed: %s", strerror(-r));
        u->frozen = false;
}

void unit_adopt_freezer(Unit *u) {
        u->frozen = u->held.cgroup_fd >= 0 && cgroup_is_to_freeze(u->held.cgroup_fd) > 0;
}

FreezerState unit_freezer_state(const Unit *u) {
        if (!u->frozen)
                return FREEZER_RUNNING;
        return cgroup_frozen(u->held.cgroup_fd) > 0 ? FREEZER_FROZEN : FREEZER_FREEZING;
}

int unit_freeze(Unit *u, bool freeze, Fault *fault) {
        const char *step = freeze ? "freeze" : "thaw";
        int r;

        if (!u->main || u->held.cgroup_fd < 0)
                return fault_set(fault, step, -ESRCH, "%s does not run", u->name);
        if (freeze && u->machine.state != MACHINE_RUNNING)
                return fault_set(fault, step, -EBUSY, "%s is being started or stopped", u->name);

        r = set_frozen(u, freeze);
        if (r < 0)
                return fault_set(fault, step, r, "%s", u->name);
        log_message(LOG_INFO, u->name, freeze ? "frozen" : "thawed");

        if (!freeze)
                unit_event(u, &(MachineEvent){ .type = EVENT_KEEP_ALIVE });
        unit_arm_timer(u);
        manager_tell_changed(u->manager, u);
        return 0;
}

int manager_freeze_unit(Unit *u, bool freeze, Fault *fault) {
        int r = unit_freeze(u, freeze, fault);

        if (r >= 0 && freeze)
                unit_keep_frozen(u);
        return r;
}
