/*
 * Where unit files lie: the search path with its sub-directories, masks, templates, aliases, bundles and
 * drop-ins (systemd.unit(5), "Unit file load path"). One scan gives an index; loading a unit then opens only
 * the files that it is made of.
 */
#pragma once

#include <stdbool.h>

#include "basic/cleanup.h"
#include "basic/diag.h"
#include "config/raw-unit.h"
#include "config/specifiers.h"

/* Units that were made by a command, "nsctl run": they go when they have ended. A part of /run/nsunits. */
#define UNIT_TRANSIENT_DIR "/run/nsunits/transient"

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

/** unit_path_is_stale() - has a directory or a bundle changed since the scan? Then make a new one. One
 * stat(2) for each. */
bool unit_path_is_stale(const UnitPath *p);

/** unit_path_diag() - what is wrong with the bundles (NAME.quadlets) of the search path; owned by @p. */
const Diag *unit_path_diag(const UnitPath *p);

/** unit_path_list() - names of all unit files, sorted; templates, aliases and masked ones too. 0 or -ENOMEM.
 */
int unit_path_list(const UnitPath *p, char ***ret);

/**
 * unit_path_real_name() - the unit that @name is a name of: itself, or what an alias leads to
 * @diag: links that lead nowhere good; may be NULL
 *
 * A link to a file of the search path is an alias of the unit that its target is named after. An alias of a
 * template is one of all its instances. An instance that is a link to its template is no alias but a unit
 * file.
 *
 * Returns: 0; -ENOENT; -ENOMEM. Free *ret.
 */
int unit_path_real_name(const UnitPath *p, const char *name, Diag *diag, char **ret);

/** unit_path_aliases() - the other names of a unit, sorted. Returns 0, -ENOENT, -ENOMEM; strv_free() *ret. */
int unit_path_aliases(const UnitPath *p, const char *name, char ***ret);

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
 * From NAME.d, the template's, every dash-truncated name's ("foo-.container.d" for "foo-bar.container"),
 * those of the unit's aliases and the kind's ("container.d") directory. Of one file name, the unit's own
 * names count before its aliases and those before the kind; then the one of the higher directory, then that
 * of the more specific name; a masked one hides the others. Applied in order of file names. Returns 0 or
 * -ENOMEM.
 */
int unit_path_find_drop_ins(const UnitPath *p, const char *name, char ***ret);

/**
 * unit_path_load() - a unit's fragment and drop-ins, merged
 * @diag: mistakes of the text
 *
 * @name may be an alias: the name in *ret is the unit's own. Links in NAME.wants, NAME.requires and
 * NAME.upholds directories become values of Wants=, Requires= and Upholds=.
 *
 * Returns: 0; -ENOENT no such unit (a reason may be in @diag); -ERFKILL masked; -EINVAL mistakes in the text
 * (*ret is set then, too, with what was readable, so that all the other mistakes can be found as well);
 * -ENOMEM; another negative errno when a file cannot be read (also in @diag).
 */
int unit_path_load(const UnitPath *p, const char *name, Diag *diag, RawUnit **ret);

/** unit_path_read_fragment() - the text of the unit's file, of its part when that is a bundle. As
 * unit_path_find(); free *ret. */
int unit_path_read_fragment(const UnitPath *p, const char *name, char **ret, size_t *ret_size);

/**
 * unit_path_default_instance() - what a template is when it is named without an instance
 * @specifiers: for the value of DefaultInstance=
 * @ret:        "job@1.container"; NULL when the template has no DefaultInstance=
 *
 * Returns: 0, or as unit_path_load().
 */
int unit_path_default_instance(const UnitPath *p, const char *template, const SpecifierContext *specifiers,
                               Diag *diag, char **ret);

/** unit_path_needs_reload() - would loading @loaded again read other files, or files changed since? Files of
 * variables count, too. */
bool unit_path_needs_reload(const UnitPath *p, const RawUnit *loaded);

/** unit_path_is_current() - would loading @loaded again surely give the same? More than that there is no sign
 * of a change, which is all that people are told: a change may be hidden, or too recent to show. */
bool unit_path_is_current(const UnitPath *p, const RawUnit *loaded);
