/* The way down to the disk is in sysfs: Documentation/ABI/stable/sysfs-block. */
#include "cgroup/block-device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"

/* Of volumes on volumes. */
#define DEPTH_MAX 8

static int read_number(const char *path, dev_t *ret) {
        autofree char *line = NULL;
        unsigned first, second;
        int r;

        r = file_read_line(AT_FDCWD, path, &line);
        if (r < 0)
                return r;
        if (sscanf(line, "%u:%u", &first, &second) != 2)
                return -EBADMSG;
        *ret = makedev(first, second);
        return 0;
}

/* The only device that this one is made of, or -ENOENT. */
static int find_slave(dev_t device, dev_t *ret) {
        autoclosedir DIR *d = NULL;
        char directory[64], path[PATH_MAX];
        const struct dirent *e;
        int n = 0;

        (void) snprintf(directory, sizeof(directory), "/sys/dev/block/%u:%u/slaves", major(device),
                        minor(device));
        d = opendir(directory);
        if (!d)
                return -errno;
        while ((e = readdir(d)))
                if (e->d_name[0] != '.') {
                        n++;
                        (void) snprintf(path, sizeof(path), "%s/%s/dev", directory, e->d_name);
                }
        return n == 1 ? read_number(path, ret) : -ENOENT;
}

static int find_whole_disk(dev_t device, dev_t *ret) {
        char path[64];

        (void) snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major(device), minor(device));
        if (access(path, F_OK) < 0)
                return -ENOENT;
        (void) snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../dev", major(device), minor(device));
        return read_number(path, ret);
}

/* What stat(2) tells of btrfs is no device of anybody's. */
static int find_btrfs(const char *path, dev_t *ret) {
        struct btrfs_ioctl_fs_info_args fs = {};
        struct btrfs_ioctl_dev_info_args info = { .devid = 1 };
        autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat st;

        if (fd < 0)
                return -errno;
        if (ioctl(fd, BTRFS_IOC_FS_INFO, &fs) < 0 || fs.num_devices != 1)
                return -ENOTBLK;

        for (info.devid = 1; info.devid <= fs.max_id; info.devid++)
                if (ioctl(fd, BTRFS_IOC_DEV_INFO, &info) == 0)
                        break;
        if (stat((const char *) info.path, &st) < 0)
                return -errno;
        if (!S_ISBLK(st.st_mode))
                return -ENOTBLK;
        *ret = st.st_rdev;
        return 0;
}

int block_device_find(const char *path, dev_t *ret) {
        struct stat st;
        dev_t device;
        int r;

        if (stat(path, &st) < 0)
                return -errno;
        if (S_ISBLK(st.st_mode))
                device = st.st_rdev;
        else if (major(st.st_dev) != 0)
                device = st.st_dev;
        else {
                r = find_btrfs(path, &device);
                if (r < 0)
                        return r;
        }

        for (int depth = 0; depth < DEPTH_MAX; depth++)
                if (find_whole_disk(device, &device) < 0 && find_slave(device, &device) < 0)
                        break;
        *ret = device;
        return 0;
}
