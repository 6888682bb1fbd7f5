/* Places in the tree of a layer: making room, parent directories, whiteouts. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "basic/file.h"
#include "image/extract-internal.h"

/* As many as the kernel follows in one path (MAXSYMLINKS). */
#define LINKS_MAX 40

#define WHITEOUT_PREFIX ".wh."
#define OPAQUE_NAME     ".wh..wh..opq"

bool is_whiteout(const struct stat *st) {
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

int place_clear(const char *path, bool keep_dir) {
        struct stat st;
        int r;

        if (lstat(path, &st) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (S_ISDIR(st.st_mode)) {
                if (keep_dir)
                        return 0;
                r = tree_remove(AT_FDCWD, path);
                return r < 0 ? r : 0;
        }
        return unlink(path) < 0 ? -errno : is_whiteout(&st);
}

static int dirs_make(Extract *x, const char *path, unsigned links);

/* A link whose target no entry has made yet: "var/lock" to "/run/lock" comes before "run/lock" at times. */
static int target_make(Extract *x, const char *link, unsigned links) {
        char target[EXTRACT_PATH_MAX], whole[2 * EXTRACT_PATH_MAX];
        const char *slash = strrchr(link, '/');
        ssize_t n = readlink(link, target, sizeof(target) - 1);

        if (n < 0)
                return -errno;
        if (links == 0)
                return -ELOOP;
        target[n] = '\0';
        if (target[0] == '/' || !slash)
                return dirs_make(x, target, links - 1);
        (void) snprintf(whole, sizeof(whole), "%.*s/%s", (int) (slash - link), link, target);
        return dirs_make(x, whole, links - 1);
}

static int dir_make_one(Extract *x, const char *path, unsigned links) {
        struct stat st, target;
        int r;

        if (mkdir(path, 0755) == 0) {
                r = depth_check(path);
                return r < 0 ? r : dir_note(x, path, NULL);
        }
        if (errno != EEXIST || lstat(path, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return 0;
        if (S_ISLNK(st.st_mode)) {
                if (stat(path, &target) == 0)
                        return S_ISDIR(target.st_mode) ? 0 : -ENOTDIR;
                return errno == ENOENT ? target_make(x, path, links) : -errno;
        }
        if (!is_whiteout(&st))
                return -ENOTDIR;

        /* Deleted below, and made anew by its contents only. */
        r = unlink(path) < 0 || mkdir(path, 0755) < 0 ? -errno : 0;
        return r < 0 ? r : opaque_report(path);
}

static int dirs_make(Extract *x, const char *path, unsigned links) {
        char prefix[2 * EXTRACT_PATH_MAX];
        size_t n = 0;

        if (strlen(path) >= sizeof(prefix))
                return -ENAMETOOLONG;
        while (path[n]) {
                int r;

                n += strspn(path + n, "/");
                n += strcspn(path + n, "/");
                memcpy(prefix, path, n);
                prefix[n] = '\0';
                r = dir_make_one(x, prefix, links);
                if (r < 0)
                        return r;
        }
        return 0;
}

int parents_make(Extract *x, const char *path) {
        char parent[EXTRACT_PATH_MAX];
        const char *slash = strrchr(path, '/');
        struct stat st;

        if (!slash)
                return 0;
        memcpy(parent, path, (size_t) (slash - path));
        parent[slash - path] = '\0';
        if (stat(parent, &st) == 0 && S_ISDIR(st.st_mode))
                return 0;
        return dirs_make(x, parent, LINKS_MAX);
}

int opaque_report(const char *path) {
        return report_send(REPORT_OPAQUE, path, strlen(path));
}

static int whiteout_make(const char *path) {
        struct stat st;

        if (lstat(path, &st) < 0) {
                if (errno != ENOENT)
                        return -errno;
                return mknod(path, S_IFCHR, makedev(0, 0)) < 0 ? -errno : 0;
        }
        /* A whiteout is about lower layers: what this one brings stays, whatever came first. */
        return S_ISDIR(st.st_mode) ? opaque_report(path) : 0;
}

int whiteout_apply(Extract *x, const char *path) {
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        const char *hidden = startswith(name, WHITEOUT_PREFIX);
        size_t dir = (size_t) (name - path);
        char place[EXTRACT_PATH_MAX];
        int r;

        if (!hidden)
                return 0;
        memcpy(place, path, dir);
        place[dir] = '\0';

        if (streq(name, OPAQUE_NAME)) {
                r = opaque_report(dir > 0 ? place : ".");
                return r < 0 ? r : 1;
        }
        /* Other names of that form belong to aufs's own bookkeeping. */
        if (startswith(hidden, WHITEOUT_PREFIX))
                return 1;
        if (streq(hidden, "") || streq(hidden, ".") || streq(hidden, ".."))
                return fault_tell(&x->fault, "unpack", -EBADMSG, "%.200s is a whiteout of nothing", path);

        (void) strcpy(place + dir, hidden);
        r = whiteout_make(place);
        return r < 0 ? r : 1;
}
