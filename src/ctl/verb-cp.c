/*
 * nsctl cp. The manager's workers do it; we say which directory of the host, as a descriptor, and which name
 * in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "ctl/client.h"

/* A file of the host: a directory, and a name in it. */
typedef struct HostPlace {
        int fd;
        char *name; /* "." = what is in the directory */
} HostPlace;

static void host_place_clear(HostPlace *p) {
        cleanup_close_(&p->fd);
        free(p->name);
}

#define autohostplace __attribute__((cleanup(host_place_clear)))

/* The path behind "UNIT:", or NULL for one of the host, which may be written as "./a:b". */
static char *split_unit(char *word) {
        char *colon = strchr(word, ':');

        if (word[0] == '/' || word[0] == '.' || !colon || colon == word)
                return NULL;
        *colon = '\0';
        return colon + 1;
}

static int open_dir(const char *path) {
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int set_place(HostPlace *p, int fd, const char *name) {
        if (fd < 0)
                return fd;
        p->fd = fd;
        p->name = strdup(name);
        return p->name ? 0 : -ENOMEM;
}

/* "a/b" is "b" in "a". */
static int open_parent(const char *path, HostPlace *ret) {
        autofree char *copy = strdup(path);
        char *slash;

        if (!copy)
                return -ENOMEM;
        for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
                copy[n - 1] = '\0';
        slash = strrchr(copy, '/');
        if (!slash)
                return set_place(ret, open_dir("."), copy);
        if (slash == copy)
                return set_place(ret, open_dir("/"), copy[1] ? copy + 1 : ".");
        *slash = '\0';
        return set_place(ret, open_dir(copy), slash + 1);
}

static bool ends_in_itself(const char *path) {
        const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;

        return streq(last, ".") || streq(last, "..");
}

static int open_source(const char *path, HostPlace *ret) {
        return ends_in_itself(path) ? set_place(ret, open_dir(path), ".") : open_parent(path, ret);
}

/* Into a directory, or as the name that is said. */
static int open_target(const char *path, HostPlace *ret) {
        int fd = open_dir(path);

        if (fd >= 0)
                return set_place(ret, fd, ".");
        if ((fd != -ENOENT && fd != -ENOTDIR) || endswith(path, "/"))
                return fd;
        return open_parent(path, ret);
}

static int call(Ctl *c, const char *method, const char *unit, const char *path, int fd, const char *other) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autofree char *name = NULL;
        int r;

        if (ctl_unit_name(unit, &name) < 0 || client_open(c) < 0)
                return STATUS_FAILED;
        r = client_call(c, NULL, NULL, method, &error, NULL, "sshs", name, *path ? path : "/", fd, other);
        return r < 0 ? client_failure(name, r, &error) : STATUS_OK;
}

static int copy_out(Ctl *c, const char *unit, const char *path, const char *to) {
        autohostplace HostPlace p = { .fd = -EBADF };
        int r;

        if (streq(to, "-")) {
                if (isatty(STDOUT_FILENO))
                        return ctl_error("cp: a terminal cannot take an archive");
                return call(c, "CopyFromUnit", unit, path, STDOUT_FILENO, "");
        }
        r = open_target(to, &p);
        return r < 0 ? ctl_errno(r, "%s", to) : call(c, "CopyFromUnit", unit, path, p.fd, p.name);
}

static int copy_in(Ctl *c, const char *from, const char *unit, const char *path) {
        autohostplace HostPlace p = { .fd = -EBADF };
        int r;

        if (streq(from, "-"))
                return call(c, "CopyToUnit", unit, path, STDIN_FILENO, "");
        r = open_source(from, &p);
        return r < 0 ? ctl_errno(r, "%s", from) : call(c, "CopyToUnit", unit, path, p.fd, p.name);
}

int verb_cp(Ctl *c, char **words) {
        const char *from = split_unit(words[1]), *to = split_unit(words[2]);

        if (!from == !to)
                return ctl_error("cp: one of the two is UNIT:PATH, and the other one a file of the host");
        return from ? copy_out(c, words[1], from, words[2]) : copy_in(c, words[1], words[2], to);
}
