/*
 * Units of the host that a container's start depends on. systemd sees to them when it starts the container
 * itself, at boot or by systemctl; for every other start it is asked here:
 *
 *      Requires= Wants= BindsTo=      StartUnit()
 *      After= of one of these         ... and the end of that job is waited for
 *      After= of another one          the end of its job, if it has one
 *      Requisite=                     it has to be up, and BindsTo= with After= when its job has ended
 *
 * A start that cannot do without what fails does not begin. Where no systemd runs, such names mean nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "bus/bus-internal.h"

/* How long a bus may take to come, as at boot. */
#define BUS_PATIENCE (10 * USEC_PER_SEC)

#define SYSTEMD_RUNS "/run/systemd/system" /* sd_booted(3) */

typedef struct HostUnit {
        HostWait *wait;
        char *name;
        bool start, required, ordered, bound;
        bool settled;
        sd_bus_slot *call;
        char *job; /* whose end is waited for */
} HostUnit;

struct HostWait {
        UT_hash_handle hh;
        Bus *bus;
        char *unit;
        bool asked; /* systemd; else there is no bus yet */
        HostUnit *items;
        size_t n;
        sd_event_source *patience;
};

static const struct {
        UnitDependency kind;
        bool start, required, ordered, bound;
} kinds[] = {
        { UNIT_DEP_REQUIRES, .start = true, .required = true },
        { UNIT_DEP_WANTS, .start = true },
        { UNIT_DEP_BINDS_TO, .start = true, .required = true, .bound = true },
        { UNIT_DEP_REQUISITE, .required = true, .bound = true },
        { UNIT_DEP_AFTER, .ordered = true },
};

/* --- waits ------------------------------------------------------------------------------------------- */

static void wait_free(HostWait *w) {
        Bus *b = w->bus;

        HASH_DEL(b->host_waits, w);
        for (size_t i = 0; i < w->n; i++) {
                sd_bus_slot_unref(w->items[i].call);
                free(w->items[i].name);
                free(w->items[i].job);
        }
        free(w->items);
        sd_event_source_disable_unref(w->patience);
        free(w->unit);
        free(w);
        if (b->host_waits || !b->host_match)
                return;

        /* systemd sends signals only as long as somebody wants them. */
        b->host_match = sd_bus_slot_unref(b->host_match);
        if (bus_system(b))
                (void) sd_bus_call_method_async(bus_system(b), NULL, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                                "Unsubscribe", NULL, NULL, NULL);
}

/* The last word about a start: the wait is gone afterwards. */
static void end_wait(HostWait *w, int r, const Fault *fault) {
        Unit *u = manager_get_unit(w->bus->manager, w->unit);

        wait_free(w);
        if (u)
                manager_may_start(u, r, fault);
}

static void end_if_settled(HostWait *w) {
        for (size_t i = 0; i < w->n; i++)
                if (!w->items[i].settled)
                        return;
        end_wait(w, 0, NULL);
}

static void settle(HostUnit *h) {
        h->settled = true;
        end_if_settled(h->wait);
}

static void give_up(HostUnit *h, int r, const char *why) {
        Fault fault = {};

        if (!h->required) {
                log_message(LOG_WARNING, h->wait->unit, "starts without %s: %s", h->name, why);
                settle(h);
                return;
        }
        (void) fault_tell(&fault, "host unit", r, "%s: %s", h->name, why);
        end_wait(h->wait, r, &fault);
}

static void give_up_error(HostUnit *h, const sd_bus_error *e) {
        int r = sd_bus_error_get_errno(e);

        give_up(h, r > 0 ? -r : -EIO, e->message ? e->message : e->name);
}

/* --- questions --------------------------------------------------------------------------------------- */

static int ask_property(HostUnit *h, const char *property, sd_bus_message_handler_t fn) {
        autofree char *path = NULL;
        int r;

        h->call = sd_bus_slot_unref(h->call);
        r = sd_bus_path_encode(SYSTEMD_UNIT_PATH, h->name, &path);
        if (r < 0)
                return r;
        return sd_bus_call_method_async(bus_system(h->wait->bus), &h->call, SYSTEMD, path,
                                        "org.freedesktop.DBus.Properties", "Get", fn, h, "ss", SYSTEMD_UNIT,
                                        property);
}

static int on_state(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(m);
        const char *state = "";
        HostUnit *h = userdata;

        if (e)
                give_up_error(h, e);
        else if (sd_bus_message_read(m, "v", "s", &state) >= 0 &&
                 (streq(state, "active") || streq(state, "reloading") || streq(state, "refreshing")))
                settle(h);
        else
                give_up(h, -ENOLINK, "it is not active");
        return 0;
}

static void settle_bound(HostUnit *h) {
        int r = h->bound ? ask_property(h, "ActiveState", on_state) : 0;

        if (r < 0)
                give_up(h, r, strerror(-r));
        else if (!h->bound)
                settle(h);
}

static int on_started(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(m);
        HostUnit *h = userdata;
        const char *path;

        if (e)
                give_up_error(h, e);
        else if (!h->ordered)
                settle(h);
        else if (sd_bus_message_read(m, "o", &path) < 0 || !(h->job = strdup(path)))
                give_up(h, -ENOMEM, strerror(ENOMEM));
        return 0;
}

static int on_job(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        HostUnit *h = userdata;
        uint32_t id = 0;
        const char *path;

        /* Whatever cannot be told of is nothing to wait for. */
        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "v", "(uo)", &id, &path) < 0 ||
            id == 0 || !(h->job = strdup(path)))
                settle(h);
        return 0;
}

static HostUnit *find_job(Bus *b, const char *path) {
        for (HostWait *w = b->host_waits; w; w = w->hh.next)
                for (size_t i = 0; i < w->n; i++)
                        if (w->items[i].job && streq(w->items[i].job, path))
                                return &w->items[i];
        return NULL;
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *path, *unit, *result;
        Bus *b = userdata;
        HostUnit *h;
        int r;

        r = sd_bus_message_read(m, "uoss", NULL, &path, &unit, &result);
        if (r < 0)
                return 0;
        /* Several may wait for one. The end of a wait ends others' at most by what they are told. */
        while ((h = find_job(b, path))) {
                autofree char *job = take_ptr(h->job), *why = NULL;

                if (!h->start || streq(result, "done") || streq(result, "skipped"))
                        settle_bound(h);
                else
                        give_up(h, -ENOLINK,
                                asprintf(&why, "its job has ended with \"%s\"", result) < 0 ? result : why);
        }
        return 0;
}

static int ask(HostUnit *h) {
        if (h->start)
                return sd_bus_call_method_async(bus_system(h->wait->bus), &h->call, SYSTEMD, SYSTEMD_PATH,
                                                SYSTEMD_MANAGER, "StartUnit", on_started, h, "ss", h->name,
                                                "replace");
        return h->bound ? ask_property(h, "ActiveState", on_state) : ask_property(h, "Job", on_job);
}

/* Answers come from the loop: @w is still there after this, but for a failure. */
static int ask_all(HostWait *w) {
        Bus *b = w->bus;
        sd_bus *bus = bus_system(b);
        int r = 0;

        w->asked = true;
        w->patience = sd_event_source_disable_unref(w->patience);
        if (!b->host_match) {
                r = sd_bus_match_signal_async(bus, &b->host_match, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                              "JobRemoved", on_job_removed, NULL, b);
                if (r >= 0)
                        r = sd_bus_call_method_async(bus, NULL, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                                     "Subscribe", NULL, NULL, NULL);
        }
        for (size_t i = 0; r >= 0 && i < w->n; i++)
                r = ask(&w->items[i]);
        return r;
}

/* --- what a unit names ------------------------------------------------------------------------------- */

/* "db.service" is read as "db.container"; that it is none of ours is known when there is no such file. */
static int host_name(const HostWait *w, const char *name, char **ret) {
        Unit *u;

        *ret = NULL;
        if (unit_name_kind(name) >= 0)
                return manager_load_unit(w->bus->manager, name, &u) == -ENOENT
                               ? unit_name_to_service(name, ret)
                               : 0;
        *ret = strdup(name);
        return *ret ? 0 : -ENOMEM;
}

static HostUnit *item_of(HostWait *w, char *name) {
        for (size_t i = 0; i < w->n; i++)
                if (streq(w->items[i].name, name)) {
                        free(name);
                        return &w->items[i];
                }
        w->items[w->n] = (HostUnit){ .wait = w, .name = name };
        return &w->items[w->n++];
}

static int collect(HostWait *w, const UnitSpec *spec) {
        size_t n = 0;

        for (size_t k = 0; k < ELEMENTSOF(kinds); k++)
                n += strv_length(spec->unit.dependencies[kinds[k].kind]);
        w->items = calloc(n + 1, sizeof(*w->items));
        if (!w->items)
                return -ENOMEM;

        for (size_t k = 0; k < ELEMENTSOF(kinds); k++)
                STRV_FOREACH (name, spec->unit.dependencies[kinds[k].kind]) {
                        HostUnit *h;
                        char *host;
                        int r;

                        r = host_name(w, *name, &host);
                        if (r < 0)
                                return r;
                        if (!host)
                                continue;
                        h = item_of(w, host);
                        h->start |= kinds[k].start;
                        h->required |= kinds[k].required;
                        h->ordered |= kinds[k].ordered;
                        h->bound |= kinds[k].bound;
                }
        return 0;
}

/* The first that a start would be wrong without, else the first that would be missed; NULL: only order. */
static const HostUnit *most_wanted(const HostWait *w) {
        const HostUnit *found = NULL;

        for (size_t i = 0; i < w->n; i++)
                if (w->items[i].required)
                        return &w->items[i];
                else if (w->items[i].start && !found)
                        found = &w->items[i];
        return found;
}

static bool systemd_runs(void) {
        return access(SYSTEMD_RUNS, F_OK) == 0;
}

/* There is nobody to be asked. 0 when the start is right all the same. Targets are nothing to do without. */
static int go_without(const HostWait *w, Fault *fault) {
        const HostUnit *h = most_wanted(w);
        bool runs = systemd_runs();

        if (!h || (!runs && endswith(h->name, ".target")))
                return 0;
        if (!runs || !h->required) {
                log_message(LOG_WARNING, w->unit, "nobody was asked for %s: %s", h->name,
                            runs ? "there is no system bus" : "systemd does not run here");
                return 0;
        }
        return fault_tell(fault, "host unit", -ENOTCONN,
                          "%s: systemd cannot be asked for it, there is no system bus", h->name);
}

static void end_without(HostWait *w) {
        Fault fault = {};
        int r = go_without(w, &fault);

        end_wait(w, r, &fault);
}

static int on_impatience(sd_event_source *s, uint64_t usec, void *userdata) {
        end_without(userdata);
        return 0;
}

/* 1 = the answer comes later. */
static int begin(HostWait *w, Fault *fault) {
        if (bus_system(w->bus))
                return ask_all(w) < 0 ? go_without(w, fault) : 1;
        /* At boot the bus may come a little later than we do. */
        if (most_wanted(w) && systemd_runs() &&
            sd_event_add_time_relative(w->bus->event, &w->patience, CLOCK_MONOTONIC, BUS_PATIENCE, 0,
                                       on_impatience, w) >= 0)
                return 1;
        return go_without(w, fault);
}

static HostWait *find_wait(const Bus *b, const char *unit) {
        HostWait *w;

        HASH_FIND_STR(b->host_waits, unit, w);
        return w;
}

int bus_host_before_start(Unit *u, Fault *fault, void *data) {
        Bus *b = data;
        HostWait *w = find_wait(b, unit_name(u));
        UnitStatus s;
        int r;

        if (w)
                wait_free(w);
        unit_status(u, &s);
        if (!s.spec)
                return 0;
        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (HostWait){ .bus = b, .unit = strdup(s.name) };
        if (!w->unit) {
                free(w);
                return -ENOMEM;
        }
        HASH_ADD_KEYPTR(hh, b->host_waits, w->unit, strlen(w->unit), w);

        r = collect(w, s.spec);
        if (r == 0 && w->n > 0)
                r = begin(w, fault);
        if (r <= 0)
                wait_free(w);
        return r;
}

void bus_host_forget(Unit *u, void *data) {
        HostWait *w = find_wait(data, unit_name(u));

        if (w)
                wait_free(w);
}

void bus_host_settle(Bus *b) {
        HostWait *w, *next;

        if (!bus_system(b))
                return;
        HASH_ITER (hh, b->host_waits, w, next)
                if (!w->asked && ask_all(w) < 0)
                        end_without(w);
}

void bus_host_lose(Bus *b) {
        HostWait *w, *next;

        b->host_match = sd_bus_slot_unref(b->host_match);
        HASH_ITER (hh, b->host_waits, w, next) {
                if (!w->asked) /* it waits for a bus, as long as it may */
                        continue;
                for (size_t i = 0; i < w->n; i++) {
                        w->items[i].call = sd_bus_slot_unref(w->items[i].call);
                        w->items[i].required &= !w->items[i].settled;
                        w->items[i].start &= !w->items[i].settled;
                }
                end_without(w);
        }
}

void bus_host_forget_all(Bus *b) {
        HostWait *w, *next;

        HASH_ITER (hh, b->host_waits, w, next)
                wait_free(w);
}
