/* ctl: what an edit is about, what is left of a draft, masks and the way back; in directories of our own. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/bus-names.h"
#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/edit.h"
#include "unit-test.h"

/* Two directories: what counts first, and what it may hide. Neither lies below /usr. */
typedef struct Dirs {
        char base[64], upper[80], lower[80];
        char *both[3];
} Dirs;

static void put(const char *dir, const char *name, const char *text) {
        char path[512];

        (void) snprintf(path, sizeof(path), "%s/%s", dir, name);
        ck_assert_int_eq(file_replace(AT_FDCWD, path, text, strlen(text), 0644, false), 0);
}

static void dirs_make(Dirs *d) {
        char drop_ins[128];

        strcpy(d->base, "/tmp/test-edit.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(d->base));
        (void) snprintf(d->upper, sizeof(d->upper), "%s/upper", d->base);
        (void) snprintf(d->lower, sizeof(d->lower), "%s/lower", d->base);
        (void) snprintf(drop_ins, sizeof(drop_ins), "%s/web.container.d", d->upper);
        ck_assert_int_eq(mkdir(d->upper, 0755), 0);
        ck_assert_int_eq(mkdir(d->lower, 0755), 0);
        ck_assert_int_eq(mkdir(drop_ins, 0755), 0);
        d->both[0] = d->upper;
        d->both[1] = d->lower;
        d->both[2] = NULL;
        put(d->lower, "web.container", "[Container]\nImage=x\n");
        put(drop_ins, "10-a.conf", "[Service]\nRestart=always\n");
}

static void dirs_remove(Dirs *d) {
        ck_assert_int_eq(tree_remove(AT_FDCWD, d->base), 0);
}

static int find(const Dirs *d, const char *name, bool full, const char *drop_in, EditTarget *ret) {
        autoptr(UnitPath) path = NULL;

        ck_assert_int_eq(unit_files_open(d->both, &path), 0);
        return edit_target_find(path, d->both, name, full, drop_in, ret);
}

/* @path without the directory of the test. */
static const char *short_path(const Dirs *d, const char *path) {
        return startswith(path, d->base) ? path + strlen(d->base) : path;
}

START_TEST(targets) {
        const struct {
                const char *name;
                bool full;
                const char *drop_in;
                const char *path, *check, *text;
        } table[] = {
                { "web.container", false, NULL, "/upper/web.container.d/override.conf",
                  "web.container.d/override.conf", "" },
                { "web.container", false, "10-a", "/upper/web.container.d/10-a.conf",
                  "web.container.d/10-a.conf", "[Service]\nRestart=always\n" },
                { "web.container", false, "10-a.conf", "/upper/web.container.d/10-a.conf",
                  "web.container.d/10-a.conf", "[Service]\nRestart=always\n" },
                { "web.container", true, NULL, "/lower/web.container", "web.container",
                  "[Container]\nImage=x\n" },
                { "new.container", true, NULL, "/upper/new.container", "new.container", "" },
        };
        Dirs d;

        dirs_make(&d);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                autotarget EditTarget t = {};

                ck_assert_int_eq(find(&d, table[i].name, table[i].full, table[i].drop_in, &t), 0);
                ck_assert_str_eq(short_path(&d, t.path), table[i].path);
                ck_assert_str_eq(t.check, table[i].check);
                ck_assert_str_eq(t.text, table[i].text);
        }
        dirs_remove(&d);
}
END_TEST

START_TEST(targets_of_aliases_and_bundles) {
        autotarget EditTarget alias = {}, part = {};
        EditTarget none = {};
        char link[128];
        Dirs d;

        dirs_make(&d);
        (void) snprintf(link, sizeof(link), "%s/www.container", d.upper);
        ck_assert_int_eq(symlink("web.container", link), 0);
        put(d.upper, "app.quadlets", "# FileName=one\n[Volume]\n---\n# FileName=two\n[Volume]\n");

        ck_assert_int_eq(find(&d, "www.container", false, NULL, &alias), 0);
        ck_assert_str_eq(short_path(&d, alias.path), "/upper/web.container.d/override.conf");
        ck_assert_int_eq(find(&d, "two.volume", false, NULL, &part), 0);
        ck_assert_str_eq(short_path(&d, part.path), "/upper/two.volume.d/override.conf");
        ck_assert_ptr_nonnull(strstr(part.context, "/upper/app.quadlets\n# # FileName=two\n# [Volume]\n"));
        ck_assert_ptr_null(strstr(part.context, "one"));
        ck_assert_int_eq(find(&d, "two.volume", true, NULL, &none), -EXDEV);
        dirs_remove(&d);
}
END_TEST

START_TEST(no_targets) {
        EditTarget t = {};
        Dirs d;

        dirs_make(&d);
        ck_assert_int_eq(find(&d, "nope.container", false, NULL, &t), -ENOENT);
        ck_assert_int_eq(find(&d, "web.container", false, "../x", &t), -EINVAL);
        ck_assert_int_eq(find(&d, "web.container", false, "", &t), -EINVAL);
        put(d.upper, "web.container", "");
        ck_assert_int_eq(find(&d, "web.container", false, NULL, &t), -ERFKILL);
        ck_assert_ptr_null(t.path);
        dirs_remove(&d);
}
END_TEST

START_TEST(drafts) {
        autotarget EditTarget t = {};
        autofree char *draft = NULL, *wanted = NULL, *result = NULL;
        Dirs d;

        dirs_make(&d);
        ck_assert_int_eq(find(&d, "web.container", false, NULL, &t), 0);
        draft = edit_draft(&t);
        ck_assert_int_gt(asprintf(&wanted,
                                  "\n\n### What is below this line is not kept.\n"
                                  "### Above is %s/web.container.d/override.conf.\n"
                                  "#\n### %s/web.container\n# [Container]\n# Image=x\n"
                                  "#\n### %s/web.container.d/10-a.conf\n# [Service]\n# Restart=always\n",
                                  d.upper, d.lower, d.upper),
                         0);
        ck_assert_str_eq(draft, wanted);
        result = edit_result(draft);
        ck_assert_str_eq(result, "");
        dirs_remove(&d);
}
END_TEST

START_TEST(results) {
        const struct {
                const char *draft, *result;
        } table[] = {
                { "", "" },
                { " \n\n", "" },
                { "[Service]\nRestart=no\n\n\n", "[Service]\nRestart=no\n" },
                { "a=b", "a=b\n" },
                { "a=b\n### What is below this line is not kept.\nc=d\n", "a=b\n" },
                { "### What is below this line is not kept.\nc=d\n", "" },
                /* Only as a line of its own. */
                { "a=b ### What is below this line is not kept.\nc=d\n",
                  "a=b ### What is below this line is not kept.\nc=d\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                autofree char *result = edit_result(table[i].draft);

                ck_assert_str_eq(result, table[i].result);
        }
}
END_TEST

START_TEST(masks) {
        autostrv char **removed = NULL;
        autofree char *path = NULL, *again = NULL, *in_the_way = NULL;
        char target[64] = {};
        Dirs d;

        dirs_make(&d);
        ck_assert_int_eq(edit_mask(d.both, "web.container", &path), 0);
        ck_assert_str_eq(short_path(&d, path), "/upper/web.container");
        ck_assert_int_eq(readlink(path, target, sizeof(target) - 1), 9);
        ck_assert_str_eq(target, "/dev/null");
        ck_assert_int_eq(edit_mask(d.both, "web.container", &again), -EALREADY);

        ck_assert_int_eq(edit_unmask(d.both, "web.container", &removed), 0);
        ck_assert_int_eq(strv_length(removed), 1);
        ck_assert_str_eq(removed[0], path);
        ck_assert_int_eq(edit_unmask(d.both, "web.container", &removed), 0);
        ck_assert_int_eq(strv_length(removed), 1);

        /* What the administrator wrote is neither hidden nor removed. */
        put(d.upper, "web.container", "[Container]\n");
        ck_assert_int_eq(edit_mask(d.both, "web.container", &in_the_way), -EEXIST);
        ck_assert_str_eq(in_the_way, path);
        ck_assert_int_eq(edit_unmask(d.both, "web.container", &removed), 0);
        ck_assert(file_exists(AT_FDCWD, path));
        dirs_remove(&d);
}
END_TEST

START_TEST(reverts) {
        autostrv char **removed = NULL;
        char path[256];
        Dirs d;

        dirs_make(&d);
        (void) snprintf(path, sizeof(path), "%s/web.container.d", d.upper);
        put(path, UNIT_DISABLE_DROP_IN, "[Install]\nWantedBy=\n");
        put(d.upper, "web.container", "[Container]\nImage=y\n");

        ck_assert_int_eq(edit_revert(d.both, "web.container", &removed), 0);
        strv_sort(removed);
        ck_assert_int_eq(strv_length(removed), 2);
        ck_assert_str_eq(short_path(&d, removed[0]), "/upper/web.container");
        ck_assert_str_eq(short_path(&d, removed[1]), "/upper/web.container.d/10-a.conf");

        /* The last unit file stays, and so does what "nsctl disable" has made. */
        (void) snprintf(path, sizeof(path), "%s/web.container", d.lower);
        ck_assert(file_exists(AT_FDCWD, path));
        (void) snprintf(path, sizeof(path), "%s/web.container.d/%s", d.upper, UNIT_DISABLE_DROP_IN);
        ck_assert(file_exists(AT_FDCWD, path));
        dirs_remove(&d);
}
END_TEST

START_TEST(owners) {
        ck_assert(edit_is_own("/etc/nsunits"));
        ck_assert(edit_is_own("/run/nsunits"));
        ck_assert(!edit_is_own("/usr/lib/nsunits"));
        ck_assert(!edit_is_own("/usr/local/lib/nsunits/web.container"));
}
END_TEST

TEST_MAIN("ctl-edit", targets, targets_of_aliases_and_bundles, no_targets, drafts, results, masks, reverts,
          owners)
