/* Maps of ids that mounts have for themselves: a user namespace for each, for the time of a launch. */
#include <stdlib.h>

#include "manager/internal.h"
#include "runtime/userns.h"
#include "spec/mount-map.h"

static int make_one(const Unit *u, const MountSpec *m, MountMap *ret, Fault *fault) {
        int r;

        r = mount_map_make(m, held_ids(u), &ret->ids);
        if (r < 0) {
                (void) fault_set(fault, "idmap", r, "%s (%s= at %s:%u)", m->destination, strempty(m->key),
                                 strempty(m->at.file), m->at.line);
                if (r == -ERANGE)
                        fault_advise(fault, "it names ids that the container does not have");
                return r;
        }
        ret->userns_fd = userns_create(&ret->ids, NULL, fault);
        return ret->userns_fd < 0 ? ret->userns_fd : 0;
}

int unit_make_mount_maps(const Unit *u, MountMap **ret, Fault *fault) {
        const ContainerSpec *spec = u->held.spec;
        MountMap *maps = NULL;

        *ret = NULL;
        for (size_t i = 0; i < spec->n_mounts; i++) {
                int r;

                if (!mount_map_is_set(&spec->mounts[i]))
                        continue;
                if (!maps) {
                        maps = calloc(spec->n_mounts, sizeof(*maps));
                        if (!maps)
                                return -ENOMEM;
                        for (size_t k = 0; k < spec->n_mounts; k++)
                                maps[k].userns_fd = -1;
                }
                r = make_one(u, &spec->mounts[i], &maps[i], fault);
                if (r < 0) {
                        unit_close_mount_maps(u, maps);
                        return r;
                }
        }
        *ret = maps;
        return 0;
}

void unit_close_mount_maps(const Unit *u, MountMap *maps) {
        for (size_t i = 0; maps && i < u->held.spec->n_mounts; i++) {
                cleanup_close_(&maps[i].userns_fd);
                id_map_clear(&maps[i].ids);
        }
        free(maps);
}
