/* Options of a mount, as Volume=, Tmpfs= and Mount= spell them. For key-*.c only. */
#pragma once

#include <stdio.h>

#include "spec/key-types.h"

/**
 * mount_option_apply() - one option
 * @name:  without the value
 * @value: behind "=", NULL without one
 * @at:    where the option stands
 *
 * Returns: 0; -EINVAL with a message; -ENOMEM.
 */
int mount_option_apply(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m);

/** mount_option_apply_all() - "ro,size=64m"; @options is cut in place. */
int mount_option_apply_all(const KeyInput *in, char *options, Where at, MountSpec *m);

/** mount_option_write() - the options that differ from the default: @separator before the first, commas
 * between. */
void mount_option_write(FILE *f, const MountSpec *m, const char *separator);
