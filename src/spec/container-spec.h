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
#include "spec/container-words.h"
#include "spec/health-spec.h"
#include "spec/id-map.h"
#include "spec/limit-spec.h"
#include "spec/namespace.h"
#include "spec/schedule.h"
#include "spec/seccomp-profile.h"
#include "spec/types.h"

/* One line of UIDMap= or GIDMap= (podman-run(1), "UIDMap"). */
typedef struct IdMapSpec {
        uint32_t inside, outside, count;
        bool add;        /* "+": to the default map, replacing what overlaps */
        bool host;       /* "@": outside is an id of the host, also where others are intermediate */
        bool uids, gids; /* "u", "g": of which of the two maps; neither = of the key's */
        bool container;  /* of a mount, "@": what is outside is an id of the container, not of the host */
} IdMapSpec;

typedef struct IdMapList {
        IdMapSpec *items;
        size_t n;
} IdMapList;

#define MOUNT_KIND_LIST(X)            \
        X(MOUNT_BIND, "bind")         \
        X(MOUNT_VOLUME, "volume")     \
        X(MOUNT_TMPFS, "tmpfs")       \
        X(MOUNT_IMAGE, "image")       \
        X(MOUNT_ARTIFACT, "artifact") \
        X(MOUNT_GLOB, "glob")         \
        X(MOUNT_DEVPTS, "devpts")     \
        X(MOUNT_RAMFS, "ramfs")

ENUM_DECLARE(MountKind, mount_kind, MOUNT_KIND, MOUNT_KIND_LIST);

/* One mount inside the container, in the order in which they are made (parents before children). */
typedef struct MountSpec {
        MountKind kind;
        char *source; /* bind: absolute host path; glob: pattern of such; volume: name below the volume store,
                         or of a .volume unit ("data.volume"), NULL = anonymous; image, artifact: reference or
                         unit; others: NULL */
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
        bool overlay;              /* "O": what is written does not reach the source */
        char **lowers;        /* of that overlay below the source, lowest first; "" = an empty directory */
        char *upper, *work;   /* of that overlay; NULL: gone with the container */
        char *subpath;        /* volume, image: what of the source is mounted; NULL = all */
        char *title, *digest; /* artifact: which of its files; NULL = all */
        IdMapList uid_map, gid_map; /* "idmap=": instead of the user namespace's */
        bool copy_up;               /* tmpfs: begins with what the image has in its place */
        bool no_swap;               /* tmpfs, ramfs: never on disk */
        bool no_dereference;        /* a source that is a link is mounted as the link */
        bool own_label;             /* "Z": content is labelled for this one */
        uint32_t uid, gid;          /* devpts: owner of new terminals */
        uint32_t most;              /* devpts: number of terminals; 0 = the kernel's */
        const char *key;            /* which key says so; static; NULL = none */
        Where at;                   /* and where */
} MountSpec;

/** mount_spec_done() - free what @m owns. */
void mount_spec_done(MountSpec *m);

/** mount_spec_copy() - a copy that owns its texts. 0 or -ENOMEM; mount_spec_done() is fine in either case. */
int mount_spec_copy(const MountSpec *from, MountSpec *to);

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
        X(NETWORK_MODE_HOST, "host")       \
        X(NETWORK_MODE_SHARED, "shared")

ENUM_DECLARE(NetworkMode, network_mode, NETWORK_MODE, NETWORK_MODE_LIST);

/* What Network=NAME:... says beyond the name. */
typedef struct JoinSpec {
        InetAddress addresses[2]; /* the first network's are in ContainerSpec.addresses as well */
        size_t n_addresses;
        bool mac_set;
        uint8_t mac[6];
        char *interface_name;      /* inside; NULL = "eth0" and so on */
        char *host_interface_name; /* NULL = made of the container's name */
} JoinSpec;

/* A link beside those of the networks: the host's own, one that lies on it, or the end of a pair. */
#define EXTRA_LINK_LIST(X)               \
        X(EXTRA_LINK_MOVED, "interface") \
        X(EXTRA_LINK_MACVLAN, "macvlan") \
        X(EXTRA_LINK_IPVLAN, "ipvlan")   \
        X(EXTRA_LINK_VETH, "veth")

ENUM_DECLARE(ExtraLinkKind, extra_link_kind, EXTRA_LINK, EXTRA_LINK_LIST);

typedef struct ExtraLink {
        ExtraLinkKind kind;
        char *host, *inside;
} ExtraLink;

/* A line of /etc/hosts. */
typedef struct HostEntry {
        char *name;
        InetAddress address; /* AF_UNSPEC = the host, as the container reaches it ("host-gateway") */
} HostEntry;

/* EgressAllow=: either a name or a prefix. */
typedef struct EgressSpec {
        char *host; /* NULL: prefix counts */
        InetPrefix prefix;
        uint16_t first_port, last_port; /* 0 = any */
        bool any_protocol;
        Protocol protocol;
} EgressSpec;

typedef struct EgressList {
        EgressSpec *items;
        size_t n;
} EgressList;

/* A further name of the container on its networks. */
typedef struct AliasSpec {
        char *name;
        char *network; /* on this one only, as in ContainerSpec.networks; NULL = on all of them */
} AliasSpec;

typedef struct SysctlSpec {
        char *path; /* below /proc/sys, with slashes: "net/core/somaxconn" */
        char *value;
} SysctlSpec;

typedef struct RlimitSpec {
        int resource; /* RLIMIT_*, setrlimit(2) */
        struct rlimit limit;
} RlimitSpec;

/* Families of sockets that may be opened: bit N stands for address family N. */
typedef struct FamilyChoice {
        bool set;
        bool deny; /* the named ones are forbidden, not the only ones that are allowed */
        uint64_t families;
} FamilyChoice;

/* The filter of system calls. */
typedef struct SeccompSpec {
        bool enabled;            /* else every call is allowed that nothing below refuses */
        SeccompProfile *profile; /* NULL = the default filter */
        char **allow, **deny;    /* names of calls, whatever the filter says of them */
        FamilyChoice families;
        bool suppress_sync; /* calls that write to disk do nothing, and succeed */
} SeccompSpec;

/* Exists where SELinux is in force or watches (selinux(8)). */
#define SPEC_SELINUX_PRESENT "/sys/fs/selinux/enforce"

/* What security modules are told at the exec. */
typedef struct LabelSpec {
        char *app_armor; /* name of a profile */
        char *selinux; /* context: "system_u:system_r:TYPE:LEVEL"; for hosts that have SPEC_SELINUX_PRESENT */
        /* Contexts of files, for mounts that ask for it: of this container ("Z"), of all ("z"); NULL = none.
         */
        char *own_files, *shared_files;
} LabelSpec;

/* A device of the host, or a directory of devices. */
typedef struct DeviceSpec {
        char *host;      /* absolute path, or "vendor.com/class=name" of the Container Device Interface */
        char *container; /* below /dev; NULL with such a name */
        bool optional;   /* left out when the host has none */
        bool read, write, make; /* what the container may do with it */
        Where at;
} DeviceSpec;

typedef struct ContainerSpec {
        char *unit; /* unit name: "web.container" */
        char *name; /* container name: ContainerName= or the unit's stem */
        char *host_name;

        /* root: exactly one of image and rootfs is set */
        char *image;         /* reference as written */
        char *rootfs;        /* absolute host directory */
        bool rootfs_overlay; /* Rootfs=DIR:O */
        bool memory_root;    /* only its /usr; all else is in memory */
        bool read_only;
        char *pivot_root; /* directory in it that becomes "/"; NULL = none */
        char *old_root;   /* where the whole root is seen then; NULL = nowhere */

        /* process */
        char **argv; /* at least one */
        char **environment;
        char *working_dir;
        char *user, *group; /* names or numbers of the container's own /etc/passwd and group; NULL = 0 and the
                               user's */
        char **groups;      /* further ones, names or numbers of the same file */
        int stop_signal;
        bool run_init;
        bool boot; /* an init of the container's is the program: argv[0] is one that may be there */
        ScheduleSpec *schedule; /* container_spec_schedule(); NULL: nothing is set */
        char *time_zone;        /* below /usr/share/zoneinfo, "local" = the host's; NULL = the image's */
        char *machine_id;       /* 32 hexadecimal digits; NULL = none is given */

        MountSpec *mounts;
        size_t n_mounts;
        uint64_t shm_size; /* bytes of /dev/shm; 0 = half of the memory */

        NamespaceChoice *spaces; /* SPACE_N_ of them: container_spec_space(); NULL: none says anything */
        int64_t monotonic_offset, boottime_offset; /* of an own time namespace; µs */

        /* confinement */
        bool user_namespace; /* an own one, or as SPACE_USER that of another */
        bool pick_ids; /* the manager picks a range of id_count ids; lines of .ids then replace parts of it */
        uint32_t id_count;
        IdMap ids;             /* outside are ids of the host */
        uint64_t capabilities; /* bit N = capability N (capabilities(7)): bounding, permitted, effective */
        uint64_t ambient_capabilities; /* a part of these that a user other than root holds as well */
        bool no_new_privileges;
        SeccompSpec seccomp;
        LabelSpec security_labels;
        char **masked_paths;    /* absolute; unreachable inside. Those below /proc and /sys are never links */
        char **protected_paths; /* absolute; read-only inside */

        /* network */
        NetworkMode network;
        char **networks; /* unit names of .network units, or "default"; only with NETWORK_MODE_PRIVATE */
        JoinSpec *joins; /* one per network */
        InetAddress *addresses; /* IP=, IP6=: on the first network */
        size_t n_addresses;
        ExtraLink *links;
        size_t n_links;
        PublishSpec *publish;
        size_t n_publish;
        AliasSpec *aliases;
        size_t n_aliases;
        HostEntry *hosts;
        size_t n_hosts;
        InetAddress *dns;
        size_t n_dns;
        char **dns_search, **dns_options; /* replace those of the host when there is any; search "." = none */
        ResolvConfMode resolv;
        bool egress_closed; /* it connects to what follows, and to nothing else */
        EgressList egress;
        uint64_t bandwidth_max; /* bits per second in each direction; UINT64_MAX = no limit */

        DeviceSpec *devices;
        size_t n_devices;
        SysctlSpec *sysctls;
        size_t n_sysctls;
        RlimitSpec *rlimits;
        size_t n_rlimits;
        char **labels;      /* NAME=VALUE */
        char **annotations; /* NAME=VALUE */

        LogPipe log_pipe;
        LogDriver log_driver;       /* LOG_DRIVER_INVALID_ = as nsunitd.conf says */
        const LimitSpec *limits;    /* limit_spec_share() */
        LimitSpec *starting_limits; /* in their place until the unit is active; NULL = the same */
        OomPolicy oom_policy;
        bool delegate; /* the cgroup belongs to the container's root, who may make others in it */
        unsigned delegate_controllers; /* a set of Controller that they can have */
        char *delegate_subgroup; /* cgroup below it that the container's processes are started in; or NULL */
        usec_t start_timeout, stop_timeout;
        ServiceType type;
        HealthSpec *health; /* NULL: there is no check */
} ContainerSpec;

/** container_spec_space() - of SPACE_NETWORK and SPACE_USER only those that are shared. */
const NamespaceChoice *container_spec_space(const ContainerSpec *s, Space space);

/** container_spec_schedule() - never NULL. */
const ScheduleSpec *container_spec_schedule(const ContainerSpec *s);

/** container_spec_free() - NULL is fine. */
void container_spec_free(ContainerSpec *s);

AUTOPTR_DEFINE(ContainerSpec, container_spec_free);
