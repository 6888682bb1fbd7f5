/* Variables in texts, as Compose has them, and the files they come from. */
#pragma once

#include <stddef.h>

#include "basic/diag.h"

/**
 * interpolate() - @text with $NAME, ${NAME} and "$$" replaced
 * @env: NAME=VALUE
 *
 * ${NAME:-other} and ${NAME-other} give another text when NAME is empty or not set, or only when it is not
 * set;
 * ${NAME:?message} and ${NAME?message} refuse, ${NAME:+other} and ${NAME+other} do the reverse. A variable
 * that is not set is empty, with a warning.
 *
 * Returns: 0; -EINVAL with an error in @diag; -ENOMEM. Free *ret.
 */
int interpolate(const char *text, char *const *env, Where at, Diag *diag, char **ret);

/**
 * dotenv_parse() - the text of a file ".env"
 * @env: appended to, where it does not have the name yet; @env's variables are known to the values
 *
 * Lines NAME=VALUE, "export" before them is fine. 'VALUE' is taken as it is, "VALUE" with escapes and
 * variables, a bare VALUE with variables and up to a blank with "#" behind it.
 *
 * Returns: 0; -EINVAL with an error in @diag; -ENOMEM.
 */
int dotenv_parse(char ***env, const char *file, const char *text, size_t size, Diag *diag);
