/* One volume, or directory of the host, that several containers write to. */
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

/* "volume NAME" or "bind PATH"; NULL in *ret for what nobody else can have. */
static int key_of(const UnitSet *set, const MountSpec *m, char **ret) {
        const SetUnit *unit;
        autofree char *stem = NULL;
        const char *name = m->source;
        int r;

        *ret = NULL;
        if (!m->source || m->read_only || m->kind == MOUNT_TMPFS ||
            (m->kind == MOUNT_BIND && is_shared_by_nature(m->source)))
                return 0;

        if (m->kind == MOUNT_VOLUME && unit_name_kind(m->source) == UNIT_VOLUME) {
                unit = unit_set_find_file(set, m->source);
                stem = unit_name_stem(m->source);
                name = unit && unit->spec && unit->spec->volume && unit->spec->volume->volume_name
                               ? unit->spec->volume->volume_name
                               : stem;
        }
        r = name ? asprintf(ret, "%s %s", mount_kind_to_string(m->kind), name) : -1;
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

static bool may_meet(const UnitSpec *a, const UnitSpec *b) {
        return a != b && !set_exclusive(a, b) && !ends_before(a, b) && !ends_before(b, a);
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

int set_check_volumes(const UnitSet *set) {
        autoptr(Claims) claims = claims_new();
        int r = claims ? 0 : -ENOMEM;

        for (size_t i = 0; i < unit_set_size(set) && r == 0; i++) {
                const SetUnit *u = unit_set_get(set, i);
                const ContainerSection *c = set_is_container(u) ? u->spec->container : NULL;

                for (size_t k = 0; c && k < c->volumes.n && r == 0; k++)
                        r = check_mount(set, u, &c->volumes.items[k], claims);
                for (size_t k = 0; c && k < c->mounts.n && r == 0; k++)
                        r = check_mount(set, u, &c->mounts.items[k], claims);
        }
        return r;
}
