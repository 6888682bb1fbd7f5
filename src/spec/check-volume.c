/* Do the keys of a .volume unit go together? */
#include "basic/macro.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"
#include "spec/volume-options.h"

static int check_image_volume(const UnitSpec *u, Diag *diag) {
        const VolumeSection *v = u->volume;
        bool wanted = streq_null(v->driver, "image");

        if (wanted && !unit_spec_is_set(u, "Volume", "Image"))
                return diag_error(diag, unit_place(u, "Volume", "Driver"), -EINVAL,
                                  "Driver=image needs Image=");
        if (wanted && v->device)
                return diag_error(diag, unit_place(u, "Volume", "Device"), -EINVAL,
                                  "Device= and Driver=image exclude each other");
        if (!wanted && v->image)
                diag_warning(diag, unit_place(u, "Volume", "Image"),
                             "Image= does nothing without Driver=image");
        return 0;
}

/* The owner of the directory is what UID= says, also where User= says something else. */
static void check_owner(const UnitSpec *u, const char *user, unsigned a, const char *uid, unsigned b,
                        Diag *diag) {
        if (a != OWNER_UNSET && b != OWNER_UNSET && a != b && !u->volume->device)
                diag_warning(diag, unit_place(u, "Volume", user), "%s= does nothing beside %s=", user, uid);
}

int check_volume(UnitSpec *u, Diag *diag) {
        const VolumeSection *v = u->volume;
        UnitKind kind = v->image ? unit_name_kind(v->image) : UNIT_KIND_INVALID_;
        VolumeOptions options;
        int bad, r;

        bad = check_image_volume(u, diag);
        if (v->type && !unit_spec_is_set(u, "Volume", "Device"))
                bad = diag_error(diag, unit_place(u, "Volume", "Type"), -EINVAL, "Type= needs Device=");
        if (v->driver && !streq(v->driver, "local") && !streq(v->driver, "image")) {
                diag_warning(diag, unit_place(u, "Volume", "Driver"), "Driver=%s is a plugin of podman's",
                             v->driver);
                diag_hint(diag, "the volume is not made");
        }
        if (v->options && !v->device &&
            volume_options_parse(v->options, unit_place(u, "Volume", "Options"), diag, &options) < 0)
                bad = -EINVAL;
        check_owner(u, "User", v->user, "UID", v->uid, diag);
        check_owner(u, "Group", v->group, "GID", v->gid, diag);

        r = kind == UNIT_IMAGE || kind == UNIT_BUILD ? check_add_requirement(u, v->image) : 0;
        if (r == 0 && v->device && v->device[0] == '/')
                r = check_add_mounts_for(u, v->device);
        return r < 0 ? r : bad;
}
