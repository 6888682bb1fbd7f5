/* Mounts in values, whichever key they stand in. For key-*.c only. */
#pragma once

#include "spec/key-types.h"

/** key_mount_default() - what no option has changed. @key: static. */
MountSpec key_mount_default(MountKind kind, const char *key, Where at);

/** key_mount_add() - to the end of @list, or in the place of an earlier one with the same destination: the
 * later line wins, as a drop-in means it. Takes over what @m owns, also on failure. */
int key_mount_add(MountList *list, MountSpec *m);

/** key_mount_set_destination() - where it is mounted; not on the root. */
int key_mount_set_destination(const KeyInput *in, const char *text, Where at, MountSpec *m);

/** key_mount_set_volume() - a name as Podman allows it for volumes, or the name of a .volume unit. */
int key_mount_set_volume(const KeyInput *in, const char *name, Where at, MountSpec *m);

/** key_mount_format() - the list as text, in the form of Mount= (@long_form) or of Volume=; free(). */
char *key_mount_format(const MountList *list, bool long_form);
