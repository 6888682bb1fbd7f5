/* nsctl import: unit files out of what other tools know of their containers. Needs no manager. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/import.h"
#include "ctl/text.h"
#include "ctl/verb.h"

typedef int (*ImportFn)(Import *i, const char *file, const char *text, size_t size);

/* "-" is standard input. */
static int read_source(const char *file, char **ret, size_t *ret_size) {
        int r;

        r = streq(file, "-") ? file_read_fd(STDIN_FILENO, DOC_SOURCE_MAX, ret, ret_size)
                             : file_read(AT_FDCWD, file, DOC_SOURCE_MAX, ret, ret_size);
        return r < 0 ? r : 0;
}

/* Where relative paths of the source begin: beside the file. */
static char *directory_of(const char *file) {
        char *path, *slash;

        if (streq(file, "-"))
                return realpath(".", NULL);
        path = realpath(file, NULL);
        slash = path ? strrchr(path, '/') : NULL;
        if (slash)
                slash[slash == path] = '\0';
        return path;
}

static int import_file(Import *i, ImportFn fn, const char *file) {
        autofree char *text = NULL, *directory = NULL;
        size_t size;
        int r;

        r = read_source(file, &text, &size);
        if (r < 0)
                return ctl_errno(r, "%s", file);
        directory = directory_of(file);
        if (!directory)
                return ctl_errno(-errno, "%s", file);

        i->directory = directory;
        r = fn(i, file, text, size);
        i->directory = NULL;
        /* What is wrong is in the list already. */
        return r < 0 && diag_count_errors(i->diag) == 0 ? ctl_errno(r, "%s", file) : STATUS_OK;
}

/* Errors always, warnings unless --quiet. They quote texts of others, which a terminal should not obey. */
static void tell(const Ctl *c, const Diag *diag) {
        fflush(stdout);
        for (size_t k = 0; k < diag_count(diag); k++) {
                const DiagItem *item = diag_get(diag, k);
                autofree char *text = NULL, *visible = NULL;

                if (c->options.quiet && item->severity != SEVERITY_ERROR)
                        continue;
                text = diag_item_to_string(item);
                visible = text ? text_escape(text) : NULL;
                if (visible)
                        fprintf(stderr, "%s\n", visible);
        }
}

static int put(const Ctl *c, UnitBundle *b) {
        const char *directory = c->options.output;
        autofree char *name = NULL;
        int r;

        if (!directory) {
                unit_bundle_print(b, stdout);
                return STATUS_OK;
        }

        r = unit_bundle_save(b, directory, &name);
        if (r == -EEXIST && name)
                return ctl_error("%s/%s exists already, nothing was written", directory, name);
        if (r < 0)
                return ctl_errno(r, "%s%s%s", directory, name ? "/" : "", strempty(name));
        for (size_t i = 0; i < b->n && !c->options.quiet; i++)
                printf("%s/%s\n", directory, b->units[i]->name);
        return STATUS_OK;
}

static int run(Ctl *c, ImportFn fn, char **files) {
        autoptr(Diag) diag = diag_new();
        Import i = { .diag = diag, .env = environ };
        int status = STATUS_OK, r = 0;

        if (!diag)
                return ctl_errno(-ENOMEM, "import");
        for (char **file = files; *file && status == STATUS_OK; file++)
                status = import_file(&i, fn, *file);

        if (status == STATUS_OK && diag_count_errors(diag) == 0)
                r = unit_bundle_check(&i.bundle, diag);
        tell(c, diag);
        if (status == STATUS_OK)
                status = r < 0 || diag_count_errors(diag) > 0 ? STATUS_FAILED : put(c, &i.bundle);
        unit_bundle_done(&i.bundle);
        return status;
}

int verb_import(Ctl *c, char **words) {
        if (streq(words[1], "compose") && words[2] && !words[3])
                return run(c, import_compose, words + 2);
        if (streq(words[1], "docker") && words[2])
                return run(c, import_docker, words + 2);
        return ctl_error(
                "import takes \"compose\" and one file, or \"docker\" and files of `docker inspect`");
}
