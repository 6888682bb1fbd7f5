/* Key types of network devices by name: VirtualEthernetExtra=, Interface=, MACVLAN=, Bridge= and their like.
 */
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

static void link_done(LinkSpec *l) {
        free(l->host);
        free(l->container);
}

/* "HOST[:CONTAINER]"; without the second half both are the same. */
static int link_fill(const KeyInput *in, const Word *word, LinkSpec *l) {
        char *container = word->text;
        const char *host = strsep(&container, ":");
        int r;

        r = key_interface_name(in, host, word->at, &l->host);
        if (r < 0)
                return r;
        return key_interface_name(in, container ? container : host,
                                  container ? where_advance(word->at, (size_t) (container - word->text))
                                            : word->at,
                                  &l->container);
}

int key_links_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                LinkSpec l = {}, *item;
                int r;

                r = link_fill(in, &words[i], &l);
                item = r == 0 ? LIST_ADD((LinkList *) field) : NULL;
                if (!item) {
                        link_done(&l);
                        return r < 0 ? r : -ENOMEM;
                }
                *item = l;
        }
        return n < 0 ? n : 0;
}

char *key_links_format(const void *field) {
        const LinkList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++) {
                const LinkSpec *l = &list->items[i];
                bool same = streq(l->host, l->container);

                r = strv_addf(&words, "%s%s%s", l->host, same ? "" : ":", same ? "" : l->container);
        }
        return key_join_take(words, r);
}

void key_links_clear(void *field) {
        LinkList *list = field;

        for (size_t i = 0; i < list->n; i++)
                link_done(&list->items[i]);
        free(list->items);
        *list = (LinkList){};
}
