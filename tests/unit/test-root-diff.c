/* What an upper directory changes of the layers below it. */
#include "storage-fixture.h"

#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "storage/root-diff.h"

/* Sorted lines. */
static void assert_diff(char *const *omit, const char *expected) {
        autoclose int upper = fixture_open("up"), lower = fixture_open("low"),
                      out = memfd_create("diff", MFD_CLOEXEC);
        autofree char *text = NULL, *sorted = NULL;
        char command[] = "tr '\\0' '\\n' <out | LC_ALL=C sort >sorted";
        Fault fault = {};
        size_t size;

        ck_assert_int_eq(
                root_diff(&(RootDiff){ .out_fd = out, .upper_fd = upper, .lower_fd = lower, .omit = omit },
                          &fault),
                0);
        ck_assert_int_eq(lseek(out, 0, SEEK_SET), 0);
        ck_assert_int_eq(file_read_fd(out, 1 << 20, &text, &size), 0);
        ck_assert_int_eq(file_replace(AT_FDCWD, "out", text, size, 0600, false), 0);
        ck_assert_int_eq(system(command), 0);
        ck_assert_int_eq(file_read(AT_FDCWD, "sorted", 1 << 20, &sorted, NULL), 0);
        ck_assert_str_eq(sorted, expected);
}

START_TEST(added_changed_deleted) {
        char *omit[] = { (char *) "etc/hosts", (char *) "proc", NULL };

        fixture_enter();
        fixture_directory("low", 0, 0755);
        fixture_directory("low/etc", 0, 0755);
        fixture_file(AT_FDCWD, "low/etc/passwd", "root", 0, 0644);
        fixture_file(AT_FDCWD, "low/etc/gone", "x", 0, 0644);
        fixture_directory("low/opaque", 0, 0755);
        fixture_file(AT_FDCWD, "low/opaque/old", "x", 0, 0644);
        fixture_file(AT_FDCWD, "low/opaque/again", "x", 0, 0644);
        fixture_directory("low/mode", 0, 0755);
        fixture_directory("low/same", 0, 0755);
        fixture_directory("low/kind", 0, 0755);

        fixture_directory("up", 0, 0755);
        assert_diff(NULL, "");

        fixture_directory("up/etc", 0, 0755);
        fixture_file(AT_FDCWD, "up/etc/passwd", "more", 0, 0644);
        ck_assert_int_eq(mknod("up/etc/gone", S_IFCHR, makedev(0, 0)), 0);
        /* Of what is not there below: a leftover, and no change. */
        ck_assert_int_eq(mknod("up/etc/never", S_IFCHR, makedev(0, 0)), 0);
        fixture_file(AT_FDCWD, "up/etc/hosts", "", 0, 0644);
        fixture_directory("up/proc", 0, 0755);
        fixture_directory("up/opaque", 0, 0755);
        ck_assert_int_eq(setxattr("up/opaque", "trusted.overlay.opaque", "y", 1, 0), 0);
        fixture_file(AT_FDCWD, "up/opaque/again", "x", 0, 0644);
        fixture_directory("up/mode", 0, 0700);
        fixture_directory("up/same", 0, 0755);
        fixture_file(AT_FDCWD, "up/kind", "x", 0, 0644);
        fixture_directory("up/new", 0, 0755);
        fixture_directory("up/new/deep", 0, 0755);
        assert_diff(omit, "A/new\nA/new/deep\nC/etc\nC/etc/passwd\nC/kind\nC/mode\nC/opaque\nC/opaque/again\n"
                          "D/etc/gone\nD/opaque/old\n");

        /* A mount point that somebody has used is a change. */
        fixture_file(AT_FDCWD, "up/proc/file", "x", 0, 0644);
        assert_diff(omit,
                    "A/new\nA/new/deep\nA/proc\nA/proc/file\nC/etc\nC/etc/passwd\nC/kind\nC/mode\nC/opaque\n"
                    "C/opaque/again\nD/etc/gone\nD/opaque/old\n");
        fixture_leave();
}
END_TEST

TEST_MAIN("storage/root-diff", added_changed_deleted)
