/* Images that a container has mounted beside its own: held like that one. */
#include <stdlib.h>

#include "manager/internal.h"

int unit_find_mount_images(Unit *u, Fault *fault) {
        const ContainerSpec *spec = u->held.spec;

        unit_drop_mount_images(u);
        for (size_t i = 0; i < spec->n_mounts; i++) {
                int r;

                if (spec->mounts[i].kind != MOUNT_IMAGE)
                        continue;
                if (!u->held.mount_images)
                        u->held.mount_images = calloc(spec->n_mounts + 1, sizeof(Image *));
                if (!u->held.mount_images)
                        return -ENOMEM;
                r = manager_find_image(u->manager, spec->mounts[i].source, &u->held.mount_images[i], fault);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Before the spec, which counts them. */
void unit_drop_mount_images(Unit *u) {
        for (size_t i = 0; u->held.mount_images && u->held.spec && i < u->held.spec->n_mounts; i++)
                image_unref(u->held.mount_images[i]);
        free(u->held.mount_images);
        u->held.mount_images = NULL;
}

int unit_open_mount_layers(const Unit *u, MountLayers **ret, Fault *fault) {
        const size_t n = u->held.spec->n_mounts;
        MountLayers *layers;

        *ret = NULL;
        if (!u->held.mount_images)
                return 0;
        layers = calloc(n + 1, sizeof(*layers));
        if (!layers)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                int r = u->held.mount_images[i]
                                ? image_store_layers_open(u->manager->images, u->held.mount_images[i],
                                                          &layers[i].fds, &layers[i].n, fault)
                                : 0;

                if (r < 0) {
                        unit_close_mount_layers(u, layers);
                        return r;
                }
        }
        *ret = layers;
        return 0;
}

void unit_close_mount_layers(const Unit *u, MountLayers *layers) {
        for (size_t i = 0; layers && i < u->held.spec->n_mounts; i++)
                image_layers_close(layers[i].fds, layers[i].n);
        free(layers);
}
