/* What a container says on its notify socket (sd_notify(3)). */
#include <fcntl.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/utf8.h"
#include "manager/internal.h"
#include "runtime/process.h"

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
        if (!status && !error)
                return;
        /* It may be the last word before a manager's end, too. */
        if (unit_has_state(u) && unit_save(u) < 0)
                log_message(LOG_WARNING, u->name, "cannot save its state: %m");
        manager_tell_changed(u->manager, u);
}

/* nsunits-init is the main process where there is one, and the program its child. */
static bool is_child_of(pid_t pid, pid_t parent) {
        pid_t found;

        return process_parent(pid, &found) >= 0 && found == parent;
}

/* Quadlet says NotifyAccess=all to systemd whenever a container may notify; so that is what a unit means that
 * says nothing. What a unit says is kept. */
static bool may_notify(const Unit *u, pid_t sender) {
        const NotifyAccess access = u->spec ? u->spec->service.notify_access : NOTIFY_ACCESS_INVALID_;

        if (access == NOTIFY_ACCESS_INVALID_ || access == NOTIFY_ACCESS_ALL)
                return true;
        /* It may have ended meanwhile: then its number is all that there is. */
        if (sender > 0 && (sender == u->main_pid || sender == u->named.pid))
                return true;
        return u->held.spec && u->held.spec->run_init && is_child_of(sender, u->main_pid);
}

static void refuse(Unit *u, pid_t sender) {
        if (!u->notify_refused)
                log_message(LOG_WARNING, u->name,
                            "a message of process %i is ignored: NotifyAccess=%s; so will others be", sender,
                            notify_access_to_string(u->spec->service.notify_access));
        u->notify_refused = true;
}

static void take_state(Unit *u, char *const *fields) {
        static const struct {
                const char *field;
                MachineEventType event;
        } events[] = {
                { "READY=1", EVENT_READY },
                { "RELOADING=1", EVENT_RELOADING },
                { "STOPPING=1", EVENT_STOPPING },
                { "WATCHDOG=1", EVENT_KEEP_ALIVE },
        };

        for (size_t i = 0; i < ELEMENTSOF(events); i++) {
                /* Whether it is ready is not the program's to say. */
                if (events[i].event == EVENT_READY && u->policy->restart.type == SERVICE_HEALTHY &&
                    u->machine.state != MACHINE_RELOADING)
                        continue;
                if (strv_contains(fields, events[i].field))
                        unit_event(u, &(MachineEvent){ .type = events[i].event });
        }
}

/* BARRIER=1 needs nothing: its descriptor is closed when all before it is done, as all that are not taken. */
void unit_on_notify(FdMessage *m, void *data) {
        autostrv char **fields = NULL;
        Unit *u = data;
        const char *text;
        uint64_t usec;

        if (strv_split(m->data, "\n", &fields) < 0 || !fields)
                return;
        if (!may_notify(u, m->sender.pid)) {
                refuse(u, m->sender.pid);
                return;
        }

        take_status(u, fields);
        unit_fds_notify(u, fields, m);
        text = strv_env_get(fields, "MAINPID");
        if (text)
                unit_name_main(u, text, m->sender.pid);
        take_state(u, fields);
        text = strv_env_get(fields, "EXTEND_TIMEOUT_USEC");
        if (text && parse_u64(text, &usec) == 0)
                unit_event(u, &(MachineEvent){ .type = EVENT_EXTEND, .usec = usec });
        if (strv_contains(fields, "WATCHDOG=trigger"))
                unit_event(u, &(MachineEvent){ .type = EVENT_FAIL, .result = RESULT_WATCHDOG });
}

/* --- the socket ------------------------------------------------------------------------------------- */

static char *label_of(const Unit *u) {
        char *label;

        return asprintf(&label, "%s/notify", u->name) < 0 ? NULL : label;
}

static int listen_on(Unit *u, int fd) {
        const NotifySetup setup = {
                .event = u->manager->event,
                .fn = unit_on_notify,
                .data = u,
        };

        return notify_socket_new(&setup, fd, &u->notify);
}

int unit_open_notify(Unit *u) {
        autofree char *directory = unit_files_path(u, "notify"), *label = label_of(u);
        int fd, r;

        if (!label || !directory)
                return -ENOMEM;
        fd = notify_socket_bind(directory);
        if (fd < 0)
                return fd;
        r = listen_on(u, fd);
        if (r < 0) {
                (void) close(fd);
                return r;
        }
        (void) keeper_put(u->manager->keeper, label, fd, true);
        return 0;
}

int unit_adopt_notify(Unit *u) {
        autofree char *label = label_of(u), *directory = unit_files_path(u, "notify");
        int fd, r;

        if (!label || !directory)
                return -ENOMEM;
        fd = keeper_take(u->manager->keeper, label);
        if (fd < 0) /* nobody has kept it: what comes from now on is heard */
                return u->machine.main_alive && file_exists(AT_FDCWD, directory) ? unit_open_notify(u) : 0;
        r = listen_on(u, fd);
        if (r < 0)
                keeper_close(u->manager->keeper, label, &fd);
        return r;
}

void unit_hear_missed(Unit *u) {
        autofree char *label = label_of(u);

        if (!label || !u->notify)
                return;
        keeper_hear(u->manager->keeper, label, unit_on_notify, u);
}

void unit_close_notify(Unit *u) {
        autofree char *label = u->notify ? label_of(u) : NULL;
        int none = -EBADF;

        if (!u->notify)
                return;
        notify_socket_free(u->notify);
        u->notify = NULL;
        if (label)
                keeper_close(u->manager->keeper, label, &none);
        manager_schedule_collect(u->manager);
}
