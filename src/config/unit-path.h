/*
 * Where unit files lie: the search path with its sub-directories, masks, templates and drop-ins
 * (systemd.unit(5), "Unit file load path"). One scan gives an index; loading a unit then opens only
 * the files that it is made of.
 */
#pragma once

#include <stdbool.h>

#include "basic/cleanup.h"
#include "basic/diag.h"
#include "config/raw-unit.h"

typedef struct UnitPath UnitPath;

/**
 * unit_path_dirs() - the directories to search, highest precedence first
 *
 * NSUNITS_UNIT_PATH (colon-separated) when it is set, for tests and tools; else
 * /etc/nsunits:/run/nsunits:/usr/local/lib/nsunits:/usr/lib/nsunits. Returns 0 or -ENOMEM; strv_free() *ret.
 */
int unit_path_dirs(char ***ret);

/**
 * unit_path_new() - scan @dirs (and their sub-directories) once
 * @dirs: absolute; highest precedence first; those that do not exist are fine
 *
 * Returns: 0, -ENOMEM, or the errno of a directory that is there and cannot be read.
 */
int unit_path_new(char *const *dirs, UnitPath **ret);

/** unit_path_free() - NULL is fine. */
void unit_path_free(UnitPath *p);

AUTOPTR_DEFINE(UnitPath, unit_path_free);

/** unit_path_is_stale() - has a directory changed since the scan? Then make a new one. One stat(2) per
 * directory. */
bool unit_path_is_stale(const UnitPath *p);

/** unit_path_list() - names of all unit files, sorted; templates and masked ones too. Returns 0 or -ENOMEM.
 */
int unit_path_list(const UnitPath *p, char ***ret);

/**
 * unit_path_find() - the file a unit comes from: first directory wins, "job@.container" serves
 * "job@1.container"
 *
 * Returns: 0; -ENOENT; -ERFKILL when the unit is masked (an empty file or a link to /dev/null; *ret is set
 * then, too: it is what FragmentPath shows); -ENOMEM. Free *ret.
 */
int unit_path_find(const UnitPath *p, const char *name, char **ret);

/**
 * unit_path_find_drop_ins() - the unit's drop-in files in the order in which they are applied
 *
 * From NAME.d, the template's, every dash-truncated name's ("foo-.container.d" for "foo-bar.container") and
 * the kind's ("container.d") directory. Of one file name the one of the higher directory, then of the more
 * specific name counts; a masked one hides the others. Applied in order of file names. Returns 0 or -ENOMEM.
 */
int unit_path_find_drop_ins(const UnitPath *p, const char *name, char ***ret);

/**
 * unit_path_list_pulled() - names of the units that lie in the directory NAME.@suffix, or the template's
 * @suffix: "wants", "requires" or "upholds"
 *
 * Returns: 0 or -ENOMEM; strv_free() *ret, NULL for none.
 */
int unit_path_list_pulled(const UnitPath *p, const char *name, const char *suffix, char ***ret);

/**
 * unit_path_load() - a unit's fragment and drop-ins, merged
 * @diag: mistakes of the text
 *
 * Returns: 0; -ENOENT no such unit; -ERFKILL masked; -EINVAL mistakes in the text (*ret is set then, too,
 * with what was readable, so that all the other mistakes can be found as well); -ENOMEM; another negative
 * errno when a file cannot be read (also in @diag).
 */
int unit_path_load(const UnitPath *p, const char *name, Diag *diag, RawUnit **ret);

/** unit_path_needs_reload() - would loading @loaded again read other files, or files changed since? */
bool unit_path_needs_reload(const UnitPath *p, const RawUnit *loaded);
