/* [Volume] as typed data. Filled by volume-keys.def. */
#pragma once

#include <stdbool.h>

typedef struct VolumeSection {
        char *volume_name; /* NULL = the unit's stem */
        bool copy;         /* fill from the image when empty */
        char **labels;     /* NAME=VALUE */
} VolumeSection;
