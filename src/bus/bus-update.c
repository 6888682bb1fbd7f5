/* org.nsunits1.Manager: AutoUpdate, answered when all that had to be updated is, or could not be. */
#include <stdlib.h>

#include "basic/strv.h"
#include "bus/bus-internal.h"

/* @data is the call, which we hold. */
static void on_done(int r, const char *text, void *data) {
        sd_bus_message *m = data;

        if (r >= 0)
                (void) sd_bus_reply_method_return(m, "s", text);
        else
                (void) sd_bus_reply_method_errno(m, r, NULL);
        sd_bus_message_unref(m);
}

int on_auto_update(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autostrv char **units = NULL;
        Bus *b = userdata;
        Fault fault = {};
        int dry, r;

        r = sd_bus_message_read_strv(m, &units);
        if (r >= 0)
                r = sd_bus_message_read(m, "b", &dry);
        if (r < 0)
                return r;

        r = manager_auto_update(b->manager, units, dry, on_done, sd_bus_message_ref(m), &fault);
        if (r < 0) {
                sd_bus_message_unref(m);
                return bus_error_set(error, ABOUT_UNIT, r, &fault, "auto-update");
        }
        return 1; /* answered later */
}
