/* Links of a unit beside those of its networks, and those that it has of the host: these must come back. */
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

/* Is there anything of it that is forwarded? */
static bool is_forwarded(const Unit *u) {
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

        if (is_forwarded(u))
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

json_t *unit_links_to_json(const Unit *u) {
        json_t *list = json_array();

        for (size_t i = 0; i < u->held.n_moved; i++)
                (void) json_array_append_new(list, moved_link_to_json(&u->held.moved[i]));
        return list;
}

int unit_adopt_links(Unit *u, const json_t *saved, size_t n_extra) {
        size_t n = json_array_size(saved);

        u->held.n_extra = n_extra;
        if (n == 0)
                return 0;
        u->held.moved = calloc(n, sizeof(*u->held.moved));
        if (!u->held.moved)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (moved_link_from_json(json_array_get(saved, i), &u->held.moved[u->held.n_moved]) == 0)
                        u->held.n_moved++;
                else
                        moved_link_done(&u->held.moved[u->held.n_moved]);
        return 0;
}
