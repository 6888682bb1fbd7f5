/* Labels: the attributes of SELinux can be written on any kernel. */
#include "storage-fixture.h"

#include "storage/tree-label.h"

#define CONTEXT "system_u:object_r:container_file_t:s0"

static void expect(const char *path, const char *context) {
        char have[100] = "";
        ssize_t n = lgetxattr(path, "security.selinux", have, sizeof(have) - 1);

        ck_assert_msg(streq(have, context), "%s: \"%s\", %zi", path, have, n);
}

START_TEST(trees_are_labelled) {
        autoclose int fd = -EBADF, file = -EBADF;
        Fault fault = {};

        fixture_enter();
        fixture_directory("tree", 0, 0755);
        fixture_directory("tree/dir", 0, 0755);
        fixture_file(AT_FDCWD, "tree/dir/file", "x", 0, 0600);
        fixture_file(AT_FDCWD, "outside", "x", 0, 0600);
        ck_assert_int_eq(symlink("../outside", "tree/link"), 0);
        ck_assert_int_eq(mkfifo("tree/fifo", 0600), 0);
        fd = fixture_open("tree");
        ck_assert_int_eq(tree_label(fd, "tree", CONTEXT, &fault), 0);
        ck_assert_int_eq(tree_label(fd, "tree", CONTEXT, &fault), 0);
        expect("tree", CONTEXT);
        expect("tree/dir/file", CONTEXT);
        expect("tree/link", CONTEXT);
        expect("tree/fifo", CONTEXT);
        expect("outside", "");

        file = open("outside", O_PATH | O_CLOEXEC);
        ck_assert_int_eq(tree_label(file, "outside", CONTEXT, &fault), 0);
        expect("outside", CONTEXT);
        fixture_leave();
}
END_TEST

START_TEST(the_system_keeps_its_labels) {
        autofree char *said = NULL;
        Fault fault = {};

        ck_assert_int_eq(tree_label(-EBADF, "/usr", CONTEXT, &fault), -EINVAL);
        said = fault_to_string(&fault);
        ck_assert_str_eq(
                said,
                "label /usr: Invalid argument (a directory of the system is not labelled for containers)");
}
END_TEST

TEST_MAIN("storage/tree-label", trees_are_labelled, the_system_keeps_its_labels)
