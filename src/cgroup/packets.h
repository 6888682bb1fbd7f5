/*
 * Which addresses the processes of a cgroup may talk to, and how much they do. By programs of the cgroup's
 * sockets (cgroup_skb), which are asked for every IP packet whatever network namespace the socket is in, and
 * go with the cgroup.
 */
#pragma once

#include <stdint.h>

#include "basic/fault.h"
#include "spec/limit-spec.h"

/**
 * cgroup_restrict_packets() - keep limits.ip_allow and limits.ip_deny, and count if limits.ip_accounting
 *
 * In place of what an earlier call has said; what was counted before goes on. Without any of them there are
 * no programs, and where the kernel has none that is no failure.
 *
 * An address that both lists have is allowed, and one that neither has.
 *
 * Returns: 0, or a negative errno with @fault filled (-EOPNOTSUPP: the kernel has no such programs).
 */
int cgroup_restrict_packets(int cgroup_fd, const LimitSpec *limits, Fault *fault);

typedef struct PacketCount {
        uint64_t packets, bytes;
} PacketCount;

/** cgroup_count_packets() - what has come in, and gone out; packets that were refused are not among them. 0
 * or -ENOENT when nobody counts, or another negative errno. */
int cgroup_count_packets(int cgroup_fd, PacketCount *ret_in, PacketCount *ret_out);
