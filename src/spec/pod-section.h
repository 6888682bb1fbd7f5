/* [Pod] as typed data. Filled by pod-keys.def. */
#pragma once

typedef struct PodSection {
        char *pod_name; /* NULL = the unit's stem */
} PodSection;
