/* Files: whole reads, atomic replacement, removal that does not leave its tree. */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "unit-test.h"

static int scratch(void) {
        static char path[] = "/tmp/test-file-XXXXXX";

        ck_assert_ptr_nonnull(mkdtemp(path));
        return dir_open(AT_FDCWD, path);
}

START_TEST(replace_then_read) {
        autoclose int dir = scratch();
        autofree char *text = NULL;
        size_t size = 0;

        ck_assert_int_eq(file_replace(dir, "a", "one", 3, 0600, true), 0);
        ck_assert_int_eq(file_replace(dir, "a", "second", 6, 0644, false), 0);
        ck_assert_int_eq(file_read(dir, "a", 100, &text, &size), 0);
        ck_assert_str_eq(text, "second");
        ck_assert_uint_eq(size, 6);
        ck_assert(!file_exists(dir, "a.new"));

        free(take_ptr(text));
        ck_assert_int_eq(file_read(dir, "a", 3, &text, NULL), -EFBIG);
        ck_assert_int_eq(file_read(dir, "none", 3, &text, NULL), -ENOENT);
}
END_TEST

START_TEST(descriptors_move_up_where_there_is_room) {
        struct rlimit old, few = { .rlim_cur = 64 };
        int dir = scratch(), high;

        ck_assert_int_eq(fd_move_up(-ENOENT), -ENOENT);
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
        few.rlim_max = old.rlim_max;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
        ck_assert_int_eq(fd_move_up(dir), dir);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);

        high = fd_move_up(dir);
        ck_assert_int_ge(high, 256);
        ck_assert_int_eq(fcntl(dir, F_GETFD), -1);
        ck_assert_int_eq(fcntl(high, F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(fd_move_up(high), high);
        (void) close(high);
}
END_TEST

START_TEST(rewriting_keeps_the_file) {
        static const char *const texts[] = { "one\ntwo\n", "one\ntwo\nthree\n", "x\n", "" };
        char path[] = "/tmp/test-file-XXXXXX";
        int fd = mkstemp(path);
        struct stat before, after;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstat(fd, &before), 0);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                autofree char *now = NULL;

                ck_assert_int_eq(file_rewrite(AT_FDCWD, path, texts[i], strlen(texts[i])), 0);
                ck_assert_int_eq(file_read(AT_FDCWD, path, 100, &now, NULL), 0);
                ck_assert_str_eq(now, texts[i]);
        }
        ck_assert_int_eq(stat(path, &after), 0);
        ck_assert_uint_eq(before.st_ino, after.st_ino);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(file_rewrite(AT_FDCWD, path, "x", 1), -ENOENT);
        (void) close(fd);
}
END_TEST

START_TEST(a_fifo_holds_nobody_up) {
        autoclose int dir = scratch();
        autofree char *text = NULL;
        size_t size = 1;

        ck_assert_int_eq(mkfifoat(dir, "fifo", 0600), 0);
        ck_assert_int_eq(file_read(dir, "fifo", 100, &text, &size), 0);
        ck_assert_uint_eq(size, 0);
}
END_TEST

START_TEST(removal_stays_in_its_tree) {
        autoclose int dir = scratch();
        struct stat st;

        ck_assert_int_eq(dir_make(dir, "", 0700), -ENOENT);
        ck_assert_int_eq(dir_make(dir, "t/a/b/c", 0700), 0);
        ck_assert_int_eq(file_replace(dir, "outside", "x", 1, 0644, false), 0);
        ck_assert_int_eq(file_replace(dir, "t/a/inside", "x", 1, 0644, false), 0);
        ck_assert_int_eq(symlinkat("../../outside", dir, "t/a/link"), 0);
        ck_assert_int_eq(symlinkat("..", dir, "t/a/up"), 0);

        ck_assert_int_eq(tree_remove(dir, "t"), 0);
        ck_assert_int_eq(fstatat(dir, "t", &st, AT_SYMLINK_NOFOLLOW), -1);
        ck_assert(file_exists(dir, "outside"));
        ck_assert_int_eq(tree_remove(dir, "t"), 0);
}
END_TEST

/* Deeper than there are descriptors, as anybody who may make directories can do. */
START_TEST(removal_of_a_deep_tree) {
        struct rlimit few = { .rlim_cur = 256, .rlim_max = 256 };
        autoclose int dir = scratch(), deep = -EBADF;

        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
        ck_assert_int_eq(dir_make(dir, "t/.deep-0/.deep-1", 0700), 0);
        deep = dir_open(dir, "t");
        for (unsigned i = 0; i < 3000; i++) {
                ck_assert_int_eq(mkdirat(deep, "a", 0700), 0);
                ck_assert_int_eq(mkdirat(deep, "b", 0700), 0);
                ck_assert_int_eq(file_replace(deep, "file", "x", 1, 0644, false), 0);
                replace_fd(&deep, dir_open(deep, "a"));
                ck_assert_int_ge(deep, 0);
        }

        ck_assert_int_eq(tree_remove(dir, "t"), 0);
        ck_assert(!file_exists(dir, "t"));
}
END_TEST

START_TEST(beneath_refuses_to_leave) {
        autoclose int dir = scratch();

        ck_assert_int_eq(dir_make(dir, "root", 0700), 0);
        ck_assert_int_eq(file_replace(dir, "secret", "x", 1, 0644, false), 0);
        ck_assert_int_eq(symlinkat("../secret", dir, "root/link"), 0);
        ck_assert_int_eq(symlinkat("/secret", dir, "root/absolute"), 0);

        {
                autoclose int root = dir_open(dir, "root");

                ck_assert_int_eq(path_beneath_open(root, "link", O_RDONLY, 0), -EXDEV);
                ck_assert_int_eq(path_beneath_open(root, "../secret", O_RDONLY, 0), -EXDEV);
                ck_assert_int_eq(path_in_root_open(root, "absolute", O_RDONLY, 0), -ENOENT);
        }
}
END_TEST

START_TEST(paths_are_normalized) {
        static const char *const pairs[][2] = {
                { "/a//b/./c/", "/a/b/c" }, { "/", "/" }, { "//", "/" }, { "./a", "a" }, { ".", "." },
                { "/a/../b", "/a/../b" },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                autofree char *path = strdup(pairs[i][0]);

                ck_assert_str_eq(path_normalize(path), pairs[i][1]);
        }
        ck_assert(path_is_absolute_clean("/a/b..c"));
        ck_assert(!path_is_absolute_clean("/a/../b"));
        ck_assert(!path_is_absolute_clean("a"));
        ck_assert(!path_is_absolute_clean("/a\nb"));
}
END_TEST

TEST_MAIN("file", replace_then_read, descriptors_move_up_where_there_is_room, rewriting_keeps_the_file,
          a_fifo_holds_nobody_up, removal_stays_in_its_tree, removal_of_a_deep_tree, beneath_refuses_to_leave,
          paths_are_normalized)
