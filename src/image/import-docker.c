/* docker-archives: manifest.json names configuration and layers by their member names. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "image/digest.h"
#include "image/import-internal.h"
#include "image/reference.h"

static bool bears_name(const DockerImage *image, const char *wanted) {
        STRV_FOREACH (name, image->names) {
                autofree char *canonical = NULL;

                if (reference_normalize(*name, &canonical) == 0 && streq(canonical, wanted))
                        return true;
        }
        return false;
}

static int image_choose(Import *i, const DockerManifest *m, const DockerImage **ret) {
        autofree char *wanted = NULL;
        size_t n = 0;

        if (m->n_images == 1) {
                *ret = &m->images[0];
                return 0;
        }
        if (i->request->name && reference_normalize(i->request->name, &wanted) == 0)
                for (size_t k = 0; k < m->n_images; k++)
                        if (bears_name(&m->images[k], wanted)) {
                                *ret = &m->images[k];
                                n++;
                        }
        if (n == 1)
                return 0;
        fault_set(i->fault, "manifest.json", -ENOTUNIQ, "%zu images in the archive", m->n_images);
        fault_advise(i->fault, "name one of them as it is named in the archive");
        return -ENOTUNIQ;
}

/* Docker names the configuration by its digest, "HEX.json" or "blobs/sha256/HEX": then it must fit. */
static int config_check(Import *i, const char *member, const char *text, size_t size) {
        const char *slash = strrchr(member, '/');
        const char *name = slash ? slash + 1 : member;
        char have[65], named[65] = "";
        int r;

        if (strlen(name) == 64 || (strlen(name) == 69 && endswith(name, ".json")))
                memcpy(named, name, 64);
        if (!digest_is_hex(named))
                return 0;
        r = digest_of(text, size, have);
        if (r < 0)
                return r;
        return streq(have, named) ? 0
                                  : fault_tell(i->fault, "digest", -EBADMSG,
                                               "configuration %.80s is sha256:%s", member, have);
}

static int layers_import(Import *i, int dir_fd, const DockerImage *from, const ConfigBlob *config) {
        size_t n = strv_length(from->layers);
        autofree LayerSource *sources = calloc(n + 1, sizeof(*sources));

        if (!sources)
                return -ENOMEM;
        if (strv_length(config->diff_ids) != n)
                return fault_tell(i->fault, "configuration", -EBADMSG, "%zu DiffIDs for %zu layers",
                                  strv_length(config->diff_ids), n);
        for (size_t k = 0; k < n; k++)
                sources[k] = (LayerSource){ .path = from->layers[k],
                                            .size = UINT64_MAX,
                                            .diff_id = config->diff_ids[k] };
        return import_layers(i, dir_fd, sources, n);
}

int import_docker(Import *i, int dir_fd) {
        autoptr(DockerManifest) manifest = NULL;
        autoptr(ConfigBlob) config = NULL;
        autofree char *manifest_text = NULL, *text = NULL;
        const DockerImage *from = NULL;
        ImportImage image = {};
        size_t size;
        int r;

        r = import_read(i, dir_fd, "manifest.json", &manifest_text, &size);
        if (r == 0)
                r = docker_manifest_parse(manifest_text, size, &manifest, i->fault);
        if (r == 0)
                r = image_choose(i, manifest, &from);
        if (r == 0)
                r = import_read(i, dir_fd, strempty(from->config), &text, &image.config_size);
        if (r == 0)
                r = config_check(i, from->config, text, image.config_size);
        if (r == 0)
                r = config_blob_parse(text, image.config_size, &config, i->fault);
        if (r == 0 && config->os && !streq(config->os, "linux"))
                r = fault_set(i->fault, "configuration", -EOPNOTSUPP, "image for %.100s", config->os);
        if (r == 0)
                r = layers_import(i, dir_fd, from, config);
        if (r < 0)
                return r;

        image.config_text = text;
        image.config = config;
        image.name = from->names ? from->names[0] : NULL;
        return import_finish(i, &image);
}
