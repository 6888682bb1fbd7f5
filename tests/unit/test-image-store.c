/* The store: names, ids, removal, collection, and two views of one store. */
#include "basic/strv.h"
#include "image/json.h"

#include "image-fixture.h"

/* A root of one file; the same content gives the same image. Returns its id. */
static void add(ImageStore *store, const char *name, const char *content, char id[65]) {
        ImportReport report;
        Tar t = {};

        tar_file(&t, "file", content);
        ck_assert_int_eq(import_tar(store, name, &t, &report), 0);
        (void) strcpy(id, report.id);
        free(report.name);
}

static int resolve(ImageStore *store, const char *reference, char id[65]) {
        Image *image;
        int r = image_store_resolve(store, reference, &image, NULL);

        if (r == 0) {
                (void) strcpy(id, image->id);
                image_unref(image);
        }
        return r;
}

static void assert_is(ImageStore *store, const char *reference, const char *id) {
        char found[65];

        ck_assert_msg(resolve(store, reference, found) == 0, "%s", reference);
        ck_assert_str_eq(found, id);
}

START_TEST(references) {
        ImageStore *store = fixture_store();
        char a[65], b[65], text[128], found[65];

        add(store, "web:1", "a", a);
        add(store, "docker.io/library/db", "b", b);
        assert_is(store, "web:1", a);
        assert_is(store, "localhost/web:1", a);
        assert_is(store, "db:latest", b);
        assert_is(store, a, a);
        (void) snprintf(text, sizeof(text), "sha256:%s", a);
        assert_is(store, text, a);
        (void) snprintf(text, sizeof(text), "%.12s", b);
        assert_is(store, text, b);
        (void) snprintf(text, sizeof(text), "db@sha256:%s", b);
        assert_is(store, text, b);

        (void) snprintf(text, sizeof(text), "db@sha256:%s", a);
        ck_assert_int_eq(resolve(store, text, found), -ENOENT);
        ck_assert_int_eq(resolve(store, "web", found), -ENOENT);
        ck_assert_int_eq(resolve(store, "Not A Name", found), -EINVAL);
        fixture_end(store);
}
END_TEST

START_TEST(names_move) {
        ImageStore *store = fixture_store(), *other = NULL;
        char a[65], b[65];
        Image *const *images;
        size_t n;

        add(store, "web", "a", a);
        ck_assert_int_eq(image_store_open(fixture_path, &other, NULL), 0);
        assert_is(other, "web", a);
        add(store, "web", "b", b);
        add(store, "too", "b", b);
        /* The other one sees it. */
        assert_is(other, "web", b);

        ck_assert_int_eq(image_store_list(other, &images, &n), 0);
        ck_assert_uint_eq(n, 2);
        ck_assert_str_eq(images[0]->id, b);
        ck_assert_str_eq(images[0]->names[0], "too:latest");
        ck_assert_str_eq(images[0]->names[1], "web:latest");
        ck_assert_ptr_null(images[1]->names);
        assert_is(other, a, a);
        image_store_free(other);
        fixture_end(store);
}
END_TEST

START_TEST(removal) {
        ImageStore *store = fixture_store();
        char a[65], b[65], found[65];
        char *in_use[] = { a, NULL };
        Image *held;

        add(store, "web", "a", a);
        add(store, "alias", "a", a);
        add(store, "db", "b", b);
        ck_assert_int_eq(image_store_resolve(store, "web", &held, NULL), 0);

        /* A name may go from an image in use, the last one not. */
        ck_assert_int_eq(image_store_remove(store, "alias", in_use, NULL), 0);
        ck_assert_int_eq(image_store_remove(store, "web", in_use, NULL), -EBUSY);
        ck_assert_int_eq(image_store_remove(store, a, in_use, NULL), -EBUSY);
        assert_is(store, "web", a);
        ck_assert_int_eq(resolve(store, "alias", found), -ENOENT);
        ck_assert_int_eq(image_store_remove(store, "alias", NULL, NULL), -ENOENT);

        ck_assert_int_eq(image_store_remove(store, a, NULL, NULL), 0);
        ck_assert_int_eq(resolve(store, "web", found), -ENOENT);
        /* Files go later; who holds the image reads on. */
        ck_assert_uint_eq(count_entries("layers"), 2);
        ck_assert_uint_eq(strv_length(held->names), 2);
        image_unref(held);
        ck_assert_int_eq(image_store_collect(store, NULL), 0);
        ck_assert_uint_eq(count_entries("layers"), 1);
        ck_assert_uint_eq(count_entries("images/blobs/sha256"), 1);
        assert_is(store, "db", b);
        (void) close(top_layer(store, "db"));
        fixture_end(store);
}
END_TEST

START_TEST(collection) {
        ImageStore *store = fixture_store();
        char a[65], path[128];

        add(store, "web", "a", a);
        (void) snprintf(path, sizeof(path), "%s/layers/draft-0/fs/deep/er", fixture_path);
        ck_assert_int_eq(dir_make(AT_FDCWD, path, 0755), 0);
        (void) snprintf(path, sizeof(path), "%s/images/index.json", fixture_path);

        /* Not with an index that cannot be read: everything would look like rubbish. */
        ck_assert_int_eq(file_replace(AT_FDCWD, path, "{", 1, 0600, false), 0);
        ck_assert_int_eq(image_store_collect(store, NULL), -EBADMSG);
        ck_assert_uint_eq(count_entries("layers"), 2);
        fixture_end(store);
}
END_TEST

START_TEST(told_as_json) {
        ImageStore *store = fixture_store();
        autojson json_t *list = NULL, *one = NULL;
        autofree char *text = NULL, *whole = NULL;
        char a[65];
        const json_t *j;

        add(store, "web", "abc", a);
        ck_assert_int_eq(image_store_list_json(store, &text), 0);
        ck_assert_int_eq(json_parse_text(text, strlen(text), "list", &list, NULL), 0);
        j = json_array_get(list, 0);
        ck_assert_str_eq(json_string_value(json_object_get(j, "id")), a);
        ck_assert_str_eq(json_string_value(json_array_get(json_object_get(j, "names"), 0)), "web:latest");
        ck_assert_int_eq(json_integer_value(json_object_get(j, "size_bytes")), 3);

        ck_assert_int_eq(image_store_inspect(store, "web", &whole, NULL), 0);
        ck_assert_int_eq(json_parse_object(whole, strlen(whole), "image", &one, NULL), 0);
        ck_assert(json_is_object(json_object_get(one, "configuration")));
        j = json_array_get(json_object_get(one, "layers"), 0);
        ck_assert_int_eq(json_integer_value(json_object_get(j, "size")), 3);
        ck_assert(json_is_true(json_object_get(j, "present")));
        ck_assert_int_eq(image_store_inspect(store, "none", &whole, NULL), -ENOENT);
        fixture_end(store);
}
END_TEST

TEST_MAIN("image: store", references, names_move, removal, collection, told_as_json)
