#include "storage/tree-label.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"

#define ATTRIBUTE   "security.selinux"
#define DEPTH_MAX   200
#define CONTEXT_MAX 512

/* A host whose /usr is a container's does not boot again. */
static const char *const of_the_system[] = {
        "/",     "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt",     "/proc",
        "/root", "/run", "/sbin", "/srv", "/sys", "/tmp",  "/usr", "/var",   "/var/lib",
};

/* By the directory and the name in it: what is a link has a label of its own. */
static int label_one(int dir_fd, const char *name, const char *context) {
        char path[32 + NAME_MAX + 2], dir[32], have[CONTEXT_MAX];
        ssize_t n;

        (void) snprintf(path, sizeof(path), "%s/%s", fd_path(dir_fd, dir), name);
        n = lgetxattr(path, ATTRIBUTE, have, sizeof(have) - 1);
        if (n >= 0) {
                have[n] = '\0';
                if (streq(have, context))
                        return 0;
        }
        return lsetxattr(path, ATTRIBUTE, context, strlen(context) + 1, 0) < 0 && errno != ENOENT ? -errno
                                                                                                  : 0;
}

static int label_entries(int fd, const char *context, dev_t device, unsigned depth) {
        autoclosedir DIR *d = NULL;
        struct dirent *e;
        int r;

        if (depth == DEPTH_MAX)
                return -ELOOP;
        r = dir_entries(fd, &d);
        if (r < 0)
                return r;
        while (errno = 0, (e = readdir(d))) {
                autoclose int child = -EBADF;
                struct stat st;

                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != device)
                        continue;
                r = label_one(fd, e->d_name, context);
                if (r == 0 && S_ISDIR(st.st_mode)) {
                        child = dir_open(fd, e->d_name);
                        r = child < 0 ? child : label_entries(child, context, device, depth + 1);
                }
                if (r < 0)
                        return r;
        }
        return -errno;
}

/* The tree's own root, which has no name here: by the descriptor. */
static int label_root(int fd, const char *context) {
        char path[32], have[CONTEXT_MAX];
        ssize_t n = getxattr(fd_path(fd, path), ATTRIBUTE, have, sizeof(have) - 1);

        if (n >= 0) {
                have[n] = '\0';
                if (streq(have, context))
                        return 0;
        }
        return setxattr(path, ATTRIBUTE, context, strlen(context) + 1, 0) < 0 ? -errno : 0;
}

int tree_label(int fd, const char *path, const char *context, Fault *fault) {
        struct stat st;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(of_the_system); i++)
                if (streq(of_the_system[i], path)) {
                        (void) fault_set(fault, "label", -EINVAL, "%s", path);
                        fault_advise(fault, "a directory of the system is not labelled for containers");
                        return -EINVAL;
                }
        if (fstat(fd, &st) < 0)
                return fault_set(fault, "label", -errno, "%s", path);
        r = label_root(fd, context);
        if (r == 0 && S_ISDIR(st.st_mode))
                r = label_entries(fd, context, st.st_dev, 0);
        return r < 0 ? fault_set(fault, "label", r, "%s", path) : 0;
}
