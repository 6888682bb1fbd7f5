/* [Build] as typed data. Filled by build-keys.def. */
#pragma once

typedef struct BuildSection {
        char **image_tags; /* names of the result, at least one */
} BuildSection;
