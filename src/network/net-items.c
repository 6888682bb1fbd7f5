#include "network/net-items.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"

void net_items_clear(NetItems *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->items[i].name);
                free(list->items[i].value);
        }
        free(list->items);
        *list = (NetItems){};
}

void net_items_add(NetItems *list, const char *what, char *name, char *value) {
        NetItem *items = name && value ? reallocarray(list->items, list->n + 1, sizeof(*items)) : NULL;

        if (!items) {
                list->failed = true;
                free(name);
                free(value);
                return;
        }
        list->items = items;
        items[list->n++] = (NetItem){ what, name, value };
}

/* NULL when out of memory. */
PRINTF_LIKE(1, 2)
static char *text(const char *format, ...) {
        va_list ap;
        char *s;
        int n;

        va_start(ap, format);
        n = vasprintf(&s, format, ap);
        va_end(ap);
        return n < 0 ? NULL : s;
}

/* -- the host -- */

/* Of a link that is there only what is wanted of it is compared. */
static char *link_text(const StateLink *wanted, const char *kind, bool up, uint32_t group, const char *master,
                       uint32_t mtu, bool hairpin) {
        char number[24] = "";

        if (wanted->mtu > 0)
                (void) snprintf(number, sizeof(number), " mtu %u", mtu);
        return text("%s %s group %#x%s%s%s%s", kind, up ? "up" : "down", group, *master ? " master " : "",
                    master, number, wanted->hairpin && hairpin ? " hairpin" : "");
}

static const char *name_of_index(const HostReality *real, unsigned index) {
        for (size_t i = 0; i < real->n_links; i++)
                if (real->links[i].index == index && index > 0)
                        return real->links[i].name;
        return "";
}

static char *address_text(const InetPrefix *p, const char *link) {
        char address[INET_TEXT_MAX];

        return text("%s on %s", inet_format_prefix(p, address), link);
}

static char *route_text(const RtnlRoute *route, const char *link) {
        char to[INET_TEXT_MAX];

        return text("%s by %s", inet_format_prefix(&route->to, to), link);
}

static bool wants(const HostState *wanted, const char *link) {
        for (size_t i = 0; i < wanted->n_links; i++)
                if (streq(wanted->links[i].name, link))
                        return true;
        return false;
}

static void add_link(const StateLink *w, const HostReality *real, NetItems *ret_wanted, NetItems *ret_real) {
        const RtnlLink *link = host_reality_link(real, w->name);

        net_items_add(ret_wanted, "link", strdup(w->name),
                      link_text(w, w->kind, true, w->group, w->master, w->mtu, true));
        if (link)
                net_items_add(ret_real, "link", strdup(w->name),
                              link_text(w, link->kind, link->up, link->group,
                                        w->master[0] ? name_of_index(real, link->master) : "", link->mtu,
                                        link->hairpin));
}

/* What else is on a link of ours: by nobody but us should there be anything, and the kernel gives it
 * addresses of its own, which are not lasting. */
static void add_real(const HostState *wanted, const HostReality *real, NetItems *ret) {
        for (size_t i = 0; i < real->n_addresses; i++) {
                const RtnlAddress *a = &real->addresses[i];
                const char *link = name_of_index(real, a->index);

                if (a->lasting && wants(wanted, link))
                        net_items_add(ret, "address", address_text(&a->prefix, link), strdup(""));
        }
        for (size_t i = 0; i < real->n_routes; i++) {
                const RtnlRoute *r = &real->routes[i];
                const char *link = name_of_index(real, r->index);
                bool own = r->protocol == RTNL_PROTOCOL_OURS;

                for (size_t j = 0; !own && j < wanted->n_routes; j++)
                        own = streq(wanted->routes[j].link, link) &&
                              host_route_equal(&wanted->routes[j].route, r);
                if (own)
                        net_items_add(ret, "route", route_text(r, link), strdup(""));
        }
}

void net_items_of_host(const HostState *wanted, const HostReality *real, NetItems *ret_wanted,
                       NetItems *ret_real) {
        for (size_t i = 0; i < wanted->n_links; i++)
                add_link(&wanted->links[i], real, ret_wanted, ret_real);
        for (size_t i = 0; i < wanted->n_addresses; i++) {
                const StateAddress *a = &wanted->addresses[i];

                /* Those of a link's own scope are not looked at: the kernel makes and drops such itself. */
                if (a->prefix.address.family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&a->prefix.address.v6))
                        continue;
                net_items_add(ret_wanted, "address", address_text(&a->prefix, a->link), strdup(""));
        }
        for (size_t i = 0; i < wanted->n_routes; i++)
                net_items_add(ret_wanted, "route",
                              route_text(&wanted->routes[i].route, wanted->routes[i].link), strdup(""));
        add_real(wanted, real, ret_real);
}

/* -- comparing -- */

static int item_compare_name(const NetItem *a, const NetItem *b) {
        int r = strcmp(a->what, b->what);

        return r != 0 ? r : strcmp(a->name, b->name);
}

static int item_compare(const void *a, const void *b) {
        const NetItem *x = a, *y = b;
        int r = item_compare_name(x, y);

        return r != 0 ? r : strcmp(x->value, y->value);
}

static void sort(NetItems *list) {
        if (list->n > 0)
                qsort(list->items, list->n, sizeof(*list->items), item_compare);
}

static int tell(json_t *array, const NetItem *any, const char *desired, const char *actual) {
        return json_array_append_new(array, json_pack("{s:s, s:s, s:s?, s:s?}", "what", any->what, "name",
                                                      any->name, "desired", desired, "actual", actual));
}

/* The last one of its name. */
static bool is_last(const NetItems *list, size_t i) {
        return i + 1 >= list->n || item_compare_name(&list->items[i], &list->items[i + 1]) != 0;
}

/* Below 0: the desired one is missing; above: the actual one is too much; 0: they belong to each other. */
static int match(const NetItems *desired, size_t i, const NetItems *actual, size_t j) {
        int r;

        if (i >= desired->n || j >= actual->n)
                return i >= desired->n ? 1 : -1;
        r = item_compare(&desired->items[i], &actual->items[j]);
        if (item_compare_name(&desired->items[i], &actual->items[j]) == 0 && is_last(desired, i) &&
            is_last(actual, j))
                r = 0;
        return r;
}

json_t *net_items_compare(NetItems *desired, NetItems *actual) {
        json_t *array = json_array();
        int failed = desired->failed || actual->failed || !array ? -1 : 0;
        size_t i = 0, j = 0;

        sort(desired);
        sort(actual);
        while (failed == 0 && (i < desired->n || j < actual->n)) {
                const NetItem *d = &desired->items[i], *a = &actual->items[j];
                int r = match(desired, i, actual, j);

                if (r < 0)
                        failed = tell(array, d, d->value, NULL);
                else if (r > 0)
                        failed = tell(array, a, NULL, a->value);
                else if (!streq(d->value, a->value))
                        failed = tell(array, d, d->value, a->value);
                i += r <= 0;
                j += r >= 0;
        }
        if (failed == 0)
                return array;
        json_decref(array);
        return NULL;
}
