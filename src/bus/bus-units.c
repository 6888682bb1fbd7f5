/* org.nsunits1.Manager: methods for units that queue no job. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "basic/unit-name.h"
#include "bus/bus-internal.h"

int bus_kill(Bus *b, sd_bus_message *m, Unit *u, const char *whom, int sig, sd_bus_error *error) {
        autofree char *by = bus_caller(m);
        int r;

        if (!by)
                return -ENOMEM;
        if (!streq(whom, "main") && !streq(whom, "all"))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "\"%s\" is neither main nor all",
                                         whom);
        if (sig <= 0 || sig > SIGRTMAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "%d is not a signal", sig);

        r = manager_kill_unit(b->manager, u, streq(whom, "main") ? KILL_MAIN : KILL_ALL, sig, by);
        return r < 0 ? bus_error_set(error, ABOUT_UNIT, r, NULL, unit_name(u)) : 0;
}

/* Takes names as the interface gets them: complete, and of units that there are. */
int bus_load_unit(Bus *b, const char *name, Unit **ret, sd_bus_error *error) {
        int r;

        if (!unit_name_valid(name))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "\"%s\" is not the name of a unit",
                                         name);

        r = manager_load_unit(b->manager, name, ret);
        if (r == -EINVAL && unit_name_is_template(name))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                         "%s is a template without DefaultInstance=: name an instance of it",
                                         name);
        return r < 0 ? bus_error_set(error, ABOUT_UNIT, r, NULL, name) : 0;
}

int bus_read_unit(Bus *b, sd_bus_message *m, const char **ret_name, Unit **ret, sd_bus_error *error) {
        int r = sd_bus_message_read(m, "s", ret_name);

        return r < 0 ? r : bus_load_unit(b, *ret_name, ret, error);
}

int on_kill_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name, *whom;
        Bus *b = userdata;
        int32_t sig;
        Unit *u;
        int r;

        r = sd_bus_message_read(m, "ssi", &name, &whom, &sig);
        if (r >= 0)
                r = bus_load_unit(b, name, &u, error);
        if (r >= 0)
                r = bus_kill(b, m, u, whom, sig, error);
        return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

int on_reset_failed_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        const char *name;
        Unit *u;
        int r;

        r = bus_read_unit(b, m, &name, &u, error);
        if (r < 0)
                return r;

        manager_reset_failed(b->manager, u);
        return sd_bus_reply_method_return(m, NULL);
}

int on_reset_failed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;

        manager_reset_failed(b->manager, NULL);
        return sd_bus_reply_method_return(m, NULL);
}

static int reply_unit_path(sd_bus_message *m, const Unit *u) {
        autofree char *path = bus_unit_path(unit_name(u));

        return path ? sd_bus_reply_method_return(m, "o", path) : -ENOMEM;
}

int on_get_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        const char *name;
        Unit *u;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        u = manager_get_unit(b->manager, name);
        if (!u)
                return sd_bus_error_setf(error, BUS_ERROR_NO_SUCH_UNIT, "%s is not loaded", name);
        return reply_unit_path(m, u);
}

int on_load_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        const char *name;
        Unit *u;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0 && !bus_may_load(b, sd_bus_message_get_bus(m), name))
                return sd_bus_error_setf(error, BUS_ERROR_NO_SUCH_UNIT, "%s is not loaded", name);
        if (r >= 0)
                r = bus_load_unit(b, name, &u, error);
        return r < 0 ? r : reply_unit_path(m, u);
}

int on_get_unit_by_pid(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        uint32_t pid;
        Unit *u;
        int r;

        r = sd_bus_message_read(m, "u", &pid);
        if (r < 0)
                return r;
        u = pid > 0 && pid <= INT32_MAX ? manager_find_by_pid(b->manager, (pid_t) pid) : NULL;
        if (!u)
                return sd_bus_error_setf(error, BUS_ERROR_NO_SUCH_UNIT, "process %u belongs to no unit", pid);
        return reply_unit_path(m, u);
}
