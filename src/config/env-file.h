/* Files of environment variables: EnvironmentFile= (systemd.exec(5)). */
#pragma once

#include <stddef.h>

#include "basic/diag.h"

/**
 * env_file_parse() - text of lines NAME=VALUE to an environment block
 * @env:  appended to; a later NAME= replaces an earlier one; made when NULL
 * @file: name for messages
 *
 * Grammar: systemd's. '#' and ';' begin a comment line, blanks at the ends of a value fall away, quotes may
 * span lines, a backslash at the end of a line continues it; nothing is expanded. What is no assignment to a
 * valid name is a warning and left out.
 *
 * Returns: 0; -EINVAL, with an error in @diag, for assignments that are not UTF-8 and for a NUL; -ENOMEM.
 * What was read before is in @env.
 */
int env_file_parse(char ***env, const char *file, const char *text, size_t size, Diag *diag);
