/* What the files of unit-path share. */
#pragma once

#include "config/unit-path.h"
#include "config/unit-scan.h"

typedef struct Alias {
        char *target; /* name of the unit, or template, that it leads to in the end */
        const ScanFile *link;
} Alias;

struct UnitPath {
        Scan scan;
        Alias *aliases; /* sorted by target */
        size_t n_aliases;
};

/* A unit as it was found. */
typedef struct Found {
        char *name;           /* the unit's own, where that which was asked for is an alias */
        const ScanFile *file; /* of it, or of its template */
} Found;

/**
 * unit_path_resolve() - follow aliases from @name to the file
 * @diag: a link that leads nowhere good
 *
 * Returns: 0 (free ret->name), -ENOENT, -ENOMEM.
 */
int unit_path_resolve(const UnitPath *p, const char *name, Diag *diag, Found *ret);

/** unit_path_aliases_of() - unit_path_aliases() of a name that is the unit's own. */
int unit_path_aliases_of(const UnitPath *p, const char *name, char ***ret);

/**
 * unit_path_find_beside() - files of the directories that belong to a unit
 * @files:  scan.drop_ins or scan.dependencies
 * @name:   the unit's own
 * @suffix: of the directories: ".d", ".wants"
 *
 * Returns: 0 or -ENOMEM. *ret_n of *ret in order of their file names, of each name the one that counts; free
 * the array only.
 */
int unit_path_find_beside(const UnitPath *p, const ScanFiles *files, const char *name, const char *suffix,
                          const ScanFile ***ret, size_t *ret_n);
