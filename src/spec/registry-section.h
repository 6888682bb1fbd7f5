/* What [Image], [Build] and [Artifact] have in common as typed data: how a registry is spoken to. */
#pragma once

#include <stdbool.h>

#include "basic/clock.h"
#include "spec/unit-words.h"

typedef struct RegistryKeys {
        char *auth_file;      /* absolute; NULL = the usual one */
        char *certificates;   /* directory of client certificates */
        char *credentials;    /* USER[:PASSWORD] */
        char *decryption_key; /* FILE[:PASSPHRASE] */
        bool tls_verify;
        unsigned retry;     /* how often after a failure */
        usec_t retry_delay; /* USEC_INFINITY = growing from 2 s */
} RegistryKeys;
