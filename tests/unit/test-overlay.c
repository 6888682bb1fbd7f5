/* Overlay mounts: both ways of handing over the layers, id-mapping, refusal, nothing left behind. */
#include "storage-fixture.h"

#include "storage/overlay.h"

static const OverlayMethod methods[] = { OVERLAY_BY_FD, OVERLAY_BY_PATH, OVERLAY_AUTO };

typedef struct Layers {
        int fds[3]; /* topmost first */
} Layers;

static Layers make_layers(void) {
        fixture_directory("bottom/etc", 0, 0755);
        fixture_directory("middle/etc", 0, 0755);
        fixture_directory("top/etc", 0, 0755);
        fixture_directory("upper", FIXTURE_BASE, 0755);
        fixture_directory("work", FIXTURE_BASE, 0755);
        fixture_file(AT_FDCWD, "bottom/etc/who", "bottom", 0, 0644);
        fixture_file(AT_FDCWD, "bottom/etc/only", "bottom", 1000, 0644);
        fixture_file(AT_FDCWD, "middle/etc/who", "middle", 0, 0644);
        fixture_file(AT_FDCWD, "top/etc/who", "top", 0, 0644);
        return (Layers){ { fixture_open("top"), fixture_open("middle"), fixture_open("bottom") } };
}

static void clear_upper(void) {
        ck_assert_int_eq(tree_remove(AT_FDCWD, "upper"), 0);
        ck_assert_int_eq(tree_remove(AT_FDCWD, "work"), 0);
        fixture_directory("upper", FIXTURE_BASE, 0755);
        fixture_directory("work", FIXTURE_BASE, 0755);
        fixture_directory("staging", 0, 0755);
}

/* Without the newer kernel only the older way is there to be tested: before Linux 6.5 overlayfs takes no
 * descriptors at all, before 6.13 none as a layer. */
static bool kernel_lacks(OverlayMethod method, int r) {
        return method == OVERLAY_BY_FD && (r == -EOPNOTSUPP || r == -EINVAL);
}

START_TEST(layers_and_owners) {
        autoclose int userns_fd = -EBADF;
        Layers l;

        fixture_enter();
        userns_fd = fixture_userns();
        l = make_layers();

        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
                autoclose int fd = -EBADF, upper_fd = -EBADF, work_fd = -EBADF;
                autofree char *staging = fixture_path("staging");
                Fault fault = {};
                MountScraps scraps = {};
                OverlayRequest q;

                clear_upper();
                upper_fd = fixture_open("upper");
                work_fd = fixture_open("work");
                q = (OverlayRequest){
                        .layer_fds = l.fds,
                        .n_layers = 3,
                        .userns_fd = userns_fd,
                        .upper_fd = upper_fd,
                        .work_fd = work_fd,
                        .volatile_upper = true,
                        .staging = staging,
                        .method = methods[i],
                        .scraps = &scraps,
                };
                fd = overlay_mount(&q, &fault);
                if (kernel_lacks(methods[i], fd))
                        continue;
                /* What was attached and is not any more is closed at once, and is good for nothing. */
                if (methods[i] != OVERLAY_AUTO)
                        ck_assert_uint_eq(scraps.n, methods[i] == OVERLAY_BY_PATH ? 0 : 3);
                mount_scraps_clear(&scraps);
                ck_assert_msg(fd >= 0, "method %d: %s %s %s", methods[i], fault.step, fault.object,
                              strerror(-fd));

                fixture_expect_text(fd, "etc/who", "top");
                fixture_expect_text(fd, "etc/only", "bottom");
                fixture_expect_owner(fd, "etc/who", FIXTURE_BASE);
                fixture_expect_owner(fd, "etc/only", FIXTURE_BASE + 1000);

                /* Writing reaches the upper directory and leaves the layers alone. */
                ck_assert_int_eq(file_write(fd, "etc/only", "changed"), 0);
                fixture_expect_text(AT_FDCWD, "upper/etc/only", "changed");
                fixture_expect_text(AT_FDCWD, "bottom/etc/only", "bottom");
                fixture_expect_owner(AT_FDCWD, "upper/etc/only", FIXTURE_BASE + 1000);

                ck_assert_uint_eq(fixture_count_own_mounts(), 0);
                ck_assert_uint_eq(fixture_count_mounts("/staging"), 0);
        }
        fixture_leave();
}
END_TEST

START_TEST(read_only) {
        Layers l;

        fixture_enter();
        l = make_layers();
        fixture_directory("staging", 0, 0755);

        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
                for (size_t n = 1; n <= 3; n++) {
                        autoclose int fd = -EBADF, file_fd = -EBADF;
                        OverlayRequest q = {
                                .layer_fds = l.fds,
                                .n_layers = n,
                                .userns_fd = -1,
                                .upper_fd = -1,
                                .work_fd = -1,
                                .staging = "staging",
                                .method = methods[i],
                        };

                        fd = overlay_mount(&q, NULL);
                        if (kernel_lacks(methods[i], fd))
                                continue;
                        ck_assert_int_ge(fd, 0);
                        fixture_expect_text(fd, "etc/who", "top");
                        file_fd = openat(fd, "etc/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
                        ck_assert_int_eq(file_fd, -1);
                        ck_assert_int_eq(errno, EROFS);
                }
        fixture_leave();
}
END_TEST

START_TEST(many_layers) {
        enum { MANY = 127 };

        fixture_enter();
        fixture_directory("staging", 0, 0755);

        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
                autoclose int fd = -EBADF;
                OverlayRequest q;
                int fds[MANY];

                for (int n = 0; n < MANY; n++) {
                        char path[32];

                        (void) snprintf(path, sizeof(path), "layer%d", n);
                        fixture_directory(path, 0, 0755);
                        fds[n] = fixture_open(path);
                        fixture_file(fds[n], "who", path, 0, 0644);
                        fixture_file(fds[n], path, path, 0, 0644);
                }

                q = (OverlayRequest){
                        .layer_fds = fds,
                        .n_layers = MANY,
                        .userns_fd = -1,
                        .upper_fd = -1,
                        .work_fd = -1,
                        .staging = "staging",
                        .method = methods[i],
                };
                fd = overlay_mount(&q, NULL);
                for (int n = 0; n < MANY; n++)
                        (void) close(fds[n]);
                if (kernel_lacks(methods[i], fd))
                        continue;
                ck_assert_int_ge(fd, 0);
                fixture_expect_text(fd, "who", "layer0");
                fixture_expect_text(fd, "layer126", "layer126");
        }
        fixture_leave();
}
END_TEST

START_TEST(failures) {
        Layers l;

        fixture_enter();
        l = make_layers();
        fixture_directory("staging", 0, 0755);

        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
                autoclose int upper_fd = fixture_open("upper");
                Fault fault = {};
                OverlayRequest q = {
                        .layer_fds = l.fds,
                        .n_layers = 3,
                        .userns_fd = -1,
                        .upper_fd = upper_fd,
                        .work_fd = upper_fd, /* overlayfs wants two directories */
                        .staging = "staging",
                        .method = methods[i],
                };

                ck_assert_int_lt(overlay_mount(&q, &fault), 0);
                ck_assert_int_lt(fault.error, 0);
                ck_assert_str_eq(fault.step, "overlay");
                ck_assert_uint_eq(fixture_count_mounts("/staging"), 0);
                ck_assert_uint_eq(fixture_count_own_mounts(), 0);

                q.n_layers = 0;
                ck_assert_int_eq(overlay_mount(&q, NULL), -E2BIG);
        }
        fixture_leave();
}
END_TEST

/* A hostile layer may say that a directory continues somewhere else in the layers below. */
START_TEST(redirects_are_not_followed) {
        int fds[2];

        fixture_enter();
        fixture_directory("bottom/secret", 0, 0755);
        fixture_file(AT_FDCWD, "bottom/secret/file", "secret", 0, 0644);
        fixture_directory("top/public", 0, 0755);
        fixture_directory("staging", 0, 0755);
        ck_assert_int_eq(setxattr("top/public", "trusted.overlay.redirect", "/secret", 7, 0), 0);
        fds[0] = fixture_open("top");
        fds[1] = fixture_open("bottom");

        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
                autoclose int fd = -EBADF;
                OverlayRequest q = {
                        .layer_fds = fds,
                        .n_layers = 2,
                        .userns_fd = -1,
                        .upper_fd = -1,
                        .work_fd = -1,
                        .staging = "staging",
                        .method = methods[i],
                };

                fd = overlay_mount(&q, NULL);
                if (kernel_lacks(methods[i], fd))
                        continue;
                ck_assert_int_ge(fd, 0);
                ck_assert(file_exists(fd, "secret/file"));
                ck_assert(!file_exists(fd, "public/file"));
        }
        fixture_leave();
}
END_TEST

TEST_MAIN("storage/overlay", layers_and_owners, read_only, many_layers, failures, redirects_are_not_followed)
