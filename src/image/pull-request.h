/*
 * What is to be pulled, and whether it has to be. Plain data that travels as JSON from the manager to the
 * worker, over a descriptor: passwords are in it, and the arguments of a process are for everybody to see.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/clock.h"
#include "basic/fault.h"
#include "spec/unit-words.h"

typedef struct PullRequest {
        char **sources; /* full names or TRANSPORT:/PATHs (reference.h), tried in this order */
        char *name;     /* to give the image; NULL = the source's */
        bool all_tags;  /* every tag of the repository */
        char *architecture, *os, *variant; /* NULL = the host's */

        char *auth_file;      /* NULL = skopeo's usual ones */
        char *certificates;   /* directory; NULL = the usual ones */
        char *credentials;    /* USER[:PASSWORD]; go before @auth_file */
        char *decryption_key; /* FILE[:PASSPHRASE] */
        bool no_tls_verify;

        unsigned retry;     /* how often after a failure that may pass */
        usec_t retry_delay; /* USEC_INFINITY = growing from 2 s */
} PullRequest;

void pull_request_free(PullRequest *q);

AUTOPTR_DEFINE(PullRequest, pull_request_free);

/** pull_request_to_text() - as JSON; free(). 0 or -ENOMEM. */
int pull_request_to_text(const PullRequest *q, char **ret);

/** pull_request_parse() - back. 0, -EBADMSG with @fault, or -ENOMEM. */
int pull_request_parse(const char *text, size_t size, PullRequest **ret, Fault *fault);

/** pull_request_identity() - the same for two requests that one pull can serve: all but the retries. free().
 * 0 or -ENOMEM. */
int pull_request_identity(const PullRequest *q, char **ret);

/** pull_retry_delay() - how long to wait after the @n-th failure, counted from 1. */
usec_t pull_retry_delay(const PullRequest *q, unsigned n);

/** pull_patience() - how long it waits for all its retries together; at most a day is told. */
usec_t pull_patience(const PullRequest *q);

typedef enum PullDecision {
        PULL_DECISION_USE,   /* the image that is there will do */
        PULL_DECISION_FETCH, /* pull, and fail if that fails */
        PULL_DECISION_TRY,   /* pull, and use what is there if that fails */
        PULL_DECISION_LACKS, /* it is not there, and not to be pulled */
} PullDecision;

typedef struct PullFacts {
        bool present;   /* the store has an image of that name */
        bool pinned;    /* the name has a digest: what is there is what a pull would bring */
        bool path;      /* TRANSPORT:/PATH: there is nobody to ask whether it has changed but the files */
        bool reachable; /* some registry or path may have it */
} PullFacts;

/** pull_decide() - what a policy means. Pure. */
PullDecision pull_decide(PullPolicy policy, const PullFacts *facts);
