/* An archive becomes a tree. libarchive reads and writes; what we say is which entries, where to, and whose.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "storage/id-shift.h"
#include "storage/tree-tar.h"

#define BLOCK_SIZE ((size_t) 64 * 1024)

/* No set-id bit of an owner that could not be given stays: libarchive drops it. */
#define FLAGS                                                                                         \
        (ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_ACL |  \
         ARCHIVE_EXTRACT_UNLINK | ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT | \
         ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS)

typedef struct Reader {
        const TarIn *q;
        Fault *fault;
        struct archive *from, *to;
} Reader;

static int side_fault(const Reader *r, struct archive *side, const char *path) {
        const char *said = archive_error_string(side);
        int e = archive_errno(side);

        /* Numbers of libarchive's own are no errnos. */
        e = e > 0 && e < 4096 ? -e : side == r->from ? -EBADMSG : -EIO;
        return fault_tell(r->fault, "unpack", e, "%.120s%s%.100s", strempty(path), path ? ": " : "",
                          said ? said : "it cannot be read");
}

/* "old/a" becomes "new/a". Also what a hard link names. */
static int rename_top(const char *as, const char *path, char **ret) {
        const char *rest;

        while (startswith(path, "./"))
                path += 2;
        rest = path + strcspn(path, "/");
        return asprintf(ret, "%s%s", as, rest) < 0 ? -ENOMEM : 0;
}

static int rename_entry(const Reader *r, struct archive_entry *entry) {
        const char *path = archive_entry_pathname(entry), *link = archive_entry_hardlink(entry);
        autofree char *new_path = NULL, *new_link = NULL;
        int e = 0;

        if (!path)
                return -EBADMSG;
        if (!r->q->as)
                return 0;
        if (link)
                e = rename_top(r->q->as, link, &new_link);
        if (e == 0)
                e = rename_top(r->q->as, path, &new_path);
        if (e < 0)
                return e;
        archive_entry_set_pathname(entry, new_path);
        if (link)
                archive_entry_set_hardlink(entry, new_link);
        return 0;
}

static bool is_wanted(struct archive_entry *entry) {
        const mode_t type = archive_entry_filetype(entry);

        return archive_entry_hardlink(entry) || type == AE_IFREG || type == AE_IFDIR || type == AE_IFLNK ||
               type == AE_IFIFO;
}

static int copy_data(const Reader *r, const char *path) {
        const void *block;
        la_int64_t offset;
        size_t size;
        int e;

        while ((e = archive_read_data_block(r->from, &block, &size, &offset)) == ARCHIVE_OK)
                if (archive_write_data_block(r->to, block, size, offset) < ARCHIVE_WARN)
                        return side_fault(r, r->to, path);
        return e == ARCHIVE_EOF ? 0 : side_fault(r, r->from, path);
}

/* Capabilities of files, and ACLs in the kernel's form, which libarchive leaves out. */
static void set_xattrs(const Reader *r, struct archive_entry *entry) {
        const char *path = archive_entry_pathname(entry), *name;
        const void *value;
        size_t size;

        (void) archive_entry_xattr_reset(entry);
        while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
                if (name && id_shift_wants_xattr(name) &&
                    !(r->q->plain && streq(name, "security.capability")))
                        /* Some file systems bear none. */
                        (void) lsetxattr(path, name, value, size, 0);
}

static int take_entry(const Reader *r, struct archive_entry *entry) {
        const char *path;
        int e;

        e = rename_entry(r, entry);
        if (e < 0)
                return fault_set(r->fault, "unpack", e, NULL);
        if (!is_wanted(entry))
                return 0;
        if (r->q->plain)
                archive_entry_set_perm(entry, archive_entry_perm(entry) & ~(mode_t) (S_ISUID | S_ISGID));
        path = archive_entry_pathname(entry);
        /* A warning is about an owner or a time that cannot be given. */
        if (archive_write_header(r->to, entry) < ARCHIVE_WARN)
                return side_fault(r, r->to, path);
        e = copy_data(r, path);
        if (e < 0)
                return e;
        if (archive_write_finish_entry(r->to) < ARCHIVE_WARN)
                return side_fault(r, r->to, path);
        set_xattrs(r, entry);
        return 0;
}

static int take_all(Reader *r) {
        struct archive_entry *entry;
        bool some = false;
        int e, k;

        while ((e = archive_read_next_header(r->from, &entry)) == ARCHIVE_OK || e == ARCHIVE_WARN) {
                some = true;
                k = take_entry(r, entry);
                if (k < 0)
                        return k;
        }
        if (e != ARCHIVE_EOF)
                return side_fault(r, r->from, NULL);
        if (!some)
                return fault_set(r->fault, "unpack", -ENODATA, "empty archive");
        return archive_write_close(r->to) < ARCHIVE_WARN ? side_fault(r, r->to, NULL) : 0;
}

int tar_read(const TarIn *q, Fault *fault) {
        Reader r = { .q = q, .fault = fault, .from = archive_read_new(), .to = archive_write_disk_new() };
        int e = -ENOMEM;

        if (r.from && r.to) {
                /* Not those that libarchive runs programs for: who knows whose they are. */
                (void) archive_read_support_filter_gzip(r.from);
                (void) archive_read_support_filter_bzip2(r.from);
                (void) archive_read_support_filter_xz(r.from);
                (void) archive_read_support_filter_zstd(r.from);
                (void) archive_read_support_format_tar(r.from);
                (void) archive_write_disk_set_options(r.to, FLAGS);
                e = archive_read_open_fd(r.from, q->in_fd, BLOCK_SIZE) == ARCHIVE_OK
                            ? take_all(&r)
                            : side_fault(&r, r.from, NULL);
        }
        if (r.to)
                (void) archive_write_free(r.to);
        if (r.from)
                (void) archive_read_free(r.from);
        return e;
}
