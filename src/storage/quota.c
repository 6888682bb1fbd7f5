#include "storage/quota.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Ids of projects have no owner. Ours begin here ("ns"), away from the small numbers that people give out. */
#define PROJECT_BASE  0x6e730000U
#define PROJECT_COUNT 0x10000U
#define TRIES         256

/* Blocks of quotas are of 1 KiB, whatever those of the file system are. */
#define BLOCK 1024

static int control(int fd, unsigned command, uint32_t id, void *data) {
        return syscall(SYS_quotactl_fd, fd, QCMD(command, PRJQUOTA), id, data) < 0 ? -errno : 0;
}

static bool is_free(const struct if_dqblk *b) {
        return b->dqb_curspace == 0 && b->dqb_curinodes == 0 && b->dqb_bhardlimit == 0 &&
               b->dqb_ihardlimit == 0;
}

static int find_project(int fd, const char *name, uint32_t *ret) {
        uint32_t hash = 5381;

        for (; *name; name++)
                hash = hash * 33 + (unsigned char) *name;
        for (uint32_t i = 0; i < TRIES; i++) {
                const uint32_t id = PROJECT_BASE + (hash + i) % PROJECT_COUNT;
                struct if_dqblk block = {};
                int r = control(fd, Q_GETQUOTA, id, &block);

                /* XFS has no record of what it has never seen. */
                if (r < 0 && r != -ENOENT)
                        return r;
                if (r == 0 && !is_free(&block))
                        continue;
                *ret = id;
                return 0;
        }
        return -EUSERS;
}

static int join_project(int fd, const char *name, uint32_t *ret) {
        struct fsxattr x;
        int r;

        if (ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0)
                return -errno;
        if (x.fsx_projid >= PROJECT_BASE && x.fsx_projid < PROJECT_BASE + PROJECT_COUNT) {
                *ret = x.fsx_projid;
                return 0;
        }
        r = find_project(fd, name, ret);
        if (r < 0)
                return r;
        x.fsx_projid = *ret;
        x.fsx_xflags |= FS_XFLAG_PROJINHERIT;
        return ioctl(fd, FS_IOC_FSSETXATTR, &x) < 0 ? -errno : 0;
}

static int set_limit(int fd, uint32_t id, const QuotaLimit *limit) {
        const uint64_t blocks = limit->bytes / BLOCK + (limit->bytes % BLOCK > 0);
        struct if_dqblk block = {
                .dqb_bhardlimit = blocks,
                .dqb_bsoftlimit = blocks,
                .dqb_ihardlimit = limit->inodes,
                .dqb_isoftlimit = limit->inodes,
                .dqb_valid = QIF_LIMITS,
        };

        return control(fd, Q_SETQUOTA, id, &block);
}

int quota_limit(int dir_fd, const char *name, const QuotaLimit *limit, Fault *fault) {
        uint32_t id = 0;
        int r;

        r = join_project(dir_fd, name, &id);
        if (r == 0)
                r = set_limit(dir_fd, id, limit);
        if (r == 0)
                return 0;
        /* What each file system and each kernel without them says is another number. */
        (void) fault_set(fault, "size limit", r, "volume %s", name);
        fault_advise(fault, "a limit needs a file system with project quotas for the volumes: XFS or ext4, "
                            "mounted with prjquota");
        return r;
}

void quota_drop(int dir_fd) {
        static const QuotaLimit none = {};
        struct fsxattr x;

        if (ioctl(dir_fd, FS_IOC_FSGETXATTR, &x) == 0 && x.fsx_projid >= PROJECT_BASE &&
            x.fsx_projid < PROJECT_BASE + PROJECT_COUNT)
                (void) set_limit(dir_fd, x.fsx_projid, &none);
}
