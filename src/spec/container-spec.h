/*
 * The complete, checked description of one container, as plain data. Made by spec_make() from a unit,
 * its image's configuration and the manager's configuration; nothing in it is a default any more and
 * nothing further in has to parse text. Readers: image, storage, cgroup, network, runtime, manager.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "basic/cleanup.h"
#include "basic/clock.h"
#include "basic/diag.h"
#include "basic/inet.h"
#include "spec/types.h"

/* One line of a user-namespace map (user_namespaces(7)). */
typedef struct IdExtent {
        uint32_t inside, outside, count;
} IdExtent;

#define MOUNT_KIND_LIST(X)        \
        X(MOUNT_BIND, "bind")     \
        X(MOUNT_VOLUME, "volume") \
        X(MOUNT_TMPFS, "tmpfs")

ENUM_DECLARE(MountKind, mount_kind, MOUNT_KIND, MOUNT_KIND_LIST);

/* One mount inside the container, in the order in which they are made (parents before children). */
typedef struct MountSpec {
        MountKind kind;
        char *source; /* bind: absolute host path; volume: name below the volume store, or of a .volume unit
                         ("data.volume"), NULL = anonymous; tmpfs: NULL */
        char *destination; /* absolute path in the container */
        bool read_only, no_exec, no_suid, no_dev;
        bool recursive;            /* bind: with the mounts below it */
        bool idmap;                /* shift ids with the container's user namespace */
        bool chown;                /* "U": give the source to the container's user first */
        bool copy;                 /* volume: fill an empty one from the image */
        bool shared;               /* "z": meant to be used by several containers */
        bool optional;             /* a missing source is no error */
        unsigned long propagation; /* MS_PRIVATE, MS_SLAVE, MS_SHARED, each may have MS_REC; mount(2) */
        uint64_t size;             /* tmpfs: bytes; 0 = half of the memory */
        mode_t mode;               /* tmpfs: mode of its root; 0 = 01777 */
        Where at;                  /* where the unit says so */
} MountSpec;

typedef struct PublishSpec {
        Protocol protocol;
        InetAddress host_address; /* AF_UNSPEC = every address, IPv4 and IPv6 */
        uint16_t host_port;       /* 0 = the manager picks a free one */
        uint16_t container_port;
        uint16_t count; /* ports in the range, at least 1 */
        Where at;
} PublishSpec;

#define NETWORK_MODE_LIST(X)               \
        X(NETWORK_MODE_PRIVATE, "private") \
        X(NETWORK_MODE_NONE, "none")       \
        X(NETWORK_MODE_HOST, "host")

ENUM_DECLARE(NetworkMode, network_mode, NETWORK_MODE, NETWORK_MODE_LIST);

/* A line of /etc/hosts. */
typedef struct HostEntry {
        char *name;
        InetAddress address; /* AF_UNSPEC = the host, as the container reaches it ("host-gateway") */
} HostEntry;

typedef struct SysctlSpec {
        char *path; /* below /proc/sys, with slashes: "net/core/somaxconn" */
        char *value;
} SysctlSpec;

typedef struct RlimitSpec {
        int resource; /* RLIMIT_*, setrlimit(2) */
        struct rlimit limit;
} RlimitSpec;

/* Limits of the cgroup; UINT64_MAX = not set. */
typedef struct LimitSpec {
        uint64_t memory_max; /* bytes */
        uint64_t cpu_weight; /* 1 ... 10000 */
        uint64_t cpu_quota;  /* µs of processor time per second of wall time */
        uint64_t tasks_max;
} LimitSpec;

typedef struct ContainerSpec {
        char *unit; /* unit name: "web.container" */
        char *name; /* container name: ContainerName= or the unit's stem */
        char *host_name;

        /* root: exactly one of image and rootfs is set */
        char *image;         /* reference as written */
        char *rootfs;        /* absolute host directory */
        bool rootfs_overlay; /* Rootfs=DIR:O */
        bool read_only;

        /* process */
        char **argv; /* at least one */
        char **environment;
        char *working_dir;
        char *user, *group; /* names or numbers of the container's own /etc/passwd and group; NULL = 0 and the
                               user's */
        int stop_signal;
        bool run_init;

        MountSpec *mounts;
        size_t n_mounts;
        uint64_t shm_size; /* bytes of /dev/shm; 0 = half of the memory */

        /* confinement */
        bool user_namespace;
        uint32_t id_count;     /* ids to map, from 0; the manager picks where outside */
        uint64_t capabilities; /* bit N = capability N (capabilities(7)): bounding, permitted, effective */
        bool no_new_privileges;
        bool seccomp;    /* the default filter */
        bool mask_paths; /* the usual masked and read-only paths of /proc and /sys */

        /* network */
        NetworkMode network;
        char **networks; /* unit names of .network units, or "default"; only with NETWORK_MODE_PRIVATE */
        InetAddress *addresses; /* IP=, IP6=: on the first network */
        size_t n_addresses;
        PublishSpec *publish;
        size_t n_publish;
        HostEntry *hosts;
        size_t n_hosts;
        InetAddress *dns;
        size_t n_dns;

        SysctlSpec *sysctls;
        size_t n_sysctls;
        RlimitSpec *rlimits;
        size_t n_rlimits;
        char **labels; /* NAME=VALUE */

        LimitSpec limits;
        usec_t start_timeout, stop_timeout;
        ServiceType type;
} ContainerSpec;

/** container_spec_free() - NULL is fine. */
void container_spec_free(ContainerSpec *s);

AUTOPTR_DEFINE(ContainerSpec, container_spec_free);
