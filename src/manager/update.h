/*
 * A unit gets another image: it is started anew with it, and when that does not become ready, with the old
 * one. What is intended is on disk (RUN/update/UNIT.json) from the beginning to the end, so that the next
 * manager goes on where a killed one was.
 */
#pragma once

#include "image/image.h"
#include "manager/manager.h"

typedef struct UnitUpdate UnitUpdate;

#define UPDATE_OUTCOME_LIST(X)                                                             \
        X(UPDATE_NO, "false")        /* there is no other image */                         \
        X(UPDATE_DONE, "true")       /* it runs from the new one */                        \
        X(UPDATE_PENDING, "pending") /* there is another one, which was not asked for */   \
        X(UPDATE_ROLLED_BACK,                                                              \
          "rolled back") /* the new one does not become ready: it runs from the old one */ \
        X(UPDATE_FAILED, "failed")

ENUM_DECLARE(UpdateOutcome, update_outcome, UPDATE, UPDATE_OUTCOME_LIST);

/* @why: of what did not succeed; NULL else. */
typedef void (*UpdateDoneFn)(UpdateOutcome outcome, const char *why, void *data);

/**
 * unit_update_begin() - @name belongs to another image than the one that @u runs from, which is @old
 * @done: called once, later, from the loop; not when unit_update_forget() was
 *
 * Returns: 0, or a negative errno told in @fault; then nothing was done.
 */
int unit_update_begin(Unit *u, const char *name, Image *old, UpdateDoneFn done, void *data, Fault *fault);

/** unit_update_forget() - nobody waits for it any more; it goes on. */
void unit_update_forget(Unit *u, void *data);

/** unit_update_image() - what @u is to be started from, whatever its unit file's name says; NULL = as that
 * says. */
Image *unit_update_image(const Unit *u);

/** unit_update_add_images() - the ids of those that must stay for it. 0 or -ENOMEM. */
int unit_update_add_images(const Unit *u, char ***to);

/** unit_update_job_ended() - a job of the unit has ended. */
void unit_update_job_ended(Unit *u, uint32_t job, JobResult result);

/** unit_update_unready() - the unit is not healthy. True when that is the end of its start with a new image,
 * and all that has to follow does. */
bool unit_update_unready(Unit *u);

/** unit_update_drop() - from memory: the unit goes, or the manager. */
void unit_update_drop(Unit *u);

/** manager_resume_updates() - go on with those of the last manager. */
void manager_resume_updates(Manager *m);
