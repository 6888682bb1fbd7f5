/*
 * A launch as data: a flat array of steps, made without any system call (so it can be printed, compared
 * and tested), then run by launch_run(). Descriptors stand in numbered slots: those that the caller
 * gave, and those that steps make for later steps.
 *
 * A plan borrows the caller's descriptors; it owns its strings.
 */
#pragma once

#include <stdio.h>

#include "basic/cleanup.h"

typedef struct Plan Plan;

/** plan_print() - one line a step, for people and golden tests. */
void plan_print(const Plan *plan, FILE *f);

/** plan_free() - NULL is fine; closes nothing. */
void plan_free(Plan *plan);

AUTOPTR_DEFINE(Plan, plan_free);
