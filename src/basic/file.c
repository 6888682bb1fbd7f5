#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"

/* Most files are smaller, and for more than this malloc(3) tidies up first. */
#define READ_FIRST 1000

int file_read_fd(int fd, size_t max, char **ret, size_t *ret_size) {
        autofree char *buf = NULL;
        size_t used = 0, allocated = 0;

        for (;;) {
                ssize_t n;

                if (allocated - used < 2) {
                        size_t wanted = allocated ? allocated * 4 : READ_FIRST;
                        char *grown = realloc(buf, wanted);

                        if (!grown)
                                return -ENOMEM;
                        buf = grown;
                        allocated = wanted;
                }

                n = read(fd, buf + used, allocated - used - 1);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;

                used += (size_t) n;
                if (used > max)
                        return -EFBIG;
        }

        buf[used] = '\0';
        if (ret_size)
                *ret_size = used;
        *ret = take_ptr(buf);
        return 0;
}

int file_read(int dir_fd, const char *path, size_t max, char **ret, size_t *ret_size) {
        autoclose int fd = -EBADF;

        /* A FIFO of that name would hold up who asks until somebody writes into it. */
        fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return -errno;

        return file_read_fd(fd, max, ret, ret_size);
}

int file_read_line(int dir_fd, const char *path, char **ret) {
        char *text;
        int r;

        r = file_read(dir_fd, path, 1024 * 1024, &text, NULL);
        if (r < 0)
                return r;

        text[strcspn(text, "\n")] = '\0';
        *ret = text;
        return 0;
}

int file_write_all(int fd, const void *data, size_t size) {
        const char *p = data;

        while (size > 0) {
                struct pollfd wait = { .fd = fd, .events = POLLOUT };
                ssize_t n = write(fd, p, size);

                if (n < 0 && errno == EAGAIN)
                        (void) poll(&wait, 1, -1);
                if (n < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                size -= (size_t) n;
        }
        return 0;
}

int file_write(int dir_fd, const char *path, const char *text) {
        autoclose int fd = -EBADF;

        fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;

        return file_write_all(fd, text, strlen(text));
}

static int sync_parent(int dir_fd, const char *path) {
        autofree char *copy = strdup(path);
        autoclose int fd = -EBADF;
        char *slash;

        if (!copy)
                return -ENOMEM;

        slash = strrchr(copy, '/');
        if (slash)
                slash[slash == copy] = '\0';
        fd = openat(dir_fd, slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return fsync(fd) < 0 ? -errno : 0;
}

int file_replace(int dir_fd, const char *path, const void *data, size_t size, mode_t mode, bool sync) {
        autofree char *temporary = NULL;
        autoclose int fd = -EBADF;
        int r;

        if (asprintf(&temporary, "%s.new", path) < 0)
                return -ENOMEM;

        fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return -errno;

        r = file_write_all(fd, data, size);
        if (r == 0 && fchmod(fd, mode) < 0)
                r = -errno;
        if (r == 0 && sync && fsync(fd) < 0)
                r = -errno;
        if (r == 0 && renameat(dir_fd, temporary, dir_fd, path) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(dir_fd, temporary, 0);
                return r;
        }

        return sync ? sync_parent(dir_fd, path) : 0;
}

int file_rewrite(int dir_fd, const char *path, const char *text, size_t size) {
        autofree char *padded = NULL;
        autoclose int fd = -EBADF;
        struct stat st;
        size_t longest;

        fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        longest = (size_t) st.st_size > size ? (size_t) st.st_size : size;
        padded = malloc(longest + 1);
        if (!padded)
                return -ENOMEM;

        /* Longer first, with empty lines, and shorter last: in between one write changes what is there. */
        memset(padded, '\n', longest);
        if ((size_t) st.st_size < size && pwrite(fd, padded, size - (size_t) st.st_size, st.st_size) !=
                                                  (ssize_t) (size - (size_t) st.st_size))
                return -ENOSPC;
        memcpy(padded, text, size);
        if (pwrite(fd, padded, longest, 0) != (ssize_t) longest)
                return -ENOSPC;
        return longest > size && ftruncate(fd, (off_t) size) < 0 ? -errno : 0;
}

bool file_exists(int dir_fd, const char *path) {
        return faccessat(dir_fd, path, F_OK, 0) == 0;
}

static int make_parents(int dir_fd, const char *path) {
        autofree char *copy = strdup(path);

        if (!copy)
                return -ENOMEM;
        for (char *p = copy + 1; *p; p++)
                if (*p == '/') {
                        *p = '\0';
                        if (mkdirat(dir_fd, copy, 0755) < 0 && errno != EEXIST)
                                return -errno;
                        *p = '/';
                }
        return 0;
}

int dir_make(int dir_fd, const char *path, mode_t mode) {
        struct stat st;
        int r;

        r = mkdirat(dir_fd, path, mode) < 0 ? -errno : 0;
        /* The parents are there nearly always. */
        if (r == -ENOENT && *path) {
                r = make_parents(dir_fd, path);
                if (r == 0)
                        r = mkdirat(dir_fd, path, mode) < 0 ? -errno : 0;
        }
        if (r != -EEXIST)
                return r;
        if (fstatat(dir_fd, path, &st, 0) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int dir_open(int dir_fd, const char *path) {
        int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int dir_make_open(int dir_fd, const char *path, mode_t mode) {
        int r;

        r = dir_make(dir_fd, path, mode);
        if (r < 0)
                return r;

        return dir_open(dir_fd, path);
}

int dir_each(int dir_fd, const char *path, DirEachFn fn, void *data) {
        autoclosedir DIR *dir = NULL;
        struct dirent *entry;
        int fd, r = 0;

        fd = dir_open(dir_fd, path);
        if (fd < 0)
                return fd;
        dir = fdopendir(fd);
        if (!dir) {
                (void) close(fd);
                return -ENOMEM;
        }
        while (r == 0 && (errno = 0, entry = readdir(dir)))
                if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
                        r = fn(dirfd(dir), entry->d_name, data);
        return r == 0 && errno != 0 ? -errno : r;
}

/* Two descriptors a level. What lies deeper is moved to the top first: how deep a tree is was decided by
 * whoever wrote it, and neither descriptors nor stack are without end. */
#define REMOVE_DEPTH_MAX 64

typedef struct Removal {
        int top_fd;
        unsigned n_moved;
} Removal;

static int remove_children(Removal *t, int fd, dev_t device, unsigned depth);

static int move_to_top(Removal *t, int dir_fd, const char *name) {
        for (;;) {
                char to[32];

                (void) snprintf(to, sizeof(to), ".deep-%u", t->n_moved++);
                if (renameat(dir_fd, name, t->top_fd, to) == 0 || errno == ENOENT)
                        return 0;
                /* The tree may hold such a name itself. */
                if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
                        return -errno;
        }
}

/* Directories only. */
static int remove_directory(Removal *t, int dir_fd, const char *name, dev_t device, unsigned depth) {
        autoclose int fd = -EBADF;
        struct stat st;
        int r;

        fd = dir_open(dir_fd, name);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (device != 0 && st.st_dev != device)
                return -EXDEV;
        if (depth == REMOVE_DEPTH_MAX)
                return move_to_top(t, dir_fd, name);

        if (depth == 0)
                t->top_fd = fd;
        for (unsigned before = t->n_moved;; before = t->n_moved) {
                r = remove_children(t, fd, st.st_dev, depth + 1);
                if (r < 0)
                        return r;
                if (depth > 0 || t->n_moved == before)
                        break;
        }
        return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

static int remove_entry(Removal *t, int dir_fd, const char *name, dev_t device, unsigned depth) {
        if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;
        return remove_directory(t, dir_fd, name, device, depth);
}

static int remove_children(Removal *t, int fd, dev_t device, unsigned depth) {
        autoclosedir DIR *d = NULL;
        autoclose int copy = -EBADF;
        struct dirent *e;

        /* Not a duplicate: that would share its position with the pass before. */
        copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (copy < 0)
                return -errno;
        d = fdopendir(copy);
        if (!d)
                return -errno;
        (void) take_fd(copy);

        while (errno = 0, (e = readdir(d))) {
                int r;

                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                r = remove_entry(t, fd, e->d_name, device, depth);
                if (r < 0)
                        return r;
        }
        return -errno;
}

int tree_remove(int dir_fd, const char *path) {
        Removal t = { .top_fd = -EBADF };

        return remove_entry(&t, dir_fd, path, 0, 0);
}

static int open_resolved(int root_fd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve) {
        struct open_how how = {
                .flags = flags | O_CLOEXEC,
                .mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
                .resolve = resolve | RESOLVE_NO_MAGICLINKS,
        };
        long fd;

        /* EAGAIN: a rename raced with the walk (openat2(2)); the caller's answer would be to try again. */
        do
                fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
        while (fd < 0 && errno == EAGAIN);
        return fd < 0 ? -errno : (int) fd;
}

int path_beneath_open(int root_fd, const char *path, uint64_t flags, mode_t mode) {
        return open_resolved(root_fd, path, flags, mode, RESOLVE_BENEATH);
}

int path_in_root_open(int root_fd, const char *path, uint64_t flags, mode_t mode) {
        return open_resolved(root_fd, path, flags, mode, RESOLVE_IN_ROOT);
}

bool path_is_absolute_clean(const char *path) {
        if (path[0] != '/')
                return false;

        for (const char *p = path; *p;) {
                size_t n;

                p += strspn(p, "/");
                n = strcspn(p, "/");
                if ((n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
                        return false;
                for (size_t i = 0; i < n; i++)
                        if ((unsigned char) p[i] < ' ' || p[i] == 0x7f)
                                return false;
                p += n;
        }
        return true;
}

char *path_normalize(char *path) {
        const char *from = path;
        char *to = path;
        bool absolute = path[0] == '/';

        while (*from) {
                size_t n;

                from += strspn(from, "/");
                n = strcspn(from, "/");
                if (n > 0 && !(n == 1 && from[0] == '.')) {
                        if (to != path || absolute)
                                *to++ = '/';
                        memmove(to, from, n);
                        to += n;
                }
                from += n;
        }

        if (to == path)
                *to++ = absolute ? '/' : '.';
        *to = '\0';
        return path;
}

const char *fd_path(int fd, char buf[32]) {
        (void) snprintf(buf, 32, "/proc/self/fd/%d", fd);
        return buf;
}

int dir_entries(int fd, DIR **ret) {
        autoclose int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (copy < 0)
                return -errno;
        *ret = fdopendir(copy);
        if (!*ret)
                return -errno;
        (void) take_fd(copy);
        return 0;
}

int dir_is_empty(int fd) {
        autoclosedir DIR *d = NULL;
        struct dirent *e;
        int r;

        r = dir_entries(fd, &d);
        if (r < 0)
                return r;

        while (errno = 0, (e = readdir(d)))
                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        return 0;
        return errno != 0 ? -errno : 1;
}

/* More than is open at once beside what belongs to containers, and below the limit of any process. */
#define HIGH_FD_MIN 256

int fd_move_up(int fd) {
        int high = fd >= 0 && fd < HIGH_FD_MIN ? fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD_MIN) : -1;

        if (high < 0)
                return fd;
        (void) close(fd);
        return high;
}

int fd_reopen(int fd, int flags) {
        char path[32];
        int r = open(fd_path(fd, path), flags);

        return r < 0 ? -errno : r;
}
