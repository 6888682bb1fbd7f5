#include "spec/json-mounts.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/json-list.h"
#include "spec/mount-map.h"

#define VOLUME_STORE "/var/lib/nsunits/volumes"

/* @options: separated by commas. */
static json_t *make_mount(const char *destination, const char *type, const char *source,
                          const char *options) {
        json_t *list = json_array();
        int r = 0;

        for (const char *p = options; *p; p += *p == ',') {
                size_t n = strcspn(p, ",");

                r |= json_array_append_new(list, json_stringn(p, n));
                p += n;
        }
        if (r < 0) {
                json_decref(list);
                return NULL;
        }
        return json_pack("{s:s, s:s, s:s, s:o}", "destination", destination, "type", type, "source", source,
                         "options", list);
}

static int add_system_mounts(json_t *list, const ContainerSpec *s, const SpecJsonContext *c) {
        /* A sysfs can only be mounted by the owner of the network that it shows. */
        bool host_sysfs = s->network == NETWORK_MODE_HOST && c->ids;
        char shm[64] = "nosuid,noexec,nodev,mode=1777";
        size_t n = strlen(shm);
        int r = 0;

        if (s->shm_size > 0)
                (void) snprintf(shm + n, sizeof(shm) - n, ",size=%llu", (unsigned long long) s->shm_size);

        r |= json_array_append_new(list, make_mount("/proc", "proc", "proc", "nosuid,noexec,nodev"));
        r |= json_array_append_new(
                list, make_mount("/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k"));
        r |= json_array_append_new(list,
                                   make_mount("/dev/pts", "devpts", "devpts",
                                              "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"));
        r |= json_array_append_new(list, make_mount("/dev/shm", "tmpfs", "shm", shm));
        r |= json_array_append_new(list,
                                   make_mount("/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev"));
        r |= json_array_append_new(
                list, host_sysfs ? make_mount("/sys", "bind", "/sys", "rbind,nosuid,noexec,nodev,ro")
                                 : make_mount("/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro"));
        r |= json_array_append_new(
                list, make_mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro"));
        return r;
}

static const char *propagation_word(unsigned long flags) {
        bool all = flags & MS_REC;

        if (flags & MS_SHARED)
                return all ? "rshared" : "shared";
        if (flags & MS_SLAVE)
                return all ? "rslave" : "slave";
        if (flags & MS_UNBINDABLE)
                return all ? "runbindable" : "unbindable";
        return all ? "rprivate" : "private";
}

/* Where a named volume lies. A ".volume" unit is taken to have the default name; an anonymous volume has no
 * place before the container exists, and is a tmpfs here. */
static char *volume_path(const MountSpec *m, const SpecJsonContext *c) {
        autofree char *name =
                unit_name_kind(m->source) == UNIT_VOLUME ? unit_name_stem(m->source) : strdup(m->source);
        char *path;

        if (!name ||
            asprintf(&path, "%s/%s/_data", c->volume_store ? c->volume_store : VOLUME_STORE, name) < 0)
                return NULL;
        return path;
}

/* The directories that the container's writes go to are the manager's to make. */
static json_t *make_overlay(const MountSpec *m, const SpecJsonContext *c, const char *flags) {
        autofree char *top =
                m->kind == MOUNT_VOLUME && m->source ? volume_path(m, c) : strdup(strempty(m->source));
        autofree char *options = NULL;
        autostrv char **layers = NULL;
        autofree char *joined = NULL;
        int r;

        r = top ? strv_add(&layers, top) : -ENOMEM;
        for (size_t i = strv_length(m->lowers); r == 0 && i-- > 0;)
                r = strv_add(&layers, m->lowers[i]);
        joined = r == 0 ? strv_join(layers, ":") : NULL;
        if (!joined)
                return NULL;
        if (asprintf(&options, "%s,lowerdir=%s%s%s", flags, joined, m->upper ? ",upperdir=" : "",
                     strempty(m->upper)) < 0) {
                options = NULL;
                return NULL;
        }
        return make_mount(m->destination, "overlay", "overlay", options);
}

/* A map of its own, where the container has all ids that it names. */
static json_t *add_map(json_t *mount, const MountSpec *m, const SpecJsonContext *c) {
        autoidmap IdMap map = {};
        int r = 0;

        if (mount && mount_map_is_set(m) && mount_map_make(m, c->ids, &map) == 0) {
                r = json_object_set_new(mount, "uidMappings", json_id_list(&map.uids));
                r |= json_object_set_new(mount, "gidMappings", json_id_list(&map.gids));
        }
        if (r == 0)
                return mount;
        json_decref(mount);
        return NULL;
}

static json_t *make_own_mount(const MountSpec *m, const SpecJsonContext *c) {
        const char *flags[] = {
                m->read_only ? "ro" : "rw",
                m->no_exec ? "noexec" : "exec",
                m->no_suid ? "nosuid" : "suid",
                m->no_dev ? "nodev" : "dev",
        };
        autofree char *path = NULL;
        char options[160];
        int n;

        n = snprintf(options, sizeof(options), "%s,%s,%s,%s", flags[0], flags[1], flags[2], flags[3]);
        if (m->overlay)
                return make_overlay(m, c, options);
        if (m->kind == MOUNT_RAMFS || m->kind == MOUNT_DEVPTS)
                return make_mount(m->destination, mount_kind_to_string(m->kind),
                                  mount_kind_to_string(m->kind), options);
        if (m->kind == MOUNT_TMPFS || !m->source) {
                n += snprintf(options + n, sizeof(options) - (size_t) n, ",mode=%o",
                              m->mode > 0 ? m->mode : 01777);
                if (m->size > 0)
                        (void) snprintf(options + n, sizeof(options) - (size_t) n, ",size=%llu",
                                        (unsigned long long) m->size);
                return make_mount(m->destination, "tmpfs", "tmpfs", options);
        }

        path = m->kind == MOUNT_VOLUME ? volume_path(m, c) : strdup(m->source);
        if (!path)
                return NULL;
        (void) snprintf(options + n, sizeof(options) - (size_t) n, ",%s,%s%s",
                        m->kind == MOUNT_VOLUME || m->recursive ? "rbind" : "bind",
                        propagation_word(m->propagation),
                        m->idmap && c->ids && !mount_map_is_set(m) ? ",idmap" : "");
        return add_map(make_mount(m->destination, "bind", path, options), m, c);
}

json_t *json_mounts(const ContainerSpec *s, const SpecJsonContext *context) {
        json_t *list = json_array();
        int r;

        r = add_system_mounts(list, s, context);
        for (size_t i = 0; i < s->n_mounts; i++)
                r |= json_array_append_new(list, make_own_mount(&s->mounts[i], context));
        if (r < 0) {
                json_decref(list);
                return NULL;
        }
        return list;
}
