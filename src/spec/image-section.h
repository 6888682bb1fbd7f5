/* [Image] as typed data. Filled by image-keys.def. */
#pragma once

typedef struct ImageSection {
        char *image; /* reference to pull */
} ImageSection;
