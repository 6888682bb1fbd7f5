/* From a container unit, its image's configuration and nsunitd.conf to the spec that is started. */
#pragma once

#include "basic/diag.h"
#include "config/manager-config.h"
#include "spec/container-spec.h"
#include "spec/image-config.h"
#include "spec/unit-spec.h"

/* PATH of a container whose image sets none; what Docker and Podman give. */
#define SPEC_PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/**
 * spec_make() - decide everything that is left open
 * @u:     a container unit
 * @image: NULL with Rootfs=
 * @file_environment: what the unit's EnvironmentFile= files hold, read by the caller, NAME=VALUE; may be NULL
 * @diag:  errors that only show with the image at hand; places are those of the unit file
 *
 * Pure. In MountSpec.source and ContainerSpec.networks a name that ends in ".volume" or ".network" is the
 * name of a unit, for the caller to resolve.
 *
 * Returns: 0; -EINVAL with an error in @diag; -ENOMEM.
 */
int spec_make(const UnitSpec *u, const ImageConfig *image, const ManagerConfig *config,
              char *const *file_environment, Diag *diag, ContainerSpec **ret);

/**
 * spec_environment_files() - the paths of EnvironmentFile=, in order
 *
 * Absolute; one with "-" before it may be missing. Borrowed from @u; NULL when there is none.
 */
char *const *spec_environment_files(const UnitSpec *u);
