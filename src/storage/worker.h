/*
 * The slow work on what is mounted, for a process of its own: `nsunits-worker VERB ...`.
 *
 *      purge DIRECTORY...                      trash_purge()
 *      volume-mount VOLUMES-DIR NAME           volume_mount()
 *      close                                   closes descriptor 3: what that writes may take long
 *      diff OMITTED...                         root_diff(): descriptors: output, upper, lower layer
 *
 * Descriptors begin at 3, in the order of the words. The last line of standard output is that of
 * spec/worker-line.h.
 */
#pragma once

/** storage_worker_main() - @argv[0] is the verb. Returns an exit status, or -ENOENT for a verb of others. */
int storage_worker_main(int argc, char **argv);
