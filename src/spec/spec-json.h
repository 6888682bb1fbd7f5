/* ContainerSpec as the OCI runtime-spec's config.json: for `nsctl spec`, and for other runtimes to start it.
 */
#pragma once

#include "spec/container-spec.h"

/* What only the one who prints it knows. */
typedef struct SpecJsonContext {
        const char *root;         /* root.path */
        const char *volume_store; /* directory of the named volumes; NULL = /var/lib/nsunits/volumes */
        const IdMap *ids;         /* uidMappings and gidMappings; NULL = no user namespace */
        /* The user as the container's own /etc/passwd has it; unless known, a name becomes 0. */
        bool user_known;
        uint32_t uid, gid;
} SpecJsonContext;

/**
 * spec_to_json() - indented JSON text
 * @ret: free()
 *
 * What the OCI specification has no word for (networks, published ports, hosts, resolvers, readiness) stands
 * in annotations whose names begin with "org.nsunits1.".
 *
 * Returns: 0 or -ENOMEM.
 */
int spec_to_json(const ContainerSpec *s, const SpecJsonContext *context, char **ret);
