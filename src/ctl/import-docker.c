/*
 * What `docker inspect` or `podman inspect` printed, to units: containers, and networks and volumes where
 * they were asked for too. An image that is in the list tells what its containers have from it and need not
 * say.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/import-docker.h"

#define TABLE(name)                   static const ImportRow name##_rows[] = {
#define ROW(path, part, key, convert) { path, PART_##part, key, convert, NULL },
#define NO_EQUAL(path, reason)        { path, PART_OWN, NULL, NULL, reason },
#define NOTHING(path)                 { path, PART_OWN, NULL, NULL, NULL },
#define TABLE_END \
        }         \
        ;
#include "ctl/inspect-keys.def"

typedef enum ObjectKind {
        OBJECT_CONTAINER,
        OBJECT_IMAGE,
        OBJECT_NETWORK,
        OBJECT_VOLUME,
        OBJECT_UNKNOWN,
} ObjectKind;

static ObjectKind kind_of(const Doc *d) {
        if (doc_get(d, "HostConfig") && doc_get(d, "Config"))
                return OBJECT_CONTAINER;
        if (doc_get(d, "RootFS"))
                return OBJECT_IMAGE;
        if (doc_get(d, "IPAM") || doc_get(d, "subnets") || doc_get(d, "network_interface"))
                return OBJECT_NETWORK;
        if (doc_get(d, "Mountpoint"))
                return OBJECT_VOLUME;
        return OBJECT_UNKNOWN;
}

const char *inspect_stem(const Doc *object) {
        const char *name = doc_text(object, "Name") ?: doc_text(object, "name");

        return name && name[0] == '/' ? name + 1 : name;
}

const Doc *inspect_find(const Inspect *inspect, const char *id) {
        for (size_t i = 0; i < inspect->all->n && *id; i++) {
                const Doc *d = inspect->all->children[i];
                const char *own = doc_text(d, "Id");

                if (kind_of(d) == OBJECT_CONTAINER &&
                    ((own && startswith(own, id)) || streq_null(inspect_stem(d), id)))
                        return d;
        }
        return NULL;
}

/* The ids of images have "sha256:" before them in Docker's output and not in Podman's. */
static const Doc *find_image(const Inspect *inspect, const Doc *container) {
        const char *id = doc_text(container, "Image");

        for (size_t i = 0; id && i < inspect->all->n; i++)
                if (kind_of(inspect->all->children[i]) == OBJECT_IMAGE &&
                    streq_null(doc_text(inspect->all->children[i], "Id"), id))
                        return inspect->all->children[i];
        return NULL;
}

bool inspect_inherited(const Conversion *c, const char *path) {
        const Inspect *inspect = c->source;
        const Doc *own = doc_find(c->root, path), *image = doc_find(inspect->image, path);

        return own && image && doc_equal(own, image);
}

static int add_unit(Inspect *inspect, UnitKind kind, const Doc *d, UnitText **ret) {
        const char *stem = inspect_stem(d);
        int r;

        if (!stem)
                return import_error(inspect->import, d, "it has no name");
        r = unit_bundle_add(&inspect->import->bundle, kind, stem, d->at, ret);
        if (r == -EINVAL)
                return import_error(inspect->import, d, "\"%s\" cannot be the name of a unit", stem);
        if (r == -EEXIST)
                return import_error(inspect->import, d, "there are two of the name \"%s\"", stem);
        return r;
}

static int convert_object(Inspect *inspect, const Doc *d, UnitKind kind, const ImportRow *rows, size_t n) {
        Conversion c = { .import = inspect->import, .root = d, .source = inspect };
        int r;

        /* The container that holds a pod's namespaces is no unit; its ports and networks are the pod's. */
        if (streq_null(doc_text(d, "IsInfra"), "true"))
                return 0;
        r = add_unit(inspect, kind, d, &c.unit);
        if (r < 0)
                return r;
        inspect->image = find_image(inspect, d);
        if (kind == UNIT_CONTAINER && !doc_text(d, "Config.Image"))
                return import_error(inspect->import, d, "the container has no image");
        return import_rows(&c, rows, n, false);
}

/* Networks and volumes first: a container makes those that are not there. */
static int convert_kind(Inspect *inspect, ObjectKind wanted) {
        int bad = 0, r = 0;

        for (size_t i = 0; i < inspect->all->n; i++) {
                const Doc *d = inspect->all->children[i];
                ObjectKind kind = kind_of(d);

                if (kind != wanted)
                        continue;
                switch (kind) {
                case OBJECT_CONTAINER:
                        r = convert_object(inspect, d, UNIT_CONTAINER, container_rows,
                                           ELEMENTSOF(container_rows));
                        break;
                case OBJECT_NETWORK:
                        r = convert_object(inspect, d, UNIT_NETWORK, network_rows, ELEMENTSOF(network_rows));
                        break;
                case OBJECT_VOLUME:
                        r = convert_object(inspect, d, UNIT_VOLUME, volume_rows, ELEMENTSOF(volume_rows));
                        break;
                case OBJECT_UNKNOWN:
                        r = import_error(inspect->import, d,
                                         "this is no object of a container, an image, a network or a volume");
                        break;
                case OBJECT_IMAGE:
                        break;
                }
                if (r == -ENOMEM)
                        return r;
                bad = r < 0 ? r : bad;
        }
        return bad;
}

int import_docker(Import *i, const char *file, const char *text, size_t size) {
        static const ObjectKind order[] = { OBJECT_UNKNOWN, OBJECT_NETWORK, OBJECT_VOLUME, OBJECT_CONTAINER };
        autoptr(Doc) doc = NULL;
        Inspect inspect = { .import = i };
        const size_t before = i->bundle.n;
        int bad = 0, r;

        r = doc_json_parse(file, text, size, i->diag, &doc);
        if (r < 0)
                return r;
        if (doc->kind != DOC_LIST)
                return import_error(i, doc, "`docker inspect` prints a list, and this is %s",
                                    doc_kind_name(doc->kind));

        inspect.all = doc;
        for (size_t k = 0; k < ELEMENTSOF(order); k++) {
                r = convert_kind(&inspect, order[k]);
                if (r == -ENOMEM)
                        return r;
                bad = r < 0 ? r : bad;
        }
        if (bad == 0 && i->bundle.n == before)
                return import_error(i, doc, "there is nothing in it to make a unit from");
        return bad;
}
