/* KEY=VALUE as typed behind a verb or an option: which section of a unit the key belongs to. */
#pragma once

#include "spec/key.h"
#include "spec/section.h"

typedef struct Assignment {
        const char *section; /* "Container" */
        const Key *key;
        const char *value; /* of the text */
        bool elsewhere;    /* without its section the key would be that of another one */
} Assignment;

/**
 * assignment_parse() - "MemoryMax=1G", or "Service.Environment=A=1" where more than one section has the key
 * @kind: of the unit
 *
 * Without a section it is that of the unit's kind, else [Service], [Unit], [Install], [Quadlet], the first
 * that has the key.
 *
 * Returns: 0, or -EINVAL after a word on stderr.
 */
int assignment_parse(UnitKind kind, const char *text, Assignment *ret);
