/* From a container unit, its image's configuration and nsunitd.conf to the spec that is started. */
#pragma once

#include "basic/diag.h"
#include "config/manager-config.h"
#include "spec/container-spec.h"
#include "spec/image-config.h"
#include "spec/unit-spec.h"

/* PATH of a container whose image sets none; what Docker and Podman give. */
#define SPEC_PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What a spec is made from beside the unit, read by the caller. Without what is not there, the spec is one to
 * look at. */
typedef struct SpecSources {
        const ImageConfig *image; /* NULL with Rootfs= */
        const ManagerConfig *config;
        char *const *file_environment;   /* what the unit's EnvironmentFile= files hold, NAME=VALUE */
        char *const *host_environment;   /* the manager's own */
        const char *seccomp;             /* text of the file of spec_seccomp_file() */
        const char *sub_uids, *sub_gids; /* texts of /etc/subuid and /etc/subgid */
        const ContainerSpec *pod;        /* what the pod of Pod= was started from */
} SpecSources;

/**
 * spec_make() - decide everything that is left open
 * @u:     a container unit, or a pod: its spec is that of a container without a root and a process
 * @diag:  errors that only show with the image at hand; places are those of the unit file
 *
 * Pure. In MountSpec.source and ContainerSpec.networks a name that ends in ".volume" or ".network" is the
 * name of a unit, for the caller to resolve.
 *
 * Returns: 0; -EINVAL with an error in @diag; -ENOMEM.
 */
int spec_make(const UnitSpec *u, const SpecSources *sources, Diag *diag, ContainerSpec **ret);

/**
 * spec_environment_files() - the paths of EnvironmentFile=, in order
 *
 * Absolute; one with "-" before it may be missing. Borrowed from @u; NULL when there is none.
 */
char *const *spec_environment_files(const UnitSpec *u);

/* Texts of files for SpecSources. */
typedef struct SpecFiles {
        char *seccomp, *sub_uids, *sub_gids;
} SpecFiles;

/**
 * spec_files_read() - the files that the unit's keys name, other than EnvironmentFile=
 *
 * Returns: 0, -ENOMEM, or another negative errno with an error in @diag; spec_files_clear() is fine in any
 * case.
 */
int spec_files_read(const UnitSpec *u, Diag *diag, SpecFiles *ret);

/** spec_files_clear() - free what is inside. */
void spec_files_clear(SpecFiles *files);

#define autospecfiles __attribute__((cleanup(spec_files_clear)))
