/* org.nsunits1.Manager: units and jobs. Names and signatures are org.freedesktop.systemd1's where the meaning
 * is. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "basic/unit-name.h"
#include "build-config.h"
#include "bus/bus-internal.h"

int bus_kill(Bus *b, sd_bus_message *m, Unit *u, const char *whom, int sig, sd_bus_error *error) {
        autofree char *by = bus_caller(m);
        int r;

        if (!by)
                return -ENOMEM;
        if (!streq(whom, "main") && !streq(whom, "all"))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "\"%s\" is neither main nor all",
                                         whom);
        if (sig <= 0 || sig > SIGRTMAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "%d is not a signal", sig);

        r = manager_kill_unit(b->manager, u, streq(whom, "main") ? KILL_MAIN : KILL_ALL, sig, by);
        return r < 0 ? bus_error_set(error, ABOUT_UNIT, r, NULL, unit_name(u)) : 0;
}

/* Takes names as the interface gets them: complete, and of units that there are. */
int bus_load_unit(Bus *b, const char *name, Unit **ret, sd_bus_error *error) {
        int r;

        if (!unit_name_valid(name))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "\"%s\" is not the name of a unit",
                                         name);

        r = manager_load_unit(b->manager, name, ret);
        if (r == -EINVAL && unit_name_is_template(name))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                         "%s is a template without DefaultInstance=: name an instance of it",
                                         name);
        return r < 0 ? bus_error_set(error, ABOUT_UNIT, r, NULL, name) : 0;
}

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

int bus_reply_job(Bus *b, sd_bus_message *m, const char *name, JobType type, const char *mode,
                  sd_bus_error *error) {
        char *names[] = { (char *) name, NULL }, path[64];
        autofree uint32_t *ids = NULL;
        int r;

        r = bus_enqueue(b, m, names, type, mode, &ids, error);
        if (r < 0)
                return r;
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

        r = bus_require_root(m, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(m, "ss", &name, &mode);
        if (r < 0)
                return r;

        type = choose(b, &o, name, &r, error);
        if (type == JOB_TYPE_INVALID_)
                return r < 0 ? r : sd_bus_reply_method_return(m, "o", "/");
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

        r = bus_require_root(m, error);
        if (r >= 0)
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

#define JOB_METHODS(word, ...)                                                                 \
        static int on_##word##_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {  \
                return one_unit(userdata, m, (JobMethod){ __VA_ARGS__ }, error);               \
        }                                                                                      \
        static int on_##word##_units(sd_bus_message *m, void *userdata, sd_bus_error *error) { \
                return many_units(userdata, m, (JobMethod){ __VA_ARGS__ }, error);             \
        }

JOB_METHODS(start, JOB_START)
JOB_METHODS(trigger, JOB_START, .trigger = true)
JOB_METHODS(stop, JOB_STOP)
JOB_METHODS(restart, JOB_RESTART)
JOB_METHODS(try_restart, JOB_RESTART, .try = true)
JOB_METHODS(reload, JOB_RELOAD)
JOB_METHODS(reload_or_restart, JOB_RESTART, .reload = true)
JOB_METHODS(reload_or_try_restart, JOB_RESTART, .try = true, .reload = true)

static int on_kill_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name, *whom;
        Bus *b = userdata;
        int32_t sig;
        Unit *u;
        int r;

        r = bus_require_root(m, error);
        if (r >= 0)
                r = sd_bus_message_read(m, "ssi", &name, &whom, &sig);
        if (r >= 0)
                r = bus_load_unit(b, name, &u, error);
        if (r >= 0)
                r = bus_kill(b, m, u, whom, sig, error);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int on_reset_failed_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        const char *name;
        Unit *u;
        int r;

        r = bus_require_root(m, error);
        if (r >= 0)
                r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
                r = bus_load_unit(b, name, &u, error);
        if (r < 0)
                return r;

        manager_reset_failed(b->manager, u);
        return sd_bus_reply_method_return(m, NULL);
}

static int on_reset_failed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        int r;

        r = bus_require_root(m, error);
        if (r < 0)
                return r;

        manager_reset_failed(b->manager, NULL);
        return sd_bus_reply_method_return(m, NULL);
}

static int reply_unit_path(sd_bus_message *m, const Unit *u) {
        autofree char *path = bus_unit_path(unit_name(u));

        return path ? sd_bus_reply_method_return(m, "o", path) : -ENOMEM;
}

static int on_get_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        const char *name;
        Unit *u;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        u = manager_get_unit(b->manager, name);
        if (!u)
                return sd_bus_error_setf(error, BUS_ERROR_NO_SUCH_UNIT, "%s is not loaded", name);
        return reply_unit_path(m, u);
}

static int on_load_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        const char *name;
        Unit *u;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0 && !bus_may_load(b, sd_bus_message_get_bus(m), name))
                return sd_bus_error_setf(error, BUS_ERROR_NO_SUCH_UNIT, "%s is not loaded", name);
        if (r >= 0)
                r = bus_load_unit(b, name, &u, error);
        return r < 0 ? r : reply_unit_path(m, u);
}

static int append_unit(sd_bus_message *reply, Unit *u) {
        autofree char *path = bus_unit_path(unit_name(u));
        UnitStatus s;
        char job[64];

        if (!path)
                return -ENOMEM;
        unit_status(u, &s);
        return sd_bus_message_append(
                reply, "(ssssssouso)", s.name, strempty(s.description), load_state_to_string(s.load_state),
                active_state_to_string(s.active_state), s.sub_state, "", path, s.job_id,
                s.job_id ? job_type_to_string(s.job_type) : "", bus_job_path(s.job_id, job));
}

static int on_list_units(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus_message *reply = NULL;
        Bus *b = userdata;
        Unit *u = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ssssssouso)");
        while (r >= 0 && (u = manager_next_unit(b->manager, u)))
                r = append_unit(reply, u);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

int bus_append_job(sd_bus_message *reply, const JobInfo *job) {
        autofree char *unit = bus_unit_path(unit_name(job->unit));
        char path[64];

        return unit ? sd_bus_message_append(reply, "(usssoo)", job->id, unit_name(job->unit),
                                            job_type_to_string(job->type), job_state_to_string(job->state),
                                            bus_job_path(job->id, path), unit)
                    : -ENOMEM;
}

static int on_list_jobs(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus_message *reply = NULL;
        Bus *b = userdata;
        JobInfo job = {};
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(usssoo)");
        while (r >= 0 && manager_next_job(b->manager, job.id, &job) > 0)
                r = bus_append_job(reply, &job);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

static int on_subscribe(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Peer *p = bus_find_peer(userdata, sd_bus_message_get_bus(m));
        int r = 0;

        if (p->system && !p->subscribers)
                r = sd_bus_track_new(p->bus, &p->subscribers, NULL, NULL);
        if (r >= 0 && p->system)
                r = sd_bus_track_add_sender(p->subscribers, m);
        if (r < 0)
                return r;

        p->subscribed = true;
        return sd_bus_reply_method_return(m, NULL);
}

static int on_unsubscribe(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Peer *p = bus_find_peer(userdata, sd_bus_message_get_bus(m));

        if (p->subscribers)
                (void) sd_bus_track_remove_sender(p->subscribers, m);
        p->subscribed = false;
        return sd_bus_reply_method_return(m, NULL);
}

static int on_reload(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        int r;

        r = bus_require_root(m, error);
        if (r < 0)
                return r;

        r = manager_reload(b->manager);
        return r < 0 ? bus_error_set(error, ABOUT_UNIT, r, NULL, "reload")
                     : sd_bus_reply_method_return(m, NULL);
}

/* GetSpec, GetPlan: with what the environment of a container holds they are not for everybody. */
static int reply_text(Bus *b, sd_bus_message *m, int (*make)(Manager *, Unit *, char **, Fault *),
                      sd_bus_error *error) {
        autofree char *text = NULL;
        Fault fault = {};
        const char *name;
        Unit *u;
        int r;

        r = bus_require_root(m, error);
        if (r >= 0)
                r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
                r = bus_load_unit(b, name, &u, error);
        if (r < 0)
                return r;

        r = make(b->manager, u, &text, &fault);
        return r < 0 ? bus_error_set(error, ABOUT_UNIT, r, &fault, name)
                     : sd_bus_reply_method_return(m, "s", text);
}

static int on_get_spec(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return reply_text(userdata, m, manager_unit_spec_json, error);
}

static int on_get_plan(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return reply_text(userdata, m, manager_unit_plan, error);
}

/* For nsctl diff. */
static int on_get_unit_text(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        UnitTexts t = {};
        Bus *b = userdata;
        Fault fault = {};
        const char *name;
        Unit *u;
        int r;

        r = bus_require_root(m, error);
        if (r >= 0)
                r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
                r = bus_load_unit(b, name, &u, error);
        if (r < 0)
                return r;

        r = manager_unit_texts(u, &t, &fault);
        r = r < 0 ? bus_error_set(error, ABOUT_UNIT, r, &fault, name)
                  : sd_bus_reply_method_return(m, "ssss", t.started, t.started_file, t.loaded, t.loaded_file);
        unit_texts_clear(&t);
        return r;
}

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", VERSION);
}

static int get_count(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        uint32_t units = 0, failed = 0, jobs = 0;
        JobInfo job = {};
        Bus *b = userdata;

        for (Unit *u = NULL; (u = manager_next_unit(b->manager, u)); units++) {
                UnitStatus s;

                unit_status(u, &s);
                failed += s.machine && s.machine->state == MACHINE_FAILED;
        }
        while (manager_next_job(b->manager, job.id, &job) > 0)
                jobs++;

        if (streq(property, "SystemState"))
                return sd_bus_message_append(reply, "s", failed ? "degraded" : "running");
        return sd_bus_message_append(reply, "u",
                                     streq(property, "NNames")         ? units
                                     : streq(property, "NFailedUnits") ? failed
                                                                       : jobs);
}

#define METHOD(name, in, out, handler) SD_BUS_METHOD(name, in, out, handler, SD_BUS_VTABLE_UNPRIVILEGED)

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),

        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("SystemState", "s", get_count, 0, 0),
        SD_BUS_PROPERTY("NNames", "u", get_count, 0, 0),
        SD_BUS_PROPERTY("NFailedUnits", "u", get_count, 0, 0),
        SD_BUS_PROPERTY("NJobs", "u", get_count, 0, 0),

        METHOD("StartUnit", "ss", "o", on_start_unit),
        METHOD("TriggerUnit", "ss", "o", on_trigger_unit),
        METHOD("StopUnit", "ss", "o", on_stop_unit),
        METHOD("RestartUnit", "ss", "o", on_restart_unit),
        METHOD("TryRestartUnit", "ss", "o", on_try_restart_unit),
        METHOD("StartUnits", "ass", "ao", on_start_units),
        METHOD("TriggerUnits", "ass", "ao", on_trigger_units),
        METHOD("StopUnits", "ass", "ao", on_stop_units),
        METHOD("RestartUnits", "ass", "ao", on_restart_units),
        METHOD("TryRestartUnits", "ass", "ao", on_try_restart_units),
        METHOD("ReloadUnit", "ss", "o", on_reload_unit),
        METHOD("ReloadOrRestartUnit", "ss", "o", on_reload_or_restart_unit),
        METHOD("ReloadOrTryRestartUnit", "ss", "o", on_reload_or_try_restart_unit),
        METHOD("ReloadUnits", "ass", "ao", on_reload_units),
        METHOD("ReloadOrRestartUnits", "ass", "ao", on_reload_or_restart_units),
        METHOD("ReloadOrTryRestartUnits", "ass", "ao", on_reload_or_try_restart_units),
        METHOD("KillUnit", "ssi", NULL, on_kill_unit),
        METHOD("FreezeUnit", "s", NULL, on_freeze_unit),
        METHOD("ThawUnit", "s", NULL, on_thaw_unit),
        METHOD("ResetFailedUnit", "s", NULL, on_reset_failed_unit),
        METHOD("ResetFailed", NULL, NULL, on_reset_failed),
        METHOD("GetUnit", "s", "o", on_get_unit),
        METHOD("LoadUnit", "s", "o", on_load_unit),
        METHOD("ListUnits", NULL, "a(ssssssouso)", on_list_units),
        METHOD("ListJobs", NULL, "a(usssoo)", on_list_jobs),
        METHOD("AskedByService", "sb", "b", on_asked_by_service),
        METHOD("GetJobAfter", "u", "a(usssoo)", on_get_job_after),
        METHOD("CancelJob", "u", NULL, on_cancel_job),
        METHOD("GetJobResult", "u", "s", on_get_job_result),
        METHOD("Subscribe", NULL, NULL, on_subscribe),
        METHOD("Unsubscribe", NULL, NULL, on_unsubscribe),
        METHOD("Reload", NULL, NULL, on_reload),
        METHOD("Reexecute", NULL, NULL, on_reexecute),
        METHOD("GetSpec", "s", "s", on_get_spec),
        METHOD("GetPlan", "s", "s", on_get_plan),
        METHOD("GetUnitText", "s", "ssss", on_get_unit_text),

        METHOD("RunUnit", "ssahb", "o", on_run_unit),
        METHOD("ExecUnit", "sasasssbah", "uhah", on_exec_unit),
        METHOD("ListImages", NULL, "s", on_list_images),
        METHOD("InspectImage", "s", "s", on_inspect_image),
        METHOD("ImportImage", "ss", "s", on_import_image),
        METHOD("ImportImageFromFD", "sh", "s", on_import_image_from_fd),
        METHOD("PullImage", "sa{ss}", "s", on_pull_image),
        METHOD("AutoUpdate", "asb", "s", on_auto_update),
        METHOD("RemoveImage", "s", NULL, on_remove_image),
        METHOD("TagImage", "ss", NULL, on_tag_image),
        METHOD("PruneImages", "b", "s", on_prune_images),
        METHOD("ExportImage", "sh", NULL, on_export_image),
        METHOD("CheckStore", "b", "s", on_check_store),
        METHOD("StoreUsage", NULL, "s", on_store_usage),
        METHOD("ListVolumes", NULL, "s", on_list_volumes),
        METHOD("RemoveVolume", "s", NULL, on_remove_volume),
        METHOD("CopyFromUnit", "sshs", NULL, on_copy_from_unit),
        METHOD("CopyToUnit", "sshs", NULL, on_copy_to_unit),
        METHOD("DiffUnit", "sh", NULL, on_diff_unit),
        METHOD("CommitUnit", "sss", "s", on_commit_unit),
        METHOD("MountUnit", "s", "s", on_mount_unit),
        METHOD("UnmountUnit", "s", NULL, on_unmount_unit),
        METHOD("PruneVolumes", "b", "s", on_prune_volumes),
        METHOD("ExportVolume", "sh", NULL, on_export_volume),
        METHOD("ImportVolume", "sh", NULL, on_import_volume),
        METHOD("ListNetworks", NULL, "s", on_list_networks),
        METHOD("ListLinks", NULL, "s", on_list_links),
        METHOD("Resolve", "ss", "s", on_resolve),
        METHOD("ListPorts", NULL, "s", on_list_ports),
        METHOD("TracePort", "qss", "s", on_trace_port),
        METHOD("DiffNetwork", NULL, "s", on_network_diff),
        METHOD("ListTimers", NULL, "s", on_list_timers),

        SD_BUS_SIGNAL("UnitNew", "so", 0),
        SD_BUS_SIGNAL("UnitRemoved", "so", 0),
        SD_BUS_SIGNAL("JobNew", "uos", 0),
        SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
        SD_BUS_SIGNAL("Reloading", "b", 0),
        SD_BUS_SIGNAL("PullProgress", "ssstt", 0),

        SD_BUS_VTABLE_END,
};

int bus_manager_publish(Bus *b, sd_bus *bus) {
        return sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_MANAGER_INTERFACE, manager_vtable, b);
}
