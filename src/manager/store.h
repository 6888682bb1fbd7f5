/* Requests on the image store that take long, and what units want of it. */
#pragma once

#include <jansson.h>

#include "manager/manager.h"

/** store_images_used() - ids of the images that containers were made from; with @named, also of those that
 * units name. 0 or -ENOMEM. */
int store_images_used(const Manager *m, bool named, char ***ret);

/** unit_image_named() - the id of the image that a unit's file names, if it is in the store; else NULL. Free
 * it. */
char *unit_image_named(Unit *u);

/** manager_volume_users() - names of the running containers that use a volume. NULL when out of memory. */
json_t *manager_volume_users(const Manager *m, const char *name);

/* @result: what the worker has written. @ret: free(). 0 or a negative errno. */
typedef int (*StoreResultFn)(Manager *m, const char *result, char **ret);

/** store_request() - have a worker write its result to descriptor 3, and answer with what @fn makes of it;
 * NULL = as it is. */
int store_request(Manager *m, char *const *args, StoreResultFn fn, ManagerReplyFn reply, void *data);
