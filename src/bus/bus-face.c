/*
 * Agreement with systemd. nsunits-generator has given each enabled unit a service ("web.service" for
 * "web.container"), which knows only what goes through systemctl. What starts, ends or fails without it is
 * told to systemd here, so that `systemctl is-active web` is true whoever has acted, and no process has to
 * wait for it.
 *
 *      our unit is up                  StartUnit() of its service; its `nsctl start` finds that nothing is to
 * be done our unit is down, by itself     StopUnit(); its `nsctl stop --by-service` is answered by
 * bus_face_stops(), which fails when the unit has: so has the service then our unit is reset
 * ResetFailedUnit()
 *
 * Nothing here is waited for, and nothing of ours depends on an answer. A service with a job is left alone:
 * systemd is at work on it, and replacing a restart by a stop would be worse than a state that is told a
 * moment later.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "bus/bus-internal.h"

/* Where systemd has what generators wrote, see systemd.generator(7). */
#define GENERATED_DIR "/run/systemd/generator"

struct Face {
        UT_hash_handle hh;
        char *unit, *service;
        ActiveState told;
        bool stopping;     /* we have asked for it */
        sd_bus_slot *call; /* under way; cancelled with the face */
};

static void face_free(Bus *b, Face *f) {
        HASH_DEL(b->faces, f);
        sd_bus_slot_unref(f->call);
        free(f->unit);
        free(f->service);
        free(f);
}

static Face *find_face(const Bus *b, const char *unit) {
        Face *f;

        HASH_FIND_STR(b->faces, unit, f);
        return f;
}

/* NULL where systemd does not know the unit. */
static Face *get_face(Bus *b, const UnitStatus *s) {
        autofree char *service = NULL, *path = NULL;
        Face *f = find_face(b, s->name);

        if (f || !s->spec || unit_spec_service(s->spec, &service) < 0)
                return f;
        if (asprintf(&path, GENERATED_DIR "/%s", service) < 0 || access(path, F_OK) < 0)
                return NULL;
        f = calloc(1, sizeof(*f));
        if (!f)
                return NULL;
        *f = (Face){ .unit = strdup(s->name), .service = take_ptr(service), .told = ACTIVE_STATE_N_ };
        if (!f->unit) {
                free(f->service);
                free(f);
                return NULL;
        }
        HASH_ADD_KEYPTR(hh, b->faces, f->unit, strlen(f->unit), f);
        return f;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(m);
        Face *f = userdata;

        f->call = sd_bus_slot_unref(f->call);
        if (e) {
                f->stopping = false;
                log_debug("%s: %s", f->service, strempty(e->message));
        }
        return 0;
}

static void ask(Face *f, sd_bus *bus, const char *method, const char *mode) {
        int r;

        f->call = sd_bus_slot_unref(f->call);
        r = sd_bus_call_method_async(bus, &f->call, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, method, on_answer,
                                     f, mode ? "ss" : "s", f->service, mode);
        if (r < 0)
                log_debug("%s of %s: %s", method, f->service, strerror(-r));
}

/* What of a service decides how it is stopped. */
typedef struct ServiceState {
        bool active, required;
        uint32_t job;
} ServiceState;

static int read_state(sd_bus_message *m, ServiceState *ret) {
        const char *name, *value, *path;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0 && streq(name, "ActiveState")) {
                        r = sd_bus_message_read(m, "v", "s", &value);
                        ret->active = r >= 0 && streq(value, "active");
                } else if (r >= 0 && streq(name, "Job"))
                        r = sd_bus_message_read(m, "v", "(uo)", &ret->job, &path);
                else if (r >= 0 && (streq(name, "RequiredBy") || streq(name, "ConsistsOf"))) {
                        autostrv char **names = NULL;

                        r = sd_bus_message_enter_container(m, 'v', "as");
                        if (r >= 0)
                                r = sd_bus_message_read_strv(m, &names);
                        if (r >= 0)
                                r = sd_bus_message_exit_container(m);
                        ret->required |= names && names[0];
                } else if (r >= 0)
                        r = sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r;
}

/* Only a service that is up, and left alone, is stopped. Units that require it would be stopped along, which
 * does not happen when one of systemd's own dies: they are left out, at the price that a restart which comes
 * in this very moment is replaced. Without such units, it is our stop that gives way.
 */
static int on_state(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServiceState s = {};
        Face *f = userdata;

        f->call = sd_bus_slot_unref(f->call);
        if (sd_bus_message_is_method_error(m, NULL) || read_state(m, &s) < 0 || !s.active || s.job != 0 ||
            f->told == ACTIVE_STATE_ACTIVE)
                return 0;
        f->stopping = true;
        ask(f, sd_bus_message_get_bus(m), "StopUnit", s.required ? "ignore-dependencies" : "fail");
        return 0;
}

static void look(Face *f, sd_bus *bus) {
        autofree char *path = NULL;

        f->call = sd_bus_slot_unref(f->call);
        if (sd_bus_path_encode(SYSTEMD_UNIT_PATH, f->service, &path) >= 0)
                (void) sd_bus_call_method_async(bus, &f->call, SYSTEMD, path,
                                                "org.freedesktop.DBus.Properties", "GetAll", on_state, f, "s",
                                                SYSTEMD_UNIT);
}

void bus_face_follow(Bus *b, Unit *u) {
        sd_bus *bus = bus_system(b);
        ActiveState before;
        UnitStatus s;
        Face *f;

        if (!bus)
                return;
        unit_status(u, &s);
        /* What is on its way, or about to be started again, has not come to anything yet. */
        if (s.job_id != 0 ||
            (s.active_state != ACTIVE_STATE_ACTIVE && s.active_state != ACTIVE_STATE_INACTIVE &&
             s.active_state != ACTIVE_STATE_FAILED))
                return;
        f = get_face(b, &s);
        if (!f || f->told == s.active_state)
                return;

        before = f->told;
        f->told = s.active_state;
        if (s.active_state == ACTIVE_STATE_ACTIVE) {
                f->stopping = false;
                ask(f, bus, "StartUnit", "fail");
        } else if (s.active_state == ACTIVE_STATE_INACTIVE && before == ACTIVE_STATE_FAILED)
                ask(f, bus, "ResetFailedUnit", NULL);
        else if (before == ACTIVE_STATE_ACTIVE || before == ACTIVE_STATE_N_)
                look(f, bus);
}

void bus_face_settle(Bus *b) {
        bus_face_forget(b);
        for (Unit *u = manager_next_unit(b->manager, NULL); u; u = manager_next_unit(b->manager, u))
                bus_face_follow(b, u);
}

void bus_face_forget_unit(Bus *b, const char *unit) {
        Face *f = find_face(b, unit);

        if (f)
                face_free(b, f);
}

void bus_face_forget(Bus *b) {
        Face *f, *next;

        HASH_ITER (hh, b->faces, f, next)
                face_free(b, f);
}

/* Is there something to be stopped, and has the unit failed? */
int on_stop_by_service(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        const char *name;
        UnitStatus s;
        Unit *u;
        Face *f;
        int r;

        r = bus_require_root(m, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        u = manager_get_unit(b->manager, name);
        if (!u)
                return bus_error_set(error, ABOUT_UNIT, -ENOENT, NULL, name);

        unit_status(u, &s);
        f = find_face(b, s.name);
        r = f && f->stopping;
        if (f)
                f->stopping = false;
        return sd_bus_reply_method_return(m, "b", !r);
}
