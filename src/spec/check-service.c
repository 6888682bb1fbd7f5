/* Do the keys of [Service] go together? */
#include "basic/macro.h"
#include "spec/unit-check.h"

int check_service(UnitSpec *u, Diag *diag) {
        ServiceSection *s = &u->service;
        int bad = 0;

        s->timeout_start_set = unit_spec_is_set(u, "Service", "TimeoutStartSec");
        s->timeout_stop_set = unit_spec_is_set(u, "Service", "TimeoutStopSec");
        if (s->type == SERVICE_ONESHOT && !s->timeout_start_set)
                s->timeout_start = USEC_INFINITY;

        if (s->type == SERVICE_ONESHOT && (s->restart == RESTART_ALWAYS || s->restart == RESTART_ON_SUCCESS))
                bad = diag_error(diag, check_place(u, "Service", "Restart"), -EINVAL,
                                 "Restart=%s does not go together with Type=oneshot",
                                 restart_policy_to_string(s->restart));

        if (s->restart_steps > 0 && s->restart_max_delay == USEC_INFINITY)
                diag_warning(diag, check_place(u, "Service", "RestartSteps"),
                             "RestartSteps= does nothing without RestartMaxDelaySec=");
        else if (s->restart_steps == 0 && s->restart_max_delay != USEC_INFINITY)
                diag_warning(diag, check_place(u, "Service", "RestartMaxDelaySec"),
                             "RestartMaxDelaySec= does nothing without RestartSteps=");
        else if (s->restart_steps > 0 && s->restart_max_delay < s->restart_sec)
                diag_warning(diag, check_place(u, "Service", "RestartMaxDelaySec"),
                             "RestartMaxDelaySec= is shorter than RestartSec=, and does nothing");
        return bad;
}
