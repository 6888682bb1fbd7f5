/* Archives of images that come back, checks of a store, names given and taken, and pieces of work side by
 * side. */
#include <sched.h>
#include <stdatomic.h>

#include "image/check.h"
#include "image/export.h"
#include "image/jobs.h"
#include "image/json.h"
#include "image/tree-archive.h"
#include "image/usage.h"

#include "image-fixture.h"

static ImageStore *store_with(const char *name, const char *text) {
        ImageStore *store = fixture_store();
        ImportReport report;
        Tar t = {};

        tar_add(&t, '5', "./", NULL, 0755, NULL, 0);
        tar_add(&t, '5', "dir", NULL, 0700, NULL, 0);
        tar_file(&t, "dir/file", text);
        tar_add(&t, '1', "link", "dir/file", 0644, NULL, 0);
        tar_pax(&t, "SCHILY.xattr.user.note", "a\0b", 3);
        tar_file(&t, "noted", "x");
        tar_add(&t, '2', "symlink", "dir", 0777, NULL, 0);
        ck_assert_int_eq(import_tar(store, name, &t, &report), 0);
        free(report.name);
        return store;
}

static int export_fd(ImageStore *store, const char *name, Fault *fault, int *ret) {
        int fd = memfd_create("archive", MFD_CLOEXEC);
        int r = image_export(store, name, fd, fault);

        ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
        *ret = fd;
        return r;
}

static void assert_same(int a, int b) {
        struct stat st, other;
        char *x, *y;

        ck_assert_int_eq(fstat(a, &st), 0);
        ck_assert_int_eq(fstat(b, &other), 0);
        ck_assert_int_eq(st.st_size, other.st_size);
        x = malloc((size_t) st.st_size);
        y = malloc((size_t) st.st_size);
        ck_assert(pread(a, x, (size_t) st.st_size, 0) == st.st_size);
        ck_assert(pread(b, y, (size_t) st.st_size, 0) == st.st_size);
        ck_assert_int_eq(memcmp(x, y, (size_t) st.st_size), 0);
        free(x);
        free(y);
}

START_TEST(there_and_back) {
        ImageStore *store = store_with("web:1", "text");
        ImportRequest request = {};
        ImportReport report;
        int first, second;

        ck_assert_int_eq(export_fd(store, "web:1", NULL, &first), 0);
        request.fd = first;
        ck_assert_int_eq(image_import(store, &request, &report, NULL), 0);
        ck_assert_str_eq(report.name, "web:1");
        ck_assert_uint_eq(report.layers_new, 1);
        free(report.name);

        ck_assert_int_eq(export_fd(store, "web:1", NULL, &second), 0);
        assert_same(first, second);
        (void) close(first);
        (void) close(second);
        fixture_end(store);
}
END_TEST

/* Descriptor of a file of the only layer. */
static int file_of_layer(ImageStore *store, const char *name, const char *path) {
        int layer = top_layer(store, name);
        int fd = openat(layer, path, O_RDWR | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        (void) close(layer);
        return fd;
}

static json_t *check(ImageStore *store, bool repair, char *const *in_use) {
        char *text = NULL;
        json_t *report;

        ck_assert_int_eq(image_store_check(store, repair, in_use, &text, NULL), 0);
        report = json_loads(text, 0, NULL);
        ck_assert_ptr_nonnull(report);
        free(text);
        return report;
}

static void assert_problem(ImageStore *store, const char *what, const char *problem) {
        json_t *report = check(store, false, NULL);
        const json_t *problems = json_object_get(report, "problems"), *first = json_array_get(problems, 0);

        ck_assert_uint_eq(json_array_size(problems), problem ? 1 : 0);
        if (problem) {
                ck_assert_str_eq(json_string_value(json_object_get(first, "what")), what);
                ck_assert_str_eq(json_string_value(json_object_get(first, "problem")), problem);
        }
        json_decref(report);
}

START_TEST(changes_are_found) {
        ImageStore *store = store_with("web:1", "text");
        struct timespec times[2];
        Fault fault = {};
        struct stat st;
        char *told;
        int fd, archive;

        assert_problem(store, NULL, NULL);
        fd = file_of_layer(store, "web:1", "dir/file");
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_int_eq(pwrite(fd, "next", 4, 0), 4);
        times[0] = st.st_atim;
        times[1] = st.st_mtim;
        ck_assert_int_eq(futimens(fd, times), 0);
        assert_problem(store, "layer", "its files are not those that were unpacked");
        ck_assert_int_eq(export_fd(store, "web:1", &fault, &archive), -EBADMSG);
        told = fault_to_string(&fault);
        ck_assert_ptr_nonnull(strstr(told, "is not what was unpacked"));
        free(told);
        (void) close(archive);

        ck_assert_int_eq(pwrite(fd, "text", 4, 0), 4);
        ck_assert_int_eq(futimens(fd, times), 0);
        assert_problem(store, NULL, NULL);
        ck_assert_int_eq(fchmod(fd, 0600), 0);
        assert_problem(store, "layer", "its files are not those that were unpacked");
        (void) close(fd);
        fixture_end(store);
}
END_TEST

START_TEST(repairs) {
        ImageStore *store = store_with("web:1", "text");
        char path[256], *in_use[] = { NULL, NULL };
        Image *image = NULL;
        json_t *report;

        ck_assert_int_eq(image_store_resolve(store, "web:1", &image, NULL), 0);
        (void) snprintf(path, sizeof(path), "%s/images/blobs/sha256/%s", fixture_path, image->id);
        ck_assert_int_eq(unlink(path), 0);
        assert_problem(store, "blob", "it is missing");

        in_use[0] = image->id;
        report = check(store, true, in_use);
        ck_assert_uint_eq(json_array_size(json_object_get(report, "removed")), 0);
        json_decref(report);
        report = check(store, true, NULL);
        ck_assert_uint_eq(json_array_size(json_object_get(report, "removed")), 1);
        json_decref(report);
        image_unref(image);
        assert_empty(store);
        fixture_end(store);
}
END_TEST

static char *prune(ImageStore *store, bool all, char *const *keep) {
        char *text = NULL;

        ck_assert_int_eq(image_store_prune(store, all, keep, &text, NULL), 0);
        return text;
}

START_TEST(names_and_pruning) {
        ImageStore *store = store_with("web:1", "text");
        char *keep[] = { NULL, NULL }, *text;
        Image *image = NULL, *same = NULL;

        ck_assert_int_eq(image_store_tag(store, "web:1", "other", NULL), 0);
        ck_assert_int_eq(image_store_tag(store, "none", "x", NULL), -ENOENT);
        ck_assert_int_eq(image_store_tag(store, "web:1", "A//b", NULL), -EINVAL);
        ck_assert_int_eq(image_store_resolve(store, "other:latest", &image, NULL), 0);
        ck_assert_int_eq(image_store_resolve(store, "web:1", &same, NULL), 0);
        ck_assert_str_eq(image->id, same->id);
        image_unref(same);

        text = prune(store, false, NULL);
        ck_assert_str_eq(text, "[]\n");
        free(text);
        keep[0] = image->id;
        text = prune(store, true, keep);
        ck_assert_str_eq(text, "[]\n");
        free(text);
        text = prune(store, true, NULL);
        ck_assert_ptr_nonnull(strstr(text, image->id));
        free(text);
        image_unref(image);
        ck_assert_int_eq(image_store_collect(store, NULL), 0);
        assert_empty(store);
        fixture_end(store);
}
END_TEST

START_TEST(usage_counts_blocks_once) {
        ImageStore *store = store_with("web:1", "text");
        const char *name;
        json_t *whole, *size;
        char *text = NULL;

        ck_assert_int_eq(store_usage(fixture_path, &text, NULL), 0);
        whole = json_loads(text, 0, NULL);
        free(text);
        ck_assert_uint_eq(json_object_size(json_object_get(whole, "layers")), 1);
        json_object_foreach(json_object_get(whole, "layers"), name, size) {
                ck_assert_int_gt(json_integer_value(size), 0);
                /* Two directories, the note, and two files of which one has two names. */
                ck_assert_int_le(json_integer_value(size), 7 * 4096);
        }
        ck_assert_uint_eq(json_object_size(json_object_get(whole, "volumes")), 0);
        json_decref(whole);
        fixture_end(store);
}
END_TEST

static _Atomic unsigned *done;

static int count_piece(size_t k, int life, Fault *fault, void *data) {
        const size_t *bad = data;

        /* Those before it have ended; those behind it never do. */
        while (k == *bad && atomic_load(done) < 20 + k)
                (void) sched_yield();
        if (k == *bad)
                return fault_set(fault, "piece", -ENODATA, "%zu", k);
        if (*bad != SIZE_MAX && k > *bad)
                (void) pause();
        atomic_fetch_add(done, 1);
        return 0;
}

START_TEST(pieces_side_by_side) {
        size_t bad = SIZE_MAX;
        Jobs jobs = { .n = 20, .run = count_piece, .data = &bad };
        Fault fault = {};

        done = jobs_shared(sizeof(*done));
        ck_assert_ptr_nonnull(done);
        ck_assert_int_eq(jobs_run(&jobs, &fault), 0);
        ck_assert_uint_eq(*done, 20);

        /* The ones that wait for ever are ended with it. */
        bad = 3;
        ck_assert_int_eq(jobs_run(&jobs, &fault), -ENODATA);
        ck_assert_str_eq(fault.object, "3");
        ck_assert_uint_eq(*done, 23);
        jobs_shared_free((void *) done, sizeof(*done));
}
END_TEST

TEST_MAIN("image: export, check", there_and_back, changes_are_found, repairs, names_and_pruning,
          usage_counts_blocks_once, pieces_side_by_side)
