/*
 * Container lines from the files of the units. The files hold the bare bytes that were written: no times,
 * and NULs at the head where rotation has cut.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "basic/strv.h"
#include "ctl/log-read.h"

/* Rotation takes whole blocks (4 KiB, or a multiple) from the head. */
#define BLOCK 4096

/* So much of what was printed last is remembered, to find the place again in a file that got shorter. */
#define TAIL_MAX 256

typedef struct LogFile {
        char *path;
        const char *name; /* of the file, in @path */
        char *label;
        int fd;
        off_t offset; /* of what comes next */
        char tail[TAIL_MAX];
        size_t n_tail;
        char *partial; /* a line whose end has not been written yet */
        size_t n_partial;
} LogFile;

static void log_file_clear(LogFile *f) {
        cleanup_close_(&f->fd);
        free(f->path);
        free(f->label);
        free(f->partial);
}

static int log_file_init(LogFile *f, const char *directory, const char *unit, const LogRequest *q) {
        *f = (LogFile){ .fd = -EBADF };
        if (asprintf(&f->path, "%s/%s.log", directory, unit) < 0) {
                f->path = NULL;
                return -ENOMEM;
        }
        f->name = strrchr(f->path, '/') + 1;
        if (asprintf(&f->label, q->labelled ? "%s: " : "%.0s", unit) < 0) {
                f->label = NULL;
                return -ENOMEM;
        }
        return 0;
}

/* Where the first whole line begins: behind the hole and the NULs. */
static off_t head_of(int fd) {
        off_t at = lseek(fd, 0, SEEK_DATA);
        char buf[BLOCK];
        ssize_t n;

        if (at < 0)
                at = 0;
        while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
                ssize_t i = 0;

                while (i < n && buf[i] == '\0')
                        i++;
                at += i;
                if (i < n)
                        break;
        }
        return at;
}

/* A container can make its file as long as it likes without writing: *head and *size become those of the last
 * part that was written. */
static void last_written(int fd, off_t *head, off_t *size) {
        off_t at = lseek(fd, *head, SEEK_DATA);

        while (at >= 0 && at < *size) {
                off_t end = lseek(fd, at, SEEK_HOLE), next;

                if (end < 0 || end >= *size)
                        break;
                next = lseek(fd, end, SEEK_DATA);
                if (next < 0 || next >= *size) {
                        *size = end;
                        break;
                }
                *head = at = next;
        }
}

/* Where the last @lines lines begin. A last line without its end counts. */
static off_t offset_of_last(int fd, off_t head, off_t size, unsigned lines) {
        unsigned seen = 0;
        off_t at;
        char buf[BLOCK];

        if (lines == UINT_MAX || head >= size)
                return MIN_OF(head, size);
        if (lines == 0)
                return size;
        last_written(fd, &head, &size);
        at = size;

        while (at > head) {
                off_t from = MAX_OF(head, at - BLOCK);
                ssize_t n = pread(fd, buf, (size_t) (at - from), from);

                if (n <= 0)
                        return head;
                for (ssize_t i = n; i > 0; i--)
                        if (buf[i - 1] == '\n' && from + i != size && ++seen == lines)
                                return from + i;
                at = from;
        }
        return head;
}

static void remember(LogFile *f, const char *data, size_t n) {
        size_t keep = MIN_OF(n, (size_t) TAIL_MAX), old = MIN_OF(f->n_tail, TAIL_MAX - keep);

        memmove(f->tail, f->tail + f->n_tail - old, old);
        memcpy(f->tail + old, data + n - keep, keep);
        f->n_tail = old + keep;
}

/* Prints whole lines of @data, and keeps the rest for when its end comes. */
static int print_lines(LogFile *f, const LogRequest *q, const char *data, size_t n) {
        remember(f, data, n);

        while (n > 0) {
                const char *end = memchr(data, '\n', n);
                size_t length = end ? (size_t) (end - data) : n;
                char *grown = realloc(f->partial, f->n_partial + length + 1);

                if (!grown)
                        return -ENOMEM;
                f->partial = grown;
                memcpy(f->partial + f->n_partial, data, length);
                f->n_partial += length;
                if (!end)
                        return 0;

                log_print_line(q, f->label, f->partial, f->n_partial);
                f->n_partial = 0;
                data += length + 1;
                n -= length + 1;
        }
        return 0;
}

static int print_rest(LogFile *f, const LogRequest *q) {
        char buf[4 * BLOCK];
        ssize_t n;
        int r;

        for (;;) {
                off_t data = lseek(f->fd, f->offset, SEEK_DATA);

                if (data < 0 && errno == ENXIO)
                        return 0;
                f->offset = MAX_OF(f->offset, data);
                n = pread(f->fd, buf, sizeof(buf), f->offset);
                if (n <= 0)
                        break;
                f->offset += n;
                r = print_lines(f, q, buf, (size_t) n);
                if (r < 0)
                        return r;
        }
        return n < 0 ? -errno : 0;
}

/* The file was cut at its head: our place moved by whole blocks. Where what we printed last is not found any
 * more, it is gone, and everything that is there is new. */
static off_t find_place(LogFile *f, off_t size) {
        off_t first = f->offset - (f->offset - size + BLOCK - 1) / BLOCK * BLOCK;
        char buf[TAIL_MAX];

        for (off_t at = first; at >= (off_t) f->n_tail && f->n_tail > 0; at -= BLOCK)
                if (pread(f->fd, buf, f->n_tail, at - (off_t) f->n_tail) == (ssize_t) f->n_tail &&
                    memcmp(buf, f->tail, f->n_tail) == 0)
                        return at;
        return head_of(f->fd);
}

static int read_more(LogFile *f, const LogRequest *q) {
        struct stat st;

        if (f->fd < 0) {
                f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
                if (f->fd < 0)
                        return errno == ENOENT ? 0 : -errno;
        }
        if (fstat(f->fd, &st) < 0)
                return -errno;
        if (st.st_size < f->offset)
                f->offset = find_place(f, st.st_size);
        return print_rest(f, q);
}

/* What is there at the beginning. Returns -ENOENT when the file is not. */
static int read_first(LogFile *f, const LogRequest *q) {
        struct stat st;
        int r;

        f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (f->fd < 0)
                return -errno;
        if (fstat(f->fd, &st) < 0)
                return -errno;

        f->offset = offset_of_last(f->fd, head_of(f->fd), st.st_size, q->lines);
        if (q->since) {
                /* Lines have no times; all that can be told is that none is new enough. */
                if ((usec_t) st.st_mtim.tv_sec * USEC_PER_SEC < q->since)
                        f->offset = st.st_size;
                else
                        fprintf(stderr, "%s: lines have no times, all are shown\n", f->path);
        }

        r = print_rest(f, q);
        if (r == 0 && f->n_partial > 0 && !q->follow) {
                log_print_line(q, f->label, f->partial, f->n_partial);
                f->n_partial = 0;
        }
        return r;
}

/* Which file has changed does not matter: looking at each of ours is one fstat(2). 1 = go on, 0 = it ends. */
static int wait_for_change(int watch, const LogRequest *q) {
        char buf[BLOCK] __attribute__((aligned(__alignof__(struct inotify_event))));
        struct pollfd p = { .fd = watch, .events = POLLIN };
        int r;

        r = q->wait ? q->wait(watch, q->wait_data) : poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 1;
        if (r > 0 && read(watch, buf, sizeof(buf)) < 0 && errno != EAGAIN && errno != EINTR)
                return -errno;
        return r;
}

static int follow(int watch, LogFile *files, size_t n_files, const LogRequest *q) {
        int more = 1;

        for (;;) {
                for (size_t i = 0; i < n_files; i++) {
                        int r = read_more(&files[i], q);

                        if (r < 0)
                                return r;
                }
                (void) fflush(stdout);

                if (more <= 0)
                        return more;
                more = wait_for_change(watch, q);
                if (more < 0)
                        return more;
        }
}

static int read_files(const char *directory, const LogRequest *q, LogFile *files, size_t n) {
        autoclose int watch = -EBADF;
        bool any = false;
        int r;

        /* Before the first look, so that no line falls between. */
        if (q->follow) {
                watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
                if (watch < 0 || inotify_add_watch(watch, directory, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
                        return -errno;
        }

        for (size_t i = 0; i < n; i++) {
                r = read_first(&files[i], q);
                if (r < 0 && r != -ENOENT)
                        return r;
                any |= r == 0;
        }

        if (q->follow)
                return follow(watch, files, n, q);
        return any ? 0 : -ENODATA;
}

int log_file_read(const char *directory, const LogRequest *q) {
        size_t n = strv_length(q->units);
        autofree LogFile *files = calloc(n + 1, sizeof(*files));
        int r = files ? 0 : -ENOMEM;

        for (size_t i = 0; files && i < n; i++) {
                int one = log_file_init(&files[i], directory, q->units[i], q);

                r = r < 0 ? r : one;
        }
        if (r == 0)
                r = read_files(directory, q, files, n);

        for (size_t i = 0; files && i < n; i++)
                log_file_clear(&files[i]);
        return r;
}
