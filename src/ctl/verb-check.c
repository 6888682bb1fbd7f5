/* nsctl is-active, is-failed: one word for each unit, and the exit status that scripts ask for. */
#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/explain.h"

/* The tally over all units that were named. */
typedef struct Tally {
        bool good, exists;
} Tally;

static int check(Ctl *c, char **names, bool (*is_good)(const char *state), Tally *ret) {
        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                autojson json_t *p = NULL;
                const char *state;
                int r;

                r = client_unit_properties(c, *name, &error, &p);
                if (r < 0)
                        return client_failure(*name, r, &error);

                state = property_string(p, "ActiveState");
                ret->exists |= !streq(property_string(p, "LoadState"), "not-found");
                ret->good |= is_good(state);
                if (!c->options.quiet)
                        puts(state);
        }
        return STATUS_OK;
}

static bool is_active(const char *state) {
        return streq(state, "active") || streq(state, "reloading");
}

static bool is_failed(const char *state) {
        return streq(state, "failed");
}

int verb_is_active(Ctl *c, char **words) {
        autostrv char **names = NULL;
        Tally t = {};
        int status;

        if (ctl_unit_names(words + 1, &names) < 0 || client_open(c) < 0)
                return STATUS_FAILED;

        status = check(c, names, is_active, &t);
        if (status != STATUS_OK)
                return status;
        return t.good ? STATUS_OK : t.exists ? STATUS_NOT_ACTIVE : STATUS_NO_UNIT;
}

/* Without a unit: has any failed? */
static int system_failed(Ctl *c) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autofree char *state = NULL;
        int r;

        r = sd_bus_get_property_string(c->bus, client_destination(c), BUS_PATH, BUS_MANAGER_INTERFACE,
                                       "SystemState", &error, &state);
        if (r < 0)
                return client_failure("is-failed", r, &error);

        if (!c->options.quiet)
                puts(state);
        return streq(state, "degraded") ? STATUS_OK : STATUS_FAILED;
}

int verb_is_failed(Ctl *c, char **words) {
        autostrv char **names = NULL;
        Tally t = {};
        int status;

        if (ctl_unit_names(words + 1, &names) < 0 || client_open(c) < 0)
                return STATUS_FAILED;
        if (!names)
                return system_failed(c);

        status = check(c, names, is_failed, &t);
        if (status != STATUS_OK)
                return status;
        return t.good ? STATUS_OK : t.exists ? STATUS_FAILED : STATUS_NO_UNIT;
}
