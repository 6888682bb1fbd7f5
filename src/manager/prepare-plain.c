/* What is made for units that are no containers: networks and volumes. Of an image nothing is left to do when
 * it has been fetched or built. */
#include <errno.h>
#include <stdio.h>

#include "manager/internal.h"

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

int unit_prepare_plain(Unit *u, const UnitSpec *spec, Fault *fault) {
        if (spec->kind == UNIT_NETWORK)
                return prepare_network(u, spec, fault);
        if (spec->kind == UNIT_VOLUME)
                return unit_prepare_volume(u, spec, fault);
        if (spec->kind == UNIT_IMAGE || spec->kind == UNIT_BUILD)
                return 0;
        return fault_set(fault, "unit", -EOPNOTSUPP, ".%s units cannot be started yet",
                         unit_kind_to_string(spec->kind));
}
