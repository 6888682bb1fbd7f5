/*
 * nsctl set-property: settings of a unit, each as a drop-in 50-KEY.conf, tried before they are put in their
 * place, and in effect at once as far as the key can.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "config/unit-path.h"
#include "ctl/assignment.h"
#include "ctl/client.h"
#include "ctl/edit-trial.h"
#include "ctl/explain.h"
#include "ctl/unit-files.h"

typedef struct DropIn {
        const Key *key;
        char *text, *relative, *path;
} DropIn;

typedef struct Change {
        Ctl *c;
        char *unit; /* by its real name */
        char **dirs;
        const char *home; /* the directory where drop-ins go */
        DropIn *files;
        size_t n;
} Change;

static void change_clear(Change *ch) {
        for (size_t i = 0; i < ch->n; i++) {
                free(ch->files[i].text);
                free(ch->files[i].relative);
                free(ch->files[i].path);
        }
        free(ch->files);
        free(ch->unit);
        strv_free(ch->dirs);
}

#define autochange __attribute__((cleanup(change_clear)))

/* The unit must have a file; a transient one keeps everything where it is itself. */
static int find_home(Change *ch, const char *name) {
        autoptr(UnitPath) path = NULL;
        autofree char *fragment = NULL;
        int r;

        r = unit_path_dirs(&ch->dirs);
        if (r == 0)
                r = unit_files_open(ch->dirs, &path);
        if (r == 0 && unit_path_real_name(path, name, NULL, &ch->unit) < 0)
                ch->unit = strdup(name);
        if (r == 0)
                r = ch->unit ? unit_path_find(path, ch->unit, &fragment) : -ENOMEM;
        if (r == -ENOENT)
                return ctl_no_unit(name);
        if (r == -ERFKILL)
                return ctl_error("%s is masked; see \"nsctl unmask\"", name);
        if (r < 0)
                return ctl_errno(r, "%s", name);

        ch->home = ch->dirs[0];
        if (startswith(fragment, UNIT_TRANSIENT_DIR "/")) {
                ch->home = UNIT_TRANSIENT_DIR;
                return STATUS_OK;
        }
        STRV_FOREACH (d, ch->dirs)
                if (ch->c->options.runtime && startswith(*d, "/run/")) {
                        ch->home = *d;
                        return STATUS_OK;
                }
        return ch->c->options.runtime ? ctl_error("no directory of the search path is below /run")
                                      : STATUS_OK;
}

static DropIn *file_of(Change *ch, const Assignment *a) {
        DropIn *grown, *f;

        for (size_t i = 0; i < ch->n; i++)
                if (ch->files[i].key == a->key)
                        return &ch->files[i];

        grown = reallocarray(ch->files, ch->n + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        ch->files = grown;
        f = &ch->files[ch->n];
        *f = (DropIn){ .key = a->key };
        if (asprintf(&f->text, "[%s]\n", a->section) < 0 ||
            asprintf(&f->relative, "%s.d/50-%s%s%s.conf", ch->unit, a->elsewhere ? a->section : "",
                     a->elsewhere ? "." : "", a->key->name) < 0 ||
            asprintf(&f->path, "%s/%s", ch->home, f->relative) < 0)
                return NULL; /* what was made is with the process */
        ch->n++;
        return f;
}

static int add(Change *ch, const char *word) {
        Assignment a = {};
        char *longer;
        DropIn *f;

        if (assignment_parse(unit_name_kind(ch->unit), word, &a) < 0)
                return STATUS_FAILED;
        f = file_of(ch, &a);
        if (!f || asprintf(&longer, "%s%s=%s\n", f->text, a.key->name, a.value) < 0)
                return ctl_errno(-ENOMEM, "%s", word);
        free(f->text);
        f->text = longer;
        return STATUS_OK;
}

/* A change that takes effect at once, and nothing that others may have, is nobody else's business: their
 * files, however many, are not read for it. */
static bool is_own_business(const Change *ch) {
        for (size_t i = 0; i < ch->n; i++)
                if ((ch->files[i].key->flags & (KEY_LIVE | KEY_CLAIM)) != KEY_LIVE)
                        return false;
        return true;
}

static int try(Change *ch) {
        autoptr(EditTrial) trial = NULL;
        int r;

        r = edit_trial_new(NULL, ch->dirs, &trial);
        for (size_t i = 0; r == 0 && i < ch->n; i++)
                r = edit_trial_put(trial, ch->files[i].relative, ch->files[i].path, ch->files[i].text);
        if (r == 0)
                r = edit_trial_run(ch->c, trial, ch->unit, is_own_business(ch));
        if (r < 0)
                return ctl_errno(r, "%s", ch->unit);
        return r > 0 ? ctl_error("%s: nothing was changed", ch->unit) : STATUS_OK;
}

static int put_in_place(const Change *ch) {
        for (size_t i = 0; i < ch->n; i++) {
                const DropIn *f = &ch->files[i];
                autofree char *parent = strndup(f->path, (size_t) (strrchr(f->path, '/') - f->path));
                int r = parent ? dir_make(AT_FDCWD, parent, 0755) : -ENOMEM;

                if (r == 0)
                        r = file_replace(AT_FDCWD, f->path, f->text, strlen(f->text), 0644,
                                         !ch->c->options.runtime);
                if (r < 0)
                        return ctl_errno(r, "%s", f->path);
                if (!ch->c->options.quiet)
                        fprintf(stderr, "Wrote %s\n", f->path);
        }
        return STATUS_OK;
}

/* What of the change a running unit has not got. */
static int report(const Change *ch) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *p = NULL;
        const char *failure;

        if (client_open_quietly(ch->c) < 0 || client_unit_properties(ch->c, ch->unit, &error, &p) < 0 ||
            !streq(property_string(p, "ActiveState"), "active"))
                return STATUS_OK;
        failure = property_string(p, "Failure");
        if (failure[0])
                return ctl_error("%s runs on as before: %s", ch->unit, failure);

        for (size_t i = 0; i < ch->n; i++) {
                const DropIn *f = &ch->files[i];

                if (ch->c->options.quiet || f->key->flags & KEY_LIVE)
                        continue;
                fprintf(stderr, "%s= takes effect when %s is %s.\n", f->key->name, ch->unit,
                        f->key->flags & KEY_RECREATE ? "stopped and started" : "restarted");
        }
        return STATUS_OK;
}

int verb_set_property(Ctl *c, char **words) {
        autochange Change ch = { .c = c };
        autofree char *name = NULL;
        int status;

        if (ctl_unit_name(words[1], &name) < 0)
                return STATUS_FAILED;
        status = find_home(&ch, name);
        for (char **w = words + 2; status == STATUS_OK && *w; w++)
                status = add(&ch, *w);
        if (status == STATUS_OK)
                status = try(&ch);
        if (status == STATUS_OK)
                status = put_in_place(&ch);
        if (status == STATUS_OK)
                status = client_reload(c);
        return status == STATUS_OK ? report(&ch) : status;
}
