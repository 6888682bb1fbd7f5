/* Links of a unit beside those of its networks, and those that it has of the host: these must come back. */
#include "manager/links.h"
#include "basic/log.h"
#include "manager/internal.h"

static int add_moved(Unit *u, const ExtraLink *link, Fault *fault) {
        MovedLink *moved = reallocarray(u->held.moved, u->held.n_moved + 1, sizeof(*moved));

        if (!moved)
                return -ENOMEM;
        u->held.moved = moved;
        moved[u->held.n_moved] = (MovedLink){};
        return moved_link_record(link->host, link->inside, &moved[u->held.n_moved++], fault);
}

/* Written down before it is moved: whoever finds it gone from the host must know where it is. */
static int move_all(Unit *u, Fault *fault) {
        int r = 0;

        if (u->held.n_moved > 0 && unit_save(u) < 0)
                return fault_set(fault, "save", -errno, NULL);
        for (size_t i = 0; r >= 0 && i < u->held.n_moved; i++)
                r = moved_link_go(&u->held.moved[i], u->held.netns_fd, fault);
        return r;
}

bool unit_is_forwarded(const Unit *u) {
        const Attachment *a = u->held.attachment;

        for (size_t i = 0; a && i < a->n_links; i++)
                if (network_link_passes_host(&a->links[i]))
                        return true;
        return unit_name_kind(u->name) == UNIT_NETWORK && u->machine.prepared && u->spec &&
               (u->spec->network->driver == NETWORK_DRIVER_BRIDGE ||
                u->spec->network->driver == NETWORK_DRIVER_ROUTED);
}

char *const *unit_firewalls(const Unit *u) {
        char *const *list = NULL;

        if (unit_is_forwarded(u))
                (void) network_firewalls(u->manager->network, &list);
        return list;
}

int unit_make_links(Unit *u, Fault *fault) {
        const ContainerSpec *spec = u->held.spec;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < spec->n_links; i++)
                if (spec->links[i].kind == EXTRA_LINK_MOVED)
                        r = add_moved(u, &spec->links[i], fault);
        if (r >= 0)
                r = move_all(u, fault);
        for (; r >= 0 && u->held.n_extra < spec->n_links; u->held.n_extra++)
                if (spec->links[u->held.n_extra].kind != EXTRA_LINK_MOVED)
                        r = network_add_extra(u->manager->network, &spec->links[u->held.n_extra],
                                              u->held.netns_fd, fault);
        return r;
}

void unit_forget_links(Unit *u) {
        for (size_t i = 0; i < u->held.n_moved; i++)
                moved_link_done(&u->held.moved[i]);
        free(u->held.moved);
        u->held.moved = NULL;
        u->held.n_moved = 0;
}

void unit_drop_links(Unit *u) {
        const ContainerSpec *spec = u->held.spec;

        /* Of those that a failed start has not made there may be one of somebody else's. */
        for (size_t i = 0; spec && i < u->held.n_extra && i < spec->n_links; i++)
                network_drop_extra(u->manager->network, &spec->links[i]);
        u->held.n_extra = 0;

        for (size_t i = 0; i < u->held.n_moved; i++) {
                autofree char *text = NULL;
                Fault fault = {};

                if (u->held.netns_fd >= 0 &&
                    moved_link_return(&u->held.moved[i], u->held.netns_fd, &fault) < 0) {
                        text = fault_to_string(&fault);
                        log_message(LOG_ERR, u->name, "%s", text ? text : "out of memory");
                }
        }
        unit_forget_links(u);
}

void unit_links_save(const Unit *u, json_t *state) {
        json_t *moved;

        if (u->held.n_extra > 0)
                (void) json_object_set_new(state, "extra_links", json_integer((json_int_t) u->held.n_extra));
        if (u->held.n_moved == 0)
                return;
        moved = json_array();
        for (size_t i = 0; i < u->held.n_moved; i++)
                (void) json_array_append_new(moved, moved_link_to_json(&u->held.moved[i]));
        (void) json_object_set_new(state, "moved_links", moved);
}

int unit_links_adopt(Unit *u, const json_t *state) {
        const json_t *moved = json_object_get(state, "moved_links");
        size_t n = json_array_size(moved);

        u->held.n_extra = (size_t) json_integer_value(json_object_get(state, "extra_links"));
        if (n == 0)
                return 0;
        u->held.moved = calloc(n, sizeof(*u->held.moved));
        if (!u->held.moved)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (moved_link_from_json(json_array_get(moved, i), &u->held.moved[u->held.n_moved]) == 0)
                        u->held.n_moved++;
                else
                        moved_link_done(&u->held.moved[u->held.n_moved]);
        return 0;
}
