/*
 * Who the container's process is: names are looked up in the container's own /etc/passwd and
 * /etc/group, read through a descriptor of its root. These files are hostile input; no NSS.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "basic/cleanup.h"
#include "basic/fault.h"

typedef struct Identity {
        uid_t uid; /* as seen in the container */
        gid_t gid;
        gid_t *groups; /* supplementary */
        size_t n_groups;
        char *home; /* never NULL after identity_resolve() */
} Identity;

/**
 * identity_resolve() - as Docker does it
 * @root_fd: the container's root; a descriptor of the mount (O_PATH is enough)
 * @user:    name or number, NULL = 0; a number need not be in the file
 * @group:   name or number, NULL = the user's own group, and then its supplementary groups too
 * @ret:     identity_clear() it
 *
 * A user without an entry gets group 0 and home "/".
 * Returns: 0, -ENOENT for an unknown name, or another negative errno; @f is filled.
 */
int identity_resolve(int root_fd, const char *user, const char *group, Fault *f, Identity *ret);

/**
 * identity_add_groups() - supplementary groups beyond those of the user
 * @groups: names or numbers, NULL = none; a number need not be in the file
 *
 * Returns: 0, -ENOENT for an unknown name, or another negative errno; @f is filled.
 */
int identity_add_groups(int root_fd, char *const *groups, Fault *f, Identity *i);

/** identity_clear() - free what is inside and make it root again. */
void identity_clear(Identity *i);

#define autoidentity __attribute__((cleanup(identity_clear)))
