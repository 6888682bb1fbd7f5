/*
 * One entry of a layer: file, directory, link, FIFO, with owner, mode, attributes, time. Paths are followed
 * by the kernel below the root of the sandbox: a link as parent directory means what it would mean in the
 * container, and a link in the last place is replaced, never followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "image/extract-internal.h"
#include "image/tree-archive.h"

static int xattrs_set(Extract *x, struct archive_entry *entry, const char *path) {
        const char *name;
        const void *value;
        size_t size;

        (void) archive_entry_xattr_reset(entry);
        while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
                if (name && tree_xattr_allowed(name) && lsetxattr(path, name, value, size, 0) == 0)
                        continue;
                if (name && tree_xattr_allowed(name) && (errno == ENOSPC || errno == EDQUOT || errno == EIO))
                        return -errno;
                /* Links and FIFOs bear none, some file systems neither. */
                x->counts.xattrs++;
        }
        return 0;
}

static struct timespec entry_mtime(struct archive_entry *entry) {
        return (struct timespec){ .tv_sec = archive_entry_mtime(entry),
                                  .tv_nsec = archive_entry_mtime_nsec(entry) };
}

/* The owner first: a change of it clears set-id bits and capabilities. */
static int metadata_set(Extract *x, struct archive_entry *entry, const char *path) {
        la_int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
        mode_t type = archive_entry_filetype(entry);
        int r;

        if (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
                return -ERANGE;
        if (fchownat(AT_FDCWD, path, (uid_t) uid, (gid_t) gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (type != AE_IFLNK && chmod(path, archive_entry_perm(entry) & 07777) < 0)
                return -errno;
        r = xattrs_set(x, entry, path);
        return r < 0 || type == AE_IFDIR ? r : time_set(path, entry_mtime(entry));
}

static int block_write(int fd, const char *data, size_t size, la_int64_t offset) {
        while (size > 0) {
                ssize_t n = pwrite(fd, data, size, offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                data += n;
                size -= (size_t) n;
                offset += n;
        }
        return 0;
}

static int contents_write(Extract *x, struct archive_entry *entry, int fd) {
        const void *block;
        la_int64_t offset, length = archive_entry_size(entry);
        size_t size;
        int r;

        if (length < 0 || (uint64_t) length > x->limits.max_bytes)
                return fault_tell(&x->fault, "unpack", -E2BIG, "%.200s is longer than %llu bytes", x->buffer,
                                  (unsigned long long) x->limits.max_bytes);

        while ((r = archive_read_data_block(x->archive, &block, &size, &offset)) == ARCHIVE_OK) {
                if (offset < 0 || offset > length || size > (uint64_t) (length - offset))
                        return fault_tell(&x->fault, "unpack", -EBADMSG, "%.200s: data past its end",
                                          x->buffer);
                x->counts.bytes += size;
                if (x->counts.bytes > x->limits.max_bytes)
                        return fault_tell(&x->fault, "unpack", -E2BIG, "more than %llu bytes",
                                          (unsigned long long) x->limits.max_bytes);
                r = block_write(fd, block, size, offset);
                if (r < 0)
                        return r;
        }
        if (r != ARCHIVE_EOF)
                return fault_tell(&x->fault, "unpack", -EBADMSG, "%.100s: %.100s", x->buffer,
                                  strempty(archive_error_string(x->archive)));
        return ftruncate(fd, length) < 0 ? -errno : 0;
}

static int regular_make(Extract *x, struct archive_entry *entry, const char *path) {
        autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd < 0)
                return -errno;
        return contents_write(x, entry, fd);
}

/* The target may be in a layer below. Whether it is, the parent finds out when all of them are there. */
static int hardlink_report(const char *from, const char *path) {
        char text[2 * EXTRACT_PATH_MAX];
        int n, r;

        r = place_clear(path, false);
        if (r < 0)
                return r;
        n = snprintf(text, sizeof(text), "%s%c%s", from, 0, path);
        return report_send(REPORT_LINK, text, (size_t) n);
}

static int hardlink_make(Extract *x, const char *target, const char *path) {
        char from[EXTRACT_PATH_MAX];
        struct stat st, other;
        int r;

        r = path_clean(x, target, from);
        if (r < 0)
                return r;
        /* To itself: nothing may be removed before. */
        if (lstat(from, &st) < 0 && errno == ENOENT)
                return hardlink_report(from, path);
        if (lstat(from, &st) < 0 || S_ISDIR(st.st_mode) || is_whiteout(&st))
                return fault_tell(&x->fault, "unpack", -EBADMSG, "%.100s: no link target %.100s", path, from);
        if (lstat(path, &other) == 0 && st.st_dev == other.st_dev && st.st_ino == other.st_ino)
                return 0;

        r = place_clear(path, false);
        if (r < 0)
                return r;
        return linkat(AT_FDCWD, from, AT_FDCWD, path, 0) < 0 ? -errno : 0;
}

static int directory_make(Extract *x, struct archive_entry *entry, const char *path) {
        struct timespec mtime = entry_mtime(entry);
        int r, hides;

        hides = place_clear(path, true);
        if (hides < 0)
                return hides;
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
                return -errno;
        r = depth_check(path);
        if (r == 0)
                r = metadata_set(x, entry, path);
        if (r == 0)
                r = dir_note(x, path, &mtime);
        /* It was deleted from the lower layers, then made anew. */
        return r == 0 && hides ? opaque_report(path) : r;
}

static int other_make(Extract *x, struct archive_entry *entry, const char *path) {
        const char *target;
        int r;

        r = place_clear(path, false);
        if (r < 0)
                return r;

        switch (archive_entry_filetype(entry)) {
        case AE_IFREG:
                r = regular_make(x, entry, path);
                break;
        case AE_IFLNK:
                target = archive_entry_symlink(entry);
                r = symlink(strempty(target), path) < 0 ? -errno : 0;
                break;
        case AE_IFIFO:
                r = mknod(path, S_IFIFO | 0600, 0) < 0 ? -errno : 0;
                break;
        default:
                r = -EBADMSG;
        }
        return r < 0 ? r : metadata_set(x, entry, path);
}

int entry_make(Extract *x, struct archive_entry *entry, const char *path) {
        const char *target = archive_entry_hardlink(entry);
        mode_t type = archive_entry_filetype(entry);

        /* The runtime makes /dev itself. */
        if (!target && (type == AE_IFCHR || type == AE_IFBLK)) {
                x->counts.devices++;
                return 0;
        }
        if (!target && type == AE_IFSOCK) {
                x->counts.sockets++;
                return 0;
        }
        if (!target && type == AE_IFDIR)
                return directory_make(x, entry, path);
        if (streq(path, "."))
                return fault_tell(&x->fault, "unpack", -EBADMSG, "the root is no directory");
        return target ? hardlink_make(x, target, path) : other_make(x, entry, path);
}
