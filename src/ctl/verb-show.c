/* nsctl show: properties as NAME=VALUE, in systemd's formats; without the manager the settings, from the
 * files. */
#include <errno.h>
#include <string.h>

#include "basic/parse.h"
#include "basic/strv.h"
#include "ctl/bus-json.h"
#include "ctl/client.h"
#include "ctl/settings.h"
#include "ctl/show.h"
#include "ctl/table.h"

/* --property=A,B --property=C */
static int wanted_properties(const Ctl *c, char ***ret) {
        STRV_FOREACH (p, c->options.property) {
                autostrv char **names = NULL;
                int r;

                r = strv_split(*p, ",", &names);
                if (r == 0)
                        r = strv_add_all(ret, names);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int print_one(const Ctl *c, const char *name, const json_t *value) {
        autofree char *text = show_value(name, value);

        if (!text)
                return -ENOMEM;
        /* As systemctl does: what is empty is shown only when it is asked for by --all or by name. */
        if (!text[0] && !c->options.all && !c->options.property)
                return 0;

        if (c->options.value)
                puts(text);
        else
                printf("%s=%s\n", name, text);
        return 0;
}

static int print_properties(const Ctl *c, json_t *properties, char *const *wanted) {
        autojson json_t *chosen = NULL;
        const char *name;
        json_t *value;
        int r = 0;

        if (wanted) {
                chosen = json_object();
                STRV_FOREACH (w, wanted) {
                        value = json_object_get(properties, *w);
                        if (value && json_object_set(chosen, *w, value) < 0)
                                return -ENOMEM;
                }
        } else
                chosen = json_incref(properties);

        if (c->options.json)
                return json_print(chosen) == STATUS_OK ? 0 : -EIO;
        json_object_foreach(chosen, name, value) if (r == 0) r = print_one(c, name, value);
        return r;
}

static int manager_properties(Ctl *c, sd_bus_error *error, json_t **ret) {
        automessage sd_bus_message *reply = NULL;
        int r;

        r = client_call(c, NULL, "org.freedesktop.DBus.Properties", "GetAll", error, &reply, "s",
                        BUS_MANAGER_INTERFACE);
        if (r < 0)
                return r;
        r = bus_json_read(reply, ret);
        return r < 0 ? r : 0;
}

static int show(Ctl *c, const char *unit, char *const *wanted) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *properties = NULL;
        int r;

        r = unit ? client_unit_properties(c, unit, &error, &properties)
                 : manager_properties(c, &error, &properties);
        if (r < 0)
                return client_failure(unit ? unit : "show", r, &error);

        r = print_properties(c, properties, wanted);
        return r < 0 ? ctl_errno(r, "cannot print") : STATUS_OK;
}

/* The files have the settings; states and counters are the manager's. */
static int show_units(Ctl *c, char *const *names, char *const *wanted, bool offline) {
        int status = STATUS_OK;

        STRV_FOREACH (name, names) {
                int one;

                if (name != names && !c->options.json)
                        puts("");
                one = offline ? settings_show(c, *name, wanted) : show(c, *name, wanted);
                if (one != STATUS_OK)
                        status = one;
        }
        return status;
}

int verb_show(Ctl *c, char **words) {
        autostrv char **names = NULL, **wanted = NULL;
        bool offline = c->options.offline || c->options.where;
        int r;

        if (ctl_unit_names(words + 1, &names) < 0 || wanted_properties(c, &wanted) < 0)
                return STATUS_FAILED;
        if (offline && !names)
                return ctl_error("show: name units");

        r = offline || !names ? 0 : client_open_quietly(c);
        if (r == -ENOENT || r == -ECONNREFUSED) {
                if (!c->options.quiet)
                        fprintf(stderr, "The manager does not run; this is what the files say.\n");
                offline = true;
        }
        if (!offline && client_open(c) < 0)
                return STATUS_FAILED;
        return names ? show_units(c, names, wanted, offline) : show(c, NULL, wanted);
}
