/* The order in which events of one loop turn are handled: every priority is here. */
#pragma once

#include <systemd/sd-event.h>

enum {
        /* Readiness before the exit of the same process: its message is still attributable. */
        PRIORITY_NOTIFY = SD_EVENT_PRIORITY_NORMAL - 40,
        /* Exit before the cgroup runs empty: the status is known when the unit is judged. */
        PRIORITY_CHILD_EXIT = SD_EVENT_PRIORITY_NORMAL - 30,
        PRIORITY_CGROUP = SD_EVENT_PRIORITY_NORMAL - 20,
        PRIORITY_NETWORK = SD_EVENT_PRIORITY_NORMAL - 5,
        PRIORITY_KEEPER = SD_EVENT_PRIORITY_NORMAL - 5,
        PRIORITY_TIMER = SD_EVENT_PRIORITY_NORMAL,
        PRIORITY_BUS = SD_EVENT_PRIORITY_NORMAL,
        /* What takes its time comes after questions, one at a time (turns.c). Not with the same priority:
         * sd-event of systemd 252 lets a source that enables itself again keep all others of its priority
         * waiting. A unit that is started again without end and without delay must keep nobody from stopping
         * it. */
        PRIORITY_JOBS = SD_EVENT_PRIORITY_NORMAL + 1,
        PRIORITY_RESTARTS = SD_EVENT_PRIORITY_NORMAL + 2,
        /* Once for many launches, but not later than names.c says. */
        PRIORITY_NAMES = SD_EVENT_PRIORITY_NORMAL + 3,
        /* What nobody has asked for. */
        PRIORITY_SPARES = SD_EVENT_PRIORITY_IDLE,
};
