/* Everything that a unit leaves open is decided here, once: by the image, by nsunitd.conf, or by us. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/capability.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/spec-make.h"
#include "spec/spec-mounts.h"
#include "spec/unit-check.h"

/* What every step gets to see. */
typedef struct Making {
        const UnitSpec *unit;
        const ContainerSection *section;
        const ImageConfig *image; /* never NULL: an empty one with Rootfs= */
        const ManagerConfig *config;
        char *const *file_environment;
        Diag *diag;
} Making;

static int copy_text(const char *text, char **ret) {
        *ret = text ? strdup(text) : NULL;
        return text && !*ret ? -ENOMEM : 0;
}

static Where section_place(const UnitSpec *u) {
        for (size_t i = 0; i < u->raw->n_sections; i++)
                if (streq(u->raw->sections[i].name, "Container"))
                        return u->raw->sections[i].at;
        return (Where){ .file = u->raw->fragment };
}

static int make_names(const Making *m, ContainerSpec *s) {
        s->unit = strdup(m->unit->name);
        s->name = m->section->container_name ? strdup(m->section->container_name)
                                             : unit_name_stem(m->unit->name);
        if (!s->unit || !s->name)
                return -ENOMEM;

        /* sethostname(2) takes 64 bytes. */
        s->host_name = strndup(m->section->host_name ? m->section->host_name : s->name, 64);
        return s->host_name ? 0 : -ENOMEM;
}

static int make_root(const Making *m, ContainerSpec *s) {
        const char *rootfs = m->section->rootfs, *overlay = rootfs ? endswith(rootfs, ":O") : NULL;

        s->read_only = m->section->read_only;
        s->rootfs_overlay = overlay != NULL;
        if (rootfs) {
                s->rootfs = strndup(rootfs, overlay ? (size_t) (overlay - rootfs) : strlen(rootfs));
                return s->rootfs ? 0 : -ENOMEM;
        }
        return copy_text(m->section->image, &s->image);
}

/* As Docker: Entrypoint= drops the image's Cmd, Exec= replaces it. */
static int make_command(const Making *m, ContainerSpec *s) {
        const Entrypoint *own = &m->section->entrypoint;
        char *const *arguments = m->section->exec;
        int r;

        if (!arguments && !own->set)
                arguments = m->image->cmd;

        r = strv_add_all(&s->argv, own->set ? own->words : m->image->entrypoint);
        if (r == 0)
                r = strv_add_all(&s->argv, arguments);
        if (r < 0)
                return r;
        if (!s->argv)
                return diag_error(m->diag, section_place(m->unit), -EINVAL,
                                  "nothing to run: neither the unit nor the image names a program");
        if (!s->argv[0][0])
                return diag_error(m->diag, section_place(m->unit), -EINVAL,
                                  "nothing to run: the name of the program is empty");
        return 0;
}

static int environment_add(char ***env, char *const *from) {
        STRV_FOREACH (e, from) {
                int r = strv_env_set(env, *e);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int make_environment(const Making *m, ContainerSpec *s) {
        autofree char *host_name = NULL;
        int r;

        if (asprintf(&host_name, "HOSTNAME=%s", s->host_name) < 0) {
                host_name = NULL;
                return -ENOMEM;
        }

        r = strv_env_set(&s->environment, "PATH=" SPEC_PATH_DEFAULT);
        if (r == 0)
                r = environment_add(&s->environment, m->image->env);
        if (r == 0)
                r = strv_env_set(&s->environment, "container=nsunits");
        if (r == 0)
                r = strv_env_set(&s->environment, host_name);
        if (r == 0)
                r = environment_add(&s->environment, m->file_environment);
        if (r == 0)
                r = environment_add(&s->environment, m->section->environment);
        return r;
}

/* "user[:group]", of the image or, as Docker spells it, of User=; Group= beats the second half. */
static int make_user(const Making *m, ContainerSpec *s) {
        const char *user = m->section->user ? m->section->user : m->image->user, *colon;

        if (!user || !*user)
                return copy_text(m->section->group, &s->group);

        colon = strchr(user, ':');
        s->user = strndup(user, colon ? (size_t) (colon - user) : strlen(user));
        if (!s->user)
                return -ENOMEM;
        if (m->section->group)
                return copy_text(m->section->group, &s->group);
        return colon && colon[1] ? copy_text(colon + 1, &s->group) : 0;
}

static int make_process(const Making *m, ContainerSpec *s) {
        const char *dir = m->section->working_dir ? m->section->working_dir : m->image->working_dir;

        s->run_init = m->section->run_init;
        s->stop_signal = m->section->stop_signal;
        if (s->stop_signal == 0 &&
            (!m->image->stop_signal || parse_signal(m->image->stop_signal, &s->stop_signal) < 0))
                s->stop_signal = SIGTERM;

        s->working_dir = strdup(dir && *dir ? dir : "/");
        return s->working_dir ? 0 : -ENOMEM;
}

/* Podman's order: drop, then add; but of "AddCapability=ALL" what is dropped by name stays dropped. */
static uint64_t make_capabilities(const Making *m) {
        uint64_t all = capability_all(), add = m->section->add_capabilities;
        uint64_t drop = m->section->drop_capabilities;

        if (drop == all)
                return add;
        if (add == all)
                return all & ~drop;
        return (m->config->security.capabilities & ~drop) | add;
}

/* The host's network belongs to the host's user namespace: from another one, no container could listen on a
 * port below 1024. Who shares the network shares the users as well, unless the unit asks for its own. */
static bool wants_user_namespace(const Making *m) {
        const ContainerSection *c = m->section;

        if (c->user_namespace != USERNS_DEFAULT)
                return c->user_namespace == USERNS_AUTO;
        return m->config->security.user_namespace && c->network.mode != NETWORK_MODE_HOST;
}

static int make_confinement(const Making *m, ContainerSpec *s) {
        const ContainerSection *c = m->section;

        s->user_namespace = wants_user_namespace(m);
        s->id_count = m->config->users.id_count;
        s->capabilities = make_capabilities(m);
        s->no_new_privileges = c->no_new_privileges == TOGGLE_UNSET ? m->config->security.no_new_privileges
                                                                    : c->no_new_privileges == TOGGLE_ON;
        s->seccomp = m->config->security.seccomp && c->seccomp;
        s->mask_paths = m->config->security.mask_paths && !c->unmask;
        return 0;
}

static int make_addresses(const Making *m, ContainerSpec *s) {
        const ContainerSection *c = m->section;
        const InetAddress *ip4 = c->ip4.family ? &c->ip4 : &c->network.ip4;
        const InetAddress *ip6 = c->ip6.family ? &c->ip6 : &c->network.ip6;

        s->addresses = calloc(2, sizeof(*s->addresses));
        if (!s->addresses)
                return -ENOMEM;
        if (ip4->family != AF_UNSPEC)
                s->addresses[s->n_addresses++] = *ip4;
        if (ip6->family != AF_UNSPEC)
                s->addresses[s->n_addresses++] = *ip6;
        return 0;
}

/* A copy of @n plain items; NULL for none. */
static int copy_items(const void *items, size_t n, size_t size, void *ret, size_t *ret_n) {
        void *copy;

        *ret_n = 0;
        if (n == 0)
                return 0;

        copy = reallocarray(NULL, n, size);
        if (!copy)
                return -ENOMEM;
        memcpy(copy, items, n * size);
        *(void **) ret = copy;
        *ret_n = n;
        return 0;
}

static int make_hosts(const Making *m, ContainerSpec *s) {
        const HostList *list = &m->section->hosts;

        if (list->n == 0)
                return 0;

        s->hosts = calloc(list->n, sizeof(*s->hosts));
        if (!s->hosts)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++) {
                s->hosts[s->n_hosts++].address = list->items[i].address;
                s->hosts[i].name = strdup(list->items[i].name);
                if (!s->hosts[i].name)
                        return -ENOMEM;
        }
        return 0;
}

static int make_network(const Making *m, ContainerSpec *s) {
        const ContainerSection *c = m->section;
        int r;

        s->network = c->network.set ? c->network.mode : NETWORK_MODE_PRIVATE;
        r = make_hosts(m, s);
        if (r == 0)
                r = copy_items(c->dns.items, c->dns.n, sizeof(*s->dns), &s->dns, &s->n_dns);
        if (r < 0 || s->network != NETWORK_MODE_PRIVATE)
                return r;

        r = c->network.names ? strv_add_all(&s->networks, c->network.names)
                             : strv_add(&s->networks, "default");
        if (r == 0)
                r = make_addresses(m, s);
        if (r == 0)
                r = copy_items(c->publish.items, c->publish.n, sizeof(*s->publish), &s->publish,
                               &s->n_publish);
        return r;
}

static int make_kernel(const Making *m, ContainerSpec *s) {
        const ContainerSection *c = m->section;
        int r;

        r = copy_items(c->ulimits.items, c->ulimits.n, sizeof(*s->rlimits), &s->rlimits, &s->n_rlimits);
        if (r < 0 || c->sysctls.n == 0)
                return r;

        s->sysctls = calloc(c->sysctls.n, sizeof(*s->sysctls));
        if (!s->sysctls)
                return -ENOMEM;
        for (size_t i = 0; i < c->sysctls.n; i++) {
                SysctlSpec *to = &s->sysctls[s->n_sysctls++];

                to->path = strdup(c->sysctls.items[i].path);
                to->value = strdup(c->sysctls.items[i].value);
                if (!to->path || !to->value)
                        return -ENOMEM;
        }
        return 0;
}

static int make_labels(const Making *m, ContainerSpec *s) {
        int r = environment_add(&s->labels, m->image->labels);

        return r < 0 ? r : environment_add(&s->labels, m->section->labels);
}

/* StopTimeout= and TimeoutStopSec= bound the same wait: whichever is shorter. */
static usec_t stop_timeout(const Making *m) {
        const UnitSpec *u = m->unit;
        bool own = unit_spec_is_set(u, "Container", "StopTimeout");

        if (own && u->service.timeout_stop_set)
                return MIN_OF(m->section->stop_timeout, u->service.timeouts.stop);
        if (own)
                return m->section->stop_timeout;
        return u->service.timeout_stop_set ? u->service.timeouts.stop : m->config->defaults.timeout_stop;
}

static int make_service(const Making *m, ContainerSpec *s) {
        const UnitSpec *u = m->unit;
        const ServiceSection *service = &u->service;

        s->type = service->type;
        s->stop_timeout = stop_timeout(m);
        s->start_timeout = service->timeout_start_set || service->type == SERVICE_ONESHOT
                                   ? service->timeouts.start
                                   : m->config->defaults.timeout_start;

        s->limits = service->limits;
        if (!unit_spec_is_set(u, "Service", "MemoryMax"))
                s->limits.memory_max = m->config->defaults.memory_max;
        if (!unit_spec_is_set(u, "Service", "TasksMax"))
                s->limits.tasks_max = m->config->defaults.tasks_max;
        return 0;
}

static int make_mounts(const Making *m, ContainerSpec *s) {
        s->shm_size = m->section->shm_size;
        return spec_mounts_make(m->section, m->image->volumes, s);
}

int spec_make(const UnitSpec *u, const ImageConfig *image, const ManagerConfig *config,
              char *const *file_environment, Diag *diag, ContainerSpec **ret) {
        static int (*const steps[])(const Making *, ContainerSpec *) = {
                make_names,   make_root,        make_command, make_environment, make_user,   make_process,
                make_service, make_confinement, make_mounts,  make_network,     make_kernel, make_labels,
        };
        static const ImageConfig none;
        const Making making = {
                .unit = u,
                .section = u->container,
                .image = image ? image : &none,
                .config = config,
                .file_environment = file_environment,
                .diag = diag,
        };
        autoptr(ContainerSpec) s = NULL;

        if (!u->container)
                return diag_error(diag, (Where){ .file = u->raw->fragment }, -EINVAL, "%s is not a container",
                                  u->name);

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                int r = steps[i](&making, s);

                if (r < 0)
                        return r;
        }

        *ret = take_ptr(s);
        return 0;
}

char *const *spec_environment_files(const UnitSpec *u) {
        return u->container ? u->container->environment_files : NULL;
}
