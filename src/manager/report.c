/* What the manager knows, as JSON for nsctl; and small requests on images, volumes and networks. */
#include <fcntl.h>
#include <jansson.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "manager/internal.h"
#include "spec/spec-json.h"

int manager_dump_json(json_t *o, char **ret) {
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

int manager_list_networks(Manager *m, char **ret) {
        return manager_dump_json(network_list(m->network), ret);
}

int manager_list_links(Manager *m, char **ret) {
        return manager_dump_json(network_list_links(m->network), ret);
}

int manager_network_diff(Manager *m, char **ret) {
        json_t *diff;
        int r = network_diff(m->network, &diff);

        return r < 0 ? r : manager_dump_json(diff, ret);
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
        return manager_dump_json(list, ret);
}

/* A pod has a spec, too, but runs no program. */
static int check_container(const Unit *u, const char *what, Fault *fault) {
        return unit_is_pod(u) ? fault_set(fault, what, -EINVAL, "%s is no container", u->name) : 0;
}

int manager_unit_spec_json(Manager *m, Unit *u, char **ret, Fault *fault) {
        autoptr(ContainerSpec) spec = NULL;
        autofree char *volumes = manager_volumes_dir(m), *root = NULL;
        const IdMap *ids = held_ids(u);
        autoidmap IdMap example = {};
        int r;

        r = check_container(u, "spec", fault);
        if (r < 0)
                return r;
        r = unit_make_spec(u, &(SpecRequest){ .from = u->spec }, NULL, &spec, fault);
        if (r < 0)
                return r;
        root = held_path(u, "root");
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
