#include "network/host-state.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"

void host_state_clear(HostState *s) {
        free(s->links);
        free(s->addresses);
        free(s->routes);
        *s = (HostState){};
}

/* Room for one more; NULL when there is no memory, which is remembered. */
static void *grow(HostState *s, void *items, size_t *n, size_t size) {
        char **list = items, *grown = s->failed ? NULL : reallocarray(*list, *n + 1, size);

        if (!grown) {
                s->failed = true;
                return NULL;
        }
        *list = grown;
        return memset(grown + (*n)++ * size, 0, size);
}

void host_state_add_link(HostState *s, const StateLink *link) {
        StateLink *item = grow(s, &s->links, &s->n_links, sizeof(*item));

        if (item)
                *item = *link;
}

void host_state_add_address(HostState *s, const char *link, const InetPrefix *p) {
        StateAddress *item = grow(s, &s->addresses, &s->n_addresses, sizeof(*item));

        if (!item)
                return;
        (void) snprintf(item->link, sizeof(item->link), "%s", link);
        item->prefix = *p;
}

void host_state_add_route(HostState *s, const char *link, const RtnlRoute *route) {
        StateRoute *item = grow(s, &s->routes, &s->n_routes, sizeof(*item));

        if (!item)
                return;
        (void) snprintf(item->link, sizeof(item->link), "%s", link);
        item->route = *route;
}

void host_state_apply(const HostState *s, const char *name, unsigned index, Rtnl *r) {
        for (size_t i = 0; i < s->n_addresses; i++)
                if (streq(s->addresses[i].link, name))
                        rtnl_add_address(r, index, &s->addresses[i].prefix);
        for (size_t i = 0; i < s->n_routes; i++) {
                RtnlRoute route = s->routes[i].route;

                /* What comes with an address is the kernel's own work. */
                if (!streq(s->routes[i].link, name) || route.protocol == RTPROT_KERNEL)
                        continue;
                route.index = index;
                rtnl_add_route(r, &route);
        }
}

int host_reality_read(Rtnl *r, HostReality *ret) {
        int result;

        result = rtnl_list_links(r, &ret->links, &ret->n_links);
        if (result >= 0)
                result = rtnl_list_addresses(r, &ret->addresses, &ret->n_addresses);
        if (result >= 0)
                result = rtnl_list_routes(r, &ret->routes, &ret->n_routes);
        return result;
}

void host_reality_clear(HostReality *h) {
        free(h->links);
        free(h->addresses);
        free(h->routes);
        *h = (HostReality){};
}

const RtnlLink *host_reality_link(const HostReality *h, const char *name) {
        for (size_t i = 0; i < h->n_links; i++)
                if (streq(h->links[i].name, name))
                        return &h->links[i];
        return NULL;
}

static bool same_prefix(const InetPrefix *a, const InetPrefix *b) {
        return a->bits == b->bits && inet_equal(&a->address, &b->address);
}

bool host_reality_has_address(const HostReality *h, unsigned index, const InetPrefix *p) {
        for (size_t i = 0; i < h->n_addresses; i++)
                if (h->addresses[i].index == index && same_prefix(&h->addresses[i].prefix, p))
                        return true;
        return false;
}

static bool same_address(const InetAddress *a, const InetAddress *b) {
        return a->family == AF_UNSPEC ? b->family == AF_UNSPEC : inet_equal(a, b);
}

bool host_route_equal(const RtnlRoute *wanted, const RtnlRoute *r) {
        return r->table == (wanted->table ? wanted->table : RT_TABLE_MAIN) &&
               same_prefix(&r->to, &wanted->to) && same_address(&r->via, &wanted->via);
}

bool host_reality_has_route(const HostReality *h, unsigned index, const RtnlRoute *route) {
        for (size_t i = 0; i < h->n_routes; i++)
                if (h->routes[i].index == index && host_route_equal(route, &h->routes[i]))
                        return true;
        return false;
}

bool state_link_differs(const StateLink *wanted, const RtnlLink *link, const RtnlLink *master) {
        return !streq(link->kind, wanted->kind) || !link->up || link->group != wanted->group ||
               (wanted->mtu > 0 && link->mtu != wanted->mtu) || (wanted->hairpin && !link->hairpin) ||
               (wanted->master[0] && (!master || link->master != master->index));
}
