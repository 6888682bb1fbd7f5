/*
 * Files of a unit that are tried before they are put in their place: in a directory that stands before the
 * search path, with all other units around.
 */
#pragma once

#include "ctl/verb.h"

typedef struct EditTrial EditTrial;

/**
 * edit_trial_new() - an empty one
 * @directory: an existing one, where it makes "check"; borrowed. NULL = one of its own
 * @dirs: the search path; borrowed
 */
int edit_trial_new(const char *directory, char *const *dirs, EditTrial **ret);

/** edit_trial_free() - and its files. NULL is fine. */
void edit_trial_free(EditTrial *t);

AUTOPTR_DEFINE(EditTrial, edit_trial_free);

/**
 * edit_trial_put() - one more file, or another text for it
 * @relative: below a directory of the search path: "web.container.d/override.conf"
 * @home: where it is to go; that is what messages name
 *
 * Returns: 0 or a negative errno.
 */
int edit_trial_put(EditTrial *t, const char *relative, const char *home, const char *text);

/** edit_trial_run() - tell on stderr what is wrong with the unit then, or with it @alone, whatever others
 * say. Returns the number of errors, or a negative errno. */
int edit_trial_run(Ctl *c, const EditTrial *t, const char *unit, bool alone);
