/* nsctl is-active, is-failed: one word for each unit, and the exit status that scripts ask for. */
#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/explain.h"

typedef struct CheckVerb {
        const char *name, *good, * or ;
        int otherwise;
} CheckVerb;

static int check(Ctl *c, const char *word, char **names) {
        static const CheckVerb table[] = {
#define CHECK_VERB(name, good, or, otherwise) { name, good, or, otherwise },
#include "ctl/check-verbs.def"
#undef CHECK_VERB
        };
        const CheckVerb *verb = table;
        bool good = false, exists = false;

        while (!streq(verb->name, word))
                verb++;
        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                autojson json_t *p = NULL;
                const char *state;
                int r;

                r = client_unit_properties(c, *name, &error, &p);
                if (r < 0)
                        return client_failure(*name, r, &error);

                state = property_string(p, "ActiveState");
                exists |= !streq(property_string(p, "LoadState"), "not-found");
                good |= streq(state, verb->good) || streq(state, verb->or);
                if (!c->options.quiet)
                        puts(state);
        }
        return good ? STATUS_OK : exists ? verb->otherwise : STATUS_NO_UNIT;
}

int verb_is_active(Ctl *c, char **words) {
        autostrv char **names = NULL;

        if (ctl_unit_names(words + 1, &names) < 0 || client_open(c) < 0)
                return STATUS_FAILED;
        return check(c, words[0], names);
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

        if (ctl_unit_names(words + 1, &names) < 0 || client_open(c) < 0)
                return STATUS_FAILED;
        return names ? check(c, words[0], names) : system_failed(c);
}
