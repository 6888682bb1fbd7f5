/*
 * GetAll() of a unit, answered as sd-bus does out of the same tables, but without having announced them to
 * it: most who look at a unit ask this once, and hang up.
 */
#include "basic/macro.h"
#include "basic/strv.h"
#include "bus/bus-internal.h"

int bus_property_open(sd_bus_message *reply, const char *name, const char *signature) {
        int r;

        r = sd_bus_message_open_container(reply, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(reply, 's', name);
        return r < 0 ? r : sd_bus_message_open_container(reply, 'v', signature);
}

int bus_property_close(sd_bus_message *reply) {
        int r = sd_bus_message_close_container(reply);

        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* One that has no getter lies in memory as sd-bus takes it. */
static int append_field(sd_bus_message *reply, char type, const void *field) {
        return sd_bus_message_append_basic(reply, type,
                                           type == 's' ? strempty(*(char *const *) field) : field);
}

static int append_property(const BusTable *t, const sd_bus_vtable *v, sd_bus_message *m, void *object,
                           sd_bus_message *reply, sd_bus_error *error) {
        const char *name = v->x.property.member, *signature = v->x.property.signature;
        void *field = (char *) object + v->x.property.offset;
        int r;

        r = bus_property_open(reply, name, signature);
        if (r >= 0 && v->x.property.get)
                r = v->x.property.get(sd_bus_message_get_bus(m), sd_bus_message_get_path(m), t->interface,
                                      name, reply, field, error);
        else if (r >= 0)
                r = append_field(reply, signature[0], field);
        return r < 0 ? r : bus_property_close(reply);
}

/* 1 = the object has this interface, 0 = it has not. */
static int append_table(const BusTable *t, Bus *b, sd_bus_message *m, sd_bus_message *reply,
                        sd_bus_error *error) {
        void *object;
        int r;

        r = t->find(sd_bus_message_get_bus(m), sd_bus_message_get_path(m), t->interface, b, &object, error);
        if (r <= 0)
                return r;
        for (const sd_bus_vtable *v = t->members + 1; v->type != _SD_BUS_VTABLE_END; v++)
                if (v->type == _SD_BUS_VTABLE_PROPERTY) {
                        r = append_property(t, v, m, object, reply, error);
                        if (r < 0)
                                return r;
                }
        return 1;
}

/* Of one interface, or of all, "". Returns how many of them there are. */
static int append_all(Bus *b, sd_bus_message *m, const char *interface, sd_bus_message *reply,
                      sd_bus_error *error) {
        int n, r;

        n = bus_keys_append(b, m, interface, reply, error);
        for (const BusTable *t = bus_unit_tables; n >= 0 && t->interface; t++) {
                if (interface[0] && !streq(interface, t->interface))
                        continue;
                r = append_table(t, b, m, reply, error);
                n = r < 0 ? r : n + r;
        }
        return n;
}

int bus_get_all(Bus *b, sd_bus_message *m, sd_bus_error *error) {
        sd_bus_message *reply = NULL;
        const char *interface;
        int r;

        if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "GetAll") ||
            !sd_bus_message_has_signature(m, "s") ||
            !startswith(sd_bus_message_get_path(m), BUS_UNIT_PREFIX "/"))
                return 0;

        r = sd_bus_message_read(m, "s", &interface);
        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = append_all(b, m, interface, reply, error);
        /* What there is not is told by sd-bus. */
        if (r > 0) {
                r = sd_bus_message_close_container(reply);
                if (r >= 0)
                        r = sd_bus_send(NULL, reply, NULL);
                r = r < 0 ? r : 1;
        }
        sd_bus_message_unref(reply);
        return r;
}
