/* What the files of roots share: root.c and root-view.c. */
#pragma once

#include "storage/root.h"

/** root_make_points() - all mount points of the spec, in @fd. 0 or a negative errno with @fault filled. */
int root_make_points(const RootRequest *q, int fd, IdPair owner, Fault *fault);

/** root_image_path() - where something is mounted while the root is made; free(). NULL when out of memory. */
char *root_image_path(const char *container_dir);

/** root_open_rootfs() - Rootfs= as a directory; a file is mounted at root_image_path(), until
 * root_detach_image(). A descriptor, or a negative errno with @fault filled. */
int root_open_rootfs(const RootRequest *q, Fault *fault);

/** root_detach() - unmount all that is at a place, and remove it. What is gone already is fine. */
int root_detach(const char *path);

/** root_detach_image() - the same for root_image_path(). */
int root_detach_image(const char *container_dir);

/** root_attach_memory() - the root of Volatile=yes: in memory, with the /usr of the base. 0 or a negative
 * errno with @fault filled. */
int root_attach_memory(const RootRequest *q, Fault *fault);
