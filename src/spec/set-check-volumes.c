/* One volume, or directory of the host, that several containers write to. */
#include "spec/pod-section.h"
#include "spec/set-check-internal.h"
#include "spec/volume-section.h"

/* Shared by nature: devices, sockets, what is passed from one program to another. */
static bool is_shared_by_nature(const char *path) {
        static const char *const roots[] = { "/dev/", "/proc/", "/sys/", "/run/", "/var/run/", "/tmp/" };

        for (size_t i = 0; i < ELEMENTSOF(roots); i++)
                if (strncmp(path, roots[i], strlen(roots[i])) == 0 ||
                    (strncmp(path, roots[i], strlen(roots[i]) - 1) == 0 && !path[strlen(roots[i]) - 1]))
                        return true;
        return false;
}

static bool is_writable(const MountSpec *m) {
        return (m->kind == MOUNT_BIND || m->kind == MOUNT_VOLUME) && m->source && !m->read_only &&
               !m->overlay && !(m->kind == MOUNT_BIND && is_shared_by_nature(m->source));
}

/* "volume NAME" or "bind PATH"; NULL in *ret for what nobody else can write to. */
static int key_of(const UnitSet *set, const MountSpec *m, char **ret) {
        const SetUnit *unit;
        autofree char *stem = NULL;
        const char *name = m->source;
        int r;

        *ret = NULL;
        if (!is_writable(m))
                return 0;

        if (m->kind == MOUNT_VOLUME && unit_name_kind(m->source) == UNIT_VOLUME) {
                unit = unit_set_find_file(set, m->source);
                stem = unit_name_stem(m->source);
                name = unit && unit->spec && unit->spec->volume && unit->spec->volume->volume_name
                               ? unit->spec->volume->volume_name
                               : stem;
        }
        r = name ? asprintf(ret, "%s %s%s%s", mount_kind_to_string(m->kind), name, m->subpath ? "/" : "",
                            strempty(m->subpath))
                 : -1;
        if (r >= 0)
                return 0;
        *ret = NULL;
        return -ENOMEM;
}

static bool is_before(const UnitSpec *a, const UnitSpec *b) {
        return strv_contains(a->unit.dependencies[UNIT_DEP_BEFORE], b->name) ||
               strv_contains(b->unit.dependencies[UNIT_DEP_AFTER], a->name);
}

/* A oneshot has ended before what comes after it begins. */
static bool ends_before(const UnitSpec *a, const UnitSpec *b) {
        return a->service.type == SERVICE_ONESHOT && is_before(a, b);
}

/* What is in one pod belongs together. */
static bool same_pod(const UnitSpec *a, const UnitSpec *b) {
        const char *x = a->container ? a->container->pod : a->name,
                   *y = b->container ? b->container->pod : b->name;

        return x && streq_null(x, y);
}

static bool may_meet(const UnitSpec *a, const UnitSpec *b) {
        return a != b && !same_pod(a, b) && !set_exclusive(a, b) && !ends_before(a, b) && !ends_before(b, a);
}

static void report(const Pair *p, const char *source) {
        autofree char *place = set_place_text(p->other_at);

        diag_warning(p->diag, p->at, "%s is mounted read-write by %s, too", source, p->other->name);
        diag_hint(p->diag, "in %s; \"ro\" where it is only read, \"z\" in all where that is meant",
                  strempty(place));
}

static int check_mount(const UnitSet *set, const SetUnit *u, const MountSpec *m, Claims *claims) {
        autofree char *key = NULL;
        const Claim *claim;
        Pair p;
        int r;

        r = key_of(set, m, &key);
        if (r < 0 || !key)
                return r;
        claim = claims_add(claims, key, (Claim){ .unit = u, .at = m->at, .data = m });
        if (!claim)
                return -ENOMEM;

        for (const Claim *c = claim->earlier; c; c = c->earlier) {
                const MountSpec *other = c->data;

                if ((m->shared && other->shared) || !may_meet(u->spec, c->unit->spec) ||
                    !set_pair(u, m->at, c->unit, c->at, &p))
                        continue;
                report(&p, m->source);
                break;
        }
        return 0;
}

static int check_list(const UnitSet *set, const SetUnit *u, const MountList *list, Claims *claims) {
        int r = 0;

        for (size_t i = 0; i < list->n && r == 0; i++)
                r = check_mount(set, u, &list->items[i], claims);
        return r;
}

int set_check_volumes(const UnitSet *set) {
        autoptr(Claims) claims = claims_new();
        int r = claims ? 0 : -ENOMEM;

        for (size_t i = 0; i < unit_set_size(set) && r == 0; i++) {
                const SetUnit *u = unit_set_get(set, i);

                if (!u->spec || unit_name_is_template(u->name))
                        continue;
                if (u->spec->container)
                        r = check_list(set, u, &u->spec->container->volumes, claims);
                if (u->spec->container && r == 0)
                        r = check_list(set, u, &u->spec->container->files->mounts, claims);
                if (u->spec->pod && r == 0)
                        r = check_list(set, u, &u->spec->pod->volumes, claims);
        }
        return r;
}
