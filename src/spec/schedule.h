/*
 * How the kernel schedules the processes of a container, and what else they inherit from their first one:
 * systemd.exec(5). Plain data; what is not set is as the manager has it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
        SCHEDULE_NICE = 1 << 0,
        SCHEDULE_OOM_SCORE = 1 << 1,
        SCHEDULE_POLICY = 1 << 2,
        SCHEDULE_IO = 1 << 3,
        SCHEDULE_CPUS = 1 << 4,
        SCHEDULE_UMASK = 1 << 5,
        SCHEDULE_PERSONALITY = 1 << 6,
};

#define SCHEDULE_CPUS_MAX 1024 /* CPU_SETSIZE */

typedef struct ScheduleSpec {
        unsigned set;         /* SCHEDULE_*: which of the others mean something */
        int nice;             /* -20 ... 19 */
        int oom_score_adjust; /* -1000 ... 1000 */
        int policy;           /* SCHED_*, sched(7) */
        int priority;         /* of a realtime policy, 1 ... 99; else 0 */
        bool reset_on_fork;
        int io_class, io_priority;             /* ioprio_set(2): 1 ... 3, 0 ... 7 */
        uint64_t cpus[SCHEDULE_CPUS_MAX / 64]; /* bit N of word N/64: processor N */
        mode_t umask;
        unsigned long personality; /* personality(2) */
} ScheduleSpec;
