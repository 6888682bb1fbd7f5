/* Do the keys of a .network unit go together? */
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

static int check_subnets(const UnitSpec *u, Diag *diag) {
        const NetworkSection *n = u->network;
        char subnet[INET_TEXT_MAX];
        int bad = 0;

        for (size_t i = 0; i < n->n_subnets; i++)
                for (size_t j = 0; j < i; j++)
                        if (inet_overlap(&n->subnets[i], &n->subnets[j])) {
                                bad = diag_error(diag, unit_place_nth(u, "Network", "Subnet", i), -EINVAL,
                                                 "Subnet=%s is given twice, or inside another",
                                                 inet_format_prefix(&n->subnets[i], subnet));
                                break;
                        }
        return bad;
}

static int check_gateways(const UnitSpec *u, Diag *diag) {
        const NetworkSection *n = u->network;
        char address[INET_TEXT_MAX], subnet[INET_TEXT_MAX];
        int bad = 0;

        if (n->n_gateways > n->n_subnets)
                bad = diag_error(diag, unit_place_nth(u, "Network", "Gateway", n->n_subnets), -EINVAL,
                                 "there are more Gateway= than Subnet=");

        for (size_t i = 0; i < MIN_OF(n->n_gateways, n->n_subnets); i++)
                if (!inet_contains(&n->subnets[i], &n->gateways[i]))
                        bad = diag_error(diag, unit_place_nth(u, "Network", "Gateway", i), -EINVAL,
                                         "Gateway=%s is not inside Subnet=%s",
                                         inet_format(&n->gateways[i], address),
                                         inet_format_prefix(&n->subnets[i], subnet));
        return bad;
}

static int check_ranges(const UnitSpec *u, Diag *diag) {
        const NetworkSection *n = u->network;
        char subnet[INET_TEXT_MAX];
        int bad = 0;

        if (n->ranges.n > n->n_subnets)
                bad = diag_error(diag, unit_place_nth(u, "Network", "IPRange", n->n_subnets), -EINVAL,
                                 "there are more IPRange= than Subnet=");

        for (size_t i = 0; i < MIN_OF(n->ranges.n, n->n_subnets); i++)
                if (!inet_contains(&n->subnets[i], &n->ranges.items[i].first) ||
                    !inet_contains(&n->subnets[i], &n->ranges.items[i].last))
                        bad = diag_error(diag, unit_place_nth(u, "Network", "IPRange", i), -EINVAL,
                                         "IPRange= is not inside Subnet=%s",
                                         inet_format_prefix(&n->subnets[i], subnet));
        return bad;
}

/* Option mode= means something else to every driver. */
static int check_mode(const UnitSpec *u, Diag *diag) {
        static const char *const modes[NETWORK_DRIVER_N_][5] = {
                [NETWORK_DRIVER_BRIDGE] = { "managed", "unmanaged" },
                [NETWORK_DRIVER_MACVLAN] = { "bridge", "private", "vepa", "passthru" },
                [NETWORK_DRIVER_IPVLAN] = { "l2", "l3", "l3s" },
        };
        const char *mode = strv_env_get(u->network->options, "mode");
        NetworkDriver driver = u->network->driver;

        if (!mode || driver < 0 || strv_contains((char **) modes[driver], mode))
                return 0;
        return diag_error(diag, unit_place(u, "Network", "Options"), -EINVAL,
                          "Options=mode=%s does not go together with Driver=%s", mode,
                          network_driver_to_string(driver));
}

/* Options that a driver has no use for. */
static int check_options(const UnitSpec *u, Diag *diag) {
        static const struct {
                const char *name;
                unsigned drivers; /* that have it: bits of NetworkDriver */
        } options[] = {
                { "bclim", 1u << NETWORK_DRIVER_MACVLAN },
                { "isolate", 1u << NETWORK_DRIVER_BRIDGE | 1u << NETWORK_DRIVER_ROUTED },
                { "outbound_addr4", 1u << NETWORK_DRIVER_BRIDGE | 1u << NETWORK_DRIVER_ROUTED },
                { "outbound_addr6", 1u << NETWORK_DRIVER_BRIDGE | 1u << NETWORK_DRIVER_ROUTED },
                { "parent", 1u << NETWORK_DRIVER_MACVLAN | 1u << NETWORK_DRIVER_IPVLAN },
                { "vlan", 1u << NETWORK_DRIVER_BRIDGE },
                { "vrf", 1u << NETWORK_DRIVER_BRIDGE },
        };
        NetworkDriver driver = u->network->driver;

        for (size_t i = 0; driver >= 0 && i < ELEMENTSOF(options); i++)
                if (strv_env_get(u->network->options, options[i].name) &&
                    !(options[i].drivers & 1u << driver))
                        diag_warning(diag, unit_place(u, "Network", "Options"),
                                     "Options=%s does nothing with Driver=%s", options[i].name,
                                     network_driver_to_string(driver));
        return 0;
}

/* There is no firewall of ours, nor a route, that a network could be kept apart by. */
static int check_internal(const UnitSpec *u, Diag *diag) {
        NetworkDriver driver = u->network->driver;

        if (u->network->internal && (driver == NETWORK_DRIVER_MACVLAN || driver == NETWORK_DRIVER_IPVLAN)) {
                diag_warning(diag, unit_place(u, "Network", "Internal"),
                             "Internal=yes takes the default route with Driver=%s, and no more",
                             network_driver_to_string(driver));
                diag_hint(diag, "what the device's network reaches is reached");
        }
        return 0;
}

/* Keys of which one value is what all networks are so far. */
static int check_supported(const UnitSpec *u, Diag *diag) {
        const NetworkSection *n = u->network;

        if (n->ipam_driver == IPAM_DRIVER_DHCP) {
                diag_warning(diag, unit_place(u, "Network", "IPAMDriver"),
                             "IPAMDriver=%s is not supported yet", ipam_driver_to_string(n->ipam_driver));
                diag_hint(diag, "the network is not started");
        }
        if (n->disable_dns && n->dns.n > 0)
                diag_warning(diag, unit_place(u, "Network", "DNS"), "DNS= does nothing with DisableDNS=yes");
        return 0;
}

int check_network(UnitSpec *u, Diag *diag) {
        int (*const checks[])(const UnitSpec *, Diag *) = {
                check_subnets, check_gateways, check_ranges,    check_mode,
                check_options, check_internal, check_supported,
        };
        int bad = 0;

        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                int r = checks[i](u, diag);

                if (r < 0)
                        bad = r;
        }
        return bad;
}
