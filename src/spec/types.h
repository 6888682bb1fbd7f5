/*
 * The words that leave the process: service types, restart policies, results. One list each gives the
 * enum, its spelling in unit files, in `nsctl show`, on D-Bus and in the manuals.
 */
#pragma once

#include "basic/strtab.h"

#define SERVICE_TYPE_LIST(X)        \
        X(SERVICE_SIMPLE, "simple") \
        X(SERVICE_EXEC, "exec")     \
        X(SERVICE_NOTIFY, "notify") \
        X(SERVICE_ONESHOT, "oneshot")

ENUM_DECLARE(ServiceType, service_type, SERVICE_TYPE, SERVICE_TYPE_LIST);

/* systemd.kill(5). */
#define KILL_MODE_LIST(X)                           \
        X(KILL_MODE_CONTROL_GROUP, "control-group") \
        X(KILL_MODE_MIXED, "mixed")                 \
        X(KILL_MODE_PROCESS, "process")             \
        X(KILL_MODE_NONE, "none")

ENUM_DECLARE(KillMode, kill_mode, KILL_MODE, KILL_MODE_LIST);

/* systemd's words. Why an ended invocation ended. */
#define UNIT_RESULT_LIST(X)                          \
        X(RESULT_SUCCESS, "success")                 \
        X(RESULT_EXIT_CODE, "exit-code")             \
        X(RESULT_SIGNAL, "signal")                   \
        X(RESULT_CORE_DUMP, "core-dump")             \
        X(RESULT_TIMEOUT, "timeout")                 \
        X(RESULT_WATCHDOG, "watchdog")               \
        X(RESULT_OOM_KILL, "oom-kill")               \
        X(RESULT_UNHEALTHY, "unhealthy")             \
        X(RESULT_PROTOCOL, "protocol")               \
        X(RESULT_RESOURCES, "resources")             \
        X(RESULT_START_LIMIT_HIT, "start-limit-hit") \
        X(RESULT_EXEC_CONDITION, "exec-condition")

ENUM_DECLARE(UnitResult, unit_result, UNIT_RESULT, UNIT_RESULT_LIST);

/* Protocol of a published port. */
#define PROTOCOL_LIST(X)       \
        X(PROTOCOL_TCP, "tcp") \
        X(PROTOCOL_UDP, "udp") \
        X(PROTOCOL_SCTP, "sctp")

ENUM_DECLARE(Protocol, protocol, PROTOCOL, PROTOCOL_LIST);
