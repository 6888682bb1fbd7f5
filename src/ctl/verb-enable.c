/* nsctl enable, disable, is-enabled. Work on the files; a manager that runs is told to read them again. */
#include <errno.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/enable.h"

static int change(const UnitPath *path, const char *directory, const char *name, bool enable, bool quiet) {
        autofree char *changed = NULL;
        int r;

        r = enable ? enable_unit(path, directory, name, &changed)
                   : disable_unit(path, directory, name, &changed);
        switch (r) {
        case 0:
                break;
        case -ENOENT:
                return ctl_no_unit(name);
        case -ERFKILL:
                return ctl_error("%s is masked", name);
        case -ENODATA:
                if (!quiet)
                        fprintf(stderr,
                                "%s has no WantedBy= in [Install]: it is never started at boot by itself.\n",
                                name);
                return STATUS_OK;
        default:
                return ctl_errno(r, "cannot %s %s", enable ? "enable" : "disable", name);
        }

        if (changed && !quiet)
                fprintf(stderr, "%s %s\n",
                        enable == (endswith(changed, ".conf") != NULL) ? "Removed" : "Created", changed);
        return STATUS_OK;
}

int verb_enable(Ctl *c, char **words) {
        autostrv char **dirs = NULL, **names = NULL, **follow_up = NULL;
        bool enable = streq(words[0], "enable");
        autoptr(UnitPath) path = NULL;
        int r, status = STATUS_OK;

        if (ctl_unit_names(words + 1, &names) < 0)
                return STATUS_FAILED;
        r = unit_path_dirs(&dirs);
        if (r == 0)
                r = unit_files_open(dirs, &path);
        if (r < 0)
                return ctl_errno(r, "cannot read the unit directories");

        STRV_FOREACH (name, names)
                if (change(path, dirs[0], *name, enable, c->options.quiet) != STATUS_OK)
                        status = STATUS_FAILED;

        if (client_reload(c) != STATUS_OK)
                status = STATUS_FAILED;
        if (status != STATUS_OK || !c->options.now)
                return status;

        r = strv_add(&follow_up, enable ? "start" : "stop");
        if (r == 0)
                r = strv_add_all(&follow_up, names);
        return r < 0 ? STATUS_FAILED : verb_job(c, follow_up);
}

int verb_is_enabled(Ctl *c, char **words) {
        autoptr(UnitPath) path = NULL;
        autostrv char **names = NULL;
        bool exists = false, enabled = false;
        int r;

        if (ctl_unit_names(words + 1, &names) < 0)
                return STATUS_FAILED;
        r = unit_files_open(NULL, &path);
        if (r < 0)
                return ctl_errno(r, "cannot read the unit directories");

        STRV_FOREACH (name, names) {
                EnableState state = enable_state(path, *name);

                exists |= state != ENABLE_NOT_FOUND;
                enabled |= state == ENABLE_ENABLED || state == ENABLE_STATIC;
                if (!c->options.quiet)
                        puts(enable_state_to_string(state));
        }
        return enabled ? STATUS_OK : exists ? STATUS_FAILED : STATUS_NO_UNIT;
}
