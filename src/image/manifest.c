/* Indexes, manifests, docker-archive manifests. Knows JSON and media types, no files. */
#include "image/manifest.h"

#include <jansson.h>
#include <string.h>
#include <sys/utsname.h>

#include "basic/strv.h"
#include "image/json.h"
#include "image/reference.h"

static void descriptor_clear(Descriptor *d) {
        free(d->media_type);
        free(d->os);
        free(d->architecture);
        free(d->name);
}

static void descriptors_free(Descriptor *d, size_t n) {
        for (size_t i = 0; d && i < n; i++)
                descriptor_clear(&d[i]);
        free(d);
}

void manifest_free(Manifest *m) {
        if (!m)
                return;

        descriptors_free(m->children, m->n_children);
        descriptors_free(m->config, 1);
        descriptors_free(m->layers, m->n_layers);
        free(m);
}

void docker_manifest_free(DockerManifest *m) {
        if (!m)
                return;

        for (size_t i = 0; i < m->n_images; i++) {
                free(m->images[i].config);
                strv_free(m->images[i].names);
                strv_free(m->images[i].layers);
        }
        free(m->images);
        free(m);
}

static int descriptor_parse(const json_t *j, Descriptor *d, Fault *fault) {
        const json_t *platform = json_object_get(j, "platform");
        const json_t *annotations = json_object_get(j, "annotations");
        const char *digest = json_string_value(json_object_get(j, "digest"));
        const json_t *size = json_object_get(j, "size");
        const char *hex = digest_parse(digest);
        const json_t *name;

        if (!digest || !json_is_integer(size) || json_integer_value(size) < 0)
                return fault_tell(fault, "manifest", -EBADMSG, "descriptor without digest or size");
        if (!hex)
                return fault_set(fault, "manifest", -EOPNOTSUPP, "digest %.80s", digest);

        (void) strcpy(d->digest, hex);
        d->size = (uint64_t) json_integer_value(size);
        name = json_object_get(annotations, "org.opencontainers.image.ref.name");
        if (json_object_get(annotations, "io.containerd.image.name"))
                name = json_object_get(annotations, "io.containerd.image.name");

        if (json_copy_string(json_object_get(j, "mediaType"), &d->media_type) < 0 ||
            json_copy_string(json_object_get(platform, "os"), &d->os) < 0 ||
            json_copy_string(json_object_get(platform, "architecture"), &d->architecture) < 0 ||
            json_copy_string(name, &d->name) < 0)
                return -ENOMEM;
        return 0;
}

static int descriptors_parse(const json_t *array, Descriptor **ret, size_t *ret_n, Fault *fault) {
        size_t n = json_array_size(array);
        Descriptor *all;

        if (!json_is_array(array))
                return fault_tell(fault, "manifest", -EBADMSG, "list of descriptors missing");
        if (n > MANIFEST_LAYERS_MAX)
                return fault_tell(fault, "manifest", -E2BIG, "%zu descriptors are too many", n);

        all = calloc(n + 1, sizeof(*all));
        if (!all)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++) {
                int r = descriptor_parse(json_array_get(array, i), &all[i], fault);

                if (r < 0) {
                        descriptors_free(all, n);
                        return r;
                }
        }
        *ret = all;
        *ret_n = n;
        return 0;
}

/* Layers that are not for us (foreign, encrypted) and artifacts that are no image must not be unpacked. */
static int check_media_types(const Manifest *m, Fault *fault) {
        static const char *const configs[] = { "application/vnd.oci.image.config.v1+json",
                                               "application/vnd.docker.container.image.v1+json" };
        static const char *const layers[] = { "application/vnd.oci.image.layer.v1.tar",
                                              "application/vnd.oci.image.layer.v1.tar+gzip",
                                              "application/vnd.oci.image.layer.v1.tar+zstd",
                                              "application/vnd.docker.image.rootfs.diff.tar",
                                              "application/vnd.docker.image.rootfs.diff.tar.gzip",
                                              "application/vnd.docker.image.rootfs.diff.tar.zstd" };
        bool known = false;

        for (size_t i = 0; i < ELEMENTSOF(configs); i++)
                known |= streq_null(m->config->media_type, configs[i]);
        if (!known)
                return fault_set(fault, "manifest", -EOPNOTSUPP, "configuration of type %.100s",
                                 strempty(m->config->media_type));

        for (size_t i = 0; i < m->n_layers; i++) {
                known = false;
                for (size_t k = 0; k < ELEMENTSOF(layers); k++)
                        known |= streq_null(m->layers[i].media_type, layers[k]);
                if (!known)
                        return fault_set(fault, "manifest", -EOPNOTSUPP, "layer of type %.100s",
                                         strempty(m->layers[i].media_type));
        }
        return 0;
}

int manifest_parse(const char *text, size_t size, Manifest **ret, Fault *fault) {
        autoptr(Manifest) m = NULL;
        autojson json_t *root = NULL;
        int r;

        r = json_parse_object(text, size, "manifest", &root, fault);
        if (r < 0)
                return r;
        if (json_integer_value(json_object_get(root, "schemaVersion")) != 2)
                return fault_set(fault, "manifest", -EOPNOTSUPP, "schemaVersion is not 2");

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;

        /* Told by content, not by mediaType: the type may be missing, and a text that has both could be
         * taken for either by two readers (CVE-2021-41190). */
        if (json_object_get(root, "manifests")) {
                if (json_object_get(root, "config") || json_object_get(root, "layers"))
                        return fault_tell(fault, "manifest", -EBADMSG, "both an index and a manifest");
                r = descriptors_parse(json_object_get(root, "manifests"), &m->children, &m->n_children,
                                      fault);
                if (r < 0)
                        return r;
        } else {
                m->config = calloc(1, sizeof(*m->config));
                if (!m->config)
                        return -ENOMEM;
                r = descriptor_parse(json_object_get(root, "config"), m->config, fault);
                if (r < 0)
                        return r;
                r = descriptors_parse(json_object_get(root, "layers"), &m->layers, &m->n_layers, fault);
                if (r < 0)
                        return r;
                r = check_media_types(m, fault);
                if (r < 0)
                        return r;
        }

        *ret = take_ptr(m);
        return 0;
}

static bool fits_platform(const Descriptor *d, const char *architecture) {
        return (!d->os || streq(d->os, "linux")) &&
               (!d->architecture || streq(d->architecture, architecture));
}

/* "nginx:1.2" is meant by a ref.name of "nginx:1.2" in any spelling, and by the bare tag "1.2". */
static bool fits_name(const Descriptor *d, const char *name) {
        autofree char *wanted = NULL, *have = NULL;
        const char *colon;

        if (!d->name || !name || reference_normalize(name, &wanted) < 0)
                return false;
        colon = strrchr(wanted, ':');
        if (colon && streq(colon + 1, d->name))
                return true;
        return reference_normalize(d->name, &have) >= 0 && streq(have, wanted);
}

int manifest_choose(const Manifest *index, const char *architecture, const char *name, const Descriptor **ret,
                    Fault *fault) {
        const Descriptor *fit = NULL, *named = NULL;
        size_t n_fit = 0, n_named = 0;

        for (size_t i = 0; i < index->n_children; i++) {
                const Descriptor *d = &index->children[i];

                if (!fits_platform(d, architecture))
                        continue;
                n_fit++;
                fit = d;
                if (fits_name(d, name)) {
                        n_named++;
                        named = d;
                }
        }

        if (n_fit == 0)
                return fault_set(fault, "manifest", -ENOENT, "no image for linux/%s in the index",
                                 architecture);
        if (n_fit > 1 && n_named != 1) {
                fault_set(fault, "manifest", -ENOTUNIQ, "%zu images fit", n_fit);
                fault_advise(fault, "name one of them as it is named in the archive");
                return -ENOTUNIQ;
        }
        *ret = n_fit > 1 ? named : fit;
        return 0;
}

int docker_manifest_parse(const char *text, size_t size, DockerManifest **ret, Fault *fault) {
        autoptr(DockerManifest) m = NULL;
        autojson json_t *root = NULL;
        size_t n;
        int r;

        r = json_parse_text(text, size, "manifest.json", &root, fault);
        if (r < 0)
                return r;
        n = json_array_size(root);
        if (n == 0 || n > 1000)
                return fault_set(fault, "manifest.json", n ? -E2BIG : -EBADMSG, "%zu images", n);

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->images = calloc(n, sizeof(*m->images));
        if (!m->images)
                return -ENOMEM;
        m->n_images = n;

        for (size_t i = 0; i < n; i++) {
                const json_t *j = json_array_get(root, i);
                DockerImage *image = &m->images[i];

                if (!json_is_string(json_object_get(j, "Config")) ||
                    !json_is_array(json_object_get(j, "Layers")))
                        return fault_tell(fault, "manifest.json", -EBADMSG, "Config or Layers missing");
                if (json_array_size(json_object_get(j, "Layers")) > MANIFEST_LAYERS_MAX)
                        return fault_tell(fault, "manifest.json", -E2BIG, "too many layers");
                r = json_copy_string(json_object_get(j, "Config"), &image->config);
                if (r == 0)
                        r = json_copy_strv(json_object_get(j, "RepoTags"), &image->names);
                if (r == 0)
                        r = json_copy_strv(json_object_get(j, "Layers"), &image->layers);
                if (r < 0)
                        return r == -ENOMEM ? r : fault_set(fault, "manifest.json", r, NULL);
        }

        *ret = take_ptr(m);
        return 0;
}

const char *architecture_native(void) {
        static const struct {
                const char *machine, *go;
        } names[] = {
                { "x86_64", "amd64" },    { "aarch64", "arm64" }, { "i686", "386" },
                { "armv7l", "arm" },      { "armv6l", "arm" },    { "riscv64", "riscv64" },
                { "ppc64le", "ppc64le" }, { "s390x", "s390x" },   { "loongarch64", "loong64" },
                { "mips64", "mips64le" },
        };
        struct utsname u;

        if (uname(&u) == 0)
                for (size_t i = 0; i < ELEMENTSOF(names); i++)
                        if (streq(names[i].machine, u.machine))
                                return names[i].go;
        return "amd64";
}
