/* Attachments as JSON, for the next manager and for lists; and taking over what an earlier one has left. */
#include <stdio.h>
#include <string.h>

#include "basic/json-text.h"
#include "basic/macro.h"
#include "network/internal.h"
#include "network/net-json.h"

static void write_link(JsonText *t, const NetworkLink *l, const char *unit) {
        char text[INET_TEXT_MAX], mac[NET_MAC_TEXT_MAX];

        json_text_begin(t, NULL, '{');
        json_text_string(t, "network", l->network);
        json_text_string(t, "driver", network_driver_to_string(l->driver));
        json_text_string(t, "device", l->device);
        json_text_string(t, "host_link", l->host_name);
        json_text_string(t, "link", l->name);
        json_text_string(t, "mac", net_json_format_mac(l->mac, mac));
        json_text_begin(t, "addresses", '[');
        for (size_t i = 0; i < l->n_addresses; i++)
                json_text_string(t, NULL, inet_format_prefix(&l->addresses[i], text));
        json_text_end(t, ']');
        json_text_begin(t, "gateways", '[');
        for (size_t i = 0; i < l->n_addresses; i++)
                json_text_string(t, NULL, inet_format(&l->gateways[i], text));
        json_text_end(t, ']');
        json_text_string(t, "unit", unit);
        json_text_end(t, '}');
}

static void write_port(JsonText *t, const NetworkPort *p) {
        char text[INET_TEXT_MAX];

        json_text_begin(t, NULL, '{');
        json_text_string(t, "protocol", protocol_to_string(p->protocol));
        json_text_string(t, "host_address", inet_format(&p->host_address, text));
        json_text_number(t, "host_port", p->host_port);
        json_text_number(t, "container_port", p->container_port);
        json_text_number(t, "count", p->count);
        json_text_end(t, '}');
}

static json_t *net_json(const Net *net) {
        json_t *subnets = json_array(), *gateways = json_array();

        for (size_t i = 0; i < net->n_subnets; i++) {
                (void) json_array_append_new(subnets, net_json_prefix(&net->subnets[i]));
                (void) json_array_append_new(gateways, net_json_address(&net->gateways[i]));
        }
        return json_pack("{s:s, s:s, s:s, s:o, s:o, s:b, s:s, s:s, s:i, s:i, s:s}", "name", net->name,
                         "driver", network_driver_to_string(net->kind), "device", net->device, "subnets",
                         subnets, "gateways", gateways, "internal", net->internal, "isolate",
                         network_isolation_to_string(net->options.isolation), "mode",
                         network_submode_to_string(net->options.mode), "mtu", (int) net->options.mtu, "vlan",
                         net->options.vlan, "vrf", net->options.vrf);
}

void network_attachment_save(const Attachment *a, JsonText *t) {
        json_text_begin(t, "network", '{');
        json_text_string(t, "unit", a->unit);
        json_text_begin(t, "links", '[');
        for (size_t i = 0; i < a->n_links; i++)
                write_link(t, &a->links[i], NULL);
        json_text_end(t, ']');
        json_text_begin(t, "ports", '[');
        for (size_t i = 0; i < a->n_ports; i++)
                write_port(t, &a->ports[i]);
        json_text_end(t, ']');
        json_text_boolean(t, "published", a->published);
        json_text_end(t, '}');
}

static int read_addresses(const json_t *j, NetworkLink *ret) {
        const json_t *addresses = json_object_get(j, "addresses"), *gateways = json_object_get(j, "gateways");

        for (size_t i = 0; i < json_array_size(addresses) && i < ELEMENTSOF(ret->addresses); i++) {
                const char *text = json_string_value(json_array_get(addresses, i));

                if (!text || inet_parse_prefix(text, &ret->addresses[i]) < 0)
                        return -EBADMSG;
                net_json_read_address(json_array_get(gateways, i), &ret->gateways[i]);
                ret->n_addresses++;
        }
        return 0;
}

static int read_link(const json_t *j, NetworkLink *ret) {
        const char *network = json_string_value(json_object_get(j, "network"));
        const char *driver = json_string_value(json_object_get(j, "driver"));

        if (!network || !network[0] || net_json_read_text(j, "host_link", ret->host_name, IFNAMSIZ) < 0 ||
            net_json_read_text(j, "link", ret->name, IFNAMSIZ) < 0 ||
            net_json_read_text(j, "device", ret->device, IFNAMSIZ) < 0)
                return -EBADMSG;
        /* A manager that knew one driver said nothing of it. */
        ret->driver = driver ? network_driver_from_string(driver) : NETWORK_DRIVER_BRIDGE;
        if ((int) ret->driver < 0)
                return -EBADMSG;
        if (net_json_read_mac(json_object_get(j, "mac"), ret->mac) < 0 || read_addresses(j, ret) < 0)
                return -EBADMSG;
        ret->network = strdup(network);
        return ret->network ? 0 : -ENOMEM;
}

static int read_port(const json_t *j, NetworkPort *ret) {
        json_int_t host = json_integer_value(json_object_get(j, "host_port"));
        json_int_t container = json_integer_value(json_object_get(j, "container_port"));
        json_int_t count = json_integer_value(json_object_get(j, "count"));

        ret->protocol = protocol_from_string(json_string_value(json_object_get(j, "protocol")));
        if ((int) ret->protocol < 0 || host < 1 || container < 1 || count < 1 || host + count > 65536 ||
            container + count > 65536)
                return -EBADMSG;
        net_json_read_address(json_object_get(j, "host_address"), &ret->host_address);
        ret->host_port = (uint16_t) host;
        ret->container_port = (uint16_t) container;
        ret->count = (uint16_t) count;
        return 0;
}

static bool covers(const Net *net, const NetworkLink *l) {
        if (net->kind != l->driver)
                return false;
        for (size_t i = 0; i < l->n_addresses; i++) {
                bool found = false;

                for (size_t j = 0; j < net->n_subnets; j++)
                        found |= inet_contains(&net->subnets[j], &l->addresses[i].address) &&
                                 net->subnets[j].bits == l->addresses[i].bits;
                if (!found)
                        return false;
        }
        return true;
}

/* The network of a link is as the link says: its unit may have gone or changed since, or a part of a pool
 * was picked for it that was not its own. */
static int remember_network(Network *n, const NetworkLink *l, Fault *fault) {
        const Net *net = net_find(n, l->network);
        InetPrefix subnets[2] = {};
        InetAddress gateways[2] = {};
        NetworkSection section = {
                .driver = l->driver,
                .ipam_driver = l->n_addresses > 0 ? IPAM_DRIVER_HOST_LOCAL : IPAM_DRIVER_NONE,
                .subnets = subnets,
                .gateways = gateways,
                .n_subnets = l->n_addresses,
                .interface_name = l->device[0] ? (char *) l->device : NULL,
        };

        if (net && covers(net, l))
                return 0;
        if (net && net->n_links > 0)
                return fault_set(fault, "adopt", -EADDRINUSE, "%s has other subnets by now", l->network);

        for (size_t i = 0; i < l->n_addresses; i++) {
                subnets[i] = inet_prefix_network(&l->addresses[i]);
                gateways[i] = l->gateways[i];
        }
        section.n_gateways = l->n_addresses;
        section.internal = l->n_addresses > 0 && gateways[0].family == AF_UNSPEC;
        return net_replace(n, l->network, &section, net && net->defined, true, fault);
}

static int adopt_links(Network *n, Attachment *a, const json_t *links, Fault *fault) {
        for (size_t i = 0; i < json_array_size(links); i++) {
                NetworkLink l = {};
                int r;

                r = read_link(json_array_get(links, i), &l);
                if (r < 0)
                        return r;
                r = remember_network(n, &l, fault);
                if (r < 0) {
                        free(l.network);
                        return r;
                }
                r = attachment_add_link(n, a, &l, fault);
                if (r < 0)
                        return r;
                net_find(n, l.network)->next++;
        }
        return 0;
}

static int adopt_ports(Network *n, Attachment *a, const json_t *ports, Fault *fault) {
        a->ports = calloc(json_array_size(ports) + 1, sizeof(*a->ports));
        if (!a->ports)
                return -ENOMEM;

        for (size_t i = 0; i < json_array_size(ports); i++) {
                NetworkPort *p = &a->ports[a->n_ports];
                const char *owner;
                int r;

                r = read_port(json_array_get(ports, i), p);
                if (r < 0)
                        return r;
                owner = ports_owner(n, NULL, p);
                if (owner)
                        return fault_set(fault, "adopt", -EADDRINUSE, "port %u of %s: %s has it",
                                         p->host_port, a->unit, owner);
                a->n_ports++;
        }
        return 0;
}

int network_adopt(Network *n, const json_t *saved, Fault *fault, Attachment **ret) {
        const char *unit = json_string_value(json_object_get(saved, "unit"));
        Attachment *a;
        int r;

        if (!unit)
                return fault_set(fault, "adopt", -EBADMSG, "network");
        a = attachment_new(n, unit);
        if (!a)
                return -ENOMEM;

        r = adopt_links(n, a, json_object_get(saved, "links"), fault);
        if (r >= 0)
                r = adopt_ports(n, a, json_object_get(saved, "ports"), fault);
        if (r < 0) {
                (void) fault_set(fault, "adopt", r, "%s", unit);
                attachment_forget(n, a);
                return r;
        }
        a->published = json_is_true(json_object_get(saved, "published"));
        *ret = a;
        return 0;
}

static void settle_localhost(Network *n) {
        if (!n->localhost)
                return;
        for (size_t i = 0; i < n->n_attachments; i++)
                if (n->attachments[i]->published)
                        (void) localhost_enter(n->localhost, true, n->attachments[i]);
        (void) localhost_settle(n->localhost);
}

int network_settle(Network *n, Fault *fault) {
        int first, r;

        /* Who died between a change and the purge has left it to us. */
        for (size_t i = 0; i < n->n_attachments; i++)
                if (n->attachments[i]->published)
                        ports_note(n, n->attachments[i], false);
        settle_localhost(n);
        first = heal_sweep(n);
        if (first < 0)
                (void) fault_set(fault, "links", first, NULL);
        if (n->n_attachments == 0) {
                n->table = true;
                table_drop(n);
                return first;
        }

        r = table_ensure(n, fault);
        if (r < 0 && first == 0)
                first = r;
        r = heal_repair(n, fault);
        return r < 0 && first == 0 ? r : first;
}

json_t *network_list_links(const Network *n) {
        autojsontext JsonText t = {};
        const char *text;

        json_text_begin(&t, NULL, '[');
        for (size_t i = 0; i < n->n_attachments; i++)
                for (size_t j = 0; j < n->attachments[i]->n_links; j++)
                        write_link(&t, &n->attachments[i]->links[j], n->attachments[i]->unit);
        json_text_end(&t, ']');
        text = json_text_finish(&t);
        return text ? json_loads(text, 0, NULL) : NULL;
}

json_t *network_list(const Network *n) {
        json_t *list = json_array();

        for (size_t i = 0; i < n->n_nets; i++) {
                json_t *o = net_json(n->nets[i]), *units = json_array();

                for (size_t j = 0; j < n->n_attachments; j++)
                        for (size_t k = 0; k < n->attachments[j]->n_links; k++)
                                if (streq(n->attachments[j]->links[k].network, n->nets[i]->name))
                                        (void) json_array_append_new(units,
                                                                     json_string(n->attachments[j]->unit));
                (void) json_object_set_new(o, "units", units);
                (void) json_array_append_new(list, o);
        }
        return list;
}
