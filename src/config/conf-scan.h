/* Private to config: see conf-scan.c. */
#pragma once

#include "basic/diag.h"

/**
 * conf_scan() - refuse what libConfuse must not see, and blank the comments of @text in place
 *
 * Returns: 0, or -EINVAL after at least one error was added to @diag.
 */
int conf_scan(const char *file, char *text, Diag *diag);
