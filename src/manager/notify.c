/* What a container says on its notify socket (sd_notify(3)). */
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/utf8.h"
#include "manager/internal.h"

static void take_status(Unit *u, char *const *fields) {
        const char *status = strv_env_get(fields, "STATUS"), *error = strv_env_get(fields, "ERRNO");
        int number;

        if (status) {
                /* It is saved and sent as text and shown on terminals, whatever the container has sent. */
                free(u->status_text);
                u->status_text = strdup(status);
                if (u->status_text)
                        (void) utf8_make_plain(u->status_text);
        }
        if (error && parse_int(error, &number) == 0 && number >= 0)
                u->status_errno = number;
        if (status || error)
                manager_tell_changed(u->manager, u);
}

void unit_on_notify(char *const *fields, void *data) {
        static const struct {
                const char *field;
                MachineEventType event;
        } events[] = {
                { "READY=1", EVENT_READY },
                { "RELOADING=1", EVENT_RELOADING },
                { "STOPPING=1", EVENT_STOPPING },
                { "WATCHDOG=1", EVENT_KEEP_ALIVE },
        };
        const char *more = strv_env_get(fields, "EXTEND_TIMEOUT_USEC");
        Unit *u = data;
        uint64_t usec;

        take_status(u, fields);
        for (size_t i = 0; i < ELEMENTSOF(events); i++) {
                /* Whether it is ready is not the program's to say. */
                if (events[i].event == EVENT_READY && u->policy.restart.type == SERVICE_HEALTHY &&
                    u->machine.state != MACHINE_RELOADING)
                        continue;
                if (strv_contains(fields, events[i].field))
                        unit_event(u, &(MachineEvent){ .type = events[i].event });
        }
        if (more && parse_u64(more, &usec) == 0)
                unit_event(u, &(MachineEvent){ .type = EVENT_EXTEND, .usec = usec });
        if (strv_contains(fields, "WATCHDOG=trigger"))
                unit_event(u, &(MachineEvent){ .type = EVENT_FAIL, .result = RESULT_WATCHDOG });
}
