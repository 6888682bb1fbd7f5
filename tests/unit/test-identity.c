/* Names of a container's users. */
#include <fcntl.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "runtime/identity.h"
#include "tests/unit/unit-test.h"

static char root[64];
static int root_fd;

static void write_file(const char *path, const char *text) {
        ck_assert_int_eq(file_replace(root_fd, path, text, strlen(text), 0644, false), 0);
}

static void begin(void) {
        (void) strcpy(root, "/tmp/nsunits-identity-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(root));
        ck_assert_int_ge(root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), 0);
        ck_assert_int_eq(dir_make(root_fd, "etc", 0755), 0);
        write_file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
                                 "broken\n"
                                 "bad:x:minus:0::/:/\n"
                                 "www-data:x:33:34:www:/var/www:/usr/sbin/nologin\n"
                                 "1000:x:5:5::/five:\n"
                                 "relative:x:40:41::etc:\n"
                                 "big:x:4294967295:0::/:\n"
                                 "short:x:50:51");
        write_file("etc/group", "root:x:0:\nadm:x:4:www-data,syslog\nssl:x:101:syslog,www-data\n"
                                "other:x:102:www-data2\nwww:x:34:\nbad:x:x:www-data\n");
}

static void end(void) {
        (void) close(root_fd);
        ck_assert_int_eq(tree_remove(AT_FDCWD, root), 0);
}

static void assert_identity(const char *user, const char *group, uid_t uid, gid_t gid, size_t n,
                            const char *home) {
        autoidentity Identity i = {};
        Fault fault = {};

        ck_assert_msg(identity_resolve(root_fd, user, group, &fault, &i) == 0, "%s", fault_to_string(&fault));
        ck_assert_uint_eq(i.uid, uid);
        ck_assert_uint_eq(i.gid, gid);
        ck_assert_uint_eq(i.n_groups, n);
        ck_assert_str_eq(i.home, home);
        if (n == 2) {
                ck_assert_uint_eq(i.groups[0], 4);
                ck_assert_uint_eq(i.groups[1], 101);
        }
}

START_TEST(resolves_as_docker_does) {
        begin();
        assert_identity(NULL, NULL, 0, 0, 0, "/root");
        assert_identity("www-data", NULL, 33, 34, 2, "/var/www");
        assert_identity("33", NULL, 33, 34, 2, "/var/www");
        assert_identity("www-data", "adm", 33, 4, 0, "/var/www");
        assert_identity("www-data", "7", 33, 7, 0, "/var/www");
        assert_identity("777", NULL, 777, 0, 0, "/");
        assert_identity("777", "888", 777, 888, 0, "/");
        assert_identity("1000", NULL, 5, 5, 0, "/five"); /* a name before a number */
        assert_identity("relative", NULL, 40, 41, 0, "/");
        assert_identity("short", NULL, 50, 51, 0, "/");
        end();
}
END_TEST

START_TEST(unknown_names_are_faults) {
        Identity i = {};
        Fault fault = {};

        begin();
        ck_assert_int_eq(identity_resolve(root_fd, "nobody", NULL, &fault, &i), -ENOENT);
        ck_assert_str_eq(fault.object, "user \"nobody\" in the container's /etc/passwd");
        ck_assert_int_eq(identity_resolve(root_fd, "bad", NULL, NULL, &i), -ENOENT);
        ck_assert_int_eq(identity_resolve(root_fd, "big", NULL, NULL, &i), -ENOENT);
        ck_assert_int_eq(identity_resolve(root_fd, "4294967295", NULL, NULL, &i), -ENOENT);
        ck_assert_int_eq(identity_resolve(root_fd, "0", "nogroup", NULL, &i), -ENOENT);
        end();
}
END_TEST

START_TEST(further_groups_are_added) {
        char *groups[] = { (char *) "www", (char *) "4242", (char *) "102", NULL };
        char *unknown[] = { (char *) "www", (char *) "nogroup", NULL };
        autoidentity Identity i = {};
        Fault fault = {};

        begin();
        ck_assert_int_eq(identity_resolve(root_fd, "www-data", NULL, NULL, &i), 0);
        ck_assert_int_eq(identity_add_groups(root_fd, NULL, NULL, &i), 0);
        ck_assert_int_eq(identity_add_groups(root_fd, groups, NULL, &i), 0);
        ck_assert_uint_eq(i.n_groups, 5);
        ck_assert_uint_eq(i.groups[2], 34);
        ck_assert_uint_eq(i.groups[3], 4242);
        ck_assert_uint_eq(i.groups[4], 102);
        ck_assert_int_eq(identity_add_groups(root_fd, unknown, &fault, &i), -ENOENT);
        ck_assert_str_eq(fault.object, "group \"nogroup\" in the container's /etc/group");
        end();
}
END_TEST

START_TEST(hostile_files_do_no_harm) {
        Identity i = {};

        begin();
        ck_assert_int_eq(unlinkat(root_fd, "etc/passwd", 0), 0);
        assert_identity("5", NULL, 5, 0, 0, "/");

        /* Not the host's file, ... */
        ck_assert_int_eq(symlinkat("../../../../../../etc/passwd", root_fd, "etc/passwd"), 0);
        ck_assert_int_lt(identity_resolve(root_fd, "root", NULL, NULL, &i), 0);
        ck_assert_int_eq(unlinkat(root_fd, "etc/passwd", 0), 0);

        /* ... no pipe that blocks, ... */
        ck_assert_int_eq(mkfifoat(root_fd, "etc/passwd", 0644), 0);
        ck_assert_int_eq(identity_resolve(root_fd, "root", NULL, NULL, &i), -EINVAL);
        ck_assert_int_eq(unlinkat(root_fd, "etc/passwd", 0), 0);

        /* ... nothing endless. */
        write_file("etc/passwd", "");
        ck_assert_int_eq(truncate(strcat(root, "/etc/passwd"), 1 << 30), 0);
        ck_assert_int_eq(identity_resolve(root_fd, "root", NULL, NULL, &i), -EFBIG);
        root[strlen(root) - strlen("/etc/passwd")] = '\0';
        end();
}
END_TEST

TEST_MAIN("identity", resolves_as_docker_does, unknown_names_are_faults, further_groups_are_added,
          hostile_files_do_no_harm)
