/* Copies between roots: where they end up, and where they never do. Each runs in a process of its own. */
#include "storage-fixture.h"

#include "storage/transfer.h"

typedef struct Copy {
        const char *from_root, *from, *to_root, *to;
        const int *from_userns, *to_userns; /* NULL = the host's ids */
} Copy;

#define COPY(...) ((Copy){ __VA_ARGS__ })

static int copy(const Copy *c) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                const TransferEnd from = {
                        .stream_fd = -EBADF,
                        .root_fd = open(c->from_root, O_PATH | O_DIRECTORY),
                        .userns_fd = c->from_userns ? *c->from_userns : -EBADF,
                        .path = c->from,
                };
                const TransferEnd to = {
                        .stream_fd = -EBADF,
                        .root_fd = open(c->to_root, O_PATH | O_DIRECTORY),
                        .userns_fd = c->to_userns ? *c->to_userns : -EBADF,
                        .path = c->to,
                };
                Fault fault = {};

                /* What a worker says is not a test's. */
                if (!freopen("/dev/null", "w", stdout))
                        _exit(2);
                _exit(transfer(&from, &to, &fault) < 0 ? 1 : 0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void make_roots(void) {
        fixture_directory("box", FIXTURE_BASE, 0755);
        fixture_directory("box/data", FIXTURE_BASE, 0755);
        fixture_file(AT_FDCWD, "box/data/file", "text", FIXTURE_BASE + 33, 0644);
        fixture_directory("host", 0, 0755);
        fixture_file(AT_FDCWD, "host/secret", "secret", 0, 0600);
        /* Whoever has lost the host's ids must be able to get here. */
        ck_assert_int_eq(chmod(".", 0755), 0);
}

START_TEST(as_cp_does) {
        autoclose int host = -EBADF, box = -EBADF;

        fixture_enter();
        make_roots();
        ck_assert_int_eq(
                copy(&COPY(.from_root = "box", .from = "/data/file", .to_root = "host", .to = "new")), 0);
        ck_assert_int_eq(copy(&COPY(.from_root = "box", .from = "/data", .to_root = "host", .to = ".")), 0);
        ck_assert_int_eq(copy(&COPY(.from_root = "box", .from = "data/.", .to_root = "host", .to = ".")), 0);
        ck_assert_int_eq(copy(&COPY(.from_root = "box", .from = "/data/", .to_root = "host", .to = "other")),
                         0);
        host = fixture_open("host");
        fixture_expect_text(host, "new", "text");
        fixture_expect_text(host, "data/file", "text");
        fixture_expect_text(host, "file", "text");
        fixture_expect_text(host, "other/file", "text");

        ck_assert_int_eq(
                copy(&COPY(.from_root = "host", .from = "new", .to_root = "box", .to = "/data/file")), 0);
        ck_assert_int_eq(copy(&COPY(.from_root = "host", .from = "other", .to_root = "box", .to = "/../..")),
                         0);
        box = fixture_open("box");
        fixture_expect_text(box, "other/file", "text");

        ck_assert_int_eq(copy(&COPY(.from_root = "box", .from = "/none", .to_root = "host", .to = ".")), 1);
        ck_assert_int_eq(
                copy(&COPY(.from_root = "box", .from = "/data", .to_root = "host", .to = "no/where")), 1);
        ck_assert_int_eq(copy(&COPY(.from_root = "box", .from = "/data/.", .to_root = "host", .to = "none")),
                         1);
        fixture_leave();
}
END_TEST

START_TEST(owners_are_those_inside) {
        autoclose int userns = -EBADF, host = -EBADF, box = -EBADF;

        fixture_enter();
        make_roots();
        userns = fixture_userns();
        ck_assert_int_eq(copy(&COPY(.from_root = "box", .from = "/data/file", .from_userns = &userns,
                                    .to_root = "host", .to = "out")),
                         0);
        host = fixture_open("host");
        fixture_expect_owner(host, "out", 33);

        ck_assert_int_eq(copy(&COPY(.from_root = "host", .from = "out", .to_root = "box",
                                    .to_userns = &userns, .to = "/data/in")),
                         0);
        box = fixture_open("box");
        fixture_expect_owner(box, "data/in", FIXTURE_BASE + 33);

        /* One that the container does not have: its root gets it. */
        ck_assert_int_eq(chown("host/out", FIXTURE_COUNT + 7, 0), 0);
        ck_assert_int_eq(copy(&COPY(.from_root = "host", .from = "out", .to_root = "box",
                                    .to_userns = &userns, .to = "/data/odd")),
                         0);
        fixture_expect_owner(box, "data/odd", FIXTURE_BASE);
        fixture_leave();
}
END_TEST

START_TEST(links_mean_what_they_mean_inside) {
        autoclose int host = -EBADF, box = -EBADF;
        autofree char *outside = NULL;
        struct stat st;

        fixture_enter();
        make_roots();
        outside = fixture_path("host");
        ck_assert_int_eq(symlink(outside, "box/way"), 0);
        ck_assert_int_eq(symlink("../../../data", "box/up"), 0);

        ck_assert_int_eq(
                copy(&COPY(.from_root = "box", .from = "/way/secret", .to_root = "host", .to = "got")), 1);
        ck_assert_int_eq(
                copy(&COPY(.from_root = "host", .from = "secret", .to_root = "box", .to = "/way/planted")),
                1);
        ck_assert_int_eq(copy(&COPY(.from_root = "host", .from = "secret", .to_root = "box", .to = "/up")),
                         0);
        ck_assert_int_eq(copy(&COPY(.from_root = "box", .from = "/way", .to_root = "host", .to = "link")), 0);
        host = fixture_open("host");
        box = fixture_open("box");
        ck_assert(!file_exists(host, "planted"));
        ck_assert(!file_exists(host, "got"));
        fixture_expect_text(box, "data/secret", "secret");
        ck_assert_int_eq(fstatat(host, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert(S_ISLNK(st.st_mode));
        fixture_leave();
}
END_TEST

/* A directory and a link to the host change places all the time. */
START_TEST(races_lead_nowhere) {
        autofree char *outside = NULL;
        autoclose int host = -EBADF;
        pid_t pid;

        fixture_enter();
        make_roots();
        outside = fixture_path("host");
        ck_assert_int_eq(symlink(outside, "box/link"), 0);
        fixture_file(AT_FDCWD, "box/data/secret", "inside", FIXTURE_BASE, 0644);
        fixture_directory("target", 0, 0755);
        pid = fork();
        if (pid == 0)
                for (;;)
                        (void) renameat2(AT_FDCWD, "box/link", AT_FDCWD, "box/data", RENAME_EXCHANGE);

        host = fixture_open("host");
        for (unsigned i = 0; i < 100; i++) {
                autofree char *text = NULL;

                (void) copy(
                        &COPY(.from_root = "box", .from = "/data/secret", .to_root = "target", .to = "got"));
                if (file_read(AT_FDCWD, "target/got", 100, &text, NULL) == 0)
                        ck_assert_str_eq(text, "inside");
                (void) unlink("target/got");
                (void) copy(&COPY(.from_root = "host", .from = "secret", .to_root = "box",
                                  .to = "/data/planted"));
                ck_assert(!file_exists(host, "planted"));
        }
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        fixture_leave();
}
END_TEST

TEST_MAIN("storage/transfer", as_cp_does, owners_are_those_inside, links_mean_what_they_mean_inside,
          races_lead_nowhere)
