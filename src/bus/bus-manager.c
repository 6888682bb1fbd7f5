/* org.nsunits1.Manager: the manager itself, and the interface. */
#include <stdlib.h>
#include <string.h>

#include "build-config.h"
#include "bus/bus-internal.h"

int on_subscribe(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Peer *p = bus_find_peer(userdata, sd_bus_message_get_bus(m));
        int r = peer_publish(p); /* which knows what of a unit is told */

        if (r >= 0 && p->system && !p->subscribers)
                r = sd_bus_track_new(p->bus, &p->subscribers, NULL, NULL);
        if (r >= 0 && p->system)
                r = sd_bus_track_add_sender(p->subscribers, m);
        if (r < 0)
                return r;

        p->subscribed = true;
        return sd_bus_reply_method_return(m, NULL);
}

/* What is sent on the system bus is seen by all: there is no less of it for one. */
int on_subscribe_to_jobs(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Peer *p = bus_find_peer(userdata, sd_bus_message_get_bus(m));

        if (p->system)
                return on_subscribe(m, userdata, error);
        p->waits_for_jobs = true;
        return sd_bus_reply_method_return(m, NULL);
}

int on_unsubscribe(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Peer *p = bus_find_peer(userdata, sd_bus_message_get_bus(m));

        if (p->subscribers)
                (void) sd_bus_track_remove_sender(p->subscribers, m);
        p->subscribed = p->waits_for_jobs = false;
        return sd_bus_reply_method_return(m, NULL);
}

int on_reload(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        int r;

        r = manager_reload(b->manager);
        return r < 0 ? bus_error_set(error, ABOUT_UNIT, r, NULL, "reload")
                     : sd_bus_reply_method_return(m, NULL);
}

/* The answer has to be out before the connection is closed. */
int on_reexecute(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        Fault fault = {};
        int r;

        r = manager_reexecute(b->manager, &fault);
        if (r < 0)
                return bus_error_set(error, ABOUT_PROGRAM, r, &fault, "daemon-reexec");
        r = sd_bus_reply_method_return(m, NULL);
        (void) sd_bus_flush(sd_bus_message_get_bus(m));
        return r;
}

/* GetSpec, GetPlan: with what the environment of a container holds they are not for everybody. */
static int reply_text(Bus *b, sd_bus_message *m, int (*make)(Manager *, Unit *, char **, Fault *),
                      sd_bus_error *error) {
        autofree char *text = NULL;
        Fault fault = {};
        const char *name;
        Unit *u;
        int r;

        r = bus_read_unit(b, m, &name, &u, error);
        if (r < 0)
                return r;

        r = make(b->manager, u, &text, &fault);
        return r < 0 ? bus_error_set(error, ABOUT_UNIT, r, &fault, name)
                     : sd_bus_reply_method_return(m, "s", text);
}

int on_get_spec(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return reply_text(userdata, m, manager_unit_spec_json, error);
}

int on_get_plan(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return reply_text(userdata, m, manager_unit_plan, error);
}

/* For nsctl diff. */
int on_get_unit_text(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        UnitTexts t = {};
        Bus *b = userdata;
        Fault fault = {};
        const char *name;
        Unit *u;
        int r;

        r = bus_read_unit(b, m, &name, &u, error);
        if (r < 0)
                return r;

        r = manager_unit_texts(u, &t, &fault);
        r = r < 0 ? bus_error_set(error, ABOUT_UNIT, r, &fault, name)
                  : sd_bus_reply_method_return(m, "ssss", t.started, t.started_file, t.loaded, t.loaded_file);
        unit_texts_clear(&t);
        return r;
}

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", VERSION);
}

static int get_count(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        uint32_t units = 0, failed = 0, jobs = 0;
        JobInfo job = {};
        Bus *b = userdata;

        for (Unit *u = NULL; (u = manager_next_unit(b->manager, u)); units++) {
                UnitStatus s;

                unit_status(u, &s);
                failed += s.machine && s.machine->state == MACHINE_FAILED;
        }
        while (manager_next_job(b->manager, job.id, &job) > 0)
                jobs++;

        if (streq(property, "SystemState"))
                return sd_bus_message_append(reply, "s", failed ? "degraded" : "running");
        return sd_bus_message_append(reply, "u",
                                     streq(property, "NNames")         ? units
                                     : streq(property, "NFailedUnits") ? failed
                                                                       : jobs);
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return bus_dispatch(userdata, m, userdata, error);
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),

        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("SystemState", "s", get_count, 0, 0),
        SD_BUS_PROPERTY("NNames", "u", get_count, 0, 0),
        SD_BUS_PROPERTY("NFailedUnits", "u", get_count, 0, 0),
        SD_BUS_PROPERTY("NJobs", "u", get_count, 0, 0),

#define MANAGER(name, in, out, ...) SD_BUS_METHOD(name, in, out, on_call, SD_BUS_VTABLE_UNPRIVILEGED),
#define UNIT(...)
#define JOB(...)
#include "bus/bus-methods.def"

        SD_BUS_SIGNAL("UnitNew", "so", 0),
        SD_BUS_SIGNAL("UnitRemoved", "so", 0),
        SD_BUS_SIGNAL("JobNew", "uos", 0),
        SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
        SD_BUS_SIGNAL("Reloading", "b", 0),
        SD_BUS_SIGNAL("PullProgress", "ssstt", 0),

        SD_BUS_VTABLE_END,
};

void bus_manager_describe(BusTableFn fn, void *data) {
        fn(BUS_MANAGER_INTERFACE, manager_vtable, data);
}

int bus_manager_publish(Bus *b, sd_bus *bus) {
        return sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_MANAGER_INTERFACE, manager_vtable, b);
}
