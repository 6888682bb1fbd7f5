/* Log files that their writers append to by themselves, and whose head is taken away when they grow. */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/clock.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "manager/log-file.h"

/* How far the end of a cut line is looked for; journald's lines are no longer (LineMax=48K). */
#define LINE_SEARCH_MAX (64 * 1024)

/* How much of the end of a file is looked at, and how much of a line is shown. */
#define TAIL_MAX       4096
#define LINE_SHOWN_MAX 200

char *log_file_path(const char *logs_dir, const char *unit) {
        char *path = NULL;

        return asprintf(&path, "%s/%s.log", logs_dir, unit) < 0 ? NULL : path;
}

int log_file_open(const char *logs_dir, const char *unit, uint32_t uid, uint32_t gid) {
        autofree char *path = log_file_path(logs_dir, unit);
        autoclose int fd = -EBADF;
        int r;

        if (!path)
                return -ENOMEM;
        r = dir_make(AT_FDCWD, logs_dir, 0750);
        if (r < 0)
                return r;

        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0640);
        if (fd < 0)
                return -errno;
        if (fchown(fd, uid, gid) < 0)
                return -errno;
        return take_fd(fd);
}

/* The lines of @text, the last @n of them. */
static int last_lines(char *text, size_t n, char ***ret) {
        autostrv char **lines = NULL, **last = NULL;
        size_t count;
        int r;

        r = strv_split(text, "\n", &lines);
        if (r < 0)
                return r;
        count = strv_length(lines);
        STRV_FOREACH (line, lines + (count > n ? count - n : 0)) {
                r = strv_addf(&last, "%.*s", LINE_SHOWN_MAX, *line);
                if (r < 0)
                        return r;
        }
        *ret = take_ptr(last);
        return 0;
}

int log_file_tail(const char *path, size_t n, char ***ret) {
        char text[TAIL_MAX + 1];
        autoclose int fd = -EBADF;
        struct stat st;
        ssize_t size;
        off_t from;
        char *begin = text;

        fd = open(path, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;

        from = st.st_size > TAIL_MAX ? st.st_size - TAIL_MAX : 0;
        size = pread(fd, text, TAIL_MAX, from);
        if (size < 0)
                return -errno;
        text[size] = '\0';

        /* The head of a file that was rotated is NULs, and a line that begins before is none. */
        for (ssize_t i = 0; i < size; i++)
                if (text[i] == '\0')
                        begin = text + i + 1;
        if (from > 0 && begin == text && strchr(text, '\n'))
                begin = strchr(text, '\n') + 1;
        return last_lines(begin, n, ret);
}

/* How many bytes from @from on belong to a line that began before. */
static size_t line_rest(int fd, off_t from, char *buffer, size_t size) {
        ssize_t n = pread(fd, buffer, size, from);
        const char *newline = n > 0 ? memchr(buffer, '\n', (size_t) n) : NULL;

        return newline ? (size_t) (newline - buffer) + 1 : 0;
}

/* The rest of the cut line, now at @at: NUL bytes, which readers skip. Only what was there before is
 * written over, so no writer is met. */
static int blank(int fd, off_t at, char *buffer, size_t size) {
        memset(buffer, 0, size);
        return pwrite(fd, buffer, size, at) == (ssize_t) size ? 0 : -EIO;
}

static uint64_t stamp_of(const struct stat *st) {
        return (uint64_t) st->st_mtim.tv_sec * USEC_PER_SEC * NSEC_PER_USEC + (uint64_t) st->st_mtim.tv_nsec +
               (uint64_t) st->st_size;
}

int log_file_rotate(const char *path, uint64_t max, uint64_t *ret_stamp) {
        autofree char *buffer = NULL;
        autoclose int fd = -EBADF;
        off_t start, cut, block;
        struct stat st;
        uint64_t used;
        size_t rest;

        /* Mostly that is all: a thousand files are looked at in one go. */
        if (lstat(path, &st) < 0)
                return -errno;
        if (ret_stamp)
                *ret_stamp = stamp_of(&st);
        if ((uint64_t) st.st_blocks * 512 <= max)
                return 0;

        fd = open(path, O_RDWR | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;

        /* What is occupied, not how long it is: where ranges cannot be collapsed the length only grows. */
        used = (uint64_t) st.st_blocks * 512;
        block = MAX_OF(st.st_blksize, 4096);
        if (used <= max || st.st_size <= 2 * block)
                return 0;
        start = lseek(fd, 0, SEEK_DATA);
        if (start < 0)
                return errno == ENXIO ? 0 : -errno;

        /* Whole blocks, and never up to the end: that is where the writers are. */
        cut = st.st_size - (off_t) (max / 2);
        cut = MIN_OF(cut, st.st_size - block) / block * block;
        if (cut <= start)
                return 0;

        buffer = malloc(LINE_SEARCH_MAX);
        if (!buffer)
                return -ENOMEM;
        rest = line_rest(fd, cut, buffer, LINE_SEARCH_MAX);

        if (fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, cut) == 0)
                return blank(fd, 0, buffer, rest) < 0 ? -EIO : 1;
        if (errno != EOPNOTSUPP && errno != EINVAL)
                return -errno;
        if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, cut) < 0)
                return -errno;
        return blank(fd, cut, buffer, rest) < 0 ? -EIO : 1;
}
