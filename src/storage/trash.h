/*
 * Trees that are deleted in two steps: out of the way at once, from the disk when there is time. They lie in
 * the directory .trash beside where they were.
 */
#pragma once

/** trash_put() - move a directory away; one that is gone already is fine. Returns 0 or a negative errno. */
int trash_put(const char *path);

/**
 * trash_purge() - delete what was moved away from the directory @parent
 *
 * Blocks for as long as it takes to delete what containers wrote: from a child process, or in idle time.
 */
int trash_purge(const char *parent);
