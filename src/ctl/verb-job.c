/* nsctl start, trigger, stop, restart, reload and their kin: one transaction for all units, and the wait for
 * its end. */
#include <string.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/explain.h"

typedef struct JobVerb {
        const char *name, *method, *failed;
} JobVerb;

static const JobVerb *find_verb(const char *name) {
        static const JobVerb table[] = {
#define JOB_VERB(verb, method, failed) { verb, method, failed },
#include "ctl/job-verbs.def"
#undef JOB_VERB
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(table[i].name, name))
                        return &table[i];
        return NULL;
}

/* Without a wait for the jobs' ends. */
static int enqueue(Ctl *c, const char *method, char **names, const char *mode, sd_bus_error *error) {
        automessage sd_bus_message *m = NULL;
        int r;

        r = client_message_new(c, method, &m);
        if (r >= 0)
                r = sd_bus_message_append_strv(m, names);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", mode);
        return r < 0 ? r : client_call_message(c, m, error, NULL);
}

static char *reason(Ctl *c, const char *unit, const char *result) {
        static const struct {
                const char *result, *words;
        } fixed[] = {
                { "dependency", "a unit that it requires did not start" },
                { "canceled", "the job was canceled, another one took its place" },
                { "invalid", "it does not run" },
                { "assert", "an Assert...= of its unit file is not met" },
        };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *properties = NULL;
        int r = client_unit_properties(c, unit, &error, &properties);
        const char *failure = r < 0 ? "" : property_string(properties, "Failure");

        /* Units of the host are in nobody's list, so the one that is to blame is named. */
        if (streq(result, "dependency") && startswith(failure, "host unit "))
                return strdup(failure);
        for (size_t i = 0; i < ELEMENTSOF(fixed); i++)
                if (streq(result, fixed[i].result))
                        return strdup(fixed[i].words);
        if (r < 0)
                return strdup(result);
        /* The unit itself has not run into a time-out. */
        if (streq(result, "timeout") && streq(property_string(properties, "Result"), "success"))
                return strdup("the job took longer than its time-out allows");
        return explain_start_failure(properties);
}

/* Returns the exit status. */
static int report(Ctl *c, const JobVerb *verb, const char *unit, const char *result) {
        autofree char *why = reason(c, unit, result);
        int status = ctl_error("%s %s: %s", unit, verb->failed, why ? why : result);

        if (streq(result, "failed") && !c->options.quiet)
                fprintf(stderr, "\"nsctl status %s\" and \"nsctl logs %s\" tell more.\n", unit, unit);
        return status;
}

static int report_all(Ctl *c, const JobVerb *verb, const NsunitsJobs *w) {
        const char *unit, *result;
        int status = STATUS_OK;
        size_t i = 0;

        while (client_jobs_next_failed(w, &i, &unit, &result))
                status = report(c, verb, unit, result);
        return status;
}

/* Of what a service of systemd asks for because the manager has asked systemd: which units are left to be
 * started or stopped. A manager that does not know the question has not asked.
 */
static void drop_settled(Ctl *c, char **names, bool start) {
        size_t n = 0;

        for (size_t i = 0; names[i]; i++) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                automessage sd_bus_message *m = NULL, *reply = NULL;
                int r, proceed = true;

                r = client_message_new(c, "AskedByService", &m);
                if (r >= 0)
                        r = sd_bus_message_append(m, "sb", names[i], start);
                if (r >= 0 && client_call_message(c, m, &error, &reply) >= 0)
                        (void) sd_bus_message_read(reply, "b", &proceed);
                if (proceed)
                        names[n++] = names[i];
                else
                        free(names[i]);
        }
        names[n] = NULL;
}

/* The exit status by which a service of systemd fails as its unit has. */
static int report_failed(Ctl *c, char **words) {
        autostrv char **names = NULL;
        int status = STATUS_OK;

        if (client_unit_names(c, words, &names) < 0)
                return STATUS_FAILED;
        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                autojson json_t *properties = NULL;

                if (client_unit_properties(c, *name, &error, &properties) >= 0 &&
                    streq(property_string(properties, "ActiveState"), "failed"))
                        status = ctl_error("%s has failed: %s", *name, property_string(properties, "Result"));
        }
        return status;
}

int verb_job(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *mode = c->options.job_mode ? c->options.job_mode : "replace";
        autofree char *title = NULL;
        autostrv char **names = NULL;
        autoptr(NsunitsJobs) wait = NULL;
        bool stops_by_service = c->options.by_service && streq(words[0], "stop");
        const JobVerb *verb = find_verb(words[0]);
        int r = 0;

        if (!words[1] && !c->options.all)
                return ctl_error("%s: name units, or give --all", words[0]);
        if (client_open(c) < 0 || client_unit_names(c, words + 1, &names) < 0)
                return STATUS_FAILED;
        if (c->options.by_service && names)
                drop_settled(c, names, !stops_by_service);
        if (!names || !names[0])
                return c->options.by_service ? report_failed(c, words + 1) : STATUS_OK;
        if (asprintf(&title, "cannot %s", words[0]) < 0)
                return STATUS_FAILED;

        if (c->options.no_block)
                r = enqueue(c, verb->method, names, mode, &error);
        else {
                r = client_jobs_new(c, &error, &wait);
                if (r == 0)
                        r = client_jobs_request(c, wait, verb->method, names, mode, &error);
                if (r == 0)
                        r = client_jobs_wait(c, wait);
        }
        if (r < 0)
                return client_failure(title, r, &error);

        if (stops_by_service)
                return report_failed(c, words + 1);
        return wait ? report_all(c, verb, wait) : STATUS_OK;
}

/* Those whose end is not known. Their results follow in the same order. */
static int wait_for_rest(Ctl *c, char *const *jobs, sd_bus_error *error, NsunitsJobs **ret) {
        autoptr(NsunitsJobs) wait = NULL;
        int r;

        r = client_open_again(c);
        if (r >= 0)
                r = client_jobs_new(c, error, &wait);
        for (size_t i = 0; r >= 0 && jobs[i]; i += 3) {
                char path[sizeof(BUS_JOB_PREFIX) + 16];

                (void) snprintf(path, sizeof(path), BUS_JOB_PREFIX "/%.12s", jobs[i + 1]);
                if (!jobs[i + 2][0])
                        r = nsunits_jobs_add(wait, path, jobs[i]);
        }
        if (r >= 0)
                r = client_jobs_wait(c, wait);
        if (r >= 0)
                *ret = take_ptr(wait);
        return r;
}

int jobs_go_on(Ctl *c, char **words) {
        const JobVerb *verb = words[0] ? find_verb(words[0]) : NULL;
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autofree char *title = NULL;
        autoptr(NsunitsJobs) rest = NULL;
        int status = STATUS_OK, r;
        size_t next = 0;

        if (!verb || (strv_length(words) - 1) % 3 != 0)
                return ctl_error("the program that calls this one is of another version");
        if (asprintf(&title, "cannot %s", verb->name) < 0) {
                title = NULL;
                return STATUS_FAILED;
        }
        r = words[1] ? wait_for_rest(c, words + 1, &error, &rest) : -ECONNRESET;
        if (r < 0)
                return client_failure(title, r, &error);

        for (char **job = words + 1; *job; job += 3) {
                const char *unit = job[0], *result = job[2];

                if (!result[0] && nsunits_jobs_next(rest, &next, &unit, &result) <= 0)
                        break;
                if (client_job_has_failed(result))
                        status = report(c, verb, unit, result);
        }
        return status;
}
