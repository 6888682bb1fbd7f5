/* nsctl start, trigger, stop, restart, reload and their kin: one transaction for all units, and the wait for
 * its end. */
#include <string.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/explain.h"

static const struct {
        const char *verb, *method, *failed;
} jobs[] = {
        { "start", "StartUnits", "did not start" },
        { "trigger", "TriggerUnits", "did not start" },
        { "stop", "StopUnits", "did not stop" },
        { "restart", "RestartUnits", "did not restart" },
        { "try-restart", "TryRestartUnits", "did not restart" },
        { "reload", "ReloadUnits", "did not reload" },
        { "reload-or-restart", "ReloadOrRestartUnits", "did not reload" },
        { "try-reload-or-restart", "ReloadOrTryRestartUnits", "did not reload" },
};

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

static int report(Ctl *c, const NsunitsJobs *w, const char *failed) {
        const char *unit, *result;
        int status = STATUS_OK;
        size_t i = 0;

        while (client_jobs_next_failed(w, &i, &unit, &result)) {
                autofree char *why = reason(c, unit, result);

                status = ctl_error("%s %s: %s", unit, failed, why ? why : result);
                if (streq(result, "failed") && !c->options.quiet)
                        fprintf(stderr, "\"nsctl status %s\" and \"nsctl logs %s\" tell more.\n", unit, unit);
        }
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
        size_t k = 0;
        int r = 0;

        while (!streq(jobs[k].verb, words[0]))
                k++;

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
                r = enqueue(c, jobs[k].method, names, mode, &error);
        else {
                r = client_jobs_new(c, &error, &wait);
                if (r == 0)
                        r = client_jobs_request(c, wait, jobs[k].method, names, mode, &error);
                if (r == 0)
                        r = client_jobs_wait(c, wait);
        }
        if (r < 0)
                return client_failure(title, r, &error);

        if (stops_by_service)
                return report_failed(c, words + 1);
        return wait ? report(c, wait, jobs[k].failed) : STATUS_OK;
}
