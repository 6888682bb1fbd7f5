/* Published ports: who has them, are they free, and their elements in the table's maps. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "network/internal.h"
#include "network/ruleset.h"

/* RFC 6335, 6: dynamic ports. */
#define RANDOM_FIRST 49152
#define RANDOM_LAST  65535

static bool addresses_collide(const InetAddress *a, const InetAddress *b) {
        return a->family == AF_UNSPEC || b->family == AF_UNSPEC || inet_equal(a, b);
}

static const char *owner_of(const Network *n, const Attachment *self, const NetworkPort *p) {
        for (size_t i = 0; i < n->n_attachments; i++) {
                const Attachment *a = n->attachments[i];

                for (size_t j = 0; a != self && j < a->n_ports; j++) {
                        const NetworkPort *o = &a->ports[j];

                        if (o->protocol == p->protocol && o->host_port < p->host_port + p->count &&
                            p->host_port < o->host_port + o->count &&
                            addresses_collide(&o->host_address, &p->host_address))
                                return a->unit;
                }
        }
        return NULL;
}

/* A process of the host that listens there would be cut off by our rules. */
static bool host_listens(const NetworkPort *p, uint16_t port) {
        int type = p->protocol == PROTOCOL_UDP ? SOCK_DGRAM : SOCK_STREAM;
        int family = p->host_address.family == AF_INET6 ? AF_INET6 : AF_INET;
        autoclose int fd =
                socket(family, type | SOCK_CLOEXEC, p->protocol == PROTOCOL_SCTP ? IPPROTO_SCTP : 0);
        struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
        struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
        int enable = 1;

        if (fd < 0)
                return false;
        (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &enable, sizeof(enable));
        if (family == AF_INET6) {
                six.sin6_addr = p->host_address.v6;
                return bind(fd, (struct sockaddr *) &six, sizeof(six)) < 0 && errno == EADDRINUSE;
        }
        if (p->host_address.family == AF_INET)
                four.sin_addr = p->host_address.v4;
        return bind(fd, (struct sockaddr *) &four, sizeof(four)) < 0 && errno == EADDRINUSE;
}

static bool is_taken(const Network *n, const Attachment *self, const NetworkPort *p) {
        if (owner_of(n, self, p))
                return true;
        for (uint16_t i = 0; i < p->count; i++)
                if (host_listens(p, (uint16_t) (p->host_port + i)))
                        return true;
        return false;
}

static int pick(const Network *n, const Attachment *self, NetworkPort *p, Fault *fault) {
        for (unsigned port = RANDOM_FIRST; port + p->count - 1 <= RANDOM_LAST; port++) {
                p->host_port = (uint16_t) port;
                if (!is_taken(n, self, p))
                        return 0;
        }
        return fault_set(fault, "publish", -EADDRNOTAVAIL, "no free host port for port %u",
                         p->container_port);
}

static int check(const Network *n, const Attachment *self, const NetworkPort *p, Fault *fault) {
        autofree char *text = network_port_to_string(p);
        const char *owner = owner_of(n, self, p);

        if (owner)
                return fault_set(fault, "publish", -EADDRINUSE, "%s of %s: %s has it", strempty(text),
                                 self->unit, owner);
        for (uint16_t i = 0; i < p->count; i++)
                if (host_listens(p, (uint16_t) (p->host_port + i)))
                        return fault_set(fault, "publish", -EADDRINUSE,
                                         "%s of %s: a process of the host listens on port %u", strempty(text),
                                         self->unit, p->host_port + i);
        return 0;
}

int ports_resolve(Network *n, const Attachment *self, const PublishSpec *publish, size_t n_publish,
                  NetworkPort **ret, Fault *fault) {
        autofree NetworkPort *ports = calloc(n_publish + 1, sizeof(*ports));

        if (!ports)
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
                r = ports[i].host_port == 0 ? pick(n, self, &ports[i], fault)
                                            : check(n, self, &ports[i], fault);
                if (r < 0)
                        return r;
        }
        *ret = take_ptr(ports);
        return 0;
}

/* Ports lead to the addresses of the first link. */
void ports_enter(NftBatch *b, bool add, const Attachment *a) {
        for (size_t i = 0; a->n_links > 0 && i < a->n_ports; i++)
                for (size_t j = 0; j < a->links[0].n_addresses; j++) {
                        const InetAddress *to = &a->links[0].addresses[j].address;

                        if (a->ports[i].host_address.family == AF_UNSPEC ||
                            a->ports[i].host_address.family == to->family)
                                ruleset_port(b, add, &a->ports[i], to);
                }
}

static int enter(Attachment *a, bool add) {
        autoptr(NftBatch) b = nft_batch_new(TABLE_NAME);
        int r;

        if (!b)
                return -ENOMEM;
        ports_enter(b, add, a);
        r = nft_batch_commit(b);
        if (r >= 0)
                a->published = add;
        return r;
}

int network_publish(Network *n, Attachment *a, Fault *fault) {
        int r;

        if (a->published || a->n_ports == 0)
                return 0;
        r = table_ensure(n, fault);
        if (r >= 0) {
                r = enter(a, true);
                if (r < 0)
                        (void) fault_set(fault, "publish", r, "%s", a->unit);
        }
        return r;
}

int network_unpublish(Network *n, Attachment *a) {
        if (!a->published)
                return 0;
        if (n->table)
                return enter(a, false);
        a->published = false;
        return 0;
}

int network_set_ports(Network *n, Attachment *a, const PublishSpec *publish, size_t n_publish, Fault *fault) {
        bool published = a->published;
        NetworkPort *ports;
        int r;

        r = ports_resolve(n, a, publish, n_publish, &ports, fault);
        if (r < 0)
                return r;
        if (published)
                (void) network_unpublish(n, a);
        free(a->ports);
        a->ports = ports;
        a->n_ports = n_publish;
        return published ? network_publish(n, a, fault) : 0;
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
