/*
 * Decides how a container is launched: from a spec and prepared descriptors to steps. Pure.
 *
 * The order is not free. proc and sysfs are made before the root is entered, because with a user namespace
 * the kernel allows them only while the template's complete ones are in sight. System controls are set before
 * the container's own mounts, so that no volume can stand in their way; masks come after them, so that no
 * volume lies under or over a mask by accident. The root turns read-only last, when all mount points are
 * made.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "runtime/launch.h"
#include "runtime/run.h"
#include "runtime/seccomp.h"
#include "runtime/step.h"
#include "spec/confine.h"

/* "tty", in every distribution. */
#define TTY_GROUP 5

#define KERNEL_FS_ATTR (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* What is being built, and the first error: so that a plan reads as a list. */
typedef struct Builder {
        const LaunchRequest *request;
        const ContainerSpec *spec;
        Plan *plan;
        Fault *fault;
        int r;
        int proc, dev, pts, shm, mqueue, sys, cgroup; /* slots; -1 = not there */
} Builder;

static void step(Builder *b, Step s) {
        if (b->r == 0)
                b->r = plan_step(b->plan, &s);
}

static int slot(Builder *b, int fd, const char *name) {
        int r;

        if (b->r < 0)
                return -1;
        r = plan_slot(b->plan, fd, name);
        if (r < 0)
                b->r = r;
        return r;
}

static int check_request(const LaunchRequest *q, Fault *f) {
        if (q->template_fd < 0 || q->root_fd < 0)
                return fault_set(f, "plan", -EBADF, "%s", q->root_fd < 0 ? "root" : "template");
        if (!q->spec->argv || !q->spec->argv[0])
                return fault_set(f, "plan", -EINVAL, "no command");
        if (q->spec->run_init && !q->init_path)
                return fault_set(f, "plan", -EINVAL, "no init program");
        if (q->standby_fd >= 0 && (q->spec->run_init || !q->standby_path))
                return fault_set(f, "plan", -EINVAL, "a standby");
        if (q->keep_base && q->base_fd >= 0)
                return fault_set(f, "plan", -EINVAL, "a base is there already");
        if ((q->userns_fd < 0) != (q->ids == NULL))
                return fault_set(f, "plan", -EINVAL, "a user namespace and its ids come together");
        return 0;
}

/* Its own, or its pod's: the containers of a pod say together what is in there. */
static bool may_set(const LaunchRequest *q, Space space) {
        const NamespaceChoice *c = container_spec_space(q->spec, space);

        return namespace_is_own(c) || (c->mode == NAMESPACE_UNIT && unit_name_kind(c->unit) == UNIT_POD);
}

static int check_sysctls(const LaunchRequest *q, Fault *f) {
        for (size_t i = 0; i < q->spec->n_sysctls; i++) {
                const char *path = q->spec->sysctls[i].path;

                if (confine_sysctl_is_own(path, q->netns_fd >= 0 && may_set(q, SPACE_NETWORK),
                                          may_set(q, SPACE_IPC), may_set(q, SPACE_UTS)))
                        continue;
                (void) fault_set(f, "system control", -EPERM, "%s", path);
                fault_advise(f, "it is not the container's own but the host's");
                return -EPERM;
        }
        return 0;
}

/* -- in the manager -- */

static int plan_root(Builder *b) {
        int root = slot(b, b->request->root_fd, "root"), copy;

        if (!b->request->root_clone)
                return root;
        copy = slot(b, -1, "root copy");
        /* Device files are those of /dev: one in an image, or in a directory of Rootfs=, would be the host's.
         */
        step(b, (Step){ STEP_CLONE_MOUNT, PLACE_HOST, .slot = root, .out = copy,
                        .flags = CLONE_NO_DEVICES | CLONE_BELOW });
        return copy;
}

static int clone_path(Builder *b, const char *path, uint64_t flags) {
        int out = slot(b, -1, path);

        step(b, (Step){ STEP_CLONE_PATH, PLACE_HOST, .slot = -1, .out = out, .flags = flags, .path = path });
        return out;
}

/* May this launch begin with what an earlier one has kept? */
static bool has_base(const Builder *b) {
        return b->request->base_fd >= 0;
}

/* Read-only, or root in a container without user namespace could write to the host's file by way of
 * /proc/1/exe. */
static void plan_own_program(Builder *b) {
        const LaunchRequest *q = b->request;
        const char *path = b->plan->standby ? q->standby_path : b->spec->run_init ? q->init_path : NULL;

        if (path)
                b->plan->init_slot = clone_path(b, path, CLONE_READ_ONLY);
}

static void plan_streams(Builder *b, int in, int out, int err, const int *passed, size_t n_passed) {
        if (b->r == 0)
                b->r = plan_stdio(b->plan, in, out, err);
        if (b->r == 0)
                b->r = plan_pass(b->plan, passed, n_passed);
}

static void plan_host(Builder *b) {
        const LaunchRequest *q = b->request;

        b->dev = slot(b, -1, "dev");
        step(b, (Step){ STEP_MAKE_DEV, PLACE_HOST, .slot = -1, .out = b->dev });

        for (size_t i = 0; i < q->n_devices; i++) {
                IdPair owner = id_map_outside(q->ids, (IdPair){ 0, q->devices[i].gid });

                step(b, (Step){ STEP_MAKE_DEVICE, PLACE_HOST, .slot = b->dev, .out = -1, .flags = owner.gid,
                                .number = i, .path = q->devices[i].path });
        }

        b->shm = b->cgroup = -1;
        if (container_spec_space(b->spec, SPACE_IPC)->mode == NAMESPACE_HOST)
                b->shm = clone_path(b, "/dev/shm", 0);
        else if (q->shm)
                b->shm = clone_path(b, q->shm, 0);
        if (q->cgroup_fd >= 0) {
                int source = slot(b, q->cgroup_fd, "cgroup");

                b->plan->cgroup_slot = source;
                if (container_spec_space(b->spec, SPACE_CGROUP)->mode == NAMESPACE_HOST && q->cgroup_root) {
                        b->cgroup = clone_path(b, q->cgroup_root, CLONE_READ_ONLY);
                } else {
                        b->cgroup = slot(b, -1, "cgroup mount");
                        step(b, (Step){ STEP_CLONE_MOUNT, PLACE_HOST, .slot = source, .out = b->cgroup,
                                        .flags = b->spec->delegate ? 0 : CLONE_READ_ONLY });
                }
        }

        plan_own_program(b);
        if (b->plan->standby)
                return plan_streams(b, -1, -1, -1, &q->standby_fd, 1);
        plan_streams(b, q->stdin_fd, q->stdout_fd, q->stderr_fd, q->passed_fds, q->n_passed_fds);
        b->plan->controlling_terminal = q->controlling_terminal;
}

/* -- in the first child -- */

static void join(Builder *b, int fd, uint64_t type, const char *name) {
        if (fd >= 0)
                step(b, (Step){ STEP_JOIN, PLACE_JOIN, .slot = slot(b, fd, name), .out = -1, .flags = type });
}

/* "CLOCK SECONDS NANOSECONDS" each, time_namespaces(7). The seconds may be negative, the nanoseconds not. */
static void print_offsets(const ContainerSpec *spec, char *buf, size_t size) {
        const int64_t second = (int64_t) USEC_PER_SEC;
        int64_t m = spec->monotonic_offset, b = spec->boottime_offset;
        int64_t m_part = ((m % second) + second) % second, b_part = ((b % second) + second) % second;

        (void) snprintf(buf, size, "monotonic %" PRId64 " %" PRId64 "\nboottime %" PRId64 " %" PRId64 "\n",
                        (m - m_part) / second, m_part * 1000, (b - b_part) / second, b_part * 1000);
}

static void schedule(Builder *b, StepPlace place, StepOp op, uint64_t number, int shown) {
        char text[16];

        (void) snprintf(text, sizeof(text), "%d", shown);
        step(b, (Step){ op, place, .slot = -1, .out = -1, .number = number, .text = text });
}

static StepPlace place_of(bool privileged) {
        return privileged ? PLACE_JOIN : PLACE_BUILD;
}

/*
 * What is better than usual needs privilege over the host and is set early, in the first child. What is worse
 * comes last: the manager waits for this very process.
 */
static void plan_schedule(Builder *b, StepPlace place) {
        const ScheduleSpec *s = container_spec_schedule(b->spec);
        const bool realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;
        const int flags = s->reset_on_fork ? SCHED_RESET_ON_FORK : 0;

        if ((s->set & SCHEDULE_OOM_SCORE) && place == PLACE_JOIN)
                schedule(b, place, STEP_OOM_SCORE, 0, s->oom_score_adjust);
        if ((s->set & SCHEDULE_CPUS) && place == PLACE_JOIN)
                step(b, (Step){ STEP_CPUS, place, .slot = -1, .out = -1, .number = s->cpus[0] });
        if ((s->set & SCHEDULE_POLICY) && place == place_of(realtime))
                schedule(b, place, STEP_CPU_POLICY, (uint64_t) s->policy, s->priority);
        /* The first child with this flag would not hand its policy on. */
        if ((s->set & SCHEDULE_POLICY) && place == PLACE_BUILD && flags != 0)
                schedule(b, place, STEP_CPU_POLICY, (uint64_t) (s->policy | flags), s->priority);
        if ((s->set & SCHEDULE_NICE) && place == place_of(s->nice < 0))
                schedule(b, place, STEP_NICE, 0, s->nice);
        /* IOPRIO_PRIO_VALUE() and IOPRIO_CLASS_RT of linux/ioprio.h. */
        if ((s->set & SCHEDULE_IO) && place == place_of(s->io_class == 1))
                schedule(b, place, STEP_IO_PRIORITY, (uint64_t) s->io_class << 13 | (uint64_t) s->io_priority,
                         s->io_priority);
}

/* Kinds that are made or joined for each launch. */
static const Space launch_spaces[] = { SPACE_PID, SPACE_IPC, SPACE_UTS, SPACE_CGROUP, SPACE_TIME };

static bool is_own(const Builder *b, Space space) {
        return namespace_is_own(container_spec_space(b->spec, space));
}

/* In the namespaces of others we have the host root's privilege, as long as we are in no user namespace. */
static void plan_shared_spaces(Builder *b) {
        for (size_t i = 0; i < ELEMENTSOF(launch_spaces); i++) {
                const Space space = launch_spaces[i];

                if (b->request->space_fds[space] < 0)
                        continue;
                join(b, b->request->space_fds[space], space_flag(space), space_to_string(space));
                /* A time namespace can be joined by a process that is alone in its memory. */
                if (space == SPACE_TIME)
                        b->plan->shared_memory = false;
        }
}

static void plan_new_spaces(Builder *b) {
        const ContainerSpec *spec = b->spec;
        uint64_t flags = CLONE_NEWNS;
        char offsets[96];

        for (size_t i = 0; i < ELEMENTSOF(launch_spaces); i++)
                if (launch_spaces[i] != SPACE_PID && is_own(b, launch_spaces[i]))
                        flags |= space_flag(launch_spaces[i]);
        step(b, (Step){ STEP_NEW_NAMESPACES, PLACE_JOIN, .slot = -1, .out = -1, .flags = flags });
        if (b->request->keep_base)
                step(b, (Step){ STEP_OPEN_BASE, PLACE_JOIN, .slot = -1, .out = -1 });

        if (spec->monotonic_offset == 0 && spec->boottime_offset == 0)
                return;
        print_offsets(spec, offsets, sizeof(offsets));
        step(b, (Step){ STEP_TIME_OFFSETS, PLACE_JOIN, .slot = -1, .out = -1, .text = offsets });
}

static void plan_join(Builder *b) {
        const LaunchRequest *q = b->request;

        if (b->plan->standby)
                step(b, (Step){ STEP_URGENCY, PLACE_JOIN, .slot = -1, .out = -1 });
        /* Raising needs privilege over the host, lowering none: so the exact values are set at the end. */
        if (b->spec->n_rlimits > 0)
                step(b, (Step){ STEP_RAISE_LIMITS, PLACE_JOIN, .slot = -1, .out = -1 });
        plan_schedule(b, PLACE_JOIN);
        plan_shared_spaces(b);
        join(b, q->netns_fd, CLONE_NEWNET, "network");
        join(b, q->template_fd, CLONE_NEWNS, "template");
        join(b, q->userns_fd, CLONE_NEWUSER, "user");
        plan_new_spaces(b);
        /* Only now: the cgroup namespace begins at the cgroup in which it is made. */
        if (q->subgroup_fd >= 0)
                step(b, (Step){ STEP_ENTER_CGROUP, PLACE_JOIN, .slot = slot(b, q->subgroup_fd, "subgroup"),
                                .out = -1 });
        step(b, (Step){ STEP_SPAWN, PLACE_JOIN, .slot = -1, .out = -1,
                        .flags = is_own(b, SPACE_PID) ? CLONE_NEWPID : 0 });
}

/* -- in the container's process -- */

static int new_mount(Builder *b, const char *type, const char *options, uint64_t attr) {
        int out = slot(b, -1, type);

        step(b, (Step){ STEP_NEW_MOUNT, PLACE_BUILD, .slot = -1, .out = out, .flags = attr, .path = type,
                        .text = options });
        return out;
}

static int clone_host(Builder *b, const char *path, uint64_t attr) {
        int out = slot(b, -1, path);

        step(b, (Step){ STEP_CLONE_KERNEL_FS, PLACE_BUILD, .slot = -1, .out = out, .flags = attr,
                        .path = path });
        return out;
}

static bool has_users(const Builder *b) {
        return b->request->userns_fd >= 0;
}

/*
 * File systems of the kernel can be mounted by those alone whose users the namespace belongs to that they
 * show. Others get a copy of the host's from the template, or none.
 */
static bool owns(const Builder *b, Space space) {
        const NamespaceChoice *c = container_spec_space(b->spec, space),
                              *users = container_spec_space(b->spec, SPACE_USER);

        if (!has_users(b))
                return true;
        if (space == SPACE_NETWORK && b->request->netns_fd < 0)
                return false;
        if (namespace_is_own(c))
                return true;
        return c->mode == NAMESPACE_UNIT && users->mode == NAMESPACE_UNIT && streq(c->unit, users->unit);
}

/* The kernel lets a user namespace have these only while the template's are in sight. */
static void plan_visible_mounts(Builder *b) {
        if (has_users(b) && container_spec_space(b->spec, SPACE_PID)->mode == NAMESPACE_HOST)
                b->proc = clone_host(b, "/proc", KERNEL_FS_ATTR);
        else
                b->proc = new_mount(b, "proc", NULL, KERNEL_FS_ATTR);

        b->sys = -1;
        if (has_base(b))
                return;
        /* It shows one network namespace, and must belong to the same users. */
        b->sys = owns(b, SPACE_NETWORK) ? new_mount(b, "sysfs", NULL, KERNEL_FS_ATTR | MOUNT_ATTR_RDONLY)
                                        : clone_host(b, "/sys", KERNEL_FS_ATTR | MOUNT_ATTR_RDONLY);
}

static void plan_device_mounts(Builder *b) {
        char shm[64] = "mode=1777";

        if (b->spec->shm_size > 0)
                (void) snprintf(shm, sizeof(shm), "mode=1777,size=%" PRIu64, b->spec->shm_size);

        b->pts = new_mount(b, "devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5",
                           MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
        /* The host's shared memory is a part of its IPC; plan_host() has it. */
        if (b->shm < 0)
                b->shm = new_mount(b, "tmpfs", shm, KERNEL_FS_ATTR);
        b->mqueue = owns(b, SPACE_IPC) ? new_mount(b, "mqueue", NULL, KERNEL_FS_ATTR) : -1;
}

static void attach(Builder *b, int from, const char *to, uint64_t flags) {
        if (from >= 0)
                step(b,
                     (Step){ STEP_ATTACH, PLACE_BUILD, .slot = from, .out = -1, .flags = flags, .path = to });
}

#define ATTACH_TOP (ATTACH_DIRECTORY | ATTACH_CREATE | ATTACH_STRICT)

/*
 * A copy of a base has no old root that would have to be dropped, which costs a wait of the kernel for all
 * processors; the first child drops the template's copy when the program runs already. It holds what is the
 * same in every launch and is mounted before all else: what the unit mounts may be another thing by then.
 */
static void plan_root_mounts(Builder *b, int root) {
        const LaunchRequest *q = b->request;

        if (!has_base(b)) {
                step(b, (Step){ STEP_ENTER_ROOT, PLACE_BUILD, .slot = root, .out = -1 });
                attach(b, b->sys, "/sys", ATTACH_TOP);
        }
        if (has_base(b) || q->keep_base)
                step(b, (Step){ STEP_COPY_BASE, PLACE_BUILD,
                                .slot = has_base(b) ? slot(b, q->base_fd, "base") : -1, .out = -1 });
}

static void plan_system_mounts(Builder *b) {
        const uint64_t inner = ATTACH_DIRECTORY | ATTACH_STRICT;

        attach(b, b->proc, "/proc", ATTACH_TOP);
        attach(b, b->dev, "/dev", ATTACH_TOP);
        attach(b, b->pts, "/dev/pts", inner);
        attach(b, b->shm, "/dev/shm", inner);
        attach(b, b->mqueue, "/dev/mqueue", inner);
        attach(b, b->cgroup, "/sys/fs/cgroup", inner);
}

static bool is_mounted_on(const LaunchRequest *q, const char *destination) {
        for (size_t i = 0; i < q->n_mounts; i++)
                if (streq(q->mounts[i].destination, destination))
                        return true;
        return false;
}

/* A set of terminals of its own, in another place than /dev/pts. */
static void plan_terminals(Builder *b, const MountSpec *m) {
        char options[128], most[24] = "";

        if (m->most > 0)
                (void) snprintf(most, sizeof(most), ",max=%u", m->most);
        (void) snprintf(options, sizeof(options), "newinstance,ptmxmode=0666,mode=%o,uid=%u,gid=%u%s",
                        m->mode ? m->mode : 0620, m->uid, m->gid ? m->gid : TTY_GROUP, most);
        attach(b, new_mount(b, "devpts", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC), m->destination,
               ATTACH_CREATE | ATTACH_DIRECTORY);
}

static void plan_own_mounts(Builder *b) {
        const LaunchRequest *q = b->request;

        for (size_t i = 0; i < q->n_mounts; i++) {
                const LaunchMount *m = &q->mounts[i];
                int from = slot(b, m->fd, "mount");

                attach(b, from, m->destination, ATTACH_CREATE | (m->is_directory ? ATTACH_DIRECTORY : 0));
        }

        for (size_t i = 0; i < b->spec->n_mounts; i++)
                if (b->spec->mounts[i].kind == MOUNT_DEVPTS)
                        plan_terminals(b, &b->spec->mounts[i]);

        for (size_t i = 0; i < q->n_files; i++) {
                const LaunchFile *file = &q->files[i];
                int from;

                /* The unit's author knows better. */
                if (is_mounted_on(q, file->destination))
                        continue;
                from = slot(b, -1, "file");
                step(b, (Step){ STEP_CLONE_PATH, PLACE_HOST, .slot = -1, .out = from,
                                .flags = file->read_only ? CLONE_READ_ONLY : 0, .path = file->source });
                attach(b, from, file->destination,
                       ATTACH_CREATE | (file->is_directory ? ATTACH_DIRECTORY : 0) |
                               (file->on_link ? ATTACH_ON_LINK : 0));
        }
}

static bool is_kernels(const char *path) {
        return startswith(path, "/proc/") || startswith(path, "/sys/");
}

static void plan_masks(Builder *b) {
        STRV_FOREACH (path, b->spec->masked_paths)
                step(b, (Step){ STEP_MASK, PLACE_BUILD, .slot = -1, .out = -1,
                                .flags = is_kernels(*path) ? ATTACH_STRICT : 0, .path = *path });
        STRV_FOREACH (path, b->spec->protected_paths)
                step(b, (Step){ STEP_PROTECT, PLACE_BUILD, .slot = -1, .out = -1, .flags = KERNEL_FS_ATTR,
                                .path = *path });
}

static void plan_build(Builder *b, int root) {
        const ContainerSpec *spec = b->spec;

        step(b, (Step){ STEP_OWN_FILES, PLACE_BUILD, .slot = -1, .out = -1 });
        step(b, (Step){ STEP_BECOME_ROOT, PLACE_BUILD, .slot = -1, .out = -1 });
        plan_visible_mounts(b);
        for (size_t i = 0; i < b->request->n_scraps; i++)
                step(b, (Step){ STEP_LEAVE_BEHIND, PLACE_BUILD,
                                .slot = slot(b, b->request->scrap_fds[i], "scrap"), .out = -1 });
        step(b, (Step){ STEP_SESSION, PLACE_BUILD, .slot = -1, .out = -1 });
        plan_root_mounts(b, root);
        if (spec->host_name && is_own(b, SPACE_UTS))
                step(b,
                     (Step){ STEP_HOST_NAME, PLACE_BUILD, .slot = -1, .out = -1, .path = spec->host_name });
        plan_device_mounts(b);
        plan_system_mounts(b);
        for (size_t i = 0; i < spec->n_sysctls; i++)
                step(b, (Step){ STEP_SYSCTL, PLACE_BUILD, .slot = -1, .out = -1,
                                .path = spec->sysctls[i].path, .text = spec->sysctls[i].value });
        plan_own_mounts(b);
        plan_masks(b);
        step(b, (Step){ STEP_MAKE_DIR, PLACE_BUILD, .slot = -1, .out = -1,
                        .path = spec->working_dir ? spec->working_dir : "/" });
        if (spec->read_only)
                step(b, (Step){ STEP_ROOT_READ_ONLY, PLACE_BUILD, .slot = root, .out = -1 });
        plan_schedule(b, PLACE_BUILD);
}

int launch_program(const LaunchRequest *q, Plan *plan) {
        const ContainerSpec *spec = q->spec;
        int r = plan_program(plan, spec->argv, spec->environment, q->environment, q->identity);

        if (r == 0 && spec->host_name && !strv_env_get(plan->environment, "HOSTNAME"))
                r = strv_addf(&plan->environment, "HOSTNAME=%s", spec->host_name);
        return r;
}

static int plan_settings(Builder *b) {
        static char *const standby_argv[] = { (char *) "nsunits-standby", NULL };
        const ContainerSpec *spec = b->spec;
        Plan *plan = b->plan;
        int r;

        plan->shared_memory = true;
        plan->standby = b->request->standby_fd >= 0;
        plan->dev_owner = id_map_outside(b->request->ids, (IdPair){ 0, 0 });
        plan->capabilities = spec->capabilities;
        plan->ambient = spec->ambient_capabilities & spec->capabilities;
        plan->labels = spec->security_labels;
        plan->schedule = *container_spec_schedule(spec);
        plan->devices = b->request->devices;
        plan->n_devices = b->request->n_devices;
        plan->object = strdup(strempty(spec->unit));
        plan->init_name = strdup("nsunits-init");
        if (!plan->object || !plan->init_name)
                return -ENOMEM;
        if (spec->n_rlimits > 0) {
                plan->rlimits = calloc(spec->n_rlimits, sizeof(*plan->rlimits));
                if (!plan->rlimits)
                        return -ENOMEM;
                memcpy(plan->rlimits, spec->rlimits, spec->n_rlimits * sizeof(*plan->rlimits));
                plan->n_rlimits = spec->n_rlimits;
        }
        r = seccomp_filter(&spec->seccomp, spec->capabilities, b->fault, &plan->filter);
        if (r < 0)
                return r;

        return plan->standby ? plan_program(plan, standby_argv, NULL, NULL, b->request->identity)
                             : launch_program(b->request, plan);
}

int launch_plan(const LaunchRequest *request, Fault *f, Plan **ret) {
        autoptr(Plan) plan = NULL;
        Builder b = { .request = request, .spec = request->spec, .fault = f };
        int root, r;

        r = check_request(request, f);
        if (r == 0)
                r = check_sysctls(request, f);
        if (r < 0)
                return r;

        b.plan = plan = plan_new();
        if (!plan)
                return fault_set(f, "plan", -ENOMEM, NULL);
        b.r = plan_settings(&b);
        root = has_base(&b) ? -1 : plan_root(&b);
        plan_host(&b);
        plan_join(&b);
        plan_build(&b, root);
        if (b.r == 0)
                b.r = plan_confine(plan, request->spec->working_dir, request->spec->no_new_privileges);
        if (b.r < 0)
                return fault_set(f, "plan", b.r, "%s", strempty(request->spec->unit));

        *ret = take_ptr(plan);
        return 0;
}
