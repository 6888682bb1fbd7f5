/*
 * The words that leave the process: service types, restart policies, results. One list each gives the
 * enum, its spelling in unit files, in `nsctl show`, on D-Bus and in the manuals.
 */
#pragma once

#include <stdbool.h>

#include "basic/strtab.h"

#define SERVICE_TYPE_LIST(X)                      \
        X(SERVICE_SIMPLE, "simple")               \
        X(SERVICE_EXEC, "exec")                   \
        X(SERVICE_NOTIFY, "notify")               \
        X(SERVICE_NOTIFY_RELOAD, "notify-reload") \
        X(SERVICE_ONESHOT, "oneshot")             \
        X(SERVICE_HEALTHY, "healthy")

ENUM_DECLARE(ServiceType, service_type, SERVICE_TYPE, SERVICE_TYPE_LIST);

/* Does the program itself say when it is ready? */
static inline bool service_type_notifies(ServiceType t) {
        return t == SERVICE_NOTIFY || t == SERVICE_NOTIFY_RELOAD;
}

/* Is somebody to say when it is ready, be it the program or its health check? */
static inline bool service_type_waits(ServiceType t) {
        return service_type_notifies(t) || t == SERVICE_HEALTHY;
}

/* systemd.kill(5). */
#define KILL_MODE_LIST(X)                           \
        X(KILL_MODE_CONTROL_GROUP, "control-group") \
        X(KILL_MODE_MIXED, "mixed")                 \
        X(KILL_MODE_PROCESS, "process")             \
        X(KILL_MODE_NONE, "none")

ENUM_DECLARE(KillMode, kill_mode, KILL_MODE, KILL_MODE_LIST);

/* What becomes of the host, or of the unit's manager, when a unit asks for it: FailureAction= and the like.
 */
#define EMERGENCY_ACTION_LIST(X)                              \
        X(EMERGENCY_NONE, "none")                             \
        X(EMERGENCY_REBOOT, "reboot")                         \
        X(EMERGENCY_REBOOT_FORCE, "reboot-force")             \
        X(EMERGENCY_REBOOT_IMMEDIATE, "reboot-immediate")     \
        X(EMERGENCY_POWEROFF, "poweroff")                     \
        X(EMERGENCY_POWEROFF_FORCE, "poweroff-force")         \
        X(EMERGENCY_POWEROFF_IMMEDIATE, "poweroff-immediate") \
        X(EMERGENCY_EXIT, "exit")                             \
        X(EMERGENCY_EXIT_FORCE, "exit-force")                 \
        X(EMERGENCY_SOFT_REBOOT, "soft-reboot")               \
        X(EMERGENCY_SOFT_REBOOT_FORCE, "soft-reboot-force")   \
        X(EMERGENCY_KEXEC, "kexec")                           \
        X(EMERGENCY_KEXEC_FORCE, "kexec-force")               \
        X(EMERGENCY_HALT, "halt")                             \
        X(EMERGENCY_HALT_FORCE, "halt-force")                 \
        X(EMERGENCY_HALT_IMMEDIATE, "halt-immediate")

ENUM_DECLARE(EmergencyAction, emergency_action, EMERGENCY_ACTION, EMERGENCY_ACTION_LIST);

/* How the units of OnFailure= and OnSuccess= are started. */
#define ON_JOB_MODE_LIST(X)                                    \
        X(ON_JOB_FAIL, "fail")                                 \
        X(ON_JOB_REPLACE, "replace")                           \
        X(ON_JOB_REPLACE_IRREVERSIBLY, "replace-irreversibly") \
        X(ON_JOB_ISOLATE, "isolate")                           \
        X(ON_JOB_FLUSH, "flush")                               \
        X(ON_JOB_IGNORE_DEPENDENCIES, "ignore-dependencies")   \
        X(ON_JOB_IGNORE_REQUIREMENTS, "ignore-requirements")   \
        X(ON_JOB_TRIGGERING, "triggering")                     \
        X(ON_JOB_RESTART_DEPENDENCIES, "restart-dependencies") \
        X(ON_JOB_LENIENT, "lenient")

ENUM_DECLARE(OnJobMode, on_job_mode, ON_JOB_MODE, ON_JOB_MODE_LIST);

#define COLLECT_MODE_LIST(X)            \
        X(COLLECT_INACTIVE, "inactive") \
        X(COLLECT_INACTIVE_OR_FAILED, "inactive-or-failed")

ENUM_DECLARE(CollectMode, collect_mode, COLLECT_MODE, COLLECT_MODE_LIST);

/* What ends a service: its main process, or all of its processes. */
#define EXIT_TYPE_LIST(X)         \
        X(EXIT_TYPE_MAIN, "main") \
        X(EXIT_TYPE_CGROUP, "cgroup")

ENUM_DECLARE(ExitType, exit_type, EXIT_TYPE, EXIT_TYPE_LIST);

#define RESTART_MODE_LIST(X)             \
        X(RESTART_MODE_NORMAL, "normal") \
        X(RESTART_MODE_DIRECT, "direct") \
        X(RESTART_MODE_DEBUG, "debug")

ENUM_DECLARE(RestartMode, restart_mode, RESTART_MODE, RESTART_MODE_LIST);

/* How a service is ended that has used up its time. */
#define TIMEOUT_MODE_LIST(X)                   \
        X(TIMEOUT_MODE_TERMINATE, "terminate") \
        X(TIMEOUT_MODE_ABORT, "abort")         \
        X(TIMEOUT_MODE_KILL, "kill")

ENUM_DECLARE(TimeoutMode, timeout_mode, TIMEOUT_MODE, TIMEOUT_MODE_LIST);

/* Whose messages count on the notify socket. */
#define NOTIFY_ACCESS_LIST(X)         \
        X(NOTIFY_ACCESS_NONE, "none") \
        X(NOTIFY_ACCESS_MAIN, "main") \
        X(NOTIFY_ACCESS_EXEC, "exec") \
        X(NOTIFY_ACCESS_ALL, "all")

ENUM_DECLARE(NotifyAccess, notify_access, NOTIFY_ACCESS, NOTIFY_ACCESS_LIST);

/* How long descriptors are kept that a service has handed to the manager. */
#define FD_PRESERVE_LIST(X)               \
        X(FD_PRESERVE_NO, "no")           \
        X(FD_PRESERVE_RESTART, "restart") \
        X(FD_PRESERVE_YES, "yes")         \
        X(FD_PRESERVE_ON_SUCCESS, "on-success")

ENUM_DECLARE(FdPreserve, fd_preserve, FD_PRESERVE, FD_PRESERVE_LIST);

/* What follows when the kernel has killed for want of memory. */
#define OOM_POLICY_LIST(X)                 \
        X(OOM_POLICY_CONTINUE, "continue") \
        X(OOM_POLICY_STOP, "stop")         \
        X(OOM_POLICY_KILL, "kill")

ENUM_DECLARE(OomPolicy, oom_policy, OOM_POLICY, OOM_POLICY_LIST);

/* Which devices may be used that no DeviceAllow= names. */
#define DEVICE_POLICY_LIST(X)             \
        X(DEVICE_POLICY_AUTO, "auto")     \
        X(DEVICE_POLICY_CLOSED, "closed") \
        X(DEVICE_POLICY_STRICT, "strict")

ENUM_DECLARE(DevicePolicy, device_policy, DEVICE_POLICY, DEVICE_POLICY_LIST);

#define MANAGED_OOM_LIST(X)         \
        X(MANAGED_OOM_AUTO, "auto") \
        X(MANAGED_OOM_KILL, "kill")

ENUM_DECLARE(ManagedOom, managed_oom, MANAGED_OOM, MANAGED_OOM_LIST);

#define OOM_PREFERENCE_LIST(X)           \
        X(OOM_PREFERENCE_NONE, "none")   \
        X(OOM_PREFERENCE_AVOID, "avoid") \
        X(OOM_PREFERENCE_OMIT, "omit")

ENUM_DECLARE(OomPreference, oom_preference, OOM_PREFERENCE, OOM_PREFERENCE_LIST);

/* Is a service told of pressure on memory, processors or disks? */
#define PRESSURE_WATCH_LIST(X)         \
        X(PRESSURE_WATCH_AUTO, "auto") \
        X(PRESSURE_WATCH_ON, "on")     \
        X(PRESSURE_WATCH_OFF, "off")   \
        X(PRESSURE_WATCH_SKIP, "skip")

ENUM_DECLARE(PressureWatch, pressure_watch, PRESSURE_WATCH, PRESSURE_WATCH_LIST);

#define CPUSET_PARTITION_LIST(X)             \
        X(CPUSET_PARTITION_MEMBER, "member") \
        X(CPUSET_PARTITION_ROOT, "root")     \
        X(CPUSET_PARTITION_ISOLATED, "isolated")

ENUM_DECLARE(CpusetPartition, cpuset_partition, CPUSET_PARTITION, CPUSET_PARTITION_LIST);

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
