/* Running a plan, whatever it launches. Shared by launch and exec. */
#pragma once

#include <sys/types.h>

#include "basic/fault.h"
#include "runtime/plan.h"

typedef struct RunResult {
        pid_t pid;
        int pidfd;    /* owned by the caller */
        int terminal; /* owned by the caller; -1 = none */
        int base;     /* the same */
} RunResult;

/** plan_run() - see launch_run(). */
int plan_run(const Plan *plan, Fault *f, RunResult *ret);
