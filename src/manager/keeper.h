/*
 * Descriptors that have to outlive the manager: notify sockets with what was said on them, and what
 * containers have left (FDSTORE=1). The kernel keeps sockets for nobody but a process, so a small one
 * (nsunits-keeper) holds copies of them.
 *
 * Labels say what is what; they begin with the unit's name and a slash. All calls are good without a keeper,
 * too: then nothing outlives the manager, and one warning has said so.
 */
#pragma once

#include <systemd/sd-event.h>

#include "basic/cleanup.h"
#include "basic/fd-message.h"
#include "cgroup/cgroup-root.h"
#include "manager/child.h"

typedef struct Keeper Keeper;

/* @m: its descriptors may be taken, by setting them to a negative number. */
typedef void (*KeeperMessageFn)(FdMessage *m, void *data);

/**
 * keeper_new() - find the keeper that an earlier manager has left, and learn what it holds
 * @run: the directory in which its socket lies
 *
 * No keeper is started before there is something to hold. Returns 0 or -ENOMEM.
 */
int keeper_new(sd_event *event, const Children *children, CgroupRoot *cgroups, const char *run, Keeper **ret);

/**
 * keeper_put() - have a copy of @fd held; @fd stays the caller's, to be closed by keeper_close()
 *
 * Returns: 0, also when there is no keeper; a negative errno: this descriptor cannot be handed on.
 */
int keeper_put(Keeper *k, const char *label, int fd, bool listens);

/**
 * keeper_close() - close *@fd and have the copy closed
 *
 * The copy is the last to go, so that what a close may wait for does not stop the manager.
 */
void keeper_close(Keeper *k, const char *label, int *fd);

/** keeper_take() - what an earlier manager has put; the caller's, as after keeper_put(). Or -ENOENT. */
int keeper_take(Keeper *k, const char *label);

/** keeper_next() - the label of something that was not taken, beginning with @prefix; NULL when there is
 * none. */
const char *keeper_next(const Keeper *k, const char *prefix);

/** keeper_hear() - the messages to @label that came while there was no manager, in their order; once. */
void keeper_hear(Keeper *k, const char *label, KeeperMessageFn fn, void *data);

/** keeper_settle() - all units are adopted: what nobody has taken is closed. */
void keeper_settle(Keeper *k);

/** keeper_rest() - let the keeper go if it holds nothing; true when its cgroup is still to be removed. */
bool keeper_rest(Keeper *k);

/** keeper_end() - at the manager's end: the same, and a moment's wait for its cgroup. NULL is fine. */
void keeper_end(Keeper *k);

/** keeper_free() - what it holds stays held. NULL is fine. */
void keeper_free(Keeper *k);

AUTOPTR_DEFINE(Keeper, keeper_free);
