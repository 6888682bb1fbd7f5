/* Bundles in the search path: the one of a higher directory hides those of the same place in lower ones. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "config/unit-bundle.h"
#include "config/unit-scan.h"

#define BUNDLE_MAX_BYTES ((size_t) 16 * 1024 * 1024)

static bool is_hidden(const Scan *scan, const char *relative) {
        for (const ScanBundle *b = scan->bundles; b; b = b->next)
                if (streq(b->relative, relative))
                        return true;
        return false;
}

/* An empty file and /dev/null are masks: nothing to read, but lower ones are hidden. */
static int read_bundle(ScanBundle *b, size_t *ret_size) {
        autoclose int fd = open(b->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        *ret_size = 0;
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        b->stamp = file_stamp_fd(fd);
        if (S_ISCHR(st.st_mode))
                return 0;
        return S_ISREG(st.st_mode) ? file_read_fd(fd, BUNDLE_MAX_BYTES, &b->text, ret_size) : -EBADFD;
}

static int add_parts(Scan *scan, const ScanBundle *b, size_t size, const char *dir, const char *file,
                     unsigned rank) {
        BundlePart *parts = NULL;
        int n, r = 0;

        n = bundle_split(b->path, b->text, size, scan->diag, &parts);
        for (int i = 0; i < n && r == 0; i++)
                r = scan_file_add(&scan->units, parts[i].name, dir, file,
                                  (ScanFile){
                                          .rank = rank,
                                          .bundle = b,
                                          .text = parts[i].text,
                                          .size = parts[i].size,
                                          .line = parts[i].line,
                                  });
        if (n >= 0)
                bundle_free(parts, (size_t) n);
        return n < 0 ? n : r;
}

int scan_bundle(Scan *scan, const char *root, const char *dir, const char *file, unsigned rank) {
        ScanBundle *b = calloc(1, sizeof(*b));
        size_t size;
        int r;

        if (!b)
                return -ENOMEM;
        if (asprintf(&b->path, "%s/%s", dir, file) < 0) {
                free(b);
                return -ENOMEM;
        }
        b->relative = b->path + strlen(root);
        if (is_hidden(scan, b->relative)) {
                free(b->path);
                free(b);
                return 0;
        }
        *scan->last_bundle = b;
        scan->last_bundle = &b->next;

        r = read_bundle(b, &size);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                (void) diag_error(scan->diag, (Where){ .file = b->path }, r, "Cannot be read: %s",
                                  r == -EBADFD ? "not a regular file" : strerror(-r));
                return 0;
        }
        return size > 0 ? add_parts(scan, b, size, dir, file, rank) : 0;
}

void scan_check_bundles(Scan *scan) {
        for (size_t i = 1; i < scan->units.n; i++) {
                const ScanFile *first = &scan->units.items[i - 1], *f = &scan->units.items[i];

                if (f->bundle && f->rank == first->rank && streq(f->name, first->name))
                        (void) diag_error(scan->diag, (Where){ .file = f->path, .line = f->line }, -EEXIST,
                                          "%s is in %s already", f->name, first->path);
        }
}
