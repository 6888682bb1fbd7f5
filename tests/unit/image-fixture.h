/* Tars made byte by byte, also such as no tool would write, and a store to import them into. */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "image/import.h"
#include "image/store.h"

#include "unit-test.h"

typedef struct Tar {
        char *data;
        size_t size;
} Tar;

static inline void tar_append(Tar *t, const void *data, size_t size) {
        size_t padded = (size + 511) / 512 * 512;

        t->data = realloc(t->data, t->size + padded + 1);
        ck_assert_ptr_nonnull(t->data);
        memset(t->data + t->size, 0, padded);
        if (size > 0)
                memcpy(t->data + t->size, data, size);
        t->size += padded;
}

/* @type: '0' file, '1' hard link, '2' link, '3' character device, '5' directory, '6' FIFO, 'x' pax, 'L' long
 * name */
static inline void tar_add(Tar *t, char type, const char *name, const char *link, unsigned mode,
                           const void *data, size_t size) {
        char head[512] = "";
        unsigned sum = 0;

        (void) snprintf(head, 100, "%s", name);
        (void) snprintf(head + 100, 8, "%07o", mode);
        (void) snprintf(head + 108, 8, "%07o", 0U);
        (void) snprintf(head + 116, 8, "%07o", 0U);
        (void) snprintf(head + 124, 12, "%011o", (unsigned) size & 0x7fffffff);
        (void) snprintf(head + 136, 12, "%011o", 1000000000U);
        memset(head + 148, ' ', 8);
        head[156] = type;
        (void) snprintf(head + 157, 100, "%s", link ? link : "");
        memcpy(head + 257, "ustar\00000", 8);
        for (size_t i = 0; i < sizeof(head); i++)
                sum += (unsigned char) head[i];
        (void) snprintf(head + 148, 8, "%06o", sum);

        tar_append(t, head, sizeof(head));
        tar_append(t, data, size);
}

static inline void tar_file(Tar *t, const char *name, const char *text) {
        tar_add(t, '0', name, NULL, 0644, text, strlen(text));
}

/* "NAME=VALUE" for the next entry; @value may hold NULs. */
static inline void tar_pax(Tar *t, const char *name, const char *value, size_t size) {
        char record[1024];
        size_t length = strlen(name) + size + 3, digits = 1;

        for (size_t n = length + digits; n >= 10; n /= 10)
                digits++;
        digits = (size_t) snprintf(NULL, 0, "%zu", length + digits);
        ck_assert_uint_lt(length + digits, sizeof(record));
        (void) snprintf(record, sizeof(record), "%zu %s=", length + digits, name);
        memcpy(record + strlen(record), value, size);
        record[length + digits - 1] = '\n';
        tar_add(t, 'x', "pax", NULL, 0644, record, length + digits);
}

static inline void tar_end(Tar *t) {
        static const char zeros[1024];

        tar_append(t, zeros, sizeof(zeros));
}

static inline void tar_free(Tar *t) {
        free(t->data);
        *t = (Tar){};
}

static char fixture_path[32];

static inline ImageStore *fixture_store(void) {
        ImageStore *store = NULL;
        Fault fault = {};

        (void) strcpy(fixture_path, "/tmp/test-image-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(fixture_path));
        ck_assert_int_eq(image_store_open(fixture_path, &store, &fault), 0);
        return store;
}

static inline void fixture_end(ImageStore *store) {
        image_store_free(store);
        ck_assert_int_eq(tree_remove(AT_FDCWD, fixture_path), 0);
}

static inline int bytes_fd(const void *data, size_t size) {
        int fd = memfd_create("input", MFD_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, data, size), (ssize_t) size);
        ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}

/* Imports the bytes as they are; the name may be NULL. Tells a failure of a sandbox on stderr. */
static inline int import_bytes(ImageStore *store, const char *name, const void *data, size_t size,
                               const ImportLimits *limits, ImportReport *report) {
        ImportRequest request = { .fd = bytes_fd(data, size), .name = name };
        Fault fault = {};
        int r;

        if (limits)
                request.limits = *limits;
        r = image_import(store, &request, report, &fault);
        if (r < 0) {
                char *text = fault_to_string(&fault);

                ck_assert_int_eq(fault.error, r);
                (void) fprintf(stderr, "%s\n", text);
                free(text);
        }
        (void) close(request.fd);
        return r;
}

static inline int import_tar(ImageStore *store, const char *name, Tar *t, ImportReport *report) {
        int r;

        tar_end(t);
        r = import_bytes(store, name, t->data, t->size, NULL, report);
        tar_free(t);
        return r;
}

/* The topmost layer of an image. */
static inline int top_layer(ImageStore *store, const char *name) {
        Image *image = NULL;
        int *fds, fd;
        size_t n;

        ck_assert_int_eq(image_store_resolve(store, name, &image, NULL), 0);
        ck_assert_int_eq(image_store_layers_open(store, image, &fds, &n, NULL), 0);
        ck_assert_uint_ge(n, 1);
        fd = fcntl(fds[0], F_DUPFD_CLOEXEC, 3);
        image_layers_close(fds, n);
        image_unref(image);
        return fd;
}

/* Entries of a directory of the store. */
static inline unsigned count_entries(const char *below) {
        char path[128];
        unsigned n = 0;
        DIR *dir;

        (void) snprintf(path, sizeof(path), "%s/%s", fixture_path, below);
        dir = opendir(path);
        ck_assert_ptr_nonnull(dir);
        while (readdir(dir))
                n++;
        (void) closedir(dir);
        return n - 2; /* "." and ".." */
}

static inline void assert_empty(ImageStore *store) {
        Image *const *images;
        size_t n;

        ck_assert_int_eq(image_store_list(store, &images, &n), 0);
        ck_assert_uint_eq(n, 0);
        ck_assert_uint_eq(count_entries("layers"), 0);
        ck_assert_uint_eq(count_entries("images/blobs/sha256"), 0);
}
