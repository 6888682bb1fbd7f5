/* Directories of a layer, seen again at its end: their times, how deep they lie, and who has told about them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "image/extract-internal.h"

/* For the paths and notes of all directories. */
#define NOTES_BYTES_MAX ((size_t) 64 << 20)

int time_set(const char *path, struct timespec mtime) {
        struct timespec times[2] = { mtime, mtime };

        /* EINVAL: a year that the file system does not know. */
        return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) < 0 && errno != EINVAL ? -errno : 0;
}

int depth_check(const char *path) {
        char real[EXTRACT_PATH_MAX];
        unsigned depth = 0;

        /* An entry's path may be short and yet begin at a link into the depths. */
        if (chdir(path) < 0)
                return -errno;
        if (!getcwd(real, sizeof(real)))
                return errno == ERANGE ? -ENAMETOOLONG : -errno;
        for (const char *p = real; *p; p++)
                depth += *p == '/';
        if (depth > EXTRACT_DEPTH_MAX)
                return -ENAMETOOLONG;
        return chdir("/") < 0 ? -errno : 0;
}

int dir_note(Extract *x, const char *path, const struct timespec *mtime) {
        DirNote *dirs = x->dirs, *note;
        char *copy;

        x->dir_bytes += strlen(path) + sizeof(*dirs);
        if (x->dir_bytes > NOTES_BYTES_MAX)
                return fault_tell(&x->fault, "unpack", -E2BIG, "too many directories");

        /* Grows at powers of two. */
        if ((x->n_dirs & (x->n_dirs - 1)) == 0) {
                dirs = reallocarray(x->dirs, MAX_OF(x->n_dirs * 2, (size_t) 1), sizeof(*dirs));
                if (!dirs)
                        return -ENOMEM;
                x->dirs = dirs;
        }
        copy = strdup(path);
        if (!copy)
                return -ENOMEM;

        note = &dirs[x->n_dirs];
        *note = (DirNote){ .path = copy, .implied = !mtime, .number = x->n_dirs };
        if (mtime)
                note->mtime = *mtime;
        x->n_dirs++;
        return 0;
}

/* By path; of one path the entries before the implications, the last one first. */
static int by_weight(const void *a, const void *b) {
        const DirNote *x = a, *y = b;
        int r = strcmp(x->path, y->path);

        if (r != 0)
                return r;
        if (x->implied != y->implied)
                return x->implied ? 1 : -1;
        return x->number > y->number ? -1 : 1;
}

static int note_finish(const DirNote *note) {
        struct stat st;

        /* Replaced by something else since. */
        if (lstat(note->path, &st) < 0 || !S_ISDIR(st.st_mode))
                return 0;
        return note->implied ? report_send(REPORT_IMPLIED, note->path, strlen(note->path))
                             : time_set(note->path, note->mtime);
}

int dir_notes_finish(Extract *x) {
        if (x->n_dirs > 1)
                qsort(x->dirs, x->n_dirs, sizeof(*x->dirs), by_weight);

        for (size_t i = 0; i < x->n_dirs; i++) {
                int r;

                if (i > 0 && streq(x->dirs[i].path, x->dirs[i - 1].path))
                        continue;
                r = note_finish(&x->dirs[i]);
                if (r < 0)
                        return fault_set(&x->fault, "unpack", r, "%.200s", x->dirs[i].path);
        }
        return 0;
}
