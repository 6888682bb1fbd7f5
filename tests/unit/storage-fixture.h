/*
 * For tests that mount: a private mount namespace and a scratch directory for each test, a user
 * namespace to id-map with. Without root the whole program is skipped.
 */
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "spec/id-map.h"
#include "unit-test.h"

#define FIXTURE_BASE  UINT32_C(200000)
#define FIXTURE_COUNT UINT32_C(65536)

__attribute__((unused)) static IdExtent fixture_extent = { 0, FIXTURE_BASE, FIXTURE_COUNT };
__attribute__((unused)) static const IdMap fixture_ids = { { &fixture_extent, 1 }, { &fixture_extent, 1 } };

/* Exit status 77 means "skipped" to meson. */
__attribute__((constructor)) static void fixture_skip(void) {
        if (geteuid() != 0)
                _exit(77);
}

/* The scratch directory is the working directory. It lies on a file system of its own kind, not on a
 * tmpfs: those can be id-mapped only since Linux 6.3. */
static inline void fixture_enter(void) {
        char dir[] = "/var/tmp/nsunits-test-XXXXXX";

        umask(022);
        ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
        ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
        ck_assert_ptr_nonnull(mkdtemp(dir));
        ck_assert_int_eq(chdir(dir), 0);
}

static inline void fixture_leave(void) {
        autofree char *dir = get_current_dir_name();

        ck_assert_int_eq(chdir("/"), 0);
        ck_assert_int_eq(tree_remove(AT_FDCWD, dir), 0);
}

/* Maps 0... to FIXTURE_BASE... */
static inline int fixture_userns(void) {
        int ready[2], status, fd;
        char path[64], map[64], c = 'x';
        pid_t pid;

        ck_assert_int_eq(pipe(ready), 0);
        pid = fork();
        if (pid == 0) {
                if (unshare(CLONE_NEWUSER) < 0 || write(ready[1], &c, 1) != 1)
                        _exit(1);
                pause();
                _exit(0);
        }
        ck_assert_int_eq(read(ready[0], &c, 1), 1);

        (void) snprintf(map, sizeof(map), "0 %u %u", FIXTURE_BASE, FIXTURE_COUNT);
        (void) snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
        ck_assert_int_eq(file_write(AT_FDCWD, path, map), 0);
        (void) snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
        ck_assert_int_eq(file_write(AT_FDCWD, path, map), 0);
        (void) snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);

        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, &status, 0);
        (void) close(ready[0]);
        (void) close(ready[1]);
        return fd;
}

/* A path below the scratch directory in absolute form. Free it. */
static inline char *fixture_path(const char *name) {
        autofree char *dir = get_current_dir_name();
        char *path = NULL;

        ck_assert_int_gt(asprintf(&path, "%s/%s", dir, name), 0);
        return path;
}

static inline void fixture_file(int dir_fd, const char *path, const char *text, uint32_t id, mode_t mode) {
        int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t) strlen(text));
        ck_assert_int_eq(fchown(fd, id, id), 0);
        ck_assert_int_eq(fchmod(fd, mode), 0);
        (void) close(fd);
}

static inline void fixture_directory(const char *path, uint32_t id, mode_t mode) {
        ck_assert_int_eq(dir_make(AT_FDCWD, path, 0755), 0);
        ck_assert_int_eq(chown(path, id, id), 0);
        ck_assert_int_eq(chmod(path, mode), 0);
}

static inline int fixture_open(const char *path) {
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
        return fd;
}

static inline void fixture_expect_text(int dir_fd, const char *path, const char *text) {
        autofree char *found = NULL;

        ck_assert_msg(file_read(dir_fd, path, 4096, &found, NULL) == 0, "%s", path);
        ck_assert_str_eq(found, text);
}

static inline void fixture_expect_owner(int dir_fd, const char *path, uint32_t id) {
        struct stat st;

        ck_assert_int_eq(fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), 0);
        ck_assert_uint_eq(st.st_uid, id);
        ck_assert_uint_eq(st.st_gid, id);
}

/* Mounts in this namespace whose line contains @text. */
static inline unsigned fixture_count_mounts(const char *text) {
        autofclose FILE *f = fopen("/proc/self/mountinfo", "re");
        char line[4096];
        unsigned n = 0;

        ck_assert_ptr_nonnull(f);
        while (fgets(line, sizeof(line), f))
                n += strstr(line, text) != NULL;
        return n;
}

/* Of the scratch directory; what else is mounted on this machine is none of ours. */
static inline unsigned fixture_count_own_mounts(void) {
        autofree char *dir = get_current_dir_name();

        ck_assert_ptr_nonnull(dir);
        return fixture_count_mounts(dir);
}
