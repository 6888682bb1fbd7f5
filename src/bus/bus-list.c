/* org.nsunits1.Manager: lists of units and of their files, as clients of systemd ask for them. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "bus/bus-internal.h"

/* Which units are asked for; none = any. */
typedef struct Filter {
        char **states;   /* load state, active state or sub-state */
        char **patterns; /* of names */
} Filter;

static bool fits(const Filter *f, const UnitStatus *s) {
        bool wanted = strv_length(f->patterns) == 0;

        if (strv_length(f->states) > 0 && !strv_contains(f->states, load_state_to_string(s->load_state)) &&
            !strv_contains(f->states, active_state_to_string(s->active_state)) &&
            !strv_contains(f->states, s->sub_state))
                return false;
        STRV_FOREACH (p, f->patterns)
                wanted = wanted || fnmatch(*p, s->name, FNM_NOESCAPE) == 0;
        return wanted;
}

static int append_unit(sd_bus_message *reply, const UnitStatus *s) {
        autofree char *path = bus_unit_path(s->name);
        char job[64];

        if (!path)
                return -ENOMEM;
        return sd_bus_message_append(
                reply, "(ssssssouso)", s->name, strempty(s->description), load_state_to_string(s->load_state),
                active_state_to_string(s->active_state), s->sub_state, "", path, s->job_id,
                s->job_id ? job_type_to_string(s->job_type) : "", bus_job_path(s->job_id, job));
}

static int append_units(sd_bus_message *reply, Bus *b, const Filter *f) {
        int r = 0;

        for (Unit *u = NULL; r >= 0 && (u = manager_next_unit(b->manager, u));) {
                UnitStatus s;

                unit_status(u, &s);
                if (fits(f, &s))
                        r = append_unit(reply, &s);
        }
        return r;
}

static int begin(sd_bus_message *m, const char *types, sd_bus_message **ret) {
        int r = sd_bus_message_new_method_return(m, ret);

        return r < 0 ? r : sd_bus_message_open_container(*ret, 'a', types);
}

/* Takes over @reply, and @r of what was put into it. */
static int finish(sd_bus_message *reply, int r) {
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

static int reply_units(Bus *b, sd_bus_message *m, const Filter *f, sd_bus_error *error) {
        sd_bus_message *reply = NULL;
        int r;

        /* Each unit is compared with all of them. */
        r = bus_require_little_text(m, "too many patterns at once", error);
        if (r < 0)
                return r;
        r = begin(m, "(ssssssouso)", &reply);
        if (r >= 0)
                r = append_units(reply, b, f);
        return finish(reply, r);
}

int on_list_units(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return reply_units(userdata, m, &(Filter){}, error);
}

int on_list_units_filtered(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autostrv char **states = NULL;
        int r = sd_bus_message_read_strv(m, &states);

        return r < 0 ? r : reply_units(userdata, m, &(Filter){ .states = states }, error);
}

int on_list_units_by_patterns(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autostrv char **states = NULL, **patterns = NULL;
        int r;

        r = sd_bus_message_read_strv(m, &states);
        if (r >= 0)
                r = sd_bus_message_read_strv(m, &patterns);
        return r < 0 ? r : reply_units(userdata, m, &(Filter){ states, patterns }, error);
}

/* One line for each name, also for what does not exist. Nothing is loaded: names may be many, and anybody's.
 */
int on_list_units_by_names(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus_message *reply = NULL;
        autostrv char **names = NULL;
        Bus *b = userdata;
        int r;

        r = sd_bus_message_read_strv(m, &names);
        if (r < 0)
                return r;
        r = begin(m, "(ssssssouso)", &reply);
        for (char **n = names; r >= 0 && n && *n; n++) {
                UnitStatus s = { .name = *n,
                                 .load_state = LOAD_NOT_FOUND,
                                 .sub_state = "dead",
                                 .active_state = ACTIVE_STATE_INACTIVE };
                Unit *u = manager_get_unit(b->manager, *n);

                if (u)
                        unit_status(u, &s);
                r = append_unit(reply, &s);
        }
        return finish(reply, r);
}

int on_list_unit_files(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus_message *reply = NULL;
        Bus *b = userdata;
        int r;

        r = begin(m, "(ss)", &reply);
        for (Unit *u = NULL; r >= 0 && (u = manager_next_unit(b->manager, u));) {
                UnitStatus s;

                unit_status(u, &s);
                if (s.fragment)
                        r = sd_bus_message_append(reply, "(ss)", s.fragment, bus_file_state(u, &s));
        }
        return finish(reply, r);
}

int on_get_unit_file_state(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        UnitStatus s = {};
        const char *name;
        Unit *u = NULL;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0 && bus_may_load(b, sd_bus_message_get_bus(m), name))
                r = bus_load_unit(b, name, &u, error);
        if (r < 0)
                return r;
        if (u)
                unit_status(u, &s);
        return u && bus_file_state(u, &s)[0] ? sd_bus_reply_method_return(m, "s", bus_file_state(u, &s))
                                             : bus_error_set(error, ABOUT_UNIT, -ENOENT, NULL, name);
}
