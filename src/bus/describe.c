/*
 * Build time: the description of an object's interfaces, as D-Bus introspection has it, out of the tables
 * that the manager serves.
 *
 * Usage: bus-describe Manager|Unit|Job
 */
#include <stdlib.h>
#include <string.h>

#include "bus/bus-internal.h"

/* Of a signature, how much is the first complete type. */
static size_t type_length(const char *types) {
        size_t n = strspn(types, "a"), depth = 0;

        do {
                depth += strchr("({", types[n]) != NULL;
                depth -= strchr(")}", types[n]) != NULL;
                n++;
        } while (depth > 0);
        return n;
}

static void print_arguments(const char *types, const char *direction) {
        for (size_t n; types && *types; types += n) {
                n = type_length(types);
                printf("   <arg type=\"%.*s\"%s/>\n", (int) n, types, direction);
        }
}

static void print_property(const sd_bus_vtable *v) {
        const uint64_t flags = v->flags;
        const char *emits = flags & SD_BUS_VTABLE_PROPERTY_CONST                ? "const"
                            : flags & SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION ? "invalidates"
                            : flags & SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE       ? "true"
                                                                                : "false";

        printf("  <property name=\"%s\" type=\"%s\" access=\"read\">\n", v->x.property.member,
               v->x.property.signature);
        printf("   <annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"%s\"/>\n",
               emits);
        printf("  </property>\n");
}

static void print_members(const sd_bus_vtable *table) {
        for (const sd_bus_vtable *v = table + 1; v->type != _SD_BUS_VTABLE_END; v++)
                if (v->type == _SD_BUS_VTABLE_METHOD) {
                        printf("  <method name=\"%s\">\n", v->x.method.member);
                        print_arguments(v->x.method.signature, " direction=\"in\"");
                        print_arguments(v->x.method.result, " direction=\"out\"");
                        printf("  </method>\n");
                } else if (v->type == _SD_BUS_VTABLE_SIGNAL) {
                        printf("  <signal name=\"%s\">\n", v->x.signal.member);
                        print_arguments(v->x.signal.signature, "");
                        printf("  </signal>\n");
                } else if (v->type == _SD_BUS_VTABLE_PROPERTY)
                        print_property(v);
}

/* The tables, to be sorted by interface. */
typedef struct Tables {
        const char *interfaces[32];
        const sd_bus_vtable *tables[32];
        size_t n;
} Tables;

static void collect(const char *interface, const sd_bus_vtable *table, void *data) {
        Tables *t = data;

        if (t->n == ELEMENTSOF(t->tables))
                abort();
        t->interfaces[t->n] = interface;
        t->tables[t->n++] = table;
}

static bool seen_before(const Tables *t, size_t i) {
        for (size_t k = 0; k < i; k++)
                if (streq(t->interfaces[k], t->interfaces[i]))
                        return true;
        return false;
}

static void print(const Tables *t) {
        printf("<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
               " \"https://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n<node>\n");
        for (size_t i = 0; i < t->n; i++) {
                if (seen_before(t, i))
                        continue;
                printf(" <interface name=\"%s\">\n", t->interfaces[i]);
                for (size_t k = i; k < t->n; k++)
                        if (streq(t->interfaces[k], t->interfaces[i]))
                                print_members(t->tables[k]);
                printf(" </interface>\n");
        }
        printf("</node>\n");
}

int main(int argc, char **argv) {
        const char *object = argc == 2 ? argv[1] : "";
        Tables t = {};

        if (streq(object, "Manager"))
                bus_manager_describe(collect, &t);
        else if (streq(object, "Job"))
                bus_job_describe(collect, &t);
        else if (streq(object, "Unit")) {
                bus_unit_describe(collect, &t);
                if (bus_keys_describe(collect, &t) < 0)
                        return EXIT_FAILURE;
        } else
                return EXIT_FAILURE;
        print(&t);
        bus_keys_free();
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
