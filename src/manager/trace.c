/* `nsctl ports` and `nsctl trace`: who has which port, and what a packet to one would meet. */
#include <jansson.h>
#include <stdarg.h>

#include "basic/strv.h"
#include "manager/internal.h"
#include "network/listener.h"
#include "network/listeners.h"

typedef enum Result {
        PASSES,
        ENDS,
        MAY_END,
} Result;

typedef struct Trace {
        Protocol protocol;
        uint16_t port;
        InetAddress from; /* AF_UNSPEC = from anywhere */
        json_t *steps;
        bool ended; /* a packet gets no further */
} Trace;

static void tell(Trace *t, const char *step, Result result, const char *fmt, ...) PRINTF_LIKE(4, 5);

static void tell(Trace *t, const char *step, Result result, const char *fmt, ...) {
        static const char *const words[] = {
                [PASSES] = "passes", [ENDS] = "ends here", [MAY_END] = "may end here"
        };
        char *text = NULL;
        va_list ap;

        va_start(ap, fmt);
        if (vasprintf(&text, fmt, ap) < 0)
                text = NULL;
        va_end(ap);
        (void) json_array_append_new(t->steps, json_pack("{s:s, s:s, s:s}", "step", step, "result",
                                                         words[result], "what", strempty(text)));
        free(text);
        t->ended |= result == ENDS;
}

static bool is_loopback(const InetAddress *a) {
        return a->family == AF_INET ? a->bytes[0] == 127
                                    : a->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a->v6);
}

static bool covers(const NetworkPort *p, const Trace *t) {
        return p->protocol == t->protocol && t->port >= p->host_port && t->port - p->host_port < p->count;
}

/* The unit that has the port, which of its ranges that is. */
static Unit *find_owner(Manager *m, const Trace *t, const NetworkPort **ret) {
        for (Unit *u = m->units; u; u = u->hh.next)
                for (size_t i = 0; u->held.attachment && i < u->held.attachment->n_ports; i++)
                        if (covers(&u->held.attachment->ports[i], t)) {
                                *ret = &u->held.attachment->ports[i];
                                return u;
                        }
        return NULL;
}

/* A unit that would have it, if it were started. */
static const char *find_sleeper(const Manager *m, const Trace *t) {
        for (const Unit *u = m->units; u; u = u->hh.next) {
                const PublishList *list = u->spec && u->spec->container ? &u->spec->container->network.publish
                                          : u->spec && u->spec->pod     ? &u->spec->pod->network.publish
                                                                        : NULL;

                for (size_t i = 0; list && i < list->n; i++)
                        if (list->items[i].protocol == t->protocol && t->port >= list->items[i].host_port &&
                            t->port - list->items[i].host_port < list->items[i].count)
                                return u->name;
        }
        return NULL;
}

static void trace_nobody(const Manager *m, Trace *t) {
        const char *sleeper = find_sleeper(m, t);
        autofree char *process = listener_find(t->protocol, t->port);

        if (process)
                tell(t, "map", ENDS, "no element: %s of the host itself listens on port %u", process,
                     t->port);
        else if (sleeper)
                tell(t, "map", ENDS, "no element: %s would publish it, and is not started", sleeper);
        else
                tell(t, "map", ENDS, "no element: no container publishes port %u", t->port);
}

/* By which element, or other way, a packet of this family is led to @to. */
static void trace_element(Trace *t, const Unit *u, const NetworkPort *p, const InetAddress *to) {
        const unsigned port = (unsigned) p->container_port + (t->port - p->host_port);
        const char *map = p->count > 1 ? "range" : "dnat",
                   *on = p->host_address.family != AF_UNSPEC ? "_on" : "";
        char host[INET_TEXT_MAX] = "", address[INET_TEXT_MAX];

        if (*on)
                (void) inet_format(&p->host_address, host);
        if (is_loopback(&t->from) && !u->manager->config->network.localhost_publish) {
                tell(t, "localhost", ENDS, "localhost-publish is off in nsunitd.conf");
                return;
        }
        if (is_loopback(&t->from))
                tell(t, "localhost", PASSES, "connect(2) on the host leads to the container");
        tell(t, "map", PASSES, "%s%c%s: %s%s%s . %u leads to %s . %u", map,
             to->family == AF_INET6 ? '6' : '4', on, host, *host ? " . " : "",
             protocol_to_string(t->protocol), t->port, inet_format(to, address), port);
}

static void trace_family(Trace *t, const Unit *u, const NetworkPort *p, int family) {
        const NetworkLink *l = u->held.attachment->n_links > 0 ? &u->held.attachment->links[0] : NULL;

        for (size_t i = 0; l && i < l->n_addresses; i++)
                if (l->addresses[i].address.family == family &&
                    (p->host_address.family == AF_UNSPEC || p->host_address.family == family)) {
                        trace_element(t, u, p, &l->addresses[i].address);
                        return;
                }
        if (t->from.family == family)
                tell(t, "map", ENDS, "no element: %s has no address or port for IPv%c", u->name,
                     family == AF_INET6 ? '6' : '4');
}

static void trace_firewall(Manager *m, Trace *t) {
        autofree char *text = NULL;
        char *const *chains = NULL;

        if (network_firewalls(m->network, &chains) < 0)
                return;
        text = strv_join(chains, ", ");
        if (chains)
                tell(t, "firewall", MAY_END,
                     "unless another's drops it, which lets through only what it has a rule for: %s",
                     strempty(text));
        else
                tell(t, "firewall", PASSES, "no chain of others drops what is forwarded");
}

static bool has_process(const Unit *u) {
        if (!unit_is_pod(u))
                return u->main != NULL;
        for (const Unit *member = u->manager->units; member; member = member->hh.next)
                if (member->main && member->held.spec && unit_attachment(member) == u->held.attachment)
                        return true;
        return false;
}

static void trace_container(Trace *t, const Unit *u) {
        const char *state = machine_substate_to_string(u->machine.state);

        if (has_process(u))
                tell(t, "container", PASSES, "%s is %s", u->name, state);
        else
                tell(t, "container", ENDS, "%s is %s: no process of it runs", u->name, state);
}

static bool is_wanted(const Trace *t, const InetAddress *a) {
        return t->from.family == AF_UNSPEC || t->from.family == a->family;
}

/* Does one of them take packets to an address of the container? */
static bool is_taken(const Trace *t, const Unit *u, const Listener *listeners, size_t n,
                     const Listener **ret) {
        const NetworkLink *l = &u->held.attachment->links[0];

        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < l->n_addresses; j++)
                        if (is_wanted(t, &l->addresses[j].address) &&
                            listener_takes(&listeners[i], &l->addresses[j].address)) {
                                *ret = &listeners[i];
                                return true;
                        }
        return false;
}

static void trace_listener(Trace *t, const Unit *u, const NetworkPort *p) {
        const uint16_t port = (uint16_t) (p->container_port + (t->port - p->host_port));
        autofree Listener *listeners = NULL;
        const Listener *taker;
        char text[INET_TEXT_MAX];
        size_t n = 0;
        int r = listeners_find(u->held.netns_fd, t->protocol, port, &listeners, &n);

        if (r < 0)
                tell(t, "socket", PASSES, "not known: %s", strerror(-r));
        else if (n == 0)
                tell(t, "socket", ENDS, "no process in the container listens on port %u", port);
        else if (is_taken(t, u, listeners, n, &taker))
                tell(t, "socket", PASSES, "a process in the container listens on %s, port %u",
                     listener_is_any(taker) ? "every address" : inet_format(&taker->address, text), port);
        else if (is_loopback(&listeners[0].address))
                tell(t, "socket", ENDS, "a process in the container listens on %s only, port %u",
                     inet_format(&listeners[0].address, text), port);
        else
                tell(t, "socket", ENDS, "who listens on %s, port %u, is not reached by such packets",
                     listener_is_any(&listeners[0]) ? "every IPv6 address"
                                                    : inet_format(&listeners[0].address, text),
                     port);
}

static void trace(Manager *m, Trace *t) {
        const NetworkPort *p = NULL;
        Unit *u = find_owner(m, t, &p);

        if (!u) {
                trace_nobody(m, t);
                return;
        }
        if (!u->held.attachment->published) {
                tell(t, "map", ENDS, "no element: %s has the port, which is not published at this moment",
                     u->name);
                return;
        }
        if (t->from.family != AF_INET6)
                trace_family(t, u, p, AF_INET);
        if (t->from.family != AF_INET)
                trace_family(t, u, p, AF_INET6);
        if (!t->ended)
                trace_firewall(m, t);
        if (!t->ended)
                trace_container(t, u);
        if (!t->ended && u->held.attachment->n_links > 0)
                trace_listener(t, u, p);
}

int manager_trace_port(Manager *m, uint16_t port, const char *protocol, const char *from, char **ret,
                       Fault *fault) {
        Trace t = { .protocol = protocol_from_string(protocol), .port = port };

        if (t.protocol < 0 || port == 0)
                return fault_set(fault, "trace", -EINVAL, "port %u/%s", port, protocol);
        if (from[0] && inet_parse(from, &t.from) < 0)
                return fault_set(fault, "trace", -EINVAL, "address %s", from);
        t.steps = json_array();
        trace(m, &t);
        *ret = t.steps ? json_dumps(t.steps, JSON_COMPACT) : NULL;
        json_decref(t.steps);
        return *ret ? 0 : -ENOMEM;
}

/* -- all of them -- */

static json_t *targets_of(const Attachment *a, const NetworkPort *p) {
        json_t *list = json_array();

        for (size_t i = 0; a->n_links > 0 && i < a->links[0].n_addresses; i++) {
                const InetAddress *to = &a->links[0].addresses[i].address;
                char text[INET_TEXT_MAX];

                if (p->host_address.family == AF_UNSPEC || p->host_address.family == to->family)
                        (void) json_array_append_new(list, json_string(inet_format(to, text)));
        }
        return list;
}

static json_t *range_text(uint16_t first, uint16_t count) {
        return count > 1 ? json_sprintf("%u-%u", first, first + count - 1) : json_sprintf("%u", first);
}

int manager_list_ports(Manager *m, char **ret) {
        json_t *list = json_array();

        for (const Unit *u = m->units; list && u; u = u->hh.next)
                for (size_t i = 0; u->held.attachment && i < u->held.attachment->n_ports; i++) {
                        const NetworkPort *p = &u->held.attachment->ports[i];
                        char address[INET_TEXT_MAX] = "*";

                        if (p->host_address.family != AF_UNSPEC)
                                (void) inet_format(&p->host_address, address);
                        (void) json_array_append_new(
                                list,
                                json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:b}", "host_port",
                                          range_text(p->host_port, p->count), "protocol",
                                          protocol_to_string(p->protocol), "host_address", address, "unit",
                                          u->name, "container_port", range_text(p->container_port, p->count),
                                          "addresses", targets_of(u->held.attachment, p), "published",
                                          u->held.attachment->published));
                }
        *ret = list ? json_dumps(list, JSON_COMPACT) : NULL;
        json_decref(list);
        return *ret ? 0 : -ENOMEM;
}
