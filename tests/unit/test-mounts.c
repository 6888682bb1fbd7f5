/* Binds, volumes, tmpfs as detached mounts; faults that name the line. */
#include "storage-fixture.h"

#include "basic/macro.h"
#include "storage/mounts.h"

typedef struct World {
        int userns_fd, root_fd;
        char *staging, *volumes_dir, *container_dir, *source, *file;
        ContainerSpec spec;
        MountsRequest q;
} World;

static void world_make(World *w, MountSpec *mounts, size_t n) {
        fixture_enter();
        *w = (World){
                .userns_fd = fixture_userns(),
                .staging = fixture_path("staging"),
                .volumes_dir = fixture_path("volumes"),
                .container_dir = fixture_path("containers/web.container"),
                .source = fixture_path("source"),
                .file = fixture_path("source/file"),
        };
        fixture_directory("staging", 0, 0755);
        fixture_directory("source", 0, 0755);
        fixture_file(AT_FDCWD, "source/file", "text", 1000, 0644);
        fixture_directory("root/data", 0, 0755);
        fixture_file(AT_FDCWD, "root/data/seed", "seed", FIXTURE_BASE + 33, 0644);
        w->root_fd = fixture_open("root");
        w->spec.mounts = mounts;
        w->spec.n_mounts = n;
        w->q = (MountsRequest){
                .spec = &w->spec,
                .staging = w->staging,
                .volumes_dir = w->volumes_dir,
                .container_dir = w->container_dir,
                .root_fd = w->root_fd,
                .userns_fd = w->userns_fd,
                .ids = &fixture_ids,
                .uid = 33,
                .gid = 33,
        };
}

static void world_end(World *w) {
        free(w->staging);
        free(w->volumes_dir);
        free(w->container_dir);
        free(w->source);
        free(w->file);
        (void) close(w->userns_fd);
        (void) close(w->root_fd);
        fixture_leave();
}

static PreparedMounts *make(World *w) {
        PreparedMounts *m = NULL;
        Fault fault = {};
        int r = prepared_mounts_make(&w->q, &fault, &m);
        autofree char *text = fault_to_string(&fault);

        ck_assert_msg(r == 0, "%s", text);
        return m;
}

START_TEST(none) {
        autoptr(PreparedMounts) m = NULL;
        World w;

        world_make(&w, NULL, 0);
        m = make(&w);
        ck_assert_uint_eq(m->n, 0);
        world_end(&w);
}
END_TEST

START_TEST(binds) {
        MountSpec mounts[] = {
                { .kind = MOUNT_BIND, .destination = (char *) "/plain" },
                { .kind = MOUNT_BIND, .destination = (char *) "/mapped", .idmap = true, .read_only = true },
                { .kind = MOUNT_BIND, .destination = (char *) "/file" },
                { .kind = MOUNT_BIND,
                  .source = (char *) "/nonexistent",
                  .destination = (char *) "/maybe",
                  .optional = true },
        };
        autoptr(PreparedMounts) m = NULL;
        World w;

        world_make(&w, mounts, ELEMENTSOF(mounts));
        mounts[0].source = mounts[1].source = w.source;
        mounts[2].source = w.file;
        m = make(&w);

        ck_assert_uint_eq(m->n, 3);
        ck_assert_ptr_eq(m->items[0].spec, &mounts[0]);
        ck_assert(m->items[0].directory);
        fixture_expect_owner(m->items[0].fd, "file", 1000);
        ck_assert_int_eq(mkdirat(m->items[0].fd, "made", 0755), 0);

        fixture_expect_owner(m->items[1].fd, "file", FIXTURE_BASE + 1000);
        ck_assert_int_eq(mkdirat(m->items[1].fd, "made2", 0755), -1);
        ck_assert_int_eq(errno, EROFS);

        ck_assert(!m->items[2].directory);
        fixture_expect_owner(m->items[2].fd, "", 1000);
        world_end(&w);
}
END_TEST

START_TEST(missing_source) {
        MountSpec mounts[] = {
                { .kind = MOUNT_TMPFS, .destination = (char *) "/tmp" },
                { .kind = MOUNT_BIND,
                  .source = (char *) "/nonexistent/x",
                  .destination = (char *) "/x",
                  .at = { "web.container", 12, 8 } },
        };
        PreparedMounts *m = NULL;
        Fault fault = {};
        World w;

        world_make(&w, mounts, ELEMENTSOF(mounts));
        ck_assert_int_eq(prepared_mounts_make(&w.q, &fault, &m), -ENOENT);
        ck_assert_ptr_null(m);
        ck_assert_str_eq(fault.object, "/nonexistent/x (web.container:12)");
        ck_assert_str_eq(fault.step, "mount");
        ck_assert_str_ne(fault.advice, "");
        world_end(&w);
}
END_TEST

START_TEST(volumes) {
        MountSpec mounts[] = {
                { .kind = MOUNT_VOLUME,
                  .source = (char *) "seeded",
                  .destination = (char *) "/data",
                  .copy = true },
                { .kind = MOUNT_VOLUME, .source = (char *) "bare", .destination = (char *) "/data" },
                { .kind = MOUNT_VOLUME, .destination = (char *) "/anonymous" },
        };
        PreparedMounts *m;
        World w;

        world_make(&w, mounts, ELEMENTSOF(mounts));
        m = make(&w);
        ck_assert_uint_eq(m->n, 3);

        /* On disk the container's own ids, through the mount those of its namespace. */
        fixture_expect_text(m->items[0].fd, "seed", "seed");
        fixture_expect_owner(m->items[0].fd, "seed", FIXTURE_BASE + 33);
        fixture_expect_owner(AT_FDCWD, "volumes/seeded/_data/seed", 33);
        ck_assert(!file_exists(m->items[1].fd, "seed"));
        fixture_expect_owner(m->items[2].fd, "", FIXTURE_BASE);
        ck_assert(file_exists(AT_FDCWD, "containers/web.container/volumes"));
        prepared_mounts_free(m);

        /* A restart neither fills nor loses. */
        ck_assert_int_eq(unlink("volumes/seeded/_data/seed"), 0);
        w.q.restart = true;
        m = make(&w);
        ck_assert(!file_exists(m->items[0].fd, "seed"));
        prepared_mounts_free(m);
        world_end(&w);
}
END_TEST

START_TEST(chowned) {
        MountSpec mounts[] = {
                { .kind = MOUNT_BIND, .destination = (char *) "/plain", .chown = true },
                { .kind = MOUNT_VOLUME, .source = (char *) "v", .destination = (char *) "/v", .chown = true },
        };
        autoptr(PreparedMounts) m = NULL;
        World w;

        world_make(&w, mounts, ELEMENTSOF(mounts));
        mounts[0].source = w.source;
        m = make(&w);
        fixture_expect_owner(AT_FDCWD, "source", FIXTURE_BASE + 33);
        fixture_expect_owner(AT_FDCWD, "source/file", FIXTURE_BASE + 33);
        fixture_expect_owner(AT_FDCWD, "volumes/v/_data", 33);
        fixture_expect_owner(m->items[1].fd, "", FIXTURE_BASE + 33);
        world_end(&w);
}
END_TEST

START_TEST(tmpfs) {
        MountSpec mounts[] = {
                { .kind = MOUNT_TMPFS,
                  .destination = (char *) "/t",
                  .size = 1 << 20,
                  .mode = 0700,
                  .no_exec = true },
                { .kind = MOUNT_TMPFS, .destination = (char *) "/u" },
                { .kind = MOUNT_TMPFS, .destination = (char *) "/data", .copy_up = true },
                { .kind = MOUNT_TMPFS, .destination = (char *) "/none", .copy_up = true, .mode = 0750 },
        };
        autoptr(PreparedMounts) m = NULL;
        struct statvfs vfs;
        struct stat st;
        World w;

        world_make(&w, mounts, ELEMENTSOF(mounts));
        m = make(&w);
        ck_assert_int_eq(fstatvfs(m->items[0].fd, &vfs), 0);
        ck_assert_uint_eq(vfs.f_blocks * vfs.f_frsize, 1 << 20);
        ck_assert(vfs.f_flag & ST_NOEXEC);
        ck_assert_int_eq(fstat(m->items[0].fd, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0700);
        fixture_expect_owner(m->items[0].fd, "", FIXTURE_BASE);
        ck_assert_int_eq(fstat(m->items[1].fd, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 01777);
        /* What the image has there comes along, with its owner. */
        fixture_expect_owner(m->items[2].fd, "seed", FIXTURE_BASE + 33);
        ck_assert_int_eq(fstat(m->items[3].fd, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0750);
        world_end(&w);
}
END_TEST

/* A mount point inside another mount is made there, even if that one is read-only or id-mapped. */
START_TEST(nested) {
        MountSpec mounts[] = {
                { .kind = MOUNT_VOLUME,
                  .source = (char *) "v",
                  .destination = (char *) "/v",
                  .read_only = true },
                { .kind = MOUNT_BIND, .destination = (char *) "/v/a/file" },
                { .kind = MOUNT_TMPFS, .destination = (char *) "/t", .read_only = true },
                { .kind = MOUNT_TMPFS, .destination = (char *) "/t/b" },
                { .kind = MOUNT_TMPFS, .destination = (char *) "/t/b/c" },
        };
        autoptr(PreparedMounts) m = NULL;
        struct stat st;
        World w;

        world_make(&w, mounts, ELEMENTSOF(mounts));
        mounts[1].source = w.file;
        m = make(&w);
        ck_assert_int_eq(fstatat(m->items[0].fd, "a/file", &st, 0), 0);
        ck_assert(S_ISREG(st.st_mode));
        ck_assert_uint_eq(st.st_uid, FIXTURE_BASE);
        fixture_expect_owner(m->items[2].fd, "b", FIXTURE_BASE);
        fixture_expect_owner(m->items[3].fd, "c", FIXTURE_BASE);
        ck_assert_int_eq(mkdirat(m->items[2].fd, "x", 0755), -1);
        ck_assert_int_eq(errno, EROFS);
        world_end(&w);
}
END_TEST

/* What is written over a source stays away from it, over restarts too. */
START_TEST(overlays) {
        MountSpec mounts[] = {
                { .kind = MOUNT_BIND, .destination = (char *) "/o", .overlay = true, .idmap = true },
                { .kind = MOUNT_BIND, .destination = (char *) "/r", .overlay = true, .read_only = true },
                { .kind = MOUNT_BIND, .destination = (char *) "/up", .overlay = true, .idmap = true },
        };
        autofree char *lower = NULL, *upper = NULL;
        autoptr(PreparedMounts) m = NULL, again = NULL;
        World w;

        world_make(&w, mounts, ELEMENTSOF(mounts));
        fixture_directory("lower", 0, 0755);
        fixture_file(AT_FDCWD, "lower/low", "low", 0, 0644);
        fixture_directory("upper", FIXTURE_BASE, 0750);
        lower = fixture_path("lower");
        upper = fixture_path("upper");
        for (size_t i = 0; i < ELEMENTSOF(mounts); i++)
                mounts[i].source = w.source;
        mounts[1].lowers = (char *[]){ lower, NULL };
        mounts[2].upper = upper;

        m = make(&w);
        fixture_expect_owner(m->items[0].fd, "", FIXTURE_BASE);
        fixture_expect_owner(m->items[0].fd, "file", FIXTURE_BASE + 1000);
        fixture_file(m->items[0].fd, "new", "new", FIXTURE_BASE + 7, 0644);
        ck_assert(!file_exists(AT_FDCWD, "source/new"));
        ck_assert(file_exists(m->items[1].fd, "low") && file_exists(m->items[1].fd, "file"));
        fixture_file(m->items[2].fd, "kept", "kept", FIXTURE_BASE, 0644);
        ck_assert(file_exists(AT_FDCWD, "upper/kept") && !file_exists(AT_FDCWD, "source/kept"));
        prepared_mounts_free(take_ptr(m));

        w.q.restart = true;
        again = make(&w);
        fixture_expect_owner(again->items[0].fd, "new", FIXTURE_BASE + 7);
        ck_assert(file_exists(again->items[2].fd, "kept"));
        world_end(&w);
}
END_TEST

START_TEST(parts_and_memory) {
        MountSpec mounts[] = {
                { .kind = MOUNT_VOLUME,
                  .source = (char *) "v",
                  .destination = (char *) "/part",
                  .subpath = (char *) "a/link" },
                { .kind = MOUNT_RAMFS, .destination = (char *) "/ram", .mode = 0710, .chown = true },
        };
        autoptr(PreparedMounts) m = NULL;
        struct stat st;
        World w;

        world_make(&w, mounts, ELEMENTSOF(mounts));
        fixture_directory("volumes/v/_data/a", 0, 0755);
        fixture_directory("volumes/v/_data/b", 0, 0755);
        fixture_file(AT_FDCWD, "volumes/v/_data/b/x", "x", 0, 0644);
        ck_assert_int_eq(symlink("/../../../b", "volumes/v/_data/a/link"), 0);
        m = make(&w);
        /* A link of a container's leads to where it leads inside the volume. */
        ck_assert(file_exists(m->items[0].fd, "x"));
        ck_assert_int_eq(fstat(m->items[1].fd, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0710);
        fixture_expect_owner(m->items[1].fd, "", FIXTURE_BASE + 33);
        world_end(&w);
}
END_TEST

TEST_MAIN("storage/mounts", none, binds, missing_source, volumes, chowned, tmpfs, nested, overlays,
          parts_and_memory)
