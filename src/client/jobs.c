/* Waiting for jobs without a gap: signals are subscribed to before the jobs are asked for, so that none can
 * end unseen. */
#include "basic/clock.h"
#include "client/connection.h"

typedef struct Job {
        char *path, *unit;
        char *result; /* NULL while it has not ended */
} Job;

struct NsunitsJobs {
        Nsunits *connection;
        sd_bus_slot *match;
        sd_bus_slot *asked; /* to be told of ends, which has not been answered */
        unsigned manager;   /* that tells of them */
        bool refused;       /* it does not know what it was asked for */
        bool unsure;        /* one that was added may have ended unseen */
        Job *jobs;
        size_t n, n_ended;
};

AUTOPTR_DEFINE(NsunitsJobs, nsunits_jobs_free);

static int end_job(NsunitsJobs *j, Job *job, const char *result) {
        if (job->result)
                return 0;
        job->result = strdup(result);
        if (!job->result)
                return -ENOMEM;
        j->n_ended++;
        return 0;
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *path, *result;
        NsunitsJobs *j = userdata;
        int r;

        r = sd_bus_message_read(m, "uoss", NULL, &path, NULL, &result);

        /* Two names may have come to one job. */
        for (size_t i = 0; r >= 0 && i < j->n; i++)
                if (streq(j->jobs[i].path, path))
                        r = end_job(j, &j->jobs[i], result);
        return r < 0 ? r : 0;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        NsunitsJobs *j = userdata;

        j->asked = sd_bus_slot_unref(j->asked);
        j->refused = sd_bus_message_is_method_error(m, NULL);
        return 0;
}

static int match(NsunitsJobs *j) {
        j->manager = j->connection->managers;
        j->asked = sd_bus_slot_unref(j->asked);
        j->refused = false;
        return connection_match(j->connection, BUS_PATH, BUS_MANAGER_INTERFACE, "JobRemoved", on_job_removed,
                                j, &j->match);
}

/* Of the jobs that are asked for afterwards on the same connection none can end before the manager has read
 * this: its answer is not waited for. */
static int subscribe(NsunitsJobs *j) {
        Nsunits *n = j->connection;
        int r;

        r = match(j);
        if (r < 0)
                return r;
        if (!n->socket)
                return connection_subscribe(n);
        r = sd_bus_call_method_async(n->bus, &j->asked, NULL, BUS_PATH, BUS_MANAGER_INTERFACE,
                                     "SubscribeToJobs", on_answer, j, NULL);
        return r < 0 ? connection_fail(n, r, NULL) : 0;
}

int nsunits_jobs_new(Nsunits *n, NsunitsJobs **ret) {
        autoptr(NsunitsJobs) j = calloc(1, sizeof(*j));
        int r;

        if (!j)
                return connection_fail(n, -ENOMEM, NULL);
        j->connection = n;
        r = subscribe(j);
        if (r < 0)
                return r;
        *ret = take_ptr(j);
        return 0;
}

NsunitsJobs *nsunits_jobs_free(NsunitsJobs *j) {
        if (!j)
                return NULL;

        for (size_t i = 0; i < j->n; i++) {
                free(j->jobs[i].path);
                free(j->jobs[i].unit);
                free(j->jobs[i].result);
        }
        free(j->jobs);
        sd_bus_slot_unref(j->match);
        sd_bus_slot_unref(j->asked);
        free(j);
        return NULL;
}

static int add(NsunitsJobs *j, const char *path, const char *unit) {
        autofree char *path_copy = strdup(path), *unit_copy = strdup(unit);
        Job *grown = reallocarray(j->jobs, j->n + 1, sizeof(*grown));

        if (grown)
                j->jobs = grown;
        if (!grown || !path_copy || !unit_copy)
                return connection_fail(j->connection, -ENOMEM, NULL);
        j->jobs[j->n++] = (Job){ take_ptr(path_copy), take_ptr(unit_copy), NULL };
        /* There was nothing to do. */
        return streq(path, "/") ? end_job(j, &j->jobs[j->n - 1], "done") : 0;
}

int nsunits_jobs_add(NsunitsJobs *j, const char *path, const char *unit) {
        j->unsure |= j->asked != NULL;
        return add(j, path, unit);
}

int nsunits_jobs_request(NsunitsJobs *j, const char *method, const char *unit, const char *mode) {
        sd_bus_message *reply = NULL;
        const char *path;
        int r;

        r = connection_call(j->connection, NULL, NULL, method, &reply, "ss", unit, mode);
        if (r >= 0) {
                r = sd_bus_message_read(reply, "o", &path);
                r = r < 0 ? connection_fail(j->connection, r, NULL) : add(j, path, unit);
        }
        sd_bus_message_unref(reply);
        return r;
}

/* The answer has one path for each name. */
static int add_all(NsunitsJobs *j, sd_bus_message *reply, char *const *units) {
        const char *path;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "o");
        for (size_t i = 0; r >= 0 && units[i]; i++) {
                r = sd_bus_message_read(reply, "o", &path);
                if (r == 0)
                        r = -EBADMSG;
                if (r > 0)
                        r = add(j, path, units[i]);
        }
        return r < 0 ? connection_fail(j->connection, r, NULL) : 0;
}

int nsunits_jobs_request_all(NsunitsJobs *j, const char *method, char *const *units, const char *mode) {
        sd_bus_message *m = NULL, *reply = NULL;
        int r;

        r = connection_call_new(j->connection, NULL, NULL, method, &m);
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **) units);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", mode);
        r = connection_call_message(j->connection, r, m, &reply);
        if (r >= 0)
                r = add_all(j, reply, units);
        sd_bus_message_unref(m);
        sd_bus_message_unref(reply);
        return r;
}

/* -ENOENT: this manager knows nothing of it. */
static int ask_result(NsunitsJobs *j, Job *job) {
        const char *number = strrchr(job->path, '/'), *result;
        sd_bus_message *reply = NULL;
        int r;

        r = connection_call(j->connection, NULL, NULL, "GetJobResult", &reply, "u",
                            (uint32_t) strtoul(number ? number + 1 : "", NULL, 10));
        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &result);
        if (r >= 0 && result[0])
                r = end_job(j, job, result);
        sd_bus_message_unref(reply);
        return r;
}

/* The manager was killed, upgraded or restarted, and the next one goes on with the jobs; or it is one that
 * tells of jobs only those who want to know all; or a job was there before it was asked for. */
static int go_on(NsunitsJobs *j, bool lost) {
        int r = lost ? nsunits_reopen(j->connection) : 0;

        j->unsure = false;
        if (r >= 0 && (lost || j->refused || j->manager != j->connection->managers)) {
                r = match(j);
                if (r >= 0)
                        r = connection_subscribe(j->connection);
        }
        for (size_t i = 0; r >= 0 && i < j->n; i++)
                if (!j->jobs[i].result)
                        r = ask_result(j, &j->jobs[i]);
        return r;
}

static bool may_miss_ends(const NsunitsJobs *j) {
        return j->refused || j->unsure || j->manager != j->connection->managers;
}

int nsunits_jobs_wait(NsunitsJobs *j, uint64_t timeout) {
        const usec_t begun = clock_now(CLOCK_MONOTONIC), end = usec_add(begun, timeout);
        Nsunits *n = j->connection;

        while (j->n_ended < j->n) {
                const usec_t now = clock_now(CLOCK_MONOTONIC);
                int r = nsunits_process(n, timeout == NSUNITS_FOREVER ? UINT64_MAX : end - MIN_OF(now, end));

                bool lost = n->socket && connection_is_lost(r);

                while (lost || (r >= 0 && may_miss_ends(j))) {
                        r = go_on(j, lost);
                        lost = n->socket && connection_is_lost(r);
                }
                if (r == -ETIMEDOUT || r == -ENOENT)
                        return connection_fail(n, -ECONNRESET, NULL);
                if (r < 0)
                        return r;
                if (j->n_ended < j->n && now >= end)
                        return connection_fail(n, -ETIMEDOUT, NULL);
        }
        return 0;
}

int nsunits_jobs_next(const NsunitsJobs *j, size_t *i, const char **ret_unit, const char **ret_result) {
        if (*i >= j->n)
                return 0;
        *ret_unit = j->jobs[*i].unit;
        *ret_result = j->jobs[*i].result;
        (*i)++;
        return 1;
}

static int fail_by_result(Nsunits *n, const char *unit, const char *result) {
        char *words;

        if (streq(result, "done") || streq(result, "skipped"))
                return 0;
        if (asprintf(&words, "%s: the job has ended as \"%s\"", unit, result) < 0)
                words = NULL;
        return connection_fail(n, streq(result, "canceled") ? -ECANCELED : -EIO, words);
}

static int run_job(Nsunits *n, const char *method, const char *unit) {
        autoptr(NsunitsJobs) j = NULL;
        int r;

        r = nsunits_jobs_new(n, &j);
        if (r >= 0)
                r = nsunits_jobs_request(j, method, unit, "replace");
        if (r >= 0)
                r = nsunits_jobs_wait(j, NSUNITS_FOREVER);
        return r < 0 ? r : fail_by_result(n, unit, j->jobs[0].result);
}

int nsunits_start(Nsunits *n, const char *unit) {
        return run_job(n, "StartUnit", unit);
}

int nsunits_stop(Nsunits *n, const char *unit) {
        return run_job(n, "StopUnit", unit);
}

int nsunits_restart(Nsunits *n, const char *unit) {
        return run_job(n, "RestartUnit", unit);
}

int nsunits_reload(Nsunits *n, const char *unit) {
        return run_job(n, "ReloadUnit", unit);
}
