/*
 * An image of the store as one archive that every tool reads: an OCI layout (image-spec, image-layout.md)
 * with the manifest.json of a docker-archive beside it. Blocks.
 *
 * The store keeps trees, not the blobs that they came as. A layer is archived anew (tree-archive.h), so that
 * the exported image has other digests and another id than the one that was imported. From then on they stay:
 * an export that is imported is exported as the same bytes again.
 */
#pragma once

#include "basic/fault.h"
#include "image/store.h"

/**
 * image_export() - write the archive
 * @fd:  a file or a pipe, written from where it stands
 *
 * Each layer is compared with what was unpacked once, while it passes.
 *
 * Returns: 0 or a negative errno, told in @fault: -ENOENT, -EBADMSG for a layer that has changed, -ENOSPC,
 * -EPIPE with SIGPIPE ignored, ... Then what was written is of no use.
 */
int image_export(ImageStore *store, const char *reference, int fd, Fault *fault);
