/*
 * What must outlive the manager: one JSON file per unit that is not at rest, RUN/state/UNIT.json, replaced
 * atomically at each transition. The fast state (namespaces, root, pidfd) is held by the kernel under
 * RUN/held/UNIT; the text of the unit as it was started lies in RUN/units/UNIT/unit (saved-text.h).
 *
 * A new manager reads all that, compares it with what is really there, and goes on.
 */
#include <fcntl.h>
#include <jansson.h>

#include "basic/file.h"
#include "basic/log.h"
#include "manager/death.h"
#include "manager/internal.h"
#include "manager/links.h"

#define STATE_VERSION  1
#define STATE_FILE_MAX (1024 * 1024)

static char *state_path(const Manager *m, const char *unit) {
        char *path;

        return asprintf(&path, "%s/state/%s.json", m->config->paths.run, unit) < 0 ? NULL : path;
}

/* What is as in a new machine is left out, which is most of it: this is written at each transition, and read
 * a thousand times by a manager that begins. */
static json_t *machine_to_json(const Machine *machine) {
        json_t *o = json_object();
        MachineField f, usual;
        Machine new;

        machine_init(&new);
        for (size_t i = 0; o && machine_field(machine, i, &f) && machine_field(&new, i, &usual); i++)
                if (f.text != usual.text || f.number != usual.number)
                        (void) json_object_set_new(o, f.name,
                                                   f.text ? json_string(f.text)
                                                          : json_integer((json_int_t) f.number));
        return o;
}

/* Of the one that MAINPID= has named. */
static json_t *named_to_json(const NamedMain *n) {
        return json_pack("{s:i, s:I, s:b, s:b, s:i, s:i}", "pid", (int) n->pid, "identity",
                         (json_int_t) n->identity, "ended", n->ended, "known", n->end.known, "code",
                         n->end.code, "status", n->end.status);
}

int unit_save(Unit *u) {
        autofree char *path = state_path(u->manager, u->name), *text = NULL;
        char invocation[INVOCATION_TEXT_MAX];
        json_t *o;
        int r;

        o = json_pack("{s:i, s:s, s:o, s:s, s:i, s:I, s:I, s:I, s:I, s:b, s:b, s:s?, s:s?, s:s?, s:i, s:I, "
                      "s:i, s:b, s:b}",
                      "version", STATE_VERSION, "boot_id", u->manager->boot_id, "machine",
                      machine_to_json(&u->machine), "invocation", unit_invocation(u, invocation), "pid",
                      u->main ? (int) child_pid(u->main) : 0, "pid_identity", (json_int_t) u->pid_identity,
                      "oom_kills", (json_int_t) u->oom_kills, "id_base", (json_int_t) u->held.id_base,
                      "fingerprint", (json_int_t) u->held.fingerprint, "volumes_filled",
                      u->held.volumes_filled, "log_file", u->log_file, "image",
                      u->held.image ? u->held.image->id : NULL, "status", u->status_text, "fault",
                      u->fault_text, "hook_pid", u->hook ? (int) child_pid(u->hook) : 0, "hook_identity",
                      (json_int_t) u->hook_identity, "errno", u->status_errno, "condition_result",
                      u->condition_result, "assert_result", u->assert_result);
        if (!o || !path)
                return -ENOMEM;
        if (held_ids(u))
                (void) json_object_set_new(o, "ids",
                                           json_pack("{s:o, s:o}", "uids", ids_to_json(&u->held.ids.uids),
                                                     "gids", ids_to_json(&u->held.ids.gids)));
        if (u->held.attachment)
                (void) json_object_set_new(o, "network", network_attachment_to_json(u->held.attachment));
        unit_links_save(u, o);

        if (u->live != 0)
                (void) json_object_set_new(o, "live", json_integer((json_int_t) u->live));
        if (u->health)
                (void) json_object_set_new(o, "health", unit_health_to_json(u));
        unit_death_save(u, o);
        if (u->trigger)
                (void) json_object_set_new(o, "trigger", unit_trigger_to_json(u));
        (void) json_object_set_new(o, "trigger_due", json_boolean(u->trigger_due));
        if (u->asked.by)
                (void) json_object_set_new(
                        o, "asked",
                        json_pack("{s:I, s:s}", "job", (json_int_t) u->asked.job, "by", u->asked.by));
        if (u->named.pid > 0)
                (void) json_object_set_new(o, "named", named_to_json(&u->named));

        text = json_dumps(o, JSON_COMPACT);
        json_decref(o);
        if (!text)
                return -ENOMEM;

        r = file_replace(AT_FDCWD, path, text, strlen(text), 0600, false);
        if (r < 0)
                errno = -r;
        return r;
}

void unit_forget(Unit *u) {
        autofree char *path = state_path(u->manager, u->name);

        /* Why a unit failed is still to be asked after the manager was restarted. */
        if (u->machine.state == MACHINE_FAILED && unit_save(u) >= 0)
                return;
        if (path)
                (void) unlink(path);
}

int state_read(const Manager *m, const char *name, json_t **ret) {
        autofree char *path = state_path(m, name), *text = NULL;
        const char *boot_id;
        json_t *saved = NULL;

        if (path && file_read(AT_FDCWD, path, STATE_FILE_MAX, &text, NULL) == 0)
                saved = json_loads(text, 0, NULL);

        boot_id = json_string_value(json_object_get(saved, "boot_id"));
        if (!saved || json_integer_value(json_object_get(saved, "version")) != STATE_VERSION || !boot_id ||
            !streq(boot_id, m->boot_id)) {
                json_decref(saved);
                return -EBADMSG;
        }
        *ret = saved;
        return 0;
}
