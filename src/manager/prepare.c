/*
 * MACHINE_PREPARE: all that a container holds from its first start until it is stopped for good, made in
 * order and released in the reverse one from the same list.
 *
 * Every undo accepts a step that was never done, or half done by a manager that was killed: releasing walks
 * the whole list.
 */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "cgroup/packets.h"
#include "config/env-file.h"
#include "manager/dns.h"
#include "manager/egress.h"
#include "manager/internal.h"
#include "manager/journal-unit.h"
#include "manager/links.h"
#include "manager/names.h"
#include "manager/standby.h"
#include "spec/container-section.h"
#include "spec/spec-make.h"
#include "storage/mount-glob.h"
#include "storage/root.h"
#include "storage/volume.h"

#define ENV_FILE_MAX (4 * 1024 * 1024)

int manager_injected_fault(const Manager *m, const char *step, Fault *fault) {
        if (!m->fail_step || !streq(m->fail_step, step))
                return 0;
        return fault_set(fault, step, -EIO, "failure injected by NSUNITSD_FAIL_STEP");
}

bool unit_holds(const Unit *u) {
        const UnitKind kind = unit_name_kind(u->name);

        return kind == UNIT_CONTAINER || kind == UNIT_POD;
}

/* --- the spec --------------------------------------------------------------------------------------- */

/* @running: files that are gone are left out. */
static int read_environment_files(const UnitSpec *spec, bool running, Diag *diag, char ***ret, Fault *fault) {
        autostrv char **env = NULL;

        STRV_FOREACH (entry, spec_environment_files(spec)) {
                bool optional = **entry == '-';
                const char *path = *entry + optional;
                autofree char *text = NULL;
                size_t size;
                int r;

                r = file_read(AT_FDCWD, path, ENV_FILE_MAX, &text, &size);
                if ((r == -ENOENT && optional) || (r < 0 && running))
                        continue;
                if (r < 0)
                        return fault_set(fault, "read EnvironmentFile", r, "%s", path);
                r = env_file_parse(&env, path, text, size, diag);
                if (r < 0)
                        return r;
        }

        *ret = take_ptr(env);
        return 0;
}

/* A .volume unit says what its volume is called. */
static int resolve_volumes(Unit *u, ContainerSpec *spec, Fault *fault) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                MountSpec *mount = &spec->mounts[i];
                Unit *v;
                int r;

                if (mount->kind != MOUNT_VOLUME || !mount->source || !endswith(mount->source, ".volume"))
                        continue;

                r = manager_load_unit(u->manager, mount->source, &v);
                if (r < 0 || !v->spec)
                        return fault_set(fault, "volume", r < 0 ? r : -EBADMSG, "%s", mount->source);
                r = unit_use_volume(v, mount);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int diag_fault(const Diag *diag, Fault *fault, int r) {
        for (size_t i = 0; i < diag_count(diag); i++) {
                const DiagItem *item = diag_get(diag, i);

                if (item->severity != SEVERITY_ERROR)
                        continue;
                (void) fault_set(fault, "unit file", r, "%s:%u: %s", strempty(item->file), item->line,
                                 item->message);
                if (item->hint)
                        fault_advise(fault, "%s", item->hint);
                return r;
        }
        return fault_set(fault, "unit file", r, NULL);
}

/* Units are written for hosts with and without SELinux. */
static void drop_foreign_labels(LabelSpec *l) {
        if (access(SPEC_SELINUX_PRESENT, F_OK) == 0)
                return;
        free(take_ptr(l->selinux));
        free(take_ptr(l->own_files));
        free(take_ptr(l->shared_files));
}

static int find_image(Unit *u, const SpecRequest *q, Image **ret, Fault *fault) {
        if (!q->from->container || !q->from->container->image)
                return 0;
        if (!q->image && unit_update_image(u)) {
                *ret = image_ref(unit_update_image(u));
                return 0;
        }
        if (!q->image)
                return manager_find_image(u->manager, q->from->container->image, ret, fault);
        *ret = image_ref(q->image);
        return 0;
}

/* With what other units say about themselves. */
static int resolve_names(Unit *u, ContainerSpec *spec, Fault *fault) {
        int r;

        r = manager_use_real_names(u->manager, spec->networks);
        for (size_t i = 0; r >= 0 && i < spec->n_aliases; i++) {
                char *network[] = { spec->aliases[i].network, NULL };

                r = manager_use_real_names(u->manager, network);
                spec->aliases[i].network = network[0];
        }
        return r < 0 ? fault_set(fault, "network", r, NULL) : resolve_volumes(u, spec, fault);
}

int unit_make_spec(Unit *u, const SpecRequest *q, Image **ret_image, ContainerSpec **ret, Fault *fault) {
        autoptr(ContainerSpec) spec = NULL;
        autoptr(Diag) diag = diag_new();
        autoptr(Image) image = NULL;
        autospecfiles SpecFiles files = {};
        autoptr(ContainerSpec) pod_made = NULL;
        const ContainerSpec *pod;
        autostrv char **env = NULL;
        int r;

        if (!diag)
                return -ENOMEM;
        if (!q->from || (!q->from->container && !q->from->pod))
                return fault_set(fault, "unit", -EINVAL, "%s is no container", u->name);
        r = unit_pod_spec(u, q->from, &pod_made, &pod, fault);
        if (r < 0)
                return r;

        /* spec_make() needs what it says. */
        r = find_image(u, q, &image, fault);
        if (r < 0)
                return r;
        r = read_environment_files(q->from, q->running, diag, &env, fault);
        if (r >= 0)
                r = spec_files_read(q->from, diag, &files);
        if (r >= 0) {
                const SpecSources sources = {
                        .image = image ? image->config : NULL,
                        .config = u->manager->config,
                        .file_environment = env,
                        .host_environment = environ,
                        .seccomp = files.seccomp,
                        .sub_uids = files.sub_uids,
                        .sub_gids = files.sub_gids,
                        .pod = pod,
                };

                r = spec_make(q->from, &sources, diag, &spec);
        }
        if (r < 0)
                return diag_fault(diag, fault, r);
        r = resolve_names(u, spec, fault);
        if (r >= 0)
                r = mount_globs_expand(spec, fault);
        if (r < 0)
                return r;

        drop_foreign_labels(&spec->security_labels);
        r = q->from->container ? unit_drop_default_limits(u, q->from, spec) : 0;
        if (r < 0)
                return r;
        if (ret_image)
                *ret_image = take_ptr(image);
        *ret = take_ptr(spec);
        return 0;
}

/* --- the steps -------------------------------------------------------------------------------------- */

static int make_spec(Unit *u, Fault *fault) {
        const SpecRequest q = { .from = u->spec };
        int r;

        r = unit_make_spec(u, &q, &u->held.image, &u->held.spec, fault);
        if (r < 0)
                return r;

        u->held.fingerprint = u->live = u->fingerprint;
        u->held.watchdog = u->spec->service.watchdog;
        u->held.fresh = true;
        u->change_failed = false;
        unit_set_policy(u, u->spec);
        if (unit_is_pod(u))
                return 0;
        r = unit_find_mount_images(u, fault);
        return r < 0 ? r : unit_check_limits(u, u->held.spec, fault);
}

static void drop_spec(Unit *u) {
        image_unref(take_ptr(u->held.image));
        unit_drop_mount_images(u);
        container_spec_free(take_ptr(u->held.spec));
}

/* What is held is mounted below a mount of its own, so that all of it goes at once: for each umount(2) the
 * kernel waits for all processors. */
static int make_directories(Unit *u, Fault *fault) {
        static const MountAttr plain = { .userns_fd = -1 };
        autofree char *held = held_path(u, NULL), *files = unit_files_path(u, NULL);
        autoclose int fd = -EBADF;
        int r;

        if (!held || !files)
                return -ENOMEM;
        r = dir_make(AT_FDCWD, held, 0700);
        if (r == 0)
                r = fd = mount_fd_clone(AT_FDCWD, held, &plain);
        if (r >= 0)
                r = mount_fd_attach(fd, held);
        if (r < 0)
                return fault_set(fault, "directory", r, "%s", held);
        r = dir_make(AT_FDCWD, files, 0755);
        return r < 0 ? fault_set(fault, "directory", r, "%s", files) : 0;
}

static void drop_directories(Unit *u) {
        autofree char *held = held_path(u, NULL), *files = unit_files_path(u, NULL);

        if (held)
                (void) tree_remove(AT_FDCWD, held);
        if (files)
                (void) tree_remove(AT_FDCWD, files);
}

static int delegate_cgroup(Unit *u, Fault *fault) {
        const ContainerSpec *spec = u->held.spec;
        IdPair root;
        int r;

        if (!spec->delegate)
                return 0;

        root = id_map_outside(held_ids(u), (IdPair){ 0, 0 });
        r = cgroup_delegate(u->held.cgroup_fd, root.uid, root.gid, fault);
        return r < 0 || !spec->delegate_subgroup
                       ? r
                       : cgroup_make_subgroup(u->held.cgroup_fd, spec->delegate_subgroup, root.uid, root.gid,
                                              fault);
}

static int make_cgroup(Unit *u, Fault *fault) {
        static const LimitSpec none = LIMIT_SPEC_NONE;
        const LimitSpec *limits = u->held.spec->limits;
        int r;

        r = cgroup_root_renew(u->manager->cgroups, fault);
        if (r < 0)
                return r;
        if (u->held.spec->delegate)
                cgroup_root_delegate(u->manager->cgroups, u->held.spec->delegate_controllers);
        u->held.cgroup_fd = fd_move_up(cgroup_create(u->manager->cgroups, u->name, unit_limits(u), fault));
        if (u->held.cgroup_fd < 0)
                return u->held.cgroup_fd;

        unit_warn_of_weights(u);
        r = delegate_cgroup(u, fault);
        if (r >= 0)
                r = unit_restrict_devices(u, limits, true, fault);
        if (r >= 0 && !limit_spec_same_packets(limits, &none))
                r = cgroup_restrict_packets(u->held.cgroup_fd, limits, fault);
        if (r < 0)
                return r;
        u->held.cgroup_spent = false;
        return 0;
}

/* What earlier invocations have used up counts for none of the later ones. Negative when it is gone. */
static int begin_counters(Unit *u) {
        CgroupMemoryEvents events = {};
        int r;

        r = cgroup_cpu_usage(u->held.cgroup_fd, &u->cpu_begin);
        if (r < 0)
                return r;
        (void) cgroup_memory_events(u->held.cgroup_fd, &events);
        u->oom_kills = events.oom_kill;
        return 0;
}

/* After a write to cgroup.kill the kernel (since 6.14) also kills whatever is cloned into that cgroup from
 * outside, for ever after. There is none at all when the last manager was killed while it did this, or when
 * somebody removed it, as empty as it is between two launches. */
int unit_renew_cgroup(Unit *u, Fault *fault) {
        if (!u->held.cgroup_spent && u->held.cgroup_fd >= 0 && begin_counters(u) >= 0)
                return 0;

        unit_drop_standby(u);
        replace_fd(&u->held.cgroup_fd, -EBADF);
        u->cpu_begin = u->oom_kills = 0;
        return make_cgroup(u, fault);
}

static void drop_cgroup(Unit *u) {
        replace_fd(&u->held.cgroup_fd, -EBADF);
        (void) cgroup_remove(u->manager->cgroups, u->name);
        journal_unit_remove(JOURNAL_UNITS_DIR, u->name);
}

RootRequest unit_root_request(const Unit *u, const char *attach, const char *container_dir) {
        return (RootRequest){
                .spec = u->held.spec,
                .container_dir = container_dir,
                .attach_path = attach,
                .userns_fd = u->held.userns_fd >= 0 ? u->held.userns_fd : -1,
                .ids = held_ids(u),
        };
}

static int make_root(Unit *u, Fault *fault) {
        const ManagerConfig *c = u->manager->config;
        autofree char *attach = held_path(u, "root"), *dir = unit_container_dir(u), *staging = NULL;
        RootRequest request = unit_root_request(u, attach, dir);
        int *layers = NULL, r;
        size_t n_layers = 0;

        if (!attach || !dir || asprintf(&staging, "%s/held/.staging", c->paths.run) < 0)
                return -ENOMEM;
        if (u->held.image) {
                r = image_store_layers_open(u->manager->images, u->held.image, &layers, &n_layers, fault);
                if (r < 0)
                        return r;
        }

        request.layer_fds = layers;
        request.n_layers = n_layers;
        request.staging = staging;
        request.scraps = &u->held.scraps;
        r = root_prepare(&request, fault);
        image_layers_close(layers, n_layers);
        u->held.root = r >= 0;
        u->held.opens_output = 0;
        u->held.volumes_filled = false;
        return r;
}

int unit_add_mount_points(Unit *u, const ContainerSpec *spec, Fault *fault) {
        autofree char *attach = held_path(u, "root"), *dir = unit_container_dir(u);
        RootRequest request = unit_root_request(u, attach, dir);

        if (!attach || !dir)
                return -ENOMEM;
        request.spec = spec;
        return root_add_points(&request, fault);
}

static void drop_root(Unit *u) {
        autofree char *attach = held_path(u, "root"), *dir = unit_container_dir(u);
        int r;

        if (!attach || !dir)
                return;

        mount_scraps_clear(&u->held.scraps);
        unit_hide_files(u);
        r = root_retire(attach, dir);
        if (r < 0)
                log_message(LOG_WARNING, u->name, "cannot release its root: %s", strerror(-r));
        u->held.root = false;
        manager_schedule_purge(u->manager);
}

/* Early: a name server begins while all the rest is made. */
static int open_networks(Unit *u, Fault *fault) {
        char *const *networks = u->held.spec->networks;
        int r;

        if (!networks)
                return 0;
        r = network_open(u->manager->network, networks, fault);
        if (r >= 0)
                manager_dns_open(u->manager, networks);
        return r;
}

static void close_networks(Unit *u) {
        if (u->held.spec && u->held.spec->networks)
                manager_schedule_collect(u->manager);
}

static int make_network(Unit *u, Fault *fault) {
        const ContainerSpec *spec = u->held.spec;
        const AttachRequest request = {
                .unit = u->name,
                .link_hint = spec->name,
                .netns_fd = u->held.netns_fd,
                .networks = spec->networks,
                .joins = spec->joins,
                .addresses = spec->addresses,
                .n_addresses = spec->n_addresses,
                .publish = spec->publish,
                .n_publish = spec->n_publish,
        };
        int r;

        if (spec->network == NETWORK_MODE_HOST || spec->network == NETWORK_MODE_SHARED ||
            spec->network == NETWORK_MODE_NONE)
                return 0;

        r = network_attach(u->manager->network, &request, fault, &u->held.attachment);
        if (r < 0)
                manager_schedule_collect(u->manager);
        return r;
}

static void drop_network(Unit *u) {
        if (u->held.attachment) {
                manager_schedule_collect(u->manager);
                manager_schedule_kept(u->manager);
        }
        network_detach(u->manager->network, take_ptr(u->held.attachment), true);
}

static int make_bandwidth(Unit *u, Fault *fault) {
        const uint64_t most = u->held.spec->bandwidth_max;

        return u->held.attachment && most != UINT64_MAX
                       ? network_limit(u->manager->network, u->held.attachment, u->held.netns_fd, most, fault)
                       : 0;
}

static int make_published(Unit *u, Fault *fault) {
        if (!u->held.attachment)
                return 0;
        if (u->held.attachment->n_ports > 0 && !unit_is_forwarded(u))
                log_message(LOG_WARNING, u->name,
                            "its ports are not published: none of its networks passes the host");
        return network_publish(u->manager->network, u->held.attachment, fault);
}

static void drop_published(Unit *u) {
        if (u->held.attachment)
                (void) network_unpublish(u->manager->network, u->held.attachment);
}

typedef struct PrepareStep {
        const char *name;
        int (*make)(Unit *u, Fault *fault);
        void (*drop)(Unit *u);
        bool container, pod; /* for which of them it is */
} PrepareStep;

static const PrepareStep steps[] = {
        { "spec", make_spec, drop_spec, true, true },
        { "networks", open_networks, close_networks, true, true },
        { "ids", unit_make_ids, unit_drop_ids, true, true },
        { "directories", make_directories, drop_directories, true, true },
        { "user-namespace", unit_make_userns, unit_drop_userns, true, true },
        { "cgroup", make_cgroup, drop_cgroup, true, false },
        { "root", make_root, drop_root, true, false },
        { "text", unit_save_text, NULL, true, true },
        /* It was begun with the user namespace, and is made while the steps between are done. */
        { "network-namespace", unit_make_netns, unit_drop_netns, true, true },
        { "pod-namespaces", unit_make_pod_spaces, unit_drop_pod_spaces, false, true },
        { "network", make_network, drop_network, true, true },
        { "bandwidth", make_bandwidth, NULL, true, true },
        { "egress", unit_close_egress, unit_open_egress, true, true },
        { "links", unit_make_links, unit_drop_links, true, true },
        { "files", unit_make_files, NULL, true, true },
        { "names", unit_enter_names, unit_leave_names, true, true },
        { "publish", make_published, drop_published, true, true },
};

static bool is_for(const PrepareStep *step, const Unit *u) {
        return unit_is_pod(u) ? step->pod : step->container;
}

/* More than one where a manager was killed before it had done this. */
static void unmount_held(const Unit *u) {
        autofree char *held = held_path(u, NULL);

        while (held && umount2(held, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
                continue;
}

static void release_steps(Unit *u, size_t n) {
        unmount_held(u);
        while (n-- > 0)
                if (steps[n].drop && is_for(&steps[n], u))
                        steps[n].drop(u);
}

static int prepare_plain(Unit *u, Fault *fault) {
        int r;

        r = unit_prepare_plain(u, u->spec, fault);
        if (r >= 0)
                r = unit_save_text(u, fault);
        u->held.fingerprint = u->fingerprint;
        return r;
}

int unit_prepare(Unit *u, Fault *fault) {
        int r = 0;

        if (!u->spec)
                return fault_set(fault, "unit", -ENOENT, "%s has no usable unit file", u->name);
        if (!unit_holds(u))
                return prepare_plain(u, fault);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(steps); i++) {
                if (!is_for(&steps[i], u))
                        continue;
                r = manager_injected_fault(u->manager, steps[i].name, fault);
                if (r >= 0)
                        r = steps[i].make(u, fault);
                if (r >= 0)
                        continue;

                (void) fault_set(fault, steps[i].name, r, NULL);
                /* The failed step may have done half of its work. */
                release_steps(u, i + 1);
                return r;
        }
        return r;
}

void unit_release(Unit *u) {
        unit_hook_release(u);
        unit_forget_image(u);
        unit_unmount_volume(u);
        unit_stop_looking(u);
        /* Not u->spec: the unit may have been started from a file that is gone by now. */
        if (unit_name_kind(u->name) == UNIT_NETWORK)
                (void) network_undefine(u->manager->network, u->name);
        unit_forget_text(u);
        if (!unit_holds(u))
                return;

        unit_drop_standby(u);
        child_free(u->main);
        u->main = NULL;
        unit_drop_mounts(u);
        unit_drop_base(u);
        u->main_pid = unit_last_main_pid(u);
        unit_forget_named(u);
        unit_close_notify(u);
        u->notify_refused = u->fds.refused = false;
        release_steps(u, ELEMENTSOF(steps));
        free(u->status_text);
        u->status_text = NULL;
}
