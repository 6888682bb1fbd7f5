/* Notices that the date or the time zone of the host is another one, for the timers of the calendar. */
#pragma once

#include "basic/fault.h"
#include "manager/manager.h"

typedef struct ClockWatch ClockWatch;

/** manager_watch_clock() - have manager_clock_changed() called from now on; once is enough. 0 or -errno. */
int manager_watch_clock(Manager *m, Fault *fault);

/** clock_watch_free() - NULL is fine. */
void clock_watch_free(ClockWatch *w);
