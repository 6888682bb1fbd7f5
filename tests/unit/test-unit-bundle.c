/* Several units in one file: their names, their places, and what hides what. */
#include "config/unit-bundle.h"
#include "raw-helper.h"
#include "unit-path-fixture.h"

/* Parts as "name@line:text|", then messages. */
static void check_split(const char *text, const char *expected) {
        autoptr(Diag) diag = diag_new();
        autofree char *out = NULL, *messages = NULL;
        BundlePart *parts;
        size_t size;
        FILE *f = open_memstream(&out, &size);
        int n;

        n = bundle_split("f", text, strlen(text), diag, &parts);
        ck_assert_int_ge(n, 0);
        for (int i = 0; i < n; i++)
                fprintf(f, "%s@%u:%.*s|", parts[i].name, parts[i].line, (int) parts[i].size, parts[i].text);
        messages = diag_to_string(diag);
        fputs(messages, f);
        fclose(f);
        bundle_free(parts, (size_t) n);
        ck_assert_str_eq(out, expected);
}

START_TEST(parts_have_names_and_lines) {
        check_split("# FileName=web\n[Container]\nImage=x\n---\n# FileName=back\n[Network]\n",
                    "web.container@1:# FileName=web\n[Container]\nImage=x\n|back.network@5:# "
                    "FileName=back\n[Network]\n|");
        /* The name may stand anywhere, the first one counts, and blanks do not. */
        check_split("[Unit]\n[Volume]\n #  FileName= a@.b \n# FileName=c\n",
                    "a@.b.volume@1:[Unit]\n[Volume]\n #  FileName= a@.b \n# FileName=c\n|");
        /* One part alone needs no separator, empty ones are none, blanks around it are fine. */
        check_split("\n---\n  ---\t\n\n---\n\n#FileName=a\n[Pod]", "a.pod@6:\n#FileName=a\n[Pod]|");
        check_split(
                "\xef\xbb\xbf# FileName=a\r\n[Image]\r\n---\r\n# FileName=b\r\n[Build]\r\n",
                "a.image@1:\xef\xbb\xbf# FileName=a\r\n[Image]\r\n|b.build@4:# FileName=b\r\n[Build]\r\n|");
        /* No separator: a longer line, a comment, a value. */
        check_split("# FileName=a\n[Kube]\nX=---\n# ---\n----\n",
                    "a.kube@1:# FileName=a\n[Kube]\nX=---\n# ---\n----\n|");
}
END_TEST

START_TEST(mistakes_of_bundles) {
        check_split("[Container]\n", "f:1:1: error: This part of the bundle has no name (a line \"# "
                                     "FileName=NAME\" gives it one)\n");
        check_split("# FileName=\n[Container]\n", "f:1:12: error: This part of the bundle has no name (a "
                                                  "line \"# FileName=NAME\" gives it one)\n");
        check_split("; FileName=a\n[Container]\n", "f:1:1: error: This part of the bundle has no name (a "
                                                   "line \"# FileName=NAME\" gives it one)\n");
        check_split("\n  # FileName=a\n[Unit]\n",
                    "f:2:3: error: This part of the bundle has no section that tells its kind (like "
                    "[Container], [Network] or [Volume])\n");
        check_split("# FileName=a b\n[Container]\n",
                    "f:1:12: error: \"a b.container\" is not the name of a unit\n");
        check_split("# FileName=../a\n[Container]\n",
                    "f:1:12: error: \"../a.container\" is not the name of a unit\n");
        check_split("# FileName=a\n[Volume]\n---\n# FileName=a\n[Volume]\n---\n# FileName=a\n[Network]\n",
                    "a.volume@1:# FileName=a\n[Volume]\n|a.network@7:# FileName=a\n[Network]\n|"
                    "f:4:12: error: a.volume is in this bundle already, from line 1 on\n");
        check_split("\n \n---\n", "f: error: There is no unit in this bundle\n");
}
END_TEST

static const char bundle[] = "# FileName=a\n[Unit]\nDescription=a of the bundle\n[Container]\n---\n"
                             "# FileName=b@\n[Unit]\nDescription=b of the bundle\nnonsense\n[Container]\n";

START_TEST(units_of_bundles_load) {
        Tree t = tree_make();
        autoptr(Diag) diag = diag_new();
        autostrv char **names = NULL;
        autoptr(RawUnit) u = NULL;
        autofree char *joined = NULL, *said = NULL, *path = NULL, *text = NULL;
        size_t size;
        RawValue v;

        put(&t, "lib/app.quadlets", bundle);
        put_unit(&t, "etc/a.container.d/1.conf");
        put_link(&t, "etc/c.container", "a.container");
        put_link(&t, "etc/b@pre.container", "b@.container");
        scan(&t);

        ck_assert_int_eq(unit_path_list(t.path, &names), 0);
        joined = strv_join(names, " ");
        ck_assert_str_eq(joined, "a.container b@.container b@pre.container c.container");
        check_load(&t, "a.container", 0, "a of the bundle etc/a.container.d/1.conf");
        check_load(&t, "c.container", 0, "a of the bundle etc/a.container.d/1.conf");
        check_load(&t, "b@pre.container", -EINVAL, "b of the bundle");

        ck_assert_int_eq(unit_path_load(t.path, "b@1.container", diag, &u), -EINVAL);
        said = without_root(&t, diag);
        ck_assert_str_eq(
                said,
                "lib/app.quadlets:9:1: error: Neither \"Key=Value\" nor a section header nor a comment\n");
        v = nth_value(u, 0);
        ck_assert_uint_eq(raw_value_at(&v).line, 8);
        ck_assert_int_eq(unit_path_find(t.path, "b@1.container", &path), 0);
        ck_assert_ptr_nonnull(endswith(path, "/lib/app.quadlets"));
        ck_assert_int_eq(unit_path_read_fragment(t.path, "a.container", &text, &size), 0);
        ck_assert_str_eq(text, "# FileName=a\n[Unit]\nDescription=a of the bundle\n[Container]\n");
        ck_assert_uint_eq(size, strlen(text));
        ck_assert_uint_eq(diag_count(unit_path_diag(t.path)), 0);
        tree_done(&t);
}
END_TEST

START_TEST(units_of_bundles_are_hidden_as_files_are) {
        Tree t = tree_make();

        put(&t, "run/app.quadlets", bundle);
        put_unit(&t, "lib/a.container");
        scan(&t);
        check_load(&t, "a.container", 0, "a of the bundle");
        put_unit(&t, "etc/a.container");
        scan(&t);
        check_load(&t, "a.container", 0, "etc/a.container");
        ck_assert_int_eq(unlinkat(t.fd, "etc/a.container", 0), 0);
        put_link(&t, "etc/a.container", "/dev/null");
        scan(&t);
        check_load(&t, "a.container", -ERFKILL, "");
        tree_done(&t);
}
END_TEST

START_TEST(bundles_hide_bundles) {
        Tree t = tree_make();

        put(&t, "lib/app.quadlets", bundle);
        put(&t, "lib/sub/app.quadlets", "# FileName=s\n[Unit]\nDescription=s\n[Volume]\n");
        put(&t, "etc/app.quadlets", "# FileName=c\n[Unit]\nDescription=c\n[Container]\n");
        scan(&t);
        check_load(&t, "a.container", -ENOENT, "");
        check_load(&t, "c.container", 0, "c");
        check_load(&t, "s.volume", 0, "s");

        put_link(&t, "etc/sub/app.quadlets", "/dev/null");
        put(&t, "etc/app.quadlets", "");
        scan(&t);
        check_load(&t, "c.container", -ENOENT, "");
        check_load(&t, "s.volume", -ENOENT, "");
        ck_assert_uint_eq(diag_count(unit_path_diag(t.path)), 0);
        tree_done(&t);
}
END_TEST

START_TEST(a_name_twice_in_a_directory) {
        Tree t = tree_make();
        autofree char *said = NULL;

        put(&t, "etc/app.quadlets", bundle);
        put(&t, "etc/zap.quadlets", "# FileName=b@\n[Unit]\nDescription=no\n[Container]\n");
        put_unit(&t, "etc/a.container");
        put(&t, "etc/fifo.quadlets/x", "a directory is searched like any other");
        scan(&t);

        check_load(&t, "a.container", 0, "etc/a.container");
        check_load(&t, "b@1.container", -EINVAL, "b of the bundle");
        said = without_root(&t, unit_path_diag(t.path));
        ck_assert_str_eq(said, "etc/app.quadlets:1: error: a.container is in etc/a.container already\n"
                               "etc/zap.quadlets:1: error: b@.container is in etc/app.quadlets already\n");
        tree_done(&t);
}
END_TEST

START_TEST(changes_of_bundles_are_noticed) {
        Tree t = tree_make();
        autoptr(RawUnit) u = NULL;
        int fd;

        put(&t, "etc/app.quadlets", bundle);
        scan(&t);
        ck_assert_int_eq(unit_path_load(t.path, "a.container", NULL, &u), 0);
        ck_assert(!unit_path_is_stale(t.path));
        ck_assert(!unit_path_needs_reload(t.path, u));
        ck_assert(!unit_path_is_current(t.path, u));

        /* In place, so that the directory stays as it is. */
        fd = openat(t.fd, "etc/app.quadlets", O_WRONLY | O_APPEND | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, "---\n", 4), 4);
        close(fd);
        ck_assert(unit_path_is_stale(t.path));
        ck_assert(unit_path_needs_reload(t.path, u));
        tree_done(&t);
}
END_TEST

TEST_MAIN("unit-bundle", parts_have_names_and_lines, mistakes_of_bundles, units_of_bundles_load,
          units_of_bundles_are_hidden_as_files_are, bundles_hide_bundles, a_name_twice_in_a_directory,
          changes_of_bundles_are_noticed)
