/*
 * What the cgroup of a container is told: limits, weights and protection, as plain data. Keys of [Service]
 * are read right into one of these; spec_make() adds what nsunitd.conf and [Container] say.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/clock.h"
#include "basic/inet.h"
#include "spec/types.h"

typedef struct InetPrefixList {
        InetPrefix *items;
        size_t n;
} InetPrefixList;

typedef struct IndexRange {
        unsigned first, last;
} IndexRange;

/* A set of processors or memory nodes: ranges in rising order that do not touch. */
typedef struct IndexSet {
        IndexRange *items;
        size_t n;
} IndexSet;

/* A value for one block device: weight, bytes or operations per second, µs. */
typedef struct DeviceLimit {
        char *path; /* of a device node, or of any file on the device */
        uint64_t value;
} DeviceLimit;

typedef struct DeviceLimitList {
        DeviceLimit *items;
        size_t n;
} DeviceLimitList;

/* DeviceAllow= */
typedef struct DeviceAllow {
        char *device; /* "/dev/null", "char-pts", "block-*" */
        bool read, write, make;
} DeviceAllow;

typedef struct DeviceAllowList {
        DeviceAllow *items;
        size_t n;
} DeviceAllowList;

#define CPU_WEIGHT_IDLE 0 /* CPUWeight=idle */

#define CPU_PERIOD_DEFAULT (100 * USEC_PER_MSEC)

/* UINT64_MAX = not set, unless the comment says otherwise. Start with LIMIT_SPEC_NONE. */
typedef struct LimitSpec {
        uint64_t cpu_weight; /* 1 ... 10000, CPU_WEIGHT_IDLE */
        uint64_t cpu_quota;  /* µs of processor time per second of wall time */
        usec_t cpu_period;   /* in which the quota is spent; never unset */
        IndexSet cpus, memory_nodes;
        CpusetPartition cpuset_partition;

        /* Bytes. Protection from reclaim: 0 = none, UINT64_MAX = all. */
        uint64_t memory_min, memory_low;
        uint64_t memory_high, memory_max, memory_swap_max, memory_zswap_max;
        bool memory_zswap_writeback;
        bool oom_group;               /* the kernel kills all processes or none */
        OomPreference oom_preference; /* what systemd-oomd is told */

        uint64_t tasks_max;

        bool io_accounting;
        uint64_t io_weight;                                    /* 1 ... 10000 */
        DeviceLimitList io_device_weight;                      /* 1 ... 10000 */
        DeviceLimitList io_read_bandwidth, io_write_bandwidth; /* bytes per second; UINT64_MAX = no limit */
        DeviceLimitList io_read_iops, io_write_iops;           /* per second; UINT64_MAX = no limit */
        DeviceLimitList io_latency_target;                     /* µs */

        /* Kept by programs of the cgroup, and not by its files. */
        InetPrefixList ip_allow, ip_deny;
        bool ip_accounting;
        DevicePolicy device_policy;
        DeviceAllowList devices;
} LimitSpec;

#define LIMIT_SPEC_NONE                                                                                  \
        {                                                                                                \
                .cpu_weight = UINT64_MAX, .cpu_quota = UINT64_MAX, .cpu_period = CPU_PERIOD_DEFAULT,     \
                .memory_high = UINT64_MAX, .memory_max = UINT64_MAX, .memory_swap_max = UINT64_MAX,      \
                .memory_zswap_max = UINT64_MAX, .memory_zswap_writeback = true, .tasks_max = UINT64_MAX, \
                .io_weight = UINT64_MAX,                                                                 \
        }

/** limit_spec_done() - free what @l owns, and leave LIMIT_SPEC_NONE. */
void limit_spec_done(LimitSpec *l);

/** limit_spec_copy() - @to becomes a copy that owns its lists. 0 or -ENOMEM; limit_spec_done() is fine in
 * either case. */
int limit_spec_copy(const LimitSpec *from, LimitSpec *to);

/**
 * limit_spec_share() - what is in @l, kept once for all who have the same
 *
 * Leaves LIMIT_SPEC_NONE in @l. Returns what limit_spec_release() gives back; NULL when out of memory, and @l
 * is as it was.
 */
const LimitSpec *limit_spec_share(LimitSpec *l);

/** limit_spec_release() - NULL is fine. */
void limit_spec_release(const LimitSpec *shared);

/** limit_spec_same_packets() - do both allow the same addresses, and count or not? */
bool limit_spec_same_packets(const LimitSpec *a, const LimitSpec *b);

/** limit_spec_same_devices() - do both allow the same devices? */
bool limit_spec_same_devices(const LimitSpec *a, const LimitSpec *b);

/** index_set_copy() - @to, which is empty, becomes a copy. 0 or -ENOMEM. */
int index_set_copy(const IndexSet *from, IndexSet *to);

/** index_set_to_string() - as the kernel writes it: "0-3,7". Free it; NULL when out of memory. */
char *index_set_to_string(const IndexSet *set);

/** index_set_equal() - have both the same members? */
bool index_set_equal(const IndexSet *a, const IndexSet *b);
