/* What the manager knows, as JSON for nsctl; and small requests on images, volumes and networks. */
#include <fcntl.h>
#include <jansson.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "manager/internal.h"
#include "spec/spec-json.h"
#include "storage/volume.h"

static char *volumes_dir(const Manager *m) {
        char *path;

        return asprintf(&path, "%s/volumes", m->config->paths.store) < 0 ? NULL : path;
}

static int dump(json_t *o, char **ret) {
        char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

        json_decref(o);
        if (!text)
                return -ENOMEM;
        *ret = text;
        return 0;
}

int manager_list_images(Manager *m, char **ret, Fault *fault) {
        int r = image_store_list_json(m->images, ret);

        return r < 0 ? fault_set(fault, "image store", r, "%s", m->config->paths.store) : 0;
}

int manager_inspect_image(Manager *m, const char *reference, char **ret, Fault *fault) {
        return image_store_inspect(m->images, reference, ret, fault);
}

json_t *manager_volume_users(const Manager *m, const char *name) {
        json_t *users = json_array();

        for (Unit *u = m->units; users && u; u = u->hh.next)
                for (size_t i = 0; u->held.spec && i < u->held.spec->n_mounts; i++) {
                        const MountSpec *mount = &u->held.spec->mounts[i];

                        if (mount->kind == MOUNT_VOLUME && mount->source && streq(mount->source, name)) {
                                (void) json_array_append_new(users, json_string(u->name));
                                break;
                        }
                }
        return users;
}

int manager_list_volumes(Manager *m, char **ret, Fault *fault) {
        autofree char *dir = volumes_dir(m);
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

                if (volume_inspect(dir, *name, &info) < 0)
                        continue;
                (void) json_array_append_new(list,
                                             json_pack("{s:s, s:s, s:I, s:o}", "name", info->name, "path",
                                                       info->path, "created", (json_int_t) info->created,
                                                       "units", manager_volume_users(m, *name)));
        }
        return dump(list, ret);
}

int manager_remove_volume(Manager *m, const char *name, Fault *fault) {
        autofree char *dir = volumes_dir(m);
        json_t *users;
        int r = 0;

        if (!dir)
                return -ENOMEM;

        users = manager_volume_users(m, name);
        if (json_array_size(users) > 0) {
                r = fault_set(fault, "remove volume", -EBUSY, "%s", name);
                fault_advise(fault, "used by %s: stop it first", json_string_value(json_array_get(users, 0)));
        }
        json_decref(users);
        if (r < 0)
                return r;

        r = volume_remove(dir, name);
        return r < 0 ? fault_set(fault, "remove volume", r, "%s", name) : 0;
}

int manager_list_networks(Manager *m, char **ret) {
        return dump(network_list(m->network), ret);
}

int manager_list_links(Manager *m, char **ret) {
        return dump(network_list_links(m->network), ret);
}

int manager_network_diff(Manager *m, char **ret) {
        json_t *diff;
        int r = network_diff(m->network, &diff);

        return r < 0 ? r : dump(diff, ret);
}

static json_t *time_or_null(usec_t t) {
        return t > 0 ? json_integer((json_int_t) t) : json_null();
}

int manager_list_timers(Manager *m, char **ret) {
        json_t *list = json_array();

        for (const Unit *u = m->units; u; u = u->hh.next) {
                TriggerTimes times;

                if (!unit_trigger_times(u, &times))
                        continue;
                (void) json_array_append_new(list,
                                             json_pack("{s:o, s:o, s:s}", "next", time_or_null(times.next),
                                                       "last", time_or_null(times.last), "unit", u->name));
        }
        return dump(list, ret);
}

/* A pod has a spec, too, but runs no program. */
static int check_container(const Unit *u, const char *what, Fault *fault) {
        return unit_is_pod(u) ? fault_set(fault, what, -EINVAL, "%s is no container", u->name) : 0;
}

int manager_unit_spec_json(Manager *m, Unit *u, char **ret, Fault *fault) {
        autoptr(ContainerSpec) spec = NULL;
        autofree char *volumes = volumes_dir(m), *root = NULL;
        const IdMap *ids = held_ids(u);
        autoidmap IdMap example = {};
        int r;

        r = check_container(u, "spec", fault);
        if (r < 0)
                return r;
        r = unit_make_spec(u, &(SpecRequest){ .from = u->spec }, NULL, &spec, fault);
        if (r < 0)
                return r;
        r = held_paths(u);
        root = r < 0 ? NULL : held_path(u, "root");
        if (!root || !volumes)
                return -ENOMEM;
        /* What a start would pick is not known before; any will do to read or run the result. */
        if (!ids && spec->user_namespace) {
                r = spec->pick_ids ? id_map_range(&example, m->config->users.first_id, spec->id_count)
                                   : id_map_copy(&spec->ids, &example);
                if (r < 0)
                        return r;
                ids = &example;
        }

        const SpecJsonContext context = {
                .root = root,
                .volume_store = volumes,
                .ids = spec->user_namespace ? ids : NULL,
        };
        return spec_to_json(spec, &context, ret);
}

int manager_unit_plan(Manager *m, Unit *u, char **ret, Fault *fault) {
        int r = check_container(u, "plan", fault);

        return r < 0 ? r : unit_plan_text(u, ret, fault);
}
