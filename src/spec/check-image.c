/* Do the keys of .image, .artifact, .build and .kube units go together? */
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

/* A value that is there but bad has been reported already. */
static int check_required(const UnitSpec *u, const char *key, const char *what, Diag *diag) {
        const char *section = section_of_kind(u->kind);

        if (unit_spec_is_set(u, section, key))
                return 0;
        return diag_error(diag, unit_place(u, section, NULL), -EINVAL, "%s= is missing: %s", key, what);
}

int check_image(UnitSpec *u, Diag *diag) {
        return check_required(u, "Image", "it says what to pull", diag);
}

int check_artifact(UnitSpec *u, Diag *diag) {
        return check_required(u, "Artifact", "it says what to pull", diag);
}

/* Where the build gets its files from. */
static int check_context(const UnitSpec *u, Diag *diag) {
        const BuildSection *b = u->build;
        bool directory = unit_spec_is_set(u, "Service", "WorkingDirectory");

        if (streq_null(b->context, "file") && !unit_spec_is_set(u, "Build", "File"))
                return diag_error(diag, unit_place(u, "Build", "SetWorkingDirectory"), -EINVAL,
                                  "SetWorkingDirectory=file needs File=");
        if (unit_spec_is_set(u, "Build", "SetWorkingDirectory") || directory)
                return 0;
        if (!unit_spec_is_set(u, "Build", "File"))
                return diag_error(diag, unit_place(u, "Build", NULL), -EINVAL,
                                  "neither SetWorkingDirectory= nor File= says what to build");
        if (b->file && b->file[0] != '/' && !build_is_url(b->file))
                return diag_error(diag, unit_place(u, "Build", "File"), -EINVAL,
                                  "File=%s is a relative path, which needs SetWorkingDirectory=", b->file);
        return 0;
}

/* The commands of a build run with the host's network, in a changed root. */
static int check_build_network(const UnitSpec *u, Diag *diag) {
        const NetworkChoice *c = &u->build->network;
        int r;

        if (!c->set || (c->mode == NETWORK_MODE_HOST && c->shared.mode == NAMESPACE_DEFAULT))
                return 0;
        r = diag_error(diag, unit_place(u, "Build", "Network"), -EINVAL,
                       "Network=: the commands of a build can only have the network of the host");
        diag_hint(diag, "leave it out, or write Network=host");
        return r;
}

static int check_build_volume(const MountSpec *m, Diag *diag) {
        const char *option = m->subpath                             ? "subpath"
                             : m->upper || m->work                  ? "upperdir"
                             : m->uid_map.n > 0 || m->gid_map.n > 0 ? "idmap"
                                                                    : NULL;

        return option ? diag_error(diag, m->at, -EINVAL, "Volume=: option \"%s\" is not for .build units",
                                   option)
                      : 0;
}

/* What buildah has no option for, or not in this way of running it. */
static int check_build_options(const UnitSpec *u, Diag *diag) {
        const BuildSection *b = u->build;
        int bad, r;

        bad = check_build_network(u, diag);
        for (size_t i = 0; i < b->volumes.n; i++) {
                r = check_build_volume(&b->volumes.items[i], diag);
                bad = r < 0 ? r : bad;
        }
        if (!b->groups)
                return bad;
        bad = diag_error(diag, unit_place(u, "Build", "GroupAdd"), -EINVAL,
                         "GroupAdd= is not supported: buildah has no option for it");
        diag_hint(diag, "let the command of the Containerfile take the group, with setpriv(1)");
        return bad;
}

int check_build(UnitSpec *u, Diag *diag) {
        int bad, r;

        bad = check_required(u, "ImageTag", "the image needs a name", diag);
        r = check_context(u, diag);
        if (r < 0)
                bad = r;
        r = check_build_options(u, diag);
        if (r < 0)
                bad = r;

        r = check_require_network(u, &u->build->network);
        if (r == 0)
                r = check_require_mounts(u, &u->build->volumes);
        return r < 0 ? r : bad;
}

int check_kube(UnitSpec *u, Diag *diag) {
        KubeSection *k = u->kube;
        int bad, r;

        bad = check_required(u, "Yaml", "it says what to run", diag);
        if (k->directory == KUBE_DIRECTORY_YAML && strv_length(k->yaml) > 1)
                bad = diag_error(diag, unit_place(u, "Kube", "SetWorkingDirectory"), -EINVAL,
                                 "SetWorkingDirectory=yaml does not go together with several files in Yaml=");
        /* A Kubernetes file has no maps of ids that these could be. */
        if (k->users.remap == REMAP_MANUAL)
                r = diag_error(diag, unit_place(u, "Kube", "RemapUsers"), -EINVAL,
                               "RemapUsers=manual is not for .kube units");
        else
                r = check_users(u, "Kube", &k->users, diag);
        if (r == -ENOMEM)
                return r;
        bad = r < 0 ? r : bad;
        r = check_require_network(u, &k->network);
        if (r == 0)
                r = check_require_users(u, &k->users.namespace);
        return r < 0 ? r : bad;
}
