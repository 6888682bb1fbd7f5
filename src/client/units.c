/* Units: their list, one of them, and what changes. Texts are those in the manager's answer, which is kept as
 * long. */
#include "client/connection.h"

struct NsunitsList {
        sd_bus_message *answer;
        NsunitsUnit unit;
};

int nsunits_list(Nsunits *n, NsunitsList **ret) {
        NsunitsList *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return connection_fail(n, -ENOMEM, NULL);
        r = connection_call(n, NULL, NULL, "ListUnits", &l->answer, NULL);
        if (r >= 0) {
                r = sd_bus_message_enter_container(l->answer, 'a', "(ssssssouso)");
                if (r < 0)
                        (void) connection_fail(n, r, NULL);
        }
        if (r < 0) {
                (void) nsunits_list_free(l);
                return r;
        }
        *ret = l;
        return 0;
}

const NsunitsUnit *nsunits_list_next(NsunitsList *l) {
        NsunitsUnit *u = &l->unit;

        return sd_bus_message_read(l->answer, "(ssssssouso)", &u->name, &u->description, &u->load_state,
                                   &u->active_state, &u->sub_state, NULL, NULL, NULL, NULL, NULL) > 0
                       ? u
                       : NULL;
}

NsunitsList *nsunits_list_free(NsunitsList *l) {
        if (!l)
                return NULL;

        sd_bus_message_unref(l->answer);
        free(l);
        return NULL;
}

typedef struct Status {
        NsunitsStatus public;
        sd_bus_message *answer; /* NULL when there is no such unit */
        char *name;             /* as it was asked for */
} Status;

/* Of those that are looked for, @name's place in *s and its type; or NULL. */
static void *find_field(NsunitsStatus *s, const char *name, const char **ret_type) {
        static const struct {
                const char *name, *type;
                size_t offset;
        } fields[] = {
#define FIELD(name, type, member) { name, type, offsetof(NsunitsStatus, member) }
                FIELD("Id", "s", name),
                FIELD("Description", "s", description),
                FIELD("LoadState", "s", load_state),
                FIELD("ActiveState", "s", active_state),
                FIELD("SubState", "s", sub_state),
                FIELD("Result", "s", result),
                FIELD("Failure", "s", failure),
                FIELD("StatusText", "s", status_text),
                FIELD("HealthState", "s", health),
                FIELD("ControlGroup", "s", control_group),
                FIELD("StateChangeTimestamp", "t", state_change),
                FIELD("ActiveEnterTimestamp", "t", active_enter),
                FIELD("InactiveEnterTimestamp", "t", inactive_enter),
                FIELD("MemoryCurrent", "t", memory),
                FIELD("CPUUsageNSec", "t", cpu_nsec),
                FIELD("TasksCurrent", "t", tasks),
                FIELD("MainPID", "u", main_pid),
                FIELD("NRestarts", "u", restarts),
                FIELD("LastExitCode", "i", exit_code),
                FIELD("LastExitStatus", "i", exit_status),
#undef FIELD
        };

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (streq(fields[i].name, name)) {
                        *ret_type = fields[i].type;
                        return (char *) s + fields[i].offset;
                }
        return NULL;
}

static int read_property(Status *s) {
        const char *name, *type;
        void *field;
        int r;

        r = sd_bus_message_read(s->answer, "s", &name);
        if (r < 0)
                return r;
        field = find_field(&s->public, name, &type);
        return field ? sd_bus_message_read(s->answer, "v", type, field) : sd_bus_message_skip(s->answer, "v");
}

static int read_properties(Status *s) {
        int r = sd_bus_message_enter_container(s->answer, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(s->answer, 'e', "sv")) > 0) {
                r = read_property(s);
                if (r >= 0)
                        r = sd_bus_message_exit_container(s->answer);
        }
        return r;
}

static int ask(Nsunits *n, Status *s) {
        autofree char *path = NULL;
        int r;

        s->public = (NsunitsStatus){ .name = s->name,
                                     .description = s->name,
                                     .load_state = "not-found",
                                     .active_state = "inactive",
                                     .sub_state = "dead",
                                     .result = "",
                                     .failure = "",
                                     .status_text = "",
                                     .health = "",
                                     .control_group = "",
                                     .memory = UINT64_MAX,
                                     .cpu_nsec = UINT64_MAX,
                                     .tasks = UINT64_MAX };
        r = sd_bus_path_encode(BUS_UNIT_PREFIX, s->name, &path);
        if (r < 0)
                return connection_fail(n, r, NULL);
        r = connection_call(n, path, "org.freedesktop.DBus.Properties", "GetAll", &s->answer, "s",
                            BUS_UNIT_INTERFACE);
        if (r < 0)
                return streq_null(nsunits_error_name(n), BUS_ERROR_NO_SUCH_UNIT) ? 0 : r;
        r = read_properties(s);
        return r < 0 ? connection_fail(n, r, NULL) : 0;
}

int nsunits_get_status(Nsunits *n, const char *unit, NsunitsStatus **ret) {
        Status *s;
        int r;

        s = calloc(1, sizeof(*s));
        if (!s)
                return connection_fail(n, -ENOMEM, NULL);
        s->name = strdup(unit);
        r = s->name ? ask(n, s) : connection_fail(n, -ENOMEM, NULL);
        if (r < 0) {
                (void) nsunits_status_free(&s->public);
                return r;
        }
        *ret = &s->public;
        return 0;
}

NsunitsStatus *nsunits_status_free(NsunitsStatus *status) {
        Status *s = (Status *) status;

        if (!s)
                return NULL;
        sd_bus_message_unref(s->answer);
        free(s->name);
        free(s);
        return NULL;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *unit = NULL;
        Nsunits *n = userdata;
        const char *interface;

        if (sd_bus_message_read(m, "s", &interface) >= 0 && streq(interface, BUS_UNIT_INTERFACE) &&
            sd_bus_path_decode(sd_bus_message_get_path(m), BUS_UNIT_PREFIX, &unit) > 0)
                n->fn(n, unit, n->data);
        return 0;
}

static int on_coming_or_going(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Nsunits *n = userdata;
        const char *unit;

        if (sd_bus_message_read(m, "so", &unit, NULL) >= 0)
                n->fn(n, unit, n->data);
        return 0;
}

int nsunits_watch(Nsunits *n, NsunitsChangeFn fn, void *data) {
        int r;

        n->fn = fn;
        n->data = data;
        if (!fn) {
                n->changed = sd_bus_slot_unref(n->changed);
                n->added = sd_bus_slot_unref(n->added);
                n->removed = sd_bus_slot_unref(n->removed);
                return 0;
        }

        r = connection_match(n, NULL, "org.freedesktop.DBus.Properties", "PropertiesChanged", on_changed, n,
                             &n->changed);
        if (r >= 0)
                r = connection_match(n, BUS_PATH, BUS_MANAGER_INTERFACE, "UnitNew", on_coming_or_going, n,
                                     &n->added);
        if (r >= 0)
                r = connection_match(n, BUS_PATH, BUS_MANAGER_INTERFACE, "UnitRemoved", on_coming_or_going, n,
                                     &n->removed);
        return r < 0 ? r : connection_subscribe(n);
}
