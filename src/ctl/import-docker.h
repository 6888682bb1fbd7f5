/* What the files of the import from `docker inspect` share. */
#pragma once

#include "ctl/import.h"

typedef struct Inspect {
        Import *import;
        const Doc *all;   /* the list of objects */
        const Doc *image; /* that the container in hand is made from, when it is among them */
} Inspect;

/** inspect_find() - the container in the list whose id begins with @id, or whose name it is; or NULL. */
const Doc *inspect_find(const Inspect *inspect, const char *id);

/** inspect_stem() - the name of an object as that of a unit; NULL when it has none. Borrowed. */
const char *inspect_stem(const Doc *object);

/** inspect_inherited() - does the image say the same as the container at @path? */
bool inspect_inherited(const Conversion *c, const char *path);

#define ROW(path, part, key, convert) int convert(Conversion *c, const Doc *value);
#define NO_EQUAL(path, reason)
#define NOTHING(path)
#define TABLE(name)
#define TABLE_END
#include "ctl/inspect-keys.def"
#undef ROW
#undef NO_EQUAL
#undef NOTHING
#undef TABLE
#undef TABLE_END
