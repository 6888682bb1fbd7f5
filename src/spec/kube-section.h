/* [Kube] as typed data. Filled by kube-keys.def. */
#pragma once

typedef struct KubeSection {
        char **yaml; /* files */
} KubeSection;
