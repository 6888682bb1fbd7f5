/* The *-keys.def as tables. A key whose type does not fit its field does not compile here. */
#include <stddef.h>

#include "basic/macro.h"
#include "spec/key-types.h"
#include "spec/key.h"
#include "spec/unit-spec.h"

#define KEY(name, type, field, def, fl, meaning)                                                          \
        _Static_assert(__builtin_types_compatible_p(__typeof__(((SECTION *) 0)->field), KeyField_##type), \
                       #name ": type of the field and type of the key differ");
#define SECTION UnitSection
#include "spec/unit-keys.def"
#undef SECTION
#define SECTION ServiceSection
#include "spec/service-keys.def"
#undef SECTION
#define SECTION InstallSection
#include "spec/install-keys.def"
#undef SECTION
#define SECTION ContainerSection
#include "spec/container-keys.def"
#undef SECTION
#define SECTION NetworkSection
#include "spec/network-keys.def"
#undef SECTION
#define SECTION VolumeSection
#include "spec/volume-keys.def"
#undef SECTION
#undef KEY

#define KEY(name_, type_, field, def, fl, meaning_) \
        {                                           \
                .name = #name_,                     \
                .type = &key_type_##type_,          \
                .offset = offsetof(SECTION, field), \
                .fallback = def,                    \
                .flags = fl,                        \
                .meaning = meaning_,                \
        },
#define SECTION UnitSection
static const Key unit_list[] = {
#include "spec/unit-keys.def"
};
#undef SECTION
#define SECTION ServiceSection
static const Key service_list[] = {
#include "spec/service-keys.def"
};
#undef SECTION
#define SECTION InstallSection
static const Key install_list[] = {
#include "spec/install-keys.def"
};
#undef SECTION
#define SECTION ContainerSection
static const Key container_list[] = {
#include "spec/container-keys.def"
};
#undef SECTION
#define SECTION NetworkSection
static const Key network_list[] = {
#include "spec/network-keys.def"
};
#undef SECTION
#define SECTION VolumeSection
static const Key volume_list[] = {
#include "spec/volume-keys.def"
};
#undef SECTION
#undef KEY

const KeyTable unit_keys = { "Unit", unit_list, ELEMENTSOF(unit_list) };
const KeyTable service_keys = { "Service", service_list, ELEMENTSOF(service_list) };
const KeyTable install_keys = { "Install", install_list, ELEMENTSOF(install_list) };
const KeyTable container_keys = { "Container", container_list, ELEMENTSOF(container_list) };
const KeyTable network_keys = { "Network", network_list, ELEMENTSOF(network_list) };
const KeyTable volume_keys = { "Volume", volume_list, ELEMENTSOF(volume_list) };

const KeyTable *const key_tables[] = {
        &unit_keys, &container_keys, &network_keys, &volume_keys, &service_keys, &install_keys, NULL,
};
