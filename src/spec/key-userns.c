/* Key types of user namespaces: UserNS=, and the maps of ids. */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-id-map.h"
#include "spec/key-input.h"
#include "spec/key-namespace.h"

ENUM_DEFINE(UserNamespaceMode, userns_mode, USERNS, USERNS_LIST)

static int bad_map(const KeyInput *in, const char *text, Where at) {
        return key_bad_form(in, text, at, -EINVAL, "[+]INSIDE:OUTSIDE[:COUNT]");
}

int key_id_map_add(const KeyInput *in, const char *text, Where at, char separator, IdMapList *list) {
        const char separators[] = { separator, '\0' };
        IdMapSpec m = { .count = 1 }, *item;
        autofree char *copy = strdup(text);
        char *rest = copy, *part;
        uint32_t *const numbers[] = { &m.inside, &m.outside, &m.count };
        size_t n = 0;

        if (!copy)
                return -ENOMEM;
        if (separator == '-' && *rest == '@') {
                m.container = true;
                rest++;
        }
        for (; separator != '-' && *rest && strchr("+ug", *rest); rest++)
                *(*rest == '+' ? &m.add : *rest == 'u' ? &m.uids : &m.gids) = true;

        while ((part = strsep(&rest, separators)) && n < ELEMENTSOF(numbers)) {
                if (n == 1 && *part == '@' && separator != '-') {
                        m.host = true;
                        part++;
                }
                if (parse_u32_range(part, n == 2, ID_UNSET - 1, numbers[n]) < 0)
                        return bad_map(in, text, at);
                n++;
        }
        if (n < 2 || part)
                return bad_map(in, text, at);
        if (m.inside > ID_UNSET - m.count || m.outside > ID_UNSET - m.count)
                return key_bad_form(in, text, at, -ERANGE, "ids end at 4294967294");

        item = LIST_ADD(list);
        if (!item)
                return -ENOMEM;
        *item = m;
        return 0;
}

char *key_id_map_text(const IdMapSpec *m, char separator) {
        char *text;

        return asprintf(&text, "%s%s%s%s%u%c%s%u%c%u", m->container ? "@" : "", m->add ? "+" : "",
                        m->uids ? "u" : "", m->gids ? "g" : "", m->inside, separator, m->host ? "@" : "",
                        m->outside, separator, m->count) < 0
                       ? NULL
                       : text;
}

int key_id_map_copy(const IdMapList *from, IdMapList *to) {
        for (size_t i = 0; i < from->n; i++) {
                IdMapSpec *item = LIST_ADD(to);

                if (!item)
                        return -ENOMEM;
                *item = from->items[i];
        }
        return 0;
}

int key_id_maps_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                int r = key_id_map_add(in, words[i].text, words[i].at, ':', field);

                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

char *key_id_maps_format(const void *field) {
        const IdMapList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++)
                r = strv_take(&words, key_id_map_text(&list->items[i], ':'));
        return key_join_take(words, r);
}

void key_id_maps_clear(void *field) {
        IdMapList *list = field;

        free(list->items);
        *list = (IdMapList){};
}

/* Behind "auto:" and "keep-id:". */
static int apply_option(const KeyInput *in, const KeyOption *o, UserNamespaceChoice *c) {
        static const char *const automatic[] = { "size", "uidmapping", "gidmapping", NULL };
        static const char *const keep[] = { "uid", "gid", "size", NULL };
        const char *const *words = c->mode == USERNS_AUTO ? automatic : keep;
        const char *value = strempty(o->value);
        uint32_t *number;

        if (!strv_contains((char **) words, o->name))
                return key_bad_option(in, o, words);
        if (streq(o->name, "uidmapping"))
                return key_id_map_add(in, value, o->value_at, ':', &c->uid_map);
        if (streq(o->name, "gidmapping"))
                return key_id_map_add(in, value, o->value_at, ':', &c->gid_map);

        number = streq(o->name, "size") ? &c->size : streq(o->name, "uid") ? &c->uid : &c->gid;
        if (parse_u32_range(value, streq(o->name, "size"), ID_UNSET - 1, number) < 0)
                return diag_error(in->diag, o->value_at, -EINVAL,
                                  "%s=: %s=%s is not a number of ids or an id", in->key, o->name, value);
        return 0;
}

static int fill(const KeyInput *in, char *text, Where at, UserNamespaceChoice *c) {
        static const char *const words[] = { "auto", "host", "keep-id", "nomap", NULL };
        char *options = text;
        KeyOption o;
        int r;

        r = key_namespace_shared(in, text, at, &c->shared);
        if (r != 0) {
                c->mode = USERNS_SHARED;
                return r < 0 ? r : 0;
        }

        strsep(&options, ":");
        /* "private" is podman's name of what the maps, or else auto, say. */
        if (!strv_contains((char **) words, text) && !streq(text, "private"))
                return key_bad_word(in, text, at, key_type_userns.syntax, words);
        c->mode = streq(text, "private") ? USERNS_AUTO : userns_mode_from_string(text);
        if (options && c->mode != USERNS_AUTO && c->mode != USERNS_KEEP_ID)
                return diag_error(in->diag, where_advance(at, (size_t) (options - text)), -EINVAL,
                                  "%s=: \"%s\" has no options", in->key, text);

        for (char *start = options;
             key_next_option(&options, start, where_advance(at, (size_t) (start - text)), ',', &o);) {
                r = apply_option(in, &o, c);
                if (r < 0)
                        return r;
        }
        return 0;
}

int key_userns_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        UserNamespaceChoice c = { .uid = ID_UNSET, .gid = ID_UNSET };
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        r = fill(in, text, at, &c);
        if (r < 0) {
                key_userns_clear(&c);
                return r;
        }
        key_userns_clear(field);
        *(UserNamespaceChoice *) field = c;
        return 0;
}

static int add_maps(char ***options, const char *name, const IdMapList *list) {
        for (size_t i = 0; i < list->n; i++) {
                autofree char *line = key_id_map_text(&list->items[i], ':');
                int r = line ? strv_addf(options, "%s=%s", name, line) : -ENOMEM;

                if (r < 0)
                        return r;
        }
        return 0;
}

char *key_userns_format(const void *field) {
        const UserNamespaceChoice *c = field;
        autostrv char **options = NULL;
        autofree char *joined = NULL;
        char *text;
        int r = 0;

        if (c->mode == USERNS_SHARED)
                return key_namespace_text(&c->shared);

        if (c->mode == USERNS_KEEP_ID && c->uid != ID_UNSET)
                r = strv_addf(&options, "uid=%u", c->uid);
        if (r == 0 && c->mode == USERNS_KEEP_ID && c->gid != ID_UNSET)
                r = strv_addf(&options, "gid=%u", c->gid);
        if (r == 0 && c->size > 0)
                r = strv_addf(&options, "size=%u", c->size);
        if (r == 0)
                r = add_maps(&options, "uidmapping", &c->uid_map);
        if (r == 0)
                r = add_maps(&options, "gidmapping", &c->gid_map);
        if (r < 0)
                return NULL;

        joined = strv_join(options, ",");
        if (!joined)
                return NULL;
        return asprintf(&text, "%s%s%s", userns_mode_to_string(c->mode), *joined ? ":" : "", joined) < 0
                       ? NULL
                       : text;
}

void key_userns_clear(void *field) {
        UserNamespaceChoice *c = field;

        key_id_maps_clear(&c->uid_map);
        key_id_maps_clear(&c->gid_map);
        key_namespace_clear(&c->shared);
        *c = (UserNamespaceChoice){ .mode = USERNS_DEFAULT, .uid = ID_UNSET, .gid = ID_UNSET };
}
