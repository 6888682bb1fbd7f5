/* Whether a unit is started at boot. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/bus-names.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/enable.h"

ENUM_DEFINE(EnableState, enable_state, ENABLE, ENABLE_STATE_LIST)

/* Keys of [Install] that start a unit along with another one. */
static const char *const install_keys[] = { "WantedBy", "RequiredBy", "UpheldBy" };

static const char drop_in_text[] = "# Made by \"nsctl disable\", removed by \"nsctl enable\".\n"
                                   "[Install]\n"
                                   "WantedBy=\n"
                                   "RequiredBy=\n"
                                   "UpheldBy=\n";

static bool is_our_drop_in(const char *path) {
        return endswith(path, "/" UNIT_DISABLE_DROP_IN) != NULL;
}

/* What the unit's author wrote, drop-ins of others included, ours left out. */
static bool carries_install(const RawUnit *raw) {
        bool carries[ELEMENTSOF(install_keys)] = {}, any = false;

        RAW_FOREACH (v, raw) {
                if (!streq(v.section, "Install") || (v.file && is_our_drop_in(v.file)))
                        continue;
                for (size_t k = 0; k < ELEMENTSOF(install_keys); k++)
                        if (streq(v.key, install_keys[k]))
                                carries[k] = v.value[0] != '\0';
        }
        for (size_t k = 0; k < ELEMENTSOF(install_keys); k++)
                any = any || carries[k];
        return any;
}

static bool is_disabled(const RawUnit *raw) {
        STRV_FOREACH (d, raw->drop_ins)
                if (is_our_drop_in(*d))
                        return true;
        return false;
}

/* "job@1.container" that is only there because of "job@.container": no file and no link bears its name. */
static int is_bare_instance(const UnitPath *path, const char *name, char **ret_template_file) {
        autofree char *template = NULL;
        autostrv char **names = NULL;
        int r;

        r = unit_name_template(name, &template);
        if (r < 0 || !template || unit_name_is_template(name))
                return r;
        r = unit_path_list(path, &names);
        if (r < 0 || strv_contains(names, name))
                return r;

        r = unit_path_find(path, template, ret_template_file);
        return r < 0 ? r : 1;
}

static int load(const UnitPath *path, const char *name, RawUnit **ret) {
        autoptr(Diag) diag = diag_new();
        int r;

        r = diag ? unit_path_load(path, name, diag, ret) : -ENOMEM;
        /* Mistakes elsewhere in the file do not keep anybody from reading its [Install]. */
        return r == -EINVAL && *ret ? 0 : r;
}

/* The instance that a template stands for by itself, or that template: enabled by its file like any other
 * unit. */
static int is_default_instance(const UnitPath *path, const char *name) {
        autofree char *template = NULL, *wanted = NULL;
        int r;

        r = unit_name_is_template(name) ? ((template = strdup(name)) ? 0 : -ENOMEM)
                                        : unit_name_template(name, &template);
        if (r < 0 || !template)
                return r;
        r = unit_path_default_instance(path, template, NULL, NULL, &wanted);
        if (r < 0 || !wanted)
                return r == -ENOMEM ? r : 0;
        return unit_name_is_template(name) || streq(name, wanted);
}

EnableState enable_state(const UnitPath *path, const char *name) {
        autofree char *template_file = NULL;
        autoptr(RawUnit) raw = NULL;
        int r;

        r = load(path, name, &raw);
        if (r == -ERFKILL)
                return ENABLE_MASKED;
        if (r == -ENOENT)
                return ENABLE_NOT_FOUND;
        if (r < 0)
                return ENABLE_BAD;

        if (!carries_install(raw))
                return ENABLE_STATIC;
        name = raw->name;
        if (is_disabled(raw))
                return ENABLE_DISABLED;
        if (is_default_instance(path, name) > 0)
                return ENABLE_ENABLED;
        if (unit_name_is_template(name) || is_bare_instance(path, name, &template_file) > 0)
                return ENABLE_DISABLED;
        return ENABLE_ENABLED;
}

static int drop_in_paths(const char *directory, const char *name, char **ret_directory, char **ret_file) {
        if (asprintf(ret_directory, "%s/%s.d", directory, name) < 0) {
                *ret_directory = NULL;
                return -ENOMEM;
        }
        if (asprintf(ret_file, "%s/%s", *ret_directory, UNIT_DISABLE_DROP_IN) < 0) {
                *ret_file = NULL;
                return -ENOMEM;
        }
        return 0;
}

static int link_instance(const char *directory, const char *name, const char *template_file,
                         char **ret_changed) {
        autofree char *link = NULL, *template = NULL;
        int r;

        if (asprintf(&link, "%s/%s", directory, name) < 0) {
                link = NULL;
                return -ENOMEM;
        }
        /* A part of a bundle has no file to link to; its name will do. */
        if (!unit_name_valid(strrchr(template_file, '/') + 1)) {
                r = unit_name_template(name, &template);
                if (r < 0)
                        return r;
        }
        if (symlink(template ? template : template_file, link) < 0)
                return -errno;

        *ret_changed = take_ptr(link);
        return 0;
}

/* What enabling an instance has made: a link to the template, and nothing else. */
static int unlink_instance(const char *directory, const char *name, char **ret_changed) {
        autofree char *link = NULL, *template = NULL, *target = NULL;
        char buf[4096];
        ssize_t n;
        int r;

        r = unit_name_template(name, &template);
        if (r < 0 || !template || unit_name_is_template(name))
                return r;
        if (asprintf(&link, "%s/%s", directory, name) < 0) {
                link = NULL;
                return -ENOMEM;
        }

        n = readlink(link, buf, sizeof(buf));
        target = n > 0 ? strndup(buf, (size_t) n) : NULL;
        if (!target || !endswith(target, template))
                return 0;
        if (unlink(link) < 0)
                return -errno;

        *ret_changed = take_ptr(link);
        return 1;
}

int enable_unit(const UnitPath *path, const char *directory, const char *name, char **ret_changed) {
        autofree char *drop_in_dir = NULL, *drop_in = NULL, *template_file = NULL;
        autoptr(RawUnit) raw = NULL;
        int r;

        *ret_changed = NULL;
        r = load(path, name, &raw);
        if (r < 0)
                return r;
        if (!carries_install(raw))
                return -ENODATA;

        name = raw->name; /* an alias enables its unit */
        r = is_default_instance(path, name) > 0 ? 0 : is_bare_instance(path, name, &template_file);
        if (r != 0)
                return r < 0 ? r : link_instance(directory, name, template_file, ret_changed);

        r = drop_in_paths(directory, name, &drop_in_dir, &drop_in);
        if (r < 0)
                return r;
        if (unlink(drop_in) < 0)
                return errno == ENOENT ? 0 : -errno;
        (void) rmdir(drop_in_dir); /* fails when the administrator has drop-ins of his own there */

        *ret_changed = take_ptr(drop_in);
        return 0;
}

int disable_unit(const UnitPath *path, const char *directory, const char *name, char **ret_changed) {
        autofree char *drop_in_dir = NULL, *drop_in = NULL, *template_file = NULL;
        autoptr(RawUnit) raw = NULL;
        int r;

        *ret_changed = NULL;
        r = load(path, name, &raw);
        if (r < 0)
                return r;
        if (!carries_install(raw))
                return -ENODATA;
        name = raw->name;
        if (is_disabled(raw) ||
            (is_default_instance(path, name) == 0 && is_bare_instance(path, name, &template_file) > 0))
                return 0;

        r = unlink_instance(directory, name, ret_changed);
        if (r != 0)
                return r < 0 ? r : 0;

        r = drop_in_paths(directory, name, &drop_in_dir, &drop_in);
        if (r == 0)
                r = dir_make(AT_FDCWD, drop_in_dir, 0755);
        if (r == 0)
                r = file_replace(AT_FDCWD, drop_in, drop_in_text, strlen(drop_in_text), 0644, true);
        if (r == 0)
                *ret_changed = take_ptr(drop_in);
        return r;
}
