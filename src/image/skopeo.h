/*
 * skopeo(1), which speaks with registries, as a child process. What it says is read by two pure functions,
 * which the tests know real output of.
 *
 * Passwords reach it through descriptors: its arguments are for everybody to see.
 */
#pragma once

#include <stdint.h>

#include "basic/fault.h"
#include "image/pull-event.h"
#include "image/pull-request.h"

typedef void (*SkopeoEventFn)(const PullEvent *event, void *data);

/**
 * skopeo_copy() - copy an image into an OCI layout, blobs that are in it already excepted
 * @source:     full name or TRANSPORT:/PATH
 * @layout_fd:  directory; the image's name in it is "image"
 * @event:      told now and then; may be NULL
 *
 * BLOCKS as long as something comes, and as skopeo itself waits. It dies with this process. SIGPIPE must be
 * ignored.
 *
 * Returns: 0 or a negative errno, told in @fault in the words of the registry: skopeo_errno().
 */
int skopeo_copy(const PullRequest *q, const char *source, int layout_fd, SkopeoEventFn event, void *data,
                Fault *fault);

/** skopeo_list_tags() - all tags of the repository of @source, as full names; strv_free(). */
int skopeo_list_tags(const PullRequest *q, const char *source, char ***ret, Fault *fault);

/**
 * skopeo_inspect() - the manifest or the index of @source ("--raw"), or its configuration in OCI's form
 * ("--config")
 *
 * Returns: as skopeo_copy(), with the text in @ret, for free().
 */
int skopeo_inspect(const PullRequest *q, const char *source, const char *what, char **ret, size_t *ret_size,
                   Fault *fault);

/** skopeo_parse_line() - what a line of its output says of a layer. 0, or -EBADMSG for any other line. */
int skopeo_parse_line(const char *line, PullEvent *ret);

/**
 * skopeo_reason() - the cause, out of what it wrote to stderr
 * @ret: cut at its beginning if it has to be; the cause comes last
 */
void skopeo_reason(const char *text, char *ret, size_t size);

/**
 * skopeo_errno() - the errno that comes near to a reason: -EACCES not allowed, -ENOENT the registry does not
 * have it, -ENOSPC, -EPROTO its certificate is not good, else what came between; -EIO anything.
 */
int skopeo_errno(const char *reason);

/** skopeo_unreachable() - does @reason say that nobody could be connected to who speaks for the registry of
 * @source, as opposed to a mirror of it, or to a host that it had sent us to? */
bool skopeo_unreachable(const char *reason, const char *source);

/** skopeo_may_pass() - is it worth another try? */
bool skopeo_may_pass(int r);
