#include "network/moved-link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "network/net-json.h"

#define N_NAMES 100 /* that are tried for a link whose own name is taken */

#define N_ROUTES_MAX 4096 /* of one link; who has more has a routing daemon that makes them again */

void moved_link_done(MovedLink *m) {
        free(m->addresses);
        free(m->routes);
        *m = (MovedLink){};
}

/* -- recording -- */

/* Others come with the addresses, or with advertisements. */
static bool is_made_by_hand(const RtnlRoute *r) {
        return r->protocol != RTPROT_KERNEL && r->protocol != RTPROT_RA && r->protocol != RTPROT_REDIRECT;
}

static int record_addresses(Rtnl *r, unsigned index, MovedLink *ret) {
        size_t n, kept = 0;
        int result = rtnl_list_addresses(r, &ret->addresses, &n);

        for (size_t i = 0; result >= 0 && i < n; i++)
                if (ret->addresses[i].index == index && ret->addresses[i].lasting)
                        ret->addresses[kept++] = ret->addresses[i];
        ret->n_addresses = kept;
        return result;
}

static int record_routes(Rtnl *r, unsigned index, MovedLink *ret) {
        size_t n, kept = 0;
        int result = rtnl_list_routes(r, &ret->routes, &n);

        for (size_t i = 0; result >= 0 && i < n && kept < N_ROUTES_MAX; i++)
                if (ret->routes[i].index == index && is_made_by_hand(&ret->routes[i]))
                        ret->routes[kept++] = ret->routes[i];
        ret->n_routes = kept;
        return result;
}

int moved_link_record(const char *name, const char *inside, MovedLink *ret, Fault *fault) {
        autoptr(Rtnl) r = NULL;
        RtnlLink link = {};
        int result;

        result = rtnl_new(&r);
        if (result >= 0)
                result = rtnl_get_link(r, name, &link);
        if (result == 0)
                result = -ENODEV;
        if (result < 0)
                return fault_set(fault, "interface", result, "%s", name);

        (void) snprintf(ret->name, sizeof(ret->name), "%s", name);
        (void) snprintf(ret->inside, sizeof(ret->inside), "%s", inside);
        memcpy(ret->kind, link.kind, sizeof(ret->kind));
        memcpy(ret->mac, link.mac, sizeof(ret->mac));
        memcpy(ret->permanent_mac, link.permanent_mac, sizeof(ret->permanent_mac));
        ret->mtu = link.mtu;
        ret->up = link.up;
        if (link.master > 0 && !if_indextoname(link.master, ret->master))
                ret->master[0] = '\0';
        result = record_addresses(r, link.index, ret);
        if (result >= 0)
                result = record_routes(r, link.index, ret);
        return result < 0 ? fault_set(fault, "interface", result, "%s", name) : 0;
}

/* -- moving -- */

int moved_link_go(const MovedLink *m, int netns_fd, Fault *fault) {
        autoptr(Rtnl) r = NULL;
        unsigned index = 0;
        int result;

        result = rtnl_new(&r);
        if (result >= 0)
                result = rtnl_get_index(r, m->name, &index);
        if (result >= 0 && index == 0)
                result = -ENODEV;
        if (result >= 0) {
                rtnl_move(r, index, netns_fd, m->inside);
                result = rtnl_commit(r);
        }
        if (result >= 0)
                return 0;
        (void) fault_set(fault, "move interface", result, "%s", m->name);
        if (result == -EINVAL)
                fault_advise(fault, "links of some kinds, bridges among them, cannot be moved");
        else if (result == -EEXIST)
                fault_advise(fault, "the container has a link \"%s\" already", m->inside);
        return result;
}

/* The container's root may have renamed it, and may have made another one of its name: what comes back is of
 * the kind that went, and, if it is a piece of hardware, that piece. */
static bool is_it(const MovedLink *m, const RtnlLink *l) {
        return streq(l->kind, m->kind) &&
               memcmp(l->permanent_mac, m->permanent_mac, sizeof(m->permanent_mac)) == 0;
}

static int find_inside(Rtnl *inside, const MovedLink *m, unsigned *ret) {
        autofree RtnlLink *links = NULL;
        size_t n = 0;
        int r = rtnl_list_links(inside, &links, &n);

        *ret = 0;
        for (size_t i = 0; r >= 0 && i < n; i++) {
                bool named = streq(links[i].name, m->inside);

                /* lo has no kind either, and is nobody's. */
                if (!is_it(m, &links[i]) || streq(links[i].name, "lo"))
                        continue;
                if (named || (*ret == 0 && memcmp(links[i].mac, m->mac, sizeof(m->mac)) == 0))
                        *ret = links[i].index;
                if (named)
                        break;
        }
        return r;
}

/* Renamed first: the kernel looks at the name that it has when it goes, and renames it when it has come. */
static int move_as(Rtnl *inside, unsigned index, int home, const char *name) {
        int r;

        rtnl_set_flags(inside, index, false);
        rtnl_rename(inside, index, name);
        r = rtnl_commit(inside);
        if (r < 0)
                return r;
        rtnl_move(inside, index, home, name);
        return rtnl_commit(inside);
}

/* @ret_name: what it is called on the host then. */
static int bring_back(Rtnl *inside, const MovedLink *m, unsigned index, char ret_name[IFNAMSIZ]) {
        autoclose int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        int r;

        if (home < 0)
                return -errno;
        (void) snprintf(ret_name, IFNAMSIZ, "%s", m->name);
        r = move_as(inside, index, home, ret_name);
        for (unsigned i = 0; r == -EEXIST && i < N_NAMES; i++) {
                (void) snprintf(ret_name, IFNAMSIZ, "%.11s-%u", m->name, i);
                r = move_as(inside, index, home, ret_name);
        }
        return r;
}

/* One commit each: what the host does not take any more is left out. */
static int restore(Rtnl *r, const MovedLink *m, const char *name) {
        unsigned index = 0, master = 0;
        int first;

        first = rtnl_get_index(r, name, &index);
        if (first < 0 || index == 0)
                return first < 0 ? first : -ENODEV;
        if (m->master[0] && rtnl_get_index(r, m->master, &master) == 0 && master > 0)
                rtnl_set_master(r, index, master);
        rtnl_set_mtu(r, index, m->mtu);
        first = rtnl_commit(r);
        rtnl_set_mac(r, index, m->mac);
        (void) rtnl_commit(r);
        for (size_t i = 0; i < m->n_addresses; i++) {
                rtnl_restore_address(r, index, &m->addresses[i]);
                (void) rtnl_commit(r);
        }
        rtnl_set_flags(r, index, m->up);
        (void) rtnl_commit(r);
        /* Those to neighbours before those that lead over them. */
        for (unsigned via = 0; via < 2; via++)
                for (size_t i = 0; i < m->n_routes; i++) {
                        RtnlRoute route = m->routes[i];

                        if ((route.via.family != AF_UNSPEC) != (via == 1))
                                continue;
                        route.index = index;
                        rtnl_add_route(r, &route);
                        (void) rtnl_commit(r);
                }
        return first;
}

int moved_link_return(const MovedLink *m, int netns_fd, Fault *fault) {
        autoptr(Rtnl) inside = NULL, host = NULL;
        char name[IFNAMSIZ] = "";
        unsigned index = 0;
        int r;

        r = rtnl_new_in(netns_fd, &inside);
        if (r >= 0)
                r = find_inside(inside, m, &index);
        if (r >= 0 && index == 0)
                return 0;
        if (r >= 0)
                r = bring_back(inside, m, index, name);
        if (r >= 0)
                r = rtnl_new(&host);
        if (r >= 0)
                r = restore(host, m, name);
        return r < 0 ? fault_set(fault, "return interface", r, "%s", m->name) : 1;
}

/* -- as JSON -- */

json_t *moved_link_to_json(const MovedLink *m) {
        json_t *addresses = json_array(), *routes = json_array();

        for (size_t i = 0; i < m->n_addresses; i++) {
                const RtnlAddress *a = &m->addresses[i];

                (void) json_array_append_new(addresses,
                                             json_pack("{s:o, s:o, s:i}", "prefix",
                                                       net_json_prefix(&a->prefix), "broadcast",
                                                       net_json_address(&a->broadcast), "scope", a->scope));
        }
        for (size_t i = 0; i < m->n_routes; i++) {
                const RtnlRoute *r = &m->routes[i];

                (void) json_array_append_new(
                        routes, json_pack("{s:o, s:o, s:o, s:I, s:I, s:i, s:i, s:i, s:b}", "to",
                                          net_json_prefix(&r->to), "via", net_json_address(&r->via), "source",
                                          net_json_address(&r->source), "table", (json_int_t) r->table,
                                          "metric", (json_int_t) r->metric, "protocol", r->protocol, "type",
                                          r->type, "scope", r->scope, "on_link", r->on_link));
        }
        return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:b, s:o, s:o}", "name", m->name, "inside",
                         m->inside, "kind", m->kind, "master", m->master, "mac", net_json_mac(m->mac),
                         "permanent_mac", net_json_mac(m->permanent_mac), "mtu", (json_int_t) m->mtu, "up",
                         m->up, "addresses", addresses, "routes", routes);
}

static json_int_t number(const json_t *j, const char *key) {
        return json_integer_value(json_object_get(j, key));
}

static int read_addresses(const json_t *list, MovedLink *ret) {
        ret->addresses = calloc(json_array_size(list) + 1, sizeof(*ret->addresses));
        if (!ret->addresses)
                return -ENOMEM;
        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *j = json_array_get(list, i);
                RtnlAddress *a = &ret->addresses[i];
                const char *prefix = json_string_value(json_object_get(j, "prefix"));

                if (!prefix || inet_parse_prefix(prefix, &a->prefix) < 0)
                        return -EBADMSG;
                net_json_read_address(json_object_get(j, "broadcast"), &a->broadcast);
                a->scope = (uint8_t) number(j, "scope");
                a->lasting = true;
                ret->n_addresses++;
        }
        return 0;
}

static int read_routes(const json_t *list, MovedLink *ret) {
        ret->routes = calloc(json_array_size(list) + 1, sizeof(*ret->routes));
        if (!ret->routes)
                return -ENOMEM;
        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *j = json_array_get(list, i);
                const char *to = json_string_value(json_object_get(j, "to"));
                RtnlRoute *r = &ret->routes[i];

                if (!to || inet_parse_prefix(to, &r->to) < 0)
                        return -EBADMSG;
                net_json_read_address(json_object_get(j, "via"), &r->via);
                net_json_read_address(json_object_get(j, "source"), &r->source);
                r->table = (uint32_t) number(j, "table");
                r->metric = (uint32_t) number(j, "metric");
                r->protocol = (uint8_t) number(j, "protocol");
                r->type = (uint8_t) number(j, "type");
                r->scope = (uint8_t) number(j, "scope");
                r->on_link = json_is_true(json_object_get(j, "on_link"));
                ret->n_routes++;
        }
        return 0;
}

int moved_link_from_json(const json_t *j, MovedLink *ret) {
        int r;

        if (net_json_read_text(j, "name", ret->name, sizeof(ret->name)) < 0 ||
            net_json_read_text(j, "inside", ret->inside, sizeof(ret->inside)) < 0 ||
            net_json_read_text(j, "kind", ret->kind, sizeof(ret->kind)) < 0 ||
            net_json_read_text(j, "master", ret->master, sizeof(ret->master)) < 0 || !ret->name[0] ||
            !ret->inside[0] || net_json_read_mac(json_object_get(j, "mac"), ret->mac) < 0 ||
            net_json_read_mac(json_object_get(j, "permanent_mac"), ret->permanent_mac) < 0)
                return -EBADMSG;
        ret->mtu = (uint32_t) number(j, "mtu");
        ret->up = json_is_true(json_object_get(j, "up"));
        r = read_addresses(json_object_get(j, "addresses"), ret);
        return r < 0 ? r : read_routes(json_object_get(j, "routes"), ret);
}
