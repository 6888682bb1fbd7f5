/* [Container] as typed data: what the author wrote, plus defaults. Filled by container-keys.def. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/container-spec.h"
#include "spec/health-section.h"
#include "spec/reach-section.h"
#include "spec/shared-section.h"

/* A switch whose default comes from nsunitd.conf. */
typedef enum Toggle {
        TOGGLE_UNSET,
        TOGGLE_OFF,
        TOGGLE_ON,
} Toggle;

/* Entrypoint=: set without words means that the image's is dropped. */
typedef struct Entrypoint {
        char **words;
        bool set;
} Entrypoint;

typedef struct MountList {
        MountSpec *items;
        size_t n;
} MountList;

/* One overlay of Overlay= or OverlayReadOnly=, at any place in the container. */
typedef struct OverlaySpec {
        char **lowers; /* host directories, lowest first; "" = one that is made for the occasion */
        char *upper;   /* host directory; "" = as above; NULL with OverlayReadOnly= */
        char *destination;
        Where at;
} OverlaySpec;

typedef struct OverlayList {
        OverlaySpec *items;
        size_t n;
} OverlayList;

typedef struct SysctlList {
        SysctlSpec *items;
        size_t n;
} SysctlList;

typedef struct RlimitList {
        bool host; /* "host": those that are not named are the manager's */
        RlimitSpec *items;
        size_t n;
} RlimitList;

/* AddDevice=. */
typedef struct DeviceList {
        DeviceSpec *items;
        size_t n;
} DeviceList;

/* Secret=. */
typedef struct SecretSpec {
        char *name;
        bool in_environment; /* type=env */
        char *target;        /* variable, or absolute path of the file; never NULL */
        uint32_t uid, gid;   /* of the file */
        mode_t mode;
        Where at;
} SecretSpec;

typedef struct SecretList {
        SecretSpec *items;
        size_t n;
} SecretList;

/* SeccompProfile=: the default filter, none, or one from a file. */
typedef struct SeccompChoice {
        bool unconfined;
        char *path; /* JSON of the OCI; NULL = the default filter */
} SeccompChoice;

/* Unmask=. */
typedef struct UnmaskChoice {
        bool all;
        char **paths; /* absolute, may be patterns of glob(7) */
} UnmaskChoice;

/* SystemCallFilter=: names and @groups, added to or taken from the default filter. */
typedef struct SystemCallChoice {
        char **allow, **deny;
} SystemCallChoice;

/* LogOpt=. */
typedef struct LogOptions {
        char *path;
        uint64_t max_size; /* bytes; 0 = not said */
        unsigned max_files;
        char *tag;
        char *label;
} LogOptions;

/* PivotRoot=: what becomes "/", and where the old root is seen then. */
typedef struct PivotRootChoice {
        char *new_root, *old_root; /* NULL = not seen */
} PivotRootChoice;

/* Of a section, what few units say anything of: those that do not share it (KeyPart in key.h). */

typedef struct LogKeys {
        LogDriver driver;
        LogPipe pipe;
        LogOptions options;
        LinkJournal link_journal;
} LogKeys;

/* What is seen in the container besides its root and Volume=. */
typedef struct FileKeys {
        MountList mounts, tmpfses;
        OverlayList overlays, read_only_overlays;
        SecretList secrets;
        DeviceList devices;
        char **bind_users;
} FileKeys;

/* Namespaces besides those of the network and of the users. */
typedef struct SpaceKeys {
        NamespaceChoice pid, ipc, uts, cgroup, time;
        int64_t monotonic_offset, boottime_offset; /* µs */
} SpaceKeys;

typedef struct ConfineKeys {
        char **mask; /* absolute paths that nobody can reach */
        UnmaskChoice unmask;
        uint64_t add_capabilities, drop_capabilities, ambient_capabilities;
        Toggle no_new_privileges;
        SeccompChoice seccomp;
        SystemCallChoice system_calls;
        FamilyChoice address_families;
        bool suppress_sync;
        char *app_armor; /* profile, or "unconfined" */
        bool security_label_disable, security_label_nested;
        char *security_label_type, *security_label_level, *security_label_file_type;
} ConfineKeys;

/* What makes the container another system than the host, or than its image has meant it to be. */
typedef struct SystemKeys {
        PivotRootChoice pivot_root;
        char *machine_id; /* 32 hexadecimal digits */
        char *timezone;   /* "local" = the host's */
        SysctlList sysctls;
        RlimitList ulimits;
} SystemKeys;

typedef struct ContainerSection {
        char *container_name;

        char *image;  /* "x.image" and "x.build" name units */
        char *rootfs; /* absolute; ":O" at its end = with an overlay */
        PullPolicy pull;
        unsigned retry;
        usec_t retry_delay; /* USEC_INFINITY = growing from 2 s */
        AutoUpdate auto_update;
        bool boot, ephemeral;
        const SystemKeys *system;

        Entrypoint entrypoint;
        char **exec;
        char **environment;       /* NAME=VALUE */
        char **environment_files; /* absolute, "-" before it when it may be missing */
        bool environment_host, http_proxy;
        char *working_dir, *user, *group;
        char **groups;       /* GroupAdd=; "keep-groups" stands for the manager's */
        int stop_signal;     /* 0 = not set */
        usec_t stop_timeout; /* USEC_INFINITY = none; unit_spec_is_set() tells whether it was written */
        char **reload_command;
        int reload_signal; /* 0 = not set */
        bool run_init;
        NotifyMode notify;
        const HealthKeys *health;
        const LogKeys *log;

        MountList volumes; /* sources ending in ".volume" name units */
        const FileKeys *files;
        uint64_t shm_size;
        bool read_only, read_only_tmpfs, volatile_tmp;
        VolatileMode volatile_mode;
        ResolvConfMode resolv_conf;

        const UserKeys *users;
        unsigned delegate_ranges; /* PrivateUsersDelegate= */
        const SpaceKeys *spaces;
        const ConfineKeys *confine;
        uint64_t memory; /* bytes; 0 = not set */
        uint64_t pids;   /* 0 = not set, UINT64_MAX = no limit */
        CgroupsMode cgroups_mode;
        char **labels, **annotations;

        NetworkKeys network;
        const LinkKeys *network_devices;
        PublishList exposed;

        char *pod; /* "x.pod" */
        bool start_with_pod;
        const TimerKeys *timer;
        const ListenKeys *listen;

        char *service_name;
        char **podman_args, **global_args, **containers_conf_modules;
} ContainerSection;
