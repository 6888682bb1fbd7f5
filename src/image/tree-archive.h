/*
 * The tree of a layer as a tar: whiteouts as OCI writes them, names in order, nothing in it that depends on
 * the file system. The same tree gives the same bytes, so that their digest tells whether a layer is still
 * what was unpacked; they are not those that the layer came as.
 *
 * Long zeros are left out of files, as holes in the form of GNU tar 1.0.
 */
#pragma once

#include <stdbool.h>

#include "basic/fault.h"
#include "image/tar-writer.h"

/**
 * tree_archive() - hand the tar of a tree to @sink
 * @fs_fd:  the root of the layer; O_PATH will do
 *
 * Returns: 0, what @sink returned, or a negative errno, told in @fault.
 */
int tree_archive(int fs_fd, TarSinkFn sink, void *data, Fault *fault);

typedef struct TreeDigest {
        char digest[65];
        uint64_t size;
} TreeDigest;

/** tree_digest() - of these bytes. Same result. */
int tree_digest(int fs_fd, TreeDigest *ret, Fault *fault);

/** tree_xattr_allowed() - may a layer have an attribute of this name? trusted.* would steer overlayfs,
 * security.* but capabilities the host's policy. */
bool tree_xattr_allowed(const char *name);
