/*
 * The contents of files. A run of zeros of HOLE_BYTES or more is left out, in the form of GNU tar 1.0 (map in
 * front of the data); whether the file system stores it or not makes no difference.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "image/tree-archive-internal.h"

#define HOLE_BYTES  ((uint64_t) 1024 * 1024)
#define BLOCK_BYTES ((size_t) 4096)

#define TAR_BLOCK_BYTES 512

/* Data between two holes, in blocks. */
typedef struct Extent {
        uint64_t offset, size;
} Extent;

typedef struct Map {
        Extent *extents;
        size_t n;
} Map;

static void map_clear(Map *m) {
        free(m->extents);
}

#define automap __attribute__((cleanup(map_clear)))

static int map_add(Map *m, uint64_t offset, uint64_t end) {
        Extent *grown = m->extents;

        if (end <= offset)
                return 0;
        /* Grows at powers of two. */
        if ((m->n & (m->n - 1)) == 0) {
                grown = reallocarray(m->extents, MAX_OF(m->n * 2, (size_t) 1), sizeof(*grown));
                if (!grown)
                        return -ENOMEM;
                m->extents = grown;
        }
        grown[m->n++] = (Extent){ offset, end - offset };
        return 0;
}

static bool is_zero(const char *p, size_t size) {
        return p[0] == 0 && memcmp(p, p + 1, size - 1) == 0;
}

/* Reads on until the buffer is full or the file ends. */
static ssize_t read_full(int fd, char *buffer, size_t size, uint64_t offset) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = pread(fd, buffer + done, size - done, (off_t) (offset + done));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                done += (size_t) n;
        }
        return (ssize_t) done;
}

/* What the file system knows to be a hole need not be read. */
static uint64_t skip_hole(int fd, uint64_t at, uint64_t size) {
        off_t data = lseek(fd, (off_t) at, SEEK_DATA);

        if (data < 0)
                return errno == ENXIO ? size : at;
        return (uint64_t) data / BLOCK_BYTES * BLOCK_BYTES;
}

static int map_make(TreeWalk *t, int fd, uint64_t size, Map *m) {
        uint64_t data = 0, zero = 0; /* begin of the data and of the zeros at @at; equal ends: none */
        bool in_zeros = false;

        for (uint64_t at = 0; at < size;) {
                uint64_t next = MAX_OF(skip_hole(fd, at, size), at);
                ssize_t n = 0;

                if (next > at && !in_zeros) {
                        zero = at;
                        in_zeros = true;
                }
                at = MIN_OF(next, size);
                if (at < size)
                        n = read_full(fd, t->buffer, MIN_OF(TREE_BUFFER_BYTES, size - at), at);
                if (n < 0 || (n == 0 && at < size))
                        return n < 0 ? (int) n : -EIO;

                for (size_t k = 0; k < (size_t) n; k += BLOCK_BYTES) {
                        bool is = is_zero(t->buffer + k, MIN_OF(BLOCK_BYTES, (size_t) n - k));

                        if (is && !in_zeros)
                                zero = at + k;
                        if (!is && in_zeros && at + k - zero >= HOLE_BYTES) {
                                int r = map_add(m, data, zero);

                                if (r < 0)
                                        return r;
                                data = at + k;
                        }
                        in_zeros = is;
                }
                at += (uint64_t) n;
        }
        if (in_zeros && size - zero >= HOLE_BYTES)
                return map_add(m, data, zero);
        return map_add(m, data, size);
}

static int data_write(TreeWalk *t, int fd, const Extent *x) {
        for (uint64_t done = 0; done < x->size;) {
                size_t want = (size_t) MIN_OF((uint64_t) TREE_BUFFER_BYTES, x->size - done);
                ssize_t n = read_full(fd, t->buffer, want, x->offset + done);
                int r = n < 0 ? (int) n : (size_t) n < want ? -EIO : tar_bytes(&t->tar, t->buffer, want);

                if (r < 0)
                        return r;
                done += want;
        }
        return 0;
}

/* "N\n", then offset and size of each extent, filled to a block. The last one ends where the file does. */
static int map_text(const Map *m, uint64_t size, char **ret, size_t *ret_size) {
        bool open = m->n == 0 || m->extents[m->n - 1].offset + m->extents[m->n - 1].size < size;
        size_t room = (m->n + 2) * 44 + TAR_BLOCK_BYTES, n;
        char *text = calloc(1, room);

        if (!text)
                return -ENOMEM;
        n = (size_t) sprintf(text, "%zu\n", m->n + open);
        for (size_t i = 0; i < m->n; i++)
                n += (size_t) sprintf(text + n, "%llu\n%llu\n", (unsigned long long) m->extents[i].offset,
                                      (unsigned long long) m->extents[i].size);
        if (open)
                n += (size_t) sprintf(text + n, "%llu\n0\n", (unsigned long long) size);
        *ret_size = (n + TAR_BLOCK_BYTES - 1) / TAR_BLOCK_BYTES * TAR_BLOCK_BYTES;
        *ret = text;
        return 0;
}

static int sparse_records(TreeEntry *e) {
        char size[32];
        int r;

        (void) snprintf(size, sizeof(size), "%llu", (unsigned long long) e->tar.size);
        r = tar_record_add(&e->records, &e->tar.n_records, "GNU.sparse.major", "1", 1);
        if (r == 0)
                r = tar_record_add(&e->records, &e->tar.n_records, "GNU.sparse.minor", "0", 1);
        if (r == 0)
                r = tar_record_add(&e->records, &e->tar.n_records, "GNU.sparse.name", e->tar.name,
                                   strlen(e->tar.name));
        if (r == 0)
                r = tar_record_add(&e->records, &e->tar.n_records, "GNU.sparse.realsize", size, strlen(size));
        e->tar.records = e->records;
        return r;
}

static int sparse_write(TreeWalk *t, int fd, TreeEntry *e, const Map *m) {
        autofree char *text = NULL;
        size_t n_text = 0;
        int r;

        r = sparse_records(e);
        if (r == 0)
                r = map_text(m, e->tar.size, &text, &n_text);
        if (r < 0)
                return r;

        /* The real one is in a record. */
        e->tar.name = "GNUSparseFile.0/file";
        e->tar.size = n_text;
        for (size_t i = 0; i < m->n; i++)
                e->tar.size += m->extents[i].size;
        r = tar_entry_begin(&t->tar, &e->tar);
        if (r == 0)
                r = tar_bytes(&t->tar, text, n_text);
        for (size_t i = 0; r == 0 && i < m->n; i++)
                r = data_write(t, fd, &m->extents[i]);
        return r < 0 ? r : tar_entry_end(&t->tar);
}

int tree_file_write(TreeWalk *t, int fd, TreeEntry *e) {
        const Extent whole = { 0, e->tar.size };
        automap Map map = {};
        int r;

        if (e->tar.size >= HOLE_BYTES) {
                r = map_make(t, fd, e->tar.size, &map);
                if (r < 0)
                        return r;
                if (map.n != 1 || map.extents[0].size != e->tar.size)
                        return sparse_write(t, fd, e, &map);
        }
        e->tar.records = e->records;
        r = tar_entry_begin(&t->tar, &e->tar);
        if (r == 0)
                r = data_write(t, fd, &whole);
        return r < 0 ? r : tar_entry_end(&t->tar);
}
