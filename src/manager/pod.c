/*
 * What a pod holds for its containers beside users and network: IPC and UTS namespaces and /dev/shm, without
 * a process. And its end, when the last container has ended.
 */
#include <stdio.h>
#include <sys/mount.h>

#include "basic/file.h"
#include "basic/log.h"
#include "manager/internal.h"
#include "runtime/userns.h"
#include "spec/container-section.h"
#include "spec/pod-section.h"

bool unit_is_pod(const Unit *u) {
        return unit_name_kind(u->name) == UNIT_POD;
}

int unit_pod_spec(const Unit *u, const UnitSpec *spec, ContainerSpec **made, const ContainerSpec **ret,
                  Fault *fault) {
        const char *name = spec->container ? spec->container->pod : NULL;
        Unit *pod = name ? manager_get_unit(u->manager, name) : NULL;
        int r = 0;

        *ret = NULL;
        if (!name)
                return 0;
        if (!pod || !unit_is_pod(pod))
                return fault_set(fault, "pod", -ENOENT, "%s", name);
        if (!pod->held.spec)
                r = unit_make_spec(pod, &(SpecRequest){ .from = pod->spec }, NULL, made, fault);
        *ret = pod->held.spec ? pod->held.spec : *made;
        return r;
}

/* -- what it holds -- */

static int hold(const Unit *u, int fd, Space space, Fault *fault) {
        autofree char *path = held_path(u, space_to_string(space));

        return path ? ns_hold(fd, path, fault) : -ENOMEM;
}

/* It belongs to the containers' root, as theirs would. */
static int make_shm(const Unit *u, Fault *fault) {
        const IdPair root = id_map_outside(held_ids(u), (IdPair){ 0, 0 });
        autofree char *path = held_path(u, "shm");
        char options[128], size[48] = "";
        int r;

        if (!path)
                return -ENOMEM;
        if (u->held.spec->shm_size > 0)
                (void) snprintf(size, sizeof(size), ",size=%llu",
                                (unsigned long long) u->held.spec->shm_size);
        (void) snprintf(options, sizeof(options), "mode=1777,uid=%u,gid=%u%s", root.uid, root.gid, size);

        r = dir_make(AT_FDCWD, path, 0700);
        if (r >= 0 && mount("nsunits-shm", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) < 0)
                r = -errno;
        return r < 0 ? fault_set(fault, "mount", r, "%s", path) : 0;
}

int unit_make_pod_spaces(Unit *u, Fault *fault) {
        const int userns_fd = u->held.userns_fd >= 0 ? u->held.userns_fd : -1;
        autoclose int ipc = -EBADF, uts = -EBADF;
        int r;

        r = pod_spaces_create(userns_fd, u->held.spec->host_name, &ipc, &uts, fault);
        if (r >= 0)
                r = hold(u, ipc, SPACE_IPC, fault);
        if (r >= 0)
                r = make_shm(u, fault);
        /* Last: by it the next manager knows that all is there. */
        if (r >= 0)
                r = hold(u, uts, SPACE_UTS, fault);
        u->held.pod_spaces = r >= 0;
        return r;
}

void unit_drop_pod_spaces(Unit *u) {
        static const Space spaces[] = { SPACE_UTS, SPACE_IPC };
        autofree char *shm = held_path(u, "shm");

        for (size_t i = 0; i < ELEMENTSOF(spaces); i++) {
                autofree char *path = held_path(u, space_to_string(spaces[i]));

                if (path)
                        (void) ns_release(path);
        }
        if (shm)
                (void) umount2(shm, MNT_DETACH | UMOUNT_NOFOLLOW);
        u->held.pod_spaces = false;
}

int unit_adopt_pod_spaces(Unit *u) {
        autofree char *path = held_path(u, space_to_string(SPACE_UTS));
        autoclose int fd = path ? ns_open(path) : -ENOMEM;

        u->held.pod_spaces = fd >= 0;
        return path ? 0 : -ENOMEM;
}

int unit_open_pod_space(const Unit *pod, Space space, Fault *fault) {
        autofree char *path = held_path(pod, space_to_string(space));
        int fd;

        if (!path)
                return -ENOMEM;
        if (space != SPACE_IPC && space != SPACE_UTS)
                return fault_set(fault, "namespace", -EINVAL, "%s has none of the kind \"%s\"", pod->name,
                                 space_to_string(space));
        fd = ns_open(path);
        return fd < 0 ? fault_set(fault, "namespace", fd, "%s", path) : fd;
}

int unit_pod_shm(const Unit *u, char **ret) {
        const NamespaceChoice *c = container_spec_space(u->held.spec, SPACE_IPC);
        const Unit *pod = c->mode == NAMESPACE_UNIT ? manager_get_unit(u->manager, c->unit) : NULL;

        *ret = pod && pod->held.pod_spaces ? held_path(pod, "shm") : NULL;
        return !*ret && pod && pod->held.pod_spaces ? -ENOMEM : 0;
}

/* -- what it says of its containers, and its end -- */

/* Of a container whose file is gone, as it was started. */
static const char *name_of_pod(const Unit *u) {
        const ContainerSpec *s = u->held.spec;

        if (u->spec)
                return u->spec->container ? u->spec->container->pod : NULL;
        return s ? container_spec_space(s, SPACE_NETWORK)->unit : NULL;
}

static Unit *pod_of(const Unit *u) {
        const char *name = name_of_pod(u);
        Unit *pod = name ? manager_get_unit(u->manager, name) : NULL;

        return pod && unit_is_pod(pod) ? pod : NULL;
}

/* Up, on its way there, waiting for a restart or its timer, or about to begin. */
static bool goes_on(const Unit *u) {
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);

        return !unit_at_rest(u) || u->trigger ||
               (job && (job->type == JOB_START || job->type == JOB_RESTART));
}

void unit_take_pod_policy(const Unit *u, const UnitSpec *spec, MachinePolicy *policy) {
        const char *name = spec->container ? spec->container->pod : NULL;
        const Unit *pod = name ? manager_get_unit(u->manager, name) : NULL;

        if (pod && pod->spec && pod->spec->pod && unit_spec_is_set(pod->spec, "Pod", "StopTimeout") &&
            !unit_spec_is_set(spec, "Container", "StopTimeout") && !spec->service.timeout_stop_set)
                policy->timeout_stop = pod->spec->pod->stop_timeout;
}

void manager_take_pod_policies(Manager *m) {
        for (Unit *u = m->units; u; u = u->hh.next)
                if (u->spec && u->spec->container && u->spec->container->pod)
                        unit_set_policy(u, u->spec);
}

void unit_settle_pod(Unit *pod) {
        Manager *m = pod->manager;
        Fault fault = {};

        if (!pod->member_ended || !m->adopted)
                return;
        pod->member_ended = false;
        if (machine_active_state(pod->machine.state) != ACTIVE_STATE_ACTIVE || !pod->spec ||
            pod->spec->pod->exit_policy != POD_EXIT_STOP || job_queue_of_unit(m->jobs, pod->index))
                return;
        for (Unit *u = m->units; u; u = u->hh.next)
                if (pod_of(u) == pod && goes_on(u))
                        return;

        log_message(LOG_INFO, pod->name, "the last of its containers has ended");
        if (manager_enqueue_one(m, pod->name, JOB_STOP, JOB_MODE_FAIL, &fault) < 0) {
                autofree char *text = fault_to_string(&fault);

                log_message(LOG_WARNING, pod->name, "cannot stop: %s", text ? text : "out of memory");
        }
}

void unit_tell_pod(Unit *u) {
        Unit *pod = pod_of(u);

        if (!pod)
                return;
        pod->member_ended = true;
        unit_settle_pod(pod);
}

void manager_settle_pods(Manager *m) {
        for (Unit *u = m->units; u; u = u->hh.next)
                unit_settle_pod(u);
}
