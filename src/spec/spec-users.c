/* Which user namespace a container has, and what its ids are outside. */
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/spec-making.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

bool spec_has_id_maps(const UserKeys *k) {
        return k->uid_map.n > 0 || k->gid_map.n > 0 || k->sub_uid || k->sub_gid;
}

/* The host's network, or one that is bound to a file, belongs to the host's user namespace: from another one,
 * no container could listen on a port below 1024. Who shares the network shares the users as well, unless the
 * unit asks for its own. */
static bool wants_user_namespace(const Making *m) {
        const ContainerSection *c = m->section;

        /* One of a pod has what the pod has. */
        if (m->sources->pod)
                return m->sources->pod->user_namespace;
        if (spec_has_id_maps(c->users))
                return true;
        if (c->users->namespace.mode != USERNS_DEFAULT)
                return c->users->namespace.mode != USERNS_HOST;
        return m->config->security.user_namespace && c->network.choice.mode != NETWORK_MODE_HOST &&
               c->network.choice.shared.mode != NAMESPACE_PATH;
}

/* -- ranges of /etc/subuid and /etc/subgid -- */

/* "NAME:FIRST:COUNT", subuid(5). */
static int parse_range(char *line, const char *name, IdList *to) {
        const char *who = strsep(&line, ":"), *first = strsep(&line, ":"), *count = line;
        uint32_t numbers[2], place = 0;

        if (!first || !count || !streq(who, name) ||
            parse_u32_range(first, 0, UINT32_MAX - 1, &numbers[0]) < 0 ||
            parse_u32_range(count, 1, UINT32_MAX - 1, &numbers[1]) < 0)
                return 0;
        if (to->n > 0)
                place = to->items[to->n - 1].inside + to->items[to->n - 1].count;
        return id_list_add(to, (IdExtent){ place, numbers[0], numbers[1] });
}

/* The ranges of @name, one after the other. */
static int find_ranges(const Making *m, const char *key, const char *name, const char *file, const char *text,
                       IdList *to) {
        autofree char *copy = strdup(strempty(text));
        char *rest = copy, *line;
        int r = 0;

        if (!copy)
                return -ENOMEM;
        while (r == 0 && (line = strsep(&rest, "\n")))
                r = parse_range(line, name, to);
        if (r < 0 || to->n > 0)
                return r;
        return diag_error(m->diag, unit_place(m->unit, m->title, key), -EINVAL,
                          "%s=: %s has no range of \"%s\"", key, file, name);
}

/* -- maps -- */

/* Ids outside are numbers within @ranges, if there are any. */
static int add_within(const IdList *ranges, IdExtent e, IdList *to) {
        uint64_t done = 0;

        for (size_t i = 0; i < ranges->n && done < e.count; i++) {
                const IdExtent *range = &ranges->items[i];
                const uint64_t wanted = (uint64_t) e.outside + done;
                uint64_t offset, n;
                int r;

                if (wanted < range->inside || wanted >= (uint64_t) range->inside + range->count)
                        continue;
                offset = wanted - range->inside;
                n = MIN_OF(e.count - done, range->count - offset);
                r = id_list_replace(to, (IdExtent){ e.inside + (uint32_t) done,
                                                    range->outside + (uint32_t) offset, (uint32_t) n });
                if (r < 0)
                        return r;
                done += n;
        }
        return done == e.count ? 0 : -ERANGE;
}

/* @groups: whose map it is that @to becomes. */
static int add_lines(const IdMapList *lines, const IdList *ranges, bool own_key, bool groups, IdList *to) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < lines->n; i++) {
                const IdMapSpec *l = &lines->items[i];
                const IdExtent e = { l->inside, l->outside, l->count };
                const bool named = l->uids || l->gids;

                if (named ? !(groups ? l->gids : l->uids) : !own_key)
                        continue;
                r = ranges->n > 0 && !l->host ? add_within(ranges, e, to) : id_list_replace(to, e);
        }
        return r;
}

static bool adds(const IdMapList *lines) {
        for (size_t i = 0; i < lines->n; i++)
                if (lines->items[i].add)
                        return true;
        return false;
}

static int bad_map(const Making *m, const char *key, int r) {
        const Where at = unit_place(m->unit, m->title, key);

        if (r == -ENOMEM)
                return r;
        if (r == -ERANGE)
                return diag_error(m->diag, at, -EINVAL, "%s=: the range has fewer ids than that", key);
        if (r == -E2BIG)
                return diag_error(m->diag, at, -EINVAL, "%s=: the kernel takes 340 lines at most", key);
        return diag_error(m->diag, at, -EINVAL, "%s=: ids are mapped twice", key);
}

static const char *first_key(const Making *m, bool groups) {
        static const char *const keys[][4] = { { "UIDMap", "SubUIDMap", "GIDMap", "SubGIDMap" },
                                               { "GIDMap", "SubGIDMap", "UIDMap", "SubUIDMap" } };

        for (size_t i = 0; i < ELEMENTSOF(keys[0]); i++)
                if (unit_spec_is_set(m->unit, m->title, keys[groups][i]))
                        return keys[groups][i];
        return "UserNS";
}

/* What is only said of users counts for groups as well, and the other way round. */
static int make_map(const Making *m, bool groups, const IdList *ranges, IdList *to) {
        const UserKeys *k = m->section->users;
        const IdMapList *own = groups ? &k->gid_map : &k->uid_map,
                        *other = groups ? &k->uid_map : &k->gid_map;
        const bool changes = adds(own) || adds(other);
        int r = 0;

        for (size_t i = 0; r == 0 && i < ranges->n && (changes || own->n + other->n == 0); i++)
                r = id_list_add(to, ranges->items[i]);
        if (r == 0)
                r = add_lines(other, ranges, own->n == 0, groups, to);
        if (r == 0)
                r = add_lines(own, ranges, true, groups, to);
        /* In a range that is picked later, the lines have their places then. */
        if (r == 0 && to->n > 0)
                r = id_list_check(to);
        return r < 0 ? bad_map(m, first_key(m, groups), r) : 0;
}

static int find_own_ranges(const Making *m, bool groups, IdList *ret) {
        const UserKeys *k = m->section->users;
        const char *own = groups ? k->sub_gid : k->sub_uid, *other = groups ? k->sub_uid : k->sub_gid;
        const bool named = groups == (own != NULL);

        if (!own && !other)
                return 0;
        return find_ranges(m, named ? "SubGIDMap" : "SubUIDMap", own ? own : other,
                           groups ? "/etc/subgid" : "/etc/subuid",
                           groups ? m->sources->sub_gids : m->sources->sub_uids, ret);
}

static int make_maps(const Making *m, ContainerSpec *s) {
        const UserKeys *k = m->section->users;
        int r = 0;

        s->pick_ids = !k->sub_uid && !k->sub_gid && (adds(&k->uid_map) || adds(&k->gid_map));
        for (int groups = 0; groups < 2 && r == 0; groups++) {
                IdList ranges = {};

                r = find_own_ranges(m, groups, &ranges);
                if (r == 0)
                        r = make_map(m, groups, &ranges, groups ? &s->ids.gids : &s->ids.uids);
                free(ranges.items);
        }
        return r;
}

/* A range of the manager's choice, with lines of the unit's in it. */
static int make_auto(const Making *m, ContainerSpec *s) {
        const UserNamespaceChoice *c = &m->section->users->namespace;
        const IdList none = {};
        int r;

        s->pick_ids = true;
        if (c->size > 0)
                s->id_count = c->size;
        r = add_lines(&c->uid_map, &none, true, false, &s->ids.uids);
        if (r == 0)
                r = add_lines(&c->gid_map, &none, true, true, &s->ids.gids);
        return r < 0 ? bad_map(m, "UserNS", r) : 0;
}

/* As podman does for root: all ids are themselves. */
static int make_kept(const Making *m, ContainerSpec *s) {
        const uint32_t size = m->section->users->namespace.size;

        return id_map_range(&s->ids, 0, size > 0 ? size : UINT32_MAX);
}

int spec_make_users(const Making *m, ContainerSpec *s) {
        s->user_namespace = wants_user_namespace(m);
        s->id_count = m->config->users.id_count;
        if (!s->user_namespace || container_spec_space(s, SPACE_USER)->mode != NAMESPACE_DEFAULT)
                return 0;
        if (spec_has_id_maps(m->section->users))
                return make_maps(m, s);
        return m->section->users->namespace.mode == USERNS_KEEP_ID ? make_kept(m, s) : make_auto(m, s);
}
