/*
 * Changing unit files: which file an edit is about, what a person is shown of it, and what becomes of the
 * result. The files of the administrator are those of the search path that do not lie below /usr.
 */
#pragma once

#include "ctl/unit-files.h"

/* One file to be edited. */
typedef struct EditTarget {
        char *path;    /* where the text goes */
        char *check;   /* the same below a directory that stands for the first one of the search path */
        char *text;    /* as it is now; "" when there is none */
        char *context; /* for the person: what else the unit is made of, as comments */
} EditTarget;

void edit_target_clear(EditTarget *t);

#define autotarget __attribute__((cleanup(edit_target_clear)))

/**
 * edit_target_find() - the file that an edit of @name is about
 * @dirs:    the search path
 * @full:    the unit file itself; one of the distribution's is copied into the first directory
 * @drop_in: else the name of the drop-in, with or without ".conf"; NULL = override
 *
 * Returns: 0; -ENOENT no such unit (never with @full: then it is a new one); -ERFKILL masked; -EINVAL for a
 * bad @drop_in; -EXDEV when the unit is one of several in one file; another negative errno.
 */
int edit_target_find(const UnitPath *path, char *const *dirs, const char *name, bool full,
                     const char *drop_in, EditTarget *ret);

/** edit_draft() - what is put before the person; free(). NULL when out of memory. */
char *edit_draft(const EditTarget *t);

/** edit_result() - what the person made of it, without what is not to be kept; "" when nothing is left.
 * free(). */
char *edit_result(const char *draft);

/** edit_is_own() - is @directory one of the administrator's? */
bool edit_is_own(const char *directory);

/** edit_mask() - link the unit to /dev/null. 0; -EALREADY it is; -EEXIST a file is in the way, *ret is its
 * path; else negative errno. *ret: what was made; free(). */
int edit_mask(char *const *dirs, const char *name, char **ret);

/** edit_unmask() - remove all masks of the administrator's. 0 or negative errno; *ret: what was removed;
 * strv_free(). */
int edit_unmask(char *const *dirs, const char *name, char ***ret);

/**
 * edit_revert() - back to what the distribution has: remove drop-ins and masks of the administrator's, and
 * his unit file if there is another one further down the search path
 *
 * What "nsctl disable" has made stays. The same result as edit_unmask().
 */
int edit_revert(char *const *dirs, const char *name, char ***ret);
