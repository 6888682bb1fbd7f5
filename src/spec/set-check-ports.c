/* One port of the host for two containers. */
#include <stdlib.h>

#include "spec/publish.h"
#include "spec/set-check-internal.h"

typedef struct Port {
        const SetUnit *unit;
        const PublishSpec *publish;
} Port;

typedef struct Ports {
        Port *items;
        size_t n;
} Ports;

static size_t count(const UnitSet *set) {
        size_t n = 0;

        for (size_t i = 0; i < unit_set_size(set); i++) {
                const NetworkKeys *k = set_network(unit_set_get(set, i));

                n += k ? k->publish.n : 0;
        }
        return n;
}

static void collect(const UnitSet *set, Ports *ret) {
        for (size_t i = 0; i < unit_set_size(set); i++) {
                const SetUnit *u = unit_set_get(set, i);
                const NetworkKeys *k = set_network(u);

                for (size_t n = 0; k && n < k->publish.n; n++)
                        if (k->publish.items[n].host_port > 0)
                                ret->items[ret->n++] = (Port){ u, &k->publish.items[n] };
        }
}

/* By protocol and first port; equal ones in the order of the units. */
static int port_compare(const void *a, const void *b) {
        const Port *x = a, *y = b;

        if (x->publish->protocol != y->publish->protocol)
                return x->publish->protocol < y->publish->protocol ? -1 : 1;
        if (x->publish->host_port != y->publish->host_port)
                return x->publish->host_port < y->publish->host_port ? -1 : 1;
        return x->unit->index < y->unit->index ? -1 : x->unit->index > y->unit->index;
}

static void report(const Port *later, const Port *earlier) {
        uint16_t port = MAX_OF(later->publish->host_port, earlier->publish->host_port);
        Pair p;

        if (!set_pair(later->unit, later->publish->at, earlier->unit, earlier->publish->at, &p))
                return;
        diag_warning(p.diag, p.at, "PublishPort=: host port %u/%s is published by %s, too", port,
                     protocol_to_string(later->publish->protocol), p.other->name);
        set_hint_other(&p);
}

static unsigned last_port(const Port *p) {
        return p->publish->host_port + p->publish->count - 1U;
}

/* The first of @items before @port that asks for the same and may run at the same time. */
static const Port *find_clash(const Port *items, const Port *port) {
        for (; items < port; items++)
                if (items->unit != port->unit && publish_overlap(items->publish, port->publish) &&
                    !set_exclusive(items->unit->spec, port->unit->spec))
                        return items;
        return NULL;
}

int set_check_ports(const UnitSet *set) {
        size_t n = count(set);
        autofree Port *items = calloc(n + 1, sizeof(Port));
        const Port *first = items; /* of those that may still reach to the port at hand */
        Ports ports = { items, 0 };

        if (!items)
                return -ENOMEM;
        collect(set, &ports);
        if (ports.n > 0)
                qsort(ports.items, ports.n, sizeof(Port), port_compare);

        for (const Port *port = items; port < items + ports.n; port++) {
                const Port *other;

                while (first < port && (first->publish->protocol != port->publish->protocol ||
                                        last_port(first) < port->publish->host_port))
                        first++;
                other = find_clash(first, port);
                if (other)
                        report(port->unit->index > other->unit->index ? port : other,
                               port->unit->index > other->unit->index ? other : port);
        }
        return 0;
}
