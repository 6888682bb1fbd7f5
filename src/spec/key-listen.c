/* Key type of ListenStream= and its like: one address of a socket (systemd.socket(5)). */
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

ENUM_DEFINE(Ipv6Only, ipv6_only, IPV6_ONLY, IPV6_ONLY_LIST)

/* "8080", "127.0.0.1:8080", "[::1]:8080" */
static int set_port(const KeyInput *in, char *text, Where at, ListenSpec *l) {
        char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
        uint32_t n;

        if (parse_u32_range(port, 1, UINT16_MAX, &n) < 0)
                return key_bad_form(in, text, at, -EINVAL, key_type_listens.syntax);
        l->port = (uint16_t) n;
        if (!colon)
                return 0;

        *colon = '\0';
        if ((strchr(text, ':') && *text != '[') || inet_parse(text, &l->address) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not an IP address", in->key, text);
        return 0;
}

static int listen_fill(const KeyInput *in, char *text, Where at, ListenSpec *l) {
        if (*text != '/' && *text != '@')
                return set_port(in, text, at, l);
        if (strlen(text) >= sizeof(((struct sockaddr_un *) 0)->sun_path))
                return diag_error(in->diag, at, -EINVAL, "%s=: the path of a socket has at most 107 letters",
                                  in->key);
        if (*text == '/')
                return key_host_path(in, text, at, "socket", &l->path);
        if (!text[1])
                return key_bad_form(in, text, at, -EINVAL, key_type_listens.syntax);
        l->path = strdup(text);
        return l->path ? 0 : -ENOMEM;
}

int key_listens_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        ListenSpec l = {}, *item;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        r = listen_fill(in, text, at, &l);
        item = r == 0 ? LIST_ADD((ListenList *) field) : NULL;
        if (!item) {
                free(l.path);
                return r < 0 ? r : -ENOMEM;
        }
        *item = l;
        return 0;
}

char *key_listens_format(const void *field) {
        const ListenList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++) {
                const ListenSpec *l = &list->items[i];
                const char *open = l->address.family == AF_INET6 ? "[" : "";
                char address[INET_TEXT_MAX];

                if (l->path)
                        r = strv_add(&words, l->path);
                else if (l->address.family == AF_UNSPEC)
                        r = strv_addf(&words, "%u", l->port);
                else
                        r = strv_addf(&words, "%s%s%s:%u", open, inet_format(&l->address, address),
                                      *open ? "]" : "", l->port);
        }
        return key_join_take(words, r);
}

void key_listens_clear(void *field) {
        ListenList *list = field;

        for (size_t i = 0; i < list->n; i++)
                free(list->items[i].path);
        free(list->items);
        *list = (ListenList){};
}
