/* Trees to archives and back, and what archives try on the way. */
#include "storage-fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "storage/tree-tar.h"

static int new_file(void) {
        int fd = memfd_create("archive", MFD_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        return fd;
}

static int pack(TarOut q, const char *dir, Fault *fault) {
        autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r;

        ck_assert_int_ge(fd, 0);
        q.dir_fd = fd;
        r = tar_write(&q, fault);
        ck_assert_int_eq(lseek(q.out_fd, 0, SEEK_SET), 0);
        return r;
}

static int unpack(int in_fd, const char *dir, const char *as, Fault *fault) {
        autoclose int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r;

        ck_assert_int_eq(chdir(dir), 0);
        r = tar_read(&(TarIn){ .in_fd = in_fd, .as = as }, fault);
        ck_assert_int_eq(fchdir(here), 0);
        return r;
}

START_TEST(there_and_back) {
        static const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000, .tv_nsec = 5 } };
        autoclose int archive = new_file(), fd = -EBADF, sparse = -EBADF;
        struct stat a, b;
        char note[8];
        Fault fault = {};

        fixture_enter();
        fixture_directory("from", 0, 0755);
        fixture_directory("from/dir", 5, 0700);
        fixture_file(AT_FDCWD, "from/dir/file", "text", 33, 04755);
        fixture_file(AT_FDCWD, "from/dir/\xff\xc3\xa4", "odd", 0, 0644);
        ck_assert_int_eq(link("from/dir/file", "from/dir/same"), 0);
        ck_assert_int_eq(symlink("/etc/passwd", "from/dir/link"), 0);
        ck_assert_int_eq(mkfifo("from/dir/fifo", 0600), 0);
        ck_assert_int_eq(mknod("from/dir/null", S_IFCHR | 0666, makedev(1, 3)), 0);
        ck_assert_int_eq(setxattr("from/dir/file", "user.note", "kept", 4, 0), 0);
        ck_assert_int_eq(utimensat(AT_FDCWD, "from/dir/file", times, 0), 0);
        sparse = open("from/dir/sparse", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        ck_assert_int_eq(pwrite(sparse, "middle", 6, 32 << 20), 6);
        ck_assert_int_eq(ftruncate(sparse, 64 << 20), 0);
        ck_assert_int_eq(close(open("from/dir/hole", O_WRONLY | O_CREAT | O_CLOEXEC, 0644)), 0);
        ck_assert_int_eq(truncate("from/dir/hole", 1 << 20), 0);
        ck_assert_int_eq(mkdir("to", 0755), 0);

        ck_assert_int_eq(pack((TarOut){ .name = "dir", .out_fd = archive }, "from", &fault), 0);
        ck_assert_int_eq(fstat(archive, &a), 0);
        ck_assert_int_lt(a.st_size, 1 << 20);
        ck_assert_int_eq(unpack(archive, "to", "new", &fault), 0);

        fd = fixture_open("to/new");
        fixture_expect_owner(fd, "", 5);
        fixture_expect_owner(fd, "file", 33);
        fixture_expect_text(fd, "file", "text");
        fixture_expect_text(fd, "\xff\xc3\xa4", "odd");
        ck_assert_int_eq(fstatat(fd, "file", &a, 0), 0);
        ck_assert_uint_eq(a.st_mode & 07777, 04755);
        ck_assert_int_eq(a.st_mtim.tv_sec, 2000);
        ck_assert_int_eq(fstatat(fd, "same", &b, 0), 0);
        ck_assert_uint_eq(a.st_ino, b.st_ino);
        ck_assert_int_eq(getxattr("to/new/file", "user.note", note, sizeof(note)), 4);
        ck_assert_int_eq(fstatat(fd, "link", &a, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert(S_ISLNK(a.st_mode));
        ck_assert_int_eq(fstatat(fd, "fifo", &a, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert(S_ISFIFO(a.st_mode));
        ck_assert(!file_exists(fd, "null"));
        ck_assert_int_eq(fstatat(fd, "sparse", &a, 0), 0);
        ck_assert_int_eq(a.st_size, 64 << 20);
        ck_assert_int_lt(a.st_blocks, 1024);
        ck_assert_int_eq(fstatat(fd, "hole", &a, 0), 0);
        ck_assert_int_eq(a.st_size, 1 << 20);
        fixture_leave();
}
END_TEST

static void add_entry(struct archive *a, const char *path, mode_t mode, const char *link) {
        struct archive_entry *e = archive_entry_new();

        archive_entry_set_pathname(e, path);
        archive_entry_set_mode(e, mode);
        if (S_ISLNK(mode))
                archive_entry_set_symlink(e, link);
        else if (link)
                archive_entry_set_hardlink(e, link);
        archive_entry_set_size(e, S_ISREG(mode) && !link ? 4 : 0);
        ck_assert_int_eq(archive_write_header(a, e), ARCHIVE_OK);
        if (S_ISREG(mode) && !link)
                ck_assert_int_eq(archive_write_data(a, "evil", 4), 4);
        archive_entry_free(e);
}

/* An archive of a link or directory, and a file. */
static int make_archive(const char *first, mode_t mode, const char *link, const char *second,
                        const char *to) {
        struct archive *a = archive_write_new();
        int fd = new_file();

        ck_assert_int_eq(archive_write_set_format_pax(a), ARCHIVE_OK);
        ck_assert_int_eq(archive_write_open_fd(a, fd), ARCHIVE_OK);
        if (first)
                add_entry(a, first, mode, link);
        if (second)
                add_entry(a, second, S_IFREG | 0644, to);
        ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
        ck_assert_int_eq(archive_write_free(a), ARCHIVE_OK);
        ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}

/* Whether they are refused or made harmless: nothing is made or changed outside. */
START_TEST(nothing_leads_out) {
        static const struct {
                const char *first;
                mode_t mode;
                const char *link, *second, *to;
        } cases[] = {
                { "way", S_IFLNK | 0777, "../outside", "way/evil", NULL },
                { "way", S_IFLNK | 0777, "../outside/victim", "way", NULL },
                { NULL, 0, NULL, "../outside/evil", NULL },
                { NULL, 0, NULL, "a/../../outside/evil", NULL },
                { NULL, 0, NULL, "got", "../outside/victim" },
                { "way", S_IFLNK | 0777, "../outside", "got", "way/victim" },
        };

        fixture_enter();
        fixture_directory("outside", 0, 0755);
        fixture_file(AT_FDCWD, "outside/victim", "good", 0, 0644);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autoclose int fd = make_archive(cases[i].first, cases[i].mode, cases[i].link, cases[i].second,
                                                cases[i].to);
                autoclose int outside = -EBADF;
                Fault fault = {};
                struct stat st;

                ck_assert_int_eq(tree_remove(AT_FDCWD, "to"), 0);
                ck_assert_int_eq(mkdir("to", 0755), 0);
                (void) unpack(fd, "to", NULL, &fault);
                ck_assert_msg(!file_exists(AT_FDCWD, "outside/evil"), "case %zu", i);
                outside = fixture_open("outside");
                fixture_expect_text(outside, "victim", "good");
                ck_assert_int_eq(fstatat(outside, "victim", &st, 0), 0);
                ck_assert_msg(st.st_nlink == 1, "case %zu", i);
        }
        fixture_leave();
}
END_TEST

START_TEST(names_are_refused_in_words) {
        autoclose int up = make_archive(NULL, 0, NULL, "../evil", NULL), empty = new_file(),
                      text = new_file();
        autofree char *said = NULL;
        Fault fault = {}, other = {};

        fixture_enter();
        ck_assert_int_eq(mkdir("to", 0755), 0);
        ck_assert_int_lt(unpack(up, "to", NULL, &fault), 0);
        said = fault_to_string(&fault);
        ck_assert_str_eq(said, "unpack ../evil: Path contains '..'");
        ck_assert_int_lt(unpack(empty, "to", NULL, NULL), 0);
        ck_assert_int_eq(write(text, "no archive at all\n", 18), 18);
        ck_assert_int_eq(lseek(text, 0, SEEK_SET), 0);
        ck_assert_int_lt(unpack(text, "to", NULL, &other), 0);
        ck_assert_str_eq(other.object, "Unrecognized archive format");
        fixture_leave();
}
END_TEST

static void list(int fd, char *ret, size_t size) {
        struct archive *a = archive_read_new();
        struct archive_entry *e;
        size_t n = 0;

        ck_assert_int_eq(archive_read_support_format_tar(a), ARCHIVE_OK);
        ck_assert_int_eq(archive_read_open_fd(a, fd, 4096), ARCHIVE_OK);
        ret[0] = '\0';
        while (archive_read_next_header(a, &e) == ARCHIVE_OK)
                n += (size_t) snprintf(ret + n, size - n, "%s %d\n", archive_entry_pathname(e),
                                       (int) archive_entry_uid(e));
        ck_assert_int_eq(archive_read_free(a), ARCHIVE_OK);
}

/* An upper directory: whiteouts become names, owners what they are inside, and what we have made is omitted.
 */
START_TEST(layers) {
        char *omit[] = { (char *) "hosts", (char *) "proc", (char *) "used", NULL };
        autoclose int archive = new_file();
        char text[1024];
        Fault fault = {};

        fixture_enter();
        fixture_directory("up", FIXTURE_BASE, 0755);
        fixture_directory("up/dir", FIXTURE_BASE + 7, 0755);
        ck_assert_int_eq(mknod("up/dir/gone", S_IFCHR, makedev(0, 0)), 0);
        ck_assert_int_eq(setxattr("up/dir", "trusted.overlay.opaque", "y", 1, 0), 0);
        fixture_file(AT_FDCWD, "up/hosts", "", FIXTURE_BASE, 0644);
        fixture_directory("up/proc", FIXTURE_BASE, 0755);
        fixture_file(AT_FDCWD, "up/used", "text", FIXTURE_BASE + 1, 0644);
        ck_assert_int_eq(pack((TarOut){ .name = ".",
                                        .out_fd = archive,
                                        .ids = &fixture_ids,
                                        .layer = true,
                                        .omit = omit },
                              "up", &fault),
                         0);
        list(archive, text, sizeof(text));
        ck_assert_ptr_nonnull(strstr(text, "dir/ 7\ndir/.wh..wh..opq 0\ndir/.wh.gone 0\n"));
        ck_assert_ptr_nonnull(strstr(text, "used 1\n"));
        ck_assert_ptr_null(strstr(text, "hosts"));
        ck_assert_ptr_null(strstr(text, "proc"));
        fixture_leave();
}
END_TEST

TEST_MAIN("storage/tree-tar", there_and_back, nothing_leads_out, names_are_refused_in_words, layers)
