/* nsctl show from the files: every setting, its value and where it was set. */
#pragma once

#include "ctl/verb.h"

/**
 * settings_show() - print the settings of a unit as the options say
 * @wanted: names of keys; NULL = all
 *
 * Returns: the exit status; what went wrong was told on stderr.
 */
int settings_show(Ctl *c, const char *name, char *const *wanted);
