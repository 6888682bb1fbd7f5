/*
 * Paths in a container's root. The image may hold any symbolic link; all resolution is the kernel's own,
 * with RESOLVE_IN_ROOT, so that no link leads out and no magic link is followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>

#include "basic/syscall.h"
#include "runtime/apply.h"

/* As many as the kernel follows itself (MAXSYMLINKS). */
#define LINKS_MAX 40

/* Each takes a microsecond, or a millisecond where links are meant to make it long. */
#define TRIES_MAX 1000

static long open_in_root(int root_fd, const char *path, uint64_t flags, uint64_t resolve) {
        struct open_how how = {
                .flags = flags | O_PATH | O_CLOEXEC,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
        };
        unsigned tries = 0;
        long r;

        /* -EAGAIN: something was renamed meanwhile, so the kernel cannot vouch for "..". Who renames on
         * purpose could go on for ever, and the manager waits. */
        do
                r = RAW(openat2, root_fd, path, &how, sizeof(how));
        while ((r == -EAGAIN && ++tries < TRIES_MAX) || r == -EINTR);
        return r;
}

long path_resolve(int root_fd, const char *path, unsigned flags) {
        return open_in_root(root_fd, path,
                            (flags & PATH_DIRECTORY ? O_DIRECTORY : 0) |
                                    (flags & PATH_ON_LINK ? O_NOFOLLOW : 0),
                            flags & PATH_STRICT ? RESOLVE_NO_SYMLINKS : 0);
}

static long make_one(int parent, const char *name, bool directory) {
        long r;

        if (directory)
                return RAW(mkdirat, parent, name, 0755);
        r = RAW(openat, parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (r < 0)
                return r;
        return RAW(close, r);
}

/* Puts what the link @name in @parent says in its place: @path becomes a path without this link.
 * @start, @end: where @name stands in @path. */
static long substitute_link(int parent, char *path, size_t start, size_t end) {
        char name[NAME_MAX + 1], link[PATH_MAX];
        size_t rest = strlen(path + end), keep;
        long n;

        memcpy(name, path + start, end - start);
        name[end - start] = '\0';
        n = RAW(readlinkat, parent, name, link, sizeof(link));
        if (n < 0)
                return n == -EINVAL ? -ENOTDIR : n;

        keep = n > 0 && link[0] == '/' ? 0 : start;
        if (keep + (size_t) n + rest + 1 > PATH_MAX)
                return -ENAMETOOLONG;
        memmove(path + keep + n, path + end, rest + 1);
        memcpy(path + keep, link, (size_t) n);
        return 0;
}

/*
 * Makes the first missing component of @path; @path may change where a dangling link stands in the way.
 * Returns: 0 to go on.
 */
static long make_next(int root_fd, char *path, unsigned flags) {
        long parent = RAW(openat, root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC), r = parent;
        size_t start = 0;

        while (r >= 0) {
                char name[NAME_MAX + 1], saved;
                size_t end;
                long next;
                bool last;

                start += strspn(path + start, "/");
                end = start + strcspn(path + start, "/");
                last = path[end + strspn(path + end, "/")] == '\0';
                if (end == start)
                        break;
                if (end - start > NAME_MAX) {
                        r = -ENAMETOOLONG;
                        break;
                }

                saved = path[end];
                path[end] = '\0';
                next = open_in_root(root_fd, path, last ? 0 : O_DIRECTORY, 0);
                path[end] = saved;
                if (next >= 0) {
                        (void) RAW(close, parent);
                        parent = next;
                        start = end;
                        continue;
                }
                if (next != -ENOENT) {
                        r = next;
                        break;
                }

                memcpy(name, path + start, end - start);
                name[end - start] = '\0';
                r = make_one((int) parent, name, !last || (flags & PATH_DIRECTORY));
                if (r == -EEXIST)
                        r = flags & PATH_STRICT ? -ELOOP : substitute_link((int) parent, path, start, end);
                break;
        }

        if (parent >= 0)
                (void) RAW(close, parent);
        return r < 0 ? r : 0;
}

long path_make(int root_fd, const char *path, unsigned flags) {
        char buffer[PATH_MAX];
        size_t n = strlen(path), rounds;
        long r;

        r = path_resolve(root_fd, path, flags);
        if (r != -ENOENT)
                return r;
        if (n >= sizeof(buffer))
                return -ENAMETOOLONG;
        memcpy(buffer, path, n + 1);

        /* Each round makes a component or replaces a link. */
        rounds = n / 2 + 1 + LINKS_MAX;
        while (rounds-- > 0) {
                r = make_next(root_fd, buffer, flags);
                if (r < 0)
                        return r;
                r = path_resolve(root_fd, buffer, flags);
                if (r != -ENOENT)
                        return r;
        }
        return -ELOOP;
}
