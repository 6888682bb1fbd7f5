#include "storage/trash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"

/* No name of a unit or a volume begins with a dot. */
#define TRASH ".trash"

/* The trash of the directory that @path lies in; *ret_name is the last component. */
static int open_parent(const char *path, const char **ret_name) {
        const char *slash = strrchr(path, '/');
        autofree char *parent = NULL;

        if (!slash || slash == path || !slash[1])
                return -EINVAL;
        parent = strndup(path, (size_t) (slash - path));
        if (!parent)
                return -ENOMEM;

        *ret_name = slash + 1;
        return dir_open(AT_FDCWD, parent);
}

int trash_put(const char *path) {
        autoclose int parent_fd = -EBADF;
        const char *name;

        parent_fd = open_parent(path, &name);
        if (parent_fd == -ENOENT)
                return 0;
        if (parent_fd < 0)
                return parent_fd;

        for (unsigned i = 0;;) {
                autofree char *to = NULL;

                if (faccessat(parent_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                        return errno == ENOENT ? 0 : -errno;
                if (mkdirat(parent_fd, TRASH, 0700) < 0 && errno != EEXIST)
                        return -errno;
                if (asprintf(&to, TRASH "/%s.%u", name, i) < 0)
                        return -ENOMEM;
                if (renameat2(parent_fd, name, parent_fd, to, RENAME_NOREPLACE) == 0)
                        return 0;
                /* ENOENT: a purge that ended just now took the trash away. */
                if (errno == EEXIST)
                        i++;
                else if (errno != ENOENT)
                        return -errno;
        }
}

int trash_purge(const char *parent) {
        autoclose int fd = -EBADF;
        int r;

        fd = dir_open(AT_FDCWD, parent);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        r = tree_remove(fd, TRASH);
        /* What came in meanwhile is for the purge that was asked for it. */
        return r == -ENOTEMPTY ? 0 : r;
}
