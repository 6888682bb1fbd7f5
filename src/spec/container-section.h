/* [Container] as typed data: what the author wrote, plus defaults. Filled by container-keys.def. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "basic/inet.h"
#include "spec/container-spec.h"

/* A switch whose default comes from nsunitd.conf. */
typedef enum Toggle {
        TOGGLE_UNSET,
        TOGGLE_OFF,
        TOGGLE_ON,
} Toggle;

#define USERNS_LIST(X)         \
        X(USERNS_AUTO, "auto") \
        X(USERNS_HOST, "host") \
        X(USERNS_DEFAULT, "")

ENUM_DECLARE(UserNamespaceMode, userns_mode, USERNS, USERNS_LIST);

/* Entrypoint=: set without words means that the image's is dropped. */
typedef struct Entrypoint {
        char **words;
        bool set;
} Entrypoint;

typedef struct InetAddressList {
        InetAddress *items;
        size_t n;
} InetAddressList;

typedef struct HostList {
        HostEntry *items;
        size_t n;
} HostList;

typedef struct PublishList {
        PublishSpec *items;
        size_t n;
} PublishList;

typedef struct MountList {
        MountSpec *items;
        size_t n;
} MountList;

typedef struct SysctlList {
        SysctlSpec *items;
        size_t n;
} SysctlList;

typedef struct RlimitList {
        RlimitSpec *items;
        size_t n;
} RlimitList;

/* Network=. */
typedef struct NetworkChoice {
        bool set;
        NetworkMode mode;
        char **names;         /* with private: unit names of .network units, or "default" */
        InetAddress ip4, ip6; /* of "x.network:ip=…"; AF_UNSPEC = none */
} NetworkChoice;

typedef struct ContainerSection {
        char *container_name, *host_name;

        char *image;  /* "x.image" and "x.build" name units */
        char *rootfs; /* absolute; ":O" at its end = with an overlay */
        Entrypoint entrypoint;
        char **exec;
        char **environment;       /* NAME=VALUE */
        char **environment_files; /* absolute, "-" before it when it may be missing */
        char *working_dir, *user, *group;
        int stop_signal;     /* 0 = not set */
        usec_t stop_timeout; /* USEC_INFINITY = none; unit_spec_is_set() tells whether it was written */
        bool run_init;

        MountList volumes, mounts, tmpfses; /* volume sources ending in ".volume" name units */
        uint64_t shm_size;
        bool read_only;

        UserNamespaceMode user_namespace;
        uint64_t add_capabilities, drop_capabilities;
        Toggle no_new_privileges;
        bool seccomp, unmask;
        SysctlList sysctls;
        RlimitList ulimits;
        char **labels;

        NetworkChoice network;
        InetAddress ip4, ip6;
        PublishList publish;
        HostList hosts;
        InetAddressList dns;
} ContainerSection;
