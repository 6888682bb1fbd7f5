/*
 * What is to be built. Plain data that travels as JSON from the manager to the worker, over a descriptor:
 * values of variables are in it, and the arguments of a process are for everybody to see.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/fault.h"
#include "spec/build-section.h"

/* Of volume @i without a source, below STORE. */
#define BUILD_VOLUME "build/tmp/volume-%u"

typedef struct BuildRequest {
        char **names;       /* of the result, at least one */
        char **arguments;   /* of `buildah build`, its context last */
        char **environment; /* of buildah */
        char *architecture; /* of the result; NULL = the host's */
        unsigned n_volumes; /* scratch directories for volumes without a source, BUILD_VOLUME each */
        bool keep;          /* what buildah keeps of steps and base images stays for the next build */
} BuildRequest;

void build_request_free(BuildRequest *q);

AUTOPTR_DEFINE(BuildRequest, build_request_free);

/* What the section alone does not say. */
typedef struct BuildPlaces {
        const char *unit_dir;    /* of the unit file */
        const char *working_dir; /* WorkingDirectory= of [Service]; NULL = not given */
        char **volumes;          /* sources of the section's volumes on the host, one for each */
        char **environment;      /* that buildah runs in */
} BuildPlaces;

/** build_request_make() - the section in the words of buildah-build(1). Pure. 0 or -ENOMEM. */
int build_request_make(const BuildSection *b, const BuildPlaces *places, BuildRequest **ret);

/** build_request_to_text() - as JSON; free(). 0 or -ENOMEM. */
int build_request_to_text(const BuildRequest *q, char **ret);

/** build_request_parse() - back. 0, -EBADMSG with @fault, or -ENOMEM. */
int build_request_parse(const char *text, size_t size, BuildRequest **ret, Fault *fault);
