/* nsctl ps: the processes of containers as trees, with the number that each has on the host beside the one
 * that it has inside. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "ctl/cgroup-view.h"
#include "ctl/client.h"
#include "ctl/explain.h"
#include "ctl/table.h"
#include "ctl/text.h"

static json_int_t number_of(const json_t *row, const char *key) {
        return json_integer_value(json_object_get(row, key));
}

static bool is_known(const json_t *processes, json_int_t pid) {
        const json_t *p;
        size_t i;

        json_array_foreach(processes, i, p) if (number_of(p, "pid") == pid) return true;
        return false;
}

/* Those of @parent; 0 stands for all whose parent is somewhere else. */
static bool is_child(const json_t *processes, const json_t *p, json_int_t parent) {
        json_int_t own = number_of(p, "parent");

        return parent == 0 ? !is_known(processes, own) : own == parent;
}

/* One line of the table: the process, its place in the tree drawn before its command. */
static int add_line(json_t *rows, const json_t *process, const char *indent, const char *branch) {
        const char *command = property_string(process, "command");
        char span[TEXT_MAX];
        json_t *row = json_deep_copy(process);

        if (!row)
                return -ENOMEM;
        (void) json_object_set_new(row, "command", json_sprintf("%s%s%s", indent, branch, command));
        (void) json_object_set_new(
                row, "cpu", json_string(text_span_rough((usec_t) number_of(process, "cpu_usec"), span)));
        return json_array_append_new(rows, row) < 0 ? -ENOMEM : 0;
}

static int add_tree(json_t *rows, const json_t *processes, json_int_t parent, const char *indent,
                    unsigned depth) {
        size_t n = json_array_size(processes), last = n;
        int r;

        for (size_t i = 0; i < n; i++)
                if (is_child(processes, json_array_get(processes, i), parent))
                        last = i;
        for (size_t i = 0; i < n && i <= last; i++) {
                const json_t *p = json_array_get(processes, i);
                autofree char *deeper = NULL;

                if (!is_child(processes, p, parent))
                        continue;
                r = add_line(rows, p, indent, i == last ? "└─" : "├─");
                if (r < 0 || asprintf(&deeper, "%s%s", indent, i == last ? "  " : "│ ") < 0)
                        return r < 0 ? r : -ENOMEM;
                /* A number that is used again meanwhile could make a circle of the tree. */
                r = depth < 100 ? add_tree(rows, processes, number_of(p, "pid"), deeper, depth + 1) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Returns 0 with NULL in *ret when nothing of the unit runs. */
static int read_unit(Ctl *c, const char *name, json_t **ret, sd_bus_error *error) {
        autojson json_t *p = NULL;
        autoclose int fd = -EBADF;
        int r;

        r = client_unit_properties(c, name, error, &p);
        if (r < 0)
                return r;
        if (streq(property_string(p, "LoadState"), "not-found") && !property_string(p, "ControlGroup")[0])
                return ctl_no_unit(name) == STATUS_OK ? 0 : -ENOENT;

        fd = cgroup_view_open(property_string(p, "ControlGroup"));
        if (fd < 0)
                return 0;
        r = cgroup_view_processes(fd, ret);
        return r;
}

static int print(const Ctl *c, json_t *units) {
        static const Column columns[] = {
                { "PID", "pid", COLUMN_RIGHT },       { "INSIDE", "container_pid", COLUMN_RIGHT },
                { "UID", "uid", COLUMN_RIGHT },       { "S", "state", 0 },
                { "CPU", "cpu", COLUMN_RIGHT },       { "MEMORY", "memory", COLUMN_BYTES },
                { "COMMAND", "command", COLUMN_CUT },
        };
        autojson json_t *rows = json_array();
        const json_t *unit;
        size_t i;
        int r = rows ? 0 : -ENOMEM;

        if (c->options.json)
                return json_print(units);
        json_array_foreach(units, i, unit) {
                json_t *head = json_pack("{s:O}", "command", json_object_get(unit, "unit"));

                if (r == 0)
                        r = json_array_append_new(rows, head) < 0 ? -ENOMEM : 0;
                if (r == 0)
                        r = add_tree(rows, json_object_get(unit, "processes"), 0, "", 0);
        }
        return r < 0 ? ctl_errno(r, "ps") : table_print(c, rows, columns, ELEMENTSOF(columns));
}

int verb_ps(Ctl *c, char **words) {
        autojson json_t *units = json_array();
        autostrv char **names = NULL;
        int status = STATUS_OK;

        if (!units || client_open(c) < 0 || client_unit_names(c, words + 1, &names) < 0)
                return STATUS_FAILED;

        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                json_t *processes = NULL;
                int r;

                r = read_unit(c, *name, &processes, &error);
                if (r < 0) {
                        status = r == -ENOENT ? STATUS_NO_UNIT : client_failure(*name, r, &error);
                        continue;
                }
                if (!processes) {
                        if (words[1])
                                status = ctl_error("%s: nothing of it runs", *name);
                        continue;
                }
                if (json_array_append_new(units,
                                          json_pack("{s:s, s:o}", "unit", *name, "processes", processes)) < 0)
                        return ctl_errno(-ENOMEM, "ps");
        }
        if (json_array_size(units) == 0 && !c->options.json)
                return status;
        return print(c, units) == STATUS_OK ? status : STATUS_FAILED;
}
