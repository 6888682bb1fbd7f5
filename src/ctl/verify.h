/*
 * What `nsctl verify` and `nsctl edit` check: all units of a search path, loaded once, with their own
 * mistakes, those across units, and what this host lacks.
 */
#pragma once

#include "ctl/unit-files.h"
#include "spec/set-check.h"

typedef struct VerifyUnit {
        char *name;
        bool wanted;    /* somebody asked about it; the others are read because these may name them */
        Diag *diag;     /* all that is to be said about it */
        UnitSpec *spec; /* NULL when it is masked or its file has mistakes */
        int result;     /* of loading it, as unit_files_load() */
} VerifyUnit;

typedef struct Verify {
        char **dirs;
        UnitPath *path;
        char **aliases;    /* names that lead to other units of the path */
        char *bundle;      /* NAME.quadlets that somebody asked about; its own mistakes are wanted */
        bool all;          /* all units are wanted, and the mistakes of all bundles */
        bool alone;        /* what others have to do with the wanted ones is not asked: they are not read */
        VerifyUnit *units; /* sorted by name, instances of templates behind them */
        size_t n;
} Verify;

/** verify_new() - the units of @dirs (NULL = the usual search path), nothing read yet. 0 or negative errno.
 */
int verify_new(char *const *dirs, Verify **ret);

/** verify_free() - NULL is fine. */
void verify_free(Verify *v);

AUTOPTR_DEFINE(Verify, verify_free);

/** verify_want() - ask about a unit. 0, -ENOENT when there is no file for it, -ENOMEM. */
int verify_want(Verify *v, const char *name);

/** verify_want_bundle() - ask about the units of a bundle, by its path. As verify_want(). */
int verify_want_bundle(Verify *v, const char *path);

/** verify_want_all() - ask about all of them. */
void verify_want_all(Verify *v);

/**
 * verify_run() - read and check
 * @config: NULL = not known
 * @on_host: also say what this host lacks: files, devices, controllers
 *
 * Returns: 0 whatever the units look like, or a negative errno.
 */
int verify_run(Verify *v, const HostSpecifiers *host, const ManagerConfig *config, bool on_host);

/** verify_host() - warnings about files that a unit names and that are not there. */
void verify_host(const UnitSpec *u, Diag *diag);
