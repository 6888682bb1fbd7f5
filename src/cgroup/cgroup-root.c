/* Finds the place for the cgroups of units and enables controllers on the way down to it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "cgroup/cgroup-root.h"
#include "cgroup/limits.h"
#include "spec/resource-section.h"

ENUM_DEFINE(CgroupController, cgroup_controller, CGROUP_CONTROLLER, CGROUP_CONTROLLER_LIST)

#define PROC_TEXT_MAX (16 * 1024 * 1024)

struct CgroupRoot {
        int fd, old_fd;
        char *mount; /* of cgroup2 */
        char *path;  /* below it */
        bool supports[CGROUP_CONTROLLER_N_];
        bool enabled[CGROUP_CONTROLLER_N_];
};

void cgroup_root_free(CgroupRoot *root) {
        if (!root)
                return;

        cleanup_close_(&root->fd);
        cleanup_close_(&root->old_fd);
        free(root->mount);
        free(root->path);
        free(root);
}

bool cgroup_root_supports(const CgroupRoot *root, CgroupController c) {
        return (int) c >= 0 && c < CGROUP_CONTROLLER_N_ && root->supports[c];
}

const char *cgroup_root_path(const CgroupRoot *root) {
        return root->path;
}

const char *cgroup_root_mount(const CgroupRoot *root) {
        return root->mount;
}

int cgroup_root_fd(const CgroupRoot *root) {
        return root->fd;
}

int cgroup_root_old_fd(const CgroupRoot *root) {
        return root->old_fd;
}

static bool is_cgroup2(const char *path) {
        struct statfs fs;

        return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* Undo the octal escapes of proc_pid_mountinfo(5), in place. */
static void unescape_mount(char *s) {
        char *to = s;

        for (; *s; s++)
                if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
                        *to++ = (char) ((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
                        s += 3;
                } else
                        *to++ = *s;
        *to = '\0';
}

/* The mount point of the first line of mountinfo whose file system is cgroup2. */
static int find_in_mountinfo(char **ret) {
        autofree char *text = NULL;
        char *state = NULL;
        int r;

        r = file_read(AT_FDCWD, "/proc/self/mountinfo", PROC_TEXT_MAX, &text, NULL);
        if (r < 0)
                return r;

        for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
                autofree char *point = NULL;

                if (!strstr(line, " - cgroup2 ") || sscanf(line, "%*s %*s %*s %*s %ms", &point) != 1)
                        continue;
                unescape_mount(point);
                if (!is_cgroup2(point)) /* something else is mounted over it */
                        continue;
                *ret = take_ptr(point);
                return 0;
        }
        return -ENOENT;
}

static int find_mount(char **ret) {
        static const char *const usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

        for (size_t i = 0; i < ELEMENTSOF(usual); i++)
                if (is_cgroup2(usual[i])) {
                        *ret = strdup(usual[i]);
                        return *ret ? 0 : -ENOMEM;
                }
        return find_in_mountinfo(ret);
}

int cgroup_of_process(pid_t pid, char **ret) {
        autofree char *text = NULL;
        char file[64], *state = NULL;
        int r;

        (void) snprintf(file, sizeof(file), "/proc/%i/cgroup", pid);
        r = file_read(AT_FDCWD, file, PROC_TEXT_MAX, &text, NULL);
        if (r < 0)
                return r;

        for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
                const char *path = startswith(line, "0::");

                if (path) {
                        *ret = strdup(path);
                        return *ret ? 0 : -ENOMEM;
                }
        }
        return -ENOENT;
}

/* systemd marks what it delegates (systemd.resource-control(5), Delegate=). */
static bool is_delegated(const char *mount, const char *path) {
        autofree char *full = NULL;
        char value = '0';

        if (asprintf(&full, "%s%s", mount, path) < 0)
                return false;
        return (getxattr(full, "trusted.delegate", &value, 1) == 1 ||
                getxattr(full, "user.delegate", &value, 1) == 1) &&
               value == '1';
}

static int choose_path(const char *mount, char **ret) {
        autofree char *own = NULL;
        char *slash;
        int r;

        r = cgroup_of_process(getpid(), &own);
        if (r < 0 && r != -ENOENT)
                return r;

        slash = own ? strrchr(own, '/') : NULL;
        if (slash && slash != own) {
                *slash = '\0';
                if (is_delegated(mount, own)) {
                        *ret = take_ptr(own);
                        return 0;
                }
        }

        *ret = strdup(CGROUP_PLACE);
        return *ret ? 0 : -ENOMEM;
}

static bool is_on_demand(CgroupController c) {
        return c == CGROUP_CPUSET || c == CGROUP_IO;
}

/* A set of controllers, bit N = controller N. */
static unsigned usual_controllers(void) {
        unsigned set = 0;

        for (CgroupController c = 0; c < CGROUP_CONTROLLER_N_; c++)
                if (!is_on_demand(c))
                        set |= 1U << c;
        return set;
}

/* Each controller by itself: the kernel takes all of a write or nothing. What fails is not there below. */
static void enable_controllers(int fd, unsigned set) {
        for (CgroupController c = 0; c < CGROUP_CONTROLLER_N_; c++) {
                char text[32];

                if (!(set >> c & 1))
                        continue;
                (void) snprintf(text, sizeof(text), "+%s", cgroup_controller_to_string(c));
                (void) file_write(fd, "cgroup.subtree_control", text);
        }
}

/* From the top down: a controller reaches a cgroup only through all those above it. */
static int descend(const char *mount, const char *path, unsigned controllers, int *ret) {
        autostrv char **names = NULL;
        autoclose int fd = -EBADF;
        int r;

        r = strv_split(path, "/", &names);
        if (r < 0)
                return r;
        fd = dir_open(AT_FDCWD, mount);
        if (fd < 0)
                return fd;

        enable_controllers(fd, controllers);
        STRV_FOREACH (name, names) {
                int next;

                if (mkdirat(fd, *name, 0755) < 0 && errno != EEXIST)
                        return -errno;
                next = dir_open(fd, *name);
                if (next < 0)
                        return next;
                replace_fd(&fd, next);
                enable_controllers(fd, controllers);
        }

        *ret = take_fd(fd);
        return 0;
}

static int read_controllers(int fd, const char *file, bool ret[static CGROUP_CONTROLLER_N_]) {
        autofree char *line = NULL;
        autostrv char **words = NULL;
        int r;

        r = file_read_line(fd, file, &line);
        if (r == 0)
                r = strv_split(line, " ", &words);
        if (r < 0)
                return r;

        for (CgroupController c = 0; c < CGROUP_CONTROLLER_N_; c++)
                ret[c] = strv_contains(words, cgroup_controller_to_string(c));
        return 0;
}

/* Those on demand can be had if the whole hierarchy has them. */
static int read_supported(CgroupRoot *root) {
        bool all[CGROUP_CONTROLLER_N_];
        autoclose int top_fd = dir_open(AT_FDCWD, root->mount);
        int r;

        r = top_fd < 0 ? top_fd : read_controllers(top_fd, "cgroup.controllers", all);
        if (r == 0)
                r = read_controllers(root->fd, "cgroup.subtree_control", root->enabled);
        for (CgroupController c = 0; r == 0 && c < CGROUP_CONTROLLER_N_; c++)
                root->supports[c] = root->enabled[c] || (is_on_demand(c) && all[c]);
        return r;
}

/* Most often there is none. */
static int open_old_place(CgroupRoot *root) {
        autofree char *full = NULL;

        if (asprintf(&full, "%s%s", root->mount, CGROUP_OLD_PLACE) < 0) {
                full = NULL;
                return -ENOMEM;
        }
        root->old_fd = dir_open(AT_FDCWD, full);
        return 0;
}

int cgroup_root_open(const char *parent, Fault *fault, CgroupRoot **ret) {
        autoptr(CgroupRoot) root = calloc(1, sizeof(*root));
        int r;

        if (!root)
                return fault_set(fault, "cgroup", -ENOMEM, NULL);
        root->fd = root->old_fd = -EBADF;

        r = find_mount(&root->mount);
        if (r < 0) {
                fault_set(fault, "cgroup", r, "cgroup2 file system");
                fault_advise(fault, "mount it: mount -t cgroup2 cgroup2 /sys/fs/cgroup");
                return r;
        }

        if (parent) {
                root->path = strdup(parent);
                r = root->path ? 0 : -ENOMEM;
        } else
                r = choose_path(root->mount, &root->path);
        if (r < 0)
                return fault_set(fault, "cgroup", r, NULL);

        r = descend(root->mount, root->path, usual_controllers(), &root->fd);
        if (r == 0)
                r = read_supported(root);
        if (r == 0)
                r = open_old_place(root);
        if (r < 0)
                return fault_set(fault, "cgroup", r, "%s%s", root->mount, root->path);

        *ret = take_ptr(root);
        return 0;
}

int cgroup_root_renew(CgroupRoot *root, Fault *fault) {
        int fd = -EBADF, r;

        if (faccessat(root->fd, "cgroup.procs", F_OK, 0) == 0)
                return 0;

        r = descend(root->mount, root->path, usual_controllers(), &fd);
        if (r < 0)
                return fault_set(fault, "cgroup", r, "%s%s", root->mount, root->path);
        replace_fd(&root->fd, fd);
        return read_supported(root);
}

static int missing_controller(const CgroupRoot *root, const char *key, CgroupController c, Fault *fault) {
        fault_set(fault, "limit", -EOPNOTSUPP, "%s=", key);
        fault_advise(fault, "the %s controller is not available in the cgroup v2 tree at %s%s",
                     cgroup_controller_to_string(c), root->mount, root->path);
        return -EOPNOTSUPP;
}

int cgroup_root_check(const CgroupRoot *root, const LimitSpec *limits, Fault *fault) {
        for (CgroupController c = 0; c < CGROUP_CONTROLLER_N_; c++) {
                const char *key = cgroup_limit_key(limits, c);

                if (key && !root->supports[c])
                        return missing_controller(root, key, c, fault);
        }
        return 0;
}

/* All the way: whoever else rules the tree may have switched it off again above us. */
static void enable(CgroupRoot *root, CgroupController c) {
        autoclose int fd = -EBADF;

        if (!root->enabled[c] && descend(root->mount, root->path, 1U << c, &fd) == 0)
                (void) read_controllers(root->fd, "cgroup.subtree_control", root->enabled);
}

int cgroup_root_enable(CgroupRoot *root, const LimitSpec *limits, Fault *fault) {
        for (CgroupController c = 0; c < CGROUP_CONTROLLER_N_; c++) {
                const char *key = cgroup_limit_key(limits, c);

                if (!key)
                        continue;
                enable(root, c);
                if (!root->enabled[c])
                        return missing_controller(root, key, c, fault);
        }
        return 0;
}

void cgroup_root_delegate(CgroupRoot *root, unsigned controllers) {
        for (CgroupController c = 0; c < CGROUP_CONTROLLER_N_; c++) {
                Controller wanted = controller_from_string(cgroup_controller_to_string(c));

                if (root->supports[c] && controllers >> wanted & 1)
                        enable(root, c);
        }
}

int cgroup_open_of(const CgroupRoot *root, pid_t pid) {
        autofree char *path = NULL, *full = NULL;
        int r;

        r = cgroup_of_process(pid, &path);
        if (r < 0)
                return r;
        if (asprintf(&full, "%s%s", root->mount, path) < 0) {
                full = NULL;
                return -ENOMEM;
        }
        return dir_open(AT_FDCWD, full);
}

void cgroup_root_remove(CgroupRoot *root) {
        autofree char *full = NULL, *old = NULL;

        /* A delegated directory is systemd's to remove; rmdir(2) refuses one that others still use. */
        if (is_delegated(root->mount, root->path) || asprintf(&full, "%s%s", root->mount, root->path) < 0)
                return;
        (void) rmdir(full);
        if (root->old_fd >= 0 && asprintf(&old, "%s%s", root->mount, CGROUP_OLD_PLACE) >= 0)
                (void) rmdir(old);
}
