/*
 * What a layer takes from those below it, noted while it is unpacked and done when they are complete:
 *
 *      - The looks of directories that its archive implies but does not list. overlayfs takes a directory's
 * owner, mode and time from the topmost layer that has it.
 *      - Files that are linked to: a hard link cannot lead into another layer, so that the file is copied, as
 *        overlayfs copies what is written to. Its other names below go on meaning the file that is there.
 *
 * A layer that several images share is as the first one of them made it.
 */
#pragma once

#include <stddef.h>

#include "basic/fault.h"

/* A note is a byte of kind, a text, and a NUL. */
typedef enum LowerKind {
        LOWER_DIRECTORY = 'd', /* its path */
        LOWER_LINK = 'l',      /* target, NUL, path */
} LowerKind;

/**
 * lower_apply() - do what is noted
 * @dir_fd:    the tree of the layer
 * @notes_fd:  read from its beginning
 * @lowers:    trees of the layers below, topmost first; O_PATH will do
 *
 * A directory that no layer below has gets the time 0.
 *
 * Returns: 0; -EBADMSG for a link to nothing; or
 * another negative errno, told in @fault.
 */
int lower_apply(int dir_fd, int notes_fd, const int *lowers, size_t n, Fault *fault);
