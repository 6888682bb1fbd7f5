/* Running a plan, whatever it launches. Shared by launch and exec. */
#pragma once

#include <sys/types.h>

#include "basic/fault.h"
#include "runtime/launch.h"
#include "runtime/step.h"

typedef struct RunResult {
        pid_t pid;
        int pidfd;    /* owned by the caller */
        int terminal; /* owned by the caller; -1 = none */
        int base;     /* the same */
} RunResult;

/** plan_run() - see launch_run(). */
int plan_run(const Plan *plan, Fault *f, RunResult *ret);

/** launch_program() - the container's program into @plan: what it is, and what it is told. 0 or -ENOMEM. */
int launch_program(const LaunchRequest *q, Plan *plan);

/** exec_advise() - what to do about a program that could not be executed. */
void exec_advise(int error, bool no_interpreter, Fault *f);
