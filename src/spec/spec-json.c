/*
 * The OCI runtime-spec (version 1.0.2, config.md and config-linux.md) of a container.
 *
 * jansson passes a NULL for "no memory" on: a NULL that is put into an object or array makes the put fail. So
 * failures are gathered in one place, and every function here may be called with the results of others.
 */
#include "spec/spec-json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/json-list.h"
#include "spec/json-mounts.h"
#include "spec/json-process.h"
#include "spec/json-resources.h"
#include "spec/json-seccomp.h"
#include "spec/key-types.h"

#define ANNOTATION "org.nsunits1."

/* The time namespace is left out: runtimes of the age of crun 1.8 refuse the whole file for it. */
static json_t *make_namespace(const ContainerSpec *s, const char *type, Space space) {
        const NamespaceChoice *c = container_spec_space(s, space);

        if (c->mode == NAMESPACE_PATH)
                return json_pack("{s:s, s:s}", "type", type, "path", c->path);
        /* Of another unit: the manager knows it, and a file cannot say it. */
        return json_pack("{s:s}", "type", type);
}

static json_t *make_namespaces(const ContainerSpec *s, const SpecJsonContext *c) {
        const struct {
                const char *type;
                Space space;
                bool wanted;
        } all[] = {
                { "pid", SPACE_PID, true },
                { "uts", SPACE_UTS, true },
                { "ipc", SPACE_IPC, true },
                { "cgroup", SPACE_CGROUP, true },
                { "network", SPACE_NETWORK, s->network != NETWORK_MODE_HOST },
                { "user", SPACE_USER, c->ids != NULL },
        };
        json_t *array = json_array();
        int r = json_array_append_new(array, json_pack("{s:s}", "type", "mount"));

        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                if (all[i].wanted && container_spec_space(s, all[i].space)->mode != NAMESPACE_HOST)
                        r |= json_array_append_new(array, make_namespace(s, all[i].type, all[i].space));
        if (r < 0) {
                json_decref(array);
                return NULL;
        }
        return array;
}

static json_t *make_sysctls(const ContainerSpec *s) {
        json_t *object = json_object();

        for (size_t i = 0; i < s->n_sysctls; i++) {
                autofree char *name = strdup(s->sysctls[i].path);

                for (char *p = name; p && *p; p++)
                        *p = *p == '/' ? '.' : *p == '.' ? '/' : *p;
                if (!name || json_object_set_new(object, name, json_string(s->sysctls[i].value)) < 0) {
                        json_decref(object);
                        return NULL;
                }
        }
        return object;
}

static json_t *make_linux(const ContainerSpec *s, const SpecJsonContext *c) {
        const ScheduleSpec *schedule = container_spec_schedule(s);
        json_t *object = json_object();
        int r = 0;

        r |= json_object_set_new(object, "namespaces", make_namespaces(s, c));
        r |= json_object_set_new(object, "sysctl", make_sysctls(s));
        r |= json_object_set_new(object, "resources", json_resources(s->limits));
        if (c->ids) {
                r |= json_object_set_new(object, "uidMappings", json_id_list(&c->ids->uids));
                r |= json_object_set_new(object, "gidMappings", json_id_list(&c->ids->gids));
        }
        if (s->masked_paths)
                r |= json_object_set_new(object, "maskedPaths", json_strings(s->masked_paths));
        if (s->protected_paths)
                r |= json_object_set_new(object, "readonlyPaths", json_strings(s->protected_paths));
        if (s->seccomp.enabled)
                r |= json_object_set_new(object, "seccomp", json_seccomp(&s->seccomp, s->capabilities));
        if ((schedule->set & SCHEDULE_PERSONALITY) && schedule->personality <= PER_LINUX32)
                r |= json_object_set_new(
                        object, "personality",
                        json_pack("{s:s}", "domain",
                                  schedule->personality == PER_LINUX32 ? "LINUX32" : "LINUX"));
        if (r < 0) {
                json_decref(object);
                return NULL;
        }
        return object;
}

static int annotate(json_t *object, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);

static int annotate(json_t *object, const char *name, const char *fmt, ...) {
        autofree char *value = NULL;
        char key[64];
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = vasprintf(&value, fmt, ap);
        va_end(ap);
        if (r < 0) {
                value = NULL;
                return -1;
        }
        (void) snprintf(key, sizeof(key), ANNOTATION "%s", name);
        return json_object_set_new(object, key, json_string(value));
}

static int annotate_list(json_t *object, const char *name, char *const *list) {
        autofree char *value = list ? strv_join(list, " ") : NULL;

        if (!list)
                return 0;
        return value ? annotate(object, name, "%s", value) : -1;
}

/* "8080:80/tcp": the words of PublishPort=. */
static int annotate_ports(json_t *object, const ContainerSpec *s) {
        autostrv char **words = NULL;
        char buf[INET_TEXT_MAX];

        for (size_t i = 0; i < s->n_publish; i++) {
                const PublishSpec *p = &s->publish[i];
                bool any = p->host_address.family == AF_UNSPEC, v6 = p->host_address.family == AF_INET6;

                if (strv_addf(&words, "%s%s%s%s%u:%u/%s%s", v6 ? "[" : "",
                              any ? "" : inet_format(&p->host_address, buf), v6 ? "]" : "", any ? "" : ":",
                              p->host_port, p->container_port, protocol_to_string(p->protocol),
                              p->count > 1 ? " (range)" : "") < 0)
                        return -1;
        }
        return annotate_list(object, "publish", words);
}

static int annotate_names(json_t *object, const ContainerSpec *s) {
        autostrv char **dns = NULL, **hosts = NULL;
        char buf[INET_TEXT_MAX];

        for (size_t i = 0; i < s->n_dns; i++)
                if (strv_add(&dns, inet_format(&s->dns[i], buf)) < 0)
                        return -1;
        for (size_t i = 0; i < s->n_hosts; i++) {
                const InetAddress *a = &s->hosts[i].address;

                if (strv_addf(&hosts, "%s:%s", s->hosts[i].name,
                              a->family == AF_UNSPEC ? "host-gateway" : inet_format(a, buf)) < 0)
                        return -1;
        }
        return annotate_list(object, "dns", dns) | annotate_list(object, "hosts", hosts) |
               annotate_list(object, "dns-search", s->dns_search) |
               annotate_list(object, "dns-options", s->dns_options);
}

/* NAME=VALUE */
static int annotate_all(json_t *object, char *const *list) {
        int r = 0;

        STRV_FOREACH (item, list) {
                const char *equals = strchr(*item, '=');
                autofree char *name = strndup(*item, equals ? (size_t) (equals - *item) : strlen(*item));

                r |= name ? json_object_set_new(object, name, json_string(equals ? equals + 1 : "")) : -1;
        }
        return r;
}

/* Nodes are made at the launch, from what the host has then. */
static int annotate_devices(json_t *object, const ContainerSpec *s) {
        autostrv char **words = NULL;

        for (size_t i = 0; i < s->n_devices; i++) {
                const DeviceSpec *d = &s->devices[i];

                if (strv_addf(&words, "%s%s:%s:%s%s%s", d->optional ? "-" : "", d->host, d->container,
                              d->read ? "r" : "", d->write ? "w" : "", d->make ? "m" : "") < 0)
                        return -1;
        }
        return annotate_list(object, "devices", words);
}

/* Which disks they are about is looked up at the launch, too. */
static int annotate_disks(json_t *object, const LimitSpec *l) {
        const struct {
                const char *name;
                const DeviceLimitList *list;
        } lists[] = {
                { "io-device-weight", &l->io_device_weight },
                { "io-read-bandwidth", &l->io_read_bandwidth },
                { "io-write-bandwidth", &l->io_write_bandwidth },
                { "io-read-iops", &l->io_read_iops },
                { "io-write-iops", &l->io_write_iops },
                { "io-latency-target", &l->io_latency_target },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                autostrv char **words = NULL;

                for (size_t k = 0; k < lists[i].list->n; k++)
                        r |= strv_addf(&words, "%s=%" PRIu64, lists[i].list->items[k].path,
                                       lists[i].list->items[k].value);
                r |= annotate_list(object, lists[i].name, words);
        }
        return r;
}

/* Groups of devices have names, and no numbers yet. */
static int annotate_device_access(json_t *object, const LimitSpec *l) {
        autostrv char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < l->devices.n; i++) {
                const DeviceAllow *d = &l->devices.items[i];

                r |= strv_addf(&words, "%s:%s%s%s", d->device, d->read ? "r" : "", d->write ? "w" : "",
                               d->make ? "m" : "");
        }
        if (l->device_policy != DEVICE_POLICY_AUTO)
                r |= annotate(object, "device-policy", "%s", device_policy_to_string(l->device_policy));
        return r | annotate_list(object, "device-allow", words);
}

/* The specification's filters cannot say "all but these" of one argument. */
static int annotate_families(json_t *object, const FamilyChoice *families) {
        autofree char *text = families->set ? key_families_format(families) : NULL;

        if (!families->set)
                return 0;
        return text ? annotate(object, "address-families", "%s", text) : -1;
}

static json_t *make_annotations(const ContainerSpec *s) {
        json_t *object = json_object();
        int r = 0;

        r |= annotate_all(object, s->labels);
        r |= annotate_all(object, s->annotations);
        r |= annotate_devices(object, s);
        r |= annotate_disks(object, s->limits);
        r |= annotate_device_access(object, s->limits);
        for (size_t i = 0; i < SPACE_N_; i++)
                if (container_spec_space(s, (Space) i)->mode == NAMESPACE_UNIT)
                        r |= annotate(object, space_to_string((Space) i), "%s",
                                      container_spec_space(s, (Space) i)->unit);
        if (s->time_zone)
                r |= annotate(object, "timezone", "%s", s->time_zone);
        if (s->machine_id)
                r |= annotate(object, "machine-id", "%s", s->machine_id);
        r |= annotate_list(object, "groups", s->groups);
        r |= annotate_families(object, &s->seccomp.families);
        r |= annotate(object, "unit", "%s", s->unit);
        r |= annotate(object, "name", "%s", s->name);
        r |= annotate(object, "stop-signal", "%s", signal_to_name(s->stop_signal));
        r |= annotate(object, "network", "%s", network_mode_to_string(s->network));
        r |= annotate_list(object, "networks", s->networks);
        r |= annotate_ports(object, s);
        r |= annotate_names(object, s);
        if (s->image)
                r |= annotate(object, "image", "%s", s->image);
        if (s->user)
                r |= annotate(object, "user", "%s", s->user);
        if (s->run_init)
                r |= annotate(object, "init", "yes");
        if (r < 0) {
                json_decref(object);
                return NULL;
        }
        return object;
}

int spec_to_json(const ContainerSpec *s, const SpecJsonContext *context, char **ret) {
        json_t *root;
        char *text = NULL;

        root = json_pack("{s:s, s:o, s:{s:s, s:b}, s:s, s:o, s:o, s:o}", "ociVersion", "1.0.2", "process",
                         json_process(s, context), "root", "path", context->root ? context->root : "rootfs",
                         "readonly", s->read_only, "hostname", s->host_name, "mounts",
                         json_mounts(s, context), "annotations", make_annotations(s), "linux",
                         make_linux(s, context));
        if (root)
                text = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        json_decref(root);
        if (!text)
                return -ENOMEM;

        *ret = text;
        return 0;
}
