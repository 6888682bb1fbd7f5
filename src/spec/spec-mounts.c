#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/mount-map.h"
#include "spec/spec-mounts.h"

/* At most so many mounts that nobody asked for by name: /run, /run/lock, /tmp, /var and /var/tmp. */
#define USUAL_MEMORY 5

static bool is_mounted(const ContainerSpec *s, const char *destination) {
        for (size_t i = 0; i < s->n_mounts; i++)
                if (streq(s->mounts[i].destination, destination))
                        return true;
        return false;
}

static int add_mount(ContainerSpec *s, const MountSpec *from) {
        MountSpec *m = &s->mounts[s->n_mounts++];
        int r;

        r = mount_spec_copy(from, m);
        m->idmap = from->idmap && (s->user_namespace || mount_map_is_set(from));
        return r;
}

/* An image is no author to complain to: what cannot be mounted on is left out. */
static int add_image_volume(ContainerSpec *s, const char *volume) {
        autofree char *destination = strdup(volume);
        MountSpec m = {
                .kind = MOUNT_VOLUME,
                .idmap = true,
                .copy = true,
                .propagation = MS_PRIVATE | MS_REC,
        };

        if (!destination)
                return -ENOMEM;
        (void) path_normalize(destination);
        if (!path_is_absolute_clean(destination) || streq(destination, "/") || is_mounted(s, destination))
                return 0;

        m.destination = destination;
        return add_mount(s, &m);
}

/* By bytes, "/a" comes before "/a/b": parents before children. */
static int compare_destinations(const void *a, const void *b) {
        return strcmp(((const MountSpec *) a)->destination, ((const MountSpec *) b)->destination);
}

/* In memory, unless something of the unit's lies there. */
static int add_memory(ContainerSpec *s, const char *destination, uint64_t size) {
        MountSpec m = {
                .kind = MOUNT_TMPFS,
                .destination = (char *) destination,
                .no_suid = true,
                .no_dev = true,
                .propagation = MS_PRIVATE,
                .size = size,
                .copy_up = !streq(destination, "/var"),
                /* What programs expect of directories for everybody, and of others. */
                .mode = endswith(destination, "tmp") ? 01777 : 0755,
        };

        return is_mounted(s, destination) ? 0 : add_mount(s, &m);
}

static int add_usual_memory(const ContainerSection *c, ContainerSpec *s) {
        static const char *const places[] = { "/run", "/tmp", "/var/tmp" };
        /* systemd cannot mount them by itself without CAP_SYS_ADMIN. */
        static const char *const boot_places[] = { "/run", "/run/lock", "/tmp" };
        int r = 0;

        if (c->volatile_tmp)
                r = add_memory(s, "/tmp", UINT64_C(512) << 20);
        for (size_t i = 0; r == 0 && c->boot && i < ELEMENTSOF(boot_places); i++)
                r = add_memory(s, boot_places[i], 0);
        if (r == 0 && c->volatile_mode == VOLATILE_STATE)
                r = add_memory(s, "/var", 0);
        for (size_t i = 0; r == 0 && s->read_only && c->read_only_tmpfs && i < ELEMENTSOF(places); i++)
                r = add_memory(s, places[i], 0);
        return r;
}

/* The last of the lower directories is what is covered; the others lie below it. */
static int add_overlay(ContainerSpec *s, const OverlaySpec *o, bool read_only) {
        const size_t last = strv_length(o->lowers) - 1;
        autostrv char **lowers = NULL;
        MountSpec m = {
                .kind = MOUNT_BIND,
                .source = o->lowers[last],
                .destination = o->destination,
                .upper = o->upper,
                .overlay = true,
                .read_only = read_only,
                .idmap = true,
                .propagation = MS_PRIVATE,
                .key = read_only ? "OverlayReadOnly" : "Overlay",
                .at = o->at,
        };
        int r = 0;

        for (size_t i = 0; r == 0 && i < last; i++)
                r = strv_add(&lowers, o->lowers[i]);
        m.lowers = lowers;
        return r < 0 ? r : add_mount(s, &m);
}

static int add_overlays(const ContainerSection *c, ContainerSpec *s) {
        const OverlayList *lists[] = { &c->files->overlays, &c->files->read_only_overlays };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                for (size_t k = 0; k < lists[i]->n && r == 0; k++)
                        r = add_overlay(s, &lists[i]->items[k], i == 1);
        return r;
}

/* Room for the most that could have come is kept by each container that runs. */
static void trim(ContainerSpec *s) {
        MountSpec *fitting = s->n_mounts > 0 ? reallocarray(s->mounts, s->n_mounts, sizeof(*fitting)) : NULL;

        if (fitting)
                s->mounts = fitting;
        else if (s->n_mounts == 0)
                free(take_ptr(s->mounts));
}

void spec_mounts_sort(ContainerSpec *s) {
        if (s->n_mounts > 0)
                qsort(s->mounts, s->n_mounts, sizeof(*s->mounts), compare_destinations);
}

static int add_pods(const ContainerSpec *pod, ContainerSpec *s) {
        int r = 0;

        for (size_t i = 0; i < pod->n_mounts && r == 0; i++)
                if (!is_mounted(s, pod->mounts[i].destination))
                        r = add_mount(s, &pod->mounts[i]);
        return r;
}

int spec_mounts_make(const ContainerSection *c, const ContainerSpec *pod, char *const *image_volumes,
                     ContainerSpec *s) {
        const MountList *lists[] = { &c->volumes, &c->files->mounts, &c->files->tmpfses };
        size_t n = strv_length(image_volumes) + USUAL_MEMORY;
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                n += lists[i]->n;
        n += c->files->overlays.n + c->files->read_only_overlays.n + (pod ? pod->n_mounts : 0);
        s->mounts = calloc(n, sizeof(*s->mounts));
        if (!s->mounts)
                return -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                for (size_t k = 0; k < lists[i]->n && r == 0; k++)
                        r = add_mount(s, &lists[i]->items[k]);
        if (r == 0)
                r = add_overlays(c, s);
        if (r == 0 && pod)
                r = add_pods(pod, s);
        STRV_FOREACH (volume, image_volumes)
                if (r == 0)
                        r = add_image_volume(s, *volume);
        if (r == 0)
                r = add_usual_memory(c, s);
        if (r < 0)
                return r;

        trim(s);
        spec_mounts_sort(s);
        return 0;
}
