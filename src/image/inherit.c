/* Owner, mode, attributes and time of a directory, from a lower layer. */
#include "image/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"

static int xattrs_copy(int from, int to) {
        autofree char *names = malloc(XATTR_LIST_MAX);
        autofree char *value = malloc(XATTR_SIZE_MAX);
        ssize_t size;

        if (!names || !value)
                return -ENOMEM;
        size = flistxattr(from, names, XATTR_LIST_MAX);
        if (size < 0)
                return errno == ENOTSUP ? 0 : -errno;

        for (const char *name = names; name < names + size; name += strlen(name) + 1) {
                ssize_t n;

                /* overlayfs's own are about that layer. */
                if (startswith(name, "trusted."))
                        continue;
                n = fgetxattr(from, name, value, XATTR_SIZE_MAX);
                if (n >= 0 && fsetxattr(to, name, value, (size_t) n, 0) < 0)
                        return -errno;
        }
        return 0;
}

static int look_copy(int from, int to) {
        struct timespec times[2];
        struct stat st;
        int r;

        if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0 ||
            fchmod(to, st.st_mode & 07777) < 0)
                return -errno;
        r = xattrs_copy(from, to);
        if (r < 0)
                return r;
        times[0] = st.st_atim;
        times[1] = st.st_mtim;
        return futimens(to, times) < 0 ? -errno : 0;
}

static int inherit_directory(int dir_fd, const char *path, const int *lowers, size_t n) {
        const uint64_t flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK;
        autoclose int to = -EBADF;

        for (size_t i = 0; i < n; i++) {
                autoclose int from = path_in_root_open(lowers[i], path, flags, 0);

                if (from == -ENOENT)
                        continue;
                /* Deleted there, or no directory: what is further below does not show. */
                if (from == -ENOTDIR || from == -ELOOP)
                        return 0;
                if (from < 0)
                        return from;
                to = path_in_root_open(dir_fd, path, flags, 0);
                if (to < 0)
                        return to == -ENOENT || to == -ENOTDIR || to == -ELOOP ? 0 : to;
                return look_copy(from, to);
        }
        return 0;
}

static int root_age(int dir_fd) {
        static const struct timespec times[2] = {};

        return futimens(dir_fd, times) < 0 ? -errno : 0;
}

int inherit_directories(int dir_fd, int paths_fd, const int *lowers, size_t n) {
        autofree char *path = NULL;
        autofclose FILE *f = NULL;
        size_t size = 0;
        int fd, r = 0;

        fd = fcntl(paths_fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        f = fdopen(fd, "r");
        if (!f) {
                (void) close(fd);
                return -ENOMEM;
        }
        rewind(f);
        while (r == 0 && getdelim(&path, &size, '\0', f) > 0)
                r = n == 0 && streq(path, ".") ? root_age(dir_fd)
                                               : inherit_directory(dir_fd, path, lowers, n);
        return r == 0 && ferror(f) ? -EIO : r;
}
