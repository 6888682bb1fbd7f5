/* nsctl edit: change a unit by a drop-in or as a whole; what has mistakes does not get into its place. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/edit-trial.h"
#include "ctl/edit.h"
#include "ctl/editor.h"

#define TEXT_BYTES_MAX (16u * 1024 * 1024)

/* One edit, in a directory of its own, where the draft is, and where the result is tried out. */
typedef struct Edit {
        const char *name;
        char **dirs;
        EditTarget target;
        char *directory, *draft;
        EditTrial *trial;
        char *result; /* the new text */
} Edit;

static void edit_clear(Edit *e) {
        edit_target_clear(&e->target);
        edit_trial_free(e->trial);
        if (e->directory)
                (void) tree_remove(AT_FDCWD, e->directory);
        free(e->directory);
        free(e->draft);
        free(e->result);
        strv_free(e->dirs);
}

#define autoedit __attribute__((cleanup(edit_clear)))

static char *join(const char *directory, const char *name) {
        char *path;

        return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static int make_parent(const char *path) {
        autofree char *parent = strndup(path, (size_t) (strrchr(path, '/') - path));

        return parent ? dir_make(AT_FDCWD, parent, 0755) : -ENOMEM;
}

static int make_directory(Edit *e) {
        const char *tmp = getenv("TMPDIR");
        autofree char *directory = join(tmp && tmp[0] == '/' ? tmp : "/tmp", "nsctl-edit-XXXXXX");

        if (!directory)
                return -ENOMEM;
        if (!mkdtemp(directory))
                return -errno;
        e->directory = take_ptr(directory);

        /* Named as in its place: editors go by that. */
        e->draft = join(e->directory, strrchr(e->target.path, '/') + 1);
        return e->draft ? edit_trial_new(e->directory, e->dirs, &e->trial) : -ENOMEM;
}

static int find_target(const Ctl *c, const char *word, Edit *e, char **ret_name) {
        autoptr(UnitPath) path = NULL;
        int r;

        if (ctl_unit_name(word, ret_name) < 0)
                return STATUS_FAILED;
        e->name = *ret_name;

        r = unit_path_dirs(&e->dirs);
        if (r == 0)
                r = unit_files_open(e->dirs, &path);
        if (r == 0)
                r = edit_target_find(path, e->dirs, e->name, c->options.full, c->options.drop_in, &e->target);
        if (r == -ENOENT)
                return ctl_no_unit(e->name);
        if (r == -ERFKILL)
                return ctl_error("%s is masked; see \"nsctl unmask\"", e->name);
        if (r == -EXDEV)
                return ctl_error("%s is one of several units of a file; edit that file, or leave out --full",
                                 e->name);
        if (r == -EINVAL)
                return ctl_error("--drop-in=%s is not the name of a file", c->options.drop_in);
        return r < 0 ? ctl_errno(r, "%s", e->name) : STATUS_OK;
}

/* Returns the number of errors, or a negative errno. */
static int check(Ctl *c, Edit *e) {
        int r = edit_trial_put(e->trial, e->target.check, e->target.path, e->result);

        return r < 0 ? r : edit_trial_run(c, e->trial, e->name, false);
}

/* The letter that the person typed. */
static int ask(const char *question) {
        char line[64];

        fprintf(stderr, "%s ", question);
        return fgets(line, sizeof(line), stdin) ? line[0] : 'q';
}

static int write_draft(const Edit *e) {
        autofree char *draft = edit_draft(&e->target);

        return draft ? file_replace(AT_FDCWD, e->draft, draft, strlen(draft), 0600, false) : -ENOMEM;
}

static int take_result(Edit *e, char *text) {
        free(e->result);
        e->result = edit_result(text);
        free(text);
        return e->result ? 0 : -ENOMEM;
}

static int read_input(const Ctl *c, Edit *e) {
        char *text = NULL;
        int r;

        if (c->options.use_stdin)
                r = file_read_fd(STDIN_FILENO, TEXT_BYTES_MAX, &text, NULL);
        else {
                r = editor_run(e->draft);
                if (r == 0)
                        r = file_read(AT_FDCWD, e->draft, TEXT_BYTES_MAX, &text, NULL);
        }
        if (r == -EPIPE)
                ctl_error("the editor failed; nothing was changed");
        else if (r == -ENOENT)
                ctl_error("there is no editor; set EDITOR");
        else if (r < 0)
                ctl_errno(r, "cannot read the new text");
        return r < 0 ? r : take_result(e, text);
}

/* Until the text is good: 0, or the person wants nothing of it: -ECANCELED, told; or a negative errno, told.
 */
static int edit_until_good(Ctl *c, Edit *e) {
        autofree char *before = edit_result(e->target.text);
        bool asks = !c->options.use_stdin && isatty(STDIN_FILENO);
        int r, letter;

        for (;;) {
                r = before ? read_input(c, e) : -ENOMEM;
                if (r < 0)
                        return r;
                if (!e->result[0] || streq(e->result, before)) {
                        fprintf(stderr, "%s: nothing was changed.\n", e->target.path);
                        return -ECANCELED;
                }

                r = check(c, e);
                if (r < 0)
                        ctl_errno(r, "%s", e->name);
                if (r <= 0)
                        return r;
                if (!asks) {
                        ctl_error("%s: it has mistakes; nothing was changed", e->target.path);
                        return -EINVAL;
                }

                letter = ask("It has mistakes. Edit again, put it in its place anyway, quit? [e/p/q]");
                if (letter == 'p')
                        return 0;
                if (letter == 'q') {
                        fprintf(stderr, "%s: nothing was changed.\n", e->target.path);
                        return -ECANCELED;
                }
        }
}

static int put_in_place(Ctl *c, const Edit *e) {
        int r;

        r = make_parent(e->target.path);
        if (r == 0)
                r = file_replace(AT_FDCWD, e->target.path, e->result, strlen(e->result), 0644, true);
        if (r < 0)
                return ctl_errno(r, "%s", e->target.path);

        if (!c->options.quiet)
                fprintf(stderr, "Wrote %s\n", e->target.path);
        return client_reload(c);
}

int verb_edit(Ctl *c, char **words) {
        autofree char *name = NULL;
        autoedit Edit e = {};
        int r, status;

        status = find_target(c, words[1], &e, &name);
        if (status != STATUS_OK)
                return status;
        r = make_directory(&e);
        if (r == 0)
                r = write_draft(&e);
        if (r < 0)
                return ctl_errno(r, "cannot make a draft");

        r = edit_until_good(c, &e);
        if (r < 0)
                return r == -ECANCELED ? STATUS_OK : STATUS_FAILED;
        return put_in_place(c, &e);
}
