/* The held root: made, cloned, released; mount points; failures leave nothing. */
#include "storage-fixture.h"

#include "basic/macro.h"
#include "storage/root.h"
#include "storage/trash.h"

#define CONTAINER "containers/web.container"

typedef struct World {
        int userns_fd;
        int layers[2];
        char *container_dir, *attach_path, *staging;
        ContainerSpec spec;
        RootRequest q;
} World;

static void world_make(World *w) {
        fixture_enter();
        *w = (World){ .userns_fd = fixture_userns() };
        fixture_directory("bottom/etc", 0, 0755);
        fixture_directory("bottom/var/www", 33, 0755);
        fixture_directory("top", 0, 0750);
        fixture_file(AT_FDCWD, "bottom/etc/who", "bottom", 0, 0644);
        ck_assert_int_eq(symlink("/run/resolve/../resolve/stub.conf", "bottom/etc/resolv.conf"), 0);
        ck_assert_int_eq(symlink("../../../../../../..", "bottom/out"), 0);
        fixture_directory("run", 0, 0755);

        w->layers[0] = fixture_open("top");
        w->layers[1] = fixture_open("bottom");
        w->container_dir = fixture_path(CONTAINER);
        w->attach_path = fixture_path("run/held/web.container/root");
        w->staging = fixture_path("run/staging");
        w->spec.image = (char *) "test";
        w->q = (RootRequest){
                .spec = &w->spec,
                .layer_fds = w->layers,
                .n_layers = 2,
                .container_dir = w->container_dir,
                .attach_path = w->attach_path,
                .staging = w->staging,
                .userns_fd = w->userns_fd,
                .ids = &fixture_ids,
        };
}

static void world_end(World *w) {
        free(w->container_dir);
        free(w->attach_path);
        free(w->staging);
        (void) close(w->userns_fd);
        (void) close(w->layers[0]);
        (void) close(w->layers[1]);
        fixture_leave();
}

static void expect_nothing_left(void) {
        ck_assert_uint_eq(fixture_count_own_mounts(), 0);
        ck_assert(!file_exists(AT_FDCWD, CONTAINER));
        ck_assert(!file_exists(AT_FDCWD, "containers/.trash"));
        ck_assert(!file_exists(AT_FDCWD, "run/held/web.container/root"));
}

static void prepare(World *w) {
        Fault fault = {};
        int r = root_prepare(&w->q, &fault);
        autofree char *text = fault_to_string(&fault);

        ck_assert_msg(r == 0, "%s", text);
}

START_TEST(held_and_released) {
        autoclose int fd = -EBADF;
        struct stat st;
        World w;

        world_make(&w);
        ck_assert(!root_is_held(w.attach_path));
        ck_assert_int_eq(root_clone(w.attach_path), -EINVAL);
        prepare(&w);
        ck_assert(root_is_held(w.attach_path));

        fd = root_clone(w.attach_path);
        ck_assert_int_ge(fd, 0);
        fixture_expect_text(fd, "etc/who", "bottom");
        fixture_expect_owner(fd, "", FIXTURE_BASE);
        fixture_expect_owner(fd, "var/www", FIXTURE_BASE + 33);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0750);
        ck_assert_int_eq(file_write(fd, "etc/who", "mine"), 0);

        /* What is written stays for the next launch, and the clone lives on its own. */
        ck_assert_int_eq(root_release(w.attach_path, w.container_dir), 0);
        fixture_expect_text(AT_FDCWD, "bottom/etc/who", "bottom");
        expect_nothing_left();
        ck_assert_int_eq(root_release(w.attach_path, w.container_dir), 0);

        /* The next container of that name starts afresh. */
        prepare(&w);
        replace_fd(&fd, root_clone(w.attach_path));
        fixture_expect_text(fd, "etc/who", "bottom");
        ck_assert_int_eq(root_release(w.attach_path, w.container_dir), 0);
        expect_nothing_left();
        world_end(&w);
}
END_TEST

START_TEST(leftovers_are_replaced) {
        World w;

        world_make(&w);
        prepare(&w);
        fixture_file(AT_FDCWD, CONTAINER "/upper/old", "old", 0, 0644);
        prepare(&w);
        ck_assert(!file_exists(AT_FDCWD, CONTAINER "/upper/old"));
        ck_assert_uint_eq(fixture_count_mounts("/held/"), 1);

        ck_assert_int_eq(root_retire(w.attach_path, w.container_dir), 0);
        ck_assert(!file_exists(AT_FDCWD, CONTAINER));
        ck_assert(file_exists(AT_FDCWD, "containers/.trash/web.container.1"));
        ck_assert(file_exists(AT_FDCWD, "containers/.trash"));
        ck_assert_int_eq(trash_purge("containers"), 0);
        expect_nothing_left();
        world_end(&w);
}
END_TEST

START_TEST(mount_points) {
        autoclose int fd = -EBADF;
        MountSpec mounts[] = {
                { .kind = MOUNT_TMPFS, .destination = (char *) "/data" },
                { .kind = MOUNT_TMPFS, .destination = (char *) "/data/inner" },
                { .kind = MOUNT_BIND, .source = (char *) "/etc/passwd", .destination = (char *) "/a/b/file" },
                { .kind = MOUNT_BIND, .source = (char *) "/dev/null", .destination = (char *) "/dev/zap" },
                { .kind = MOUNT_TMPFS, .destination = (char *) "/out/escaped" },
        };
        struct stat st;
        World w;

        world_make(&w);
        w.spec.mounts = mounts;
        w.spec.n_mounts = ELEMENTSOF(mounts);
        prepare(&w);
        fd = root_clone(w.attach_path);
        ck_assert_int_ge(fd, 0);

        ck_assert_int_eq(fstatat(fd, "a/b/file", &st, 0), 0);
        ck_assert(S_ISREG(st.st_mode));
        ck_assert_int_eq(fstatat(fd, "data", &st, 0), 0);
        ck_assert(S_ISDIR(st.st_mode));
        fixture_expect_owner(fd, "a/b", FIXTURE_BASE);
        ck_assert(!file_exists(fd, "data/inner"));
        ck_assert(!file_exists(fd, "dev/zap"));
        ck_assert(file_exists(fd, "proc"));

        /* Links mean what they mean inside. */
        ck_assert(file_exists(fd, "escaped"));
        ck_assert_int_eq(fstatat(fd, "run/resolve/stub.conf", &st, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert(S_ISREG(st.st_mode));

        ck_assert_int_eq(root_release(w.attach_path, w.container_dir), 0);
        expect_nothing_left();
        world_end(&w);
}
END_TEST

START_TEST(link_loop) {
        autoclose int fd = -EBADF;

        fixture_enter();
        fixture_directory("root", 0, 0755);
        ck_assert_int_eq(symlink("b", "root/a"), 0);
        ck_assert_int_eq(symlink("a", "root/b"), 0);
        ck_assert_int_eq(symlink("../../../gone", "root/c"), 0);
        fd = fixture_open("root");

        ck_assert_int_eq(root_make_point(fd, "/a/x", false, (IdPair){ 0, 0 }), -ELOOP);
        ck_assert_int_eq(root_make_point(fd, "/c//x/", false, (IdPair){ 7, 7 }), 0);
        fixture_expect_owner(fd, "gone/x", 7);
        ck_assert_int_eq(root_make_point(fd, "/c/x", false, (IdPair){ 7, 7 }), 0);
        ck_assert_int_eq(root_make_point(fd, "/c/x", true, (IdPair){ 7, 7 }), -EISDIR);
        ck_assert_int_eq(root_make_point(fd, "/c/f", true, (IdPair){ 7, 7 }), 0);
        ck_assert_int_eq(root_make_point(fd, "/c/f", false, (IdPair){ 7, 7 }), -ENOTDIR);
        ck_assert_int_eq(root_make_point(fd, "/c/f/g", true, (IdPair){ 7, 7 }), -ENOTDIR);
        fixture_leave();
}
END_TEST

START_TEST(rootfs_directory) {
        autofree char *rootfs = NULL;
        autoclose int fd = -EBADF;
        World w;

        world_make(&w);
        rootfs = fixture_path("bottom");
        w.spec.image = NULL;
        w.spec.rootfs = rootfs;
        w.q.n_layers = 0;

        /* The directory itself, id-mapped: what is made in it belongs to its own root. */
        prepare(&w);
        fd = root_clone(w.attach_path);
        fixture_expect_owner(fd, "etc/who", FIXTURE_BASE);
        fixture_expect_owner(fd, "proc", FIXTURE_BASE);
        fixture_expect_owner(AT_FDCWD, "bottom/proc", 0);
        ck_assert_int_eq(root_release(w.attach_path, w.container_dir), 0);
        expect_nothing_left();

        /* The directory below an overlay stays as it is. */
        w.spec.rootfs_overlay = true;
        prepare(&w);
        replace_fd(&fd, root_clone(w.attach_path));
        ck_assert_int_eq(file_write(fd, "etc/who", "mine"), 0);
        fixture_expect_text(AT_FDCWD, "bottom/etc/who", "bottom");
        ck_assert_int_eq(root_release(w.attach_path, w.container_dir), 0);
        expect_nothing_left();
        world_end(&w);
}
END_TEST

static void expect_failure(World *w, int error, const char *step, const char *object) {
        Fault fault = {};

        ck_assert_int_eq(root_prepare(&w->q, &fault), error);
        ck_assert_int_eq(fault.error, error);
        ck_assert_str_eq(fault.step, step);
        ck_assert_msg(strstr(fault.object, object) != NULL, "%s", fault.object);
        expect_nothing_left();
}

START_TEST(failures) {
        MountSpec bad = { .kind = MOUNT_TMPFS, .destination = (char *) "/etc/who/x" };
        autoclose int pidns_fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
        World w;

        world_make(&w);

        w.spec.mounts = &bad;
        w.spec.n_mounts = 1;
        expect_failure(&w, -ENOTDIR, "mount point", "/etc/who/x");
        w.spec.n_mounts = 0;

        w.q.n_layers = 0;
        expect_failure(&w, -ENOENT, "overlay", "layers");
        w.q.n_layers = 2;

        /* Not a user namespace. */
        w.q.userns_fd = pidns_fd;
        expect_failure(&w, -EINVAL, "overlay", "layer 1 of 2");
        w.q.userns_fd = w.userns_fd;

        w.spec.rootfs = (char *) "/nonexistent";
        expect_failure(&w, -ENOENT, "root directory", "/nonexistent");
        w.spec.rootfs = NULL;

        /* A file where the root is to be attached: found last, when everything is mounted. */
        fixture_directory("run/held/web.container", 0, 0755);
        fixture_file(AT_FDCWD, "run/held/web.container/root", "", 0, 0644);
        ck_assert_int_lt(root_prepare(&w.q, NULL), 0);
        ck_assert_uint_eq(fixture_count_own_mounts(), 0);
        ck_assert(!file_exists(AT_FDCWD, CONTAINER));
        world_end(&w);
}
END_TEST

TEST_MAIN("storage/root", held_and_released, leftovers_are_replaced, mount_points, link_loop,
          rootfs_directory, failures)
