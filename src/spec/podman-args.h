/*
 * PodmanArgs=: options of podman's command line that say what a key says. Each becomes a value of that key,
 * as if the author had written it last, for podman goes by the last option, and Quadlet puts these behind all
 * others.
 */
#pragma once

#include "spec/unit-spec.h"
#include "spec/variables.h"

/**
 * podman_args_translate() - the values that the unit's PodmanArgs= stand for
 * @raw:  the unit's text
 * @in:   directory, specifiers, variables and diag, for reading PodmanArgs=
 * @ret:  NULL, made when there is a value to be added; each bears the place of its option. Specifiers and
 * variables in them are replaced
 *
 * What has no key is a warning that names the option. Mistakes in the words of PodmanArgs= are left to its
 * own key.
 *
 * Returns: 0; -EINVAL with a message; -ENOMEM.
 */
int podman_args_translate(const RawUnit *raw, UnitKind kind, const KeyInput *in, RawUnit **ret);
