/* Where the text of a unit says something: a key, or the name of another unit. */
#pragma once

#include "spec/unit-spec.h"

/** unit_place() - where @key was assigned last; else the section's head (also with @key NULL); else the file.
 */
Where unit_place(const UnitSpec *u, const char *section, const char *key);

/** unit_place_nth() - where item @i of a list was assigned, of which every assignment adds one; as
 * unit_place() when there are fewer. */
Where unit_place_nth(const UnitSpec *u, const char *section, const char *key, size_t i);

/* A place where the author names something. Borrowed from the unit. */
typedef struct Mention {
        const char *key;
        Where at;
} Mention;

/**
 * unit_find_mention() - where the author names the unit @other
 * @section, @key: look nowhere else; NULL = anywhere
 *
 * Found by its name, its service's name, or, in [Unit], its bare stem. A name that a specifier is part of is
 * not found.
 */
bool unit_find_mention(const UnitSpec *u, const char *section, const char *key, const char *other,
                       Mention *ret);

/**
 * unit_names_service() - does the author name @other as a service?
 *
 * "postgresql.service" may be our postgresql.container or a service of the host. It is the host's when the
 * unit says ".service" and we have no such file.
 */
bool unit_names_service(const UnitSpec *u, const char *other);
