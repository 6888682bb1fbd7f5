/* [Artifact] as typed data. Filled by artifact-keys.def. */
#pragma once

typedef struct ArtifactSection {
        char *artifact; /* reference to pull */
} ArtifactSection;
