/*
 * What an image says about the container to be made from it: the part of the OCI image configuration
 * (image-spec, config.md) that means something to us. Filled by the image layer, read by spec.
 */
#pragma once

#include "basic/cleanup.h"
#include "basic/clock.h"

/* HEALTHCHECK of a Dockerfile: Docker's own, OCI has none. 0 = not said. */
typedef struct ImageHealth {
        char **test; /* "CMD", "CMD-SHELL" or "NONE", and what follows; NULL = no check */
        usec_t interval, timeout, start_period;
        unsigned retries;
} ImageHealth;

typedef struct ImageConfig {
        char **entrypoint;
        char **cmd;
        char **env;           /* NAME=VALUE */
        char *user;           /* "user[:group]", names or numbers; NULL = root */
        char *working_dir;    /* NULL = / */
        char **volumes;       /* destinations */
        char **exposed_ports; /* "80/tcp" */
        char **labels;        /* NAME=VALUE */
        char *stop_signal;    /* NULL = SIGTERM */
        ImageHealth health;
} ImageConfig;

/** image_config_free() - NULL is fine. */
void image_config_free(ImageConfig *c);

AUTOPTR_DEFINE(ImageConfig, image_config_free);
