/* Key type of Route=: podman-network-create(1), "--route". */
#include <string.h>

#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-inet.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

static int bad_metric(const KeyInput *in, const char *text, Where at) {
        return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not a metric (1 ... 4294967295)", in->key,
                          text);
}

static int route_fill(const KeyInput *in, char *text, Where at, NetworkRoute *ret) {
        char *rest = text;
        const char *to = strsep(&rest, ","), *via = strsep(&rest, ",");
        int r;

        if (!via || inet_parse_prefix(to, &ret->to) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not of the form %s", in->key, to,
                                  key_type_network_routes.syntax);
        ret->to = inet_prefix_network(&ret->to);
        r = key_inet_address(in, via, where_advance(at, (size_t) (via - text)), ret->to.address.family,
                             &ret->via);
        if (r == 0 && rest && (parse_u32_range(rest, 1, UINT32_MAX, &ret->metric) < 0))
                r = bad_metric(in, rest, where_advance(at, (size_t) (rest - text)));
        return r;
}

int key_network_routes_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        NetworkRoute route = {}, *item;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r == 0)
                r = route_fill(in, text, at, &route);
        if (r < 0)
                return r;
        item = LIST_ADD((NetworkRouteList *) field);
        if (!item)
                return -ENOMEM;
        *item = route;
        return 0;
}

char *key_network_routes_format(const void *field) {
        const NetworkRouteList *list = field;
        char to[INET_TEXT_MAX], via[INET_TEXT_MAX], **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++) {
                const NetworkRoute *route = &list->items[i];

                (void) inet_format_prefix(&route->to, to);
                (void) inet_format(&route->via, via);
                r = route->metric > 0 ? strv_addf(&words, "%s,%s,%u", to, via, route->metric)
                                      : strv_addf(&words, "%s,%s", to, via);
        }
        return key_join_take(words, r);
}

void key_network_routes_clear(void *field) {
        NetworkRouteList *list = field;

        free(list->items);
        *list = (NetworkRouteList){};
}
