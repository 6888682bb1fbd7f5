/* nsctl events: what happens to units and jobs, line by line, as the manager tells it. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "basic/strv.h"
#include "ctl/bus-json.h"
#include "ctl/client.h"
#include "ctl/explain.h"
#include "ctl/text.h"

typedef struct Events {
        Ctl *c;
        char **patterns; /* NULL = all units */
        json_t *last;    /* by unit: the words that were printed last */
} Events;

static bool is_wanted(const Events *e, const char *unit) {
        STRV_FOREACH (p, e->patterns)
                if (fnmatch(*p, unit, 0) == 0)
                        return true;
        return !e->patterns;
}

/* @details is taken over; NULL when there are none. */
static void print(Events *e, const char *what, const char *unit, const char *words, json_t *details) {
        usec_t now = clock_now(CLOCK_REALTIME);
        autojson json_t *o = details ? details : json_object();
        autofree char *visible = text_escape(words);
        time_t seconds = (time_t) (now / USEC_PER_SEC);
        char clock[32] = "";
        struct tm tm;

        if (e->c->options.json) {
                (void) json_object_set_new(o, "time", json_integer((json_int_t) now));
                (void) json_object_set_new(o, "event", json_string(what));
                if (unit[0])
                        (void) json_object_set_new(o, "unit", json_string(unit));
                (void) json_dumpf(o, stdout, JSON_COMPACT | JSON_SORT_KEYS);
                putchar('\n');
        } else {
                if (localtime_r(&seconds, &tm))
                        (void) strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
                printf("%s.%03u %s%s%s: %s\n", clock, (unsigned) (now / USEC_PER_MSEC % 1000), unit,
                       unit[0] ? " " : "", what, strempty(visible));
        }
        (void) fflush(stdout);
}

/* "active (running), main PID 12, restarted 3 times, healthy: serving" */
static char *state_words(const json_t *p) {
        const char *active = property_string(p, "ActiveState"), *health = property_string(p, "HealthState");
        const char *status = property_string(p, "StatusText");
        json_int_t pid = property_number(p, "MainPID"), restarts = property_number(p, "NRestarts");
        autostrv char **parts = NULL;

        (void) strv_addf(&parts, "%s (%s)", active,
                         property_string(p, streq(active, "failed") ? "Result" : "SubState"));
        if (pid > 0)
                (void) strv_addf(&parts, "main PID %" JSON_INTEGER_FORMAT, pid);
        if (restarts > 0)
                (void) strv_addf(&parts, "%" JSON_INTEGER_FORMAT " restart%s", restarts,
                                 restarts == 1 ? "" : "s");
        if (health[0])
                (void) strv_add(&parts, health);
        if (status[0])
                (void) strv_addf(&parts, "\"%s\"", status);
        return strv_join(parts, ", ");
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *unit = NULL, *words = NULL;
        json_t *properties = NULL;
        const char *interface;
        Events *e = userdata;
        int r;

        r = sd_bus_message_read(m, "s", &interface);
        if (r < 0 || !streq(interface, BUS_UNIT_INTERFACE))
                return 0;
        r = sd_bus_path_decode(sd_bus_message_get_path(m), BUS_UNIT_PREFIX, &unit);
        if (r > 0)
                r = bus_json_read(m, &properties);
        if (r <= 0 || !is_wanted(e, unit)) {
                json_decref(properties);
                return 0;
        }

        /* The manager tells of the same state more than once, when something else has changed. */
        words = state_words(properties);
        if (!words || streq_null(json_string_value(json_object_get(e->last, unit)), words)) {
                json_decref(properties);
                return 0;
        }
        (void) json_object_set_new(e->last, unit, json_string(words));
        print(e, "state", unit, words, properties);
        return 0;
}

static int on_job(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        bool ends = sd_bus_message_is_signal(m, NULL, "JobRemoved") > 0;
        const char *unit, *result = "";
        autofree char *words = NULL;
        Events *e = userdata;
        uint32_t id;
        int r;

        r = ends ? sd_bus_message_read(m, "uoss", &id, NULL, &unit, &result)
                 : sd_bus_message_read(m, "uos", &id, NULL, &unit);
        if (r < 0 || !is_wanted(e, unit))
                return 0;
        if (asprintf(&words, ends ? "job %u has ended: %s" : "job %u is new%s", id, result) < 0)
                return 0;
        print(e, ends ? "job-removed" : "job-new", unit, words,
              ends ? json_pack("{s:I, s:s}", "job", (json_int_t) id, "result", result)
                   : json_pack("{s:I}", "job", (json_int_t) id));
        return 0;
}

static int on_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        bool new = sd_bus_message_is_signal(m, NULL, "UnitNew") > 0;
        Events *e = userdata;
        const char *unit;

        if (sd_bus_message_read(m, "so", &unit, NULL) < 0 || !is_wanted(e, unit))
                return 0;
        print(e, new ? "unit-new" : "unit-removed", unit, new ? "is known now" : "is not known any more",
              NULL);
        return 0;
}

static int on_reloading(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Events *e = userdata;
        int begins;

        if (sd_bus_message_read(m, "b", &begins) >= 0 && !e->patterns)
                print(e, "reload", "", begins ? "unit files are read again" : "all unit files have been read",
                      json_pack("{s:b}", "begins", begins));
        return 0;
}

static int subscribe(Events *e, sd_bus_error *error) {
        static const struct {
                const char *interface, *member;
                sd_bus_message_handler_t handler;
        } signals[] = {
                { "org.freedesktop.DBus.Properties", "PropertiesChanged", on_changed },
                { BUS_MANAGER_INTERFACE, "JobNew", on_job },
                { BUS_MANAGER_INTERFACE, "JobRemoved", on_job },
                { BUS_MANAGER_INTERFACE, "UnitNew", on_unit },
                { BUS_MANAGER_INTERFACE, "UnitRemoved", on_unit },
                { BUS_MANAGER_INTERFACE, "Reloading", on_reloading },
        };
        Ctl *c = e->c;

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                int r = sd_bus_match_signal(c->bus, NULL, client_destination(c), NULL, signals[i].interface,
                                            signals[i].member, signals[i].handler, e);

                if (r < 0)
                        return r;
        }
        return client_call(c, NULL, NULL, "Subscribe", error, NULL, NULL);
}

static int serve(sd_bus *bus) {
        int r;

        for (;;) {
                while ((r = sd_bus_process(bus, NULL)) > 0)
                        ;
                if (r >= 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return r;
        }
}

int verb_events(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *last = json_object();
        autostrv char **patterns = NULL;
        Events e = { .c = c, .last = last };
        int r;

        if (!last || client_open(c) < 0)
                return STATUS_FAILED;
        STRV_FOREACH (w, words + 1) {
                autofree char *name = NULL;

                r = strpbrk(*w, "*?[") ? strv_add(&patterns, *w) : ctl_unit_name(*w, &name);
                if (r == 0 && name)
                        r = strv_add(&patterns, name);
                if (r < 0)
                        return STATUS_FAILED;
        }
        e.patterns = patterns;

        r = subscribe(&e, &error);
        if (r < 0)
                return client_failure("events", r, &error);
        (void) serve(c->bus);
        return ctl_error("the connection to the manager broke off");
}
