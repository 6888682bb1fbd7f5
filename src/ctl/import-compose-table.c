/* The tables of compose-keys.def. */
#include "basic/macro.h"
#include "ctl/import-compose.h"

#define TABLE(name)                   static const ImportRow name##_rows[] = {
#define ROW(path, part, key, convert) { path, PART_##part, key, convert, NULL },
#define NO_EQUAL(path, reason)        { path, PART_OWN, NULL, NULL, reason },
#define NOTHING(path)                 { path, PART_OWN, NULL, NULL, NULL },
#define TABLE_END \
        }         \
        ;
#include "ctl/compose-keys.def"

const ImportTable compose_service_table = { service_rows, ELEMENTSOF(service_rows) };
const ImportTable compose_join_table = { join_rows, ELEMENTSOF(join_rows) };
const ImportTable compose_network_table = { network_rows, ELEMENTSOF(network_rows) };
const ImportTable compose_volume_table = { volume_rows, ELEMENTSOF(volume_rows) };
const ImportTable compose_build_table = { build_rows, ELEMENTSOF(build_rows) };
