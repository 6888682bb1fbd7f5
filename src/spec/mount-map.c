#include "spec/mount-map.h"

#include <errno.h>

bool mount_map_is_set(const MountSpec *m) {
        return m->uid_map.n > 0 || m->gid_map.n > 0;
}

static int make_list(const IdMapList *lines, const IdList *container, IdList *ret) {
        static const IdExtent all = { 0, 0, UINT32_MAX };
        static const IdList host = {};
        int r = 0;

        for (size_t i = 0; i < lines->n && r == 0; i++) {
                const IdMapSpec *m = &lines->items[i];

                r = id_list_add_through(ret, m->container ? container : &host,
                                        (IdExtent){ m->inside, m->outside, m->count });
        }
        for (size_t i = 0; lines->n == 0 && i < container->n && r == 0; i++)
                r = id_list_add(ret, container->items[i]);
        if (lines->n == 0 && container->n == 0)
                r = id_list_add(ret, all);
        return r < 0 ? r : id_list_check(ret);
}

int mount_map_make(const MountSpec *m, const IdMap *ids, IdMap *ret) {
        static const IdMap none = {};
        const IdMap *container = ids ? ids : &none;
        int r;

        r = make_list(&m->uid_map, &container->uids, &ret->uids);
        return r < 0 ? r : make_list(&m->gid_map, &container->gids, &ret->gids);
}
