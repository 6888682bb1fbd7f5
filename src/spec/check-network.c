/* Do the keys of a .network unit go together? */
#include "basic/macro.h"
#include "spec/unit-check.h"

int check_network(UnitSpec *u, Diag *diag) {
        const NetworkSection *n = u->network;
        char address[INET_TEXT_MAX], subnet[INET_TEXT_MAX];
        int bad = 0;

        if (n->n_gateways > n->n_subnets)
                bad = diag_error(diag, check_place(u, "Network", "Gateway"), -EINVAL,
                                 "there are more Gateway= than Subnet=");

        for (size_t i = 0; i < MIN_OF(n->n_gateways, n->n_subnets); i++)
                if (!inet_contains(&n->subnets[i], &n->gateways[i]))
                        bad = diag_error(diag, check_place(u, "Network", "Gateway"), -EINVAL,
                                         "Gateway=%s is not inside Subnet=%s",
                                         inet_format(&n->gateways[i], address),
                                         inet_format_prefix(&n->subnets[i], subnet));

        for (size_t i = 0; i < n->n_subnets; i++)
                for (size_t j = 0; j < i; j++)
                        if (inet_overlap(&n->subnets[i], &n->subnets[j]))
                                bad = diag_error(diag, check_place(u, "Network", "Subnet"), -EINVAL,
                                                 "Subnet=%s is given twice, or inside another",
                                                 inet_format_prefix(&n->subnets[i], subnet));
        return bad;
}
