/* Digests there and here. */
#include "image/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "image/digest.h"
#include "image/manifest.h"
#include "image/skopeo.h"

#define DOCKER_TYPES "application/vnd.docker."

/* What the source has, as far as one question tells. */
typedef struct Remote {
        char digest[65]; /* of the manifest */
        char config[65]; /* of the configuration; empty when that was not asked for */
        bool docker;     /* digests that become others here */
} Remote;

static bool is_docker(const Descriptor *d) {
        return d->media_type && startswith(d->media_type, DOCKER_TYPES);
}

static int remote_parse(const PullRequest *q, const char *text, size_t size, Remote *ret, Fault *fault) {
        autoptr(Manifest) m = NULL;
        const Descriptor *d;
        int r;

        *ret = (Remote){};
        r = manifest_parse(text, size, &m, fault);
        if (r < 0)
                return r;
        if (m->config) {
                (void) strcpy(ret->config, m->config->digest);
                ret->docker = is_docker(m->config);
                return digest_of(text, size, ret->digest);
        }

        r = manifest_choose(m, q->architecture ? q->architecture : architecture_native(), NULL, &d, fault);
        if (r < 0)
                return r;
        (void) strcpy(ret->digest, d->digest);
        ret->docker = is_docker(d);
        return 0;
}

static bool same_words(const Image *image, const ConfigBlob *there) {
        const ImageConfig *a = image->config, *b = there->config;

        return image->created == there->created && strv_equal(image->layers, there->diff_ids) &&
               strv_equal(a->cmd, b->cmd) && strv_equal(a->entrypoint, b->entrypoint) &&
               strv_equal(a->env, b->env) && streq_null(a->user, b->user) &&
               streq_null(a->working_dir, b->working_dir);
}

static int compare_words(const PullRequest *q, const char *source, const Image *image, bool *ret_newer,
                         Fault *fault) {
        autoptr(ConfigBlob) there = NULL;
        autofree char *text = NULL;
        size_t size;
        int r;

        r = skopeo_inspect(q, source, "--config", &text, &size, fault);
        if (r == 0)
                r = config_blob_parse(text, size, &there, fault);
        if (r == 0)
                *ret_newer = !same_words(image, there);
        return r;
}

static int compare_source(const PullRequest *q, const char *source, const Image *image, bool *ret_newer,
                          Fault *fault) {
        autofree char *text = NULL;
        Remote remote;
        size_t size;
        int r;

        r = skopeo_inspect(q, source, "--raw", &text, &size, fault);
        if (r == 0)
                r = remote_parse(q, text, size, &remote, fault);
        if (r < 0)
                return fault_set(fault, "inspect", r, "%s", source);

        *ret_newer = !image || (!streq(remote.digest, image->digest) && !streq(remote.config, image->id));
        return *ret_newer && image && remote.docker ? compare_words(q, source, image, ret_newer, fault) : 0;
}

int image_compare(ImageStore *store, const PullRequest *q, const char *id, bool *ret_newer, Fault *fault) {
        autoptr(Image) image = NULL;
        char reference[80];
        int result = -ENOENT;

        (void) snprintf(reference, sizeof(reference), "sha256:%s", id);
        (void) image_store_resolve(store, reference, &image, NULL);

        /* The first one that has it, as with a pull. */
        for (size_t i = 0; q->sources[i]; i++) {
                Fault found = {};
                int r = compare_source(q, q->sources[i], image, ret_newer, &found);

                if (r == 0)
                        return 0;
                if (i == 0) {
                        result = r;
                        if (fault)
                                *fault = found;
                }
        }
        return result;
}
