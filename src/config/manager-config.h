/*
 * The manager's configuration, /etc/nsunits/nsunitd.conf, as typed values. Read once at start, and so at
 * daemon-reexec; whoever needs a value gets the struct (or the value) handed down.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/clock.h"
#include "basic/diag.h"
#include "basic/inet.h"
#include "basic/strtab.h"

#define LOG_TARGET_LIST(X)               \
        X(LOG_TARGET_AUTO, "auto")       \
        X(LOG_TARGET_JOURNAL, "journal") \
        X(LOG_TARGET_FILE, "file")

ENUM_DECLARE(LogTarget, log_target, LOG_TARGET, LOG_TARGET_LIST);

/* Every field is set, by the file or by the default in manager-config.def, where each is described. */
typedef struct ManagerConfig {
        struct {
                char *store; /* images, layers, volumes, upper directories: /var/lib/nsunits */
                char *logs;  /* log files: /var/log/nsunits */
                char *run;   /* run-time state, private bus: /run/nsunitd */
        } paths;
        struct {
                char *bridge;               /* name of the default network's bridge: nsunits0 */
                InetPrefix subnet, subnet6; /* of the default network; host bits cleared */
                InetPrefix pool, pool6;    /* where .network units without Subnet= get theirs: a /24, a /64 */
                bool ipv6;                 /* the default network has IPv6 */
                bool localhost_publish;    /* published ports answer on 127.0.0.1 and ::1 as well */
                bool table_owner;          /* nobody else changes the nftables table */
                unsigned spare_namespaces; /* are kept ready */
        } network;
        struct {
                uint32_t first_id, last_id; /* host ids that may be given to containers */
                uint32_t id_count;          /* ids per container, a multiple of which fits the range */
        } users;
        struct {
                uint64_t memory_max; /* bytes; UINT64_MAX = no limit */
                uint64_t tasks_max;  /* UINT64_MAX = no limit */
                usec_t timeout_start, timeout_stop, restart_sec;
                usec_t start_limit_interval; /* 0 = no limit */
                unsigned start_limit_burst;  /* 0 = no limit */
        } defaults;
        struct {
                unsigned standbys; /* are kept ready */
        } restarts;
        struct {
                bool user_namespace, no_new_privileges, seccomp, mask_paths;
                uint64_t capabilities; /* bit N = capability N, as in ContainerSpec */
        } security;
        struct {
                LogTarget target;
                uint64_t max_size; /* bytes of one log file before it is rotated */
        } logs;
        struct {
                unsigned parallel_pulls;      /* 0 = any number */
                char **short_name_registries; /* "docker.io", ...; NULL = none */
                bool build_cache;             /* what buildah knows stays for the next build */
        } image;
        char *text; /* that it was read from, if there was a file and nothing in it to be told of */
} ManagerConfig;

/** manager_config_free() - NULL is fine. */
void manager_config_free(ManagerConfig *c);

AUTOPTR_DEFINE(ManagerConfig, manager_config_free);

/** manager_config_new() - the built-in defaults. Returns NULL when out of memory. */
ManagerConfig *manager_config_new(void);

/**
 * manager_config_load() - read a configuration file
 * @path: NULL for the installed place; an absent file means the defaults
 * @diag: every mistake, with file and line
 *
 * Not reentrant (libConfuse has no user pointer): one call at a time in a process.
 *
 * Returns: 0; -EINVAL after at least one error was added to @diag (*ret is untouched); another negative
 *          errno when the file cannot be read (also in @diag); -ENOMEM.
 */
int manager_config_load(const char *path, Diag *diag, ManagerConfig **ret);

/** manager_config_parse() - the same from text in memory; @file is the name for messages. */
int manager_config_parse(const char *file, const char *text, size_t size, Diag *diag, ManagerConfig **ret);

/* One line of the only list of options (manager-config.def), for nsunitd.conf(5) and the tests. */
typedef struct ManagerOption {
        const char *section, *name;
        const char *syntax;   /* what the administrator writes: "yes | no" */
        const char *fallback; /* the default, as text; words of a list with blanks between them */
        const char *meaning;  /* full sentences */
} ManagerOption;

/** manager_option_get() - option @i in the order of the manual; false behind the last. */
bool manager_option_get(size_t i, ManagerOption *ret);
