/* Key type of Network=: which networks a container joins, and as whom. */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/key-inet.h"
#include "spec/key-input.h"
#include "spec/key-namespace.h"

static void join_done(NetworkJoin *j) {
        free(j->name);
        strv_free(j->aliases);
        free(j->interface_name);
        free(j->host_interface_name);
        strv_free(j->options);
}

static int set_mac(const KeyInput *in, const KeyOption *o, NetworkJoin *j) {
        const char *text = strempty(o->value);
        uint8_t m[6];
        int n = 0;

        if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5],
                   &n) != 6 ||
            n != 17 || text[n])
                return key_bad_form(in, text, o->value_at, -EINVAL, "02:00:00:00:00:01");
        if (m[0] & 1)
                return diag_error(in->diag, o->value_at, -EINVAL, "%s=: %s is the address of a group",
                                  in->key, text);
        memcpy(j->mac, m, sizeof(m));
        j->mac_set = true;
        return 0;
}

static int set_ip(const KeyInput *in, const KeyOption *o, int family, NetworkJoin *j) {
        InetAddress a;
        int r;

        r = key_inet_address(in, strempty(o->value), o->value_at, family, &a);
        if (r == 0)
                *(a.family == AF_INET ? &j->ip4 : &j->ip6) = a;
        return r;
}

/* podman-run(1), --network; what it does not know, it hands to the driver, and so do we. */
static int apply_option(const KeyInput *in, const KeyOption *o, NetworkJoin *j) {
        const char *value = strempty(o->value);

        if (streq(o->name, "ip"))
                return set_ip(in, o, AF_UNSPEC, j);
        if (streq(o->name, "ip6"))
                return set_ip(in, o, AF_INET6, j);
        if (streq(o->name, "mac"))
                return set_mac(in, o, j);
        if (streq(o->name, "alias"))
                return *value ? strv_add(&j->aliases, value)
                              : diag_error(in->diag, o->at, -EINVAL, "%s=: alias= needs a name", in->key);
        if (streq(o->name, "interface_name"))
                return key_interface_name(in, value, o->value_at, &j->interface_name);
        if (streq(o->name, "host_interface_name"))
                return key_interface_name(in, value, o->value_at, &j->host_interface_name);
        return strv_addf(&j->options, "%s=%s", o->name, value);
}

/* A network by name: "x.network", or "x", which means the same unit. */
static int join_name(const KeyInput *in, const char *name, Where at, char **ret) {
        autofree char *unit = NULL;

        if (streq(name, "bridge") || streq(name, "private") || streq(name, "default") ||
            streq(name, "podman"))
                unit = strdup("default");
        else if (unit_name_kind(name) == UNIT_NETWORK)
                unit = strdup(name);
        else if (asprintf(&unit, "%s.network", name) < 0)
                unit = NULL;
        if (!unit)
                return -ENOMEM;
        if (!streq(unit, "default") && !unit_name_valid(unit))
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not the name of a network", in->key,
                                  name);
        if (key_fill_instance(in, &unit) < 0)
                return -ENOMEM;

        *ret = take_ptr(unit);
        return 0;
}

static int add_join(const KeyInput *in, char *text, char *options, Where at, NetworkChoice *c) {
        NetworkJoin j = { .at = at }, *item = NULL;
        KeyOption o;
        int r;

        r = join_name(in, text, at, &j.name);
        for (char *rest = options;
             r == 0 &&
             key_next_option(&rest, options, where_advance(at, (size_t) (options - text)), ',', &o);)
                r = apply_option(in, &o, &j);

        for (size_t i = 0; r == 0 && i < c->n_joins; i++)
                if (streq(c->joins[i].name, j.name)) {
                        item = &c->joins[i];
                        join_done(item);
                }
        if (r == 0 && !item) {
                NetworkJoin *joins = reallocarray(c->joins, c->n_joins + 1, sizeof(*joins));

                if (joins) {
                        c->joins = joins;
                        item = &joins[c->n_joins++];
                }
        }
        if (!item) {
                join_done(&j);
                return r < 0 ? r : -ENOMEM;
        }
        *item = j;
        return 0;
}

/* What an earlier line chose, as a person would call it. */
static const char *chosen(const NetworkChoice *c) {
        if (c->shared.mode == NAMESPACE_UNIT)
                return c->shared.unit;
        if (c->shared.mode == NAMESPACE_PATH)
                return c->shared.path;
        return c->mode == NETWORK_MODE_PRIVATE && c->n_joins > 0 ? c->joins[0].name
                                                                 : network_mode_to_string(c->mode);
}

static int conflict(const KeyInput *in, const char *text, Where at, const NetworkChoice *c) {
        return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" does not go together with \"%s\"", in->key,
                          text, chosen(c));
}

/* "pasta" and "slirp4netns" make a network for those who may not: the default one does the same here. */
static int use_helper(const KeyInput *in, const char *name, Where at, NetworkChoice *c) {
        char *copy = strdup(name);

        if (!copy)
                return -ENOMEM;
        free(c->helper);
        c->helper = copy;
        diag_warning(in->diag, at, "%s=%s is for users without privileges", in->key, name);
        diag_hint(in->diag, "the default network is used");
        return 0;
}

static int choose(const KeyInput *in, char *text, Where at, NetworkChoice *c) {
        bool own = c->mode == NETWORK_MODE_PRIVATE && c->shared.mode == NAMESPACE_DEFAULT;
        NamespaceChoice shared = {};
        char *options = text;
        NetworkMode mode;
        int r;

        r = key_namespace_shared(in, text, at, &shared);
        if (r < 0)
                return r;
        if (r > 0) {
                if (c->set) {
                        key_namespace_clear(&shared);
                        return conflict(in, text, at, c);
                }
                c->shared = shared;
                c->shared.at = at;
                return 0;
        }

        strsep(&options, ":");
        if (unit_name_kind(text) == UNIT_CONTAINER || unit_name_kind(text) == UNIT_POD)
                return diag_error(in->diag, where_advance(at, (size_t) (options - text)), -EINVAL,
                                  "%s=: the network of another container has no options", in->key);
        mode = streq(text, "host")   ? NETWORK_MODE_HOST
               : streq(text, "none") ? NETWORK_MODE_NONE
                                     : NETWORK_MODE_PRIVATE;
        if (mode != NETWORK_MODE_PRIVATE) {
                if (c->set && c->mode != mode)
                        return conflict(in, text, at, c);
                if (options)
                        return diag_error(in->diag, where_advance(at, (size_t) (options - text)), -EINVAL,
                                          "%s=: \"%s\" has no options", in->key, text);
                c->mode = mode;
                return 0;
        }

        if (c->set && !own)
                return conflict(in, text, at, c);
        if (streq(text, "slirp4netns") || streq(text, "pasta")) {
                r = use_helper(in, text, at, c);
                return r < 0 ? r : add_join(in, (char[]){ "default" }, NULL, at, c);
        }
        return add_join(in, text, options, at, c);
}

int key_networks_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        NetworkChoice *c = field;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r == 0)
                r = choose(in, text, at, c);
        if (r == 0)
                c->set = true;
        return r;
}

static char *join_text(const NetworkJoin *j) {
        autostrv char **options = NULL;
        autofree char *joined = NULL;
        char buf[INET_TEXT_MAX], *text;
        int r = 0;

        if (j->ip4.family != AF_UNSPEC)
                r = strv_addf(&options, "ip=%s", inet_format(&j->ip4, buf));
        if (r == 0 && j->ip6.family != AF_UNSPEC)
                r = strv_addf(&options, "ip6=%s", inet_format(&j->ip6, buf));
        if (r == 0 && j->mac_set)
                r = strv_addf(&options, "mac=%02x:%02x:%02x:%02x:%02x:%02x", j->mac[0], j->mac[1], j->mac[2],
                              j->mac[3], j->mac[4], j->mac[5]);
        STRV_FOREACH (alias, j->aliases)
                if (r == 0)
                        r = strv_addf(&options, "alias=%s", *alias);
        if (r == 0 && j->interface_name)
                r = strv_addf(&options, "interface_name=%s", j->interface_name);
        if (r == 0 && j->host_interface_name)
                r = strv_addf(&options, "host_interface_name=%s", j->host_interface_name);
        if (r == 0)
                r = strv_add_all(&options, j->options);
        if (r < 0)
                return NULL;

        joined = strv_join(options, ",");
        if (!joined)
                return NULL;
        return asprintf(&text, "%s%s%s", j->name, *joined ? ":" : "", joined) < 0 ? NULL : text;
}

char *key_networks_format(const void *field) {
        const NetworkChoice *c = field;
        char **words = NULL;
        int r = 0;

        if (!c->set)
                return strdup("");
        if (c->shared.mode != NAMESPACE_DEFAULT)
                return key_namespace_text(&c->shared);
        if (c->mode != NETWORK_MODE_PRIVATE)
                return strdup(network_mode_to_string(c->mode));
        for (size_t i = 0; i < c->n_joins && r >= 0; i++)
                r = strv_take(&words, join_text(&c->joins[i]));
        return key_join_take(words, r);
}

void key_networks_clear(void *field) {
        NetworkChoice *c = field;

        for (size_t i = 0; i < c->n_joins; i++)
                join_done(&c->joins[i]);
        free(c->joins);
        free(c->helper);
        key_namespace_clear(&c->shared);
        *c = (NetworkChoice){};
}
