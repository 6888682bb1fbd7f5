/* The unit files as nsctl reads them itself. */
#include <errno.h>

#include "basic/strv.h"
#include "ctl/unit-files.h"

int unit_files_open(char *const *dirs, UnitPath **ret) {
        autostrv char **standard = NULL;
        int r;

        if (!dirs) {
                r = unit_path_dirs(&standard);
                if (r < 0)
                        return r;
        }
        return unit_path_new(dirs ? dirs : standard, ret);
}

int unit_files_list(bool with_aliases, char ***ret) {
        autoptr(UnitPath) path = NULL;
        autostrv char **names = NULL;
        char **kept;
        int r;

        r = unit_files_open(NULL, &path);
        if (r == 0)
                r = unit_path_list(path, &names);
        if (r < 0)
                return r;

        kept = names;
        STRV_FOREACH (name, names) {
                autofree char *real = NULL;

                if (with_aliases || unit_path_real_name(path, *name, NULL, &real) < 0 || streq(real, *name))
                        *kept++ = *name;
                else
                        free(*name);
        }
        if (kept)
                *kept = NULL;

        *ret = take_ptr(names);
        return 0;
}

int unit_files_load(const UnitPath *path, const HostSpecifiers *host, const char *name, Diag *diag,
                    UnitSpec **ret) {
        autoptr(RawUnit) raw = NULL;
        int r, read_error;

        /* With mistakes in the text there is still a unit, whose other mistakes are wanted, too. */
        read_error = unit_path_load(path, name, diag, &raw);
        if (read_error < 0 && (read_error != -EINVAL || !raw))
                return read_error;

        r = unit_spec_load(raw, host_specifiers_context(host), diag, ret);
        if (r < 0)
                return r;
        (void) take_ptr(raw);

        if (read_error < 0) {
                unit_spec_free(*ret);
                *ret = NULL;
        }
        return read_error;
}
