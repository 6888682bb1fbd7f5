#include "storage/volume-device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "storage/fs-mount.h"
#include "storage/root.h"
#include "storage/volume-definition.h"
#include "storage/volume.h"

static int own(const char *path, const VolumeDefinition *d, Fault *fault) {
        if (d->uid == VOLUME_ID_UNSET && d->gid == VOLUME_ID_UNSET)
                return 0;
        if (chown(path, d->uid, d->gid) == 0)
                return 0;
        return fault_set(fault, "owner", -errno, "%s", path);
}

static int mount_defined(const char *path, const VolumeDefinition *d, Fault *fault) {
        const FsMount q = { .source = d->device, .type = d->type, .options = d->options };
        int r;

        r = fs_mount_at(&q, path, fault);
        if (r < 0)
                return r;
        r = own(path, d, fault);
        if (r < 0)
                (void) umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
        return r;
}

int volume_mount(const char *volumes_dir, const char *name, Fault *fault) {
        autoptr(VolumeDefinition) d = NULL;
        autofree char *path = NULL;
        int r;

        r = volume_definition(volumes_dir, name, &d);
        if (r < 0)
                return fault_set(fault, "volume", r, "%s", name);
        path = volume_path(volumes_dir, name);
        if (!path)
                return -ENOMEM;
        return !d->device || root_is_held(path) ? 0 : mount_defined(path, d, fault);
}

int volume_unmount(const char *volumes_dir, const char *name) {
        autofree char *path = volume_path(volumes_dir, name);
        autoclose int fd = -EBADF;

        if (!path)
                return -ENOMEM;
        if (!root_is_held(path))
                return -ENOENT;
        fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        /* One over the other, should a worker have been slow. */
        while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
                ;
        return errno == EINVAL ? take_fd(fd) : -errno;
}
