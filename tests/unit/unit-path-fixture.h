/* A tree of unit files for tests of the search path. */
#pragma once

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

static inline Tree tree_make(void) {
        Tree t = { .root = "/tmp/test-unit-path-XXXXXX" };

        ck_assert_ptr_nonnull(mkdtemp(t.root));
        t.fd = open(t.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(t.fd, 0);
        ck_assert_int_eq(strv_addf(&t.dirs, "%s/etc", t.root), 0);
        ck_assert_int_eq(strv_addf(&t.dirs, "%s/run/", t.root), 0);
        ck_assert_int_eq(strv_addf(&t.dirs, "%s/lib", t.root), 0);
        return t;
}

static inline void tree_done(Tree *t) {
        unit_path_free(t->path);
        strv_free(t->dirs);
        ck_assert_int_eq(tree_remove(AT_FDCWD, t->root), 0);
        close(t->fd);
}

/* A unit that says only which file it is. */
static inline void put(Tree *t, const char *name, const char *text) {
        autofree char *dir = strndup(name, (size_t) (strrchr(name, '/') - name));

        ck_assert_int_eq(dir_make(t->fd, dir, 0755), 0);
        ck_assert_int_eq(file_replace(t->fd, name, text, strlen(text), 0644, false), 0);
}

static inline void put_unit(Tree *t, const char *name) {
        autofree char *text = NULL;

        ck_assert_int_gt(asprintf(&text, "[Unit]\nDescription=%s\n", name), 0);
        put(t, name, text);
}

static inline void put_link(Tree *t, const char *name, const char *target) {
        autofree char *dir = strndup(name, (size_t) (strrchr(name, '/') - name));

        ck_assert_int_eq(dir_make(t->fd, dir, 0755), 0);
        ck_assert_int_eq(symlinkat(target, t->fd, name), 0);
}

static inline void scan(Tree *t) {
        unit_path_free(take_ptr(t->path));
        ck_assert_int_eq(unit_path_new(t->dirs, &t->path), 0);
}

static inline char *without_root(const Tree *t, const Diag *diag) {
        char *text = diag_to_string(diag), *at;

        while ((at = strstr(text, t->root)))
                memmove(at, at + strlen(t->root) + 1, strlen(at + strlen(t->root) + 1) + 1);
        return text;
}

/* The descriptions of all files of a unit in their order, or the error. */
static inline void check_load(Tree *t, const char *name, int expected_r, const char *expected) {
        autoptr(RawUnit) u = NULL;
        autofree char *out = strdup("");

        ck_assert_int_eq(unit_path_load(t->path, name, NULL, &u), expected_r);
        RAW_FOREACH (v, u) {
                char *longer = NULL;

                ck_assert_int_ge(asprintf(&longer, "%s%s%s", out, *out ? " " : "", v.value), 0);
                free(out);
                out = longer;
        }
        ck_assert_str_eq(out, expected);
}

/* What a name leads to, and what is said of it; paths without the tree's root. */
static inline void check_real(Tree *t, const char *name, const char *expected, const char *messages) {
        autoptr(Diag) diag = diag_new();
        autofree char *real = NULL, *said = NULL;

        ck_assert_int_eq(unit_path_real_name(t->path, name, diag, &real), expected ? 0 : -ENOENT);
        if (expected)
                ck_assert_str_eq(real, expected);
        said = without_root(t, diag);
        ck_assert_str_eq(said, messages);
}
