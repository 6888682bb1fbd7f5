/* RunUnit: a start whose one launch has the standard streams of the caller. Nothing of ours stands between
 * them and the container. */
#include "bus/bus-internal.h"

static int read_streams(sd_bus_message *m, int ret[3], sd_bus_error *error) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "h");
        for (size_t i = 0; r > 0 && i < 3; i++)
                r = sd_bus_message_read(m, "h", &ret[i]);
        if (r > 0 && sd_bus_message_at_end(m, false) <= 0)
                r = 0;
        if (r == 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "there are three standard streams");
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int on_run_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name, *mode;
        Fault fault = {};
        Bus *b = userdata;
        int fds[3], terminal, r;
        Unit *u;

        r = sd_bus_message_read(m, "ss", &name, &mode);
        if (r >= 0)
                r = read_streams(m, fds, error);
        if (r >= 0)
                r = sd_bus_message_read(m, "b", &terminal);
        if (r >= 0)
                r = bus_load_unit(b, name, &u, error);
        if (r < 0)
                return r;

        r = manager_lend_stdio(u, fds, terminal, &fault);
        if (r < 0)
                return bus_error_set(error, ABOUT_UNIT, r, &fault, name);
        r = bus_reply_job(b, m, name, JOB_START, mode, error);
        if (r < 0)
                manager_return_stdio(u);
        return r;
}
