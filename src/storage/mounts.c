/* Makes the detached mounts of a container from its spec. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "storage/mount-fd.h"
#include "storage/mount-overlay.h"
#include "storage/mounts.h"
#include "storage/root.h"
#include "storage/tree-copy.h"
#include "storage/tree-label.h"
#include "storage/volume.h"

/* What is behind a mount: mount points inside it are made here, for through an id-mapped mount the host's
 * root, who has no id there, cannot create anything. */
typedef struct Source {
        int fd;      /* owned; -EBADF for a mount that was left out */
        bool mapped; /* on disk, ids are the container's own, or what the map of the mount says */
} Source;

typedef struct Preparation {
        const MountsRequest *q;
        Fault *fault;
        Source *sources; /* one for each of the spec's mounts */
        PreparedMounts *made;
} Preparation;

void prepared_mounts_free(PreparedMounts *m) {
        if (!m)
                return;

        for (size_t i = 0; i < m->n; i++)
                cleanup_close_(&m->items[i].fd);
        free(m->items);
        free(m);
}

/* A fault that says what of which line of the unit file went wrong. */
static int mount_fault(Fault *fault, const MountSpec *m, int r, const char *object) {
        if (!m->at.file)
                return fault_set(fault, "mount", r, "%s", object);
        return fault_set(fault, "mount", r, "%s (%s%s%s:%u)", object, strempty(m->key), m->key ? "= at " : "",
                         m->at.file, m->at.line);
}

/* Where anonymous volumes lie. */
static int anonymous_volume(const MountsRequest *q, const MountSpec *m, char **ret_dir, char **ret_name) {
        autofree char *dir = NULL, *name = mount_place_name(m->destination);

        if (!name || asprintf(&dir, "%s/volumes", q->container_dir) < 0)
                return -ENOMEM;
        *ret_dir = take_ptr(dir);
        *ret_name = take_ptr(name);
        return 0;
}

/* Only a part of the source; what containers have written there leads nowhere else. */
static int enter_subpath(const Preparation *p, const MountSpec *m, Source *s) {
        int fd;

        if (!m->subpath)
                return 0;
        fd = path_in_root_open(s->fd, m->subpath, O_PATH | O_CLOEXEC, 0);
        if (fd < 0)
                return mount_fault(p->fault, m, fd, m->subpath);
        replace_fd(&s->fd, fd);
        return 0;
}

static int open_volume_source(const Preparation *p, const MountSpec *m, Source *ret) {
        const MountsRequest *q = p->q;
        autofree char *own_dir = NULL, *own_name = NULL;
        const char *dir = q->volumes_dir, *name = m->source;
        int r;

        if (!name) {
                r = anonymous_volume(q, m, &own_dir, &own_name);
                if (r < 0)
                        return mount_fault(p->fault, m, r, m->destination);
                dir = own_dir;
                name = own_name;
        }

        r = volume_make(dir, name, (VolumeOwner){});
        if (r >= 0 && m->copy && !q->restart && q->root_fd >= 0)
                r = volume_fill(dir, name, q->root_fd, m->destination, q->ids);
        if (r >= 0)
                r = volume_open(dir, name);
        if (r < 0) {
                (void) mount_fault(p->fault, m, r, m->source ? m->source : m->destination);
                if (r == -ENOMEDIUM)
                        fault_advise(p->fault, "start the .volume unit that mounts it first");
                return r;
        }

        *ret = (Source){ .fd = r, .mapped = true };
        return enter_subpath(p, m, ret);
}

/* NULL without a map of its own. */
static const MountMap *map_of(const Preparation *p, const MountSpec *m) {
        const MountMap *map = p->q->maps ? &p->q->maps[m - p->q->spec->mounts] : NULL;

        return map && map->userns_fd >= 0 ? map : NULL;
}

/* What an owner inside the container is in the source of the mount. */
static IdPair id_on_disk(const Preparation *p, const MountSpec *m, const Source *s, IdPair inside) {
        const MountMap *map = map_of(p, m);
        const IdPair outside = id_map_outside(p->q->ids, inside);

        if (!s->mapped)
                return outside;
        return map ? id_map_inside(&map->ids, outside) : inside;
}

static int userns_of(const Preparation *p, const MountSpec *m) {
        const MountMap *map = map_of(p, m);

        if (map)
                return map->userns_fd;
        return m->kind == MOUNT_VOLUME || m->kind == MOUNT_IMAGE || (m->kind == MOUNT_BIND && m->idmap)
                       ? p->q->userns_fd
                       : -1;
}

/* 0 also for a source that is missing and may be: then there is no descriptor. */
static int open_bind_source(const Preparation *p, const MountSpec *m, Source *ret) {
        const int link = m->no_dereference ? O_NOFOLLOW : 0;
        int fd, r;

        fd = open(m->source, O_PATH | O_CLOEXEC | link);
        r = -errno;
        if (fd < 0 && m->optional && (r == -ENOENT || r == -ENOTDIR))
                return 0;
        if (fd < 0) {
                (void) mount_fault(p->fault, m, r, m->source);
                if (r == -ENOENT)
                        fault_advise(p->fault, "make the file or directory, or correct the path");
                return r;
        }

        *ret = (Source){ .fd = fd, .mapped = m->idmap && userns_of(p, m) >= 0 };
        return 0;
}

static MountAttr mount_attr(const Preparation *p, const MountSpec *m) {
        return (MountAttr){
                .userns_fd = userns_of(p, m),
                .recursive = m->kind == MOUNT_BIND && m->recursive,
                /* read_only comes last: mount points may have to be made inside a tmpfs. */
                .no_exec = m->no_exec,
                .no_suid = m->no_suid,
                .no_dev = m->no_dev,
                /* Which mounts it applies to is what .recursive says. */
                .propagation = m->propagation & ~(unsigned long) MS_REC,
        };
}

/* "z" and "Z", where there is SELinux. */
static int label_source(const Preparation *p, const MountSpec *m, const Source *s) {
        const LabelSpec *l = &p->q->spec->security_labels;
        const char *context = m->own_label ? l->own_files : m->shared ? l->shared_files : NULL;

        if (!context || p->q->restart || (m->kind != MOUNT_BIND && m->kind != MOUNT_VOLUME))
                return 0;
        return tree_label(s->fd, m->source ? m->source : m->destination, context, p->fault);
}

static int clone_source(const Preparation *p, const MountSpec *m, const Source *s) {
        const MountsRequest *q = p->q;
        MountAttr attr = mount_attr(p, m);
        const char *object = m->source ? m->source : m->destination;
        int r;

        r = label_source(p, m, s);
        if (r < 0)
                return r;
        if (m->chown && !q->restart) {
                const IdPair owner = id_on_disk(p, m, s, (IdPair){ q->uid, q->gid });

                r = tree_chown(s->fd, owner.uid, owner.gid);
                if (r < 0)
                        return mount_fault(p->fault, m, r, object);
        }

        r = mount_fd_clone(s->fd, "", &attr);
        if (r < 0)
                (void) mount_fault(p->fault, m, r, object);
        if (r == -EINVAL && attr.userns_fd >= 0)
                fault_advise(p->fault, "its file system may not allow id-mapped mounts");
        return r;
}

/* What the image has in the place of a tmpfs. Nothing is no mistake. */
static int copy_up(const Preparation *p, const MountSpec *m, int fd) {
        autoclose int from = -EBADF, to = -EBADF;
        int r;

        from = path_in_root_open(p->q->root_fd, m->destination, O_RDONLY | O_DIRECTORY, 0);
        if (from == -ENOENT || from == -ENOTDIR)
                return 0;
        if (from < 0)
                return from;
        to = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (to < 0)
                return -errno;
        /* Both show the ids of the host. */
        r = tree_copy(from, to, NULL);
        if (r == 0 && m->mode && fchmod(to, m->mode) < 0)
                return -errno;
        return r;
}

/* The source of what is mounted inside is the overlay then. */
static int cover_source(const Preparation *p, const MountSpec *m, Source *s) {
        MountAttr attr = mount_attr(p, m);
        autoclose int fd = -EBADF;
        int r, copy;

        r = fd = mount_overlay_make(p->q, m, s->fd, p->fault);
        attr.recursive = false;
        attr.userns_fd = -1;
        if (r >= 0)
                r = mount_fd_set(fd, &attr);
        if (r < 0)
                return mount_fault(p->fault, m, r, m->destination);
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return mount_fault(p->fault, m, -errno, m->destination);
        replace_fd(&s->fd, copy);
        s->mapped = false;
        return take_fd(fd);
}

static int make_tmpfs(const Preparation *p, const MountSpec *m, Source *ret) {
        MountAttr attr = mount_attr(p, m);
        autoclose int fd = -EBADF;
        const IdPair root = id_map_outside(p->q->ids, (IdPair){ 0, 0 });
        const IdPair user = id_map_outside(p->q->ids, (IdPair){ p->q->uid, p->q->gid });
        int copy;

        const MemoryFs fs = {
                .ram = m->kind == MOUNT_RAMFS,
                .no_swap = m->no_swap,
                .size = m->size,
                .mode = m->mode ? m->mode : 01777,
                .uid = m->chown ? user.uid : root.uid,
                .gid = m->chown ? user.gid : root.gid,
        };

        fd = mount_fd_memory(&fs, &attr);
        if (fd < 0)
                return mount_fault(p->fault, m, fd, m->destination);
        if (m->copy_up && p->q->root_fd >= 0) {
                int r = copy_up(p, m, fd);

                if (r < 0)
                        return mount_fault(p->fault, m, r, m->destination);
        }

        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return mount_fault(p->fault, m, -errno, m->destination);
        *ret = (Source){ .fd = copy };
        return take_fd(fd);
}

/* Several layers need an overlay, and so does writing; one is mounted as it is. */
static int make_image(const Preparation *p, const MountSpec *m, Source *source, int *ret) {
        const MountLayers *layers = p->q->layers ? &p->q->layers[m - p->q->spec->mounts] : NULL;
        int r;

        if (!layers || layers->n == 0)
                return mount_fault(p->fault, m, -ENOENT, m->source);
        if (layers->n > 1 || !m->read_only) {
                r = cover_source(p, m, source);
        } else {
                *source = (Source){ .fd = fcntl(layers->fds[0], F_DUPFD_CLOEXEC, 3), .mapped = true };
                r = source->fd < 0 ? mount_fault(p->fault, m, -errno, m->source) : clone_source(p, m, source);
        }
        if (r < 0)
                return r;
        *ret = r;
        return 0;
}

/* *ret stays as it is for a mount that is to be left out. */
static int make_mount(const Preparation *p, const MountSpec *m, Source *source, int *ret) {
        int r = -EINVAL;

        switch (m->kind) {
        /* The launch makes it, inside the container's namespaces. */
        case MOUNT_DEVPTS:
                r = 0;
                break;
        case MOUNT_TMPFS:
        case MOUNT_RAMFS:
                r = make_tmpfs(p, m, source);
                break;
        case MOUNT_VOLUME:
                r = open_volume_source(p, m, source);
                break;
        case MOUNT_BIND:
                /* An empty directory, which the overlay makes for the occasion. */
                r = m->overlay && !*m->source ? 0 : open_bind_source(p, m, source);
                break;
        case MOUNT_IMAGE:
                return make_image(p, m, source, ret);
        case MOUNT_ARTIFACT:
        case MOUNT_GLOB:
        case MOUNT_KIND_N_:
        case MOUNT_KIND_INVALID_:
                break;
        }

        if (r >= 0 && m->overlay && (source->fd >= 0 || !m->optional))
                r = cover_source(p, m, source);
        else if (r >= 0 && source->fd >= 0 && m->kind != MOUNT_TMPFS && m->kind != MOUNT_RAMFS)
                r = clone_source(p, m, source);
        if (r < 0)
                return r;
        if (source->fd >= 0)
                *ret = r;
        return 0;
}

/* The part of @path below @parent, or NULL. */
static const char *path_below(const char *path, const char *parent) {
        const char *rest = startswith(path, parent);

        return rest && rest[0] == '/' ? rest : NULL;
}

/* A destination inside an earlier mount: its mount point has to be in there. */
static int make_inner_point(const Preparation *p, size_t i, bool directory) {
        const MountSpec *mounts = p->q->spec->mounts;

        for (size_t j = i; j-- > 0;) {
                const char *rest = path_below(mounts[i].destination, mounts[j].destination);
                int r;

                if (!rest || p->sources[j].fd < 0)
                        continue;
                r = root_make_point(p->sources[j].fd, rest, !directory,
                                    id_on_disk(p, &mounts[j], &p->sources[j], (IdPair){ 0, 0 }));
                return r < 0 ? mount_fault(p->fault, &mounts[i], r, mounts[i].destination) : 0;
        }
        return 0;
}

static int prepare_one(Preparation *p, size_t i) {
        const MountSpec *m = &p->q->spec->mounts[i];
        autoclose int fd = -EBADF;
        struct stat st;
        int r;

        r = make_mount(p, m, &p->sources[i], &fd);
        if (r < 0)
                return r;
        if (fd < 0)
                return 0;

        if (fstat(fd, &st) < 0)
                return mount_fault(p->fault, m, -errno, m->destination);
        r = make_inner_point(p, i, S_ISDIR(st.st_mode));
        if (r < 0)
                return r;

        p->made->items[p->made->n++] = (PreparedMount){
                .spec = m,
                .fd = take_fd(fd),
                .directory = S_ISDIR(st.st_mode),
        };
        return 0;
}

static int prepare_all(Preparation *p) {
        int r;

        for (size_t i = 0; i < p->q->spec->n_mounts; i++) {
                r = prepare_one(p, i);
                if (r < 0)
                        return r;
        }

        for (size_t i = 0; i < p->made->n; i++) {
                const MountSpec *m = p->made->items[i].spec;
                MountAttr attr = mount_attr(p, m);

                if (!m->read_only)
                        continue;
                attr.read_only = true;
                r = mount_fd_set(p->made->items[i].fd, &attr);
                if (r < 0)
                        return mount_fault(p->fault, m, r, m->destination);
        }
        return 0;
}

int prepared_mounts_make(const MountsRequest *q, Fault *fault, PreparedMounts **ret) {
        autoptr(PreparedMounts) made = calloc(1, sizeof(*made));
        autofree Source *sources = NULL;
        Preparation p;
        int r;

        /* One more than needed: nothing to mount is no lack of memory. */
        if (made)
                made->items = calloc(q->spec->n_mounts + 1, sizeof(*made->items));
        sources = calloc(q->spec->n_mounts + 1, sizeof(*sources));
        if (!made || !made->items || !sources)
                return fault_set(fault, "mount", -ENOMEM, NULL);
        for (size_t i = 0; i < q->spec->n_mounts; i++)
                sources[i].fd = -EBADF;

        p = (Preparation){ .q = q, .fault = fault, .sources = sources, .made = made };
        r = prepare_all(&p);

        for (size_t i = 0; i < q->spec->n_mounts; i++)
                cleanup_close_(&sources[i].fd);
        if (r < 0)
                return r;

        *ret = take_ptr(made);
        return 0;
}
