/* See why.h. Each function looks at one thing and adds what it has found. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "basic/unit-name.h"
#include "ctl/bus-json.h"
#include "ctl/explain.h"
#include "ctl/text.h"
#include "ctl/why.h"

typedef struct Why {
        Ctl *c;
        const char *name;
        const json_t *p; /* its properties */
        json_t *findings;
} Why;

PRINTF_LIKE(3, 4)
static void add(Why *w, const char *about, const char *fmt, ...) {
        autofree char *text = NULL;
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vasprintf(&text, fmt, ap);
        va_end(ap);
        if (n < 0)
                text = NULL;
        else
                (void) json_array_append_new(w->findings,
                                             json_pack("{s:s, s:s}", "about", about, "text", text));
}

static bool is_state(const json_t *p, const char *state) {
        return streq(property_string(p, "ActiveState"), state);
}

static bool is_at_rest(const json_t *p) {
        return is_state(p, "inactive") || is_state(p, "failed");
}

static void look_at_file(Why *w) {
        const char *load = property_string(w->p, "LoadState");
        const char *error =
                strempty(json_string_value(json_array_get(json_object_get(w->p, "LoadError"), 1)));

        if (streq(load, "not-found"))
                add(w, "file", "there is no unit file of this name");
        else if (streq(load, "masked"))
                add(w, "file", "it is masked and cannot be started; \"nsctl unmask %s\" takes that back",
                    w->name);
        else if (streq(load, "bad-setting"))
                add(w, "file", "its unit file has mistakes: %.*s", (int) strcspn(error, "\n"), error);
        if (json_is_true(json_object_get(w->p, "NeedDaemonReload")))
                add(w, "file",
                    "it has changed on disk since it was read; \"nsctl daemon-reload\" reads it again");
}

/* What a job waits for: other jobs, or the unit itself. */
static int look_at_job(Why *w, sd_bus_error *error) {
        automessage sd_bus_message *reply = NULL;
        uint32_t id = (uint32_t) json_integer_value(json_array_get(json_object_get(w->p, "Job"), 0)), other;
        const char *unit, *type, *state, *own = property_string(w->p, "JobType");
        bool waits = false;
        int r;

        if (id == 0)
                return 0;
        r = client_call(w->c, NULL, NULL, "GetJobAfter", error, &reply, "u", id);
        if (r < 0)
                return sd_bus_error_has_name(error, BUS_ERROR_NO_SUCH_JOB) ? 0 : r;

        r = sd_bus_message_enter_container(reply, 'a', "(usssoo)");
        while (r >= 0 &&
               (r = sd_bus_message_read(reply, "(usssoo)", &other, &unit, &type, &state, NULL, NULL)) > 0) {
                waits = true;
                add(w, "job", "job %u (%s) waits for job %u (%s) of %s, which is %s", id, own, other, type,
                    unit, state);
        }
        if (r >= 0 && !waits)
                add(w, "job", "job %u (%s) is running", id, own);
        return r;
}

static void look_at_conditions(Why *w) {
        const char *unmet = property_string(w->p, "UnmetCondition");

        if (!is_at_rest(w->p) || !unmet[0])
                return;
        add(w, "condition",
            startswith(unmet, "Assert") ? "the last start failed: %s is not met"
                                        : "the last start was skipped: %s is not met",
            unmet);
}

/* Units of the host are systemd's business; "db.service" is told as "db.container" like one of ours. */
static void look_at_missing(Why *w, const char *key, const char *other) {
        autofree char *service = NULL;

        if (unit_name_kind(other) >= 0 && unit_name_to_service(other, &service) == 0)
                add(w, "dependency",
                    "%s (%s=) has no unit file; if the host's %s is meant, \"systemctl status\" tells of it",
                    other, key, service);
}

/* One of the units that it cannot do without. */
static int look_at_other(Why *w, const char *key, const char *other) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autofree char *why = NULL;
        autojson json_t *p = NULL;
        int r;

        r = client_unit_properties(w->c, other, &error, &p);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        if (streq(property_string(p, "LoadState"), "not-found"))
                look_at_missing(w, key, other);
        else if (is_state(p, "failed")) {
                why = explain_start_failure(p);
                add(w, "dependency", "%s (%s=) has failed: %s", other, key, strempty(why));
        } else if (is_state(p, "inactive"))
                add(w, "dependency", "%s (%s=) is not active", other, key);
        else if (is_state(p, "activating"))
                add(w, "dependency", "%s (%s=) is still being started", other, key);
        return 0;
}

static int look_at_dependencies(Why *w) {
        static const char *const keys[] = { "Requires", "Requisite", "BindsTo" };

        if (is_state(w->p, "active"))
                return 0;
        for (size_t k = 0; k < ELEMENTSOF(keys); k++) {
                const json_t *other, *list = json_object_get(w->p, keys[k]);
                size_t i;

                json_array_foreach(list, i, other) {
                        int r = look_at_other(w, keys[k], strempty(json_string_value(other)));

                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static void look_at_health(Why *w) {
        const char *state = property_string(w->p, "HealthState"),
                   *output = property_string(w->p, "HealthOutput");
        json_int_t streak = property_number(w->p, "HealthFailingStreak");

        if (!state[0] || (streq(state, "healthy") && streak == 0))
                return;
        add(w, "health", "%s, %" JSON_INTEGER_FORMAT " failures in a row%s%s", state, streak,
            output[0] ? ": " : "", output);
}

static void look_at_restart(Why *w) {
        usec_t due = (usec_t) property_number(w->p, "StateTimeoutTimestamp"), now = clock_now(CLOCK_REALTIME);
        json_int_t restarts = property_number(w->p, "NRestarts");
        char span[TEXT_MAX];

        if (streq(property_string(w->p, "SubState"), "auto-restart"))
                add(w, "restart", "it is started again in %s, for the %" JSON_INTEGER_FORMAT ". time",
                    text_span_rough(due > now ? due - now : 0, span), restarts + 1);
        else if (restarts > 0)
                add(w, "restart",
                    "it was started again %" JSON_INTEGER_FORMAT " time%s since the last manual start",
                    restarts, restarts == 1 ? "" : "s");
}

/* When its timer starts it. */
static int look_at_timer(Why *w, sd_bus_error *error) {
        usec_t now = clock_now(CLOCK_REALTIME), next;
        autojson json_t *rows = NULL;
        char when[TEXT_MAX], span[TEXT_MAX];
        const json_t *row;
        size_t i;
        int r;

        if (!streq(property_string(w->p, "SubState"), "waiting"))
                return 0;
        r = client_query_json(w->c, "ListTimers", NULL, error, &rows);
        if (r < 0)
                return r;
        json_array_foreach(rows, i, row) {
                if (!streq(property_string(row, "unit"), w->name))
                        continue;
                next = (usec_t) json_integer_value(json_object_get(row, "next"));
                if (next == 0)
                        add(w, "timer", "it waits for its timer, which does not come any more");
                else
                        add(w, "timer", "it waits for its timer, which starts it in %s, %s",
                            text_span_rough(next > now ? next - now : 0, span), text_timestamp(next, when));
        }
        return 0;
}

static void look_at_limit(Why *w) {
        json_int_t burst = property_number(w->p, "StartLimitBurst"),
                   count = property_number(w->p, "StartLimitCount");
        usec_t interval = (usec_t) property_number(w->p, "StartLimitIntervalUSec");
        char span[TEXT_MAX];

        (void) text_span_rough(interval, span);
        if (json_is_true(json_object_get(w->p, "StartLimitHit")))
                add(w, "limit",
                    "it was started too often: %" JSON_INTEGER_FORMAT
                    " starts in %s are allowed; \"nsctl reset-failed %s\" forgives",
                    burst, span, w->name);
        else if (count > 1 && burst > 0)
                add(w, "limit",
                    "%" JSON_INTEGER_FORMAT " of the %" JSON_INTEGER_FORMAT
                    " starts that are allowed in %s are used",
                    count, burst, span);
}

/* Its own words: of a start that failed, or a change that could not reach it. */
static void look_at_failure(Why *w) {
        const char *failure = property_string(w->p, "Failure");

        if (failure[0] && !json_is_true(json_object_get(w->p, "StartLimitHit")))
                add(w, is_state(w->p, "active") ? "change" : "failure", "%s", failure);
}

static void look_at_frozen(Why *w) {
        if (streq(property_string(w->p, "FreezerState"), "frozen"))
                add(w, "freezer", "its processes are frozen; \"nsctl thaw %s\" lets them go on", w->name);
}

/* Nothing at all was found of what does not run. */
static void look_at_silence(Why *w) {
        const char *enabled = property_string(w->p, "UnitFileState");

        if (json_array_size(w->findings) > 0 || !is_state(w->p, "inactive") ||
            json_array_size(json_object_get(w->p, "Deaths")) > 0)
                return;
        if (property_number(w->p, "InactiveEnterTimestamp") > 0)
                add(w, "start", "it has ended well or was stopped, and nothing has asked for it since");
        else
                add(w, "start", "nothing has asked for it%s",
                    streq(enabled, "enabled") ? "; its [Install] has it started at the next boot" : "");
}

int why_collect(Ctl *c, const char *name, sd_bus_error *error, json_t **ret) {
        autojson json_t *p = NULL, *findings = json_array();
        const json_t *deaths;
        json_t *o;
        int r;

        r = client_unit_properties(c, name, error, &p);
        if (r < 0)
                return r;

        Why w = { .c = c, .name = name, .p = p, .findings = findings };
        look_at_file(&w);
        r = look_at_job(&w, error);
        if (r < 0)
                return r;
        look_at_conditions(&w);
        r = look_at_dependencies(&w);
        if (r < 0)
                return r;
        r = look_at_timer(&w, error);
        if (r < 0)
                return r;
        look_at_failure(&w);
        look_at_limit(&w);
        look_at_restart(&w);
        look_at_health(&w);
        look_at_frozen(&w);
        look_at_silence(&w);

        deaths = json_object_get(p, "Deaths");
        o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:O}", "unit", name, "load",
                      property_string(p, "LoadState"), "active", property_string(p, "ActiveState"), "sub",
                      property_string(p, "SubState"), "result", property_string(p, "Result"), "since",
                      property_number(p, "StateChangeTimestamp"), "findings", findings);
        if (!o)
                return -ENOMEM;
        if (json_array_size(deaths) > 0)
                (void) json_object_set(o, "death", json_array_get(deaths, json_array_size(deaths) - 1));
        *ret = o;
        return 0;
}
