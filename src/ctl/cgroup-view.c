/* See cgroup-view.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/utf8.h"
#include "ctl/cgroup-view.h"

#define FILE_MAX_BYTES (4 * 1024 * 1024)
#define DEPTH_MAX      64

static int find_mount(char **ret) {
        FILE *f = setmntent("/proc/self/mounts", "re");
        const struct mntent *e;

        if (!f)
                return -errno;
        while (!*ret && (e = getmntent(f)))
                if (streq(e->mnt_type, "cgroup2"))
                        *ret = strdup(e->mnt_dir);
        (void) endmntent(f);
        return *ret ? 0 : -ENOENT;
}

int cgroup_view_open(const char *path) {
        autofree char *mount = NULL, *whole = NULL;
        int r;

        if (path[0] != '/')
                return -ENOENT;
        r = find_mount(&mount);
        if (r < 0)
                return r;
        return asprintf(&whole, "%s%s", mount, path) < 0 ? -ENOMEM : dir_open(AT_FDCWD, whole);
}

/* --- counters --------------------------------------------------------------------------------------- */

static uint64_t number_in(int fd, const char *file) {
        autofree char *line = NULL;
        uint64_t n;

        return file_read_line(fd, file, &line) == 0 && parse_u64(line, &n) == 0 ? n : UINT64_MAX;
}

/* The sum of all "KEY=N" and "KEY N" of a file. */
static uint64_t sum_in(int fd, const char *file, const char *key) {
        autofree char *text = NULL;
        uint64_t sum = UINT64_MAX;
        size_t n = strlen(key);

        if (file_read(fd, file, FILE_MAX_BYTES, &text, NULL) < 0)
                return UINT64_MAX;
        for (const char *s = text; (s = strstr(s, key)); s += n) {
                bool begins = s == text || s[-1] == ' ' || s[-1] == '\n';

                if (begins && (s[n] == '=' || s[n] == ' '))
                        sum = (sum == UINT64_MAX ? 0 : sum) + strtoull(s + n + 1, NULL, 10);
        }
        return sum;
}

int cgroup_view_sample(int fd, CgroupSample *ret) {
        CgroupSample s = {
                .when = clock_now(CLOCK_MONOTONIC),
                .cpu_usec = sum_in(fd, "cpu.stat", "usage_usec"),
                .memory = number_in(fd, "memory.current"),
                .tasks = number_in(fd, "pids.current"),
                .read_bytes = sum_in(fd, "io.stat", "rbytes"),
                .written_bytes = sum_in(fd, "io.stat", "wbytes"),
        };

        if (faccessat(fd, "cgroup.procs", F_OK, 0) < 0)
                return -ENODEV;
        *ret = s;
        return 0;
}

/* --- processes -------------------------------------------------------------------------------------- */

/* The number behind "NSpid:", one level below ours; the same one when it has no namespace of its own. */
static long inner_pid(const char *status, long pid) {
        const char *line = strstr(status, "\nNSpid:");
        char *end;

        if (!line)
                return pid;
        (void) strtol(line + strlen("\nNSpid:"), &end, 10);
        return *end == '\t' ? strtol(end, NULL, 10) : pid;
}

static json_t *command_of(int dir_fd, const char *comm) {
        autofree char *text = NULL, *bracketed = NULL;
        size_t n = 0;

        if (file_read(dir_fd, "cmdline", FILE_MAX_BYTES, &text, &n) < 0 || n == 0)
                return asprintf(&bracketed, "[%s]", comm) < 0 ? json_string("")
                                                              : json_string(utf8_make_plain(bracketed));
        for (size_t i = 0; i + 1 < n; i++)
                if (text[i] == '\0')
                        text[i] = ' ';
        return json_string(utf8_make_plain(text));
}

/* Fields of proc(5)'s stat, counted from 3, which follows the name in brackets. */
enum {
        STAT_STATE = 3,
        STAT_PARENT = 4,
        STAT_USER_TICKS = 14,
        STAT_SYSTEM_TICKS = 15,
        STAT_RESIDENT_PAGES = 24,
};

static json_t *describe(long pid, char *stat, const char *status, int dir_fd, uid_t uid) {
        char *name = strchr(stat, '('), *end = strrchr(stat, ')'), *save = NULL, state[2] = "?";
        uint64_t ticks = 0, pages = 0, per_second = (uint64_t) sysconf(_SC_CLK_TCK);
        long parent = 0;
        int i = STAT_STATE;

        if (!name || !end)
                return NULL;
        *end = '\0';
        for (char *w = strtok_r(end + 1, " ", &save); w; w = strtok_r(NULL, " ", &save), i++) {
                if (i == STAT_STATE)
                        state[0] = w[0];
                else if (i == STAT_PARENT)
                        parent = strtol(w, NULL, 10);
                else if (i == STAT_USER_TICKS || i == STAT_SYSTEM_TICKS)
                        ticks += strtoull(w, NULL, 10);
                else if (i == STAT_RESIDENT_PAGES)
                        pages = strtoull(w, NULL, 10);
        }
        return json_pack("{s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:o}", "pid", (json_int_t) pid, "container_pid",
                         (json_int_t) inner_pid(status, pid), "parent", (json_int_t) parent, "uid",
                         (json_int_t) uid, "state", state, "cpu_usec",
                         (json_int_t) (ticks * USEC_PER_SEC / per_second), "memory",
                         (json_int_t) (pages * (uint64_t) sysconf(_SC_PAGESIZE)), "command",
                         command_of(dir_fd, name + 1));
}

/* NULL when it has ended meanwhile. */
static json_t *read_process(long pid) {
        autofree char *stat_text = NULL, *status = NULL;
        autoclose int dir_fd = -EBADF;
        char path[32];
        struct stat st;

        (void) snprintf(path, sizeof(path), "/proc/%ld", pid);
        dir_fd = dir_open(AT_FDCWD, path);
        if (dir_fd < 0 || fstat(dir_fd, &st) < 0)
                return NULL;
        if (file_read(dir_fd, "stat", FILE_MAX_BYTES, &stat_text, NULL) < 0 ||
            file_read(dir_fd, "status", FILE_MAX_BYTES, &status, NULL) < 0)
                return NULL;
        return describe(pid, stat_text, status, dir_fd, st.st_uid);
}

static int add_processes(int fd, json_t *rows) {
        autofree char *text = NULL;
        int r;

        r = file_read(fd, "cgroup.procs", FILE_MAX_BYTES, &text, NULL);
        if (r < 0) /* one that has gone, or a threaded one, whose processes the one above it lists */
                return r == -ENOMEM ? r : 0;

        for (char *s = text, *end; *s; s = end + (*end == '\n')) {
                long pid = strtol(s, &end, 10);
                json_t *row;

                if (end == s)
                        break;
                row = pid > 0 ? read_process(pid) : NULL;
                if (row && json_array_append_new(rows, row) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int walk(int fd, unsigned depth, json_t *rows) {
        autoclosedir DIR *d = NULL;
        struct dirent *e;
        int copy, r;

        r = add_processes(fd, rows);
        if (r < 0 || depth == DEPTH_MAX)
                return r;
        copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        d = copy < 0 ? NULL : fdopendir(copy);
        if (!d) {
                cleanup_close_(&copy);
                return 0;
        }
        while ((e = readdir(d))) {
                autoclose int child_fd = -EBADF;

                if (e->d_type != DT_DIR || e->d_name[0] == '.')
                        continue;
                child_fd = dir_open(fd, e->d_name);
                r = child_fd < 0 ? 0 : walk(child_fd, depth + 1, rows);
                if (r < 0)
                        return r;
        }
        return 0;
}

static json_int_t pid_at(const json_t *rows, size_t i) {
        return json_integer_value(json_object_get(json_array_get(rows, i), "pid"));
}

/* Cgroups list them in no order. */
static void sort_by_pid(json_t *rows) {
        for (size_t i = 1; i < json_array_size(rows); i++) {
                json_t *row = json_incref(json_array_get(rows, i));
                json_int_t pid = pid_at(rows, i);
                size_t k = i;

                while (k > 0 && pid_at(rows, k - 1) > pid)
                        k--;
                if (k < i) {
                        (void) json_array_remove(rows, i);
                        (void) json_array_insert(rows, k, row);
                }
                json_decref(row);
        }
}

int cgroup_view_processes(int fd, json_t **ret) {
        json_t *rows = json_array();
        int r;

        r = rows ? walk(fd, 0, rows) : -ENOMEM;
        if (r < 0) {
                json_decref(rows);
                return r;
        }
        sort_by_pid(rows);
        *ret = rows;
        return 0;
}
