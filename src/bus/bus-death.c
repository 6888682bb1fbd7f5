/* Deaths: what the manager has written down of the last ends of a unit, as dictionaries. */
#include "bus/bus-internal.h"

static int append_strings(sd_bus_message *m, const json_t *array) {
        const json_t *s;
        size_t i;
        int r;

        r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "s");
        if (r < 0)
                return r;
        json_array_foreach(array, i, s) {
                r = sd_bus_message_append(m, "s", strempty(json_string_value(s)));
                if (r < 0)
                        return r;
        }
        r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message *m, const json_t *value) {
        if (json_is_array(value))
                return append_strings(m, value);
        if (json_is_integer(value))
                return sd_bus_message_append(m, "v", "t", (uint64_t) json_integer_value(value));
        if (json_is_boolean(value))
                return sd_bus_message_append(m, "v", "b", (int) json_is_true(value));
        return sd_bus_message_append(m, "v", "s", strempty(json_string_value(value)));
}

static int append_record(sd_bus_message *m, const json_t *record) {
        const char *name;
        json_t *value;
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        json_object_foreach((json_t *) record, name, value) {
                r = sd_bus_message_open_container(m, 'e', "sv");
                if (r >= 0)
                        r = sd_bus_message_append(m, "s", name);
                if (r >= 0)
                        r = append_value(m, value);
                if (r >= 0)
                        r = sd_bus_message_close_container(m);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

int bus_append_deaths(sd_bus_message *m, const Unit *u, bool all) {
        json_t *records = unit_deaths(u);
        size_t i;
        int r;

        if (!records)
                return -ENOMEM;
        r = sd_bus_message_open_container(m, 'a', "a{sv}");
        for (i = 0; r >= 0 && i < json_array_size(records); i++) {
                json_t *record = json_array_get(records, i);

                /* As little as the log that they are from. */
                if (!all)
                        (void) json_object_del(record, "LogLines");
                r = append_record(m, record);
        }
        json_decref(records);
        return r < 0 ? r : sd_bus_message_close_container(m);
}
