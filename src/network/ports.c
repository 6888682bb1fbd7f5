/* Published ports: who has them, are they free, and their elements in the table's maps. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "network/internal.h"
#include "network/listener.h"
#include "network/ruleset.h"

/* RFC 6335, 6: dynamic ports. */
#define RANDOM_FIRST 49152
#define RANDOM_LAST  65535

uint8_t protocol_number(Protocol p) {
        switch (p) {
        case PROTOCOL_TCP:
                return IPPROTO_TCP;
        case PROTOCOL_UDP:
                return IPPROTO_UDP;
        case PROTOCOL_SCTP:
                return IPPROTO_SCTP;
        case PROTOCOL_N_:
        case PROTOCOL_INVALID_:
                break;
        }
        return 0;
}

static bool addresses_collide(const InetAddress *a, const InetAddress *b) {
        return a->family == AF_UNSPEC || b->family == AF_UNSPEC || inet_equal(a, b);
}

static bool ports_collide(const NetworkPort *a, const NetworkPort *b) {
        return a->protocol == b->protocol && a->host_port < b->host_port + b->count &&
               b->host_port < a->host_port + a->count &&
               addresses_collide(&a->host_address, &b->host_address);
}

const char *ports_owner(const Network *n, const Attachment *self, const NetworkPort *p) {
        for (size_t i = 0; i < n->n_attachments; i++) {
                const Attachment *a = n->attachments[i];

                for (size_t j = 0; a != self && j < a->n_ports; j++)
                        if (ports_collide(&a->ports[j], p))
                                return a->unit;
        }
        return NULL;
}

static bool can_bind(const NetworkPort *p, int family, uint16_t port) {
        int type = p->protocol == PROTOCOL_UDP ? SOCK_DGRAM : SOCK_STREAM;
        autoclose int fd =
                socket(family, type | SOCK_CLOEXEC, p->protocol == PROTOCOL_SCTP ? IPPROTO_SCTP : 0);
        struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
        struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
        int enable = 1;

        if (fd < 0)
                return true;
        /* For TCP: connections that linger do not count. For UDP it would share the port with others. */
        if (type == SOCK_STREAM)
                (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &enable, sizeof(enable));
        if (family == AF_INET6) {
                (void) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &enable, sizeof(enable));
                if (p->host_address.family == AF_INET6)
                        six.sin6_addr = p->host_address.v6;
                return bind(fd, (struct sockaddr *) &six, sizeof(six)) >= 0 || errno != EADDRINUSE;
        }
        if (p->host_address.family == AF_INET)
                four.sin_addr = p->host_address.v4;
        return bind(fd, (struct sockaddr *) &four, sizeof(four)) >= 0 || errno != EADDRINUSE;
}

/* The first port of @p where a process of the host listens, which our rules would cut off; 0 = none. */
static unsigned find_listener(const NetworkPort *p) {
        int family = p->host_address.family;

        for (unsigned i = 0; i < p->count; i++) {
                uint16_t port = (uint16_t) (p->host_port + i);

                if ((family != AF_INET6 && !can_bind(p, AF_INET, port)) ||
                    (family != AF_INET && !can_bind(p, AF_INET6, port)))
                        return port;
        }
        return 0;
}

/* @earlier: ports of the same unit that are decided already. */
static const char *find_owner(const Network *n, const Attachment *self, const NetworkPort *earlier,
                              const NetworkPort *p) {
        for (const NetworkPort *e = earlier; e < p; e++)
                if (ports_collide(e, p))
                        return self->unit;
        return ports_owner(n, self, p);
}

static int pick(Network *n, const Attachment *self, const NetworkPort *earlier, NetworkPort *p,
                Fault *fault) {
        unsigned n_ports = RANDOM_LAST - RANDOM_FIRST + 1;

        for (unsigned i = 0; i < n_ports; i++) {
                unsigned port = RANDOM_FIRST + (n->next_port + i) % n_ports;

                p->host_port = (uint16_t) port;
                if (port + p->count - 1 > RANDOM_LAST || find_owner(n, self, earlier, p) || find_listener(p))
                        continue;
                n->next_port = (uint16_t) (port + p->count - RANDOM_FIRST);
                return 0;
        }
        return fault_set(fault, "publish", -EADDRNOTAVAIL, "no free host port for port %u",
                         p->container_port);
}

/* The one that this unit has already, when its ports are changed. */
static bool pick_again(const Network *n, const Attachment *self, const NetworkPort *earlier, NetworkPort *p) {
        for (size_t i = 0; i < self->n_ports; i++) {
                const NetworkPort *old = &self->ports[i];

                if (old->host_port < RANDOM_FIRST || old->protocol != p->protocol ||
                    old->container_port != p->container_port || old->count != p->count ||
                    old->host_address.family != p->host_address.family ||
                    (p->host_address.family != AF_UNSPEC &&
                     !inet_equal(&old->host_address, &p->host_address)))
                        continue;
                p->host_port = old->host_port;
                if (!find_owner(n, self, earlier, p))
                        return true;
        }
        p->host_port = 0;
        return false;
}

static int check(const Network *n, const Attachment *self, const NetworkPort *earlier, const NetworkPort *p,
                 Fault *fault) {
        autofree char *text = network_port_to_string(p);
        const char *owner = find_owner(n, self, earlier, p);
        unsigned listener;

        if (owner)
                return fault_set(fault, "publish", -EADDRINUSE, "%s of %s: %s has it", strempty(text),
                                 self->unit, owner);
        listener = find_listener(p);
        if (listener > 0) {
                autofree char *process = listener_find(p->protocol, (uint16_t) listener);

                return fault_set(fault, "publish", -EADDRINUSE, "%s of %s: %s of the host listens on port %u",
                                 strempty(text), self->unit, process ? process : "a process", listener);
        }
        return 0;
}

int ports_resolve(Network *n, const Attachment *self, const PublishSpec *publish, size_t n_publish,
                  NetworkPort **ret, Fault *fault) {
        autofree NetworkPort *ports = n_publish > 0 ? calloc(n_publish, sizeof(*ports)) : NULL;

        if (n_publish > 0 && !ports)
                return -ENOMEM;

        for (size_t i = 0; i < n_publish; i++) {
                int r;

                ports[i] = (NetworkPort){
                        .protocol = publish[i].protocol,
                        .host_address = publish[i].host_address,
                        .host_port = publish[i].host_port,
                        .container_port = publish[i].container_port,
                        .count = publish[i].count,
                };
                if (ports[i].host_port == 0 && pick_again(n, self, ports, &ports[i]))
                        continue;
                r = ports[i].host_port == 0 ? pick(n, self, ports, &ports[i], fault)
                                            : check(n, self, ports, &ports[i], fault);
                if (r < 0)
                        return r;
        }
        *ret = take_ptr(ports);
        return 0;
}

void ports_enter(NftBatch *b, bool add, const Attachment *a) {
        const NetworkLink *link = attachment_public_link(a);

        for (size_t i = 0; link && i < a->n_ports; i++)
                for (size_t j = 0; j < link->n_addresses; j++) {
                        const InetAddress *to = &link->addresses[j].address;

                        if (a->ports[i].host_address.family == AF_UNSPEC ||
                            a->ports[i].host_address.family == to->family)
                                ruleset_port(b, add, &a->ports[i], to);
                }
}

static bool is_same_target(const FlowRule *a, const FlowRule *b) {
        return a->protocol == b->protocol && a->host_port == b->host_port && a->count == b->count &&
               a->container_port == b->container_port && inet_equal(&a->host_address, &b->host_address) &&
               inet_equal(&a->to, &b->to);
}

/* One that there is no memory for keeps a few connections where they were. */
static void note(Network *n, const FlowRule *rule) {
        FlowRule *grown;

        /* A range that is taken away again before anybody has looked: nothing is to be kept for it. */
        for (size_t i = 0; rule->gone && n->n_fresh > 0 && i < n->n_changed; i++)
                if (!n->changed[i].gone && is_same_target(&n->changed[i], rule)) {
                        n->changed[i--] = n->changed[--n->n_changed];
                        n->n_fresh--;
                }
        /* What leads elsewhere by a port that is new here was somebody else's, who is gone; a stream finds
         * that out by itself. Only a port that comes after others have gone tells what is to be kept. */
        if (!rule->gone && rule->protocol != PROTOCOL_UDP && n->n_changed == 0)
                return;
        grown = reallocarray(n->changed, n->n_changed + 1, sizeof(*grown));
        if (!grown)
                return;
        n->changed = grown;
        grown[n->n_changed++] = *rule;
        n->n_fresh += !rule->gone;
}

void ports_note(Network *n, const Attachment *a, bool gone) {
        for (size_t i = 0; a->n_links > 0 && i < a->n_ports; i++)
                for (size_t j = 0; j < a->links[0].n_addresses; j++) {
                        const NetworkPort *p = &a->ports[i];
                        const InetAddress *to = &a->links[0].addresses[j].address;
                        const FlowRule rule = { .protocol = p->protocol,
                                                .host_address = p->host_address,
                                                .host_port = p->host_port,
                                                .container_port = p->container_port,
                                                .count = p->count,
                                                .to = *to,
                                                .gone = gone };

                        if (p->host_address.family == AF_UNSPEC || p->host_address.family == to->family)
                                note(n, &rule);
                }
}

bool network_wants_purge(const Network *n) {
        return n->n_changed > 0;
}

int network_purge(Network *n) {
        int r = conntrack_purge(n->changed, n->n_changed);

        free(n->changed);
        n->changed = NULL;
        n->n_changed = n->n_fresh = 0;
        return r;
}

/* One transaction: out with the ports that @a has, in with @ports. */
static int exchange(Network *n, Attachment *a, NetworkPort *ports, size_t n_ports) {
        autoptr(NftBatch) b = nft_batch_new(TABLE_NAME);
        Attachment wanted = *a;
        int r;

        if (!b)
                return -ENOMEM;
        wanted.ports = ports;
        wanted.n_ports = n_ports;
        if (a->published)
                ports_enter(b, false, a);
        ports_enter(b, true, &wanted);
        r = nft_batch_commit(b, n->nft);
        if (r < 0)
                return r;
        if (a->published)
                ports_note(n, a, true);
        ports_note(n, &wanted, false);
        guard_exchange(n, a->published ? a : NULL, &wanted);
        return 0;
}

/* At connect(2) as well; what fails there is left to address translation. */
static void exchange_localhost(Network *n, const Attachment *a, NetworkPort *ports, size_t n_ports) {
        Attachment wanted = *a;

        if (!n->localhost)
                return;
        wanted.ports = ports;
        wanted.n_ports = n_ports;
        if (a->published)
                (void) localhost_enter(n->localhost, false, a);
        (void) localhost_enter(n->localhost, true, &wanted);
}

int network_publish(Network *n, Attachment *a, Fault *fault) {
        int r;

        if (a->published)
                return 0;
        if (a->n_ports == 0) {
                a->published = true;
                return 0;
        }
        r = table_ensure(n, fault);
        if (r >= 0) {
                r = exchange(n, a, a->ports, a->n_ports);
                if (r >= 0) {
                        exchange_localhost(n, a, a->ports, a->n_ports);
                        (void) localhost_settle(n->localhost);
                }
                a->published = r >= 0;
                if (r < 0)
                        (void) fault_set(fault, "publish", r, "%s", a->unit);
        }
        return r;
}

int network_unpublish(Network *n, Attachment *a) {
        int r;

        if (!a->published)
                return 0;
        if (a->n_ports == 0) {
                a->published = false;
                return 0;
        }
        r = n->table ? exchange(n, a, NULL, 0) : 0;
        exchange_localhost(n, a, NULL, 0);
        a->published = false;
        /* Some of them were not there: somebody has deleted them, and more perhaps. */
        if (r == -ENOENT) {
                guard_exchange(n, a, NULL);
                r = table_replace(n);
        }
        return r;
}

int network_set_ports(Network *n, Attachment *a, const PublishSpec *publish, size_t n_publish, Fault *fault) {
        autofree NetworkPort *ports = NULL;
        int r;

        r = ports_resolve(n, a, publish, n_publish, &ports, fault);
        if (r >= 0 && a->published && n_publish > 0)
                r = table_ensure(n, fault);
        if (r >= 0 && a->published && n_publish + a->n_ports > 0) {
                r = exchange(n, a, ports, n_publish);
                /* Some of the old ones were not there: somebody has deleted them, and more perhaps. */
                if (r == -ENOENT && table_replace(n) >= 0)
                        r = exchange(n, a, ports, n_publish);
                if (r < 0)
                        (void) fault_set(fault, "publish", r, "%s", a->unit);
        }
        if (r < 0)
                return r;

        if (a->published) {
                exchange_localhost(n, a, ports, n_publish);
                (void) localhost_settle(n->localhost);
        }
        free(a->ports);
        a->ports = take_ptr(ports);
        a->n_ports = n_publish;
        return 0;
}

char *network_port_to_string(const NetworkPort *p) {
        char address[INET_TEXT_MAX] = "*", host[16] = "", container[16] = "";
        bool six = p->host_address.family == AF_INET6;
        char *text;

        if (p->host_address.family != AF_UNSPEC)
                (void) inet_format(&p->host_address, address);
        if (p->count > 1) {
                (void) snprintf(host, sizeof(host), "-%u", p->host_port + p->count - 1);
                (void) snprintf(container, sizeof(container), "-%u", p->container_port + p->count - 1);
        }
        if (asprintf(&text, "%s%s%s:%u%s->%u%s/%s", six ? "[" : "", address, six ? "]" : "", p->host_port,
                     host, p->container_port, container, protocol_to_string(p->protocol)) < 0)
                return NULL;
        return text;
}
