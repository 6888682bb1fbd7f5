/* User and group names of a container, from its own files. */
#include "runtime/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"

/* Larger files are not an account data base but an attack. */
#define FILE_MAX_BYTES ((size_t) 1024 * 1024)

/* NGROUPS_MAX of the kernel. */
#define GROUPS_MAX 65536

/* -1 means "do not change" to the kernel's calls. */
#define ID_MAX (UINT32_MAX - 1)

/* A missing file is an empty one. It must be regular: opening anything else could block. */
static int read_table(int root_fd, const char *path, char **ret) {
        autoclose int fd = -EBADF;
        struct stat st;

        fd = path_in_root_open(root_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
        if (fd == -ENOENT || fd == -ENOTDIR) {
                *ret = strdup("");
                return *ret ? 0 : -ENOMEM;
        }
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        return file_read_fd(fd, FILE_MAX_BYTES, ret, NULL);
}

/* Cuts the next line of @p into at most @max fields at ':'. Returns their number; 0 at the end. */
static size_t next_line(char **p, char **fields, size_t max) {
        char *line = *p;
        size_t n = 0;

        if (!line || *line == '\0')
                return 0;
        *p = strchr(line, '\n');
        if (*p)
                *(*p)++ = '\0';
        while (n < max) {
                fields[n++] = line;
                line = n < max ? strchr(line, ':') : NULL;
                if (!line)
                        break;
                *line++ = '\0';
        }
        return n;
}

typedef struct User {
        const char *name; /* in the table's text; NULL = has no entry */
        const char *home;
        uint32_t uid, gid;
} User;

/* name:password:uid:gid:gecos:home:shell */
static int find_user(char *table, const char *wanted, User *ret) {
        char *fields[7];
        uint32_t number = 0;
        bool numeric = parse_u32_range(wanted, 0, ID_MAX, &number) == 0;
        size_t n;

        while ((n = next_line(&table, fields, ELEMENTSOF(fields))) > 0) {
                User u = { .name = fields[0] };

                if (n < 4 || parse_u32_range(fields[2], 0, ID_MAX, &u.uid) < 0 ||
                    parse_u32_range(fields[3], 0, ID_MAX, &u.gid) < 0)
                        continue;
                if (!streq(u.name, wanted) && !(numeric && u.uid == number))
                        continue;
                u.home = n > 5 && fields[5][0] == '/' ? fields[5] : NULL;
                *ret = u;
                return 0;
        }

        if (!numeric)
                return -ENOENT;
        *ret = (User){ .uid = number };
        return 0;
}

/* name:password:gid:members */
static int find_group(char *table, const char *wanted, uint32_t *ret) {
        char *fields[4];
        uint32_t number = 0;
        bool numeric = parse_u32_range(wanted, 0, ID_MAX, &number) == 0;
        size_t n;

        while ((n = next_line(&table, fields, ELEMENTSOF(fields))) > 0)
                if (n >= 3 && streq(fields[0], wanted) && parse_u32_range(fields[2], 0, ID_MAX, ret) == 0)
                        return 0;
        if (!numeric)
                return -ENOENT;
        *ret = number;
        return 0;
}

static bool is_member(char *members, const char *name) {
        for (char *m; (m = strsep(&members, ",")) != NULL;)
                if (streq(m, name))
                        return true;
        return false;
}

static int add_group(Identity *i, gid_t gid) {
        gid_t *grown;

        if (i->n_groups >= GROUPS_MAX)
                return -E2BIG;
        grown = realloc(i->groups, (i->n_groups + 1) * sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        i->groups = grown;
        i->groups[i->n_groups++] = gid;
        return 0;
}

static int find_memberships(char *table, const char *name, Identity *i) {
        char *fields[4];
        size_t n;

        while ((n = next_line(&table, fields, ELEMENTSOF(fields))) > 0) {
                uint32_t gid;
                int r;

                if (n < 4 || parse_u32_range(fields[2], 0, ID_MAX, &gid) < 0 || !is_member(fields[3], name))
                        continue;
                r = add_group(i, gid);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int resolve_groups(int root_fd, const User *u, const char *group, Fault *f, Identity *i) {
        autofree char *table = NULL;
        int r;

        i->gid = u->gid;
        if (!group && !u->name)
                return 0;
        r = read_table(root_fd, "/etc/group", &table);
        if (r < 0)
                return fault_set(f, "identity", r, "/etc/group of the container");
        if (group) {
                uint32_t gid;

                r = find_group(table, group, &gid);
                if (r < 0)
                        return fault_set(f, "identity", r, "group \"%s\" in the container's /etc/group",
                                         group);
                i->gid = gid;
                return 0;
        }
        r = find_memberships(table, u->name, i);
        return r < 0 ? fault_set(f, "identity", r, "/etc/group of the container") : 0;
}

int identity_resolve(int root_fd, const char *user, const char *group, Fault *f, Identity *ret) {
        autofree char *table = NULL;
        autoidentity Identity i = {};
        User u;
        int r;

        r = read_table(root_fd, "/etc/passwd", &table);
        if (r < 0)
                return fault_set(f, "identity", r, "/etc/passwd of the container");
        r = find_user(table, user ? user : "0", &u);
        if (r < 0)
                return fault_set(f, "identity", r, "user \"%s\" in the container's /etc/passwd", user);

        i.uid = u.uid;
        r = resolve_groups(root_fd, &u, group, f, &i);
        if (r < 0)
                return r;
        i.home = strdup(u.home ? u.home : "/");
        if (!i.home)
                return fault_set(f, "identity", -ENOMEM, NULL);

        *ret = i;
        i = (Identity){};
        return 0;
}

int identity_add_groups(int root_fd, char *const *groups, Fault *f, Identity *i) {
        STRV_FOREACH (name, groups) {
                autofree char *table = NULL;
                uint32_t gid;
                int r;

                /* Searching cuts the text. */
                r = read_table(root_fd, "/etc/group", &table);
                if (r < 0)
                        return fault_set(f, "identity", r, "/etc/group of the container");
                r = find_group(table, *name, &gid);
                if (r < 0)
                        return fault_set(f, "identity", r, "group \"%s\" in the container's /etc/group",
                                         *name);
                r = add_group(i, gid);
                if (r < 0)
                        return fault_set(f, "identity", r, NULL);
        }
        return 0;
}

void identity_clear(Identity *i) {
        free(i->groups);
        free(i->home);
        *i = (Identity){};
}
