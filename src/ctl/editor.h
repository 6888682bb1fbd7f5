/* The person's editor. */
#pragma once

/**
 * editor_run() - have @path edited and wait for it
 *
 * NSUNITS_EDITOR, SYSTEMD_EDITOR, EDITOR, VISUAL, split into words with quotes; else the first of editor,
 * nano, vi that there is.
 *
 * Returns: 0; -EPIPE when the editor failed; -ENOENT when there is none; another negative errno.
 */
int editor_run(const char *path);
