/*
 * Volumes: what .volume units make of them, and what people ask for. A device is mounted by a worker, for it
 * may take its time; a volume that is removed is out of the way at once and deleted later.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "manager/internal.h"
#include "spec/container-section.h"
#include "spec/pod-section.h"
#include "spec/volume-options.h"
#include "spec/volume-section.h"
#include "storage/volume-device.h"
#include "storage/volume.h"

char *manager_volumes_dir(const Manager *m) {
        char *path;

        return asprintf(&path, "%s/volumes", m->config->paths.store) < 0 ? NULL : path;
}

static char *volume_name(const char *unit, const VolumeSection *v) {
        return v->volume_name ? strdup(v->volume_name) : unit_name_stem(unit);
}

/* --- units ------------------------------------------------------------------------------------------ */

static uint32_t first_id(unsigned a, unsigned b, unsigned c) {
        return a != OWNER_UNSET ? a : b != OWNER_UNSET ? b : c;
}

/* User= and Group= are options of the mount where there is one. */
static int mount_options(const VolumeSection *v, char **ret) {
        autostrv char **words = NULL;
        int r = 0;

        if (v->options)
                r = strv_add(&words, v->options);
        if (r >= 0 && v->user != OWNER_UNSET)
                r = strv_addf(&words, "uid=%u", v->user);
        if (r >= 0 && v->group != OWNER_UNSET)
                r = strv_addf(&words, "gid=%u", v->group);
        if (r < 0)
                return r;
        *ret = words ? strv_join(words, ",") : NULL;
        return words && !*ret ? -ENOMEM : 0;
}

/* What @v says, borrowed from it but for *ret_options. */
static int define(const Unit *u, const VolumeSection *v, VolumeDefinition *ret, char **ret_options) {
        VolumeOptions o = { .uid = OWNER_UNSET, .gid = OWNER_UNSET };
        int r;

        r = v->device ? mount_options(v, ret_options) : volume_options_parse(v->options, (Where){}, NULL, &o);
        if (r < 0)
                return r;
        *ret = (VolumeDefinition){
                .unit = u->name,
                .device = v->device,
                .type = v->type,
                .options = *ret_options,
                .labels = v->labels,
                .size = o.size,
                .inodes = o.inodes,
                .uid = v->device ? v->uid : first_id(v->uid, v->user, o.uid),
                .gid = v->device ? v->gid : first_id(v->gid, v->group, o.gid),
                .no_copy = !v->copy || o.no_copy,
        };
        return 0;
}

int unit_prepare_volume(Unit *u, const UnitSpec *spec, Fault *fault) {
        autofree char *volumes = manager_volumes_dir(u->manager), *name = NULL, *options = NULL;
        const VolumeSection *v = spec->volume;
        VolumeDefinition d;
        int r;

        if (volume_image(v))
                return 0;
        if (v->driver && !streq(v->driver, "local"))
                return fault_set(fault, "unit", -EOPNOTSUPP, "Driver=%s is a plugin of podman's", v->driver);

        name = volume_name(u->name, v);
        if (!name || !volumes)
                return -ENOMEM;
        r = define(u, v, &d, &options);
        if (r >= 0)
                r = volume_make(
                        volumes, name,
                        (VolumeOwner){ d.uid != OWNER_UNSET ? d.uid : 0, d.gid != OWNER_UNSET ? d.gid : 0 });
        if (r >= 0)
                r = volume_define(volumes, name, &d, fault);
        return r < 0 ? fault_set(fault, "volume", r, "%s", name) : 0;
}

static void on_mounted(int r, const char *text, void *data) {
        Unit *u = data;

        u->mounting = NULL;
        unit_image_came(u, r < 0 ? text : NULL);
}

int unit_mount_volume(Unit *u, Fault *fault) {
        const VolumeSection *v = u->spec && u->spec->kind == UNIT_VOLUME ? u->spec->volume : NULL;
        Fault silent = {};
        autofree char *volumes = manager_volumes_dir(u->manager), *name = NULL;
        int r;

        if (!v || !v->device || volume_image(v))
                return 0;
        /* Of a worker that was not quick enough to be stopped. */
        unit_unmount_volume(u);
        r = unit_prepare_volume(u, u->spec, fault);
        if (r < 0)
                return r;
        name = volume_name(u->name, v);
        if (!name || !volumes)
                return -ENOMEM;

        char *args[] = { (char *) "volume-mount", volumes, name, NULL };
        const WorkerCall call = {
                .program = PROGRAM_WORKER, .args = args, .fd = -EBADF, .reply = on_mounted, .data = u
        };

        r = worker_run(u->manager, &call, &u->mounting);
        if (r < 0)
                return fault_set(fault, "mount", r, "%s", name);
        /* What is told if nothing else is. */
        (void) fault_tell(&silent, "mount", -ETIMEDOUT, "%s: %s does not answer", name, v->device);
        unit_set_fault(u, &silent);
        return 1;
}

static void on_closed(int r, const char *text, void *data) {
}

/* Not u->spec: the unit may have been started from a file that has changed by now. */
static int started_name(Unit *u, char **ret) {
        autoptr(UnitSpec) started = NULL;
        const UnitSpec *spec = u->spec;

        if (unit_load_started(u, &started, NULL) >= 0)
                spec = started;
        if (!spec || !spec->volume)
                return -ENOENT;
        *ret = volume_name(u->name, spec->volume);
        return *ret ? 0 : -ENOMEM;
}

void unit_unmount_volume(Unit *u) {
        char *args[] = { (char *) "close", NULL };
        autofree char *volumes = NULL, *name = NULL;
        autoclose int fd = -EBADF;

        if (u->mounting)
                worker_cancel(take_ptr(u->mounting));
        if (unit_name_kind(u->name) != UNIT_VOLUME || started_name(u, &name) < 0)
                return;
        volumes = manager_volumes_dir(u->manager);
        fd = volumes ? volume_unmount(volumes, name) : -ENOMEM;
        if (fd >= 0)
                /* What is written at the end is not waited for here. */
                (void) worker_start(u->manager, PROGRAM_WORKER, args, fd, on_closed, NULL);
        else if (fd != -ENOENT)
                log_message(LOG_WARNING, u->name, "cannot be unmounted: %s", strerror(-fd));
}

/* An image is mounted as an image. */
int unit_use_volume(Unit *volume, MountSpec *mount) {
        const VolumeSection *v = volume->spec->volume;
        const char *image = volume_image(v);
        char *source = image ? strdup(image) : volume_name(volume->name, v);

        if (!source)
                return -ENOMEM;
        free(mount->source);
        mount->source = source;
        mount->copy &= v->copy;
        if (image) {
                mount->kind = MOUNT_IMAGE;
                mount->read_only = true;
                mount->idmap = true;
        }
        return 0;
}

/* --- who uses one ----------------------------------------------------------------------------------- */

static bool spec_uses(const ContainerSpec *s, const char *name) {
        for (size_t i = 0; s && i < s->n_mounts; i++)
                if (s->mounts[i].kind == MOUNT_VOLUME && streq_null(s->mounts[i].source, name))
                        return true;
        return false;
}

static json_t *strings(char *const *v) {
        json_t *list = json_array();

        STRV_FOREACH (s, v)
                (void) json_array_append_new(list, json_string(*s));
        return list;
}

/* Names of the containers and pods that hold it. */
static int find_users(const Manager *m, const char *name, char ***ret) {
        int r = 0;

        *ret = NULL;
        for (Unit *u = m->units; u && r >= 0; u = u->hh.next)
                if (spec_uses(u->held.spec, name))
                        r = strv_add(ret, u->name);
        return r;
}

json_t *manager_volume_users(const Manager *m, const char *name) {
        autostrv char **users = NULL;

        return find_users(m, name, &users) < 0 ? NULL : strings(users);
}

/* The name of a volume that @mount mounts, in the store; free(). NULL when it mounts none. */
static char *real_name(const Manager *m, const MountSpec *mount) {
        const Unit *v;

        if (mount->kind != MOUNT_VOLUME || !mount->source)
                return NULL;
        v = endswith(mount->source, ".volume") ? manager_get_unit(m, mount->source) : NULL;
        return v && v->spec ? volume_name(v->name, v->spec->volume) : strdup(mount->source);
}

static bool list_names(const Manager *m, const MountList *list, const char *name) {
        for (size_t i = 0; i < list->n; i++) {
                autofree char *real = real_name(m, &list->items[i]);

                if (streq_null(real, name))
                        return true;
        }
        return false;
}

char *unit_volume_path(const Unit *u, const MountSpec *mount) {
        autofree char *name = real_name(u->manager, mount);
        char *path;

        return !name || asprintf(&path, "%s/volumes/%s/_data", u->manager->config->paths.store, name) < 0
                       ? NULL
                       : path;
}

/* Does the file of a unit mean it? */
static bool is_named(const Manager *m, const char *name) {
        for (Unit *u = m->units; u; u = u->hh.next) {
                const UnitSpec *s = u->spec;
                autofree char *own = NULL;

                if (s && s->kind == UNIT_VOLUME)
                        own = volume_name(u->name, s->volume);
                if (streq_null(own, name))
                        return true;
                if (s && s->kind == UNIT_CONTAINER &&
                    (list_names(m, &s->container->volumes, name) ||
                     list_names(m, &s->container->files->mounts, name)))
                        return true;
                if (s && s->kind == UNIT_POD && list_names(m, &s->pod->volumes, name))
                        return true;
        }
        return false;
}

/* --- requests --------------------------------------------------------------------------------------- */

static json_t *describe(const Manager *m, const VolumeInfo *info) {
        static const VolumeDefinition none = {};
        const VolumeDefinition *d = info->definition ? info->definition : &none;

        return json_pack("{s:s, s:s, s:I, s:o, s:s*, s:s*, s:s*, s:s*, s:b, s:I, s:I, s:o}", "name",
                         info->name, "path", info->path, "created", (json_int_t) info->created, "units",
                         manager_volume_users(m, info->name), "unit", d->unit, "device", d->device, "type",
                         d->type, "options", d->options, "mounted", info->mounted, "size_limit",
                         (json_int_t) d->size, "inode_limit", (json_int_t) d->inodes, "labels",
                         strings(d->labels));
}

int manager_list_volumes(Manager *m, char **ret, Fault *fault) {
        autofree char *dir = manager_volumes_dir(m);
        autostrv char **names = NULL;
        json_t *list;
        int r;

        if (!dir)
                return -ENOMEM;
        r = volume_list(dir, &names);
        if (r < 0)
                return fault_set(fault, "volumes", r, "%s", dir);

        list = json_array();
        STRV_FOREACH (name, names) {
                autoptr(VolumeInfo) info = NULL;

                if (volume_inspect(dir, *name, &info) == 0)
                        (void) json_array_append_new(list, describe(m, info));
        }
        return manager_dump_json(list, ret);
}

/* A unit that is up would not make its volume again. */
static bool is_up(const Manager *m, const char *unit) {
        const Unit *u = unit ? manager_get_unit(m, unit) : NULL;

        return u && u->machine.prepared;
}

/* 0 when it can go. */
static int check_unused(const Manager *m, const char *dir, const char *name, Fault *fault) {
        autoptr(VolumeInfo) info = NULL;
        autofree char *words = NULL;
        autostrv char **users = NULL;
        int r;

        r = volume_inspect(dir, name, &info);
        if (r < 0)
                return r;
        r = find_users(m, name, &users);
        if (r < 0)
                return r;
        if (users) {
                words = strv_join(users, ", ");
                return fault_tell(fault, "volume", -EBUSY, "%s: it is in use by %s", name, strempty(words));
        }
        if (info->definition && is_up(m, info->definition->unit) && !info->mounted)
                return fault_tell(fault, "volume", -EBUSY, "%s: %s is up, which has made it: stop that first",
                                  name, info->definition->unit);
        if (info->mounted)
                return fault_tell(fault, "volume", -EBUSY, "%s: %s is mounted, by %s", name,
                                  info->definition ? strempty(info->definition->device) : "a device",
                                  info->definition ? strempty(info->definition->unit) : "nobody known");
        return 0;
}

static int remove_one(Manager *m, const char *dir, const char *name, Fault *fault) {
        int r;

        r = check_unused(m, dir, name, fault);
        if (r >= 0)
                r = volume_remove(dir, name);
        return r < 0 ? fault_set(fault, "volume", r, "%s", name) : 0;
}

int manager_remove_volume(Manager *m, const char *name, Fault *fault) {
        autofree char *dir = manager_volumes_dir(m);
        int r;

        if (!dir)
                return -ENOMEM;
        /* The words for what is not there are the bus's. */
        if (!volume_exists(dir, name))
                return -ENOENT;
        r = remove_one(m, dir, name, fault);
        manager_schedule_purge(m);
        return r;
}

int manager_prune_volumes(Manager *m, bool all, char **ret, Fault *fault) {
        autofree char *dir = manager_volumes_dir(m);
        autostrv char **names = NULL, **gone = NULL;
        int r;

        if (!dir)
                return -ENOMEM;
        r = volume_list(dir, &names);
        if (r < 0)
                return fault_set(fault, "volumes", r, "%s", dir);
        STRV_FOREACH (name, names) {
                if ((!all && is_named(m, *name)) || check_unused(m, dir, *name, NULL) < 0)
                        continue;
                r = remove_one(m, dir, *name, fault);
                if (r >= 0)
                        r = strv_add(&gone, *name);
                if (r < 0)
                        return r;
        }
        manager_schedule_purge(m);
        return manager_dump_json(strings(gone), ret);
}

int manager_copy_volume(Manager *m, const char *name, bool in, int fd, ManagerReplyFn reply, void *data,
                        Fault *fault) {
        char *out_words[] = { (char *) "copy", (char *) "=.", (char *) "stream", NULL };
        char *in_words[] = { (char *) "copy", (char *) "stream", (char *) "=.", NULL };
        autofree char *dir = manager_volumes_dir(m);
        autoclose int root = -EBADF;
        int r;

        if (!dir)
                return -ENOMEM;
        r = in ? volume_make(dir, name, (VolumeOwner){}) : 0;
        if (r >= 0)
                r = root = volume_open(dir, name);
        if (r == -ENOENT)
                return r;
        if (r < 0) {
                (void) fault_set(fault, "volume", r, "%s", name);
                if (r == -ENOMEDIUM)
                        fault_advise(fault, "start the unit that mounts it first");
                return r;
        }

        const int out_fds[] = { root, fd }, in_fds[] = { root, root };
        const WorkerCall call = {
                .program = PROGRAM_ARCHIVER,
                .args = in ? in_words : out_words,
                .fd = in ? fd : root,
                .more_fds = in ? in_fds : out_fds,
                .n_more_fds = 2,
                .reply = reply,
                .data = data,
        };
        r = worker_run(m, &call, NULL);
        return r < 0 ? fault_set(fault, "volume", r, "%s", name) : 0;
}
