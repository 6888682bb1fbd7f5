/*
 * The slow work on the store, for a process of its own: `nsunits-archiver VERB ...`, but for the last verb.
 *
 *      import STORE NAME INPUT [--entrypoint=JSON] [--cmd=JSON] [--env=NAME=VALUE]... [--user=USER]
 *                              [--working-dir=PATH]
 *              NAME "" = the name in the archive. INPUT: a path, or fd:N for an inherited descriptor.
 *              The options configure a plain root file-system archive.
 *      pull STORE fd:N
 *              A PullRequest as JSON (pull-request.h) in the inherited descriptor. Ends with its parent.
 *      build STORE fd:N fd:M
 *              The same with a BuildRequest (build-request.h); to the other, what buildah says.
 *      compare STORE fd:N IMAGE-ID
 *              Would a pull bring another image? A PullRequest, too.
 *      commit STORE IMAGE-ID NAME fd:N COMMENT
 *              One more layer, a tar, on an image that is there.
 *      export STORE REFERENCE fd:N
 *              Writes the archive (export.h) to the inherited descriptor.
 *      check STORE fd:N [repair [IMAGE-ID-IN-USE]...]
 *      usage STORE fd:N
 *              Write their JSON (check.h, usage.h) to it.
 *      remove STORE REFERENCE [IMAGE-ID-IN-USE]...
 *      collect STORE
 *              Of nsunits-worker: it needs no archive, and every start of a manager runs it.
 *
 * Writes one JSON object a line to stdout:
 *      {"progress": {"step": "layer", "index": 1, "count": 3, "done": 4096, "total": 90000}}
 *      {"event": "fetch", "text": "3f4ca61aafcd", "done": 4096, "total": 90000}
 *              pull and build: pull-event.h
 *      {"error": {"error": -28, "step": "unpack", "object": "layer …", "advice": "…"}}
 *              a Fault; last line
 *      {"id": "HEX", "name": "nginx:latest", "layers_new": 1, "layers_known": 0, "entries": 8000,
 *       "devices": 0, "sockets": 0, "xattrs": 0}
 *              last line of import, pull, build and commit
 *      {"id": "same"} or {"id": "newer"}                                              last line, compare
 *      {"done": true}                                                          last line, all others
 *
 * Killing it at any moment is safe: what it leaves is collected by the next import or collect.
 */
#pragma once

#include "basic/fault.h"

#define WORKER_SAME  "same"
#define WORKER_NEWER "newer"

/** image_collect() - the verb of that name. 0, or a negative errno with @fault filled. */
int image_collect(char **words, Fault *fault);

/** image_worker_main() - @argv[0] is the verb. Returns an exit status: 0 good, 1 failed, 2 wrong words. */
int image_worker_main(int argc, char **argv);

/**
 * image_worker_parse() - for the manager: what a line of the worker says
 * @line:       without its newline
 * @ret_id:     image id for the last line of an import (free()), else NULL
 * @ret_fault:  filled from an error line
 *
 * Returns: one of WORKER_*, -EBADMSG for a line that is none, or -ENOMEM.
 */
enum {
        WORKER_PROGRESS = 0,
        WORKER_DONE = 1,
        WORKER_FAILED = 2,
};
int image_worker_parse(const char *line, char **ret_id, Fault *ret_fault);
