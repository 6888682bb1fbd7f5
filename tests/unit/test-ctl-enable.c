/* ctl: enabling and disabling, in directories of our own. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/bus-names.h"
#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/enable.h"
#include "unit-test.h"

typedef struct Dirs {
        char base[64], admin[80], vendor[80];
        char *both[3];
} Dirs;

static void put(const char *dir, const char *name, const char *text) {
        char path[512];

        (void) snprintf(path, sizeof(path), "%s/%s", dir, name);
        ck_assert_int_eq(file_replace(AT_FDCWD, path, text, strlen(text), 0644, false), 0);
}

static const char *join(const char *dir, const char *name, char path[512]) {
        (void) snprintf(path, 512, "%s/%s", dir, name);
        return path;
}

static void dirs_make(Dirs *d) {
        strcpy(d->base, "/tmp/test-enable.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(d->base));
        (void) snprintf(d->admin, sizeof(d->admin), "%s/etc", d->base);
        (void) snprintf(d->vendor, sizeof(d->vendor), "%s/usr", d->base);
        ck_assert_int_eq(mkdir(d->admin, 0755), 0);
        ck_assert_int_eq(mkdir(d->vendor, 0755), 0);
        d->both[0] = d->admin;
        d->both[1] = d->vendor;
        d->both[2] = NULL;
        put(d->vendor, "web.container", "[Container]\nImage=x\n[Install]\nWantedBy=multi-user.target\n");
        put(d->vendor, "plain.container", "[Container]\nImage=x\n");
        put(d->vendor, "needed.container", "[Container]\nImage=x\n[Install]\nRequiredBy=web.service\n");
        put(d->vendor, "job@.container", "[Container]\nImage=x\n[Install]\nWantedBy=multi-user.target\n");
}

static EnableState state_of(const Dirs *d, const char *name) {
        autoptr(UnitPath) path = NULL;

        ck_assert_int_eq(unit_files_open(d->both, &path), 0);
        return enable_state(path, name);
}

static int change(const Dirs *d, const char *name, bool enable, bool *ret_changed) {
        autoptr(UnitPath) path = NULL;
        autofree char *changed = NULL;
        int r;

        ck_assert_int_eq(unit_files_open(d->both, &path), 0);
        r = enable ? enable_unit(path, d->admin, name, &changed)
                   : disable_unit(path, d->admin, name, &changed);
        *ret_changed = changed != NULL;
        return r;
}

START_TEST(aliases_enable_their_unit) {
        bool changed;
        Dirs d;

        dirs_make(&d);
        ck_assert_int_eq(symlink("web.container", join(d.admin, "www.container", (char[512]){})), 0);
        ck_assert_int_eq(change(&d, "www.container", false, &changed), 0);
        ck_assert(changed);
        ck_assert_int_eq(state_of(&d, "web.container"), ENABLE_DISABLED);
        ck_assert_int_eq(state_of(&d, "www.container"), ENABLE_DISABLED);
        ck_assert_int_eq(access(join(d.admin, "web.container.d/" UNIT_DISABLE_DROP_IN, (char[512]){}), F_OK),
                         0);
        ck_assert_int_eq(change(&d, "www.container", true, &changed), 0);
        ck_assert_int_eq(state_of(&d, "web.container"), ENABLE_ENABLED);
        ck_assert_int_eq(tree_remove(AT_FDCWD, d.base), 0);
}
END_TEST

START_TEST(templates_with_a_default_are_enabled) {
        bool changed;
        Dirs d;

        dirs_make(&d);
        put(d.vendor, "app@.container",
            "[Container]\nImage=x\n[Install]\nWantedBy=multi-user.target\nDefaultInstance=one\n");
        ck_assert_int_eq(state_of(&d, "app@.container"), ENABLE_ENABLED);
        ck_assert_int_eq(state_of(&d, "app@one.container"), ENABLE_ENABLED);
        ck_assert_int_eq(state_of(&d, "app@two.container"), ENABLE_DISABLED);

        ck_assert_int_eq(change(&d, "app@one.container", false, &changed), 0);
        ck_assert(changed);
        ck_assert_int_eq(state_of(&d, "app@one.container"), ENABLE_DISABLED);
        ck_assert_int_eq(change(&d, "app@one.container", true, &changed), 0);
        ck_assert(changed);
        ck_assert_int_eq(state_of(&d, "app@one.container"), ENABLE_ENABLED);
        ck_assert_int_eq(tree_remove(AT_FDCWD, d.base), 0);
}
END_TEST

START_TEST(instances_of_a_bundles_template) {
        char target[64] = {};
        bool changed;
        Dirs d;

        dirs_make(&d);
        put(d.vendor, "app.quadlets",
            "# FileName=part@\n[Container]\nImage=x\n[Install]\nWantedBy=multi-user.target\n");
        ck_assert_int_eq(change(&d, "part@1.container", true, &changed), 0);
        ck_assert(changed);
        ck_assert_int_gt(
                readlink(join(d.admin, "part@1.container", (char[512]){}), target, sizeof(target) - 1), 0);
        ck_assert_str_eq(target, "part@.container");
        ck_assert_int_eq(state_of(&d, "part@1.container"), ENABLE_ENABLED);
        ck_assert_int_eq(change(&d, "part@1.container", false, &changed), 0);
        ck_assert_int_eq(state_of(&d, "part@1.container"), ENABLE_DISABLED);
        ck_assert_int_eq(tree_remove(AT_FDCWD, d.base), 0);
}
END_TEST

START_TEST(every_key_of_install_is_taken_back) {
        autoptr(HostSpecifiers) host = host_specifiers_new();
        autoptr(Diag) diag = diag_new();
        autoptr(UnitPath) path = NULL;
        autoptr(UnitSpec) u = NULL;
        bool changed;
        Dirs d;

        dirs_make(&d);
        ck_assert_int_eq(state_of(&d, "needed.container"), ENABLE_ENABLED);
        ck_assert_int_eq(change(&d, "needed.container", false, &changed), 0);
        ck_assert(changed);
        ck_assert_int_eq(state_of(&d, "needed.container"), ENABLE_DISABLED);

        ck_assert_int_eq(unit_files_open(d.both, &path), 0);
        ck_assert_int_eq(unit_files_load(path, host, "needed.container", diag, &u), 0);
        ck_assert_ptr_null(u->install.required_by);
        ck_assert_int_eq(tree_remove(AT_FDCWD, d.base), 0);
}
END_TEST

START_TEST(disable_and_enable_are_opposites) {
        bool changed;
        Dirs d;

        dirs_make(&d);
        ck_assert_int_eq(state_of(&d, "web.container"), ENABLE_ENABLED);
        ck_assert_int_eq(change(&d, "web.container", true, &changed), 0);
        ck_assert(!changed);

        ck_assert_int_eq(change(&d, "web.container", false, &changed), 0);
        ck_assert(changed);
        ck_assert_int_eq(state_of(&d, "web.container"), ENABLE_DISABLED);
        ck_assert_int_eq(change(&d, "web.container", false, &changed), 0);
        ck_assert(!changed);

        ck_assert_int_eq(change(&d, "web.container", true, &changed), 0);
        ck_assert(changed);
        ck_assert_int_eq(state_of(&d, "web.container"), ENABLE_ENABLED);
        /* Nothing stays behind: the directory was made for our drop-in only. */
        ck_assert_int_eq(rmdir(d.admin), 0);
        ck_assert_int_eq(tree_remove(AT_FDCWD, d.base), 0);
}
END_TEST

START_TEST(drop_ins_of_others_stay) {
        char dir[128];
        bool changed;
        Dirs d;

        dirs_make(&d);
        (void) snprintf(dir, sizeof(dir), "%s/web.container.d", d.admin);
        ck_assert_int_eq(mkdir(dir, 0755), 0);
        put(dir, "10-mine.conf", "[Container]\nReadOnly=yes\n");
        ck_assert_int_eq(change(&d, "web.container", false, &changed), 0);
        ck_assert_int_eq(change(&d, "web.container", true, &changed), 0);
        ck_assert(changed);
        put(dir, "10-mine.conf", "");
        ck_assert_int_eq(tree_remove(AT_FDCWD, d.base), 0);
}
END_TEST

START_TEST(what_a_disabled_unit_says) {
        autoptr(Diag) diag = diag_new();
        autoptr(HostSpecifiers) host = host_specifiers_new();
        autoptr(UnitPath) path = NULL;
        autoptr(UnitSpec) spec = NULL;
        bool changed;
        Dirs d;

        dirs_make(&d);
        ck_assert_int_eq(change(&d, "web.container", false, &changed), 0);
        ck_assert_int_eq(unit_files_open(d.both, &path), 0);
        ck_assert_int_eq(unit_files_load(path, host, "web.container", diag, &spec), 0);
        ck_assert_uint_eq(strv_length(spec->install.wanted_by), 0);
        ck_assert_int_eq(tree_remove(AT_FDCWD, d.base), 0);
}
END_TEST

START_TEST(static_and_missing) {
        bool changed;
        Dirs d;

        dirs_make(&d);
        ck_assert_int_eq(state_of(&d, "plain.container"), ENABLE_STATIC);
        ck_assert_int_eq(change(&d, "plain.container", true, &changed), -ENODATA);
        ck_assert_int_eq(change(&d, "plain.container", false, &changed), -ENODATA);
        ck_assert_int_eq(state_of(&d, "no.container"), ENABLE_NOT_FOUND);
        ck_assert_int_eq(change(&d, "no.container", true, &changed), -ENOENT);
        put(d.admin, "web.container", "");
        ck_assert_int_eq(state_of(&d, "web.container"), ENABLE_MASKED);
        ck_assert_int_eq(change(&d, "web.container", true, &changed), -ERFKILL);
        ck_assert_int_eq(tree_remove(AT_FDCWD, d.base), 0);
}
END_TEST

START_TEST(instances_are_links) {
        char link[128], target[128];
        bool changed;
        ssize_t n;
        Dirs d;

        dirs_make(&d);
        ck_assert_int_eq(state_of(&d, "job@.container"), ENABLE_DISABLED);
        ck_assert_int_eq(state_of(&d, "job@1.container"), ENABLE_DISABLED);
        ck_assert_int_eq(change(&d, "job@1.container", true, &changed), 0);
        ck_assert(changed);

        (void) snprintf(link, sizeof(link), "%s/job@1.container", d.admin);
        n = readlink(link, target, sizeof(target) - 1);
        ck_assert_int_gt(n, 0);
        target[n] = '\0';
        ck_assert_ptr_nonnull(endswith(target, "/usr/job@.container"));
        ck_assert_int_eq(state_of(&d, "job@1.container"), ENABLE_ENABLED);

        ck_assert_int_eq(change(&d, "job@1.container", false, &changed), 0);
        ck_assert(changed);
        ck_assert_int_eq(state_of(&d, "job@1.container"), ENABLE_DISABLED);
        ck_assert(!file_exists(AT_FDCWD, link));
        ck_assert_int_eq(tree_remove(AT_FDCWD, d.base), 0);
}
END_TEST

TEST_MAIN("ctl-enable", aliases_enable_their_unit, templates_with_a_default_are_enabled,
          instances_of_a_bundles_template, every_key_of_install_is_taken_back,
          disable_and_enable_are_opposites, drop_ins_of_others_stay, what_a_disabled_unit_says,
          static_and_missing, instances_are_links)
