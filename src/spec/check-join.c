/* Do the keys of networks, user namespaces and mounts go together, which several sections have? */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/key-id-map.h"
#include "spec/publish.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

/* By protocol and first port; equal ones in the order of the file. */
static int publish_compare(const void *a, const void *b) {
        const PublishSpec *x = *(const PublishSpec *const *) a, *y = *(const PublishSpec *const *) b;

        if (x->protocol != y->protocol)
                return x->protocol < y->protocol ? -1 : 1;
        if (x->host_port != y->host_port)
                return x->host_port < y->host_port ? -1 : 1;
        return x < y ? -1 : x > y;
}

static int report_twice(const PublishSpec *a, const PublishSpec *b, Diag *diag) {
        const PublishSpec *later = a > b ? a : b, *earlier = a > b ? b : a;

        return diag_error(diag, later->at, -EINVAL,
                          "PublishPort=: host port %u is published in line %u already",
                          MAX_OF(a->host_port, b->host_port), earlier->at.line);
}

/* Each with those that begin below its end: of thousands, mostly none. */
static int check_ports(const PublishList *list, Diag *diag) {
        autofree const PublishSpec **sorted = calloc(list->n + 1, sizeof(*sorted));
        int bad = 0;

        if (!sorted)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++)
                sorted[i] = &list->items[i];
        if (list->n > 0)
                qsort(sorted, list->n, sizeof(*sorted), publish_compare);
        for (size_t i = 0; i < list->n; i++)
                for (size_t j = i + 1; j < list->n && sorted[j]->protocol == sorted[i]->protocol &&
                                       sorted[j]->host_port < sorted[i]->host_port + sorted[i]->count;
                     j++)
                        if (publish_overlap(sorted[i], sorted[j])) {
                                bad = report_twice(sorted[i], sorted[j], diag);
                                break;
                        }
        return bad;
}

/* What is to hold back a container must not do nothing. */
static int check_traffic(const UnitSpec *u, const char *section, const NetworkKeys *k, const char *mode,
                         Diag *diag) {
        int bad = 0;

        if (streq(mode, network_mode_to_string(NETWORK_MODE_NONE)))
                return 0;
        if (k->more->egress_allow.n > 0 || k->more->egress_default == EGRESS_DENY)
                bad = diag_error(
                        diag,
                        unit_place(u, section, k->more->egress_allow.n > 0 ? "EgressAllow" : "EgressDefault"),
                        -EINVAL, "%s= cannot hold with Network=%s",
                        k->more->egress_allow.n > 0 ? "EgressAllow" : "EgressDefault", mode);
        if (k->more->bandwidth_max != UINT64_MAX)
                bad = diag_error(diag, unit_place(u, section, "BandwidthMax"), -EINVAL,
                                 "BandwidthMax= cannot hold with Network=%s", mode);
        return bad;
}

/* Without a network of its own, a unit has neither addresses nor ports on one. */
static int check_own_network(const UnitSpec *u, const char *section, const NetworkKeys *k, Diag *diag) {
        const NetworkChoice *c = &k->choice;
        const char *mode = c->shared.mode == NAMESPACE_UNIT   ? c->shared.unit
                           : c->shared.mode == NAMESPACE_PATH ? c->shared.path
                                                              : network_mode_to_string(c->mode);
        int bad = 0;

        if (!c->set || (c->mode == NETWORK_MODE_PRIVATE && c->shared.mode == NAMESPACE_DEFAULT))
                return 0;

        if (k->more->ip4.family != AF_UNSPEC)
                bad = diag_error(diag, unit_place(u, section, "IP"), -EINVAL,
                                 "IP= does not go together with Network=%s", mode);
        if (k->more->ip6.family != AF_UNSPEC)
                bad = diag_error(diag, unit_place(u, section, "IP6"), -EINVAL,
                                 "IP6= does not go together with Network=%s", mode);
        for (size_t i = 0; i < k->publish.n; i++)
                diag_warning(diag, k->publish.items[i].at, "PublishPort= does nothing with Network=%s", mode);
        return check_traffic(u, section, k, mode, diag) < 0 ? -EINVAL : bad;
}

/* Names that no question can ask for. */
static void check_aliases(const UnitSpec *u, const char *section, const NetworkKeys *k, Diag *diag) {
        static const char words[] = "%s=: \"%s\" is no name of a host, and the container is not found by it";

        STRV_FOREACH (name, k->more->aliases)
                if (!inet_name_is_valid(*name))
                        diag_warning(diag,
                                     unit_place_nth(u, section, "NetworkAlias",
                                                    (size_t) (name - k->more->aliases)),
                                     words, "NetworkAlias", *name);
        for (size_t i = 0; i < k->choice.n_joins; i++)
                STRV_FOREACH (name, k->choice.joins[i].aliases)
                        if (!inet_name_is_valid(*name))
                                diag_warning(diag, k->choice.joins[i].at, words, "Network", *name);
}

int check_network_keys(const UnitSpec *u, const char *section, const NetworkKeys *k, Diag *diag) {
        int bad, r;

        bad = check_own_network(u, section, k, diag);
        r = check_ports(&k->publish, diag);
        bad = r < 0 ? r : bad;
        if (k->more->host_name && strlen(k->more->host_name) >= sizeof(((struct utsname *) 0)->nodename))
                bad = diag_error(diag, unit_place(u, section, "HostName"), -EINVAL,
                                 "HostName=: a host name has at most 64 letters");
        check_aliases(u, section, k, diag);
        return bad;
}

int check_require_network(UnitSpec *u, const NetworkChoice *c) {
        int r = 0;

        for (size_t i = 0; i < c->n_joins && r == 0; i++)
                if (unit_name_kind(c->joins[i].name) == UNIT_NETWORK)
                        r = check_add_requirement(u, c->joins[i].name);
        if (r == 0 && c->shared.mode == NAMESPACE_UNIT)
                r = check_add_requirement(u, c->shared.unit);
        return r;
}

int check_require_users(UnitSpec *u, const UserNamespaceChoice *c) {
        return c->shared.mode == NAMESPACE_UNIT ? check_add_requirement(u, c->shared.unit) : 0;
}

int check_require_mounts(UnitSpec *u, const MountList *list) {
        int r = 0;

        for (size_t i = 0; i < list->n && r == 0; i++) {
                const MountSpec *m = &list->items[i];
                UnitKind kind = m->source ? unit_name_kind(m->source) : UNIT_KIND_INVALID_;

                if ((m->kind == MOUNT_VOLUME && kind == UNIT_VOLUME) ||
                    (m->kind == MOUNT_IMAGE && (kind == UNIT_IMAGE || kind == UNIT_BUILD)) ||
                    (m->kind == MOUNT_ARTIFACT && kind == UNIT_ARTIFACT))
                        r = check_add_requirement(u, m->source);
                else if (m->kind == MOUNT_BIND && m->source)
                        r = check_add_mounts_for(u, m->source);
        }
        return r;
}

static const char *first_set(const UnitSpec *u, const char *section, const char *const *keys) {
        for (; *keys; keys++)
                if (unit_spec_is_set(u, section, *keys))
                        return *keys;
        return NULL;
}

/* One way to say it: a mode, maps, or the old keys. */
static int check_one_way(const UnitSpec *u, const char *section, Diag *diag) {
        static const char *const ways[][6] = {
                { "UserNS" },
                { "UIDMap", "GIDMap", "SubUIDMap", "SubGIDMap" },
                { "RemapUsers", "RemapUid", "RemapGid", "RemapUidSize" },
        };
        const char *first = NULL;

        for (size_t i = 0; i < ELEMENTSOF(ways); i++) {
                const char *key = first_set(u, section, ways[i]);

                if (first && key)
                        return diag_error(diag, unit_place(u, section, key), -EINVAL,
                                          "%s= does not go together with %s=", key, first);
                first = first ? first : key;
        }
        return 0;
}

/* The old keys, as if the new ones had been written. */
static int translate_remap(UserKeys *k) {
        UserNamespaceChoice *c = &k->namespace;
        bool maps = k->remap == REMAP_MANUAL;
        int r;

        if (k->remap < 0)
                return 0;
        if (!maps)
                c->mode = k->remap == REMAP_AUTO ? USERNS_AUTO : USERNS_KEEP_ID;
        if (k->remap == REMAP_AUTO)
                c->size = k->remap_size;
        r = key_id_map_copy(&k->remap_uid, maps ? &k->uid_map : &c->uid_map);
        return r < 0 ? r : key_id_map_copy(&k->remap_gid, maps ? &k->gid_map : &c->gid_map);
}

int check_users(const UnitSpec *u, const char *section, UserKeys *k, Diag *diag) {
        static const char *const parts[] = { "RemapUid", "RemapGid", "RemapUidSize", NULL };
        const char *part = first_set(u, section, parts);
        int r;

        r = check_one_way(u, section, diag);
        if (r < 0)
                return r;
        if (part && !unit_spec_is_set(u, section, "RemapUsers"))
                return diag_error(diag, unit_place(u, section, part), -EINVAL, "%s= needs RemapUsers=", part);
        return translate_remap(k);
}
