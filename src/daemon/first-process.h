/*
 * The first process of a container, or of a small machine, when that is nsunitd: it reaps what has lost its
 * parent, passes signals on, and brings back a manager that was killed.
 */
#pragma once

#include <signal.h>

/* Has the manager stop all units and end; systemd's first process knows the same signal. */
#define FIRST_PROCESS_HALT (SIGRTMIN + 3)

/**
 * first_process_run() - be the first process, and have a child be the manager
 *
 * Returns in that child. The first process ends as the manager does, unless that was killed.
 */
void first_process_run(void);
