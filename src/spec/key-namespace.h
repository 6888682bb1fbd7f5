/* Namespaces of others, as UserNS=, Network= and PidNS= name them. For key-*.c only. */
#pragma once

#include "spec/key-types.h"

/**
 * key_namespace_shared() - is @text "container:ID", "ns:/PATH", "x.container" or "x.pod"?
 *
 * A container is named by its ContainerName= there, and here by its unit: "container:web" and Quadlet's
 * "container:systemd-web" are web.container.
 *
 * Returns: 1 and *ret is set; 0 when it is none of these; -EINVAL with a message; -ENOMEM.
 */
int key_namespace_shared(const KeyInput *in, const char *text, Where at, NamespaceChoice *ret);

/** key_namespace_text() - the choice as its key would have it: "web.container", "ns:/PATH"; free(). */
char *key_namespace_text(const NamespaceChoice *c);
