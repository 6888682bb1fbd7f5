/* Members of an inspected object that lead out of the container: networks, ports, mounts, devices. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/import-docker.h"

/* What containers use and nobody has inspected: a unit that says no more than the name. */
static int need_unit(Conversion *c, UnitKind kind, const char *name, const Doc *d) {
        UnitText *u;
        int r;

        r = unit_bundle_add(&c->import->bundle, kind, name, d->at, &u);
        if (r == -EEXIST)
                return 0;
        if (r == -EINVAL)
                return import_error(c->import, d, "\"%s\" cannot be the name of a unit", name);
        if (r == 0)
                r = unit_text_note(u, "inspect the %s itself for its settings", unit_kind_to_string(kind));
        return r;
}

/* Docker adds the name and the beginning of the id by itself. */
static bool is_wanted_alias(const Conversion *c, const char *alias) {
        const char *id = doc_text(c->root, "Id");

        return !streq_null(inspect_stem(c->root), alias) && !(id && startswith(id, alias));
}

/* One more of what the container is on its network: a key where it has one network, else an option of
 * Network=. */
static int join_option(Conversion *c, const Doc *d, const char *key, const char *option, const char *value,
                       bool only, char ***options) {
        if (!value || !*value || strchr(value, ','))
                return 0;
        return only ? import_put(c, d, unit_text_value(c->unit, PART_OWN, key, d->at, value))
                    : strv_addf(options, "%s=%s", option, value);
}

static int join_options(Conversion *c, const Doc *network, bool only, char ***options) {
        const Doc *aliases = doc_find(network, "Aliases");
        int r;

        r = join_option(c, network, "IP", "ip", doc_text(network, "IPAMConfig.IPv4Address"), only, options);
        if (r == 0)
                r = join_option(c, network, "IP6", "ip6", doc_text(network, "IPAMConfig.IPv6Address"), only,
                                options);
        for (size_t i = 0; aliases && i < aliases->n && r == 0; i++) {
                const char *alias = aliases->children[i]->text;

                if (alias && is_wanted_alias(c, alias))
                        r = join_option(c, network, "NetworkAlias", "alias", alias, only, options);
        }
        return r;
}

static int join_network(Conversion *c, const Doc *network, bool only) {
        autostrv char **options = NULL;
        autofree char *joined = NULL, *text = NULL;
        int r;

        r = need_unit(c, UNIT_NETWORK, network->key, network);
        if (r == 0)
                r = join_options(c, network, only, &options);
        if (r < 0)
                return r;
        joined = options ? strv_join(options, ",") : strdup("");
        if (!joined || asprintf(&text, "%s.network%s%s", network->key, *joined ? ":" : "", joined) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return import_put(c, network, unit_text_value(c->unit, PART_OWN, "Network", network->at, text));
}

/* All networks but the tools' default ones. */
static int join_networks(Conversion *c) {
        const Doc *networks = doc_find(c->root, "NetworkSettings.Networks");
        int r = 0;

        for (size_t i = 0; networks && networks->kind == DOC_MAP && i < networks->n && r == 0; i++) {
                const Doc *n = networks->children[i];

                if (!streq(n->key, "bridge") && !streq(n->key, "podman") && !streq(n->key, "none") &&
                    !streq(n->key, "host"))
                        r = join_network(c, n, networks->n == 1);
        }
        return r;
}

int inspect_network_mode(Conversion *c, const Doc *value) {
        const char *text, *id;
        const Doc *other;
        autofree char *name = NULL;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0)
                return r;
        if (streq(text, "host") || streq(text, "none"))
                return unit_text_raw(c->unit, PART_OWN, "Network", value->at, text);
        id = startswith(text, "container:");
        if (!id || unit_text_has(c->unit, PART_OWN, "Pod"))
                return id ? 0 : join_networks(c);

        other = inspect_find(c->source, id);
        if (!other)
                return import_note(c, value,
                                   "inspect both containers at once for Network= of the other's unit");
        if (asprintf(&name, "%s.container", strempty(inspect_stem(other))) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        return import_put(c, value, unit_text_value(c->unit, PART_OWN, "Network", value->at, name));
}

/* The pod's unit has what its infra container was made with. */
int inspect_pod(Conversion *c, const Doc *value) {
        const Inspect *inspect = c->source;
        autofree char *stem = NULL, *name = NULL;
        Conversion pod = *c;
        int r = 0;

        if (!value->text || !*value->text)
                return 0;
        if (asprintf(&stem, "pod-%.12s", value->text) < 0 || asprintf(&name, "%s.pod", stem) < 0)
                return -ENOMEM;
        r = unit_text_value(c->unit, PART_OWN, "Pod", value->at, name);
        if (r == 0)
                r = unit_bundle_add(&c->import->bundle, UNIT_POD, stem, value->at, &pod.unit);
        if (r < 0)
                return r == -EEXIST ? 0 : import_put(c, value, r);

        for (size_t i = 0; i < inspect->all->n; i++) {
                const Doc *d = inspect->all->children[i], *ports = doc_find(d, "HostConfig.PortBindings");

                if (!streq_null(doc_text(d, "Pod"), value->text) ||
                    !streq_null(doc_text(d, "IsInfra"), "true"))
                        continue;
                pod.root = d;
                r = ports ? inspect_ports(&pod, ports) : 0;
                return r < 0 ? r : join_networks(&pod);
        }
        return unit_text_note(pod.unit, "inspect the pod's infra container too for its ports and networks");
}

static int put_binding(Conversion *c, const Doc *port, const Doc *binding) {
        const char *ip = strempty(doc_text(binding, "HostIp")),
                   *host = strempty(doc_text(binding, "HostPort"));
        const bool brackets = strchr(ip, ':'), tcp = endswith(port->key, "/tcp");
        const int length = (int) (tcp ? strlen(port->key) - strlen("/tcp") : strlen(port->key));
        autofree char *text = NULL;

        /* Both tools write down "everywhere" in one way or the other, once for each protocol. */
        if (streq(ip, "::"))
                return 0;
        if (streq(ip, "0.0.0.0"))
                ip = "";
        if (asprintf(&text, "%s%s%s%s%s%s%.*s", brackets ? "[" : "", ip, brackets ? "]" : "", *ip ? ":" : "",
                     host, *ip || *host ? ":" : "", length, port->key) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return import_put(c, port, unit_text_value(c->unit, PART_OWN, "PublishPort", port->at, text));
}

int inspect_ports(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a map");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *port = value->children[i];

                for (size_t k = 0; port->kind == DOC_LIST && k < port->n && r == 0; k++)
                        r = put_binding(c, port, port->children[k]);
        }
        return r;
}

/* Docker names a volume that nobody has named by 64 digits. */
static bool is_anonymous(const char *name) {
        return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

static int put_mount(Conversion *c, const Doc *d) {
        const char *type = strempty(doc_text(d, "Type")), *target = doc_text(d, "Destination");
        const char *name = doc_text(d, "Name"), *propagation = strempty(doc_text(d, "Propagation"));
        const char *source = strempty(doc_text(d, "Source"));
        const bool named = streq(type, "volume") && name && !is_anonymous(name);
        const bool ro = streq_null(doc_text(d, "RW"), "false"), bind = streq(type, "bind");
        const bool moves = bind && *propagation && !streq(propagation, "rprivate");
        autofree char *text = NULL;
        int r = 0;

        if (!target)
                return import_error(c->import, d, "it has no destination");
        if (streq(type, "tmpfs"))
                return import_put(c, d, unit_text_value(c->unit, PART_OWN, "Tmpfs", d->at, target));
        if (!bind && !streq(type, "volume"))
                return import_note(c, d, "a mount of type %s has no equal", type);
        if (named)
                r = need_unit(c, UNIT_VOLUME, name, d);
        if (r < 0)
                return r;

        if (asprintf(&text, "%s%s%s%s%s%s%s%s",
                     named  ? name
                     : bind ? source
                            : "",
                     named ? ".volume" : "", named || bind ? ":" : "", target, ro || moves ? ":" : "",
                     ro ? "ro" : "", ro && moves ? "," : "", moves ? propagation : "") < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return import_put(c, d, unit_text_value(c->unit, PART_OWN, "Volume", d->at, text));
}

int inspect_mounts(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind != DOC_LIST)
                return import_wrong_kind(c->import, value, "a list");
        for (size_t i = 0; i < value->n && r == 0; i++)
                r = put_mount(c, value->children[i]);
        return r;
}

int inspect_tmpfs(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a map");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];
                const char *options = strempty(d->text);
                autofree char *text = NULL;

                if (asprintf(&text, "%s%s%s", d->key, *options ? ":" : "", options) < 0) {
                        text = NULL;
                        return -ENOMEM;
                }
                r = import_put(c, d, unit_text_value(c->unit, PART_OWN, "Tmpfs", d->at, text));
        }
        return r;
}

int inspect_devices(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind != DOC_LIST)
                return import_wrong_kind(c->import, value, "a list");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];
                const char *host = doc_text(d, "PathOnHost"),
                           *inside = doc_text(d, "PathInContainer") ?: host;
                const char *permissions = strempty(doc_text(d, "CgroupPermissions"));
                autofree char *text = NULL;

                if (!host)
                        return import_error(c->import, d, "PathOnHost is missing");
                if (asprintf(&text, "%s:%s%s%s", host, inside, *permissions ? ":" : "", permissions) < 0) {
                        text = NULL;
                        return -ENOMEM;
                }
                r = import_put(c, d, unit_text_plain_word(c->unit, PART_OWN, "AddDevice", d->at, text));
        }
        return r;
}

int inspect_network_driver(Conversion *c, const Doc *value) {
        return streq_null(value->text, "bridge") ? 0 : import_as_value(c, value);
}

int inspect_ipam_driver(Conversion *c, const Doc *value) {
        return streq_null(value->text, "default") || streq_null(value->text, "host-local")
                       ? 0
                       : import_as_value(c, value);
}

int inspect_volume_driver(Conversion *c, const Doc *value) {
        return streq_null(value->text, "local") ? 0 : import_as_value(c, value);
}

/* What Docker writes down for each network is not an option that somebody gave. */
int inspect_network_options(Conversion *c, const Doc *value) {
        int r = 0;

        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];
                const char *docker = d->key ? startswith(d->key, "com.docker.network.") : NULL;
                autofree char *text = NULL;

                if (!d->key || (docker && !streq(docker, "driver.mtu")))
                        continue;
                if (asprintf(&text, "%s=%s", docker ? "mtu" : d->key, strempty(d->text)) < 0) {
                        text = NULL;
                        return -ENOMEM;
                }
                r = import_put(c, d, unit_text_word(c->unit, PART_OWN, "Options", d->at, text));
        }
        return r;
}

/* Docker's words, then Podman's. */
int inspect_subnets(Conversion *c, const Doc *value) {
        static const char *const docker[] = { "Subnet", "Gateway", "IPRange" };
        static const char *const podman[] = { "subnet", "gateway", "lease_range" };

        return import_subnets(c, value, c->row->path[0] == 'I' ? docker : podman);
}
