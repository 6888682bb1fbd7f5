/*
 * The JSON of images: OCI indexes, manifests and configurations, Docker's schema 2 of the same, and the
 * manifest.json of a docker-archive. Pure: text in, plain data out. The text is hostile.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/fault.h"
#include "spec/image-config.h"

/* Longest JSON text that is read: manifests and configurations are kilobytes. */
#define MANIFEST_MAX ((size_t) 4 << 20)

/* overlayfs stacks at most 500 layers (OVL_MAX_STACK). */
#define MANIFEST_LAYERS_MAX 500

typedef struct Descriptor {
        char digest[65]; /* hex SHA-256 */
        uint64_t size;
        char *media_type;   /* may be NULL */
        char *os;           /* of its platform; NULL = not said */
        char *architecture; /* the same */
        char *name;         /* org.opencontainers.image.ref.name or containerd's full name; may be NULL */
} Descriptor;

/* An index has only children, a manifest only config and layers. */
typedef struct Manifest {
        Descriptor *children;
        size_t n_children;
        Descriptor *config; /* NULL = this is an index */
        Descriptor *layers; /* bottom first */
        size_t n_layers;
} Manifest;

void manifest_free(Manifest *m);
AUTOPTR_DEFINE(Manifest, manifest_free);

/**
 * manifest_parse() - an OCI index, Docker manifest list, OCI manifest or Docker schema 2 manifest
 *
 * Returns: 0, -EBADMSG, -EOPNOTSUPP for other digests, schemas and media types, -E2BIG, -ENOMEM; in @fault.
 */
int manifest_parse(const char *text, size_t size, Manifest **ret, Fault *fault);

/**
 * manifest_choose() - the child of an index that is meant for here
 * @architecture:  Go's name of the host's
 * @name:          reference to prefer when several fit; may be NULL
 *
 * Returns: 0, -ENOENT when none fits, -ENOTUNIQ when several do and nothing decides; in @fault.
 */
int manifest_choose(const Manifest *index, const char *architecture, const char *name, const Descriptor **ret,
                    Fault *fault);

/* One image of a docker-archive. */
typedef struct DockerImage {
        char *config;  /* member names */
        char **names;  /* RepoTags; may be NULL */
        char **layers; /* bottom first */
} DockerImage;

typedef struct DockerManifest {
        DockerImage *images;
        size_t n_images;
} DockerManifest;

void docker_manifest_free(DockerManifest *m);
AUTOPTR_DEFINE(DockerManifest, docker_manifest_free);

/** docker_manifest_parse() - manifest.json. Errors as manifest_parse(). */
int docker_manifest_parse(const char *text, size_t size, DockerManifest **ret, Fault *fault);

typedef struct ConfigBlob {
        ImageConfig *config; /* never NULL */
        char *architecture;  /* may be NULL */
        char *os;            /* may be NULL */
        int64_t created;     /* seconds since the epoch, 0 = not said */
        char **diff_ids;     /* hex, bottom first */
} ConfigBlob;

void config_blob_free(ConfigBlob *c);
AUTOPTR_DEFINE(ConfigBlob, config_blob_free);

/** config_blob_parse() - an image configuration, OCI's or Docker's. Errors as manifest_parse(). */
int config_blob_parse(const char *text, size_t size, ConfigBlob **ret, Fault *fault);

/**
 * config_blob_make() - the text of a configuration for a plain root file system
 * @config:   NULL = empty
 * @diff_id:  hex, of its only layer
 * @created:  seconds since the epoch
 */
int config_blob_make(const ImageConfig *config, const char *diff_id, int64_t created, char **ret);

/** architecture_native() - Go's name of this machine's architecture, static. */
const char *architecture_native(void);
