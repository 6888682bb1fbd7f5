#include "storage/mount-overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "storage/overlay.h"

#define WORK_SUFFIX ".nsunits-work"

/* Descriptors of one overlay. */
typedef struct Layers {
        int *fds; /* topmost first */
        size_t n;
        int upper_fd, work_fd;
} Layers;

static void layers_clear(Layers *l) {
        for (size_t i = 0; i < l->n; i++)
                cleanup_close_(&l->fds[i]);
        free(l->fds);
        cleanup_close_(&l->upper_fd);
        cleanup_close_(&l->work_fd);
}

#define autolayers __attribute__((cleanup(layers_clear)))

/* FNV-1a */
char *mount_place_name(const char *destination) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        char *name;

        for (const char *p = destination; *p; p++)
                hash = (hash ^ (unsigned char) *p) * UINT64_C(0x100000001b3);
        return asprintf(&name, "%016llx", (unsigned long long) hash) < 0 ? NULL : name;
}

/* <container dir>/overlays/HASH, open. */
static int open_place(const MountsRequest *q, const MountSpec *m) {
        autofree char *name = mount_place_name(m->destination), *path = NULL;

        if (!name || asprintf(&path, "%s/overlays/%s", q->container_dir, name) < 0)
                return -ENOMEM;
        return dir_make_open(AT_FDCWD, path, 0700);
}

static int make_in_place(const MountsRequest *q, const MountSpec *m, const char *name) {
        autoclose int place = open_place(q, m);

        return place < 0 ? place : dir_make_open(place, name, 0755);
}

/* One of the lower directories; "" is an empty one. */
static int open_lower(const MountsRequest *q, const MountSpec *m, const char *path) {
        int fd;

        if (!*path)
                return make_in_place(q, m, "empty");
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int copy_layers(const MountLayers *layers, Layers *l, Fault *fault) {
        l->fds = calloc(layers->n, sizeof(*l->fds));
        if (!l->fds)
                return -ENOMEM;
        for (; l->n < layers->n; l->n++) {
                l->fds[l->n] = fcntl(layers->fds[l->n], F_DUPFD_CLOEXEC, 3);
                if (l->fds[l->n] < 0)
                        return fault_set(fault, "overlay", -errno, "layer");
        }
        return 0;
}

static int add_lowers(const MountsRequest *q, const MountSpec *m, int source_fd, Layers *l, Fault *fault) {
        size_t n = strv_length(m->lowers);

        if (m->kind == MOUNT_IMAGE)
                return copy_layers(&q->layers[m - q->spec->mounts], l, fault);
        l->fds = calloc(n + 1, sizeof(*l->fds));
        if (!l->fds)
                return -ENOMEM;
        l->fds[0] = source_fd >= 0 ? fcntl(source_fd, F_DUPFD_CLOEXEC, 3) : open_lower(q, m, "");
        if (l->fds[0] < 0)
                return fault_set(fault, "overlay", source_fd >= 0 ? -errno : l->fds[0], "%s", m->destination);
        l->n++;

        for (size_t i = n; i-- > 0;) {
                int fd = open_lower(q, m, m->lowers[i]);

                if (fd < 0)
                        return fault_set(fault, "overlay", fd, "%s", m->lowers[i]);
                l->fds[l->n++] = fd;
        }
        return 0;
}

/* The kernel leaves marks in a work directory; one for each mount is simplest. */
static int make_work(int parent_fd, const char *name, IdPair owner) {
        autoclose int fd = -EBADF;
        int r;

        r = tree_remove(parent_fd, name);
        if (r < 0)
                return r;
        fd = dir_make_open(parent_fd, name, 0700);
        if (fd < 0)
                return fd;
        return fchown(fd, owner.uid, owner.gid) < 0 ? -errno : take_fd(fd);
}

/* The mounted directory shows the owner and mode of the upper directory. */
static int make_upper(int place, const struct stat *like, IdPair owner) {
        autoclose int fd = -EBADF;

        if (mkdirat(place, "upper", 0700) < 0)
                return errno == EEXIST ? dir_open(place, "upper") : -errno;
        fd = dir_open(place, "upper");
        if (fd < 0)
                return fd;
        if (fchown(fd, owner.uid, owner.gid) < 0 || fchmod(fd, like->st_mode & 07777) < 0)
                return -errno;
        return take_fd(fd);
}

static int own_upper(const MountsRequest *q, const MountSpec *m, const IdMap *ids, Layers *l) {
        autoclose int place = open_place(q, m);
        struct stat st;

        if (place < 0)
                return place;
        if (fstat(l->fds[0], &st) < 0)
                return -errno;
        l->upper_fd = make_upper(place, &st, id_map_outside(ids, (IdPair){ st.st_uid, st.st_gid }));
        if (l->upper_fd < 0)
                return l->upper_fd;
        l->work_fd = make_work(place, "work", id_map_outside(q->ids, (IdPair){ 0, 0 }));
        return l->work_fd < 0 ? l->work_fd : 0;
}

/* The work directory has to be on the same file system, and beside the upper one it is. */
static int given_upper(const MountsRequest *q, const MountSpec *m, Layers *l, Fault *fault) {
        const IdPair root = id_map_outside(q->ids, (IdPair){ 0, 0 });
        autofree char *work = NULL;
        struct stat st;

        l->upper_fd = open(m->upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (l->upper_fd < 0 || fstat(l->upper_fd, &st) < 0)
                return -errno;
        /* The kernel maps the ids of lower directories alone. */
        if (id_map_inside(q->ids, (IdPair){ st.st_uid, st.st_gid }).uid == ID_NOBODY) {
                (void) fault_set(fault, "overlay", -EPERM, "%s", m->upper);
                fault_advise(fault, "its owner is nobody inside: UserNS=host, or a UIDMap= that has him");
                return -EPERM;
        }
        if (m->work)
                work = strdup(m->work);
        else if (asprintf(&work, "%s" WORK_SUFFIX, m->upper) < 0)
                work = NULL;
        if (!work)
                return -ENOMEM;
        /* What a unit names is not ours to delete. */
        if (m->work) {
                l->work_fd = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                return l->work_fd < 0 ? -errno : 0;
        }
        l->work_fd = make_work(AT_FDCWD, work, root);
        return l->work_fd < 0 ? l->work_fd : 0;
}

int mount_overlay_make(const MountsRequest *q, const MountSpec *m, int source_fd, Fault *fault) {
        const bool mapped = q->userns_fd >= 0 && (m->idmap || m->kind != MOUNT_BIND);
        const bool given = m->upper && *m->upper;
        autolayers Layers l = { .upper_fd = -EBADF, .work_fd = -EBADF };
        int r;

        r = add_lowers(q, m, source_fd, &l, fault);
        if (r < 0)
                return r;
        if (given)
                r = given_upper(q, m, &l, fault);
        else if (!m->read_only || l.n < 2)
                r = own_upper(q, m, mapped ? q->ids : NULL, &l);
        if (r < 0)
                return fault_set(fault, "overlay", r, "%s", given ? m->upper : m->destination);

        const OverlayRequest request = {
                .layer_fds = l.fds,
                .n_layers = l.n,
                .userns_fd = mapped ? q->userns_fd : -1,
                .upper_fd = l.upper_fd >= 0 ? l.upper_fd : -1,
                .work_fd = l.work_fd >= 0 ? l.work_fd : -1,
                .volatile_upper = !given,
                .staging = q->staging,
        };
        return overlay_mount(&request, fault);
}
