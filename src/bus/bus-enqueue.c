/* org.nsunits1.Manager: methods that queue jobs. Names and signatures are org.freedesktop.systemd1's where
 * the meaning is. */
#include <stdlib.h>

#include "basic/strv.h"
#include "bus/bus-internal.h"

int bus_enqueue(Bus *b, sd_bus_message *m, char *const *names, JobType type, const char *mode,
                uint32_t **ret_ids, sd_bus_error *error) {
        JobMode job_mode = job_mode_from_string(mode);
        Fault fault = {};
        Unit *u;
        int r;

        if (job_mode < 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "\"%s\" is not a job mode", mode);
        STRV_FOREACH (name, names) {
                r = bus_load_unit(b, *name, &u, error);
                if (r < 0)
                        return r;
        }

        r = manager_enqueue(b->manager, names, type, job_mode, ret_ids, &fault);
        if (r < 0)
                return bus_error_set_refused(error, r, &fault, names[1] ? NULL : names[0]);
        bus_note_asker(b, m, *ret_ids, strv_length(names));
        return 0;
}

/* Clients of systemd wait for the end of every job that they have asked for, also of one that was a word too
 * many. The caller knows its path first. */
static int reply_passed(Bus *b, sd_bus_message *m, const char *name, JobType type) {
        Unit *u = manager_get_unit(b->manager, name);
        char path[64];
        uint32_t id;
        int r;

        if (!u)
                return -ENOENT;
        id = manager_pass_job(b->manager, u, type);
        (void) bus_job_path(id, path);

        bus_signal(b, "JobNew", "uos", id, path, unit_name(u));
        r = sd_bus_reply_method_return(m, "o", path);
        bus_signal(b, "JobRemoved", "uoss", id, path, unit_name(u), job_result_to_string(JOB_RESULT_DONE));
        return r;
}

int bus_reply_job(Bus *b, sd_bus_message *m, const char *name, JobType type, const char *mode,
                  sd_bus_error *error) {
        char *names[] = { (char *) name, NULL }, path[64];
        autofree uint32_t *ids = NULL;
        int r;

        r = bus_enqueue(b, m, names, type, mode, &ids, error);
        if (r < 0)
                return r;
        if (ids[0] == 0)
                return reply_passed(b, m, name, type);
        return sd_bus_reply_method_return(m, "o", bus_job_path(ids[0], path));
}

static int reply_jobs(sd_bus_message *m, const uint32_t *ids, size_t n) {
        sd_bus_message *reply = NULL;
        char path[64];
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "o");
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_message_append(reply, "o", bus_job_path(ids[i], path));
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

/* What one method does with each of its units. */
typedef struct JobMethod {
        JobType type;
        bool try;     /* leave alone what does not run */
        bool reload;  /* reload what can be reloaded and is up */
        bool trigger; /* start the container of what else would be armed */
} JobMethod;

/* Returns the job for one unit, JOB_TYPE_INVALID_ for none, or sets @ret_error. */
static JobType choose(Bus *b, const JobMethod *o, const char *name, int *ret_error, sd_bus_error *error) {
        UnitStatus status;
        ActiveState state;
        Unit *u;

        *ret_error = bus_load_unit(b, name, &u, error);
        if (*ret_error < 0)
                return JOB_TYPE_INVALID_;
        if (!o->try && !o->reload)
                return o->type;

        unit_status(u, &status);
        state = status.active_state;
        if (o->try && (state == ACTIVE_STATE_INACTIVE || state == ACTIVE_STATE_FAILED))
                return JOB_TYPE_INVALID_;
        /* Of what only waits there is nothing to reload. */
        if (o->reload && status.can_reload && status.machine->state != MACHINE_DEAD &&
            (state == ACTIVE_STATE_ACTIVE || state == ACTIVE_STATE_RELOADING))
                return JOB_RELOAD;
        return o->type;
}

/* One unit: StartUnit and its kin. */
static int one_unit(Bus *b, sd_bus_message *m, JobMethod o, sd_bus_error *error) {
        const char *name, *mode;
        JobType type;
        int r;

        r = sd_bus_message_read(m, "ss", &name, &mode);
        if (r < 0)
                return r;

        type = choose(b, &o, name, &r, error);
        if (type == JOB_TYPE_INVALID_)
                return r < 0 ? r : reply_passed(b, m, name, o.type);
        if (o.trigger)
                manager_trigger_unit(manager_get_unit(b->manager, name), true);
        r = bus_reply_job(b, m, name, type, mode, error);
        if (r < 0 && o.trigger)
                manager_trigger_unit(manager_get_unit(b->manager, name), false);
        return r;
}

/* The transaction of those units whose job is @type; their numbers go to @ids, by the place of the name. */
static int enqueue_chosen(Bus *b, sd_bus_message *m, char *const *names, const JobType *types, JobType type,
                          const char *mode, uint32_t *ids, sd_bus_error *error) {
        autostrv char **chosen = NULL;
        autofree uint32_t *own = NULL;
        size_t k = 0;
        int r;

        for (size_t i = 0; names[i]; i++)
                if (types[i] == type && (r = strv_add(&chosen, names[i])) < 0)
                        return r;
        if (!chosen)
                return 0;

        r = bus_enqueue(b, m, chosen, type, mode, &own, error);
        for (size_t i = 0; r >= 0 && names[i]; i++)
                if (types[i] == type)
                        ids[i] = own[k++];
        return r;
}

static void mark_triggered(Bus *b, char *const *names, bool on) {
        STRV_FOREACH (name, names)
                manager_trigger_unit(manager_get_unit(b->manager, *name), on);
}

/* Many units in one transaction: StartUnits and its kin. */
static int many_units(Bus *b, sd_bus_message *m, JobMethod o, sd_bus_error *error) {
        autostrv char **names = NULL;
        autofree uint32_t *ids = NULL;
        autofree JobType *types = NULL;
        const char *mode;
        size_t n;
        int r;

        r = sd_bus_message_read_strv(m, &names);
        if (r >= 0)
                r = sd_bus_message_read(m, "s", &mode);
        if (r < 0)
                return r;

        n = strv_length(names);
        ids = calloc(n + 1, sizeof(*ids));
        types = calloc(n + 1, sizeof(*types));
        if (!ids || !types)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                types[i] = choose(b, &o, names[i], &r, error);
                if (r < 0)
                        return r;
        }

        if (o.trigger)
                mark_triggered(b, names, true);
        r = names ? enqueue_chosen(b, m, names, types, o.type, mode, ids, error) : 0;
        if (r >= 0 && o.reload && names)
                r = enqueue_chosen(b, m, names, types, JOB_RELOAD, mode, ids, error);
        if (r < 0 && o.trigger)
                mark_triggered(b, names, false);
        return r < 0 ? r : reply_jobs(m, ids, n);
}

#define JOB_METHODS(word, ...)                                                          \
        int on_##word##_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {  \
                return one_unit(userdata, m, (JobMethod){ __VA_ARGS__ }, error);        \
        }                                                                               \
        int on_##word##_units(sd_bus_message *m, void *userdata, sd_bus_error *error) { \
                return many_units(userdata, m, (JobMethod){ __VA_ARGS__ }, error);      \
        }

JOB_METHODS(start, JOB_START)
JOB_METHODS(trigger, JOB_START, .trigger = true)
JOB_METHODS(stop, JOB_STOP)
JOB_METHODS(restart, JOB_RESTART)
JOB_METHODS(try_restart, JOB_RESTART, .try = true)
JOB_METHODS(reload, JOB_RELOAD)
JOB_METHODS(reload_or_restart, JOB_RESTART, .reload = true)
JOB_METHODS(reload_or_try_restart, JOB_RESTART, .try = true, .reload = true)
