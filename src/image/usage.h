/* What each thing below the store's directory takes on disk. Blocks for as long as looking at all files
 * takes. */
#pragma once

#include "basic/fault.h"

/**
 * store_usage() - blocks on disk, in bytes; a file of several names within one thing is counted once
 * @ret:  JSON object; free(). Members are the directories of the store that hold things (layers, volumes,
 *        containers, pulls, build), each an object of name and bytes
 *
 * What vanishes meanwhile is left out. Returns: 0 or a negative errno, told in @fault.
 */
int store_usage(const char *path, char **ret, Fault *fault);
