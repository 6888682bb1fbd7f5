/*
 * The cgroup of one unit, named after the service that stands for it: the truth about what belongs to a
 * container. All functions work on its directory descriptor, so that one opened by an earlier manager's
 * successor is as good as one just made.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/clock.h"
#include "basic/fault.h"
#include "cgroup/cgroup-root.h"
#include "spec/limit-spec.h"

/**
 * cgroup_create() - make the cgroup of @unit and set its limits
 *
 * One that is there already is made anew if it is empty.
 *
 * Returns: a directory descriptor, good for CLONE_INTO_CGROUP; -EBUSY when processes live in it,
 * -EOPNOTSUPP when a limit's controller is missing; with @fault filled and nothing left behind.
 */
int cgroup_create(CgroupRoot *root, const char *unit, const LimitSpec *limits, Fault *fault);

/**
 * cgroup_delegate() - give a cgroup to somebody, who may make others in it and move its processes among them
 * @uid, @gid: what the container's root is outside
 *
 * Its limits stay ours. Returns: 0 or a negative errno with @fault filled.
 */
int cgroup_delegate(int fd, uid_t uid, gid_t gid, Fault *fault);

/** cgroup_make_subgroup() - one below it, given to the same. 0 or a negative errno with @fault filled. */
int cgroup_make_subgroup(int fd, const char *name, uid_t uid, gid_t gid, Fault *fault);

/** cgroup_open() - the cgroup of @unit, which an earlier manager made. A descriptor or -ENOENT. */
int cgroup_open(const CgroupRoot *root, const char *unit);

/** cgroup_path() - as in /proc/PID/cgroup: "/nsunits-.slice/web.service". Free it; NULL when out of memory.
 */
char *cgroup_path(const CgroupRoot *root, const char *unit);

/**
 * cgroup_kill() - SIGKILL to all processes of the cgroup and of those below it, without a race
 *
 * Takes 10 µs for one process and about 20 µs for each further one. A killed cgroup is good for nothing
 * more: since Linux 6.14 what is cloned into it (CLONE_INTO_CGROUP) dies at once. Make it anew.
 */
int cgroup_kill(int fd);

/** cgroup_has_none_but() - is no other process in it than @pid, if that is? Of a cgroup that has none below
 * it. */
bool cgroup_has_none_but(int fd, pid_t pid);

/** cgroup_has_room() - may so much more run in it, as far as its own limits are known? */
bool cgroup_has_room(int fd, uint64_t bytes, uint64_t tasks);

/** cgroup_signal() - @sig to each process; those forked meanwhile may miss it. Count of signals sent, or
 * errno. */
int cgroup_signal(int fd, int sig);

/** cgroup_freeze() - ask for freezing or thawing; cgroup_read_events() tells when it is done. */
int cgroup_freeze(int fd, bool freeze);

typedef struct CgroupEvents {
        bool populated; /* a live process in it or below */
        bool frozen;
} CgroupEvents;

/**
 * cgroup_open_events() - cgroup.events, to be polled for EPOLLPRI
 *
 * The kernel notifies at most once in 10 ms; the file itself is always up to date. Read it with
 * cgroup_read_events() at each wake-up: that re-arms it.
 */
int cgroup_open_events(int fd);

/** cgroup_read_events() - @events_fd from cgroup_open_events(). -ENODEV when the cgroup was removed. */
int cgroup_read_events(int events_fd, CgroupEvents *ret);

/** cgroup_populated() - 1, 0, or a negative errno (-ENOENT when it was removed). */
int cgroup_populated(int fd);

typedef struct CgroupMemoryEvents {
        uint64_t max;      /* times the limit was hit */
        uint64_t oom;      /* times allocation was about to fail */
        uint64_t oom_kill; /* processes killed */
} CgroupMemoryEvents;

/** cgroup_memory_events() - counters of the cgroup and all below. -EOPNOTSUPP without the memory controller.
 */
int cgroup_memory_events(int fd, CgroupMemoryEvents *ret);

/** cgroup_open_memory_events() - memory.events, to be polled for EPOLLPRI like cgroup.events. */
int cgroup_open_memory_events(int fd);

/** cgroup_read_memory_events() - the counters, from such a descriptor; re-arms it. */
int cgroup_read_memory_events(int events_fd, CgroupMemoryEvents *ret);

/* UINT64_MAX = not known here. */
typedef struct CgroupStats {
        uint64_t memory_current, memory_peak;            /* bytes */
        uint64_t swap_current, swap_peak, zswap_current; /* bytes */
        usec_t cpu_usage;
        uint64_t tasks, tasks_peak;
        uint64_t io_read_bytes, io_written_bytes, io_reads, io_writes; /* of all devices */
} CgroupStats;

/** cgroup_cpu_usage() - of all that has ever run in it. 0 or a negative errno. */
int cgroup_cpu_usage(int fd, usec_t *ret);

/** cgroup_stats() - what can be known; only a removed cgroup is an error (-ENODEV). */
int cgroup_stats(int fd, CgroupStats *ret);

/** cgroup_totals() - the same, but nothing of what it uses at the moment. */
int cgroup_totals(int fd, CgroupStats *ret);

/**
 * cgroup_pressure() - how long its tasks had to wait for @resource ("cpu", "memory", "io")
 *
 * Returns: 0 with the kernel's lines, "some avg10=0.00 ..." and "full ...", joined by "; " in *ret, to be
 * free()d; -EOPNOTSUPP where the kernel does not measure it, or another negative errno.
 */
int cgroup_pressure(int fd, const char *resource, char **ret);

/** cgroup_is_to_freeze() - the last word of cgroup_freeze(): 1, 0, or a negative errno. */
int cgroup_is_to_freeze(int fd);

/** cgroup_frozen() - 1, 0, or a negative errno: does it stand still by now? */
int cgroup_frozen(int fd);

/** cgroup_pids() - processes of the cgroup and of all below it. Free *ret. 0 pids give NULL. */
int cgroup_pids(int fd, pid_t **ret, size_t *ret_n);

/**
 * cgroup_remove() - remove the cgroup of @unit with the empty ones that the container made below it
 *
 * Returns: 0 also when it is gone already; -EBUSY while processes live in it.
 */
int cgroup_remove(const CgroupRoot *root, const char *unit);
