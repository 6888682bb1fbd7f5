/* Is the store what it should be: every digest, every reference. Blocks for as long as reading all of it
 * takes. */
#pragma once

#include "basic/fault.h"
#include "image/store.h"

/**
 * image_store_check() - read all of the store and compare
 * @repair:  remove images that are broken, and then every file that the index does not name
 * @in_use:  ids of images that stay nevertheless
 * @ret:     JSON object; free(). Members:
 *           images, layers, bytes      how much was looked at
 *           problems                   array of what, name, problem, images (names of those that have it)
 *           leftovers                  array of paths that nothing refers to: of an import that goes on, or
 * was killed; no harm, they go at the next import or start removed                    array of ids of images,
 * with @repair
 *
 * Imports and removals may go on meanwhile.
 *
 * Returns: 0, also when there are problems, or a negative errno, told in @fault.
 */
int image_store_check(ImageStore *store, bool repair, char *const *in_use, char **ret, Fault *fault);
