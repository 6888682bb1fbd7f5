/* Program files of our own, kept out of containers' reach. */
#include "runtime/exe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "basic/cleanup.h"

/* A mount of its own, which is nowhere to be seen. */
static int mount_read_only(int fd) {
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
                                   .propagation = MS_PRIVATE };
        autoclose int tree = open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

        if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return -errno;
        return take_fd(tree);
}

int exe_protect(char **argv) {
        autoclose int exe = -EBADF, tree = -EBADF;
        struct statvfs fs;

        exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
        if (exe < 0 || fstatvfs(exe, &fs) < 0)
                return -errno;
        if (fs.f_flag & ST_RDONLY)
                return 0;

        tree = mount_read_only(exe);
        if (tree < 0)
                return tree;
        (void) execveat(tree, "", argv, environ, AT_EMPTY_PATH);
        return -errno;
}

int exe_directory_open(const char *path) {
        autoclose int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int tree;

        if (fd < 0)
                return -errno;
        tree = mount_read_only(fd);
        return tree < 0 ? take_fd(fd) : tree;
}
