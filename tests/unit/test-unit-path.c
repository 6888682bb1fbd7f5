/* The search path on a real directory tree: precedence, masks, templates, drop-ins, links. */
#include "raw-helper.h"
#include "unit-path-fixture.h"

START_TEST(first_directory_wins) {
        Tree t = tree_make();

        put_unit(&t, "etc/a.container");
        put_unit(&t, "lib/a.container");
        put_unit(&t, "run/b.container");
        put_unit(&t, "lib/b.container");
        put_unit(&t, "lib/sub/deep/c.network");
        put_unit(&t, "etc/sub/a.container");
        put(&t, "etc/notes.txt", "x");
        put(&t, "etc/a.container.wants/x.container", "x");
        scan(&t);

        check_load(&t, "a.container", 0, "etc/a.container");
        check_load(&t, "b.container", 0, "run/b.container");
        check_load(&t, "c.network", 0, "lib/sub/deep/c.network");
        check_load(&t, "x.container", -ENOENT, "");
        tree_done(&t);
}
END_TEST

START_TEST(list_is_sorted_and_unique) {
        Tree t = tree_make();
        autostrv char **names = NULL;
        autofree char *joined = NULL;

        put_unit(&t, "etc/b.container");
        put_unit(&t, "lib/b.container");
        put_unit(&t, "lib/a@.container");
        put_link(&t, "etc/c.volume", "/dev/null");
        scan(&t);
        ck_assert_int_eq(unit_path_list(t.path, &names), 0);
        joined = strv_join(names, " ");
        ck_assert_str_eq(joined, "a@.container b.container c.volume");
        tree_done(&t);
}
END_TEST

START_TEST(masks_hide) {
        Tree t = tree_make();
        autofree char *file = NULL;

        put_link(&t, "etc/a.container", "/dev/null");
        put_unit(&t, "lib/a.container");
        put(&t, "run/b.container", "");
        put_unit(&t, "lib/b.container");
        put_unit(&t, "etc/c.container");
        put_link(&t, "lib/c.container", "/dev/null");
        put_link(&t, "etc/d@.container", "/dev/null");
        put_unit(&t, "etc/e@.container");
        put_link(&t, "etc/e@x.container", "/dev/null");
        scan(&t);

        check_load(&t, "a.container", -ERFKILL, "");
        check_load(&t, "b.container", -ERFKILL, "");
        check_load(&t, "c.container", 0, "etc/c.container");
        check_load(&t, "d@1.container", -ERFKILL, "");
        check_load(&t, "e@x.container", -ERFKILL, "");
        check_load(&t, "e@y.container", 0, "etc/e@.container");
        ck_assert_int_eq(unit_path_find(t.path, "a.container", &file), -ERFKILL);
        ck_assert_ptr_nonnull(endswith(file, "/etc/a.container"));
        tree_done(&t);
}
END_TEST

START_TEST(templates_serve_instances) {
        Tree t = tree_make();

        put_unit(&t, "etc/j@.container");
        put_unit(&t, "lib/j@x.container");
        put_link(&t, "etc/j@l.container", "j@.container");
        scan(&t);

        check_load(&t, "j@1.container", 0, "etc/j@.container");
        /* The instance's own file wins wherever it lies. */
        check_load(&t, "j@x.container", 0, "lib/j@x.container");
        check_load(&t, "j@l.container", 0, "etc/j@.container");
        check_load(&t, "k@1.container", -ENOENT, "");
        tree_done(&t);
}
END_TEST

START_TEST(drop_ins_in_their_order) {
        Tree t = tree_make();

        put_unit(&t, "lib/foo-bar.container");
        put_unit(&t, "lib/foo-bar.container.d/50-b.conf");
        put_unit(&t, "run/foo-bar.container.d/60-a.conf");
        put_unit(&t, "etc/foo-.container.d/10-x.conf");
        put_unit(&t, "etc/container.d/55-y.conf");
        put_unit(&t, "etc/container.d/readme.txt");
        put_unit(&t, "etc/network.d/1.conf");
        scan(&t);
        check_load(&t, "foo-bar.container", 0,
                   "lib/foo-bar.container etc/foo-.container.d/10-x.conf lib/foo-bar.container.d/50-b.conf "
                   "etc/container.d/55-y.conf run/foo-bar.container.d/60-a.conf");

        /* Alone, they are no unit. */
        check_load(&t, "foo-zzz.container", -ENOENT, "");
        tree_done(&t);
}
END_TEST

START_TEST(drop_ins_of_one_name) {
        Tree t = tree_make();

        put_unit(&t, "lib/a-b@.container");
        /* The higher directory before the more specific name ... */
        put_unit(&t, "etc/a-b@.container.d/1.conf");
        put_unit(&t, "run/a-b@x.container.d/1.conf");
        /* ... within one directory the more specific name ... */
        put_unit(&t, "etc/a-b@x.container.d/2.conf");
        put_unit(&t, "etc/a-b@.container.d/2.conf");
        put_unit(&t, "etc/a-@x.container.d/2.conf");
        /* ... and last of all what is there for every container. */
        put_unit(&t, "etc/container.d/3.conf");
        put_unit(&t, "lib/a-@.container.d/3.conf");
        /* A masked one hides the others. */
        put_link(&t, "etc/a-b@x.container.d/4.conf", "/dev/null");
        put_unit(&t, "lib/a-b@x.container.d/4.conf");
        scan(&t);
        check_load(&t, "a-b@x.container", 0,
                   "lib/a-b@.container etc/a-b@.container.d/1.conf etc/a-b@x.container.d/2.conf "
                   "lib/a-@.container.d/3.conf");
        tree_done(&t);
}
END_TEST

START_TEST(drop_ins_by_every_dash) {
        Tree t = tree_make();

        put_unit(&t, "lib/a-b@.container");
        put_unit(&t, "lib/a--b.container");
        put_unit(&t, "lib/-a.container");
        /* Of a template's names the dash cuts off the "@", too, and such a directory counts before "a-@x". */
        put_unit(&t, "etc/a-.container.d/1.conf");
        put_unit(&t, "etc/a-@.container.d/1.conf");
        put_unit(&t, "etc/a-@x.container.d/1.conf");
        put_unit(&t, "etc/a-@x.container.d/2.conf");
        put_unit(&t, "etc/a-@.container.d/2.conf");
        put_unit(&t, "etc/a--.container.d/3.conf");
        put_unit(&t, "etc/-.container.d/4.conf");
        scan(&t);

        check_load(&t, "a-b@x.container", 0,
                   "lib/a-b@.container etc/a-.container.d/1.conf etc/a-@x.container.d/2.conf");
        check_load(&t, "a--b.container", 0,
                   "lib/a--b.container etc/a-.container.d/1.conf etc/a--.container.d/3.conf");
        /* A dash of its own is no prefix. */
        check_load(&t, "-a.container", 0, "lib/-a.container");
        tree_done(&t);
}
END_TEST

START_TEST(drop_ins_that_are_none) {
        Tree t = tree_make();
        autoptr(Diag) diag = diag_new();
        autoptr(RawUnit) u = NULL;
        autofree char *said = NULL;

        put_unit(&t, "lib/a.container");
        put_unit(&t, "lib/a.container.d/1.conf");
        put(&t, "etc/a.container.d/1.conf", "");
        put_link(&t, "lib/a.container.d/2.conf", "/nonexistent");
        put_unit(&t, "lib/a.container.d/3.conf~");
        put_unit(&t, "lib/a.container.d/.4.conf");
        put_unit(&t, "lib/a.container.d/5.conf/x.conf");
        put_link(&t, "lib/a.container.d/6.conf", "../six.txt");
        put_unit(&t, "lib/six.txt");
        put_link(&t, "run/a.container.d", "more");
        put_unit(&t, "run/more/7.conf");
        scan(&t);

        check_load(&t, "a.container", 0, "lib/a.container lib/six.txt run/more/7.conf");
        ck_assert_int_eq(unit_path_load(t.path, "a.container", diag, &u), 0);
        said = without_root(&t, diag);
        ck_assert_str_eq(said, "lib/a.container.d/2.conf: warning: The link leads nowhere; ignoring it\n");
        tree_done(&t);
}
END_TEST

START_TEST(dependencies_by_directories) {
        Tree t = tree_make();
        autoptr(Diag) diag = diag_new();
        autoptr(RawUnit) u = NULL;
        autofree char *said = NULL, *text = NULL;

        put(&t, "lib/r@.container", "[Container]\nImage=x\n");
        put_link(&t, "etc/r@.container.wants/b.container", "../b.container");
        put_link(&t, "lib/r@.container.wants/b.container", "/dev/null");
        put_link(&t, "run/r@x.container.requires/c@.container", "/nowhere/c@.container");
        put(&t, "lib/r@.container.wants/empty.container", "");
        put(&t, "lib/r@.container.wants/plain.container", "x");
        put_link(&t, "lib/r@.container.wants/bad name.container", "x");
        put_link(&t, "lib/r@.container.wants/no-suffix", "x");
        put_link(&t, "lib/r@.container.wants/masked.container", "/dev/null");
        put_link(&t, "lib/r@.container.upholds/u.service", "x");
        put_link(&t, "lib/container.wants/all.target", "x");
        scan(&t);

        ck_assert_int_eq(unit_path_load(t.path, "r@x.container", diag, &u), 0);
        text = raw_unit_to_text(u);
        ck_assert_str_eq(text, "[Container]\nImage=x\n[Unit]\nWants=all.target\nWants=b.container\n"
                               "Requires=c@x.container\nUpholds=u.service\n");
        ck_assert_ptr_nonnull(endswith(nth_value(u, 3).file, "/run/r@x.container.requires/c@.container"));
        said = without_root(&t, diag);
        ck_assert_str_eq(
                said,
                "lib/r@.container.wants/bad name.container: warning: Not the name of a unit; ignoring it\n"
                "lib/r@.container.wants/no-suffix: warning: Not the name of a unit; ignoring it\n"
                "lib/r@.container.wants/plain.container: warning: Not a link; ignoring it\n");

        ck_assert(!unit_path_needs_reload(t.path, u));
        ck_assert_int_eq(unlinkat(t.fd, "run/r@x.container.requires/c@.container", 0), 0);
        ck_assert(unit_path_is_stale(t.path));
        scan(&t);
        ck_assert(unit_path_needs_reload(t.path, u));
        tree_done(&t);
}
END_TEST

START_TEST(mistakes_keep_what_was_readable) {
        Tree t = tree_make();
        autoptr(Diag) diag = diag_new();
        autoptr(RawUnit) u = NULL;

        put(&t, "etc/a.container", "[Unit]\nDescription=x\nfoo\n");
        put(&t, "etc/a.container.d/1.conf", "bar\n[Unit]\nDescription=y\n");
        scan(&t);
        ck_assert_int_eq(unit_path_load(t.path, "a.container", diag, &u), -EINVAL);
        ck_assert_uint_eq(count_values(u), 2);
        ck_assert_uint_eq(diag_count_errors(diag), 2);
        ck_assert_ptr_nonnull(endswith(diag_get(diag, 1)->file, "1.conf"));
        tree_done(&t);
}
END_TEST

START_TEST(what_is_no_file) {
        Tree t = tree_make();
        autoptr(Diag) diag = diag_new();
        RawUnit *u = NULL;

        put_unit(&t, "etc/b.container");
        ck_assert_int_eq(mkfifoat(t.fd, "etc/a.container", 0600), 0);
        ck_assert_int_eq(dir_make(t.fd, "etc/b.container.d", 0755), 0);
        ck_assert_int_eq(mkfifoat(t.fd, "etc/b.container.d/1.conf", 0600), 0);
        scan(&t);
        ck_assert_int_eq(unit_path_load(t.path, "a.container", diag, &u), -EBADFD);
        ck_assert_int_eq(unit_path_load(t.path, "b.container", diag, &u), -EBADFD);
        ck_assert_ptr_null(u);
        tree_done(&t);
}
END_TEST

START_TEST(changes_are_noticed) {
        Tree t = tree_make();
        autoptr(RawUnit) u = NULL;

        put_unit(&t, "etc/a.container");
        put_unit(&t, "etc/a.container.d/1.conf");
        scan(&t);
        ck_assert_int_eq(unit_path_load(t.path, "a.container", NULL, &u), 0);
        ck_assert(!unit_path_is_stale(t.path));
        ck_assert(!unit_path_needs_reload(t.path, u));

        /* The text of a drop-in: the directory changes with it, as the file is replaced. */
        put(&t, "etc/a.container.d/1.conf", "[Unit]\nDescription=a longer text than before\n");
        ck_assert(unit_path_needs_reload(t.path, u));
        raw_unit_free(take_ptr(u));
        scan(&t);
        ck_assert_int_eq(unit_path_load(t.path, "a.container", NULL, &u), 0);
        ck_assert(!unit_path_needs_reload(t.path, u));

        /* A higher directory that was not there. */
        put_unit(&t, "run/a.container.d/0.conf");
        ck_assert(unit_path_is_stale(t.path));
        scan(&t);
        ck_assert(unit_path_needs_reload(t.path, u));
        ck_assert_int_eq(tree_remove(t.fd, "run"), 0);
        scan(&t);
        ck_assert(!unit_path_needs_reload(t.path, u));

        ck_assert_int_eq(unlinkat(t.fd, "etc/a.container", 0), 0);
        scan(&t);
        ck_assert(unit_path_needs_reload(t.path, u));
        tree_done(&t);
}
END_TEST

/* Other words of the same length, in place, with the time of the last ones; the kernel's own time moves on.
 */
static void change_secretly(Tree *t, const char *path, const char *text) {
        autoclose int fd = openat(t->fd, path, O_WRONLY | O_CLOEXEC);
        struct stat before, now;

        ck_assert_int_eq(fstat(fd, &before), 0);
        ck_assert_int_eq(before.st_size, (off_t) strlen(text));
        do {
                const struct timespec times[] = { before.st_atim, before.st_mtim };

                ck_assert_int_eq(pwrite(fd, text, strlen(text), 0), (ssize_t) strlen(text));
                ck_assert_int_eq(futimens(fd, times), 0);
                ck_assert_int_eq(fstat(fd, &now), 0);
        } while (now.st_ctim.tv_sec == before.st_ctim.tv_sec &&
                 now.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

START_TEST(what_is_current_need_not_be_read) {
        const uint64_t second = UINT64_C(1000000000);
        Tree t = tree_make();
        autoptr(RawUnit) u = NULL;

        put_unit(&t, "etc/a.container");
        put(&t, "etc/a.container.d/1.conf", "[Unit]\nDescription=x\n");
        scan(&t);
        ck_assert_int_eq(unit_path_load(t.path, "a.container", NULL, &u), 0);
        /* The next change may have the same time. */
        u->read_at = u->stamps[1].ctime + second / 20;
        ck_assert(!unit_path_is_current(t.path, u));
        u->read_at += 10 * second;
        ck_assert(unit_path_is_current(t.path, u));

        change_secretly(&t, "etc/a.container.d/1.conf", "[Unit]\nDescription=y\n");
        ck_assert(!unit_path_needs_reload(t.path, u));
        ck_assert(!unit_path_is_current(t.path, u));
        raw_unit_free(take_ptr(u));

        ck_assert_int_eq(unit_path_load(t.path, "a.container", NULL, &u), 0);
        u->read_at += 10 * second;
        ck_assert(unit_path_is_current(t.path, u));
        put_unit(&t, "etc/a.container.d/2.conf");
        scan(&t);
        ck_assert(!unit_path_is_current(t.path, u));
        tree_done(&t);
}
END_TEST

START_TEST(directories_come_from_the_environment) {
        autostrv char **set = NULL, **usual = NULL;

        ck_assert_int_eq(setenv("NSUNITS_UNIT_PATH", "/a:/b", 1), 0);
        ck_assert_int_eq(unit_path_dirs(&set), 0);
        ck_assert_uint_eq(strv_length(set), 2);
        ck_assert_str_eq(set[1], "/b");
        ck_assert_int_eq(unsetenv("NSUNITS_UNIT_PATH"), 0);
        ck_assert_int_eq(unit_path_dirs(&usual), 0);
        ck_assert_str_eq(usual[0], "/etc/nsunits");
}
END_TEST

TEST_MAIN("unit-path", first_directory_wins, list_is_sorted_and_unique, masks_hide, templates_serve_instances,
          drop_ins_in_their_order, drop_ins_of_one_name, drop_ins_by_every_dash, drop_ins_that_are_none,
          dependencies_by_directories, mistakes_keep_what_was_readable, what_is_no_file, changes_are_noticed,
          what_is_current_need_not_be_read, directories_come_from_the_environment)
