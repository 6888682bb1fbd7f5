/* Reads the files that keys of a container or a pod name. The only part of making a spec that looks at the
 * host. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "spec/spec-make.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

#define PROFILE_MAX ((size_t) 1024 * 1024)
#define RANGES_MAX  ((size_t) 4 * 1024 * 1024)

/* Nothing that blocks or never ends. */
static int read_regular(const char *path, size_t max, char **ret) {
        autoclose int fd = -EBADF;
        struct stat st;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? file_read_fd(fd, max, ret, NULL) : -EINVAL;
}

int spec_files_read(const UnitSpec *u, Diag *diag, SpecFiles *ret) {
        const ContainerSection *c = u->container;
        const UserKeys *users = c ? c->users : u->pod ? &u->pod->users : NULL;
        int r = 0;

        *ret = (SpecFiles){};
        if (c && c->confine->seccomp.path)
                r = read_regular(c->confine->seccomp.path, PROFILE_MAX, &ret->seccomp);
        if (r < 0)
                return r == -ENOMEM
                               ? r
                               : diag_error(diag, unit_place(u, "Container", "SeccompProfile"), r,
                                            "%s cannot be read: %s", c->confine->seccomp.path, strerror(-r));

        /* Missing files have no ranges. */
        if (users && (users->sub_uid || users->sub_gid)) {
                (void) read_regular("/etc/subuid", RANGES_MAX, &ret->sub_uids);
                (void) read_regular("/etc/subgid", RANGES_MAX, &ret->sub_gids);
        }
        return 0;
}

void spec_files_clear(SpecFiles *files) {
        free(files->seccomp);
        free(files->sub_uids);
        free(files->sub_gids);
        *files = (SpecFiles){};
}
