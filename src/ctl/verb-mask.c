/* nsctl mask, unmask, revert: a unit that there shall not be, and the way back. */
#include <errno.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/edit.h"

static int mask(const Ctl *c, char *const *dirs, const char *name) {
        autofree char *path = NULL;
        int r;

        r = edit_mask(dirs, name, &path);
        if (r == -EALREADY)
                return STATUS_OK;
        if (r == -EEXIST) {
                ctl_error("cannot mask %s: its unit file is %s itself", name, path);
                fprintf(stderr, "\"nsctl disable %s\" keeps it from being started at boot.\n", name);
                return STATUS_FAILED;
        }
        if (r < 0)
                return ctl_errno(r, "cannot mask %s", name);

        if (!c->options.quiet)
                fprintf(stderr, "Created %s -> /dev/null\n", path);
        return STATUS_OK;
}

static int take_back(const Ctl *c, char *const *dirs, const char *name, const char *verb) {
        autostrv char **removed = NULL;
        int r;

        r = streq(verb, "unmask") ? edit_unmask(dirs, name, &removed) : edit_revert(dirs, name, &removed);
        STRV_FOREACH (path, removed)
                if (!c->options.quiet)
                        fprintf(stderr, "Removed %s\n", *path);
        return r < 0 ? ctl_errno(r, "cannot %s %s", verb, name) : STATUS_OK;
}

int verb_mask(Ctl *c, char **words) {
        autostrv char **dirs = NULL, **names = NULL, **stop = NULL;
        bool masks = streq(words[0], "mask");
        int r, status = STATUS_OK;

        if (ctl_unit_names(words + 1, &names) < 0)
                return STATUS_FAILED;
        r = unit_path_dirs(&dirs);
        if (r < 0)
                return ctl_errno(r, "unit directories");

        STRV_FOREACH (name, names)
                if ((masks ? mask(c, dirs, *name) : take_back(c, dirs, *name, words[0])) != STATUS_OK)
                        status = STATUS_FAILED;
        if (client_reload(c) != STATUS_OK)
                status = STATUS_FAILED;
        if (status != STATUS_OK || !masks || !c->options.now)
                return status;

        r = strv_add(&stop, "stop");
        if (r == 0)
                r = strv_add_all(&stop, names);
        return r < 0 ? STATUS_FAILED : verb_job(c, stop);
}
