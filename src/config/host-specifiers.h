/* What the specifiers that do not depend on a unit stand for on this machine. */
#pragma once

#include "basic/cleanup.h"
#include "config/specifiers.h"

typedef struct HostSpecifiers HostSpecifiers;

/**
 * host_specifiers_new() - look them up: host name, machine and boot id, kernel, os-release, the system's
 * directories
 *
 * What this machine cannot tell stays NULL. Returns NULL when out of memory.
 */
HostSpecifiers *host_specifiers_new(void);

/** host_specifiers_free() - NULL is fine. */
void host_specifiers_free(HostSpecifiers *h);

AUTOPTR_DEFINE(HostSpecifiers, host_specifiers_free);

/** host_specifiers_context() - borrowed; without unit name and fragment. */
const SpecifierContext *host_specifiers_context(const HostSpecifiers *h);
