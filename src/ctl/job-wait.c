/* Waiting for jobs without a gap. */
#include <stdlib.h>
#include <string.h>

#include "ctl/job-wait.h"

typedef struct WaitedJob {
        char *path, *unit;
        char *result; /* NULL while it has not ended */
} WaitedJob;

struct JobWait {
        sd_bus *bus; /* borrowed */
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

int job_wait_new(Ctl *c, sd_bus_error *error, JobWait **ret) {
        autoptr(JobWait) w = NULL;
        int r;

        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        w->bus = c->bus;

        r = sd_bus_match_signal(c->bus, &w->match, client_destination(c), BUS_PATH, BUS_MANAGER_INTERFACE,
                                "JobRemoved", on_job_removed, w);
        if (r < 0)
                return r;
        r = client_call(c, NULL, NULL, "Subscribe", error, NULL, NULL);
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

int job_wait_run(JobWait *w) {
        int r;

        while (w->n_ended < w->n_jobs) {
                r = sd_bus_process(w->bus, NULL);
                if (r < 0)
                        return r;
                if (r == 0)
                        r = sd_bus_wait(w->bus, UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return r;
                if (sd_bus_is_open(w->bus) <= 0)
                        return -ECONNRESET;
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
