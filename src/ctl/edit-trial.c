/* See edit-trial.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/edit-trial.h"
#include "ctl/verify.h"

struct EditTrial {
        char *const *dirs;
        char *own;             /* the directory, when it is ours */
        char *directory;       /* that stands before the others */
        char **paths, **homes; /* where each file is now, and where it is to go */
};

int edit_trial_new(const char *directory, char *const *dirs, EditTrial **ret) {
        autoptr(EditTrial) t = calloc(1, sizeof(*t));
        const char *tmp = getenv("TMPDIR");

        if (!t)
                return -ENOMEM;
        t->dirs = dirs;
        if (!directory) {
                if (asprintf(&t->own, "%s/nsctl-edit-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp") < 0) {
                        t->own = NULL;
                        return -ENOMEM;
                }
                if (!mkdtemp(t->own)) {
                        free(t->own);
                        t->own = NULL;
                        return -errno;
                }
                directory = t->own;
        }
        if (asprintf(&t->directory, "%s/check", directory) < 0) {
                t->directory = NULL;
                return -ENOMEM;
        }
        *ret = take_ptr(t);
        return 0;
}

void edit_trial_free(EditTrial *t) {
        if (!t)
                return;
        if (t->directory)
                (void) tree_remove(AT_FDCWD, t->directory);
        if (t->own)
                (void) rmdir(t->own);
        free(t->own);
        free(t->directory);
        strv_free(t->paths);
        strv_free(t->homes);
        free(t);
}

int edit_trial_put(EditTrial *t, const char *relative, const char *home, const char *text) {
        autofree char *path = NULL, *parent = NULL;
        int r;

        if (asprintf(&path, "%s/%s", t->directory, relative) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        parent = strndup(path, (size_t) (strrchr(path, '/') - path));
        r = parent ? dir_make(AT_FDCWD, parent, 0755) : -ENOMEM;
        if (r == 0)
                r = file_replace(AT_FDCWD, path, text, strlen(text), 0600, false);
        if (r < 0 || strv_contains(t->paths, path))
                return r;
        r = strv_add(&t->paths, path);
        return r < 0 ? r : strv_add(&t->homes, home);
}

/* The messages speak of the place where the text is tried out. */
static void print_at_home(const EditTrial *t, const char *text) {
        while (*text) {
                const char *found = NULL;
                size_t which = 0;

                for (size_t i = 0; t->paths && t->paths[i]; i++) {
                        const char *here = strstr(text, t->paths[i]);

                        if (here && (!found || here < found)) {
                                found = here;
                                which = i;
                        }
                }
                if (!found)
                        break;
                fprintf(stderr, "%.*s%s", (int) (found - text), text, t->homes[which]);
                text = found + strlen(t->paths[which]);
        }
        fprintf(stderr, "%s\n", text);
}

static int tell(const Ctl *c, const EditTrial *t, const Diag *diag) {
        int errors = 0;

        for (size_t k = 0; k < diag_count(diag); k++) {
                const DiagItem *item = diag_get(diag, k);
                autofree char *text = diag_item_to_string(item);

                errors += item->severity == SEVERITY_ERROR;
                if (text && (item->severity == SEVERITY_ERROR || !c->options.quiet))
                        print_at_home(t, text);
        }
        return errors;
}

int edit_trial_run(Ctl *c, const EditTrial *t, const char *unit, bool alone) {
        autoptr(HostSpecifiers) host = host_specifiers_new();
        autostrv char **dirs = NULL;
        autoptr(Verify) v = NULL;
        int r, errors = 0;

        r = host ? strv_add(&dirs, t->directory) : -ENOMEM;
        if (r == 0)
                r = strv_add_all(&dirs, t->dirs);
        if (r == 0)
                r = verify_new(dirs, &v);
        if (r == 0)
                r = verify_want(v, unit);
        if (r < 0)
                return r;
        v->alone = alone;
        r = verify_run(v, host, ctl_config(c), false);
        if (r < 0)
                return r;

        for (size_t i = 0; i < v->n; i++)
                if (v->units[i].wanted)
                        errors += tell(c, t, v->units[i].diag);
        return errors;
}
