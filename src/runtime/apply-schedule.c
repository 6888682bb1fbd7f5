/*
 * The child side of a launch: priorities and what else the kernel keeps per process.
 *
 * Those that need privilege over the host are set in the first child and inherited by the container's
 * process; a thread's number 0 means the caller, who is alone in its thread group although it shares memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "basic/syscall.h"
#include "runtime/apply.h"

/* linux/ioprio.h, which Debian 12 has with other names. */
#define IOPRIO_WHO_THREAD 1

long apply_oom_score(Apply *a, const Step *s) {
        long fd, r;

        fd = RAW(openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return fd;
        r = RAW(write, fd, s->text, strlen(s->text));
        (void) RAW(close, fd);
        return r < 0 ? r : 0;
}

long apply_nice(Apply *a, const Step *s) {
        return RAW(setpriority, PRIO_PROCESS, 0, a->plan->schedule.nice);
}

long apply_cpu_policy(Apply *a, const Step *s) {
        const struct sched_param param = { .sched_priority = a->plan->schedule.priority };

        return RAW(sched_setscheduler, 0, s->number, &param);
}

long apply_cpus(Apply *a, const Step *s) {
        return RAW(sched_setaffinity, 0, sizeof(a->plan->schedule.cpus), a->plan->schedule.cpus);
}

/* What runs in the cgroup already, and its quota, must not keep the manager waiting, which waits for us, and
 * then ends it. Where the kernel says no, it may have to. */
long apply_urgency(Apply *a, const Step *s) {
        const struct sched_param param = { .sched_priority = 1 };

        a->timer_slack = RAW(prctl, PR_GET_TIMERSLACK);
        a->urgent = a->timer_slack > 0 && RAW(sched_getscheduler, 0) == SCHED_OTHER &&
                    RAW(sched_setscheduler, 0, SCHED_FIFO, &param) == 0;
        return 0;
}

long apply_io_priority(Apply *a, const Step *s) {
        return RAW(ioprio_set, IOPRIO_WHO_THREAD, 0, s->number);
}

long apply_umask(Apply *a, const Step *s) {
        (void) RAW(umask, s->number);
        return 0;
}

long apply_personality(Apply *a, const Step *s) {
        long r = RAW(personality, s->number);

        return r < 0 ? r : 0;
}
