/* nsctl verify: all mistakes of unit files, with file, line and column. Needs no manager, starts nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/strv.h"
#include "ctl/unit-files.h"
#include "ctl/verb.h"

/* What is to be checked: names in one search path. */
typedef struct Check {
        UnitPath *path;
        char **names;
        char *bundle; /* the only one of whose mistakes somebody wants to hear; NULL: all of them, or none */
        bool all;     /* the whole search path, bundles and all */
} Check;

static void check_clear(Check *k) {
        unit_path_free(k->path);
        strv_free(k->names);
        free(k->bundle);
}

#define autocheck __attribute__((cleanup(check_clear)))

/* The units that come from the file @path. */
static int units_of(const UnitPath *p, const char *path, char ***ret) {
        autostrv char **all = NULL;
        int r;

        r = unit_path_list(p, &all);
        STRV_FOREACH (name, all) {
                autofree char *file = NULL;

                if (r == 0 && unit_path_find(p, *name, &file) == 0 && streq(file, path))
                        r = strv_add(ret, *name);
        }
        return r;
}

/* A file outside the search path is read with its own directory before it, so that its drop-ins count. */
static int open_for_file(const char *file, Check *ret) {
        autofree char *real = realpath(file, NULL);
        autostrv char **dirs = NULL, **standard = NULL;
        char *slash;
        int r;

        if (!real)
                return -errno;
        slash = strrchr(real, '/');
        if (!endswith(real, ".quadlets") && !unit_name_valid(slash + 1))
                return -EINVAL;

        if (endswith(real, ".quadlets"))
                r = (ret->bundle = strdup(real)) ? 0 : -ENOMEM;
        else
                r = strv_add(&ret->names, slash + 1);
        *slash = '\0';
        if (r == 0)
                r = strv_add(&dirs, slash == real ? "/" : real);
        if (r == 0)
                r = unit_path_dirs(&standard);
        if (r == 0)
                r = strv_add_all(&dirs, standard);
        if (r == 0)
                r = unit_files_open(dirs, &ret->path);
        return r < 0 || !ret->bundle ? r : units_of(ret->path, ret->bundle, &ret->names);
}

static int open_for_directory(const char *directory, Check *ret) {
        autofree char *real = realpath(directory, NULL);
        autostrv char **dirs = NULL;
        int r;

        if (!real)
                return -errno;

        r = strv_add(&dirs, real);
        if (r == 0)
                r = unit_files_open(dirs, &ret->path);
        ret->all = true;
        return r < 0 ? r : unit_path_list(ret->path, &ret->names);
}

static int open_for_word(const char *word, Check *ret) {
        autofree char *name = NULL;
        struct stat st;
        int r;

        if (strchr(word, '/')) {
                if (stat(word, &st) < 0)
                        return -errno;
                return S_ISDIR(st.st_mode) ? open_for_directory(word, ret) : open_for_file(word, ret);
        }

        r = ctl_unit_name(word, &name);
        if (r == 0)
                r = strv_take(&ret->names, take_ptr(name));
        return r < 0 ? r : unit_files_open(NULL, &ret->path);
}

/* Where the unit's author wrote the name @other, or the stem of it; the file as a whole when nowhere. */
static Where find_mention(const RawUnit *raw, const char *other) {
        for (size_t i = 0; i < raw->n_values; i++)
                if (strstr(raw->values[i].value, other))
                        return raw->values[i].at;
        return (Where){ .file = raw->fragment };
}

/* Is @other, for which we have no file, a service of the host's that the author named as one? */
static bool is_host_service(const RawUnit *raw, const char *other) {
        autofree char *service = NULL;

        if (unit_name_to_service(other, &service) < 0)
                return false;
        for (size_t i = 0; i < raw->n_values; i++)
                if (streq(raw->values[i].section, "Unit") && strstr(raw->values[i].value, service))
                        return true;
        return false;
}

/* Units that are required must have a file. What is not ours (network-online.target) systemd knows. */
static void check_requirements(const UnitPath *path, const UnitSpec *u, Diag *diag) {
        STRV_FOREACH (other, u->unit.dependencies[UNIT_DEP_REQUIRES]) {
                autofree char *file = NULL, *stem = NULL;
                int r;

                if (unit_name_kind(*other) < 0)
                        continue;
                r = unit_path_find(path, *other, &file);
                if (r == 0 || r == -ENOMEM || (r == -ENOENT && is_host_service(u->raw, *other)))
                        continue;

                stem = unit_name_stem(*other);
                (void) diag_error(diag, find_mention(u->raw, stem ? stem : *other), -EINVAL,
                                  r == -ERFKILL ? "requires %s, which is masked"
                                                : "requires %s, for which there is no unit file",
                                  *other);
        }
}

/* Returns the number of errors. */
static size_t verify_unit(const UnitPath *path, const HostSpecifiers *host, const char *name) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) spec = NULL;
        autofree char *text = NULL;
        int r;

        if (!diag) {
                ctl_errno(-ENOMEM, "%s", name);
                return 1;
        }

        r = unit_files_load(path, host, name, diag, &spec);
        if (r == -ERFKILL)
                return 0;
        if (r == -ENOENT && diag_count_errors(diag) == 0) {
                ctl_error("there is no unit file for %s", name);
                return 1;
        }
        if (r == 0)
                check_requirements(path, spec, diag);

        text = diag_to_string(diag);
        if (text)
                fputs(text, stdout);
        if (r < 0 && diag_count_errors(diag) == 0) {
                ctl_errno(r, "%s", name);
                return 1;
        }
        return diag_count_errors(diag);
}

/* Mistakes by which units are not even known. Returns the number of errors. */
static size_t verify_bundles(const Check *k) {
        const Diag *diag = unit_path_diag(k->path);
        size_t errors = 0;

        for (size_t i = 0; i < diag_count(diag); i++) {
                const DiagItem *item = diag_get(diag, i);
                autofree char *text = NULL;

                if (!k->all && !(k->bundle && streq_null(item->file, k->bundle)))
                        continue;
                text = diag_item_to_string(item);
                puts(strempty(text));
                errors++;
        }
        return errors;
}

/* Another name for a unit that is looked at anyway? */
static bool is_listed_alias(const Check *k, const char *name) {
        autofree char *real = NULL;

        return unit_path_real_name(k->path, name, NULL, &real) == 0 && !streq(real, name) &&
               strv_contains(k->names, real);
}

static size_t verify_word(const HostSpecifiers *host, const char *word) {
        autocheck Check k = {};
        size_t errors = 0;
        int r;

        r = word ? open_for_word(word, &k) : unit_files_open(NULL, &k.path);
        if (r == 0 && !word) {
                k.all = true;
                r = unit_path_list(k.path, &k.names);
        }
        if (r == -EINVAL && word)
                return (size_t) ctl_error("%s: not the name of a unit file", word);
        if (r < 0)
                return (size_t) ctl_errno(r, "%s", word ? word : "unit directories");

        errors = verify_bundles(&k);
        STRV_FOREACH (name, k.names)
                if (!is_listed_alias(&k, *name))
                        errors += verify_unit(k.path, host, *name);
        return errors;
}

int verb_verify(Ctl *c, char **words) {
        autoptr(HostSpecifiers) host = host_specifiers_new();
        size_t errors = 0;

        if (!host)
                return ctl_errno(-ENOMEM, "verify");
        if (!words[1])
                errors = verify_word(host, NULL);
        STRV_FOREACH (w, words + 1)
                errors += verify_word(host, *w);

        /* The configuration is part of what a start depends on. */
        if (!ctl_config(c))
                errors++;
        return errors > 0 ? STATUS_FAILED : STATUS_OK;
}
