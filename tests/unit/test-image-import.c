/* Imports: OCI layouts, digests, and what is left when one is cut, killed, or out of space. */
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#include "basic/strv.h"
#include "image/digest.h"

#include "image-fixture.h"

#define BLOBS "blobs/sha256/"

static int layout_fd = -EBADF;

static void layout_write(const char *name, const void *data, size_t size) {
        int fd = openat(layout_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, data, size), (ssize_t) size);
        (void) close(fd);
}

static void blob_write(const void *data, size_t size, char digest[65]) {
        char path[96];

        ck_assert_int_eq(digest_of(data, size, digest), 0);
        (void) snprintf(path, sizeof(path), BLOBS "%s", digest);
        layout_write(path, data, size);
}

typedef struct Layout {
        char layers[4][65];
        size_t sizes[4];
        size_t n;
        char manifest[65];
} Layout;

static void layout_begin(void) {
        char path[] = "/tmp/test-layout-XXXXXX";

        ck_assert_ptr_nonnull(mkdtemp(path));
        layout_fd = dir_open(AT_FDCWD, path);
        ck_assert_int_eq(dir_make(layout_fd, "blobs/sha256", 0700), 0);
        layout_write("oci-layout", "{\"imageLayoutVersion\": \"1.0.0\"}", 32);
        /* Only the descriptor keeps it: nothing to clean up but what is in it. */
}

static void layout_end(void) {
        char proc[32], path[128] = "";

        ck_assert_int_gt(readlink(fd_path(layout_fd, proc), path, sizeof(path) - 1), 0);
        (void) close(layout_fd);
        ck_assert_int_eq(tree_remove(AT_FDCWD, path), 0);
}

static void layout_layer(Layout *l, Tar *t) {
        tar_end(t);
        blob_write(t->data, t->size, l->layers[l->n]);
        l->sizes[l->n++] = t->size;
        tar_free(t);
}

/* @diff_ids: NULL = the right ones. */
static void layout_finish(Layout *l, const char *architecture, const char *const *diff_ids) {
        char config[2048], manifest[2048], index[1024], digest[65];
        size_t n, m, k;

        n = (size_t) snprintf(config, sizeof(config),
                              "{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"/run\"]},"
                              "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[",
                              architecture);
        for (size_t i = 0; i < l->n; i++)
                n += (size_t) snprintf(config + n, sizeof(config) - n, "%s\"sha256:%s\"", i ? "," : "",
                                       diff_ids ? diff_ids[i] : l->layers[i]);
        n += (size_t) snprintf(config + n, sizeof(config) - n, "]}}");
        blob_write(config, n, digest);

        m = (size_t) snprintf(
                manifest, sizeof(manifest),
                "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/"
                "vnd.oci.image.config.v1+json\",\"digest\":\"sha256:%s\",\"size\":%zu},\"layers\":[",
                digest, n);
        for (size_t i = 0; i < l->n; i++)
                m += (size_t) snprintf(
                        manifest + m, sizeof(manifest) - m,
                        "%s{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":"
                        "\"sha256:%s\",\"size\":%zu}",
                        i ? "," : "", l->layers[i], l->sizes[i]);
        m += (size_t) snprintf(manifest + m, sizeof(manifest) - m, "]}");
        blob_write(manifest, m, l->manifest);

        k = (size_t) snprintf(index, sizeof(index),
                              "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/"
                              "vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:%s\",\"size\":%zu,"
                              "\"annotations\":{\"org.opencontainers.image.ref.name\":\"example/web:1\"}}]}",
                              l->manifest, m);
        layout_write("index.json", index, k);
}

static int layout_import(ImageStore *store, const char *name, ImportReport *report) {
        ImportRequest request = { .fd = layout_fd, .name = name };
        Fault fault = {};

        return image_import(store, &request, report, &fault);
}

static void two_layers(Layout *l) {
        Tar t = {};

        tar_add(&t, '5', "tmp", NULL, 01777, NULL, 0);
        tar_file(&t, "base", "b");
        layout_layer(l, &t);
        tar_file(&t, "tmp/x", "x");
        tar_file(&t, ".wh.base", "");
        layout_layer(l, &t);
}

START_TEST(oci_layout) {
        ImageStore *store = fixture_store();
        ImportReport report;
        Layout l = {};
        Image *image;
        struct stat st;
        int *fds;
        size_t n;

        layout_begin();
        two_layers(&l);
        layout_finish(&l, "amd64", NULL);
        ck_assert_int_eq(layout_import(store, NULL, &report), 0);
        ck_assert_str_eq(report.name, "example/web:1");
        ck_assert_uint_eq(report.layers_new, 2);
        free(report.name);

        ck_assert_int_eq(image_store_resolve(store, "docker.io/example/web:1", &image, NULL), 0);
        ck_assert_str_eq(image->digest, l.manifest);
        ck_assert_str_eq(image->config->cmd[0], "/run");
        ck_assert_int_eq(image_store_layers_open(store, image, &fds, &n, NULL), 0);
        ck_assert_uint_eq(n, 2);
        /* Topmost first. */
        ck_assert_int_eq(fstatat(fds[0], "base", &st, 0), 0);
        ck_assert(S_ISCHR(st.st_mode));
        ck_assert_int_eq(fstatat(fds[1], "base", &st, 0), 0);
        ck_assert(S_ISREG(st.st_mode));
        /* Implied by tmp/x, and what overlayfs will show. */
        ck_assert_int_eq(fstatat(fds[0], "tmp", &st, 0), 0);
        ck_assert_uint_eq(st.st_mode, S_IFDIR | 01777);
        ck_assert_int_eq(st.st_mtime, 1000000000);
        image_layers_close(fds, n);
        image_unref(image);

        ck_assert_int_eq(layout_import(store, "other", &report), 0);
        ck_assert_uint_eq(report.layers_new, 0);
        ck_assert_uint_eq(report.layers_known, 2);
        free(report.name);
        layout_end();
        fixture_end(store);
}
END_TEST

/* The topmost layer whose root is opaque is the last one that shows. */
START_TEST(opaque_root) {
        ImageStore *store = fixture_store();
        ImportReport report;
        Layout l = {};
        Tar t = {};
        Image *image;
        int *fds;
        size_t n;

        layout_begin();
        tar_file(&t, "old", "");
        layout_layer(&l, &t);
        tar_file(&t, ".wh..wh..opq", "");
        tar_file(&t, "new", "");
        layout_layer(&l, &t);
        /* Once more: overlayfs refuses the same directory twice. */
        l.n = 3;
        memcpy(l.layers[2], l.layers[1], 65);
        l.sizes[2] = l.sizes[1];
        layout_finish(&l, "amd64", NULL);
        ck_assert_int_eq(layout_import(store, NULL, &report), 0);
        free(report.name);

        ck_assert_int_eq(image_store_resolve(store, "example/web:1", &image, NULL), 0);
        ck_assert_uint_eq(image->n_layers, 3);
        ck_assert_int_eq(image_store_layers_open(store, image, &fds, &n, NULL), 0);
        ck_assert_uint_eq(n, 1);
        image_layers_close(fds, n);
        image_unref(image);
        layout_end();
        fixture_end(store);
}
END_TEST

static ino_t inode_in(int dir_fd, const char *name, nlink_t names) {
        struct stat st;

        ck_assert_int_eq(fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert(S_ISREG(st.st_mode));
        ck_assert_uint_eq(st.st_nlink, names);
        return st.st_ino;
}

/* Links to a file of a lower layer are one file, and not as many copies as there are entries. */
START_TEST(links_to_lower) {
        ImageStore *store = fixture_store();
        ImportReport report;
        Layout l = {};
        Tar t = {};
        Image *image;
        ino_t inode;
        int *fds;
        size_t n;

        layout_begin();
        tar_file(&t, "base", "text");
        tar_file(&t, "other", "");
        layout_layer(&l, &t);
        tar_add(&t, '1', "a", "base", 0644, NULL, 0);
        tar_add(&t, '1', "b", "base", 0644, NULL, 0);
        tar_add(&t, '1', "c", "other", 0644, NULL, 0);
        layout_layer(&l, &t);
        /* The layer has something else of that name in the end. */
        tar_add(&t, '1', "p", "base", 0644, NULL, 0);
        tar_add(&t, '1', "q", "base", 0644, NULL, 0);
        tar_file(&t, "base", "new");
        layout_layer(&l, &t);
        layout_finish(&l, "amd64", NULL);
        ck_assert_int_eq(layout_import(store, NULL, &report), 0);
        free(report.name);

        ck_assert_int_eq(image_store_resolve(store, "example/web:1", &image, NULL), 0);
        ck_assert_int_eq(image_store_layers_open(store, image, &fds, &n, NULL), 0);
        ck_assert_uint_eq(n, 3);
        inode = inode_in(fds[1], "base", 3);
        ck_assert_uint_eq(inode_in(fds[1], "a", 3), inode);
        ck_assert_uint_eq(inode_in(fds[1], "b", 3), inode);
        ck_assert_uint_eq(inode_in(fds[1], "c", 2), inode_in(fds[1], "other", 2));
        ck_assert_uint_eq(inode_in(fds[0], "p", 2), inode_in(fds[0], "q", 2));
        (void) inode_in(fds[0], "base", 1);
        image_layers_close(fds, n);
        image_unref(image);
        layout_end();
        fixture_end(store);
}
END_TEST

START_TEST(digests_checked) {
        ImageStore *store = fixture_store();
        ImportReport report;
        Layout l = {};
        char path[96], wrong[65];
        const char *diff_ids[2];

        layout_begin();
        two_layers(&l);
        layout_finish(&l, "amd64", NULL);

        /* One byte of the second layer. */
        (void) snprintf(path, sizeof(path), BLOBS "%s", l.layers[1]);
        {
                int fd = openat(layout_fd, path, O_WRONLY);

                ck_assert_int_eq(pwrite(fd, "y", 1, 512), 1);
                (void) close(fd);
        }
        ck_assert_int_eq(layout_import(store, NULL, &report), -EBADMSG);
        assert_empty(store);

        /* Blobs as promised, but not what the configuration says they unpack to. */
        l.n = 0;
        two_layers(&l);
        ck_assert_int_eq(digest_of("", 0, wrong), 0);
        diff_ids[0] = l.layers[0];
        diff_ids[1] = wrong;
        layout_finish(&l, "amd64", diff_ids);
        ck_assert_int_eq(layout_import(store, NULL, &report), -EBADMSG);
        assert_empty(store);

        /* Configuration and manifest themselves. */
        layout_finish(&l, "amd64", NULL);
        (void) snprintf(path, sizeof(path), BLOBS "%s", l.manifest);
        layout_write(path, "{}", 2);
        ck_assert_int_eq(layout_import(store, NULL, &report), -EBADMSG);
        assert_empty(store);
        layout_end();
        fixture_end(store);
}
END_TEST

START_TEST(blob_link_leaves_layout) {
        ImageStore *store = fixture_store();
        ImportReport report;
        Layout l = {};

        layout_begin();
        two_layers(&l);
        layout_finish(&l, "amd64", NULL);
        ck_assert_int_eq(unlinkat(layout_fd, "index.json", 0), 0);
        ck_assert_int_eq(symlinkat("/etc/passwd", layout_fd, "index.json"), 0);
        ck_assert_int_lt(layout_import(store, NULL, &report), 0);
        assert_empty(store);
        layout_end();
        fixture_end(store);
}
END_TEST

static void some_tar(Tar *t) {
        tar_add(t, '5', "dir", NULL, 0755, NULL, 0);
        tar_file(t, "dir/a", "text");
        tar_add(t, '1', "b", "dir/a", 0644, NULL, 0);
        tar_file(t, "c", "more text");
        tar_end(t);
}

START_TEST(cut_anywhere) {
        ImageStore *store = fixture_store();
        ImportReport report;
        Tar t = {};

        some_tar(&t);
        for (size_t n = 0; n < t.size - 512; n += n % 512 ? 511 : 1) {
                ck_assert_msg(import_bytes(store, "t", t.data, n, NULL, &report) == -EBADMSG, "%zu bytes", n);
                assert_empty(store);
        }
        ck_assert_int_eq(import_bytes(store, "t", t.data, t.size, NULL, &report), 0);
        free(report.name);
        tar_free(&t);
        fixture_end(store);
}
END_TEST

static void write_or_die(int fd, const char *data, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, data, size);

                ck_assert_int_gt(n, 0);
                data += n;
                size -= (size_t) n;
        }
}

/* Killed in the middle: what it leaves goes with the next collection, and the old images stay. */
START_TEST(killed) {
        static char bytes[16 << 20];
        ImageStore *store = fixture_store();
        ImportReport report;
        Tar t = {};
        Image *const *images;
        int pipes[2], status;
        size_t n;
        pid_t pid;

        some_tar(&t);
        ck_assert_int_eq(import_bytes(store, "old", t.data, t.size, NULL, &report), 0);
        free(report.name);
        tar_free(&t);

        ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                ImportRequest request = { .fd = pipes[0], .name = "new" };

                (void) close(pipes[1]);
                (void) image_import(store, &request, &report, NULL);
                _exit(0);
        }
        (void) close(pipes[0]);
        tar_file(&t, "first", "");
        tar_add(&t, '0', "big", NULL, 0644, bytes, sizeof(bytes));
        /* More than all pipes and buffers on the way hold: files have been written. */
        write_or_die(pipes[1], t.data, 8 << 20);
        ck_assert_uint_eq(count_entries("layers"), 2);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        (void) close(pipes[1]);
        tar_free(&t);

        /* 1 as long as its sandboxed child lives. */
        while ((status = image_store_collect(store, NULL)) == 1)
                (void) sched_yield();
        ck_assert_int_eq(status, 0);
        ck_assert_uint_eq(count_entries("layers"), 1);
        ck_assert_int_eq(image_store_list(store, &images, &n), 0);
        ck_assert_uint_eq(n, 1);
        ck_assert_str_eq(images[0]->names[0], "old:latest");
        (void) close(top_layer(store, "old"));
        fixture_end(store);
}
END_TEST

START_TEST(no_space) {
        static char bytes[4 << 20];
        struct statfs before, after;
        ImportReport report;
        ImageStore *store;
        Tar t = {};

        ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
        ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        store = fixture_store();
        image_store_free(store);
        ck_assert_int_eq(mount("small", fixture_path, "tmpfs", 0, "size=2m"), 0);
        ck_assert_int_eq(image_store_open(fixture_path, &store, NULL), 0);
        ck_assert_int_eq(statfs(fixture_path, &before), 0);

        memset(bytes, 'x', sizeof(bytes));
        tar_add(&t, '0', "big", NULL, 0644, bytes, sizeof(bytes));
        ck_assert_int_eq(import_tar(store, "t", &t, &report), -ENOSPC);
        assert_empty(store);
        ck_assert_int_eq(statfs(fixture_path, &after), 0);
        ck_assert_uint_ge(after.f_bfree + 1, before.f_bfree); /* the lock file */

        image_store_free(store);
        ck_assert_int_eq(umount2(fixture_path, MNT_DETACH), 0);
        ck_assert_int_eq(tree_remove(AT_FDCWD, fixture_path), 0);
}
END_TEST

START_TEST(rubbish_refused) {
        static const char *const texts[] = { "", "not an archive at all",
                                             "\x1f\x8b\x08"
                                             "broken gzip",
                                             "\x28\xb5\x2f\xfd"
                                             "broken zstd" };
        ImageStore *store = fixture_store();
        ImportReport report;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                ck_assert_int_eq(import_bytes(store, "t", texts[i], strlen(texts[i]), NULL, &report),
                                 -EBADMSG);
                assert_empty(store);
        }
        fixture_end(store);
}
END_TEST

START_TEST(configured_root) {
        ImageConfig config = { .user = (char *) "www", .working_dir = (char *) "/srv" };
        ImageStore *store = fixture_store();
        ImportReport report, again;
        Image *image;
        Tar t = {};
        ImportRequest request = { .name = "web", .config = &config };

        ck_assert_int_eq(strv_add(&config.entrypoint, "/bin/web"), 0);
        some_tar(&t);
        request.fd = bytes_fd(t.data, t.size);
        ck_assert_int_eq(image_import(store, &request, &report, NULL), 0);
        ck_assert_int_eq(image_store_resolve(store, "web", &image, NULL), 0);
        ck_assert_str_eq(image->config->entrypoint[0], "/bin/web");
        ck_assert_str_eq(image->config->user, "www");
        ck_assert_str_eq(image->config->working_dir, "/srv");
        ck_assert_uint_eq(image->size_bytes, 13);
        image_unref(image);

        /* The same again is the same image. */
        ck_assert_int_eq(lseek(request.fd, 0, SEEK_SET), 0);
        ck_assert_int_eq(image_import(store, &request, &again, NULL), 0);
        ck_assert_str_eq(report.id, again.id);
        ck_assert_uint_eq(again.layers_known, 1);
        ck_assert_uint_eq(count_entries("layers"), 1);
        (void) close(request.fd);
        free(report.name);
        free(again.name);
        strv_free(config.entrypoint);
        tar_free(&t);
        fixture_end(store);
}
END_TEST

TEST_MAIN("image: import", oci_layout, opaque_root, links_to_lower, digests_checked, blob_link_leaves_layout,
          cut_anywhere, killed, no_space, rubbish_refused, configured_root)
