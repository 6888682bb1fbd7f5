/*
 * The one way of every call to its handler: who may call which method is in bus-methods.def, and is looked at
 * here.
 *
 * Root may do everything. What polkit may allow to others is asked there, with the unit and the verb, while
 * the call waits.
 */
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "bus/bus-internal.h"

/* Of one call, where it is kept or compared with much. */
#define TEXT_MAX ((size_t) 16 * 1024)

typedef enum Who {
        EVERYBODY,
        ROOT,
        MANAGE_UNITS, /* here and below: root, and whom polkit lets; see units/org.nsunits1.policy */
        RELOAD_DAEMON,
} Who;

static const char *const actions[] = {
        [MANAGE_UNITS] = BUS_SERVICE ".manage-units",
        [RELOAD_DAEMON] = BUS_SERVICE ".reload-daemon",
};

typedef struct Method {
        const char *interface, *name, *arguments;
        sd_bus_message_handler_t handler;
        Who who;
        const char *verb;
} Method;

static const Method methods[] = {
#define MANAGER(name, in, out, ...) { BUS_MANAGER_INTERFACE, name, in, __VA_ARGS__ },
#define UNIT(name, in, out, ...)    { BUS_UNIT_INTERFACE, name, in, __VA_ARGS__ },
#define JOB(name, in, out, ...)     { BUS_JOB_INTERFACE, name, in, __VA_ARGS__ },
#include "bus/bus-methods.def"
};

static const Method *find_method(sd_bus_message *m) {
        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (streq_null(sd_bus_message_get_member(m), methods[i].name) &&
                    streq_null(sd_bus_message_get_interface(m), methods[i].interface))
                        return &methods[i];
        return NULL;
}

/* The names of units that a call is about: by their real name if it is known, "" for all or none. free(). */
static char *units_of(Bus *b, sd_bus_message *m) {
        const char *types = sd_bus_message_get_signature(m, true);
        autostrv char **names = NULL;
        autofree char *name = NULL;
        const char *text;
        uint32_t id;
        JobInfo job;

        (void) sd_bus_message_rewind(m, true);
        if (sd_bus_path_decode(sd_bus_message_get_path(m), BUS_UNIT_PREFIX, &name) > 0)
                (void) strv_add(&names, name);
        else if (bus_job_of_path(b, sd_bus_message_get_path(m), &job))
                (void) strv_add(&names, unit_name(job.unit));
        else if (startswith(types, "as"))
                (void) sd_bus_message_read_strv(m, &names);
        else if (startswith(types, "s") && sd_bus_message_read(m, "s", &text) > 0)
                (void) strv_add(&names, text);
        else if (startswith(types, "u") && sd_bus_message_read(m, "u", &id) > 0 &&
                 bus_job_exists(b, id, &job))
                (void) strv_add(&names, unit_name(job.unit));
        (void) sd_bus_message_rewind(m, true);

        STRV_FOREACH (n, names) {
                const Unit *u = manager_get_unit(b->manager, *n);
                char *real = u ? strdup(unit_name(u)) : NULL;

                if (real) {
                        free(*n);
                        *n = real;
                }
        }
        return names ? strv_join(names, " ") : strdup("");
}

/* How much text is in the arguments of a call: names, and words. */
static size_t text_size(sd_bus_message *m) {
        const char *text;
        size_t n = 0;
        char type;

        (void) sd_bus_message_rewind(m, true);
        while (sd_bus_message_peek_type(m, &type, NULL) > 0) {
                if (type == 'a' && sd_bus_message_enter_container(m, 'a', "s") > 0) {
                        while (sd_bus_message_read(m, "s", &text) > 0)
                                n += strlen(text) + 1;
                        (void) sd_bus_message_exit_container(m);
                } else if (type == 's' && sd_bus_message_read(m, "s", &text) > 0)
                        n += strlen(text);
                else if (sd_bus_message_skip(m, NULL) < 0)
                        return SIZE_MAX;
        }
        (void) sd_bus_message_rewind(m, true);
        return n;
}

int bus_require_little_text(sd_bus_message *m, const char *refusal, sd_bus_error *error) {
        return text_size(m) > TEXT_MAX ? sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, refusal) : 0;
}

int bus_dispatch(Bus *b, sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const Method *method = find_method(m);
        autofree char *units = NULL;
        int r;

        if (!method)
                return -ENOSYS;
        if (method->who == EVERYBODY)
                return method->handler(m, userdata, error);

        r = bus_require_root(m, error);
        if (r >= 0)
                return method->handler(m, userdata, error);
        if (method->who == ROOT || !bus_find_peer(b, sd_bus_message_get_bus(m))->system)
                return r;

        sd_bus_error_free(error);
        r = bus_require_little_text(m, "too many units at once", error);
        if (r < 0)
                return r;
        units = units_of(b, m);
        return units ? bus_polkit_ask(b, m, actions[method->who], units, method->verb, error) : -ENOMEM;
}

int bus_call_manager(Bus *b, sd_bus_message *m, sd_bus_error *error) {
        const Method *method = find_method(m);
        int r;

        if (!method || !streq(method->interface, BUS_MANAGER_INTERFACE) ||
            !streq(sd_bus_message_get_path(m), BUS_PATH) ||
            !streq(sd_bus_message_get_signature(m, true), strempty(method->arguments)))
                return 0;
        r = bus_dispatch(b, m, b, error);
        return r < 0 ? r : 1;
}

/* The handler of a call that was let through later. */
static int handle(Bus *b, sd_bus_message *m, sd_bus_error *error) {
        const Method *method = find_method(m);
        void *userdata = b;
        int r;

        (void) sd_bus_message_rewind(m, true);
        if (streq(method->interface, BUS_UNIT_INTERFACE)) {
                /* What was looked up then is gone. */
                r = bus_unit_view(sd_bus_message_get_bus(m), sd_bus_message_get_path(m), method->interface, b,
                                  &userdata, error);
                if (r <= 0)
                        return r < 0 ? r : bus_error_set(error, ABOUT_UNIT, -ENOENT, NULL, NULL);
        }
        return method->handler(m, userdata, error);
}

void bus_go_on(Bus *b, sd_bus_message *m) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = handle(b, m, &error);

        if (sd_bus_error_is_set(&error))
                (void) sd_bus_reply_method_error(m, &error);
        else if (r < 0)
                (void) sd_bus_reply_method_errno(m, r, NULL);
        sd_bus_error_free(&error);
}
