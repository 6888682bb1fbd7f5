/* Restart=: a policy is one line here; the compiler then names the one switch that has to know it. */
#pragma once

#include "basic/strtab.h"

#define RESTART_LIST(X)                       \
        X(RESTART_NO, "no")                   \
        X(RESTART_ON_SUCCESS, "on-success")   \
        X(RESTART_ON_FAILURE, "on-failure")   \
        X(RESTART_ON_ABNORMAL, "on-abnormal") \
        X(RESTART_ON_WATCHDOG, "on-watchdog") \
        X(RESTART_ON_ABORT, "on-abort")       \
        X(RESTART_ALWAYS, "always")

ENUM_DECLARE(RestartPolicy, restart_policy, RESTART, RESTART_LIST);
