/* Counting blocks. */
#include "image/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <uthash.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "image/json.h"

#define BLOCK_BYTES 512

/* A container can make directories without end; each takes a descriptor here. */
#define DEPTH_MAX 500

/* Of files of several names: met already. */
typedef struct Seen {
        ino_t inode;
        UT_hash_handle hh;
} Seen;

typedef struct Count {
        uint64_t bytes;
        unsigned depth;
        dev_t device; /* what is mounted below is something else */
        Seen *seen;
} Count;

static void seen_clear(Count *c) {
        Seen *s, *next;

        HASH_ITER (hh, c->seen, s, next) {
                HASH_DEL(c->seen, s);
                free(s);
        }
}

static int count_file(Count *c, const struct stat *st) {
        Seen *s = NULL;

        if (st->st_nlink > 1 && !S_ISDIR(st->st_mode)) {
                HASH_FIND(hh, c->seen, &st->st_ino, sizeof(st->st_ino), s);
                if (s)
                        return 0;
                s = calloc(1, sizeof(*s));
                if (!s)
                        return -ENOMEM;
                s->inode = st->st_ino;
                HASH_ADD(hh, c->seen, inode, sizeof(s->inode), s);
        }
        c->bytes += (uint64_t) st->st_blocks * BLOCK_BYTES;
        return 0;
}

/* A directory that is not there, or no longer, is empty. */
static int each_entry(int parent_fd, const char *name, DirEachFn fn, void *data) {
        int r = dir_each(parent_fd, name, fn, data);

        return r == -ENOENT || r == -ENOTDIR || r == -ELOOP ? 0 : r;
}

static int count_entry(int dir_fd, const char *name, void *data) {
        Count *c = data;
        struct stat st;
        int r;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (st.st_dev != c->device)
                return 0;
        r = count_file(c, &st);
        if (r < 0 || !S_ISDIR(st.st_mode) || c->depth == DEPTH_MAX)
                return r;
        c->depth++;
        r = each_entry(dir_fd, name, count_entry, c);
        c->depth--;
        return r;
}

static int count_thing(int dir_fd, const char *name, void *data) {
        json_t *things = data;
        Count c = {};
        struct stat st;
        int r;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        c.device = st.st_dev;
        r = count_entry(dir_fd, name, &c);
        seen_clear(&c);
        if (r < 0)
                return r;
        /* A name that is no UTF-8 is none of ours. */
        (void) json_object_set_new(things, name, json_integer((json_int_t) c.bytes));
        return 0;
}

int store_usage(const char *path, char **ret, Fault *fault) {
        static const char *const directories[] = { "layers", "volumes", "containers", "pulls", "build" };
        autojson json_t *whole = json_object();
        autoclose int fd = dir_open(AT_FDCWD, path);

        if (fd < 0)
                return fault_set(fault, "usage", fd, "%s", path);
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                json_t *things = json_object();
                int r;

                if (json_object_set_new(whole, directories[i], things) < 0)
                        return -ENOMEM;
                r = each_entry(fd, directories[i], count_thing, things);
                if (r < 0)
                        return fault_set(fault, "usage", r, "%s/%s", path, directories[i]);
        }
        return json_print(whole, ret);
}
