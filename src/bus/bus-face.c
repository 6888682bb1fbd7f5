/*
 * Agreement with systemd. nsunits-generator has given each enabled unit a service ("web.service" for
 * "web.container"), which knows only what goes through systemctl. What starts, ends or fails without it is
 * told to systemd here, so that `systemctl is-active web` is true whoever has acted, and no process has to
 * wait for it:
 *
 *      the unit is up                  StartUnit() of its service
 *      the unit is down                StopUnit()
 *      the unit is reset               ResetFailedUnit()
 *
 * The service's own commands then come to us, `nsctl start --by-service` and `nsctl stop --by-service`, and
 * may come late, when the unit is already somewhere else: on_asked_by_service() tells them by the job of
 * systemd that runs them. One that we have asked for changes nothing; it only fails where the unit has
 * failed, and the service with it.
 *
 * Nothing here is waited for, and nothing of ours depends on an answer. A service with a job of somebody
 * else's is left alone: systemd is at work on it, and replacing a restart by a stop would be worse than a
 * state that is told a moment later.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "bus/bus-internal.h"

#define SYSTEMD_JOB_PATH "/org/freedesktop/systemd1/job/"
#define PROPERTIES       "org.freedesktop.DBus.Properties"

/* Where systemd has what generators wrote, see systemd.generator(7). */
#define GENERATED_DIR "/run/systemd/generator"

struct Face {
        UT_hash_handle hh;
        char *unit, *service;
        ActiveState told;
        bool was_failed;     /* before that */
        uint32_t job;        /* the last one of systemd's that we have asked for; 0 = it is over */
        bool starts, asking; /* is that a start, and what is being asked for? */
        bool again;          /* told something else meanwhile */
        sd_bus_slot *call;   /* under way, one at a time; cancelled with the face */
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

static uint32_t job_id(const char *path) {
        const char *id = startswith(path, SYSTEMD_JOB_PATH);
        uint32_t job;

        return id && parse_u32_range(id, 1, UINT32_MAX, &job) >= 0 ? job : 0;
}

static void agree(Face *f, sd_bus *bus);

static void end_call(Face *f, sd_bus *bus) {
        if (f->call || !f->again)
                return;
        f->again = false;
        agree(f, bus);
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(m);
        Face *f = userdata;
        const char *path;

        f->call = sd_bus_slot_unref(f->call);
        if (e)
                log_debug("%s: %s", f->service, strempty(e->message));
        else if (sd_bus_message_has_signature(m, "o") && sd_bus_message_read(m, "o", &path) > 0) {
                f->job = job_id(path);
                f->starts = f->asking;
        }
        end_call(f, sd_bus_message_get_bus(m));
        return 0;
}

static void ask(Face *f, sd_bus *bus, const char *method, const char *mode) {
        int r;

        f->asking = streq(method, "StartUnit");
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

/* A job of ours that is not over, and leads to where the unit is no longer, is replaced. Units that require
 * the service would be stopped along with it, which does not happen when one of systemd's own dies: they are
 * left out, at the price that a restart which comes in this very moment is replaced. Without such units, it
 * is our stop that gives way.
 */
static void make_agree(Face *f, sd_bus *bus, const ServiceState *s) {
        const bool up = f->told == ACTIVE_STATE_ACTIVE, ours = s->job != 0 && s->job == f->job;

        if (s->job == 0)
                f->job = 0;
        if ((s->job != 0 && !ours) || (ours && f->starts == up))
                return;
        if (up && (ours || !s->active))
                ask(f, bus, "StartUnit", ours ? "replace" : "fail");
        else if (!up && (ours || s->active))
                ask(f, bus, "StopUnit", s->required ? "ignore-dependencies" : ours ? "replace" : "fail");
        else if (f->told == ACTIVE_STATE_INACTIVE && f->was_failed)
                ask(f, bus, "ResetFailedUnit", NULL);
}

static int on_state(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus *bus = sd_bus_message_get_bus(m);
        ServiceState s = {};
        Face *f = userdata;

        f->call = sd_bus_slot_unref(f->call);
        f->again = false;
        if (!sd_bus_message_is_method_error(m, NULL) && read_state(m, &s) >= 0)
                make_agree(f, bus, &s);
        return 0;
}

static int call_properties(Face *f, sd_bus *bus, sd_bus_slot **slot, const char *method,
                           sd_bus_message_handler_t callback, void *userdata, const char *property) {
        autofree char *path = NULL;
        int r;

        r = sd_bus_path_encode(SYSTEMD_UNIT_PATH, f->service, &path);
        if (r < 0)
                return r;
        return sd_bus_call_method_async(bus, slot, SYSTEMD, path, PROPERTIES, method, callback, userdata,
                                        property ? "ss" : "s", SYSTEMD_UNIT, property);
}

/* Where there is no job of ours, a start is just asked for: that is how most of them are told. */
static void agree(Face *f, sd_bus *bus) {
        if (f->call)
                f->again = true;
        else if (f->told == ACTIVE_STATE_ACTIVE && f->job == 0)
                ask(f, bus, "StartUnit", "fail");
        else
                (void) call_properties(f, bus, &f->call, "GetAll", on_state, f, NULL);
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
        f->was_failed = before == ACTIVE_STATE_FAILED;
        /* One that was down, and has failed now, has not been up for systemd. */
        if (f->told != ACTIVE_STATE_FAILED || before != ACTIVE_STATE_INACTIVE)
                agree(f, bus);
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

/* A question of a service's command, until systemd has said whose job it runs for. */
typedef struct ServiceCall {
        Bus *bus;
        char *unit;
        bool start, ours;
        sd_bus_message *asked;
} ServiceCall;

/* Of a start that systemd asks for: it has seen to the units of the host that ours depends on. */
static int answer(Unit *u, sd_bus_message *m, bool start, bool act) {
        if (u && start && act)
                manager_note_host(u);
        return sd_bus_reply_method_return(m, "b", act);
}

/* Also without an answer of systemd's: a command that has nobody to ask does what it says. */
static void service_call_end(void *userdata) {
        ServiceCall *q = userdata;

        (void) answer(manager_get_unit(q->bus->manager, q->unit), q->asked, q->start, !q->ours);
        sd_bus_message_unref(q->asked);
        free(q->unit);
        free(q);
}

static int on_job(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ServiceCall *q = userdata;
        Face *f = find_face(q->bus, q->unit);
        const char *path;
        uint32_t job;

        if (f && !sd_bus_message_is_method_error(m, NULL) &&
            sd_bus_message_read(m, "v", "(uo)", &job, &path) > 0)
                q->ours = job != 0 && job == f->job;
        if (q->ours && q->start != (f->told == ACTIVE_STATE_ACTIVE))
                agree(f, sd_bus_message_get_bus(m));
        return 0;
}

static int service_call_new(Bus *b, Face *f, sd_bus *bus, sd_bus_message *m, bool start) {
        sd_bus_slot *slot = NULL;
        ServiceCall *q;
        int r;

        q = calloc(1, sizeof(*q));
        if (!q)
                return -ENOMEM;
        *q = (ServiceCall){
                .bus = b, .unit = strdup(f->unit), .start = start, .asked = sd_bus_message_ref(m)
        };
        r = q->unit ? call_properties(f, bus, &slot, "Get", on_job, q, "Job") : -ENOMEM;
        if (r < 0) {
                sd_bus_message_unref(q->asked);
                free(q->unit);
                free(q);
                return r;
        }
        (void) sd_bus_slot_set_destroy_callback(slot, service_call_end);
        (void) sd_bus_slot_set_floating(slot, true);
        sd_bus_slot_unref(slot);
        return 0;
}

int on_asked_by_service(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        const char *name;
        sd_bus *bus;
        int r, start;
        Unit *u;
        Face *f;

        r = sd_bus_message_read(m, "sb", &name, &start);
        if (r >= 0)
                r = bus_load_unit(b, name, &u, error);
        if (r < 0)
                return r;

        f = find_face(b, unit_name(u));
        bus = bus_system(b);
        if (!f || !bus || (f->job == 0 && !f->call))
                return answer(u, m, start, true);
        r = service_call_new(b, f, bus, m, start);
        return r < 0 ? r : 1;
}
