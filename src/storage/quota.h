/* Limits of what a directory tree holds, by project quotas of its file system: quotactl(2), PRJQUOTA. */
#pragma once

#include <stdint.h>

#include "basic/fault.h"

typedef struct QuotaLimit {
        uint64_t bytes, inodes; /* 0 = no limit */
} QuotaLimit;

/**
 * quota_limit() - set the limits of an empty directory and all that will be in it, or change them
 * @dir_fd: opened for reading
 * @name:   of what is limited; a number for it is sought from there
 *
 * Returns: 0; or a negative errno with @fault filled, whose advice says what the file system lacks.
 */
int quota_limit(int dir_fd, const char *name, const QuotaLimit *limit, Fault *fault);

/** quota_drop() - the numbers of a directory that is about to go are free again. Failures do not matter. */
void quota_drop(int dir_fd);
