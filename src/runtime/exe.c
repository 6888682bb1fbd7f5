/* The manager's own program file, kept out of containers' reach. */
#include "runtime/exe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "basic/cleanup.h"

int exe_protect(char **argv) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
                                   .propagation = MS_PRIVATE };
        autoclose int exe = -EBADF, tree = -EBADF;
        struct statvfs fs;

        exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
        if (exe < 0 || fstatvfs(exe, &fs) < 0)
                return -errno;
        if (fs.f_flag & ST_RDONLY)
                return 0;

        tree = open_tree(exe, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
        if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return -errno;
        (void) execveat(tree, "", argv, environ, AT_EMPTY_PATH);
        return -errno;
}
