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
#include "basic/json-text.h"
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
static void write_machine(JsonText *t, const Machine *machine) {
        MachineField f, usual;
        Machine new;

        machine_init(&new);
        json_text_begin(t, "machine", '{');
        for (size_t i = 0; machine_field(machine, i, &f) && machine_field(&new, i, &usual); i++)
                if (f.text && f.text != usual.text)
                        json_text_string(t, f.name, f.text);
                else if (!f.text && f.number != usual.number)
                        json_text_number(t, f.name, (int64_t) f.number);
        json_text_end(t, '}');
}

/* Of the one that MAINPID= has named. */
static void write_named(JsonText *t, const NamedMain *n) {
        json_text_begin(t, "named", '{');
        json_text_number(t, "pid", n->pid);
        json_text_number(t, "identity", (int64_t) n->identity);
        json_text_boolean(t, "ended", n->ended);
        json_text_boolean(t, "known", n->end.known);
        json_text_number(t, "code", n->end.code);
        json_text_number(t, "status", n->end.status);
        json_text_end(t, '}');
}

static void write_processes(JsonText *t, const Unit *u) {
        json_text_number(t, "pid", u->main ? child_pid(u->main) : 0);
        json_text_number(t, "last_pid", u->main ? 0 : u->main_pid);
        json_text_number(t, "pid_identity", (int64_t) u->pid_identity);
        json_text_number(t, "hook_pid", u->hook ? child_pid(u->hook) : 0);
        json_text_number(t, "hook_identity", (int64_t) u->hook_identity);
        if (u->named.pid > 0)
                write_named(t, &u->named);
}

static void write_held(JsonText *t, const Held *h) {
        json_text_number(t, "id_base", (int64_t) h->id_base);
        json_text_number(t, "fingerprint", (int64_t) h->fingerprint);
        json_text_boolean(t, "volumes_filled", h->volumes_filled);
        json_text_string(t, "image", h->image ? h->image->id : NULL);
        if (h->attachment)
                network_attachment_save(h->attachment, t);
}

/* What most units do not have. */
static json_t *rest_to_json(const Unit *u) {
        json_t *o = json_object();

        if (held_ids(u))
                (void) json_object_set_new(o, "ids",
                                           json_pack("{s:o, s:o}", "uids", ids_to_json(&u->held.ids.uids),
                                                     "gids", ids_to_json(&u->held.ids.gids)));
        unit_links_save(u, o);
        if (u->health)
                (void) json_object_set_new(o, "health", unit_health_to_json(u));
        unit_death_save(u, o);
        if (u->trigger)
                (void) json_object_set_new(o, "trigger", unit_trigger_to_json(u));
        return o;
}

static void write_rest(JsonText *t, const Unit *u) {
        json_t *o = rest_to_json(u), *value;
        const char *name;

        json_object_foreach(o, name, value) {
                autofree char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

                json_text_raw(t, name, text);
        }
        t->failed |= !o;
        json_decref(o);
}

static const char *write_unit(JsonText *t, const Unit *u) {
        char invocation[INVOCATION_TEXT_MAX];

        json_text_begin(t, NULL, '{');
        json_text_number(t, "version", STATE_VERSION);
        json_text_string(t, "boot_id", u->manager->boot_id);
        write_machine(t, &u->machine);
        json_text_string(t, "invocation", unit_invocation(u, invocation));
        write_processes(t, u);
        write_held(t, &u->held);
        json_text_number(t, "oom_kills", (int64_t) u->oom_kills);
        json_text_number(t, "cpu_begin", (int64_t) u->cpu_begin);
        json_text_boolean(t, "log_file", u->log_file);
        json_text_string(t, "status", u->status_text);
        json_text_number(t, "errno", u->status_errno);
        json_text_string(t, "fault", u->fault_text);
        json_text_boolean(t, "condition_result", u->condition_result);
        json_text_boolean(t, "assert_result", u->assert_result);
        if (u->live != 0)
                json_text_number(t, "live", (int64_t) u->live);
        json_text_boolean(t, "trigger_due", u->trigger_due);
        write_rest(t, u);
        json_text_end(t, '}');
        return json_text_finish(t);
}

int unit_save(Unit *u) {
        autofree char *path = state_path(u->manager, u->name);
        autojsontext JsonText t = {};
        const char *text = write_unit(&t, u);
        int r;

        if (!text || !path)
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
