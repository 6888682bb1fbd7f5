/*
 * org.nsunits1.Unit: what the manager knows of one unit at this moment.
 *
 * No object is registered for a unit: one fallback vtable serves them all. When a path is looked up, the
 * unit's state is copied into a UnitView, and the properties are read from there by offset. What costs
 * system calls (counters of the cgroup, the age of files) is looked at only when that property is asked for.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "basic/unit-name.h"
#include "bus/bus-internal.h"

/* By how much the date may have been wrong without the clock having been set. */
#define CLOCK_TOLERANCE (500 * USEC_PER_MSEC)

struct UnitView {
        Bus *bus;
        Unit *unit;
        const char *id, *description, *load_state, *active_state, *sub_state, *fragment, *file_state, *result,
                *status_text, *failure, *image_id, *health, *health_output, *unmet;
        char *const *drop_ins;
        const char *load_error, *job_type;
        uint32_t job_id, main_pid, exec_main_pid, n_restarts, health_streak, start_count, n_stored_fds;
        int32_t exec_main_code, exec_main_status, last_exit_code, last_exit_status, status_errno;
        int condition_result, assert_result, can_reload, start_limit_hit; /* booleans, as sd-bus takes them */
        uint64_t state_change, inactive_exit, active_enter, active_exit, inactive_enter, main_start,
                main_exit, next_trigger, last_trigger;
        uint64_t timeout; /* of the present state */
        uint8_t invocation[16];
        UnitUsage usage;
        bool usage_known;
};

char *bus_unit_path(const char *name) {
        char *path;

        return sd_bus_path_encode(BUS_UNIT_PREFIX, name, &path) < 0 ? NULL : path;
}

const char *bus_file_state(const Unit *u, const UnitStatus *s) {
        if (s->load_state == LOAD_MASKED)
                return "masked";
        if (s->load_state == LOAD_NOT_FOUND)
                return "";

        STRV_FOREACH (d, s->drop_ins)
                if (endswith(*d, "/" UNIT_DISABLE_DROP_IN))
                        return "disabled";
        return unit_has_install(u) ? "enabled" : "static";
}

/* waitid(2)'s code, which is what systemd shows. */
static int32_t exit_code(ExitKind kind) {
        switch (kind) {
        case EXIT_KIND_EXITED:
                return CLD_EXITED;
        case EXIT_KIND_KILLED:
                return CLD_KILLED;
        case EXIT_KIND_DUMPED:
                return CLD_DUMPED;
        case EXIT_KIND_NONE:
        case EXIT_KIND_UNKNOWN:
        case EXIT_KIND_N_:
        case EXIT_KIND_INVALID_:
                break;
        }
        return 0;
}

/* When the machine was started, as a date. Two looks at the clocks give two results; the first is kept until
 * somebody sets the clock, so that the date of what has happened does not change with each look. */
static usec_t boot_date(void) {
        static usec_t known;
        const usec_t date = clock_now(CLOCK_REALTIME) - clock_now(CLOCK_BOOTTIME);

        if (date > known + CLOCK_TOLERANCE || date + CLOCK_TOLERANCE < known)
                known = date;
        return known;
}

static void view_machine(UnitView *v, const Machine *m) {
        const MainExit *last = m->exit.kind == EXIT_KIND_NONE ? &m->cause : &m->exit;
        /* The machine's clock goes on through suspend; the world wants the date. */
        const usec_t date = boot_date();
        const struct {
                uint64_t *to;
                usec_t from;
        } times[] = {
                { &v->state_change, m->state_change },     { &v->inactive_exit, m->inactive_exit },
                { &v->active_enter, m->active_enter },     { &v->active_exit, m->active_exit },
                { &v->inactive_enter, m->inactive_enter }, { &v->main_start, m->main_start },
                { &v->main_exit, m->main_exit },
        };

        for (size_t i = 0; i < ELEMENTSOF(times); i++)
                if (times[i].from != 0)
                        *times[i].to = date + times[i].from;

        if (m->timer != USEC_INFINITY)
                v->timeout = date + m->timer;
        v->start_limit_hit = m->limited;
        v->result = unit_result_to_string(m->result);
        v->n_restarts = m->n_restarts;
        v->last_exit_code = exit_code(last->kind);
        v->last_exit_status = last->status;
        v->exec_main_code = exit_code(m->exit.kind);
        v->exec_main_status = m->exit.status;
}

static void view_fill(UnitView *v, Bus *b, Unit *u) {
        UnitStatus s;

        unit_status(u, &s);
        *v = (UnitView){
                .bus = b,
                .unit = u,
                .id = s.name,
                .description = s.description ? s.description : s.name,
                .load_state = load_state_to_string(s.load_state),
                .load_error = s.load_error,
                .active_state = active_state_to_string(s.active_state),
                .sub_state = s.sub_state,
                .result = unit_result_to_string(RESULT_SUCCESS),
                .fragment = s.fragment,
                .drop_ins = s.drop_ins,
                .file_state = bus_file_state(u, &s),
                .status_text = s.status_text,
                .failure = s.fault,
                .health = s.health,
                .health_output = s.health_output,
                .health_streak = s.health_streak,
                .image_id = s.image_id,
                .status_errno = s.status_errno,
                .n_stored_fds = s.n_stored_fds,
                .condition_result = s.condition_result,
                .assert_result = s.assert_result,
                .unmet = s.unmet,
                .start_count = s.start_count,
                .can_reload = s.can_reload,
                .next_trigger = s.next_trigger,
                .last_trigger = s.last_trigger,
                .job_id = s.job_id,
                .job_type = s.job_id ? job_type_to_string(s.job_type) : "",
                .main_pid = (uint32_t) s.main_pid,
                .exec_main_pid = (uint32_t) s.last_main_pid,
        };
        memcpy(v->invocation, s.invocation, sizeof(v->invocation));
        if (s.machine)
                view_machine(v, s.machine);
}

/* Instances come to be by being named, without end: not for anybody. */
bool bus_may_load(const Bus *b, sd_bus *bus, const char *name) {
        return manager_get_unit(b->manager, name) || !strchr(name, '@') || bus_caller_is_root(bus);
}

int bus_unit_find(Bus *b, sd_bus *bus, const char *path, Unit **ret, sd_bus_error *error) {
        autofree char *name = NULL;
        int r;

        r = sd_bus_path_decode(path, BUS_UNIT_PREFIX, &name);
        if (r <= 0)
                return r;
        if (!unit_name_valid(name) || !bus_may_load(b, bus, name))
                return 0;

        r = manager_load_unit(b->manager, name, ret);
        if (r < 0)
                return bus_error_set(error, ABOUT_UNIT, r, NULL, name);
        return 1;
}

int bus_unit_view(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret,
                  sd_bus_error *error) {
        Bus *b = userdata;
        Unit *u;
        int r;

        r = bus_unit_find(b, bus, path, &u, error);
        if (r <= 0)
                return r;

        if (!b->view)
                b->view = calloc(1, sizeof(*b->view));
        if (!b->view)
                return -ENOMEM;
        view_fill(b->view, b, u);
        *ret = b->view;
        return 1;
}

/* The interface is there for the kind of units that have a [Service]. */
static int find_service(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret,
                        sd_bus_error *error) {
        const UnitView *v;
        int r;

        r = bus_unit_view(bus, path, interface, userdata, ret, error);
        if (r <= 0)
                return r;

        v = *ret;
        return unit_name_kind(v->id) == UNIT_CONTAINER;
}

static int get_names(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        autostrv char **names = NULL;
        int r;

        r = unit_names(((UnitView *) userdata)->unit, &names);
        return r < 0 ? r : sd_bus_message_append_strv(reply, names);
}

static int get_listens(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        autostrv char **listens = NULL;
        int r;

        r = unit_listens(((UnitView *) userdata)->unit, &listens);
        return r < 0 ? r : sd_bus_message_append_strv(reply, listens);
}

static int get_addresses(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        autostrv char **addresses = NULL;
        int r;

        r = unit_addresses(((UnitView *) userdata)->unit, &addresses);
        return r < 0 ? r : sd_bus_message_append_strv(reply, addresses);
}

static int get_ports(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        autostrv char **ports = NULL;
        int r;

        r = unit_ports(((UnitView *) userdata)->unit, &ports);
        return r < 0 ? r : sd_bus_message_append_strv(reply, ports);
}

static int get_strings(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append_strv(reply, *(char ***) userdata);
}

static int get_load_error(sd_bus *bus, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const UnitView *v = userdata;

        return sd_bus_message_append(reply, "(ss)", v->load_error ? BUS_ERROR_LOAD_FAILED : "",
                                     strempty(v->load_error));
}

static int get_job(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const UnitView *v = userdata;
        char job[64];

        return sd_bus_message_append(reply, "(uo)", v->job_id, bus_job_path(v->job_id, job));
}

static int get_invocation(sd_bus *bus, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        static const uint8_t never[16];
        const UnitView *v = userdata;
        bool known = memcmp(v->invocation, never, sizeof(never)) != 0;

        return sd_bus_message_append_array(reply, 'y', v->invocation, known ? sizeof(v->invocation) : 0);
}

static int get_need_reload(sd_bus *bus, const char *path, const char *interface, const char *property,
                           sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "b", unit_needs_reload(((UnitView *) userdata)->unit));
}

static int get_firewalls(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append_strv(reply, (char **) unit_firewalls(((UnitView *) userdata)->unit));
}

static int get_cgroup(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        autofree char *cgroup = unit_cgroup(((UnitView *) userdata)->unit);

        return sd_bus_message_append(reply, "s", strempty(cgroup));
}

static int get_freezer(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        FreezerState state = unit_freezer_state(((UnitView *) userdata)->unit);

        return sd_bus_message_append(reply, "s", freezer_state_to_string(state));
}

static int get_usage(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        static const struct {
                const char *name;
                size_t offset;
        } fields[] = {
#define X(field, name) { name, offsetof(UnitUsage, field) },
                UNIT_USAGE_LIST(X)
#undef X
        };
        UnitView *v = userdata;

        if (!v->usage_known)
                unit_usage(v->unit, &v->usage);
        v->usage_known = true;

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (streq(property, fields[i].name))
                        return sd_bus_message_append(
                                reply, "t",
                                *(const uint64_t *) ((const char *) &v->usage + fields[i].offset));
        return -EINVAL;
}

static int get_deaths(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return bus_append_deaths(reply, ((UnitView *) userdata)->unit, bus_caller_is_root(bus));
}

static int unit_job(sd_bus_message *m, UnitView *v, JobType type, sd_bus_error *error) {
        const char *mode;
        int r;

        r = sd_bus_message_read(m, "s", &mode);
        return r < 0 ? r : bus_reply_job(v->bus, m, v->id, type, mode, error);
}

int on_start(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return unit_job(m, userdata, JOB_START, error);
}

int on_stop(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return unit_job(m, userdata, JOB_STOP, error);
}

int on_restart(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return unit_job(m, userdata, JOB_RESTART, error);
}

int on_reload_this(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return unit_job(m, userdata, JOB_RELOAD, error);
}

int on_kill(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        UnitView *v = userdata;
        const char *whom;
        int32_t sig;
        int r;

        r = sd_bus_message_read(m, "si", &whom, &sig);
        if (r >= 0)
                r = bus_kill(v->bus, m, v->unit, whom, sig, error);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

int on_reset_failed_this(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        UnitView *v = userdata;

        manager_reset_failed(v->bus->manager, v->unit);
        return sd_bus_reply_method_return(m, NULL);
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        UnitView *v = userdata;

        return bus_dispatch(v->bus, m, v, error);
}

/* A property that is read from the view as it lies there; sd-bus knows how to send each of these types. */
#define FIELD(name, signature, field) SD_BUS_PROPERTY(name, signature, NULL, offsetof(UnitView, field), 0)
/* One that bus_unit_changed() sends: the manager tells of each change of its value. */
#define TOLD(name, signature, field) \
        SD_BUS_PROPERTY(name, signature, NULL, offsetof(UnitView, field), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define STRINGS(name, field)           SD_BUS_PROPERTY(name, "as", get_strings, offsetof(UnitView, field), 0)
#define ASKED(name, signature, getter) SD_BUS_PROPERTY(name, signature, getter, 0, 0)

static const sd_bus_vtable unit_vtable[] = {
        SD_BUS_VTABLE_START(0),

        SD_BUS_PROPERTY("Id", "s", NULL, offsetof(UnitView, id), SD_BUS_VTABLE_PROPERTY_CONST),
        ASKED("Names", "as", get_names),
        FIELD("Description", "s", description),
        FIELD("LoadState", "s", load_state),
        ASKED("LoadError", "(ss)", get_load_error),
        TOLD("ActiveState", "s", active_state),
        TOLD("SubState", "s", sub_state),
        FIELD("FragmentPath", "s", fragment),
        STRINGS("DropInPaths", drop_ins),
        FIELD("UnitFileState", "s", file_state),
        ASKED("NeedDaemonReload", "b", get_need_reload),
        TOLD("StateChangeTimestamp", "t", state_change),
        TOLD("InactiveExitTimestamp", "t", inactive_exit),
        TOLD("ActiveEnterTimestamp", "t", active_enter),
        TOLD("ActiveExitTimestamp", "t", active_exit),
        TOLD("InactiveEnterTimestamp", "t", inactive_enter),
        ASKED("Job", "(uo)", get_job),
        FIELD("JobType", "s", job_type),
        FIELD("StateTimeoutTimestamp", "t", timeout),
        SD_BUS_PROPERTY("InvocationID", "ay", get_invocation, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        FIELD("NextElapseUSecRealtime", "t", next_trigger),
        FIELD("LastTriggerUSec", "t", last_trigger),
        ASKED("Listen", "as", get_listens),
        FIELD("ConditionResult", "b", condition_result),
        FIELD("AssertResult", "b", assert_result),
        FIELD("UnmetCondition", "s", unmet),
        FIELD("StartLimitCount", "u", start_count),
        FIELD("StartLimitHit", "b", start_limit_hit),
        FIELD("CanReload", "b", can_reload),
        TOLD("Result", "s", result),
        FIELD("Failure", "s", failure),
        TOLD("NFileDescriptorStore", "u", n_stored_fds),
        TOLD("NRestarts", "u", n_restarts),
        TOLD("MainPID", "u", main_pid),
        TOLD("ExecMainStartTimestamp", "t", main_start),
        TOLD("ExecMainExitTimestamp", "t", main_exit),
        TOLD("ExecMainPID", "u", exec_main_pid),
        TOLD("ExecMainCode", "i", exec_main_code),
        TOLD("ExecMainStatus", "i", exec_main_status),
        TOLD("LastExitCode", "i", last_exit_code),
        TOLD("LastExitStatus", "i", last_exit_status),
        TOLD("StatusText", "s", status_text),
        TOLD("StatusErrno", "i", status_errno),
        ASKED("ControlGroup", "s", get_cgroup),
        ASKED("FreezerState", "s", get_freezer),
#define X(field, name) ASKED(name, "t", get_usage),
        UNIT_USAGE_LIST(X)
#undef X
                TOLD("HealthState", "s", health),
        FIELD("HealthFailingStreak", "u", health_streak),
        FIELD("HealthOutput", "s", health_output),
        FIELD("ImageID", "s", image_id),
        ASKED("Addresses", "as", get_addresses),
        ASKED("Ports", "as", get_ports),
        ASKED("Firewalls", "as", get_firewalls),
        ASKED("Deaths", "aa{sv}", get_deaths),

#define MANAGER(...)
#define UNIT(name, in, out, ...) SD_BUS_METHOD(name, in, out, on_call, SD_BUS_VTABLE_UNPRIVILEGED),
#define JOB(...)
#include "bus/bus-methods.def"

        SD_BUS_VTABLE_END,
};

/* Where clients of systemd look for what runs: the same values, under the interface of services. The keys of
 * [Service] are there, too. */
static const sd_bus_vtable service_vtable[] = {
        SD_BUS_VTABLE_START(0),
        TOLD("Result", "s", result),
        TOLD("NRestarts", "u", n_restarts),
        TOLD("MainPID", "u", main_pid),
        TOLD("ExecMainStartTimestamp", "t", main_start),
        TOLD("ExecMainExitTimestamp", "t", main_exit),
        TOLD("ExecMainPID", "u", exec_main_pid),
        TOLD("ExecMainCode", "i", exec_main_code),
        TOLD("ExecMainStatus", "i", exec_main_status),
        TOLD("StatusText", "s", status_text),
        TOLD("StatusErrno", "i", status_errno),
        ASKED("ControlGroup", "s", get_cgroup),
        SD_BUS_VTABLE_END,
};

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        autostrv char **paths = NULL;
        Bus *b = userdata;

        for (Unit *u = NULL; (u = manager_next_unit(b->manager, u));)
                if (strv_take(&paths, bus_unit_path(unit_name(u))) < 0)
                        return -ENOMEM;

        *ret = take_ptr(paths);
        return 0;
}

const BusTable bus_unit_tables[] = {
        { BUS_SERVICE_INTERFACE, service_vtable, find_service },
        { BUS_UNIT_INTERFACE, unit_vtable, bus_unit_view },
        {},
};

void bus_unit_describe(BusTableFn fn, void *data) {
        for (const BusTable *t = bus_unit_tables; t->interface; t++)
                fn(t->interface, t->members, data);
}

int bus_unit_publish(Bus *b, sd_bus *bus) {
        int r = 0;

        for (const BusTable *t = bus_unit_tables; r >= 0 && t->interface; t++)
                r = sd_bus_add_fallback_vtable(bus, NULL, BUS_UNIT_PREFIX, t->interface, t->members, t->find,
                                               b);
        if (r < 0)
                return r;
        return sd_bus_add_node_enumerator(bus, NULL, BUS_UNIT_PREFIX, enumerate, b);
}

void bus_unit_changed(Bus *b, Unit *u) {
        autofree char *path = NULL;
        Peer *p;

        TAILQ_FOREACH (p, &b->peers, link) {
                if (!peer_wants_signals(p))
                        continue;
                if (!path)
                        path = bus_unit_path(unit_name(u));
                if (!path)
                        return;
                /* NULL: all that the tables say are told. */
                (void) sd_bus_emit_properties_changed_strv(p->bus, path, BUS_UNIT_INTERFACE, NULL);
                if (unit_name_kind(unit_name(u)) == UNIT_CONTAINER)
                        (void) sd_bus_emit_properties_changed_strv(p->bus, path, BUS_SERVICE_INTERFACE, NULL);
        }
}
