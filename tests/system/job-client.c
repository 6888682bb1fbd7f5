/*
 * A client as people have written it for systemd's manager: it subscribes, has a unit loaded, started,
 * restarted, killed and stopped, waits for the end of each job and for what is told of the unit, and looks at
 * lists and properties. Which service it talks to is its first argument, and is all that it knows of it.
 * Usage: job-client SERVICE UNIT
 *
 * It prints what it sees; that has to be the same of every service.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define PATIENCE (30 * 1000000ULL)

#define LINE "(ssssssouso)"

typedef struct Client {
        sd_bus *bus;
        char service[64], path[64], manager[80], unit_interface[80], service_interface[80];
        const char *unit;
        char *unit_path;
        char ended[128], how[32]; /* the job that has ended last */
        unsigned told_pid;        /* the last MainPID that was told */
        bool is_new;              /* a JobNew has come */
} Client;

static void fail(const char *what, const sd_bus_error *error) {
        (void) printf("%s: %s\n", what, error && error->message ? error->message : "failed");
        exit(EXIT_FAILURE);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *path, *unit, *result;
        Client *c = userdata;
        unsigned id;

        (void) error;
        if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
                fail("JobRemoved", NULL);
        if (strcmp(unit, c->unit) != 0)
                return 0;
        (void) snprintf(c->ended, sizeof(c->ended), "%s", path);
        (void) snprintf(c->how, sizeof(c->how), "%s", result);
        return 0;
}

static int on_job_new(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Client *c = userdata;
        const char *unit;

        (void) error;
        if (sd_bus_message_read(m, "uos", NULL, NULL, &unit) < 0)
                fail("JobNew", NULL);
        c->is_new = c->is_new || strcmp(unit, c->unit) == 0;
        return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *interface, *name;
        Client *c = userdata;

        (void) error;
        if (sd_bus_message_read(m, "s", &interface) < 0 || strcmp(interface, c->service_interface) != 0 ||
            sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
                return 0;
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                if (sd_bus_message_read(m, "s", &name) < 0)
                        fail("PropertiesChanged", NULL);
                if (strcmp(name, "MainPID") == 0)
                        (void) sd_bus_message_read(m, "v", "u", &c->told_pid);
                else
                        (void) sd_bus_message_skip(m, "v");
                (void) sd_bus_message_exit_container(m);
        }
        return 0;
}

static void wait_for_more(Client *c, const char *what) {
        int r = sd_bus_process(c->bus, NULL);

        if (r == 0)
                r = sd_bus_wait(c->bus, PATIENCE);
        if (r <= 0)
                fail(what, NULL);
}

static void run_job(Client *c, const char *method) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        const char *path;

        c->is_new = false;
        c->ended[0] = '\0';
        if (sd_bus_call_method(c->bus, c->service, c->path, c->manager, method, &error, &reply, "ss", c->unit,
                               "replace") < 0) {
                (void) printf("%s: error %s\n", method, strrchr(error.name, '.') + 1);
                sd_bus_error_free(&error);
                return;
        }
        if (sd_bus_message_read(reply, "o", &path) < 0)
                fail(method, NULL);
        while (strcmp(c->ended, path) != 0)
                wait_for_more(c, method);
        (void) printf("%s: %s%s\n", method, c->is_new ? "" : "without a JobNew, ", c->how);
        sd_bus_message_unref(reply);
}

static void get_unit(Client *c, const char *method) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        const char *path;

        if (sd_bus_call_method(c->bus, c->service, c->path, c->manager, method, &error, &reply, "s",
                               c->unit) < 0)
                (void) printf("%s: error %s\n", method, strrchr(error.name, '.') + 1);
        else if (sd_bus_message_read(reply, "o", &path) < 0)
                fail(method, NULL);
        else {
                free(c->unit_path);
                c->unit_path = strdup(path);
                (void) printf("%s: %s\n", method,
                              strncmp(path, c->path, strlen(c->path)) == 0 ? "path" : path);
        }
        sd_bus_error_free(&error);
        sd_bus_message_unref(reply);
}

static void get_unit_by_pid(Client *c, unsigned pid) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        const char *path;

        if (sd_bus_call_method(c->bus, c->service, c->path, c->manager, "GetUnitByPID", &error, &reply, "u",
                               pid) < 0 ||
            sd_bus_message_read(reply, "o", &path) < 0)
                fail("GetUnitByPID", &error);
        (void) printf("GetUnitByPID: %s\n", strcmp(path, c->unit_path) == 0 ? "same path" : path);
        sd_bus_message_unref(reply);
}

/* Text, number and truth of one property, as they come. */
static void print_property(Client *c, const char *interface, const char *name, char type) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        uint64_t number = 0;
        const char *text;
        char types[2] = { type, '\0' };

        if (sd_bus_get_property(c->bus, c->service, c->unit_path, interface, name, &error, &reply, types) < 0)
                fail(name, &error);
        if (type == 's' && sd_bus_message_read_basic(reply, type, &text) > 0)
                (void) printf(" %s=%s", name, text);
        else if (sd_bus_message_read_basic(reply, type, &number) > 0)
                (void) printf(" %s=%llu", name, (unsigned long long) number);
        sd_bus_message_unref(reply);
}

static unsigned show(Client *c) {
        static const struct {
                const char *name;
                char type;
                bool service;
        } properties[] = {
                { "LoadState", 's', false },      { "Description", 's', false },
                { "ActiveState", 's', false },    { "SubState", 's', false },
                { "UnitFileState", 's', false },  { "CanReload", 'b', false },
                { "Result", 's', true },          { "NRestarts", 'u', true },
                { "Restart", 's', true },         { "RestartUSec", 't', true },
                { "TimeoutStopUSec", 't', true }, { "ExecMainCode", 'i', true },
                { "ExecMainStatus", 'i', true },
        };
        unsigned pid;

        (void) printf("properties:");
        for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
                print_property(c, properties[i].service ? c->service_interface : c->unit_interface,
                               properties[i].name, properties[i].type);
        if (sd_bus_get_property_trivial(c->bus, c->service, c->unit_path, c->service_interface, "MainPID",
                                        NULL, 'u', &pid) < 0)
                fail("MainPID", NULL);
        (void) printf(" %s a main process\n", pid > 0 ? "with" : "without");
        return pid;
}

static void print_list(Client *c, const char *method, sd_bus_message *ask) {
        const char *name, *description, *load, *active, *sub, *following, *path, *job_type, *job_path;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        unsigned job;

        if (sd_bus_call(c->bus, ask, 0, &error, &reply) < 0 ||
            sd_bus_message_enter_container(reply, 'a', LINE) < 0)
                fail(method, &error);
        while (sd_bus_message_read(reply, LINE, &name, &description, &load, &active, &sub, &following, &path,
                                   &job, &job_type, &job_path) > 0)
                if (strcmp(name, c->unit) == 0)
                        (void) printf("%s: \"%s\" %s %s %s \"%s\" %s %u \"%s\" %s\n", method, description,
                                      load, active, sub, following,
                                      strcmp(path, c->unit_path) == 0 ? "same path" : path, job, job_type,
                                      job_path);
        sd_bus_message_unref(reply);
        sd_bus_message_unref(ask);
}

static void lists(Client *c) {
        static const struct {
                const char *method, *types;
        } methods[] = {
                { "ListUnits", NULL },
                { "ListUnitsFiltered", "as" },
                { "ListUnitsByPatterns", "asas" },
                { "ListUnitsByNames", "as" },
        };

        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
                const char *method = methods[i].method;
                sd_bus_message *m = NULL;
                int r;

                r = sd_bus_message_new_method_call(c->bus, &m, c->service, c->path, c->manager, method);
                if (r >= 0 && i == 1)
                        r = sd_bus_message_append(m, "as", 1, "running");
                if (r >= 0 && i == 2)
                        r = sd_bus_message_append(m, "asas", 0, 1, c->unit);
                if (r >= 0 && i == 3)
                        r = sd_bus_message_append(m, "as", 1, c->unit);
                if (r < 0)
                        fail(method, NULL);
                print_list(c, method, m);
        }
}

/* Its end is told, and so is the next process. */
static void kill_main(Client *c, unsigned pid) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        if (sd_bus_call_method(c->bus, c->service, c->path, c->manager, "KillUnit", &error, NULL, "ssi",
                               c->unit, "main", SIGKILL) < 0)
                fail("KillUnit", &error);
        while (c->told_pid == 0 || c->told_pid == pid)
                wait_for_more(c, "MainPID");
        (void) printf("KillUnit: another process\n");
}

static void call_with_unit(Client *c, const char *method) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        if (sd_bus_call_method(c->bus, c->service, c->path, c->manager, method, &error, NULL, "s", c->unit) <
            0)
                fail(method, &error);
        (void) printf("%s: done\n", method);
}

static void watch(Client *c) {
        if (sd_bus_match_signal(c->bus, NULL, c->service, c->path, c->manager, "JobRemoved", on_job_removed,
                                c) < 0 ||
            sd_bus_match_signal(c->bus, NULL, c->service, c->path, c->manager, "JobNew", on_job_new, c) < 0 ||
            sd_bus_match_signal(c->bus, NULL, c->service, c->unit_path, "org.freedesktop.DBus.Properties",
                                "PropertiesChanged", on_changed, c) < 0 ||
            sd_bus_call_method(c->bus, c->service, c->path, c->manager, "Subscribe", NULL, NULL, NULL) < 0)
                fail("Subscribe", NULL);
}

int main(int argc, char *argv[]) {
        Client c = { .unit = argv[2] };
        unsigned before;

        if (argc != 3)
                return 2;
        (void) snprintf(c.service, sizeof(c.service), "%s", argv[1]);
        (void) snprintf(c.path, sizeof(c.path), "/%s", argv[1]);
        for (char *p = c.path; *p; p++)
                if (*p == '.')
                        *p = '/';
        (void) snprintf(c.manager, sizeof(c.manager), "%s.Manager", argv[1]);
        (void) snprintf(c.unit_interface, sizeof(c.unit_interface), "%s.Unit", argv[1]);
        (void) snprintf(c.service_interface, sizeof(c.service_interface), "%s.Service", argv[1]);
        if (sd_bus_open_system(&c.bus) < 0)
                fail("bus", NULL);

        get_unit(&c, "LoadUnit");
        watch(&c);
        run_job(&c, "StopUnit");
        run_job(&c, "StartUnit");
        get_unit(&c, "GetUnit");
        before = show(&c);
        get_unit_by_pid(&c, before);
        lists(&c);
        run_job(&c, "StartUnit");
        run_job(&c, "ReloadUnit");
        (void) printf("the same process: %s\n", show(&c) == before ? "yes" : "no");
        kill_main(&c, before);
        run_job(&c, "StartUnit"); /* waits for it */
        before = show(&c);
        run_job(&c, "RestartUnit");
        (void) printf("the same process: %s\n", show(&c) == before ? "yes" : "no");
        call_with_unit(&c, "ResetFailedUnit");
        (void) show(&c);
        run_job(&c, "StopUnit");
        run_job(&c, "TryRestartUnit");

        c.unit = strstr(c.unit, ".service") ? "missing.service" : "missing.container";
        get_unit(&c, "GetUnit");
        run_job(&c, "StartUnit");
        free(c.unit_path);
        sd_bus_flush_close_unref(c.bus);
        return EXIT_SUCCESS;
}
