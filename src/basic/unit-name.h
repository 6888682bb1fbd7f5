/*
 * Names of units: "web.container", "back.network", "job@1.container" (systemd.unit(5), "unit names").
 */
#pragma once

#include <stdbool.h>

#include "basic/strtab.h"

#define UNIT_KIND_LIST(X)              \
        X(UNIT_CONTAINER, "container") \
        X(UNIT_POD, "pod")             \
        X(UNIT_NETWORK, "network")     \
        X(UNIT_VOLUME, "volume")       \
        X(UNIT_IMAGE, "image")         \
        X(UNIT_BUILD, "build")         \
        X(UNIT_KUBE, "kube")           \
        X(UNIT_ARTIFACT, "artifact")

ENUM_DECLARE(UnitKind, unit_kind, UNIT_KIND, UNIT_KIND_LIST);

/* systemd's UNIT_NAME_MAX. */
#define UNIT_NAME_MAX 256

/** unit_name_valid() - characters, length, and a suffix that is a kind of ours. */
bool unit_name_valid(const char *name);

/** unit_name_kind() - by suffix; UNIT_KIND_INVALID_ for a name that is not ours. */
UnitKind unit_name_kind(const char *name);

/** unit_name_stem() - "web" of "web.container". Free it; NULL when out of memory. */
char *unit_name_stem(const char *name);

/** unit_name_is_template() - "job@.container". */
bool unit_name_is_template(const char *name);

/** unit_name_template() - "job@.container" of "job@1.container"; NULL in *ret for a plain name. 0 or -ENOMEM.
 */
int unit_name_template(const char *name, char **ret);

/** unit_name_instance() - "1" of "job@1.container"; NULL in *ret for a plain name. 0 or -ENOMEM. */
int unit_name_instance(const char *name, char **ret);

/**
 * unit_name_complete() - a name as typed to a unit name: "web" becomes "web.container"
 *
 * Quadlet's service names resolve too: "web.service" -> "web.container", "back-network.service" ->
 * "back.network", "data-volume.service" -> "data.volume" (quadlet: the suffix of the kind joins the name).
 * "web.service" is ambiguous between kinds only for .kube, which a caller may try after .container.
 *
 * Returns: 0, -EINVAL for a name that cannot be a unit's, -ENOMEM. Free *ret.
 */
int unit_name_complete(const char *typed, char **ret);

/** unit_name_to_service() - Quadlet's service name of a unit: "web.service", "back-network.service". */
int unit_name_to_service(const char *name, char **ret);

/** unit_name_escape() - systemd-escape(1) of any text ("/" becomes "-"). Free it; NULL when out of memory. */
char *unit_name_escape(const char *text);

/** unit_name_unescape() - the reverse. Returns 0, -EINVAL for a bad escape, -ENOMEM. */
int unit_name_unescape(const char *text, char **ret);

/** unit_name_unescape_path() - the same as an absolute path: "a-b" to "/a/b", "-" to "/". -EINVAL also for
 * what is no clean path. */
int unit_name_unescape_path(const char *text, char **ret);

/** unit_name_replace_instance() - "job@1.container" of "job@.container" and "1". 0, -EINVAL for a plain name,
 * -ENOMEM. */
int unit_name_replace_instance(const char *name, const char *instance, char **ret);
