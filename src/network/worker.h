/*
 * What keeps whoever asks the kernel for it waiting, for a process of its own: `nsunits-worker VERB ...`.
 *
 *      delete-links INDEX...                   those that are gone already are fine
 *
 * The last line of standard output is that of spec/worker-line.h.
 */
#pragma once

/** network_worker_main() - @argv[0] is the verb. Returns an exit status, or -ENOENT for a verb of others. */
int network_worker_main(int argc, char **argv);
