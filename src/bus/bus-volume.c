/* org.nsunits1.Manager: volumes beyond their list. */
#include <stdlib.h>

#include "bus/bus-internal.h"

int on_prune_volumes(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *text = NULL;
        Bus *b = userdata;
        Fault fault = {};
        int all, r;

        r = sd_bus_message_read(m, "b", &all);
        if (r < 0)
                return r;

        r = manager_prune_volumes(b->manager, all, &text, &fault);
        return r < 0 ? bus_error_set(error, ABOUT_VOLUME, r, &fault, NULL)
                     : sd_bus_reply_method_return(m, "s", text);
}

static void on_copied(int r, const char *text, void *data) {
        bus_answer_later(data, r, ABOUT_VOLUME, text, false);
}

static int copy(Bus *b, sd_bus_message *m, bool in, sd_bus_error *error) {
        const char *name;
        Fault fault = {};
        int fd, r;

        r = sd_bus_message_read(m, "sh", &name, &fd);
        if (r < 0)
                return r;

        r = manager_copy_volume(b->manager, name, in, fd, on_copied, sd_bus_message_ref(m), &fault);
        if (r < 0) {
                sd_bus_message_unref(m);
                return bus_error_set(error, ABOUT_VOLUME, r, &fault, name);
        }
        return 1; /* answered later */
}

int on_export_volume(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return copy(userdata, m, false, error);
}

int on_import_volume(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return copy(userdata, m, true, error);
}
