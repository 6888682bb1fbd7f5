/*
 * Saved attachments, tampered with: the input is a JSON array of them, adopted one after the other. What is
 * taken over must be saved again as it was read, and nobody may hold what somebody else holds.
 */
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"
#include "network/network.h"

/* The handle needs sockets that only root of a network namespace may open. */
static Network *open_network(void) {
        NetworkSettings settings = { .publish_localhost = true };
        static int entered = -1;
        Network *n;

        if (entered < 0)
                entered = unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) == 0;
        if (inet_parse_prefix("10.89.0.0/16", &settings.subnet4) < 0 ||
            inet_parse_prefix("fd89::/64", &settings.subnet6) < 0 ||
            inet_parse_prefix("10.90.0.0/16", &settings.pool4) < 0)
                abort();
        return entered && network_new(&settings, NULL, &n) == 0 ? n : NULL;
}

static json_t *saved_of(const Attachment *a) {
        autojsontext JsonText t = {};
        json_t *o, *saved;

        json_text_begin(&t, NULL, '{');
        network_attachment_save(a, &t);
        json_text_end(&t, '}');
        o = json_loads(json_text_finish(&t), 0, NULL);
        saved = json_incref(json_object_get(o, "network"));
        json_decref(o);
        return saved;
}

/* A second handle reads what the first has written, and writes the same. */
static void examine(const Attachment *a) {
        autoptr(Network) n = open_network();
        json_t *first = saved_of(a), *second;
        Attachment *b = NULL;

        if (!n || !first || network_adopt(n, first, NULL, &b) < 0)
                abort();
        second = saved_of(b);
        if (!json_equal(first, second))
                abort();
        json_decref(first);
        json_decref(second);
}

static void compare(const Attachment *a, const Attachment *b) {
        for (size_t i = 0; i < a->n_links; i++)
                for (size_t j = 0; j < b->n_links; j++)
                        for (size_t k = 0; k < 2; k++)
                                if (k < a->links[i].n_addresses && k < b->links[j].n_addresses &&
                                    inet_equal(&a->links[i].addresses[k].address,
                                               &b->links[j].addresses[k].address))
                                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        autoptr(Network) n = open_network();
        json_t *all = json_loadb((const char *) data, size, 0, NULL), *lists[2];
        Attachment *last = NULL;

        for (size_t i = 0; n && i < json_array_size(all) && i < 64; i++) {
                Attachment *a = NULL;

                if (network_adopt(n, json_array_get(all, i), NULL, &a) < 0)
                        continue;
                examine(a);
                if (last)
                        compare(last, a);
                last = a;
        }
        if (n) {
                lists[0] = network_list(n);
                lists[1] = network_list_links(n);
                if (!lists[0] || !lists[1])
                        abort();
                json_decref(lists[0]);
                json_decref(lists[1]);
        }
        json_decref(all);
        return 0;
}
