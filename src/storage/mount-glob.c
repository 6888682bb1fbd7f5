#include "storage/mount-glob.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "spec/spec-mounts.h"

/* More is a slip of the pen, as in "/""*". */
#define MATCHES_MAX 1024

static int add_match(ContainerSpec *spec, const MountSpec *pattern, const char *path) {
        MountSpec *grown = reallocarray(spec->mounts, spec->n_mounts + 1, sizeof(*grown)), *m;
        const char *name = strrchr(path, '/');
        const char *below = streq(pattern->destination, "/") ? "" : pattern->destination;
        char *destination = NULL;
        int r;

        if (!grown)
                return -ENOMEM;
        spec->mounts = grown;
        m = &grown[spec->n_mounts++];
        r = mount_spec_copy(pattern, m);
        if (r < 0)
                return r;

        if (asprintf(&destination, "%s%s", below, name) < 0)
                destination = NULL;
        free(m->source);
        m->source = strdup(path);
        free(m->destination);
        m->destination = destination;
        m->kind = MOUNT_BIND;
        return m->source && m->destination ? 0 : -ENOMEM;
}

static int expand(ContainerSpec *spec, MountSpec *pattern, Fault *fault) {
        glob_t found = {};
        int r = 0;

        switch (glob(pattern->source, 0, NULL, &found)) {
        case 0:
                break;
        case GLOB_NOMATCH:
                r = pattern->optional ? 0 : -ENOENT;
                break;
        case GLOB_NOSPACE:
                r = -ENOMEM;
                break;
        default:
                r = -EIO;
        }
        if (r == 0 && found.gl_pathc > MATCHES_MAX)
                r = -E2BIG;
        for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
                r = add_match(spec, pattern, found.gl_pathv[i]);
        globfree(&found);
        return r < 0 ? fault_set(fault, "mount", r, "%s", pattern->source) : 0;
}

int mount_globs_expand(ContainerSpec *spec, Fault *fault) {
        const size_t n = spec->n_mounts;
        size_t kept = 0;
        bool any = false;

        for (size_t i = 0; i < n; i++) {
                MountSpec pattern = spec->mounts[i];
                int r;

                if (pattern.kind != MOUNT_GLOB)
                        continue;
                any = true;
                r = expand(spec, &pattern, fault);
                if (r < 0)
                        return r;
        }
        if (!any)
                return 0;

        for (size_t i = 0; i < spec->n_mounts; i++)
                if (spec->mounts[i].kind == MOUNT_GLOB)
                        mount_spec_done(&spec->mounts[i]);
                else
                        spec->mounts[kept++] = spec->mounts[i];
        spec->n_mounts = kept;
        spec_mounts_sort(spec);
        return 0;
}
