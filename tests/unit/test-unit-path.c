/* The search path on a real directory tree: precedence, masks, templates, drop-ins, links. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "config/unit-path.h"
#include "unit-test.h"

/* A fresh tree with the directories etc, run and lib. */
typedef struct Tree {
        char root[32];
        char **dirs;
        int fd;
        UnitPath *path;
} Tree;

static Tree tree_make(void) {
        Tree t = { .root = "/tmp/test-unit-path-XXXXXX" };

        ck_assert_ptr_nonnull(mkdtemp(t.root));
        t.fd = open(t.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(t.fd, 0);
        ck_assert_int_eq(strv_addf(&t.dirs, "%s/etc", t.root), 0);
        ck_assert_int_eq(strv_addf(&t.dirs, "%s/run/", t.root), 0);
        ck_assert_int_eq(strv_addf(&t.dirs, "%s/lib", t.root), 0);
        return t;
}

static void tree_done(Tree *t) {
        unit_path_free(t->path);
        strv_free(t->dirs);
        ck_assert_int_eq(tree_remove(AT_FDCWD, t->root), 0);
        close(t->fd);
}

/* A unit that says only which file it is. */
static void put(Tree *t, const char *name, const char *text) {
        autofree char *dir = strndup(name, (size_t) (strrchr(name, '/') - name));

        ck_assert_int_eq(dir_make(t->fd, dir, 0755), 0);
        ck_assert_int_eq(file_replace(t->fd, name, text, strlen(text), 0644, false), 0);
}

static void put_unit(Tree *t, const char *name) {
        autofree char *text = NULL;

        ck_assert_int_gt(asprintf(&text, "[Unit]\nDescription=%s\n", name), 0);
        put(t, name, text);
}

static void put_link(Tree *t, const char *name, const char *target) {
        autofree char *dir = strndup(name, (size_t) (strrchr(name, '/') - name));

        ck_assert_int_eq(dir_make(t->fd, dir, 0755), 0);
        ck_assert_int_eq(symlinkat(target, t->fd, name), 0);
}

static void scan(Tree *t) {
        unit_path_free(take_ptr(t->path));
        ck_assert_int_eq(unit_path_new(t->dirs, &t->path), 0);
}

/* The descriptions of all files of a unit in their order, or the error. */
static void check_load(Tree *t, const char *name, int expected_r, const char *expected) {
        autoptr(RawUnit) u = NULL;
        autofree char *out = strdup("");

        ck_assert_int_eq(unit_path_load(t->path, name, NULL, &u), expected_r);
        for (size_t i = 0; u && i < u->n_values; i++) {
                char *longer = NULL;

                ck_assert_int_ge(asprintf(&longer, "%s%s%s", out, i > 0 ? " " : "", u->values[i].value), 0);
                free(out);
                out = longer;
        }
        ck_assert_str_eq(out, expected);
        if (u)
                ck_assert_str_eq(u->name, name);
}

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

START_TEST(links_between_units) {
        Tree t = tree_make();

        put_unit(&t, "lib/real.container");
        put_link(&t, "etc/alias.container", "../lib/real.container");
        put_link(&t, "etc/second.container", "alias.container");
        put_link(&t, "etc/loop1.container", "loop2.container");
        put_link(&t, "etc/loop2.container", "loop1.container");
        put_unit(&t, "etc/x.network");
        put_link(&t, "etc/other.container", "x.network");
        put_unit(&t, "opt/o.container");
        put_link(&t, "etc/o.container", "../opt/o.container");
        put_link(&t, "etc/broken.container", "/nonexistent/broken.container");
        scan(&t);

        check_load(&t, "loop1.container", -ENOENT, "");
        check_load(&t, "other.container", -ENOENT, "");
        check_load(&t, "broken.container", -ENOENT, "");
        check_load(&t, "second.container", 0, "lib/real.container");
        tree_done(&t);
}
END_TEST

START_TEST(fragment_path_of_links) {
        Tree t = tree_make();
        autofree char *inside = NULL, *outside = NULL;

        put_unit(&t, "opt/o.container");
        put_link(&t, "etc/o.container", "../opt/o.container");
        put_unit(&t, "etc/real.container");
        put_link(&t, "etc/alias.container", "real.container");
        scan(&t);

        /* Out of the search path the link is the unit file, inside its target is. */
        ck_assert_int_eq(unit_path_find(t.path, "o.container", &outside), 0);
        ck_assert_ptr_nonnull(endswith(outside, "/etc/o.container"));
        ck_assert_int_eq(unit_path_find(t.path, "alias.container", &inside), 0);
        ck_assert_ptr_nonnull(endswith(inside, "/etc/real.container"));
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
        ck_assert_uint_eq(u->n_values, 2);
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
          drop_ins_in_their_order, drop_ins_of_one_name, links_between_units, fragment_path_of_links,
          mistakes_keep_what_was_readable, what_is_no_file, changes_are_noticed,
          directories_come_from_the_environment)
