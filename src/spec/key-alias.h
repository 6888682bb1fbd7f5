/* Names that keys had once: key-aliases.def. */
#pragma once

#include <stdbool.h>

#include "spec/key.h"

typedef struct KeyAlias {
        const char *section, *name;
        const char *new_section, *new_name;
        int (*convert)(const KeyInput *in, char **ret);
} KeyAlias;

/** key_alias_find() - what @name in @section is called now; NULL when it is not an old name. */
const KeyAlias *key_alias_find(const char *section, const char *name);

/** key_has_old_names() - can the key be written under another name? */
bool key_has_old_names(const char *section, const char *name);

/** key_alias_convert() - the value as the new key has it; free(). 0, -EINVAL with a message, -ENOMEM. */
int key_alias_convert(const KeyAlias *alias, const KeyInput *in, char **ret);

/** key_alias_is() - is @name in @section the key @wanted of @wanted_section, by this name or an old one? */
bool key_alias_is(const char *section, const char *name, const char *wanted_section, const char *wanted);

/** key_alias_section() - a section in which @name is an old name of a key; NULL when there is none. */
const char *key_alias_section(const char *name);
