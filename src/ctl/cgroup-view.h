/*
 * What the cgroup of a unit says, read by nsctl itself: the manager has better things to do than to count for
 * those who look on. Everything is what the kernel tells at this moment.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "basic/clock.h"

/** cgroup_view_open() - @path as in ControlGroup, "/nsunits-.slice/web.service". A descriptor or negative
 * errno.
 */
int cgroup_view_open(const char *path);

/* UINT64_MAX = not known here. */
typedef struct CgroupSample {
        usec_t when; /* CLOCK_MONOTONIC */
        uint64_t cpu_usec, memory, tasks, read_bytes, written_bytes;
} CgroupSample;

/** cgroup_view_sample() - 0 or a negative errno, -ENODEV when it has gone. */
int cgroup_view_sample(int fd, CgroupSample *ret);

/**
 * cgroup_view_processes() - all processes in it and below
 *
 * Each is an object: pid, container_pid (as the container sees it), parent, uid (of the host), state (a
 * letter of proc(5)), cpu_usec, memory (bytes), command. Sorted by pid.
 *
 * Returns: 0 with an array in *ret, to be json_decref()ed, or a negative errno.
 */
int cgroup_view_processes(int fd, json_t **ret);
