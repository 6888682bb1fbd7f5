/* File systems by their superblocks, loop devices, and the words of mount(8). */
#include "storage-fixture.h"

#include "storage/fs-mount.h"
#include "storage/superblock.h"

static void write_mark(const char *path, off_t at, const char *mark, size_t size) {
        autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        ck_assert_int_eq(ftruncate(fd, 128 << 10), 0);
        ck_assert_int_eq(pwrite(fd, mark, size, at), (ssize_t) size);
}

static int type_of(const char *path, const char **ret) {
        autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        return superblock_type(fd, ret);
}

START_TEST(known_by_their_marks) {
        static const struct {
                const char *type;
                off_t at;
                const char *mark;
                size_t size;
        } cases[] = {
                { "erofs", 1024, "\xe2\xe1\xf5\xe0", 4 }, { "squashfs", 0, "hsqs", 4 },
                { "ext4", 1080, "\x53\xef", 2 },          { "xfs", 0, "XFSB", 4 },
                { "btrfs", 65600, "_BHRfS_M", 8 },
        };
        const char *type;

        fixture_enter();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                write_mark("disk", cases[i].at, cases[i].mark, cases[i].size);
                ck_assert_int_eq(type_of("disk", &type), 0);
                ck_assert_str_eq(type, cases[i].type);
        }
        write_mark("disk", 512, "EFI PART", 8);
        ck_assert_int_eq(type_of("disk", &type), -EMEDIUMTYPE);
        write_mark("disk", 0, "", 0);
        ck_assert_int_eq(type_of("disk", &type), -ENODATA);
        ck_assert_int_eq(truncate("disk", 3), 0);
        ck_assert_int_eq(type_of("disk", &type), -ENODATA);
        fixture_leave();
}
END_TEST

static void assert_refused(const FsMount *q, int error, const char *text) {
        autofree char *said = NULL;
        Fault fault = {};

        ck_assert_int_eq(fs_mount(q, &fault), error);
        said = fault_to_string(&fault);
        ck_assert_str_eq(said, text);
}

START_TEST(memory_with_options) {
        const FsMount q = { .source = "none",
                            .type = "tmpfs",
                            .options = "defaults,size=1M,mode=0750,nosuid,ro" };
        autoclose int fd = -EBADF;
        struct statvfs vfs;
        struct stat st;
        Fault fault = {};

        fixture_enter();
        fd = fs_mount(&q, &fault);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstatvfs(fd, &vfs), 0);
        ck_assert_uint_eq(vfs.f_blocks * vfs.f_frsize, 1 << 20);
        ck_assert_uint_eq(vfs.f_flag & (ST_NOSUID | ST_RDONLY | ST_NODEV), ST_NOSUID | ST_RDONLY);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0750);

        assert_refused(&(FsMount){ .source = "none", .type = "tmpfs", .options = "sise=1M" }, -EINVAL,
                       "mount tmpfs of sise: tmpfs: Unknown parameter 'sise': Invalid argument");
        assert_refused(&(FsMount){ .source = "none", .type = "nosuchfs" }, -ENODEV,
                       "mount nosuchfs of none: No such device (this kernel has no such file system)");
        fixture_leave();
}
END_TEST

START_TEST(directories_are_bound) {
        autofree char *path = NULL;
        autoclose int fd = -EBADF;
        Fault fault = {};

        fixture_enter();
        fixture_directory("from", 0, 0755);
        fixture_file(AT_FDCWD, "from/file", "text", 0, 0644);
        path = fixture_path("from");
        ck_assert_int_eq(mkdir("to", 0755), 0);

        ck_assert_int_eq(fs_mount_at(&(FsMount){ .source = path, .options = "ro" }, "to", &fault), 0);
        fd = fixture_open("to");
        fixture_expect_text(fd, "file", "text");
        ck_assert_int_lt(open("to/new", O_WRONLY | O_CREAT, 0600), 0);
        ck_assert_int_eq(errno, EROFS);
        ck_assert_int_eq(umount2("to", MNT_DETACH), 0);
        fixture_leave();
}
END_TEST

START_TEST(what_cannot_be_mounted_says_why) {
        autofree char *path = NULL, *fifo = NULL, *text = NULL;

        fixture_enter();
        write_mark("plain", 0, "text", 4);
        path = fixture_path("plain");
        ck_assert_int_eq(mkfifo("fifo", 0600), 0);
        fifo = fixture_path("fifo");

        ck_assert_int_gt(asprintf(&text, "mount %s: No data available (no file system is found in it)", path),
                         0);
        assert_refused(&(FsMount){ .source = path }, -ENODATA, text);
        free(take_ptr(text));
        ck_assert_int_gt(
                asprintf(&text, "mount %s: Block device required (it is no device, file or directory)", fifo),
                0);
        assert_refused(&(FsMount){ .source = fifo }, -ENOTBLK, text);
        assert_refused(&(FsMount){ .source = "/nonexistent" }, -ENOENT,
                       "mount /nonexistent: No such file or directory");
        fixture_leave();
}
END_TEST

START_TEST(some_need_a_program) {
        autofree char *nfs = fs_mount_helper("nfs"), *sshfs = fs_mount_helper("fuse.sshfs"), *said = NULL;
        Fault fault = {};

        ck_assert_str_eq(nfs, "/sbin/mount.nfs");
        ck_assert_str_eq(sshfs, "/sbin/mount.fuse.sshfs");
        ck_assert_ptr_null(fs_mount_helper("ext4"));
        ck_assert_ptr_null(fs_mount_helper("nfsd"));
        ck_assert_ptr_null(fs_mount_helper(NULL));

        ck_assert_int_eq(fs_mount_at(&(FsMount){ .source = "a:/b", .type = "fuse.nothing" }, "/", &fault),
                         -ENOENT);
        said = fault_to_string(&fault);
        ck_assert_str_eq(said, "mount /sbin/mount.fuse.nothing: No such file or directory "
                               "(Type=fuse.nothing needs this program)");
}
END_TEST

TEST_MAIN("storage/fs-mount", known_by_their_marks, memory_with_options, directories_are_bound,
          what_cannot_be_mounted_says_why, some_need_a_program)
