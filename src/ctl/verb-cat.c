/* nsctl cat: the files a unit is made of. Needs no manager. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/unit-files.h"
#include "ctl/verb.h"

#define UNIT_FILE_MAX (16u * 1024 * 1024)

static void print_text(const char *path, const char *text, size_t size, bool first) {
        printf("%s# %s\n", first ? "" : "\n", path);
        (void) fwrite(text, 1, size, stdout);
        if (size > 0 && text[size - 1] != '\n')
                putchar('\n');
}

static int print_drop_in(const char *path) {
        autofree char *text = NULL;
        size_t size;
        int r;

        r = file_read(AT_FDCWD, path, UNIT_FILE_MAX, &text, &size);
        if (r < 0)
                return ctl_errno(r, "%s", path);
        print_text(path, text, size, false);
        return STATUS_OK;
}

static int cat_unit(const UnitPath *path, const char *name, bool first) {
        autofree char *fragment = NULL, *text = NULL;
        autostrv char **drop_ins = NULL;
        int r, status = STATUS_OK;
        size_t size;

        r = unit_path_find(path, name, &fragment);
        if (r == -ENOENT)
                return ctl_no_unit(name);
        if (r == -ERFKILL) {
                printf("%s# %s is masked (%s)\n", first ? "" : "\n", name, strempty(fragment));
                return STATUS_OK;
        }
        if (r == 0)
                r = unit_path_read_fragment(path, name, &text, &size);
        if (r == 0)
                r = unit_path_find_drop_ins(path, name, &drop_ins);
        if (r < 0)
                return ctl_errno(r, "%s", name);

        print_text(fragment, text, size, first);
        STRV_FOREACH (d, drop_ins)
                if (print_drop_in(*d) != STATUS_OK)
                        status = STATUS_FAILED;
        return status;
}

int verb_cat(Ctl *c, char **words) {
        autoptr(UnitPath) path = NULL;
        autostrv char **names = NULL;
        int r, status = STATUS_OK;

        if (ctl_unit_names(words + 1, &names) < 0)
                return STATUS_FAILED;
        r = unit_files_open(NULL, &path);
        if (r < 0)
                return ctl_errno(r, "cannot read the unit directories");

        STRV_FOREACH (name, names)
                if (cat_unit(path, *name, name == names) != STATUS_OK)
                        status = STATUS_FAILED;
        return status;
}
