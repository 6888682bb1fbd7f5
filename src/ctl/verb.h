/* The verbs of nsctl: what they are given, and the table of them (verbs.def). */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "basic/macro.h"
#include "client/nsunits.h"
#include "config/manager-config.h"
#include "ctl/options.h"

/* Exit statuses of systemctl(1), which scripts rely on (they are those of the LSB's init scripts). */
enum {
        STATUS_OK = 0,
        STATUS_FAILED = 1,
        STATUS_NOT_ACTIVE = 3,     /* is-active, status */
        STATUS_NOT_APPLICABLE = 3, /* start, stop, ... */
        STATUS_NOT_ALLOWED = 4,
        STATUS_NO_UNIT = 4,       /* is-active, is-failed, status */
        STATUS_NOT_INSTALLED = 5, /* start, stop, ...: no such unit */
        STATUS_NOT_CONFIGURED = 6 /* the unit file could not be loaded */
};

/* What one run of nsctl knows. */
typedef struct Ctl {
        char **argv; /* of main() */
        Options options;
        ManagerConfig *config; /* read when first asked for, by ctl_config() */
        Nsunits *manager;      /* connected when first asked for, by client_open() */
        sd_bus *bus;           /* of that connection, borrowed */
} Ctl;

/** ctl_config() - nsunitd.conf as the manager reads it; mistakes in it are told on stderr. NULL on failure.
 */
const ManagerConfig *ctl_config(Ctl *c);

/** ctl_error() - "nsctl: ..." on stderr. Returns STATUS_FAILED. */
int ctl_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** ctl_errno() - the same with the words of a negative errno behind it. Returns STATUS_FAILED. */
int ctl_errno(int r, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** ctl_end() - free what @c has, and see that all was written. Returns @status, or STATUS_FAILED. */
int ctl_end(Ctl *c, int status);

/** ctl_unit_name() - unit_name_complete() that tells on stderr what is wrong. Returns 0 or a negative errno.
 */
int ctl_unit_name(const char *typed, char **ret);

/** ctl_no_unit() - there is no unit file for @name, and perhaps what was meant. Returns STATUS_FAILED. */
int ctl_no_unit(const char *name);

/** ctl_unit_names() - the same for a vector of words; a name given twice is taken once. */
int ctl_unit_names(char *const *typed, char ***ret);

/** ctl_lines() - --lines=; @fallback when it was not given. UINT_MAX = all. Returns 0 or -EINVAL, told on
 * stderr. */
int ctl_lines(const Ctl *c, unsigned fallback, unsigned *ret);

/**
 * VerbFn - do what the verb says
 * @words: the verb itself and its arguments, as many as the table allows; ended by NULL
 *
 * Returns: the exit status of nsctl. What went wrong was told on stderr.
 */
typedef int (*VerbFn)(Ctl *c, char **words);

/* What stands behind a verb, for the completion. */
typedef enum CompletionKind {
        COMPLETE_NOTHING,
        COMPLETE_UNITS,   /* every unit that has a file or is loaded */
        COMPLETE_RUNNING, /* units that are not inactive */
        COMPLETE_IMAGES,  /* a verb of `image`, then a reference or a file */
        COMPLETE_IMAGE,   /* a reference */
        COMPLETE_NETWORKS,
        COMPLETE_VOLUMES,
        COMPLETE_IMPORTS, /* what is imported from, then files */
        COMPLETE_SYSTEM,  /* a verb of `system` */
        COMPLETE_VERBS,
} CompletionKind;

typedef struct Verb {
        const char *name; /* NULL: @help is the title of the group that follows */
        unsigned least, most;
        VerbFn fn;
        CompletionKind completion;
        const char *arguments, *help;
} Verb;

extern const Verb verbs[];
extern const size_t n_verbs;

/** verb_find() - NULL when there is none of that name. */
const Verb *verb_find(const char *name);

/** verb_names() - the names of all verbs, as a vector that borrows them; free() it. */
const char **verb_names(void);

/** complete() - `nsctl __complete WORD...`: what the last word may become, one candidate a line. */
int complete(Ctl *c, char **words);

/** jobs_go_on() - what the front has begun and cannot end; see front/words.h for @words. */
int jobs_go_on(Ctl *c, char **words);

#define VERB(name, least, most, function, completion, arguments, help) int function(Ctl *c, char **words);
#define APART(function)                                                function
#define GROUP(title)
#include "ctl/verbs.def"
#undef VERB
#undef APART
#undef GROUP

/** verb_apart() - execute the program of a verb of its own, with all that nsctl was given: what a rare verb
 * needs of libraries is not loaded at each start of nsctl. */
int verb_apart(Ctl *c, char **words);
