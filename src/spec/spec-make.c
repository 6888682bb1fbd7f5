/* Everything that a unit leaves open is decided here, once: by the image, by nsunitd.conf, or by us. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/spec-making.h"
#include "spec/spec-mounts.h"

int spec_copy_text(const char *text, char **ret) {
        *ret = text ? strdup(text) : NULL;
        return text && !*ret ? -ENOMEM : 0;
}

static Where section_place(const UnitSpec *u) {
        for (RawSection s = {}; raw_unit_next_section(u->raw, &s);)
                if (streq(s.name, "Container"))
                        return s.at;
        return (Where){ .file = u->raw->fragment };
}

static int make_names(const Making *m, ContainerSpec *s) {
        const ContainerSpec *pod = m->sources->pod;
        const char *host_name = pod ? pod->host_name : m->section->network.more->host_name;

        s->unit = strdup(m->unit->name);
        s->name = m->section->container_name ? strdup(m->section->container_name)
                                             : unit_name_stem(m->unit->name);
        if (!s->unit || !s->name)
                return -ENOMEM;

        /* sethostname(2) takes 64 bytes. */
        s->host_name = strndup(host_name ? host_name : s->name, 64);
        return s->host_name ? 0 : -ENOMEM;
}

static int make_root(const Making *m, ContainerSpec *s) {
        const char *rootfs = m->section->rootfs, *overlay = rootfs ? endswith(rootfs, ":O") : NULL;

        if (spec_copy_text(m->section->system->pivot_root.new_root, &s->pivot_root) < 0 ||
            spec_copy_text(m->section->system->pivot_root.old_root, &s->old_root) < 0)
                return -ENOMEM;
        s->read_only = m->section->read_only || m->section->volatile_mode == VOLATILE_STATE;
        s->memory_root = m->section->volatile_mode == VOLATILE_YES;
        s->rootfs_overlay = overlay || m->section->ephemeral || m->section->volatile_mode == VOLATILE_OVERLAY;
        if (rootfs) {
                s->rootfs = strndup(rootfs, overlay ? (size_t) (overlay - rootfs) : strlen(rootfs));
                return s->rootfs ? 0 : -ENOMEM;
        }
        return spec_copy_text(m->section->image, &s->image);
}

/* What Exec= has are the init's arguments. */
static int make_boot(const Making *m, ContainerSpec *s) {
        int r = strv_add(&s->argv, "/sbin/init");

        s->boot = true;
        return r < 0 ? r : strv_add_all(&s->argv, m->section->exec);
}

/* As Docker: Entrypoint= drops the image's Cmd, Exec= replaces it. */
static int make_command(const Making *m, ContainerSpec *s) {
        const Entrypoint *own = &m->section->entrypoint;
        char *const *arguments = m->section->exec;
        int r;

        if (m->section->boot)
                return make_boot(m, s);
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

/* What is about the manager's own process and not about the host. */
static bool is_managers(const char *assignment) {
        static const char *const names[] = {
                "CREDENTIALS_DIRECTORY=",
                "HOME=",
                "INVOCATION_ID=",
                "JOURNAL_STREAM=",
                "LISTEN_",
                "LOGNAME=",
                "MAINPID=",
                "MANAGERPID=",
                "MEMORY_PRESSURE_",
                "NOTIFY_",
                "NSUNITS",
                "OLDPWD=",
                "PWD=",
                "SHELL=",
                "SHLVL=",
                "SYSTEMD_",
                "TERM=",
                "USER=",
                "WATCHDOG_",
                "_=",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (startswith(assignment, names[i]))
                        return true;
        return false;
}

/* The variables that podman calls those of the proxy, in both spellings. */
static bool is_proxys(const char *assignment) {
        static const char *const names[] = { "http_proxy=", "https_proxy=", "ftp_proxy=", "no_proxy=" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strncasecmp(assignment, names[i], strlen(names[i])) == 0)
                        return true;
        return false;
}

static int add_hosts_environment(const Making *m, ContainerSpec *s) {
        const ContainerSection *c = m->section;

        STRV_FOREACH (e, m->sources->host_environment) {
                bool wanted = c->environment_host ? !is_managers(*e) : c->http_proxy && is_proxys(*e);
                int r = wanted ? strv_env_set(&s->environment, *e) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

/* The image's own idea of the time zone goes when the unit has one: /etc/localtime counts only without it. */
static int add_images_environment(const Making *m, ContainerSpec *s) {
        STRV_FOREACH (e, m->image->env) {
                int r = m->section->system->timezone && startswith(*e, "TZ=")
                                ? 0
                                : strv_env_set(&s->environment, *e);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* As a UUID: systemd's container interface, which an init takes its machine id from. */
static int add_machine_id(const char *id, char ***environment) {
        char text[64];

        if (!id)
                return 0;
        (void) snprintf(text, sizeof(text), "container_uuid=%.8s-%.4s-%.4s-%.4s-%.12s", id, id + 8, id + 12,
                        id + 16, id + 20);
        return strv_env_set(environment, text);
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
                r = add_hosts_environment(m, s);
        if (r == 0)
                r = add_images_environment(m, s);
        if (r == 0)
                r = add_machine_id(m->section->system->machine_id, &s->environment);
        if (r == 0)
                r = strv_env_set(&s->environment, "container=nsunits");
        if (r == 0)
                r = strv_env_set(&s->environment, host_name);
        if (r == 0)
                r = environment_add(&s->environment, m->sources->file_environment);
        if (r == 0)
                r = environment_add(&s->environment, m->section->environment);
        return r;
}

/* UserNS=keep-id:uid=,gid= also says who runs. */
static int kept_user(const UserNamespaceChoice *c, ContainerSpec *s) {
        if (asprintf(&s->user, "%u", c->uid) < 0) {
                s->user = NULL;
                return -ENOMEM;
        }
        if (c->gid != ID_UNSET && asprintf(&s->group, "%u", c->gid) < 0) {
                s->group = NULL;
                return -ENOMEM;
        }
        return 0;
}

/* "user[:group]", of the image or, as Docker spells it, of User=; Group= beats the second half. */
static int make_user(const Making *m, ContainerSpec *s) {
        const char *user = m->section->user ? m->section->user : m->image->user, *colon;
        const UserNamespaceChoice *users = &m->section->users->namespace;

        if (!m->section->user && users->mode == USERNS_KEEP_ID && users->uid != ID_UNSET)
                return kept_user(users, s);
        if (!user || !*user)
                return spec_copy_text(m->section->group, &s->group);

        colon = strchr(user, ':');
        s->user = strndup(user, colon ? (size_t) (colon - user) : strlen(user));
        if (!s->user)
                return -ENOMEM;
        if (m->section->group)
                return spec_copy_text(m->section->group, &s->group);
        return colon && colon[1] ? spec_copy_text(colon + 1, &s->group) : 0;
}

static int make_process(const Making *m, ContainerSpec *s) {
        const char *dir = m->section->working_dir ? m->section->working_dir : m->image->working_dir;
        int r;

        s->run_init = m->section->run_init;
        s->log_driver = m->section->log->driver;
        s->log_pipe = m->section->log->pipe;
        s->stop_signal = m->section->stop_signal;
        if (s->stop_signal == 0 &&
            (!m->image->stop_signal || parse_signal(m->image->stop_signal, &s->stop_signal) < 0))
                /* The second is what makes systemd halt. */
                s->stop_signal = m->section->boot ? SIGRTMIN + 3 : SIGTERM;

        s->working_dir = strdup(dir && *dir ? dir : "/");
        if (!s->working_dir)
                return -ENOMEM;
        r = spec_copy_text(m->section->system->timezone, &s->time_zone);
        if (r == 0)
                r = spec_copy_text(m->section->system->machine_id, &s->machine_id);
        /* Who asks for the manager's groups means those of an ordinary user who starts podman. */
        STRV_FOREACH (group, m->section->groups)
                if (r == 0 && !streq(*group, "keep-groups"))
                        r = strv_add(&s->groups, *group);
        return r;
}

int spec_copy_items(const void *items, size_t n, size_t size, void *ret, size_t *ret_n) {
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

static int make_kernel(const Making *m, ContainerSpec *s) {
        const ContainerSection *c = m->section;

        if (c->system->sysctls.n == 0)
                return 0;

        s->sysctls = calloc(c->system->sysctls.n, sizeof(*s->sysctls));
        if (!s->sysctls)
                return -ENOMEM;
        for (size_t i = 0; i < c->system->sysctls.n; i++) {
                SysctlSpec *to = &s->sysctls[s->n_sysctls++];

                to->path = strdup(c->system->sysctls.items[i].path);
                to->value = strdup(c->system->sysctls.items[i].value);
                if (!to->path || !to->value)
                        return -ENOMEM;
        }
        return 0;
}

static int make_labels(const Making *m, ContainerSpec *s) {
        int r = environment_add(&s->labels, m->image->labels);

        if (r == 0)
                r = environment_add(&s->labels, m->section->labels);
        return r < 0 ? r : environment_add(&s->annotations, m->section->annotations);
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

        return spec_make_limits(m, s);
}

static int make_mounts(const Making *m, ContainerSpec *s) {
        s->shm_size = m->section->shm_size;
        return spec_mounts_make(m->section, m->sources->pod, m->image->volumes, s);
}

static int make_no_limits(const Making *m, ContainerSpec *s) {
        LimitSpec none = LIMIT_SPEC_NONE;

        s->limits = limit_spec_share(&none);
        return s->limits ? 0 : -ENOMEM;
}

typedef int (*MakeStep)(const Making *, ContainerSpec *);

static int run_steps(const MakeStep *steps, size_t n, const Making *m, ContainerSpec **ret) {
        autoptr(ContainerSpec) s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                int r = steps[i](m, s);

                if (r < 0)
                        return r;
        }

        *ret = take_ptr(s);
        return 0;
}

/* A pod's keys as if they were a container's; all in it is borrowed. */
static ContainerSection section_of_pod(const PodSection *p) {
        static const LinkKeys no_devices;
        static const SystemKeys no_system;
        static const HealthKeys no_health;
        static const LogKeys no_log;
        static const FileKeys no_files;
        static const SpaceKeys no_spaces;
        static const ConfineKeys not_confined;

        return (ContainerSection){
                .container_name = p->pod_name,
                .network = p->network,
                .network_devices = &no_devices,
                .system = &no_system,
                .health = &no_health,
                .log = &no_log,
                .files = &no_files,
                .spaces = &no_spaces,
                .confine = &not_confined,
                .users = &p->users,
                .volumes = p->volumes,
                .shm_size = p->shm_size,
                .labels = p->labels,
                .resolv_conf = RESOLV_CONF_AUTO,
        };
}

int spec_make(const UnitSpec *u, const SpecSources *sources, Diag *diag, ContainerSpec **ret) {
        static const MakeStep container_steps[] = {
                make_names,        make_root,       make_command,          make_environment,
                make_user,         make_process,    make_service,          spec_make_schedule,
                spec_make_spaces,  spec_make_users, spec_make_confinement, make_mounts,
                spec_make_network, make_kernel,     make_labels,           spec_make_health,
        };
        static const MakeStep pod_steps[] = {
                make_names,  spec_make_spaces,  spec_make_users, make_no_limits,
                make_mounts, spec_make_network, make_labels,
        };
        static const ImageConfig none;
        ContainerSection pod = {};
        Making making = {
                .unit = u,
                .title = "Container",
                .section = u->container,
                .image = sources->image ? sources->image : &none,
                .config = sources->config,
                .sources = sources,
                .diag = diag,
        };

        if (u->pod) {
                pod = section_of_pod(u->pod);
                making.section = &pod;
                making.title = "Pod";
                return run_steps(pod_steps, ELEMENTSOF(pod_steps), &making, ret);
        }
        if (!u->container)
                return diag_error(diag, (Where){ .file = u->raw->fragment }, -EINVAL, "%s is not a container",
                                  u->name);
        return run_steps(container_steps, ELEMENTSOF(container_steps), &making, ret);
}

char *const *spec_environment_files(const UnitSpec *u) {
        return u->container ? u->container->environment_files : NULL;
}
