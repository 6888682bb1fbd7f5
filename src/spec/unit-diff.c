/* What has changed between two texts of one unit. */
#include <stdlib.h>

#include "basic/macro.h"
#include "spec/unit-diff.h"

ENUM_DEFINE(UnitChangeKind, unit_change_kind, UNIT_CHANGE, UNIT_CHANGE_LIST)

void unit_changes_free(UnitChange *changes, size_t n) {
        for (size_t i = 0; changes && i < n; i++) {
                free(changes[i].before);
                free(changes[i].after);
        }
        free(changes);
}

static UnitChangeKind kind_of(const KeyTable *table, const Key *key) {
        /* Order, requirements, boot: the manager and the generator act on them, no container is made of them.
         */
        static const char *const about_the_unit[] = { "Unit", "Install", "Quadlet" };

        for (size_t i = 0; i < ELEMENTSOF(about_the_unit); i++)
                if (streq(table->section, about_the_unit[i]))
                        return UNIT_CHANGE_LIVE;
        if (key->flags & KEY_LIVE)
                return UNIT_CHANGE_LIVE;
        if (!(key->flags & KEY_RECREATE))
                return UNIT_CHANGE_RESTART;
        /* A volume that is there stays as it is; networks and images are made anew when their unit is. */
        if (streq(table->section, "Volume"))
                return UNIT_CHANGE_VOLUME;
        return streq(table->section, "Network") || streq(table->section, "Image") ? UNIT_CHANGE_RESTART
                                                                                  : UNIT_CHANGE_RECREATE;
}

static bool is_assigned(const UnitSpec *u, const KeyTable *table, const Key *key) {
        RawValue v;

        return unit_spec_value(u, table->section, key->name, &v);
}

/* What its options stand for is told instead. */
static bool stands_for_others(const Key *key) {
        return streq(key->name, "PodmanArgs");
}

/* Fills @ret when the key's value differs: returns 1, 0 when it does not, -ENOMEM. */
static int compare(const UnitSpec *before, const UnitSpec *after, const KeyTable *table, const Key *key,
                   UnitChange *ret) {
        autofree char *old = NULL, *new = NULL;

        if (!is_assigned(before, table, key) && !is_assigned(after, table, key))
                return 0;

        old = key_format(key, unit_spec_section(before, table->section));
        new = key_format(key, unit_spec_section(after, table->section));
        if (!old || !new)
                return -ENOMEM;
        if (streq(old, new))
                return 0;

        *ret = (UnitChange){ table, key, kind_of(table, key), take_ptr(old), take_ptr(new) };
        return 1;
}

int unit_diff(const UnitSpec *started, const UnitSpec *loaded, const UnitSpec *now, UnitChange **ret,
              size_t *ret_n) {
        UnitChange *changes = NULL;
        size_t n = 0;

        for (size_t i = 0; key_tables[i]; i++)
                for (size_t k = 0; unit_spec_section(now, key_tables[i]->section) && k < key_tables[i]->n;
                     k++) {
                        const Key *key = &key_tables[i]->keys[k];
                        bool live = kind_of(key_tables[i], key) == UNIT_CHANGE_LIVE;
                        UnitChange change, *larger;
                        int r;

                        if (key_idle_reason(key) || stands_for_others(key))
                                continue;
                        r = compare(live ? loaded : started, now, key_tables[i], key, &change);
                        if (r == 0)
                                continue;
                        larger = r < 0 ? NULL : reallocarray(changes, n + 1, sizeof(*changes));
                        if (!larger) {
                                if (r > 0) {
                                        free(change.before);
                                        free(change.after);
                                }
                                unit_changes_free(changes, n);
                                return -ENOMEM;
                        }
                        changes = larger;
                        changes[n++] = change;
                }

        *ret = changes;
        *ret_n = n;
        return 0;
}
