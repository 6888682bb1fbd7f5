/* What archives become: kinds of entries, metadata, whiteouts, and entries that mean harm. */
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "image-fixture.h"

static struct stat stat_in(int dir_fd, const char *path) {
        struct stat st;

        ck_assert_msg(fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s", path);
        return st;
}

static bool missing(int dir_fd, const char *path) {
        struct stat st;

        return fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static void assert_text(int dir_fd, const char *path, const char *expected) {
        char *text;

        ck_assert_int_eq(file_read(dir_fd, path, 4096, &text, NULL), 0);
        ck_assert_str_eq(text, expected);
        free(text);
}

/* Imports a tar that must come in whole; returns its tree. */
static int tree_of(ImageStore *store, Tar *t) {
        ImportReport report;

        ck_assert_int_eq(import_tar(store, "t", t, &report), 0);
        free(report.name);
        return top_layer(store, "t");
}

static void assert_refused(int error, Tar *t) {
        ImageStore *store = fixture_store();
        ImportReport report;

        ck_assert_int_eq(import_tar(store, "t", t, &report), error);
        assert_empty(store);
        fixture_end(store);
}

START_TEST(kinds) {
        ImageStore *store = fixture_store();
        struct stat st;
        char link[32] = "";
        Tar t = {};
        int fd;

        tar_add(&t, '5', "./", NULL, 0711, NULL, 0);
        tar_add(&t, '5', "dir", NULL, 01777, NULL, 0);
        tar_file(&t, "/dir/file", "text");
        tar_add(&t, '0', "su", NULL, 04755, "x", 1);
        tar_add(&t, '1', "hard", "dir/file", 0644, NULL, 0);
        tar_add(&t, '2', "soft", "../../dir", 0777, NULL, 0);
        tar_add(&t, '6', "fifo", NULL, 0600, NULL, 0);
        tar_add(&t, '3', "null", NULL, 0666, NULL, 0);
        fd = tree_of(store, &t);

        ck_assert_uint_eq(stat_in(fd, ".").st_mode, S_IFDIR | 0711);
        st = stat_in(fd, "dir");
        ck_assert_uint_eq(st.st_mode, S_IFDIR | 01777);
        ck_assert_int_eq(st.st_mtime, 1000000000);
        assert_text(fd, "dir/file", "text");
        ck_assert_uint_eq(stat_in(fd, "su").st_mode, S_IFREG | 04755);
        ck_assert_uint_eq(stat_in(fd, "hard").st_ino, stat_in(fd, "dir/file").st_ino);
        ck_assert_int_eq(readlinkat(fd, "soft", link, sizeof(link) - 1), 9);
        ck_assert_str_eq(link, "../../dir");
        ck_assert_int_eq(stat_in(fd, "soft").st_mtime, 1000000000);
        ck_assert_uint_eq(stat_in(fd, "fifo").st_mode, S_IFIFO | 0600);
        ck_assert(missing(fd, "null"));
        (void) close(fd);
        fixture_end(store);
}
END_TEST

START_TEST(odd_names) {
        static const char latin[] = "caf\xe9", decomposed[] = "cafe\xcc\x81";
        char deep[200] = "d";
        ImageStore *store = fixture_store();
        Tar t = {};
        int fd;

        for (size_t i = 1; i < sizeof(deep) - 1; i++)
                deep[i] = 'n';
        tar_file(&t, latin, "1");
        tar_pax(&t, "path", decomposed, strlen(decomposed));
        tar_file(&t, "short", "2");
        tar_pax(&t, "path", deep, strlen(deep));
        tar_file(&t, "short", "3");
        tar_add(&t, 'L', "././@LongLink", NULL, 0, "gnu/long", 9);
        tar_file(&t, "short", "4");
        tar_file(&t, ".//a/./b//c", "5");
        fd = tree_of(store, &t);

        assert_text(fd, latin, "1");
        assert_text(fd, decomposed, "2");
        assert_text(fd, deep, "3");
        assert_text(fd, "gnu/long", "4");
        assert_text(fd, "a/b/c", "5");
        (void) close(fd);
        fixture_end(store);
}
END_TEST

START_TEST(attributes) {
        static const char capability[20] = { 0, 0, 0, 2, 0, 0x20 };
        ImageStore *store = fixture_store();
        char value[64];
        Tar t = {};
        ImportReport report;
        int fd, file;

        tar_pax(&t, "SCHILY.xattr.user.note", "a\0b", 3);
        tar_file(&t, "noted", "");
        tar_pax(&t, "SCHILY.xattr.security.capability", capability, sizeof(capability));
        tar_file(&t, "able", "");
        tar_pax(&t, "SCHILY.xattr.trusted.overlay.opaque", "y", 1);
        tar_add(&t, '5', "mean", NULL, 0755, NULL, 0);
        ck_assert_int_eq(import_tar(store, "t", &t, &report), 0);
        free(report.name);
        ck_assert_uint_eq(report.xattrs, 1);

        fd = top_layer(store, "t");
        file = openat(fd, "noted", O_RDONLY);
        ck_assert_int_eq(fgetxattr(file, "user.note", value, sizeof(value)), 3);
        ck_assert_mem_eq(value, "a\0b", 3);
        (void) close(file);
        file = openat(fd, "able", O_RDONLY);
        ck_assert_int_gt(fgetxattr(file, "security.capability", value, sizeof(value)), 8);
        ck_assert_mem_eq(value + 4, capability + 4, 4);
        (void) close(file);
        file = openat(fd, "mean", O_RDONLY);
        ck_assert_int_lt(fgetxattr(file, "trusted.overlay.opaque", value, sizeof(value)), 0);
        (void) close(file);
        (void) close(fd);
        fixture_end(store);
}
END_TEST

static bool is_opaque(int dir_fd, const char *path) {
        int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY);
        char value = 0;
        bool yes = fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';

        (void) close(fd);
        return yes;
}

START_TEST(whiteouts) {
        ImageStore *store = fixture_store();
        struct stat st;
        Tar t = {};
        int fd;

        tar_file(&t, "dir/.wh.gone", "");
        tar_file(&t, "hidden/.wh..wh..opq", "");
        tar_file(&t, "hidden/new", "n");
        /* Deleted and made anew, in either order. */
        tar_file(&t, ".wh.again", "");
        tar_add(&t, '5', "again", NULL, 0755, NULL, 0);
        tar_add(&t, '5', "before", NULL, 0755, NULL, 0);
        tar_file(&t, ".wh.before", "");
        tar_file(&t, ".wh.file", "");
        tar_file(&t, "file", "f");
        tar_file(&t, ".wh.implied", "");
        tar_file(&t, "implied/x", "i");
        fd = tree_of(store, &t);

        st = stat_in(fd, "dir/gone");
        ck_assert(S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0));
        ck_assert(missing(fd, "dir/.wh.gone"));
        ck_assert(is_opaque(fd, "hidden") && !is_opaque(fd, "dir"));
        assert_text(fd, "hidden/new", "n");
        ck_assert(missing(fd, "hidden/.wh..wh..opq"));
        ck_assert(is_opaque(fd, "again") && is_opaque(fd, "before") && is_opaque(fd, "implied"));
        assert_text(fd, "file", "f");
        assert_text(fd, "implied/x", "i");
        (void) close(fd);
        fixture_end(store);
}
END_TEST

START_TEST(replaced) {
        ImageStore *store = fixture_store();
        Tar t = {};
        int fd;

        tar_file(&t, "a", "old");
        tar_add(&t, '1', "b", "a", 0644, NULL, 0);
        tar_file(&t, "a", "new");
        tar_file(&t, "d/x", "x");
        tar_file(&t, "d", "file now");
        tar_add(&t, '2', "l", "a", 0777, NULL, 0);
        tar_file(&t, "l", "no link");
        fd = tree_of(store, &t);

        assert_text(fd, "a", "new");
        assert_text(fd, "b", "old");
        assert_text(fd, "d", "file now");
        assert_text(fd, "l", "no link");
        (void) close(fd);
        fixture_end(store);
}
END_TEST

/* A link as parent directory means what it would in the container. */
START_TEST(links_as_parents) {
        ImageStore *store = fixture_store();
        Tar t = {};
        int fd;

        (void) mkdirat(AT_FDCWD, "/tmp/test-image-outside", 0700);
        tar_add(&t, '2', "absolute", "/tmp/test-image-outside", 0777, NULL, 0);
        tar_file(&t, "absolute/a", "1");
        tar_add(&t, '2', "upwards", "../../../../../../../../tmp/test-image-outside", 0777, NULL, 0);
        tar_file(&t, "upwards/b", "2");
        tar_add(&t, '2', "var/lock", "../run/lock", 0777, NULL, 0);
        tar_file(&t, "var/lock/c", "3");
        tar_add(&t, '2', "proc-root", "/proc/1/root/tmp/test-image-outside", 0777, NULL, 0);
        tar_file(&t, "proc-root/d", "4");
        fd = tree_of(store, &t);

        assert_text(fd, "tmp/test-image-outside/a", "1");
        assert_text(fd, "tmp/test-image-outside/b", "2");
        assert_text(fd, "run/lock/c", "3");
        assert_text(fd, "proc/1/root/tmp/test-image-outside/d", "4");
        /* Removable: nothing came in. */
        ck_assert_int_eq(rmdir("/tmp/test-image-outside"), 0);
        (void) close(fd);
        fixture_end(store);
}
END_TEST

START_TEST(outside_refused) {
        static const char *const names[] = { "../evil", "a/../../evil", "a/..", "/../evil",
                                             ".wh...",  ".wh..",        ".wh." };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                Tar t = {};

                tar_file(&t, "fine", "");
                tar_file(&t, names[i], "x");
                assert_refused(startswith(names[i], ".wh.") ? -EBADMSG : -EPERM, &t);
        }
}
END_TEST

START_TEST(hard_links_refused) {
        static const struct {
                const char *target;
                int error;
        } cases[] = { { "../../../../etc/passwd", -EPERM },
                      { "/etc/passwd", -EBADMSG },
                      { "dir", -EBADMSG } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Tar t = {};

                tar_add(&t, '5', "dir", NULL, 0755, NULL, 0);
                tar_add(&t, '1', "hard", cases[i].target, 0644, NULL, 0);
                assert_refused(cases[i].error, &t);
        }
}
END_TEST

START_TEST(link_loop_refused) {
        Tar t = {};

        tar_add(&t, '2', "a", "b", 0777, NULL, 0);
        tar_add(&t, '2', "b", "a", 0777, NULL, 0);
        tar_file(&t, "a/x", "");
        assert_refused(-ELOOP, &t);
}
END_TEST

/* Whoever removes a tree recurses; a link makes the path of a deep place short. */
START_TEST(depth_refused) {
        char name[512] = "";
        Tar t = {};

        for (size_t i = 0; i < 90; i++)
                memcpy(name + 2 * i, i < 89 ? "d/" : "d", i < 89 ? 2 : 1);
        tar_pax(&t, "path", name, strlen(name));
        tar_add(&t, '5', "short", NULL, 0755, NULL, 0);
        for (size_t i = 0; i < 4; i++) {
                char link[16], into[256], target[256];

                (void) snprintf(link, sizeof(link), "l%zu", i);
                if (i == 0)
                        (void) snprintf(target, sizeof(target), "%s", name);
                else
                        (void) snprintf(target, sizeof(target), "l%zu/%.179s", i - 1, name);
                tar_pax(&t, "linkpath", target, strlen(target));
                tar_add(&t, '2', link, "short", 0777, NULL, 0);
                (void) snprintf(into, sizeof(into), "%s/%.179s", link, name);
                tar_pax(&t, "path", into, strlen(into));
                tar_add(&t, '5', "short", NULL, 0755, NULL, 0);
        }
        assert_refused(-ENAMETOOLONG, &t);
}
END_TEST

START_TEST(limits) {
        const ImportLimits few = { .max_entries = 3, .max_bytes = 1 << 20 };
        const ImportLimits small = { .max_entries = 1000, .max_bytes = 100 };
        static const char bytes[101];
        ImageStore *store = fixture_store();
        ImportReport report;
        Tar t = {};

        for (unsigned i = 0; i < 4; i++) {
                char name[8];

                (void) snprintf(name, sizeof(name), "%u", i);
                tar_file(&t, name, "");
        }
        tar_end(&t);
        ck_assert_int_eq(import_bytes(store, "t", t.data, t.size, &few, &report), -E2BIG);
        assert_empty(store);
        tar_free(&t);

        tar_add(&t, '0', "a", NULL, 0644, bytes, 50);
        tar_add(&t, '0', "b", NULL, 0644, bytes, 51);
        tar_end(&t);
        ck_assert_int_eq(import_bytes(store, "t", t.data, t.size, &small, &report), -E2BIG);
        assert_empty(store);
        tar_free(&t);
        fixture_end(store);
}
END_TEST

/* GNU tar's old form: a map in the header, offset and length of each piece. */
START_TEST(sparse) {
        ImageStore *store = fixture_store();
        Tar t = {};
        struct stat st;
        unsigned sum = 0;
        int fd;

        tar_add(&t, 'S', "holes", NULL, 0644, "data", 4);
        memcpy(t.data + 257, "ustar  ", 8);
        (void) snprintf(t.data + 386, 12, "%011o", 64U << 20);
        (void) snprintf(t.data + 398, 12, "%011o", 4U);
        (void) snprintf(t.data + 483, 12, "%011o", (64U << 20) + 4);
        memset(t.data + 148, ' ', 8);
        for (size_t i = 0; i < 512; i++)
                sum += (unsigned char) t.data[i];
        (void) snprintf(t.data + 148, 8, "%06o", sum);
        fd = tree_of(store, &t);

        st = stat_in(fd, "holes");
        ck_assert_int_eq(st.st_size, (64 << 20) + 4);
        ck_assert_int_lt(st.st_blocks, 1024);
        (void) close(fd);
        fixture_end(store);
}
END_TEST

TEST_MAIN("image: unpack", kinds, odd_names, attributes, whiteouts, replaced, links_as_parents,
          outside_refused, hard_links_refused, link_loop_refused, depth_refused, limits, sparse)
