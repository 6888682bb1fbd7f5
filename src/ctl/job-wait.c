/* Waiting for jobs without a gap. */
#include <stdlib.h>
#include <string.h>

#include "basic/parse.h"
#include "ctl/job-wait.h"

typedef struct WaitedJob {
        char *path, *unit;
        char *result; /* NULL while it has not ended */
} WaitedJob;

struct JobWait {
        Ctl *ctl;
        sd_bus_slot *match;
        WaitedJob *jobs;
        size_t n_jobs, n_ended;
};

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *path, *unit, *result;
        JobWait *w = userdata;
        int r;

        r = sd_bus_message_read(m, "uoss", NULL, &path, &unit, &result);
        if (r < 0)
                return r;

        /* Two names may have come to one job. */
        for (size_t i = 0; i < w->n_jobs; i++)
                if (!w->jobs[i].result && streq(w->jobs[i].path, path)) {
                        w->jobs[i].result = strdup(result);
                        if (!w->jobs[i].result)
                                return -ENOMEM;
                        w->n_ended++;
                }
        return 0;
}

static int subscribe(JobWait *w, sd_bus_error *error) {
        int r;

        w->match = sd_bus_slot_unref(w->match);
        r = sd_bus_match_signal(w->ctl->bus, &w->match, client_destination(w->ctl), BUS_PATH,
                                BUS_MANAGER_INTERFACE, "JobRemoved", on_job_removed, w);
        return r < 0 ? r : client_call(w->ctl, NULL, NULL, "Subscribe", error, NULL, NULL);
}

int job_wait_new(Ctl *c, sd_bus_error *error, JobWait **ret) {
        autoptr(JobWait) w = NULL;
        int r;

        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        w->ctl = c;

        r = subscribe(w, error);
        if (r < 0)
                return r;

        *ret = take_ptr(w);
        return 0;
}

void job_wait_free(JobWait *w) {
        if (!w)
                return;

        for (size_t i = 0; i < w->n_jobs; i++) {
                free(w->jobs[i].path);
                free(w->jobs[i].unit);
                free(w->jobs[i].result);
        }
        free(w->jobs);
        sd_bus_slot_unref(w->match);
        free(w);
}

int job_wait_add(JobWait *w, const char *path, const char *unit) {
        autofree char *path_copy = strdup(path), *unit_copy = strdup(unit);
        WaitedJob *grown;

        grown = realloc(w->jobs, (w->n_jobs + 1) * sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        w->jobs = grown;
        if (!path_copy || !unit_copy)
                return -ENOMEM;

        w->jobs[w->n_jobs++] = (WaitedJob){ take_ptr(path_copy), take_ptr(unit_copy), NULL };
        return 0;
}

/* -ENOENT: the new manager knows nothing of it. */
static int ask_result(JobWait *w, WaitedJob *job) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        const char *number = strrchr(job->path, '/'), *result;
        uint32_t id;
        int r;

        if (!number || parse_u32_range(number + 1, 1, UINT32_MAX, &id) < 0)
                return -EBADMSG;
        r = client_call(w->ctl, NULL, NULL, "GetJobResult", &error, &reply, "u", id);
        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &result);
        if (sd_bus_error_has_name(&error, BUS_ERROR_NO_SUCH_JOB))
                return -ENOENT;
        if (r < 0)
                return r;
        /* The signal may have told meanwhile. */
        if (job->result || streq(result, ""))
                return 0;
        job->result = strdup(result);
        w->n_ended++;
        return job->result ? 0 : -ENOMEM;
}

/* The manager was killed or upgraded; the next one goes on with the jobs. */
static int go_on(JobWait *w) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = client_reopen(w->ctl);
        if (r >= 0)
                r = subscribe(w, &error);
        for (size_t i = 0; r >= 0 && i < w->n_jobs; i++)
                if (!w->jobs[i].result)
                        r = ask_result(w, &w->jobs[i]);
        return r;
}

static bool is_lost(int r) {
        return r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE;
}

int job_wait_run(JobWait *w) {
        while (w->n_ended < w->n_jobs) {
                int r = sd_bus_process(w->ctl->bus, NULL);

                if (r == 0)
                        r = sd_bus_wait(w->ctl->bus, UINT64_MAX);
                if (is_lost(r) || sd_bus_is_open(w->ctl->bus) <= 0)
                        do
                                r = go_on(w);
                        while (is_lost(r));
                if (r == -ETIMEDOUT || r == -ENOENT)
                        return -ECONNRESET;
                if (r < 0 && r != -EINTR)
                        return r;
        }
        return 0;
}

int job_wait_next_failed(const JobWait *w, size_t *i, const char **ret_unit, const char **ret_result) {
        for (; *i < w->n_jobs; (*i)++) {
                const WaitedJob *j = &w->jobs[*i];

                if (!j->result || streq(j->result, "done") || streq(j->result, "skipped"))
                        continue;

                *ret_unit = j->unit;
                *ret_result = j->result;
                (*i)++;
                return 1;
        }
        return 0;
}
