/* Named volumes, and what filling them keeps. */
#include "storage-fixture.h"

#include "basic/strv.h"
#include "storage/trash.h"
#include "storage/volume-device.h"
#include "storage/volume.h"

START_TEST(valid_names) {
        ck_assert(volume_name_valid("data"));
        ck_assert(volume_name_valid("systemd-data_1.x"));
        ck_assert(!volume_name_valid(""));
        ck_assert(!volume_name_valid("."));
        ck_assert(!volume_name_valid("../x"));
        ck_assert(!volume_name_valid("a/b"));
        ck_assert(!volume_name_valid("-a"));
        ck_assert(!volume_name_valid("\xc3\xa4"));
}
END_TEST

START_TEST(life) {
        autostrv char **names = NULL;
        autoptr(VolumeInfo) info = NULL;
        struct stat st;

        fixture_enter();
        umask(077);
        ck_assert_int_eq(volume_list("volumes", &names), 0);
        ck_assert_ptr_null(names);
        ck_assert_int_eq(volume_open("volumes", "b"), -ENOENT);

        ck_assert_int_eq(volume_make("volumes", "b", (VolumeOwner){}), 1);
        ck_assert_int_eq(volume_make("volumes", "a", (VolumeOwner){}), 1);
        ck_assert_int_eq(volume_make("volumes", "b", (VolumeOwner){}), 0);
        ck_assert_int_eq(volume_make("volumes", "../b", (VolumeOwner){}), -EINVAL);
        ck_assert(volume_exists("volumes", "a"));
        ck_assert(!volume_exists("volumes", "c"));

        ck_assert_int_eq(stat("volumes/b/_data", &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0755);

        ck_assert_int_eq(volume_list("volumes", &names), 0);
        ck_assert_uint_eq(strv_length(names), 2);
        ck_assert_str_eq(names[0], "a");

        ck_assert_int_eq(volume_inspect("volumes", "a", &info), 0);
        ck_assert_str_eq(info->name, "a");
        ck_assert_str_eq(info->path, "volumes/a/_data");
        ck_assert_uint_ge(info->created, st.st_ctim.tv_sec * USEC_PER_SEC - 60 * USEC_PER_SEC);

        ck_assert_int_eq(volume_remove("volumes", "a"), 0);
        ck_assert_int_eq(volume_remove("volumes", "a"), -ENOENT);
        ck_assert(!file_exists(AT_FDCWD, "volumes/a"));
        fixture_leave();
}
END_TEST

static void make_source(void) {
        static const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };

        fixture_directory("root/data/sub", FIXTURE_BASE + 5, 0700);
        fixture_file(AT_FDCWD, "root/data/file", "text", FIXTURE_BASE + 33, 0640);
        fixture_file(AT_FDCWD, "root/data/suid", "x", FIXTURE_BASE, 04755);
        fixture_file(AT_FDCWD, "root/data/foreign", "x", 7, 0600);
        ck_assert_int_eq(link("root/data/file", "root/data/sub/same"), 0);
        ck_assert_int_eq(symlink("/etc/passwd", "root/data/link"), 0);
        ck_assert_int_eq(mkfifo("root/data/fifo", 0600), 0);
        ck_assert_int_eq(mknod("root/data/null", S_IFCHR | 0666, 0x103), 0);
        ck_assert_int_eq(setxattr("root/data/file", "user.note", "kept", 4, 0), 0);
        ck_assert_int_eq(chown("root/data", FIXTURE_BASE + 33, FIXTURE_BASE + 33), 0);
        ck_assert_int_eq(chmod("root/data", 0750), 0);
        ck_assert_int_eq(utimensat(AT_FDCWD, "root/data/file", times, 0), 0);
}

START_TEST(filled_faithfully) {
        autoclose int root_fd = -EBADF, data_fd = -EBADF, sparse_fd = -EBADF;
        struct stat a, b;
        char note[8];

        fixture_enter();
        make_source();
        root_fd = fixture_open("root");
        sparse_fd = open("root/data/sparse", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        ck_assert_int_eq(pwrite(sparse_fd, "end", 3, 64 << 20), 3);
        ck_assert_int_eq(ftruncate(sparse_fd, 65 << 20), 0);

        ck_assert_int_eq(volume_make("volumes", "v", (VolumeOwner){}), 1);
        ck_assert_int_eq(volume_fill("volumes", "v", root_fd, "/data", &fixture_ids), 1);
        data_fd = volume_open("volumes", "v");
        ck_assert_int_ge(data_fd, 0);

        fixture_expect_owner(data_fd, "", 33);
        fixture_expect_owner(data_fd, "sub", 5);
        fixture_expect_owner(data_fd, "foreign", 65534);
        fixture_expect_text(data_fd, "file", "text");
        ck_assert_int_eq(fstatat(data_fd, "", &a, AT_EMPTY_PATH), 0);
        ck_assert_uint_eq(a.st_mode & 07777, 0750);
        ck_assert_int_eq(fstatat(data_fd, "suid", &a, 0), 0);
        ck_assert_uint_eq(a.st_mode & 07777, 04755);

        ck_assert_int_eq(fstatat(data_fd, "file", &a, 0), 0);
        ck_assert_int_eq(fstatat(data_fd, "sub/same", &b, 0), 0);
        ck_assert_uint_eq(a.st_ino, b.st_ino);
        ck_assert_int_eq(a.st_mtim.tv_sec, 2000);
        ck_assert_int_eq(getxattr("volumes/v/_data/file", "user.note", note, sizeof(note)), 4);

        ck_assert_int_eq(fstatat(data_fd, "link", &a, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert(S_ISLNK(a.st_mode));
        ck_assert_int_eq(fstatat(data_fd, "fifo", &a, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert(S_ISFIFO(a.st_mode));
        ck_assert(!file_exists(data_fd, "null"));

        ck_assert_int_eq(fstatat(data_fd, "sparse", &a, 0), 0);
        ck_assert_int_eq(a.st_size, 65 << 20);
        ck_assert_int_lt(a.st_blocks, 1024);
        fixture_leave();
}
END_TEST

START_TEST(made_for_an_owner) {
        const VolumeOwner owner = { 70, 71 };
        autoclose int root_fd = -EBADF;
        struct stat st;

        fixture_enter();
        make_source();
        root_fd = fixture_open("root");
        ck_assert_int_eq(mkdir("volumes", 0700), 0);
        ck_assert_int_eq(mkdir("volumes/v", 0755), 0);
        ck_assert_int_eq(mkdir("volumes/v/making", 0700), 0); /* left by somebody who was killed */

        ck_assert_int_eq(volume_make("volumes", "v", owner), 1);
        ck_assert_int_eq(volume_make("volumes", "v", (VolumeOwner){}), 0);
        ck_assert_int_eq(volume_fill("volumes", "v", root_fd, "/data", &fixture_ids), 1);
        ck_assert_int_eq(stat("volumes/v/_data", &st), 0);
        ck_assert_uint_eq(st.st_uid, 70);
        ck_assert_uint_eq(st.st_gid, 71);
        ck_assert(!file_exists(AT_FDCWD, "volumes/v/making"));
        fixture_leave();
}
END_TEST

START_TEST(filled_once_and_whole) {
        autoclose int root_fd = -EBADF;

        fixture_enter();
        make_source();
        root_fd = fixture_open("root");
        ck_assert_int_eq(volume_make("volumes", "v", (VolumeOwner){}), 1);
        ck_assert_int_eq(volume_fill("volumes", "v", root_fd, "/nothing", NULL), 0);
        ck_assert_int_eq(volume_fill("volumes", "v", root_fd, "/data/file", NULL), 0);

        /* Something in it: left alone. */
        fixture_file(AT_FDCWD, "volumes/v/_data/mine", "mine", 0, 0644);
        ck_assert_int_eq(volume_fill("volumes", "v", root_fd, "/data", NULL), 0);
        ck_assert(!file_exists(AT_FDCWD, "volumes/v/_data/file"));

        /* An earlier copy that was interrupted: begun afresh. */
        fixture_file(AT_FDCWD, "volumes/v/filling", "", 0, 0600);
        ck_assert_int_eq(volume_fill("volumes", "v", root_fd, "/data", NULL), 1);
        ck_assert(!file_exists(AT_FDCWD, "volumes/v/_data/mine"));
        ck_assert(!file_exists(AT_FDCWD, "volumes/v/filling"));
        fixture_expect_text(AT_FDCWD, "volumes/v/_data/sub/same", "text");
        fixture_expect_owner(AT_FDCWD, "volumes/v/_data/foreign", 7);
        fixture_leave();
}
END_TEST

/* The copy must not be led out of the root by a link of the image. */
START_TEST(links_stay_inside) {
        autoclose int root_fd = -EBADF;

        fixture_enter();
        fixture_directory("secret", 0, 0755);
        fixture_file(AT_FDCWD, "secret/file", "secret", 0, 0644);
        fixture_directory("root", 0, 0755);
        ck_assert_int_eq(symlink("../secret", "root/data"), 0);
        root_fd = fixture_open("root");

        ck_assert_int_eq(volume_make("volumes", "v", (VolumeOwner){}), 1);
        ck_assert_int_eq(volume_fill("volumes", "v", root_fd, "/data", NULL), 0);
        ck_assert(!file_exists(AT_FDCWD, "volumes/v/_data/file"));
        fixture_leave();
}
END_TEST

#define N_NAMES 2000

/* @dir/0 and many more names of the same file */
static void make_names(const char *dir) {
        fixture_directory(dir, 0, 0755);
        for (unsigned i = 0; i < N_NAMES; i++) {
                autofree char *first = NULL, *path = NULL;

                ck_assert_int_gt(asprintf(&first, "%s/0", dir), 0);
                ck_assert_int_gt(asprintf(&path, "%s/%u", dir, i), 0);
                if (i == 0)
                        fixture_file(AT_FDCWD, path, dir, 0, 0600);
                else
                        ck_assert_int_eq(link(first, path), 0);
        }
}

/* Another container has the volume already, and puts a link to the host's files where a directory was. */
START_TEST(nothing_leads_out_while_filled) {
        autofree char *outside = NULL;
        autoclose int root = -EBADF;
        struct stat st;
        pid_t pid;

        fixture_enter();
        make_names("root/data/a");
        make_names("outside");
        outside = fixture_path("outside");
        ck_assert_int_eq(volume_make("volumes", "v", (VolumeOwner){}), 1);
        ck_assert_int_eq(symlink(outside, "volumes/v/link"), 0);

        pid = fork();
        if (pid == 0)
                for (;;)
                        (void) renameat2(AT_FDCWD, "volumes/v/link", AT_FDCWD, "volumes/v/_data/a",
                                         RENAME_EXCHANGE);
        root = fixture_open("root");
        (void) volume_fill("volumes", "v", root, "/data", NULL);
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);

        ck_assert_int_eq(stat("outside/0", &st), 0);
        ck_assert_uint_eq(st.st_nlink, N_NAMES);
        fixture_leave();
}
END_TEST

static void define(const VolumeDefinition *d) {
        Fault fault = {};

        ck_assert_int_ge(volume_make("volumes", "v", (VolumeOwner){}), 0);
        ck_assert_int_eq(volume_define("volumes", "v", d, &fault), 0);
}

START_TEST(a_unit_says_what_it_is) {
        char *labels[] = { (char *) "a=b", (char *) "c", NULL };
        const VolumeDefinition d = { .unit = (char *) "v.volume",
                                     .options = (char *) "x",
                                     .labels = labels,
                                     .uid = 5,
                                     .gid = VOLUME_ID_UNSET,
                                     .no_copy = true };
        autoptr(VolumeDefinition) read = NULL, none = NULL;
        autoclose int root_fd = -EBADF;

        fixture_enter();
        make_source();
        root_fd = fixture_open("root");
        define(&d);
        ck_assert_int_eq(volume_definition("volumes", "v", &read), 0);
        ck_assert_str_eq(read->unit, "v.volume");
        ck_assert_ptr_null(read->device);
        ck_assert_str_eq(read->options, "x");
        ck_assert_str_eq(read->labels[1], "c");
        ck_assert_uint_eq(read->uid, 5);
        ck_assert_uint_eq(read->gid, VOLUME_ID_UNSET);
        ck_assert_int_eq(volume_fill("volumes", "v", root_fd, "/data", &fixture_ids), 0);

        ck_assert_int_eq(volume_make("volumes", "w", (VolumeOwner){}), 1);
        ck_assert_int_eq(volume_definition("volumes", "w", &none), -ENOENT);
        ck_assert_int_eq(file_replace(AT_FDCWD, "volumes/w/volume.json", "[", 1, 0600, false), 0);
        ck_assert_int_eq(volume_definition("volumes", "w", &none), -EBADMSG);
        ck_assert_int_eq(volume_open("volumes", "w"), -EBADMSG);
        fixture_leave();
}
END_TEST

START_TEST(a_device_is_mounted_or_there_is_nothing) {
        const VolumeDefinition d = { .unit = (char *) "v.volume",
                                     .device = (char *) "none",
                                     .type = (char *) "tmpfs",
                                     .options = (char *) "size=1M",
                                     .uid = 7,
                                     .gid = 7 };
        autoclose int fd = -EBADF, held = -EBADF;
        struct statvfs vfs;
        Fault fault = {};

        fixture_enter();
        define(&d);
        ck_assert_int_eq(volume_open("volumes", "v"), -ENOMEDIUM);
        ck_assert(volume_exists("volumes", "v"));
        ck_assert_int_eq(volume_mount("volumes", "v", &fault), 0);
        ck_assert_int_eq(volume_mount("volumes", "v", &fault), 0);
        fd = volume_open("volumes", "v");
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstatvfs(fd, &vfs), 0);
        ck_assert_uint_eq(vfs.f_blocks * vfs.f_frsize, 1 << 20);
        fixture_expect_owner(fd, "", 7);
        ck_assert_int_eq(volume_remove("volumes", "v"), -EBUSY);

        held = volume_unmount("volumes", "v");
        ck_assert_int_ge(held, 0);
        ck_assert_int_eq(volume_unmount("volumes", "v"), -ENOENT);
        ck_assert_int_eq(volume_open("volumes", "v"), -ENOMEDIUM);
        ck_assert_int_eq(volume_remove("volumes", "v"), 0);
        ck_assert(!volume_exists("volumes", "v"));
        ck_assert_int_eq(trash_purge("volumes"), 0);
        ck_assert(!file_exists(AT_FDCWD, "volumes/.trash"));
        fixture_leave();
}
END_TEST

/* Where there are quotas, it is kept; else the author is told what is missing. */
START_TEST(limits_are_kept_or_refused) {
        const VolumeDefinition d = { .unit = (char *) "v.volume", .size = 1 << 20 };
        Fault fault = {};
        int r;

        fixture_enter();
        ck_assert_int_eq(volume_make("volumes", "v", (VolumeOwner){}), 1);
        r = volume_define("volumes", "v", &d, &fault);
        if (r < 0) {
                ck_assert_str_eq(fault.step, "size limit");
                ck_assert_str_eq(fault.object, "volume v");
                ck_assert_str_eq(fault.advice,
                                 "a limit needs a file system with project quotas for the volumes: "
                                 "XFS or ext4, mounted with prjquota");
        } else
                ck_assert_int_eq(volume_remove("volumes", "v"), 0);
        fixture_leave();
}
END_TEST

TEST_MAIN("storage/volume", valid_names, life, filled_faithfully, made_for_an_owner, filled_once_and_whole,
          links_stay_inside, nothing_leads_out_while_filled, a_unit_says_what_it_is,
          a_device_is_mounted_or_there_is_nothing, limits_are_kept_or_refused)
