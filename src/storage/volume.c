/* The store of named volumes: directories, and a mark while one is being filled. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "storage/quota.h"
#include "storage/root.h"
#include "storage/trash.h"
#include "storage/tree-copy.h"
#include "storage/volume.h"

/* Beside _data while it is being filled from an image: what was begun and not ended is begun afresh. */
#define FILLING "filling"
#define DATA    "_data"
#define MAKING  "making" /* what becomes _data */

void volume_info_free(VolumeInfo *v) {
        if (!v)
                return;

        free(v->name);
        free(v->path);
        volume_definition_free(v->definition);
        free(v);
}

bool volume_name_valid(const char *name) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        size_t n = strlen(name);

        return n > 0 && n <= 255 && strchr(letters, name[0]) &&
               strspn(name, "_.-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == n;
}

/* Directory of the volume itself, the one above _data. */
static int open_volume(const char *volumes_dir, const char *name) {
        autoclose int fd = -EBADF;

        if (!volume_name_valid(name))
                return -EINVAL;
        fd = dir_open(AT_FDCWD, volumes_dir);
        return fd < 0 ? fd : dir_open(fd, name);
}

/* Under another name until it is whole: whoever is killed in between leaves no volume of the wrong owner. */
static int make_data(int volume_fd, VolumeOwner owner) {
        if (mkdirat(volume_fd, MAKING, 0755) < 0 && errno != EEXIST)
                return -errno;
        /* The process's umask is not the volume's business. */
        if (fchownat(volume_fd, MAKING, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) < 0 ||
            fchmodat(volume_fd, MAKING, 0755, 0) < 0 || renameat(volume_fd, MAKING, volume_fd, DATA) < 0)
                return -errno;
        return 1;
}

int volume_make(const char *volumes_dir, const char *name, VolumeOwner owner) {
        autoclose int store_fd = -EBADF, fd = -EBADF;

        if (!volume_name_valid(name))
                return -EINVAL;

        /* Closed to the host's users: what lies below bears ids and set-user-ID bits of containers. */
        store_fd = dir_make_open(AT_FDCWD, volumes_dir, 0700);
        if (store_fd < 0)
                return store_fd;
        if (mkdirat(store_fd, name, 0755) < 0 && errno != EEXIST)
                return -errno;
        fd = dir_open(store_fd, name);
        if (fd < 0)
                return fd;

        if (faccessat(fd, DATA, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return 0;
        return errno == ENOENT ? make_data(fd, owner) : -errno;
}

static int limit(int volume_fd, const char *name, const VolumeDefinition *d, Fault *fault) {
        const QuotaLimit wanted = { .bytes = d->size, .inodes = d->inodes };
        autoclose int data_fd = -EBADF;

        data_fd = dir_open(volume_fd, DATA);
        if (data_fd < 0)
                return fault_set(fault, "volume", data_fd, "%s", name);
        if (d->size > 0 || d->inodes > 0)
                return quota_limit(data_fd, name, &wanted, fault);
        /* There may have been one. */
        quota_drop(data_fd);
        return 0;
}

int volume_define(const char *volumes_dir, const char *name, const VolumeDefinition *d, Fault *fault) {
        autoclose int fd = -EBADF;
        int r;

        fd = open_volume(volumes_dir, name);
        if (fd < 0)
                return fault_set(fault, "volume", fd, "%s", name);
        if (!d->device) {
                r = limit(fd, name, d, fault);
                if (r < 0)
                        return r;
        }
        r = volume_definition_write(fd, d);
        return r < 0 ? fault_set(fault, "volume", r, "%s", name) : 0;
}

int volume_definition(const char *volumes_dir, const char *name, VolumeDefinition **ret) {
        autoclose int fd = open_volume(volumes_dir, name);

        return fd < 0 ? fd : volume_definition_read(fd, ret);
}

char *volume_path(const char *volumes_dir, const char *name) {
        char *path;

        return asprintf(&path, "%s/%s/" DATA, volumes_dir, name) < 0 ? NULL : path;
}

/* What is below a mount that is missing is nobody's: to write there would only look right. */
static int check_mounted(int volume_fd, int data_fd) {
        autoptr(VolumeDefinition) d = NULL;
        struct statx sx;
        int r;

        if (statx(data_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &sx) < 0)
                return -errno;
        if (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT)
                return 0;
        r = volume_definition_read(volume_fd, &d);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        return d->device ? -ENOMEDIUM : 0;
}

int volume_open(const char *volumes_dir, const char *name) {
        autoclose int dir_fd = -EBADF, fd = -EBADF;
        int r;

        dir_fd = open_volume(volumes_dir, name);
        if (dir_fd < 0)
                return dir_fd;
        fd = openat(dir_fd, DATA, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = check_mounted(dir_fd, fd);
        return r < 0 ? r : take_fd(fd);
}

bool volume_exists(const char *volumes_dir, const char *name) {
        autoclose int fd = open_volume(volumes_dir, name);
        struct statx sx;

        return fd >= 0 && statx(fd, DATA, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, 0, &sx) == 0;
}

int volume_list(const char *volumes_dir, char ***ret) {
        autoclosedir DIR *d = opendir(volumes_dir);
        autostrv char **names = NULL;
        struct dirent *e;
        int r;

        if (!d && errno != ENOENT)
                return -errno;

        while (d && (errno = 0, (e = readdir(d)))) {
                if (!volume_name_valid(e->d_name) || !volume_exists(volumes_dir, e->d_name))
                        continue;
                r = strv_add(&names, e->d_name);
                if (r < 0)
                        return r;
        }
        if (d && errno != 0)
                return -errno;

        if (names)
                strv_sort(names);
        *ret = take_ptr(names);
        return 0;
}

int volume_inspect(const char *volumes_dir, const char *name, VolumeInfo **ret) {
        autoptr(VolumeInfo) v = calloc(1, sizeof(*v));
        autoclose int fd = -EBADF;
        struct statx sx;

        if (!v)
                return -ENOMEM;

        fd = open_volume(volumes_dir, name);
        if (fd < 0)
                return fd;
        /* What is mounted there may not answer. */
        if (statx(fd, DATA, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_BTIME | STATX_CTIME, &sx) < 0)
                return -errno;

        /* Not every file system keeps the time of birth. */
        if (!(sx.stx_mask & STATX_BTIME))
                sx.stx_btime = sx.stx_ctime;
        v->created = (usec_t) sx.stx_btime.tv_sec * USEC_PER_SEC + sx.stx_btime.tv_nsec / NSEC_PER_USEC;

        v->name = strdup(name);
        v->path = volume_path(volumes_dir, name);
        if (!v->name || !v->path)
                return -ENOMEM;
        v->mounted = root_is_held(v->path);
        (void) volume_definition_read(fd, &v->definition);

        *ret = take_ptr(v);
        return 0;
}

int volume_remove(const char *volumes_dir, const char *name) {
        autoclose int fd = -EBADF, data_fd = -EBADF;
        autofree char *path = volume_path(volumes_dir, name);

        fd = open_volume(volumes_dir, name);
        if (fd < 0)
                return fd;
        if (!path)
                return -ENOMEM;
        if (root_is_held(path))
                return -EBUSY;
        data_fd = dir_open(fd, DATA);
        if (data_fd >= 0)
                quota_drop(data_fd);
        *strrchr(path, '/') = '\0';
        return trash_put(path);
}

static int dir_clear(int fd) {
        autoclosedir DIR *d = NULL;
        struct dirent *e;
        int r;

        r = dir_entries(fd, &d);
        if (r < 0)
                return r;

        while (errno = 0, (e = readdir(d))) {
                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                r = tree_remove(fd, e->d_name);
                if (r < 0)
                        return r;
        }
        return -errno;
}

/* 1 when there is something to do: the volume is empty, or an earlier filling was interrupted. */
static int begin_filling(int volume_fd, int data_fd) {
        int mark, r;

        if (faccessat(volume_fd, FILLING, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
                r = dir_clear(data_fd);
                return r < 0 ? r : 1;
        }

        r = dir_is_empty(data_fd);
        if (r <= 0)
                return r;
        mark = openat(volume_fd, FILLING, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (mark < 0)
                return -errno;
        (void) close(mark);
        return 1;
}

static bool never_filled(int volume_fd) {
        autoptr(VolumeDefinition) d = NULL;

        return volume_definition_read(volume_fd, &d) == 0 && d->no_copy;
}

int volume_fill(const char *volumes_dir, const char *name, int root_fd, const char *destination,
                const IdMap *ids) {
        autoclose int volume_fd = -EBADF, data_fd = -EBADF, from_fd = -EBADF;
        struct stat before;
        int r;

        volume_fd = open_volume(volumes_dir, name);
        if (volume_fd < 0)
                return volume_fd;
        data_fd = dir_open(volume_fd, DATA);
        if (data_fd < 0)
                return data_fd;
        if (never_filled(volume_fd))
                return 0;

        from_fd = path_in_root_open(root_fd, destination, O_RDONLY | O_DIRECTORY, 0);
        if (from_fd == -ENOENT || from_fd == -ENOTDIR)
                return 0;
        if (from_fd < 0)
                return from_fd;

        r = begin_filling(volume_fd, data_fd);
        if (r <= 0)
                return r;

        /* On failure the mark stays: what has been copied is dropped by the next attempt. */
        if (fstat(data_fd, &before) < 0)
                return -errno;
        r = tree_copy(from_fd, data_fd, ids);
        if (r < 0)
                return r;
        if ((before.st_uid > 0 || before.st_gid > 0) && fchown(data_fd, before.st_uid, before.st_gid) < 0)
                return -errno;
        return unlinkat(volume_fd, FILLING, 0) < 0 ? -errno : 1;
}
