/* Units that are named and that there are not. */
#include "spec/set-check-internal.h"

/* Without these a start fails; the others only matter when the unit is there. */
static const UnitDependency requirements[] = { UNIT_DEP_REQUIRES, UNIT_DEP_REQUISITE, UNIT_DEP_BINDS_TO };

static bool is_requirement(UnitDependency kind) {
        for (size_t i = 0; i < ELEMENTSOF(requirements); i++)
                if (requirements[i] == kind)
                        return true;
        return false;
}

static bool is_required(const UnitSpec *u, const char *other) {
        for (size_t i = 0; i < ELEMENTSOF(requirements); i++)
                if (strv_contains(u->unit.dependencies[requirements[i]], other))
                        return true;
        return false;
}

/* A requirement may follow from a key of another section (Network=back.network), which is then the one to
 * name. */
static Mention find_place(const UnitSpec *u, const char *key, const char *other) {
        Mention m;

        if (unit_find_mention(u, "Unit", key, other, &m) || unit_find_mention(u, NULL, NULL, other, &m))
                return m;
        return (Mention){ key, unit_place(u, "Unit", key) };
}

static void report_missing(const UnitSet *set, const SetUnit *u, const char *key, const char *other,
                           bool required) {
        const char *near = unit_set_nearest(set, other);
        Mention m = find_place(u->spec, key, other);

        /* Only a dependency may as well be on a unit of another kind. */
        if (near && unit_name_kind(near) != unit_name_kind(other) && unit_dependency_from_string(m.key) < 0)
                near = NULL;

        if (required)
                (void) diag_error(u->diag, m.at, -EINVAL, "%s=: there is no unit file for %s", m.key, other);
        else if (near)
                diag_warning(u->diag, m.at, "%s=: there is no unit file for %s", m.key, other);
        if (near)
                diag_hint(u->diag, "did you mean \"%s\"?", near);
}

static void report_unusable(const SetUnit *u, const char *key, const SetUnit *other) {
        Mention m = find_place(u->spec, key, other->name);

        if (other->state == SET_MASKED)
                (void) diag_error(u->diag, m.at, -EINVAL, "%s=: %s is masked", m.key, other->name);
        else if (!other->diag) /* else its own mistakes are told */
                (void) diag_error(u->diag, m.at, -EINVAL, "%s=: the unit file of %s has mistakes", m.key,
                                  other->name);
}

static void check_reference(const UnitSet *set, const SetUnit *u, UnitDependency kind, const char *name) {
        const char *key = unit_dependency_to_string(kind);
        bool required = is_requirement(kind);
        const SetUnit *other;

        /* What is not ours (network-online.target) systemd knows. */
        if (unit_name_kind(name) < 0)
                return;

        other = unit_set_find_file(set, name);
        if (other && other->state != SET_LOADED && required)
                report_unusable(u, key, other);
        else if (!other && !unit_names_service(u->spec, name) && (required || !is_required(u->spec, name)))
                report_missing(set, u, key, name, required);
}

int set_check_references(const UnitSet *set) {
        for (size_t i = 0; i < unit_set_size(set); i++) {
                const SetUnit *u = unit_set_get(set, i);

                for (UnitDependency d = 0; u->diag && u->spec && d < UNIT_DEP_N_; d++)
                        STRV_FOREACH (name, u->spec->unit.dependencies[d])
                                check_reference(set, u, d, *name);
        }
        return 0;
}
