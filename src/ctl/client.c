/* Talking to the manager. */
#include <fnmatch.h>
#include <stdarg.h>
#include <string.h>

#include "basic/strv.h"
#include "basic/unit-name.h"
#include "client/connection.h"
#include "ctl/bus-json.h"
#include "ctl/client.h"
#include "ctl/suggest.h"

/* The keys of one unit of ListUnits, in the order of its tuple. */
static const char *const list_units_keys[] = { "unit",      "description", "load", "active",   "sub",
                                               "following", "path",        "job",  "job_type", "job_path" };

/* Of which a table shows these. */
static const char *const shown_keys[ELEMENTSOF(list_units_keys)] = {
        "unit", "description", "load", "active", "sub", NULL, NULL, "job", "job_type", NULL
};

/* Returns NULL, which was told, or when out of memory. free(). */
static char *private_socket(Ctl *c) {
        const ManagerConfig *config = ctl_config(c);
        char *path;

        return config && asprintf(&path, "%s/" BUS_PRIVATE_SOCKET, config->paths.run) >= 0 ? path : NULL;
}

int client_open_quietly(Ctl *c) {
        autofree char *socket = NULL;
        int r;

        if (c->manager)
                return 0;

        socket = private_socket(c);
        if (!socket)
                return -EINVAL;
        r = nsunits_open_socket(socket, &c->manager);
        /* What kept us from the socket is the better answer when there is no system bus either. */
        if (r < 0 && nsunits_open_system(&c->manager) < 0)
                return r;
        c->bus = nsunits_get_bus(c->manager);
        if (r < 0)
                (void) sd_bus_set_allow_interactive_authorization(c->bus, isatty(STDIN_FILENO));
        return 0;
}

int client_open_again(Ctl *c) {
        autofree char *socket = private_socket(c);
        int r = socket ? connection_open_again(socket, &c->manager) : -EINVAL;

        if (r >= 0)
                c->bus = nsunits_get_bus(c->manager);
        return r;
}

int client_reopen(Ctl *c) {
        int r = nsunits_reopen(c->manager);

        c->bus = nsunits_get_bus(c->manager);
        return r;
}

/* The error of D-Bus behind a failure of the library's. */
static int take_error(Ctl *c, int r, sd_bus_error *error) {
        if (r < 0 && nsunits_error_name(c->manager))
                (void) sd_bus_error_set(error, nsunits_error_name(c->manager), nsunits_error(c->manager));
        return r;
}

int client_jobs_new(Ctl *c, sd_bus_error *error, NsunitsJobs **ret) {
        return take_error(c, nsunits_jobs_new(c->manager, ret), error);
}

int client_jobs_request(Ctl *c, NsunitsJobs *jobs, const char *method, char *const *names, const char *mode,
                        sd_bus_error *error) {
        return take_error(c, nsunits_jobs_request_all(jobs, method, names, mode), error);
}

int client_jobs_wait(Ctl *c, NsunitsJobs *jobs) {
        int r = nsunits_jobs_wait(jobs, NSUNITS_FOREVER);

        c->bus = nsunits_get_bus(c->manager);
        return r;
}

bool client_job_has_failed(const char *result) {
        return !streq(result, "done") && !streq(result, "skipped");
}

bool client_jobs_next_failed(const NsunitsJobs *jobs, size_t *i, const char **ret_unit,
                             const char **ret_result) {
        while (nsunits_jobs_next(jobs, i, ret_unit, ret_result))
                if (*ret_result && client_job_has_failed(*ret_result))
                        return true;
        return false;
}

int client_open(Ctl *c) {
        int r;

        r = client_open_quietly(c);
        if (r == -EACCES || r == -EPERM)
                ctl_error("the manager cannot be reached: only root may, where there is no system bus");
        else if (r == -ENOENT || r == -ECONNREFUSED)
                ctl_error("the manager does not run (no %s/" BUS_PRIVATE_SOCKET "); start nsunitd",
                          ctl_config(c)->paths.run);
        else if (r < 0)
                ctl_errno(r, "cannot reach the manager");
        return r;
}

const char *client_destination(const Ctl *c) {
        return nsunits_get_destination(c->manager);
}

int client_message_new(Ctl *c, const char *member, sd_bus_message **ret) {
        return sd_bus_message_new_method_call(c->bus, ret, client_destination(c), BUS_PATH,
                                              BUS_MANAGER_INTERFACE, member);
}

int client_call_message(Ctl *c, sd_bus_message *m, sd_bus_error *error, sd_bus_message **ret) {
        int r;

        r = sd_bus_call(c->bus, m, UINT64_MAX, error, ret);
        return r < 0 ? r : 0;
}

int client_call(Ctl *c, const char *path, const char *interface, const char *member, sd_bus_error *error,
                sd_bus_message **ret, const char *types, ...) {
        automessage sd_bus_message *m = NULL;
        va_list ap;
        int r;

        r = sd_bus_message_new_method_call(c->bus, &m, client_destination(c), path ? path : BUS_PATH,
                                           interface ? interface : BUS_MANAGER_INTERFACE, member);
        if (r < 0)
                return r;

        if (types && types[0]) {
                va_start(ap, types);
                r = sd_bus_message_appendv(m, types, ap);
                va_end(ap);
                if (r < 0)
                        return r;
        }
        return client_call_message(c, m, error, ret);
}

/* systemctl's translation, with the names of our service. */
static int status_of_error(const char *name) {
        static const struct {
                const char *name;
                int status;
        } table[] = {
                { SD_BUS_ERROR_ACCESS_DENIED, STATUS_NOT_ALLOWED },
                { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, STATUS_NOT_ALLOWED },
                { BUS_ERROR_DESTRUCTIVE, STATUS_NOT_ALLOWED },
                { BUS_ERROR_NO_SUCH_UNIT, STATUS_NOT_INSTALLED },
                { BUS_ERROR_NOT_APPLICABLE, STATUS_NOT_APPLICABLE },
                { SD_BUS_ERROR_NOT_SUPPORTED, STATUS_NOT_APPLICABLE },
                { BUS_ERROR_LOAD_FAILED, STATUS_NOT_CONFIGURED },
        };

        for (size_t i = 0; name && i < ELEMENTSOF(table); i++)
                if (streq(table[i].name, name))
                        return table[i].status;
        return STATUS_FAILED;
}

/* "wbe.container: there is no such unit file": what was meant, or NULL. */
static char *suggest_from(const sd_bus_error *error) {
        const char *colon = strstr(error->message, ": ");
        autofree char *name = colon ? strndup(error->message, (size_t) (colon - error->message)) : NULL;

        if (!sd_bus_error_has_name(error, BUS_ERROR_NO_SUCH_UNIT) || !name || !unit_name_valid(name))
                return NULL;
        return suggest_unit(name);
}

int client_failure(const char *what, int r, const sd_bus_error *error) {
        if (error &&
            sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                return ctl_error("%s: the manager does not run", what);
        /* dbus-daemon's own words about its policy help nobody. */
        if (error && sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) &&
            startswith(strempty(error->message), "Rejected ")) {
                ctl_error("%s: only root may do that", what);
                return STATUS_NOT_ALLOWED;
        }
        if (r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE)
                return ctl_error("%s: the connection to the manager broke off", what);

        if (error && error->message && error->message[0]) {
                const char *rest = startswith(error->message, what);
                autofree char *near = suggest_from(error);

                /* The manager names what it speaks of, which may be what we would name. */
                ctl_error("%s%s%s%s%s%s", rest && *rest == ':' ? "" : what, rest && *rest == ':' ? "" : ": ",
                          error->message, near ? "; did you mean \"" : "", strempty(near), near ? "\"?" : "");
        } else
                ctl_errno(r, "%s", what);
        return status_of_error(error ? error->name : NULL);
}

int client_reload(Ctl *c) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (client_open_quietly(c) < 0)
                return STATUS_OK;
        r = client_call(c, NULL, NULL, "Reload", &error, NULL, NULL);
        if (r >= 0 ||
            sd_bus_error_has_names(&error, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                return STATUS_OK;
        return client_failure("daemon-reload", r, &error);
}

static int unit_path(const char *name, char **ret) {
        return sd_bus_path_encode(BUS_UNIT_PREFIX, name, ret);
}

int client_unit_properties(Ctl *c, const char *name, sd_bus_error *error, json_t **ret) {
        automessage sd_bus_message *reply = NULL;
        autofree char *path = NULL;
        int r;

        r = unit_path(name, &path);
        if (r < 0)
                return r;

        /* An empty interface asks for the properties of all. */
        r = client_call(c, path, "org.freedesktop.DBus.Properties", "GetAll", error, &reply, "s", "");
        if (r < 0 && sd_bus_error_has_name(error, BUS_ERROR_NO_SUCH_UNIT)) {
                sd_bus_error_free(error);
                *ret = json_pack("{s:s, s:s, s:s, s:s, s:s}", "Id", name, "Description", name, "LoadState",
                                 "not-found", "ActiveState", "inactive", "SubState", "dead");
                return *ret ? 0 : -ENOMEM;
        }
        if (r < 0)
                return r;

        r = bus_json_read(reply, ret);
        return r < 0 ? r : 0;
}

int client_list_units(Ctl *c, sd_bus_error *error, json_t **ret) {
        automessage sd_bus_message *reply = NULL;
        int r;

        r = client_call(c, NULL, NULL, "ListUnits", error, &reply, NULL);
        return r < 0 ? r
                     : bus_json_read_rows(reply, c->options.json ? list_units_keys : shown_keys,
                                          ELEMENTSOF(list_units_keys), ret);
}

/* Adds the loaded units that fit @pattern; NULL = those that are not at rest. */
static int add_loaded(json_t *rows, const char *pattern, char ***ret) {
        const json_t *row;
        size_t i;

        json_array_foreach(rows, i, row) {
                const char *name = json_string_value(json_object_get(row, "unit"));
                const char *state = json_string_value(json_object_get(row, "active"));
                int r;

                if (!name || !state || strv_contains(*ret, name))
                        continue;
                if (pattern ? fnmatch(pattern, name, 0) != 0 : streq(state, "inactive"))
                        continue;
                r = strv_add(ret, name);
                if (r < 0)
                        return r;
        }
        return 0;
}

int client_unit_names(Ctl *c, char *const *typed, char ***ret) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autostrv char **names = NULL;
        autojson json_t *rows = NULL;
        int r = 0;

        STRV_FOREACH (t, typed)
                if (strpbrk(*t, "*?["))
                        r = 1;
        if (r > 0 || !typed || !typed[0]) {
                r = client_list_units(c, &error, &rows);
                if (r < 0) {
                        client_failure("list", r, &error);
                        return r;
                }
        }

        if (!typed || !typed[0])
                r = add_loaded(rows, NULL, &names);
        STRV_FOREACH (t, typed) {
                autofree char *name = NULL;

                if (strpbrk(*t, "*?[")) {
                        r = add_loaded(rows, *t, &names);
                } else {
                        r = ctl_unit_name(*t, &name);
                        if (r == 0 && !strv_contains(names, name))
                                r = strv_add(&names, name);
                }
                if (r < 0)
                        return r;
        }

        *ret = take_ptr(names);
        return r;
}

int client_query_json(Ctl *c, const char *member, const char *argument, sd_bus_error *error, json_t **ret) {
        automessage sd_bus_message *reply = NULL;
        json_error_t bad;
        const char *text;
        int r;

        if (argument)
                r = client_call(c, NULL, NULL, member, error, &reply, "s", argument);
        else
                r = client_call(c, NULL, NULL, member, error, &reply, NULL);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "s", &text);
        if (r < 0)
                return r;

        *ret = json_loads(text, 0, &bad);
        return *ret ? 0
                    : sd_bus_error_setf(error, SD_BUS_ERROR_INCONSISTENT_MESSAGE, "not JSON: %s", bad.text);
}
