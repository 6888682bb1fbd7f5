/* What is hidden from a container, and what it may change: lists that the launch, the checks and the JSON
 * share. */
#pragma once

#include <stdbool.h>

/* Docker's lists: what tells about or reaches the host although it is not namespaced. X(path) */
#define MASKED_PATH_LIST(X)                \
        X("/proc/acpi")                    \
        X("/proc/asound")                  \
        X("/proc/interrupts")              \
        X("/proc/kcore")                   \
        X("/proc/keys")                    \
        X("/proc/latency_stats")           \
        X("/proc/sched_debug")             \
        X("/proc/scsi")                    \
        X("/proc/timer_list")              \
        X("/proc/timer_stats")             \
        X("/sys/devices/virtual/powercap") \
        X("/sys/firmware")

#define PROTECTED_PATH_LIST(X) \
        X("/proc/bus")         \
        X("/proc/fs")          \
        X("/proc/irq")         \
        X("/proc/sys")         \
        X("/proc/sysrq-trigger")

/* Calls that do nothing, and succeed, with SuppressSync=: a list of texts. */
#define SYNC_CALLS "sync", "syncfs", "fsync", "fdatasync", "msync", "sync_file_range", "sync_file_range2"

/**
 * confine_paths_make() - which paths are hidden, and which are read-only
 * @usual:      begin with the two lists above
 * @unmask:     patterns of glob(7): what they match of the usual ones stays as it is
 * @mask:       hidden in any case
 *
 * Without patterns and further paths these are the same two lists for everybody: not to be changed.
 *
 * Returns: 0 or -ENOMEM.
 */
int confine_paths_make(bool usual, char *const *unmask, char *const *mask, char ***ret_masked,
                       char ***ret_protected);

/** confine_paths_free() - either list. NULL is fine. */
void confine_paths_free(char **paths);

/**
 * confine_sysctl_is_own() - does the parameter exist once per namespace? All others are the host's.
 * @path:        below /proc/sys, with slashes
 * @network, @ipc, @uts: the container has such a namespace of its own
 */
bool confine_sysctl_is_own(const char *path, bool network, bool ipc, bool uts);
