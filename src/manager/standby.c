/* See standby.h. */
#include "manager/standby.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "cgroup/limits.h"
#include "manager/internal-storage.h"
#include "runtime/standby.h"

/* What it takes of the memory that its container may have, with some to spare. */
#define ROOM_BYTES UINT64_C(1048576)
#define ROOM_TASKS 8

/* What was mounted. */
typedef struct Sight {
        dev_t device;
        ino_t inode;
} Sight;

struct Standby {
        Child *child;
        int fd; /* our end of the pair of sockets */
        Identity identity;
        Sight *mounts, *files; /* of the spec, and of unit_files_name() */
        size_t n_files;
        bool spoilt;
};

static void standby_free(Standby *s) {
        if (!s)
                return;
        child_free(s->child);
        cleanup_close_(&s->fd);
        identity_clear(&s->identity);
        free(s->mounts);
        free(s->files);
        free(s);
}

/* -- for whom -- */

/* Made of nothing but what is looked at again. */
static bool is_simple_mount(const MountSpec *m) {
        if (m->overlay || m->optional || m->chown || m->copy_up || m->no_dereference || m->subpath)
                return false;
        return m->kind == MOUNT_BIND || m->kind == MOUNT_TMPFS || (m->kind == MOUNT_VOLUME && m->source);
}

/* Commands of the unit may change what a launch finds. */
static bool has_hooks_between(const Unit *u) {
        const unsigned *n = u->policy->n_hooks;

        return n[HOOK_STOP] + n[HOOK_STOP_POST] + n[HOOK_CONDITION] + n[HOOK_START_PRE] > 0;
}

static bool has_own_spaces(const ContainerSpec *s) {
        for (size_t i = 0; i < SPACE_NETWORK; i++)
                if (!namespace_is_own(container_spec_space(s, (Space) i)) &&
                    ((Space) i == SPACE_PID || container_spec_space(s, (Space) i)->mode != NAMESPACE_HOST))
                        return false;
        return true;
}

/* The standby itself goes through the filter, and who may mount can reach other places than its own. */
static bool is_confined_as_usual(const ContainerSpec *s) {
        return !s->seccomp.profile && !s->seccomp.deny && !s->security_labels.app_armor &&
               !s->security_labels.selinux && !(s->capabilities & UINT64_C(1) << CAP_SYS_ADMIN);
}

/* In the root that both share a path may mean another thing when it is used, and nobody compares. */
static bool masks_its_own(const ContainerSpec *s) {
        STRV_FOREACH (path, s->masked_paths)
                if (!startswith(*path, "/proc/") && !startswith(*path, "/sys/"))
                        return true;
        return false;
}

/* What the process before it would feel: they share the network, and how many processes their user may have.
 */
static bool disturbs(const ContainerSpec *s) {
        for (size_t i = 0; i < s->n_sysctls; i++)
                if (startswith(s->sysctls[i].path, "net/"))
                        return true;
        for (size_t i = 0; i < s->n_rlimits; i++)
                if (s->rlimits[i].resource == RLIMIT_NPROC)
                        return true;
        return false;
}

static bool may_have_standby(const Unit *u) {
        const ContainerSpec *s = u->held.spec;

        if (!s || !u->held.root || u->held.fresh || u->frozen || u->lent.fds[0] >= 0 || u->held.cgroup_spent)
                return false;
        if (s->run_init || s->boot || s->pivot_root || s->delegate || s->n_devices > 0 || s->schedule)
                return false;
        if (!u->spec || unit_reads_files(u))
                return false;
        for (size_t i = 0; i < s->n_mounts; i++)
                if (!is_simple_mount(&s->mounts[i]))
                        return false;
        return has_own_spaces(s) && is_confined_as_usual(s) && !masks_its_own(s) && !disturbs(s) &&
               !has_hooks_between(u) && !unit_sources_may_wait(u) &&
               cgroup_has_room(u->held.cgroup_fd, ROOM_BYTES, ROOM_TASKS);
}

/* -- what it stands on -- */

static Sight sight_of(int fd, const char *path) {
        struct stat st;

        return fstatat(fd, path, &st, AT_EMPTY_PATH) < 0 ? (Sight){} : (Sight){ st.st_dev, st.st_ino };
}

static bool same(Sight a, Sight b) {
        return a.device == b.device && a.inode == b.inode;
}

/* All mounts are simple, so there is one for each of the spec. */
static int note_mounts(Standby *s, const Launch *l) {
        s->mounts = calloc(l->n_mounts + 1, sizeof(*s->mounts));
        s->files = calloc(l->files.n + 1, sizeof(*s->files));
        if (!s->mounts || !s->files)
                return -ENOMEM;
        for (size_t i = 0; i < l->n_mounts; i++)
                s->mounts[i] = sight_of(l->launch_mounts[i].fd, "");
        for (s->n_files = 0; s->n_files < l->files.n; s->n_files++)
                s->files[s->n_files] = sight_of(AT_FDCWD, l->files.items[s->n_files].source);
        return 0;
}

/* A volume may be mounted anew, or be another one of its name. */
static bool same_source(const Unit *u, const MountSpec *m, Sight mounted) {
        autofree char *volume = m->kind == MOUNT_VOLUME ? unit_volume_path(u, m) : NULL;
        const char *path = m->kind == MOUNT_VOLUME ? volume : m->source;

        return m->kind == MOUNT_TMPFS || (path && same(mounted, sight_of(AT_FDCWD, path)));
}

/* Has the host the same under the names that are mounted? */
static bool same_sources(const Unit *u, const Standby *s, const UnitFiles *files) {
        const ContainerSpec *spec = u->held.spec;

        for (size_t i = 0; i < spec->n_mounts; i++)
                if (!same_source(u, &spec->mounts[i], s->mounts[i]))
                        return false;
        for (size_t i = 0; i < files->n; i++)
                if (i >= s->n_files || !same(s->files[i], sight_of(AT_FDCWD, files->items[i].source)))
                        return false;
        return files->n == s->n_files;
}

static bool is_mounted_on(const ContainerSpec *spec, const char *destination) {
        for (size_t i = 0; i < spec->n_mounts; i++)
                if (streq(spec->mounts[i].destination, destination))
                        return true;
        return false;
}

static StandbyPlace place_of(const char *path, Sight sight) {
        return (StandbyPlace){ .path = path, .device = sight.device, .inode = sight.inode };
}

/* And is it where it was mounted? Returns how many places. */
static size_t name_places(const Standby *s, const ContainerSpec *spec, const UnitFiles *files,
                          StandbyPlace *to) {
        size_t n = 0;

        for (size_t i = 0; i < spec->n_mounts; i++)
                to[n++] = place_of(spec->mounts[i].destination, s->mounts[i]);
        for (size_t i = 0; i < files->n; i++)
                if (!is_mounted_on(spec, files->items[i].destination))
                        to[n++] = place_of(files->items[i].destination, s->files[i]);
        return n;
}

static bool same_identity(const Identity *a, const Identity *b) {
        return a->uid == b->uid && a->gid == b->gid && a->n_groups == b->n_groups &&
               (a->n_groups == 0 || memcmp(a->groups, b->groups, a->n_groups * sizeof(*a->groups)) == 0);
}

/* -- its life -- */

static void on_standby_exit(Child *child, const ChildExit *how, void *data) {
        Unit *u = data;
        const bool anew = u->standby->spoilt && u->machine.state == MACHINE_RUNNING;

        standby_free(take_ptr(u->standby));
        if (anew)
                return unit_want_standby(u);
        standbys_renew(u->manager);
}

/* Takes over the process. */
static int watch(Unit *u, Standby *s, const LaunchResult *result) {
        const ChildInfo info = { .pidfd = fd_move_up(result->pidfd), .pid = result->pid };
        int r = child_watch(u->manager->children, &info, on_standby_exit, u, &s->child);

        if (r < 0)
                child_put_down(info.pidfd);
        return r;
}

static int launch(Unit *u, Standby *s, Fault *fault) {
        autolaunch Launch l = LAUNCH_INIT;
        char program[PROGRAM_PATH_MAX];
        autoptr(Plan) plan = NULL;
        LaunchResult result;
        LaunchRequest q;
        int ends[2], r;

        r = launch_take_root(u, &l, fault);
        if (r >= 0)
                r = launch_take_setup(u, &l, true, fault);
        if (r >= 0)
                r = note_mounts(s, &l);
        if (r >= 0)
                r = manager_injected_fault(u->manager, "standby", fault);
        if (r >= 0)
                r = program_path(&u->manager->programs, PROGRAM_STANDBY, program);
        if (r >= 0)
                r = standby_sockets(ends);
        if (r < 0)
                return r;

        s->fd = fd_move_up(ends[0]);
        q = launch_request(u, &l);
        q.standby_fd = ends[1];
        q.standby_path = program;
        r = launch_plan(&q, fault, &plan);
        if (r >= 0) {
                unit_kill_as_whole(u, false);
                r = launch_run(plan, fault, &result);
                unit_kill_as_whole(u, true);
        }
        (void) close(ends[1]);
        if (r < 0) {
                unit_drop_base(u);
                return r;
        }
        unit_hold_base(u, result.base_fd);
        s->identity = l.identity;
        l.identity = (Identity){};
        return watch(u, s, &result);
}

void unit_make_standby(Unit *u) {
        autofree char *text = NULL;
        Fault fault = {};
        Standby *s;

        /* Its end is not waited for: the container uses up what it may have of the processor, perhaps. */
        if (u->standby && u->standby->spoilt)
                return unit_dismiss_standby(u);
        if (u->standby || !may_have_standby(u))
                return;
        s = calloc(1, sizeof(*s));
        if (!s)
                return;
        s->fd = -EBADF;
        if (launch(u, s, &fault) >= 0) {
                u->standby = s;
                return;
        }
        text = fault_to_string(&fault);
        log_message(LOG_DEBUG, u->name, "it will be launched when it is time: %s",
                    text ? text : "out of memory");
        standby_free(s);
}

void unit_spoil_standby(Unit *u) {
        Standby *s = u->standby;

        for (size_t i = 0; s && !s->spoilt && i < u->held.spec->n_mounts; i++)
                s->spoilt = u->held.spec->mounts[i].kind == MOUNT_BIND;
}

bool unit_has_spoilt_standby(const Unit *u) {
        return u->standby && u->standby->spoilt;
}

void unit_dismiss_standby(Unit *u) {
        if (!u->standby)
                return;
        (void) child_signal(u->standby->child, SIGKILL);
        cleanup_close_(&u->standby->fd);
}

void unit_drop_standby(Unit *u) {
        Standby *s = take_ptr(u->standby);

        if (!s)
                return;
        child_put_down(child_give_pidfd(s->child));
        standby_free(s);
}

bool unit_lives_on(const Unit *u) {
        if (u->held.cgroup_fd < 0)
                return false;
        return u->standby ? !cgroup_has_none_but(u->held.cgroup_fd, child_pid(u->standby->child))
                          : cgroup_populated(u->held.cgroup_fd) > 0;
}

static int start(const Unit *u, const Launch *l, Fault *fault) {
        const LaunchRequest q = launch_request(u, l);
        const Standby *s = u->standby;
        autolaunch Launch now = LAUNCH_INIT;
        autofree StandbyPlace *places = NULL;

        if (s->fd < 0 || s->spoilt || l->controlling || has_hooks_between(u) ||
            !same_identity(&s->identity, &l->identity) || launch_name_setup(u, &now, NULL) < 0 ||
            !same_sources(u, s, &now.files))
                return -ESTALE;
        places = calloc(q.spec->n_mounts + now.files.n + 1, sizeof(*places));
        if (!places)
                return -ESTALE;
        /* It may have been stopped with the others of its cgroup. */
        (void) child_signal(s->child, SIGCONT);
        return standby_start(s->fd, &q, places, name_places(s, q.spec, &now.files, places), fault);
}

int unit_use_standby(Unit *u, const Launch *l, LaunchResult *ret, Fault *fault) {
        Standby *s = u->standby;
        int r;

        if (!s)
                return 0;
        standbys_check(u->manager);
        r = start(u, l, fault);
        if (r < 0) {
                unit_drop_standby(u);
                return r == -ESTALE ? 0 : r;
        }
        *ret = (LaunchResult){ .pid = child_pid(s->child), .pidfd = child_give_pidfd(s->child) };
        standby_free(take_ptr(u->standby));
        return 1;
}
