/*
 * The slow work on roots and volumes, for a process of its own: nsunitd runs itself as
 * `nsunitd --worker VERB ...`.
 *
 *      purge DIRECTORY...                      trash_purge()
 *      volume-mount VOLUMES-DIR NAME           volume_mount()
 *      close                                   closes descriptor 3: what that writes may take long
 *      copy FROM TO                            transfer(): each is "stream" and one descriptor, or "=PATH"
 * and two: of the root, of the user namespace (the root again = none) diff OMITTED... root_diff():
 * descriptors: output, upper, lower layer [uI:O:C...] [gI:O:C...] [frozen] [omit OMITTED...] an upper
 * directory as a layer: descriptors: output, upper, and with "frozen" cgroup.events of a cgroup that is being
 * frozen
 *
 * Descriptors begin at 3, in the order of the words. The last line of standard output is that of
 * spec/worker-line.h.
 */
#pragma once

/** storage_worker_main() - @argv[0] is the verb. Returns an exit status, or -ENOENT for a verb of others. */
int storage_worker_main(int argc, char **argv);
