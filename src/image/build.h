/*
 * An image out of a Containerfile: built by buildah, then imported. Blocks, so it runs in a worker process
 * (worker.h).
 *
 * buildah has a store of its own, STORE/build, for base images and for the steps of earlier builds, which
 * make the next one fast. It belongs to one build at a time; the others wait. What a build leaves there when
 * it is killed is cleared by the next one.
 */
#pragma once

#include "image/build-request.h"
#include "image/import.h"
#include "image/pull-event.h"

/**
 * image_build() - build, import, and give all names to the result
 * @event:  told which step it is at; may be NULL
 * @ret:    as image_import()
 *
 * All that buildah says goes to standard error, too.
 *
 * Returns: 0 or a negative errno, told in @fault in buildah's words; -ENOPKG when it is not installed.
 */
int image_build(ImageStore *store, const BuildRequest *q, void (*event)(const PullEvent *event, void *data),
                void *data, ImportReport *ret, Fault *fault);

/** build_reason() - the cause, out of what buildah wrote. Pure. @ret: cut at its beginning if need be. */
void build_reason(const char *text, char *ret, size_t size);

/** build_parse_line() - "STEP 2/5: RUN make" as an event. Pure. 0, or -EBADMSG for any other line. */
int build_parse_line(const char *line, PullEvent *ret);
