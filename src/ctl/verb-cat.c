/* nsctl cat: the files a unit is made of. Needs no manager. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/unit-files.h"
#include "ctl/verb.h"

#define UNIT_FILE_MAX (16u * 1024 * 1024)

static int print_file(const char *path, bool first) {
        autofree char *text = NULL;
        size_t size;
        int r;

        r = file_read(AT_FDCWD, path, UNIT_FILE_MAX, &text, &size);
        if (r < 0)
                return ctl_errno(r, "%s", path);

        printf("%s# %s\n", first ? "" : "\n", path);
        (void) fwrite(text, 1, size, stdout);
        if (size > 0 && text[size - 1] != '\n')
                putchar('\n');
        return STATUS_OK;
}

static int cat_unit(const UnitPath *path, const char *name, bool first) {
        autofree char *fragment = NULL;
        autostrv char **drop_ins = NULL;
        int r, status;

        r = unit_path_find(path, name, &fragment);
        if (r == -ENOENT)
                return ctl_no_unit(name);
        if (r == -ERFKILL) {
                printf("%s# %s is masked (%s)\n", first ? "" : "\n", name, strempty(fragment));
                return STATUS_OK;
        }
        if (r == 0)
                r = unit_path_find_drop_ins(path, name, &drop_ins);
        if (r < 0)
                return ctl_errno(r, "%s", name);

        status = print_file(fragment, first);
        STRV_FOREACH (d, drop_ins)
                if (print_file(*d, false) != STATUS_OK)
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
