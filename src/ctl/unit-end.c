/* See unit-end.h. */
#include <signal.h>

#include "ctl/bus-json.h"
#include "ctl/explain.h"
#include "ctl/unit-end.h"

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autojson json_t *p = NULL;
        const char *interface, *state;
        UnitEnd *e = userdata;

        if (sd_bus_message_read(m, "s", &interface) < 0 || !streq(interface, BUS_UNIT_INTERFACE) ||
            bus_json_read(m, &p) <= 0)
                return 0;
        state = property_string(p, "ActiveState");
        if (!streq(state, "inactive") && !streq(state, "failed")) {
                e->started = true;
                return 0;
        }
        e->ended = e->started;
        e->code = (int) property_number(p, "ExecMainCode");
        e->status = (int) property_number(p, "ExecMainStatus");
        return 0;
}

int unit_end_watch(Ctl *c, const char *unit, sd_bus_error *error, UnitEnd *ret) {
        autofree char *path = NULL;
        int r;

        r = sd_bus_path_encode(BUS_UNIT_PREFIX, unit, &path);
        if (r >= 0)
                r = sd_bus_match_signal(c->bus, NULL, client_destination(c), path,
                                        "org.freedesktop.DBus.Properties", "PropertiesChanged", on_changed,
                                        ret);
        return r < 0 ? r : client_call(c, NULL, NULL, "Subscribe", error, NULL, NULL);
}

int unit_end_status(const UnitEnd *e) {
        if (e->code == CLD_EXITED)
                return e->status;
        return e->status > 0 ? 128 + e->status : END_UNKNOWN;
}
