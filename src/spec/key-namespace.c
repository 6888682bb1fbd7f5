/* Key types of namespaces that are not the container's own: PidNS= and its like, and parts of Network= and
 * UserNS=. */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/unit-name.h"
#include "spec/key-input.h"
#include "spec/key-namespace.h"

static int set_unit(const KeyInput *in, const char *name, Where at, NamespaceChoice *ret) {
        if (!unit_name_valid(name) || unit_name_is_template(name))
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not the name of a container's unit",
                                  in->key, name);

        key_namespace_clear(ret);
        ret->unit = strdup(name);
        if (!ret->unit)
                return -ENOMEM;
        ret->mode = NAMESPACE_UNIT;
        ret->at = at;
        return 1;
}

static int set_path(const KeyInput *in, const char *path, Where at, NamespaceChoice *ret) {
        char *clean;
        int r;

        r = key_host_path(in, path, at, "namespace", &clean);
        if (r < 0)
                return r;

        key_namespace_clear(ret);
        *ret = (NamespaceChoice){ .mode = NAMESPACE_PATH, .path = clean, .at = at };
        return 1;
}

int key_namespace_shared(const KeyInput *in, const char *text, Where at, NamespaceChoice *ret) {
        const char *id = startswith(text, "container:"), *path = startswith(text, "ns:");
        UnitKind kind = unit_name_kind(text);

        if (id) {
                autofree char *unit = NULL;

                if (startswith(id, "systemd-"))
                        id += strlen("systemd-");
                if (asprintf(&unit, "%s.container", id) < 0) {
                        unit = NULL;
                        return -ENOMEM;
                }
                return set_unit(in, unit, where_advance(at, strlen("container:")), ret);
        }
        if (path)
                return set_path(in, path, where_advance(at, strlen("ns:")), ret);
        return kind == UNIT_CONTAINER || kind == UNIT_POD ? set_unit(in, text, at, ret) : 0;
}

char *key_namespace_text(const NamespaceChoice *c) {
        char *text;

        if (c->mode == NAMESPACE_UNIT)
                return strdup(c->unit);
        if (c->mode == NAMESPACE_PATH)
                return asprintf(&text, "ns:%s", c->path) < 0 ? NULL : text;
        return strdup(namespace_mode_to_string(c->mode));
}

int key_namespace_parse(const KeyInput *in, void *field) {
        static const char *const words[] = { "new", "host", NULL };
        autofree char *text = NULL;
        NamespaceChoice *c = field;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        if (streq(text, "new") || streq(text, "host")) {
                key_namespace_clear(c);
                *c = (NamespaceChoice){ .mode = namespace_mode_from_string(text), .at = at };
                return 0;
        }
        r = text[0] == '/' ? set_path(in, text, at, c) : key_namespace_shared(in, text, at, c);
        if (r != 0)
                return r < 0 ? r : 0;
        return key_bad_word(in, text, at, key_type_namespace.syntax, words);
}

char *key_namespace_format(const void *field) {
        const NamespaceChoice *c = field;

        return c->mode == NAMESPACE_PATH ? strdup(c->path) : key_namespace_text(c);
}

void key_namespace_clear(void *field) {
        NamespaceChoice *c = field;

        free(c->unit);
        free(c->path);
        *c = (NamespaceChoice){};
}
