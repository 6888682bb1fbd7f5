/* FreezeUnit, ThawUnit. */
#include "bus/bus-internal.h"

static int set_frozen(Bus *b, sd_bus_message *m, bool freeze, sd_bus_error *error) {
        Fault fault = {};
        const char *name;
        Unit *u;
        int r;

        r = bus_read_unit(b, m, &name, &u, error);
        if (r < 0)
                return r;

        r = manager_freeze_unit(u, freeze, &fault);
        return r < 0 ? bus_error_set(error, ABOUT_UNIT, r, &fault, name)
                     : sd_bus_reply_method_return(m, NULL);
}

int on_freeze_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return set_frozen(userdata, m, true, error);
}

int on_thaw_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return set_frozen(userdata, m, false, error);
}
