/* The unit files as nsctl reads them itself: verify, cat, enable, and what the completion offers. */
#pragma once

#include "config/host-specifiers.h"
#include "config/unit-path.h"
#include "spec/unit-spec.h"

/** unit_files_open() - scan the search path, or the directories in @dirs when it is not NULL. 0 or negative
 * errno. */
int unit_files_open(char *const *dirs, UnitPath **ret);

/** unit_files_list() - names of all unit files of the search path, sorted; strv_free(). */
int unit_files_list(bool with_aliases, char ***ret);

/**
 * unit_files_load() - one unit with its meaning
 * @host: made once by the caller, however many units are loaded
 * @diag: every mistake of the text
 *
 * Returns: 0; -ENOENT, -ERFKILL as unit_path_load(); -EINVAL with errors in @diag; another negative errno.
 */
int unit_files_load(const UnitPath *path, const HostSpecifiers *host, const char *name, Diag *diag,
                    UnitSpec **ret);
