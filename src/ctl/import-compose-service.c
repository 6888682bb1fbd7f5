/* A service of a Compose file to a .container unit: image, dependencies, network. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/import-compose.h"

static Compose *compose_of(const Conversion *c) {
        return c->source;
}

int compose_require(Conversion *c, const Doc *d, const char *service, bool weak) {
        autofree char *name = NULL;
        const Doc *definition;
        int r;

        r = compose_definition(compose_of(c), "services", service, d, &definition);
        if (r < 0)
                return r;
        if (asprintf(&name, "%s.container", service) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        r = unit_text_plain_word(c->unit, PART_UNIT, weak ? "Wants" : "Requires", d->at, name);
        return r < 0 ? r : unit_text_plain_word(c->unit, PART_UNIT, "After", d->at, name);
}

static int depend_on(Conversion *c, const Doc *d) {
        const char *condition = doc_text(d, "condition");
        const bool weak = streq_null(doc_text(d, "required"), "false");
        autofree char *name = NULL;
        int r;

        r = compose_require(c, d, d->key, weak);
        /* What is required takes this unit along when it is restarted; what is wanted has to be told to. */
        if (r == 0 && weak && streq_null(doc_text(d, "restart"), "true")) {
                if (asprintf(&name, "%s.container", d->key) < 0) {
                        name = NULL;
                        return -ENOMEM;
                }
                r = unit_text_plain_word(c->unit, PART_UNIT, "PartOf", d->at, name);
        }
        if (r < 0 || !condition || streq(condition, "service_started") ||
            streq(condition, "service_healthy") || streq(condition, "service_completed_successfully"))
                return r;
        return import_error(c->import, doc_get(d, "condition"),
                            "\"%s\" is none of service_started, service_healthy and "
                            "service_completed_successfully",
                            condition);
}

int compose_depends_on(Conversion *c, const Doc *value) {
        const char *name;
        int r = 0;

        if (value->kind != DOC_LIST && value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a list or a map");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];

                if (value->kind == DOC_MAP) {
                        r = depend_on(c, d);
                        continue;
                }
                r = import_text(c->import, d, &name);
                if (r == 0)
                        r = compose_require(c, d, name, false);
        }
        return r;
}

int compose_links(Conversion *c, const Doc *value) {
        autofree const char **links = NULL;
        int r;

        r = import_texts(c->import, value, &links);
        for (size_t i = 0; r == 0 && links[i]; i++) {
                const Doc *d = value->kind == DOC_LIST ? value->children[i] : value;
                const char *colon = strchrnul(links[i], ':');
                autofree char *name = strndup(links[i], (size_t) (colon - links[i]));

                if (!name)
                        return -ENOMEM;
                r = compose_require(c, d, name, false);
                if (r == 0 && *colon && !streq(name, colon + 1))
                        r = import_note(c, d, "NetworkAlias= of %s.container gives it another name", name);
        }
        return r;
}

int compose_image(Conversion *c, const Doc *value) {
        /* With `build`, it is the name of what is built. */
        return doc_find(c->root, "build") ? 0 : import_as_value(c, value);
}

int compose_pull_policy(Conversion *c, const Doc *value) {
        static const char *const same[] = { "always", "missing", "never", "newer", NULL };
        const char *text;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0)
                return r;
        if (streq(text, "if_not_present"))
                text = "missing";
        return strv_contains((char **) same, text)
                       ? unit_text_raw(c->unit, PART_OWN, "Pull", value->at, text)
                       : import_note(c, value, "Pull= is one of always, missing, never and newer");
}

int compose_container_name(Conversion *c, const Doc *value) {
        const char *text;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0 || streq(text, c->unit->stem))
                return r;
        r = import_as_value(c, value);
        /* Others know it by the service's name still. */
        return r < 0 || doc_find(c->root, "network_mode")
                       ? r
                       : unit_text_raw(c->unit, PART_OWN, "NetworkAlias", value->at, c->unit->stem);
}

/* The unit of the service that has this container name, or is called so. */
static const Doc *find_container(const Compose *compose, const char *name) {
        const Doc *services = doc_find(compose->doc, "services");

        for (size_t i = 0; i < services->n; i++)
                if (streq_null(doc_text(services->children[i], "container_name"), name))
                        return services->children[i];
        return NULL;
}

int compose_network_mode(Conversion *c, const Doc *value) {
        const char *text, *service, *container;
        const Doc *other = NULL;
        autofree char *name = NULL;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0)
                return r;
        service = startswith(text, "service:");
        container = startswith(text, "container:");
        if (service)
                r = compose_definition(compose_of(c), "services", service, value, &other);
        else if (container)
                other = find_container(compose_of(c), container);
        if (r < 0 || !other)
                return r < 0 ? r : import_as_value(c, value);

        if (asprintf(&name, "%s.container", other->key) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        return import_put(c, value, unit_text_value(c->unit, PART_OWN, "Network", value->at, name));
}

/* One member of a service's `networks`. */
typedef struct Join {
        bool only;      /* keys of the container can say it */
        char **options; /* else options of Network= */
} Join;

int compose_join_option(Conversion *c, const Doc *value) {
        static const char *const options[][2] = { { "IP", "ip" },
                                                  { "IP6", "ip6" },
                                                  { "NetworkAlias", "alias" } };
        autofree const char **texts = NULL;
        Join *join = c->source;
        int r;

        if (join->only)
                return import_as_values(c, value);
        r = import_texts(c->import, value, &texts);
        for (size_t k = 0; k < ELEMENTSOF(options) && r == 0; k++)
                for (size_t i = 0; streq(options[k][0], c->row->key) && texts[i] && r == 0; i++)
                        r = strchr(texts[i], ',')
                                    ? import_error(c->import, value, "a comma in a name")
                                    : strv_addf(&join->options, "%s=%s", options[k][1], texts[i]);
        return r;
}

/* How the network @name of the file is called in Network=. */
static int network_reference(Conversion *c, const char *name, const Doc *at, char **ret) {
        const Compose *compose = compose_of(c);
        const Doc *definition = doc_get(doc_get(compose->doc, "networks"), name);
        autofree char *stem = NULL;
        const char *external;
        int r;

        if (!definition && !streq(name, "default")) {
                r = compose_definition(compose, "networks", name, at, &definition);
                if (r < 0)
                        return r;
        }
        if (compose_is_external(definition, name, &external)) {
                r = import_note(c, at, "the network \"%s\" is made elsewhere: there has to be a unit for it",
                                external);
                if (r < 0)
                        return r;
                return asprintf(ret, "%s.network", external) < 0 ? -ENOMEM : 0;
        }

        r = compose_network(compose_of(c), name, definition, at);
        if (r < 0)
                return r;
        stem = compose_network_stem(compose, name);
        return !stem || asprintf(ret, "%s.network", stem) < 0 ? -ENOMEM : 0;
}

static int join_network(Conversion *c, const char *name, const Doc *at, const Doc *entry, bool only) {
        Join join = { .only = only };
        Conversion sub = *c;
        autofree char *reference = NULL, *options = NULL, *value = NULL;
        int r;

        r = network_reference(c, name, at, &reference);
        if (r < 0)
                return r;
        if (only)
                r = import_put(c, at, unit_text_value(c->unit, PART_OWN, "Network", at->at, reference));
        if (r == 0 && entry) {
                sub.root = entry;
                sub.top = c->root;
                sub.source = &join;
                r = import_rows(&sub, compose_join_table.rows, compose_join_table.n, true);
        }
        if (r == 0 && !only) {
                options = join.options ? strv_join(join.options, ",") : strdup("");
                if (!options || asprintf(&value, "%s%s%s", reference, *options ? ":" : "", options) < 0) {
                        value = NULL;
                        r = -ENOMEM;
                } else
                        r = import_put(c, at, unit_text_value(c->unit, PART_OWN, "Network", at->at, value));
        }
        strv_free(join.options);
        return r;
}

int compose_networks(Conversion *c, const Doc *value) {
        const char *name;
        int r = 0;

        if (value->kind != DOC_LIST && value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a list or a map");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];

                if (value->kind == DOC_LIST)
                        r = import_text(c->import, d, &name);
                if (r == 0)
                        r = value->kind == DOC_LIST ? join_network(c, name, d, NULL, value->n == 1)
                                                    : join_network(c, d->key, d, d, value->n == 1);
        }
        return r;
}

/* "[[ADDRESS:]PUBLISHED:]TARGET[/PROTOCOL]" of the long form. */
static int put_port(Conversion *c, const Doc *d) {
        const char *target = doc_text(d, "target"), *published = doc_text(d, "published");
        const char *ip = doc_text(d, "host_ip"), *protocol = doc_text(d, "protocol");
        const bool brackets = ip && strchr(ip, ':') && ip[0] != '[';
        autofree char *text = NULL;

        if (!target)
                return import_error(c->import, d, "target is missing");
        if (asprintf(&text, "%s%s%s%s%s%s%s%s%s", brackets ? "[" : "", strempty(ip), brackets ? "]" : "",
                     ip ? ":" : "", strempty(published), published || ip ? ":" : "", target,
                     protocol ? "/" : "", strempty(protocol)) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return import_put(c, d, unit_text_value(c->unit, PART_OWN, "PublishPort", d->at, text));
}

int compose_ports(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind != DOC_LIST)
                return import_wrong_kind(c->import, value, "a list");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];

                r = d->kind == DOC_MAP ? put_port(c, d) : import_as_value(c, d);
        }
        return r;
}

/* Others wait for its end: what is started again and again never ends. */
static int finish_completed(Conversion *c) {
        const Doc *restart = doc_find(c->root, "restart");
        int r = 0;

        if (unit_text_has(c->unit, PART_INSTALL, "WantedBy")) {
                unit_text_drop(c->unit, PART_UNIT, "StartLimitIntervalSec");
                unit_text_drop(c->unit, PART_SERVICE, "Restart");
                unit_text_drop(c->unit, PART_SERVICE, "RestartSec");
                unit_text_drop(c->unit, PART_SERVICE, "RestartSteps");
                unit_text_drop(c->unit, PART_SERVICE, "RestartMaxDelaySec");
                r = import_note(c, restart ? restart : c->root, "others wait for its end");
        }
        if (r == 0)
                r = unit_text_raw(c->unit, PART_SERVICE, "Type", c->root->at, "oneshot");
        return r < 0 ? r : unit_text_raw(c->unit, PART_SERVICE, "RemainAfterExit", c->root->at, "yes");
}

static int finish_healthy(Conversion *c) {
        int r;

        r = unit_text_raw(c->unit, PART_OWN, "Notify", c->root->at, "healthy");
        return r < 0 || unit_text_has(c->unit, PART_OWN, "HealthCmd")
                       ? r
                       : unit_text_note(c->unit,
                                        "others wait until this is healthy: without a health check in "
                                        "the image, HealthCmd= is needed");
}

static int finish(Conversion *c) {
        const Compose *compose = compose_of(c);
        const Doc *profiles = doc_find(c->root, "profiles");
        int r = 0;

        if (!doc_find(c->root, "network_mode") && !unit_text_has(c->unit, PART_OWN, "Network"))
                r = join_network(c, "default", c->root, NULL, true);
        if (r == 0 && strv_contains(compose->healthy, c->root->key))
                r = finish_healthy(c);
        if (r == 0 && strv_contains(compose->completed, c->root->key))
                r = finish_completed(c);
        if (profiles && !doc_is_empty(profiles))
                unit_text_drop(c->unit, PART_INSTALL, "WantedBy");
        return r;
}

int compose_service(Compose *compose, const Doc *service) {
        Conversion c = { .import = compose->import, .root = service, .source = compose };
        int r, bad;

        r = unit_bundle_add(&compose->import->bundle, UNIT_CONTAINER, service->key, service->at, &c.unit);
        if (r == -EINVAL)
                return import_error(compose->import, service, "\"%s\" cannot be the name of a unit",
                                    service->key);
        if (r < 0)
                return r;
        if (service->kind != DOC_MAP)
                return import_wrong_kind(compose->import, service, "a map");
        if (!doc_find(service, "image") && !doc_find(service, "build") && !doc_find(service, "provider"))
                return import_error(compose->import, service,
                                    "service \"%s\" has neither an image nor a build", service->key);

        bad = import_rows(&c, compose_service_table.rows, compose_service_table.n, true);
        r = bad == -ENOMEM ? bad : finish(&c);
        return r < 0 ? r : bad;
}
