/* What is made for units that are no containers: networks and volumes. Of an image nothing is left to do when
 * it has been fetched. */
#include <errno.h>
#include <stdio.h>

#include "manager/internal.h"
#include "storage/volume.h"

/* What would be made is not what the unit asks for: that it is not made at all is seen at once. */
static int not_supported(Fault *fault, const char *key, const char *value) {
        return fault_set(fault, "unit", -EOPNOTSUPP, "%s=%s is not supported yet", key, value);
}

static int prepare_network(Unit *u, const UnitSpec *spec, Fault *fault) {
        const NetworkSection *n = spec->network;

        if (n->ipam_driver == IPAM_DRIVER_DHCP)
                return not_supported(fault, "IPAMDriver", ipam_driver_to_string(n->ipam_driver));

        return network_define(u->manager->network, u->name, n, fault);
}

static int prepare_volume(Unit *u, const UnitSpec *spec, Fault *fault) {
        autofree char *volumes = NULL, *stem = NULL;
        const VolumeSection *v = spec->volume;
        const char *name;
        VolumeOwner owner;
        int r;

        if (v->driver && !streq(v->driver, "local"))
                return not_supported(fault, "Driver", v->driver);
        if (v->device)
                return not_supported(fault, "Device", v->device);

        stem = unit_name_stem(u->name);
        name = v->volume_name ? v->volume_name : stem;
        if (!name || asprintf(&volumes, "%s/volumes", u->manager->config->paths.store) < 0)
                return -ENOMEM;

        owner.uid = v->uid != OWNER_UNSET ? v->uid : v->user != OWNER_UNSET ? v->user : 0;
        owner.gid = v->gid != OWNER_UNSET ? v->gid : v->group != OWNER_UNSET ? v->group : 0;
        r = volume_make(volumes, name, owner);
        return r < 0 ? fault_set(fault, "volume", r, "%s", name) : 0;
}

int unit_prepare_plain(Unit *u, const UnitSpec *spec, Fault *fault) {
        if (spec->kind == UNIT_NETWORK)
                return prepare_network(u, spec, fault);
        if (spec->kind == UNIT_VOLUME)
                return prepare_volume(u, spec, fault);
        if (spec->kind == UNIT_IMAGE)
                return 0;
        return fault_set(fault, "unit", -EOPNOTSUPP, ".%s units cannot be started yet",
                         unit_kind_to_string(spec->kind));
}
