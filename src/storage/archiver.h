/*
 * What makes archives of trees, or trees of archives, for a process of its own: `nsunits-archiver VERB ...`.
 *
 *      copy FROM TO
 *              transfer(): each is "stream" and one descriptor, or "=PATH" and two: of the root, of the user
 *              namespace (the root again = none).
 *      layer [uI:O:C...] [gI:O:C...] [frozen] [omit OMITTED...]
 *              An upper directory as a layer: descriptors: output, upper, and with "frozen" cgroup.events of
 *              a cgroup that is being frozen.
 *
 * Descriptors begin at 3, in the order of the words. The last line of standard output is that of
 * spec/worker-line.h.
 */
#pragma once

/** storage_archiver_main() - @argv[0] is the verb. Returns an exit status, or -ENOENT for a verb of others.
 */
int storage_archiver_main(int argc, char **argv);
