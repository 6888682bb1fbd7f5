/* What the files of the Compose import share. */
#pragma once

#include "ctl/import.h"

typedef struct Compose {
        Import *import;
        Doc *doc;                    /* interpolated, `extends` resolved */
        char *project;               /* name of the whole, and of its default network */
        char **healthy, **completed; /* services that others wait for in this way */
        DocBudget budget;            /* for what `extends` copies */
} Compose;

/** compose_env() - what variables stand for: the environment over the file .env. 0, -EINVAL told, -ENOMEM. */
int compose_env(const Import *i, char ***ret);

/** compose_interpolate() - replace variables in all texts but those of extensions. */
int compose_interpolate(Import *i, Doc *doc);

/** compose_extend() - resolve `extends` of all services. */
int compose_extend(Compose *compose);

/** compose_definition() - a member of a top-level map ("volumes"); an error at @d when there is none of that
 * name. */
int compose_definition(const Compose *compose, const char *kind, const char *name, const Doc *d,
                       const Doc **ret);

/** compose_is_external() - is it made by somebody else? *ret_name: its name out there, or the key. */
bool compose_is_external(const Doc *definition, const char *key, const char **ret_name);

/** compose_network_stem() - name of the unit of a network of this file; free(). NULL: no memory. */
char *compose_network_stem(const Compose *compose, const char *name);

/** compose_require() - Requires= and After= of a service's unit. */
int compose_require(Conversion *c, const Doc *d, const char *service, bool weak);

/** compose_service(), compose_network(), compose_volume() - a definition to a unit of its own. */
int compose_service(Compose *compose, const Doc *service);
int compose_network(Compose *compose, const char *name, const Doc *definition, const Doc *at);
int compose_volume(Compose *compose, const Doc *definition);

/* Conversions of the table, in import-compose-*.c. */
#define ROW(path, part, key, convert) int convert(Conversion *c, const Doc *value);
#define NO_EQUAL(path, reason)
#define NOTHING(path)
#define TABLE(name)
#define TABLE_END
#include "ctl/compose-keys.def"
#undef ROW
#undef NO_EQUAL
#undef NOTHING
#undef TABLE
#undef TABLE_END

/* The tables themselves. */
typedef struct ImportTable {
        const ImportRow *rows;
        size_t n;
} ImportTable;

extern const ImportTable compose_service_table, compose_join_table, compose_network_table,
        compose_volume_table, compose_build_table;
