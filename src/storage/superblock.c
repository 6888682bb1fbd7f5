#include "storage/superblock.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "basic/macro.h"

#define MARK_MAX 8

static const struct {
        const char *type; /* NULL: a partition table */
        off_t offset;
        const char *mark;
        size_t size;
} marks[] = {
        { "squashfs", 0, "hsqs", 4 },
        { "xfs", 0, "XFSB", 4 },
        { "erofs", 1024, "\xe2\xe1\xf5\xe0", 4 },
        { "f2fs", 1024, "\x10\x20\xf5\xf2", 4 },
        { "ext4", 1024 + 56, "\x53\xef", 2 },
        { "btrfs", 65536 + 64, "_BHRfS_M", 8 },
        { "iso9660", 32768 + 1, "CD001", 5 },
        { "vfat", 82, "FAT32   ", 8 },
        { "vfat", 54, "FAT16   ", 8 },
        { NULL, 512, "EFI PART", 8 },
};

int superblock_type(int fd, const char **ret) {
        for (size_t i = 0; i < ELEMENTSOF(marks); i++) {
                char found[MARK_MAX];
                ssize_t n = pread(fd, found, marks[i].size, marks[i].offset);

                if (n < 0)
                        return -errno;
                if ((size_t) n != marks[i].size || memcmp(found, marks[i].mark, marks[i].size) != 0)
                        continue;
                if (!marks[i].type)
                        return -EMEDIUMTYPE;
                *ret = marks[i].type;
                return 0;
        }
        return -ENODATA;
}
