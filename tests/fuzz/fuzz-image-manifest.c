/* Any bytes as each of the JSON texts of an image: what is accepted must be whole. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "fuzz.h"
#include "image/manifest.h"
#include "image/reference.h"

static void check(bool good) {
        if (!good)
                abort();
}

static void check_manifest(const char *text, size_t size) {
        autoptr(Manifest) m = NULL;
        const Descriptor *d = NULL;
        Fault fault = {};

        if (manifest_parse(text, size, &m, &fault) < 0) {
                check(!m && fault.error < 0);
                return;
        }
        check(!m->config || (digest_is_hex(m->config->digest) && m->n_children == 0));
        for (size_t i = 0; i < m->n_layers; i++)
                check(digest_is_hex(m->layers[i].digest));
        for (size_t i = 0; i < m->n_children; i++)
                check(digest_is_hex(m->children[i].digest));
        if (manifest_choose(m, "amd64", "web:1", &d, NULL) == 0)
                check(d >= m->children && d < m->children + m->n_children);
}

static void check_docker(const char *text, size_t size) {
        autoptr(DockerManifest) m = NULL;

        if (docker_manifest_parse(text, size, &m, NULL) == 0)
                check(m->n_images > 0);
}

static void check_config(const char *text, size_t size) {
        autoptr(ConfigBlob) c = NULL, again = NULL;
        autofree char *made = NULL;

        if (config_blob_parse(text, size, &c, NULL) < 0)
                return;
        STRV_FOREACH (id, c->diff_ids)
                check(digest_is_hex(*id));
        if (!c->diff_ids)
                return;

        /* What we write ourselves, we read. */
        check(config_blob_make(c->config, c->diff_ids[0], c->created, &made) == 0);
        check(config_blob_parse(made, strlen(made), &again, NULL) == 0);
        check(again->created == c->created);
        check(strv_equal(again->config->entrypoint, c->config->entrypoint));
        check(strv_equal(again->config->env, c->config->env));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        check_manifest((const char *) data, size);
        check_docker((const char *) data, size);
        check_config((const char *) data, size);
        return 0;
}
