/* Networks, volumes and builds of a Compose file to units of their own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/import-compose.h"

int compose_network_driver(Conversion *c, const Doc *value) {
        const char *text;
        int r;

        r = import_text(c->import, value, &text);
        return r < 0 || streq(text, "bridge") || streq(text, "default") ? r : import_as_value(c, value);
}

int compose_ipam_driver(Conversion *c, const Doc *value) {
        const char *text;
        int r;

        r = import_text(c->import, value, &text);
        return r < 0 || streq(text, "default") ? r : import_as_value(c, value);
}

int compose_ipam(Conversion *c, const Doc *value) {
        static const char *const members[] = { "subnet", "gateway", "ip_range" };
        int r;

        r = import_subnets(c, value, members);
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *kept = doc_find(value->children[i], "aux_addresses");

                if (kept)
                        r = import_note(c, kept, "no address is kept free");
        }
        return r;
}

int compose_network(Compose *compose, const char *name, const Doc *definition, const Doc *at) {
        Conversion c = { .import = compose->import, .root = definition, .source = compose };
        autofree char *stem = compose_network_stem(compose, name);
        const char *external;
        int r;

        if (!stem)
                return -ENOMEM;
        if (definition && compose_is_external(definition, name, &external))
                return 0;
        r = unit_bundle_add(&compose->import->bundle, UNIT_NETWORK, stem,
                            definition ? definition->at : at->at, &c.unit);
        if (r == -EEXIST)
                return 0;
        if (r == -EINVAL)
                return import_error(compose->import, at, "\"%s\" cannot be the name of a unit", stem);
        return r < 0 || !definition
                       ? r
                       : import_rows(&c, compose_network_table.rows, compose_network_table.n, true);
}

int compose_volume_driver(Conversion *c, const Doc *value) {
        const char *text;
        int r;

        r = import_text(c->import, value, &text);
        return r < 0 || streq(text, "local") ? r : import_as_value(c, value);
}

int compose_volume(Compose *compose, const Doc *definition) {
        Conversion c = { .import = compose->import, .root = definition, .source = compose };
        const char *external;
        int r;

        if (compose_is_external(definition, definition->key, &external))
                return 0;
        r = unit_bundle_add(&compose->import->bundle, UNIT_VOLUME, definition->key, definition->at, &c.unit);
        if (r == -EINVAL)
                return import_error(compose->import, definition, "\"%s\" cannot be the name of a unit",
                                    definition->key);
        return r < 0 ? r : import_rows(&c, compose_volume_table.rows, compose_volume_table.n, true);
}

int compose_build_pull(Conversion *c, const Doc *value) {
        bool on;
        int r;

        r = import_bool(c->import, value, &on);
        return r < 0 || !on ? r : unit_text_raw(c->unit, PART_OWN, "Pull", value->at, "always");
}

/* The name of what is built, and the directory it is built from. */
static int put_build_head(Conversion *c, const Doc *value, const char *image) {
        const Compose *compose = c->source;
        const char *context = value->kind == DOC_TEXT ? value->text : doc_text(value, "context") ?: ".";
        autofree char *tag = NULL, *path = NULL;
        int r;

        if (asprintf(&tag, "localhost/%s-%s:latest", compose->project, c->unit->stem) < 0) {
                tag = NULL;
                return -ENOMEM;
        }
        r = import_put(c, value,
                       unit_text_value(c->unit, PART_OWN, "ImageTag", value->at, image ? image : tag));
        if (r == 0 && !strstr(context, "://") && !startswith(context, "git@"))
                r = import_path(c->import, context, &path);
        return r < 0 ? r
                     : import_put(c, value,
                                  unit_text_value(c->unit, PART_OWN, "SetWorkingDirectory", value->at,
                                                  path ? path : context));
}

int compose_build(Conversion *c, const Doc *value) {
        Conversion build = {
                .import = c->import, .root = value, .top = c->root, .row = c->row, .source = c->source
        };
        autofree char *name = NULL;
        int r;

        if (value->kind != DOC_TEXT && value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a text or a map");
        if (asprintf(&name, "%s.build", c->unit->stem) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        r = unit_text_value(c->unit, PART_OWN, "Image", value->at, name);
        if (r == 0)
                r = unit_bundle_add(&c->import->bundle, UNIT_BUILD, c->unit->stem, value->at, &build.unit);
        if (r == 0)
                r = put_build_head(&build, value, doc_text(c->root, "image"));
        return r < 0 || value->kind == DOC_TEXT
                       ? r
                       : import_rows(&build, compose_build_table.rows, compose_build_table.n, true);
}
