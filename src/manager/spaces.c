/*
 * The namespaces of a unit. Those of users and networks are held from PREPARE on, with the ids that the
 * former maps; the others are made for each launch, and here only those of others are found.
 */
#include <fcntl.h>

#include "basic/file.h"
#include "manager/internal.h"
#include "runtime/userns.h"

const IdMap *held_ids(const Unit *u) {
        return u->held.ids.uids.n > 0 ? &u->held.ids : NULL;
}

static const NamespaceChoice *choice_of(const Unit *u, Space space) {
        return container_spec_space(u->held.spec, space);
}

/* Another unit, whose namespaces are held; NULL is -ESRCH. */
static Unit *find_unit(const Unit *u, const NamespaceChoice *c, Fault *fault) {
        Unit *other = manager_get_unit(u->manager, c->unit);

        if (other && other->held.spec && (other->held.root || other->held.pod_spaces))
                return other;
        (void) fault_set(fault, "namespace", -ESRCH, "%s, which is not started", c->unit);
        return NULL;
}

/* One that is bound to a file. */
static int open_path(const NamespaceChoice *c, Space space, Fault *fault) {
        int fd = ns_open_type(c->path, (int) space_flag(space));

        if (fd >= 0)
                return fd;
        (void) fault_set(fault, "namespace", fd, "%s", c->path);
        if (fd == -EINVAL || fd == -ENOTTY)
                fault_advise(fault, "it is no namespace of the kind \"%s\"", space_to_string(space));
        return fd;
}

static int copy_fd(int fd, Fault *fault) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

        return copy < 0 ? fault_set(fault, "namespace", -errno, NULL) : copy;
}

static int hold(Unit *u, int *fd, Space space, Fault *fault) {
        autofree char *path = held_path(u, space_to_string(space));

        *fd = fd_move_up(*fd);
        return path ? ns_hold(*fd, path, fault) : -ENOMEM;
}

static void release(Unit *u, int *fd, Space space) {
        autofree char *path = held_path(u, space_to_string(space));

        if (path)
                (void) ns_release(path);
        replace_fd(fd, -EBADF);
}

/* -- ids -- */

static bool has_own_network(const ContainerSpec *spec) {
        return spec->network != NETWORK_MODE_HOST && spec->network != NETWORK_MODE_SHARED;
}

/* Ids that come with namespaces which are ready; the later steps find those. */
static bool take_spare(Unit *u) {
        const ContainerSpec *spec = u->held.spec;
        Spare spare;

        if (!has_own_network(spec) || spec->id_count != u->manager->config->users.id_count ||
            spec->ids.uids.n > 0 || spec->ids.gids.n > 0 || !spares_take(u->manager->spares, true, &spare))
                return false;
        u->held.id_base = spare.id_base;
        u->held.userns_fd = spare.userns_fd;
        u->held.netns_fd = spare.netns_fd;
        return true;
}

static int take_ids(Unit *u, Fault *fault) {
        Manager *m = u->manager;

        if (take_spare(u) || id_pool_take(&m->ids, m->config, &u->held.id_base, NULL) == 0)
                return 0;
        spares_yield(m->spares);
        return id_pool_take(&m->ids, m->config, &u->held.id_base, fault);
}

static int pick_ids(Unit *u, Fault *fault) {
        const ContainerSpec *spec = u->held.spec;
        const uint32_t most = u->manager->config->users.id_count;
        int r;

        if (spec->id_count > most) {
                (void) fault_set(fault, "ids", -E2BIG, "%u ids", spec->id_count);
                fault_advise(fault, "a container gets %u at most: users.id-count in nsunitd.conf", most);
                return -E2BIG;
        }
        r = take_ids(u, fault);
        return r < 0 ? r : id_map_range(&u->held.ids, u->held.id_base, spec->id_count);
}

static int add_ids(const IdList *lines, IdList *to, const char *what, Fault *fault) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < lines->n; i++)
                r = id_list_replace(to, lines->items[i]);
        if (r == 0)
                r = id_list_check(to);
        return r < 0 ? fault_set(fault, "ids", r, "%s map", what) : 0;
}

/* The ids of another's user namespace. Its range is ours as well: who goes last gives it back. */
static int share_ids(Unit *u, Fault *fault) {
        const NamespaceChoice *c = choice_of(u, SPACE_USER);
        autoclose int fd = -EBADF;
        const Unit *other;

        if (c->mode == NAMESPACE_PATH) {
                fd = open_path(c, SPACE_USER, fault);
                return fd < 0 ? fd : userns_read_map(fd, &u->held.ids, fault);
        }
        other = find_unit(u, c, fault);
        if (!other)
                return -ESRCH;
        u->held.id_base = other->held.id_base;
        u->manager->ids.shared = true;
        return id_map_copy(&other->held.ids, &u->held.ids);
}

int unit_make_ids(Unit *u, Fault *fault) {
        const ContainerSpec *spec = u->held.spec;
        int r = 0;

        if (!spec->user_namespace)
                return 0;
        if (choice_of(u, SPACE_USER)->mode != NAMESPACE_DEFAULT)
                return share_ids(u, fault);
        if (spec->pick_ids)
                r = pick_ids(u, fault);
        if (r == 0)
                r = add_ids(&spec->ids.uids, &u->held.ids.uids, "user", fault);
        return r < 0 ? r : add_ids(&spec->ids.gids, &u->held.ids.gids, "group", fault);
}

/* Sharing is rare, and looked for only where there may be some. */
static bool is_shared(const Unit *u) {
        Unit *other, *next;

        if (!u->manager->ids.shared)
                return false;
        HASH_ITER (hh, u->manager->units, other, next)
                if (other != u && other->held.id_base == u->held.id_base)
                        return true;
        return false;
}

void unit_drop_ids(Unit *u) {
        /* Of a spare, where it did not come to the steps that are about them. */
        replace_fd(&u->held.userns_fd, -EBADF);
        replace_fd(&u->held.netns_fd, -EBADF);
        if (u->held.id_base > 0 && !is_shared(u))
                id_pool_give(&u->manager->ids, u->manager->config, u->held.id_base);
        u->held.id_base = 0;
        id_map_clear(&u->held.ids);
}

/* -- users and network -- */

/* A descriptor of another's, -EBADF when that one has the host's. */
static int share(Unit *u, Space space, Fault *fault) {
        const NamespaceChoice *c = choice_of(u, space);
        const Unit *other;
        int fd;

        if (c->mode == NAMESPACE_PATH)
                return open_path(c, space, fault);
        other = find_unit(u, c, fault);
        if (!other)
                return -ESRCH;
        fd = space == SPACE_USER ? other->held.userns_fd : other->held.netns_fd;
        return fd < 0 ? -EBADF : copy_fd(fd, fault);
}

int unit_make_userns(Unit *u, Fault *fault) {
        int *fd = &u->held.userns_fd;

        if (!u->held.spec->user_namespace)
                return 0;
        if (choice_of(u, SPACE_USER)->mode == NAMESPACE_DEFAULT) {
                if (*fd < 0)
                        *fd = userns_create(&u->held.ids,
                                            has_own_network(u->held.spec) ? &u->held.netns_birth : NULL,
                                            fault);
        } else {
                *fd = share(u, SPACE_USER, fault);
                if (*fd == -EBADF)
                        return 0;
        }
        return *fd < 0 ? *fd : hold(u, fd, SPACE_USER, fault);
}

void unit_drop_userns(Unit *u) {
        netns_abandon(take_ptr(u->held.netns_birth));
        release(u, &u->held.userns_fd, SPACE_USER);
}

static int make_netns(Unit *u, Fault *fault) {
        Spare spare;

        if (u->held.netns_birth)
                return netns_finish(take_ptr(u->held.netns_birth), fault);
        if (u->held.userns_fd >= 0)
                return netns_create(u->held.userns_fd, fault);
        return spares_take(u->manager->spares, false, &spare) ? spare.netns_fd : netns_create(-1, fault);
}

int unit_make_netns(Unit *u, Fault *fault) {
        int *fd = &u->held.netns_fd;

        if (u->held.spec->network == NETWORK_MODE_HOST)
                return 0;
        if (u->held.spec->network == NETWORK_MODE_SHARED) {
                *fd = share(u, SPACE_NETWORK, fault);
                if (*fd == -EBADF)
                        return 0;
        } else if (*fd < 0) {
                *fd = make_netns(u, fault);
        }
        return *fd < 0 ? *fd : hold(u, fd, SPACE_NETWORK, fault);
}

void unit_drop_netns(Unit *u) {
        release(u, &u->held.netns_fd, SPACE_NETWORK);
}

/* A container in a pod that shares another's network: nothing that can be started leads further. */
#define SHARED_DEPTH 3

const Attachment *unit_attachment(const Unit *u) {
        for (int i = 0; u && u->held.spec && i < SHARED_DEPTH; i++) {
                const NamespaceChoice *c = choice_of(u, SPACE_NETWORK);

                if (c->mode != NAMESPACE_UNIT)
                        return u->held.attachment;
                u = manager_get_unit(u->manager, c->unit);
        }
        return NULL;
}

/* -- for each launch -- */

/* A pod's, or that of the main process, which must be the one that is watched all the while. */
static int open_main_space(const Unit *other, Space space, Fault *fault) {
        char path[64];
        int fd;

        if (unit_is_pod(other))
                return unit_open_pod_space(other, space, fault);
        if (!other->main)
                return fault_set(fault, "namespace", -ESRCH, "%s, which does not run", other->name);
        (void) snprintf(path, sizeof(path), "/proc/%d/ns/%s", child_pid(other->main), space_to_string(space));
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return fault_set(fault, "namespace", -errno, "%s of %s", space_to_string(space), other->name);
        if (child_signal(other->main, 0) < 0) {
                (void) close(fd);
                return fault_set(fault, "namespace", -ESRCH, "%s, which does not run", other->name);
        }
        return fd;
}

int unit_open_spaces(const Unit *u, int fds[SPACE_N_], Fault *fault) {
        for (size_t i = 0; i < SPACE_NETWORK; i++) {
                const NamespaceChoice *c = choice_of(u, (Space) i);
                const Unit *other;
                int r = 0;

                if (c->mode == NAMESPACE_PATH)
                        r = fds[i] = open_path(c, (Space) i, fault);
                else if (c->mode == NAMESPACE_UNIT) {
                        other = find_unit(u, c, fault);
                        r = fds[i] = other ? open_main_space(other, (Space) i, fault) : -ESRCH;
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

void unit_close_spaces(int fds[SPACE_N_]) {
        for (size_t i = 0; i < SPACE_N_; i++)
                cleanup_close_(&fds[i]);
}
