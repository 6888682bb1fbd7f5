/*
 * Words that keys of [Container] and [Pod] choose from. One list each gives the enum, its spelling in unit
 * files, in `nsctl show`, on the bus and in the manuals.
 */
#pragma once

#include "basic/strtab.h"
#include "spec/unit-words.h"

#define AUTO_UPDATE_LIST(X)                 \
        X(AUTO_UPDATE_REGISTRY, "registry") \
        X(AUTO_UPDATE_LOCAL, "local")

ENUM_DECLARE(AutoUpdate, auto_update, AUTO_UPDATE, AUTO_UPDATE_LIST);

/* podman-run(1), --cgroups. */
#define CGROUPS_MODE_LIST(X)              \
        X(CGROUPS_ENABLED, "enabled")     \
        X(CGROUPS_DISABLED, "disabled")   \
        X(CGROUPS_NO_CONMON, "no-conmon") \
        X(CGROUPS_SPLIT, "split")

ENUM_DECLARE(CgroupsMode, cgroups_mode, CGROUPS, CGROUPS_MODE_LIST);

#define HEALTH_FAILURE_LIST(X)               \
        X(HEALTH_FAILURE_NONE, "none")       \
        X(HEALTH_FAILURE_KILL, "kill")       \
        X(HEALTH_FAILURE_RESTART, "restart") \
        X(HEALTH_FAILURE_STOP, "stop")

ENUM_DECLARE(HealthFailure, health_failure, HEALTH_FAILURE, HEALTH_FAILURE_LIST);

#define LOG_DRIVER_LIST(X)                               \
        X(LOG_DRIVER_JOURNALD, "journald")               \
        X(LOG_DRIVER_K8S_FILE, "k8s-file")               \
        X(LOG_DRIVER_JSON_FILE, "json-file")             \
        X(LOG_DRIVER_PASSTHROUGH, "passthrough")         \
        X(LOG_DRIVER_PASSTHROUGH_TTY, "passthrough-tty") \
        X(LOG_DRIVER_NONE, "none")

ENUM_DECLARE(LogDriver, log_driver, LOG_DRIVER, LOG_DRIVER_LIST);

/* A pipe before the journal, so that output can be opened by name: auto is when the root looks like it. */
#define LOG_PIPE_LIST(X)         \
        X(LOG_PIPE_AUTO, "auto") \
        X(LOG_PIPE_YES, "yes")   \
        X(LOG_PIPE_NO, "no")

ENUM_DECLARE(LogPipe, log_pipe, LOG_PIPE, LOG_PIPE_LIST);

/* Who says that the container is ready: it is when its program runs, the program says so, its probe does. */
#define NOTIFY_LIST(X)       \
        X(NOTIFY_NO, "no")   \
        X(NOTIFY_YES, "yes") \
        X(NOTIFY_HEALTHY, "healthy")

ENUM_DECLARE(NotifyMode, notify_mode, NOTIFY, NOTIFY_LIST);

/* Quadlet's old way to choose a user namespace. */
#define REMAP_LIST(X)             \
        X(REMAP_MANUAL, "manual") \
        X(REMAP_AUTO, "auto")     \
        X(REMAP_KEEP_ID, "keep-id")

ENUM_DECLARE(RemapMode, remap_mode, REMAP, REMAP_LIST);

#define POD_EXIT_LIST(X)         \
        X(POD_EXIT_STOP, "stop") \
        X(POD_EXIT_CONTINUE, "continue")

ENUM_DECLARE(PodExitPolicy, pod_exit_policy, POD_EXIT, POD_EXIT_LIST);

/* systemd.nspawn(5), Volatile=. */
#define VOLATILE_LIST(X)           \
        X(VOLATILE_NO, "no")       \
        X(VOLATILE_YES, "yes")     \
        X(VOLATILE_STATE, "state") \
        X(VOLATILE_OVERLAY, "overlay")

ENUM_DECLARE(VolatileMode, volatile_mode, VOLATILE, VOLATILE_LIST);

/* systemd.nspawn(5), ResolvConf=. */
#define RESOLV_CONF_LIST(X)                             \
        X(RESOLV_CONF_AUTO, "auto")                     \
        X(RESOLV_CONF_OFF, "off")                       \
        X(RESOLV_CONF_COPY_HOST, "copy-host")           \
        X(RESOLV_CONF_COPY_STATIC, "copy-static")       \
        X(RESOLV_CONF_COPY_UPLINK, "copy-uplink")       \
        X(RESOLV_CONF_COPY_STUB, "copy-stub")           \
        X(RESOLV_CONF_REPLACE_HOST, "replace-host")     \
        X(RESOLV_CONF_REPLACE_STATIC, "replace-static") \
        X(RESOLV_CONF_REPLACE_UPLINK, "replace-uplink") \
        X(RESOLV_CONF_REPLACE_STUB, "replace-stub")     \
        X(RESOLV_CONF_BIND_HOST, "bind-host")           \
        X(RESOLV_CONF_BIND_STATIC, "bind-static")       \
        X(RESOLV_CONF_BIND_UPLINK, "bind-uplink")       \
        X(RESOLV_CONF_BIND_STUB, "bind-stub")           \
        X(RESOLV_CONF_DELETE, "delete")

ENUM_DECLARE(ResolvConfMode, resolv_conf_mode, RESOLV_CONF, RESOLV_CONF_LIST);

/* systemd.nspawn(5), LinkJournal=. */
#define LINK_JOURNAL_LIST(X)                 \
        X(LINK_JOURNAL_AUTO, "auto")         \
        X(LINK_JOURNAL_NO, "no")             \
        X(LINK_JOURNAL_HOST, "host")         \
        X(LINK_JOURNAL_TRY_HOST, "try-host") \
        X(LINK_JOURNAL_GUEST, "guest")       \
        X(LINK_JOURNAL_TRY_GUEST, "try-guest")

ENUM_DECLARE(LinkJournal, link_journal, LINK_JOURNAL, LINK_JOURNAL_LIST);

/* What becomes of a connection from inside that no EgressAllow= names. */
#define EGRESS_LIST(X)           \
        X(EGRESS_ALLOW, "allow") \
        X(EGRESS_DENY, "deny")

ENUM_DECLARE(EgressPolicy, egress_policy, EGRESS, EGRESS_LIST);
