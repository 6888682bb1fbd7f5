/* Names of images: many spellings, one canonical form. */
#include "basic/macro.h"
#include "basic/strv.h"
#include "image/reference.h"

#include "unit-test.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(spellings) {
        static const struct {
                const char *text, *canonical;
        } cases[] = {
                { "nginx", "nginx:latest" },
                { "nginx:1.2", "nginx:1.2" },
                { "localhost/nginx", "nginx:latest" },
                { "docker.io/library/nginx:latest", "nginx:latest" },
                { "docker.io/nginx", "nginx:latest" },
                { "library/nginx", "nginx:latest" },
                { "docker.io/example/app:2", "example/app:2" },
                { "example/app", "example/app:latest" },
                { "quay.io/x/y:z", "quay.io/x/y:z" },
                { "quay.io/library/y", "quay.io/library/y:latest" },
                { "localhost:5000/x", "localhost:5000/x:latest" },
                { "docker://quay.io/x/y", "quay.io/x/y:latest" },
                { "oci:/srv/images:web", "oci:/srv/images:web" },
                { "oci:1", "oci:1" },
                { "nginx@sha256:" HEX, "nginx@sha256:" HEX },
                { "nginx:1@sha256:" HEX, "nginx@sha256:" HEX },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *canonical = NULL;

                ck_assert_msg(reference_normalize(cases[i].text, &canonical) == 0, "%s", cases[i].text);
                ck_assert_str_eq(canonical, cases[i].canonical);
        }
}
END_TEST

START_TEST(refused) {
        static const char *const texts[] = { "",      "/",       "a//b",   ":tag",         "nginx:",
                                             "Nginx", "a b",     "../a",   "nginx:t/x",    "nginx@sha256:12",
                                             "-a",    "nginx:-", "a/../b", "nginx@md5:12", "n\nx" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                char *canonical = NULL;

                ck_assert_msg(reference_normalize(texts[i], &canonical) == -EINVAL, "%s", texts[i]);
                ck_assert_ptr_null(canonical);
        }
}
END_TEST

START_TEST(full_names) {
        static const struct {
                const char *text, *names; /* with blanks between them */
        } cases[] = {
                { "nginx", "docker.io/library/nginx:latest quay.io/pub/nginx:latest" },
                { "example/app:2", "docker.io/example/app:2 quay.io/pub/example/app:2" },
                { "nginx:1@sha256:" HEX,
                  "docker.io/library/nginx@sha256:" HEX " quay.io/pub/nginx@sha256:" HEX },
                { "docker.io/nginx", "docker.io/library/nginx:latest" },
                { "index.docker.io/library/nginx:1", "docker.io/library/nginx:1" },
                { "docker://localhost:5000/x", "localhost:5000/x:latest" },
                { "registry.example/a/b/c:t", "registry.example/a/b/c:t" },
                { "localhost/built", "" },
                { "sha256:" HEX, "" },
                { "docker-archive:/srv/x.tar", "docker-archive:/srv/x.tar" },
        };
        char *registries[] = { (char *) "docker.io", (char *) "quay.io/pub", NULL };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autostrv char **names = NULL;
                autofree char *joined = NULL;

                ck_assert_int_eq(reference_expand(cases[i].text, registries, &names), 0);
                joined = strv_join(names, " ");
                ck_assert_str_eq(joined, cases[i].names);
        }
}
END_TEST

START_TEST(names_without_registries) {
        autostrv char **names = NULL;

        ck_assert_int_eq(reference_expand("nginx", NULL, &names), 0);
        ck_assert_ptr_null(names);
        ck_assert_int_eq(reference_expand("a//b", NULL, &names), -EINVAL);
        ck_assert_uint_eq(reference_registry("localhost:5000/x:1"), strlen("localhost:5000"));
        ck_assert_uint_eq(reference_registry("library/x"), 0);
}
END_TEST

START_TEST(digests) {
        ck_assert_str_eq(digest_parse("sha256:" HEX), HEX);
        ck_assert_ptr_null(digest_parse("sha512:" HEX));
        ck_assert_ptr_null(digest_parse("sha256:" HEX "0"));
        ck_assert_ptr_null(digest_parse(NULL));
        ck_assert(!digest_is_hex("0123"));
        ck_assert(!digest_is_hex("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"));
}
END_TEST

TEST_MAIN("image: reference", spellings, refused, full_names, names_without_registries, digests)
