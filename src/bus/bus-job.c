/* org.nsunits1.Job: the jobs that wait or run, one object each, served by one fallback vtable. */
#include <stdlib.h>
#include <string.h>

#include "basic/parse.h"
#include "basic/strv.h"
#include "bus/bus-internal.h"

const char *bus_job_path(uint32_t id, char buf[64]) {
        (void) snprintf(buf, 64, id ? BUS_JOB_PREFIX "/%u" : "/", id);
        return buf;
}

bool bus_job_exists(Bus *b, uint32_t id, JobInfo *ret) {
        /* The walk begins behind the number that it is given. */
        return id > 0 && manager_next_job(b->manager, id - 1, ret) > 0 && ret->id == id;
}

/* "" while it has not ended. For clients that lost the connection, with a manager that has gone. */
int on_get_job_result(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        JobResult result;
        JobInfo job;
        uint32_t id;
        int r;

        r = sd_bus_message_read(m, "u", &id);
        if (r < 0)
                return r;
        if (bus_job_exists(b, id, &job))
                return sd_bus_reply_method_return(m, "s", "");
        result = manager_job_result(b->manager, id);
        if (result < 0)
                return bus_error_set(error, ABOUT_JOB, -ENOENT, NULL, NULL);
        return sd_bus_reply_method_return(m, "s", job_result_to_string(result));
}

int on_get_job(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        char path[64];
        JobInfo job;
        uint32_t id;
        int r;

        r = sd_bus_message_read(m, "u", &id);
        if (r < 0)
                return r;
        return bus_job_exists(userdata, id, &job) ? sd_bus_reply_method_return(m, "o", bus_job_path(id, path))
                                                  : bus_error_set(error, ABOUT_JOB, -ENOENT, NULL, NULL);
}

int on_cancel_job(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        uint32_t id;
        int r;

        r = sd_bus_message_read(m, "u", &id);
        if (r < 0)
                return r;

        r = manager_cancel_job(b->manager, id);
        return r < 0 ? bus_error_set(error, ABOUT_JOB, r, NULL, NULL) : sd_bus_reply_method_return(m, NULL);
}

int bus_append_job(sd_bus_message *reply, const JobInfo *job) {
        autofree char *unit = bus_unit_path(unit_name(job->unit));
        char path[64];

        return unit ? sd_bus_message_append(reply, "(usssoo)", job->id, unit_name(job->unit),
                                            job_type_to_string(job->type), job_state_to_string(job->state),
                                            bus_job_path(job->id, path), unit)
                    : -ENOMEM;
}

int on_list_jobs(sd_bus_message *m, void *userdata, sd_bus_error *error) {
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

bool bus_job_of_path(Bus *b, const char *path, JobInfo *ret) {
        const char *number = startswith(path, BUS_JOB_PREFIX "/");
        uint32_t id;

        return number && parse_u32_range(number, 1, UINT32_MAX, &id) >= 0 && bus_job_exists(b, id, ret);
}

static int find_job(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret,
                    sd_bus_error *error) {
        JobInfo job;

        *ret = userdata;
        return bus_job_of_path(userdata, path, &job);
}

static int get_job(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        autofree char *unit = NULL;
        JobInfo job;

        if (!bus_job_of_path(userdata, path, &job))
                return bus_error_set(error, ABOUT_JOB, -ENOENT, NULL, NULL);
        if (streq(property, "Id"))
                return sd_bus_message_append(reply, "u", job.id);
        if (streq(property, "JobType"))
                return sd_bus_message_append(reply, "s", job_type_to_string(job.type));
        if (streq(property, "State"))
                return sd_bus_message_append(reply, "s", job_state_to_string(job.state));

        unit = bus_unit_path(unit_name(job.unit));
        return unit ? sd_bus_message_append(reply, "(so)", unit_name(job.unit), unit) : -ENOMEM;
}

int on_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        JobInfo job;
        int r;

        if (!bus_job_of_path(b, sd_bus_message_get_path(m), &job))
                return bus_error_set(error, ABOUT_JOB, -ENOENT, NULL, NULL);

        r = manager_cancel_job(b->manager, job.id);
        return r < 0 ? bus_error_set(error, ABOUT_JOB, r, NULL, NULL) : sd_bus_reply_method_return(m, NULL);
}

void bus_note_asker(Bus *b, sd_bus_message *m, const uint32_t *ids, size_t n) {
        autofree char *by = bus_caller(m);

        for (size_t i = 0; by && i < n; i++)
                manager_note_asker(b->manager, ids[i], by);
}

/* What a job waits for. */
int on_get_job_after(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus_message *reply = NULL;
        Bus *b = userdata;
        JobInfo job = {};
        uint32_t id;
        int r;

        r = sd_bus_message_read(m, "u", &id);
        if (r < 0)
                return r;
        if (!bus_job_exists(b, id, &job))
                return bus_error_set(error, ABOUT_JOB, -ENOENT, NULL, NULL);

        job = (JobInfo){};
        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(usssoo)");
        while (r >= 0 && manager_next_obstacle(b->manager, id, job.id, &job) > 0)
                r = bus_append_job(reply, &job);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return bus_dispatch(userdata, m, userdata, error);
}

static const sd_bus_vtable job_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Id", "u", get_job, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Unit", "(so)", get_job, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("JobType", "s", get_job, 0, 0),
        SD_BUS_PROPERTY("State", "s", get_job, 0, 0),
#define MANAGER(...)
#define UNIT(...)
#define JOB(name, in, out, ...) SD_BUS_METHOD(name, in, out, on_call, SD_BUS_VTABLE_UNPRIVILEGED),
#include "bus/bus-methods.def"

        SD_BUS_VTABLE_END,
};

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        autostrv char **paths = NULL;
        Bus *b = userdata;
        JobInfo job = {};
        char path[64];

        while (manager_next_job(b->manager, job.id, &job) > 0)
                if (strv_add(&paths, bus_job_path(job.id, path)) < 0)
                        return -ENOMEM;

        *ret = take_ptr(paths);
        return 0;
}

void bus_job_describe(BusTableFn fn, void *data) {
        fn(BUS_JOB_INTERFACE, job_vtable, data);
}

int bus_job_publish(Bus *b, sd_bus *bus) {
        int r;

        r = sd_bus_add_fallback_vtable(bus, NULL, BUS_JOB_PREFIX, BUS_JOB_INTERFACE, job_vtable, find_job, b);
        if (r < 0)
                return r;
        return sd_bus_add_node_enumerator(bus, NULL, BUS_JOB_PREFIX, enumerate, b);
}
