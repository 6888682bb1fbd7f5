/* Reads the files that a unit is made of. See unit-path.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/clock.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "config/unit-path-internal.h"

#define FILE_MAX_BYTES ((size_t) 16 * 1024 * 1024)

/* The directories of dependencies, and the keys that they stand for. */
static const struct {
        const char *suffix, *key;
} dependency_dirs[] = {
        { ".wants", "Wants" },
        { ".requires", "Requires" },
        { ".upholds", "Upholds" },
};

/* Reads one file. -ERFKILL for an empty one and for a device (/dev/null), which are masks. */
static int read_file(const char *path, FileStamp *ret_stamp, char **ret, size_t *ret_size) {
        /* Without O_NONBLOCK a FIFO would hold up the whole manager. */
        autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        *ret_stamp = file_stamp(&st);
        if (S_ISCHR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0))
                return -ERFKILL;
        return S_ISREG(st.st_mode) ? file_read_fd(fd, FILE_MAX_BYTES, ret, ret_size) : -EBADFD;
}

static int cannot_read(Diag *diag, const char *path, int r) {
        return diag_error(diag, (Where){ .file = path }, r, "Cannot be read: %s",
                          r == -EBADFD ? "not a regular file" : strerror(-r));
}

static int load_fragment(RawUnit *u, const ScanFile *f, FileStamp *stamp, Diag *diag) {
        autofree char *text = NULL;
        size_t size;
        int r;

        if (f->bundle) {
                *stamp = f->bundle->stamp;
                return raw_unit_parse_part(u, u->fragment, f->line, f->text, f->size, diag);
        }

        r = read_file(u->fragment, stamp, &text, &size);
        if (r == 0)
                return raw_unit_parse(u, u->fragment, text, size, diag);
        if (r == -ERFKILL || r == -ENOMEM)
                return r;
        if (r == -ELOOP)
                return diag_error(diag, (Where){ .file = u->fragment }, -ENOENT,
                                  "The link leads round in a circle");
        return cannot_read(diag, u->fragment, r);
}

static int load_drop_in(RawUnit *u, const char *path, FileStamp *stamp, Diag *diag) {
        autofree char *text = NULL;
        size_t size;
        int r;

        r = read_file(path, stamp, &text, &size);
        if (r == 0)
                return raw_unit_parse(u, path, text, size, diag);
        if (r == -ERFKILL)
                return 0;
        if (r == -ENOENT || r == -ELOOP) {
                diag_warning(diag, (Where){ .file = path }, "The link leads nowhere; ignoring it");
                return 0;
        }
        return r == -ENOMEM ? r : cannot_read(diag, path, r);
}

static int load_drop_ins(const UnitPath *p, RawUnit *u, Diag *diag) {
        autofree const ScanFile **found = NULL;
        size_t n;
        int r, bad = 0;

        r = unit_path_find_beside(p, &p->scan.drop_ins, u->name, ".d", &found, &n);
        for (size_t i = 0; r == 0 && i < n; i++)
                r = strv_add(&u->drop_ins, found[i]->path);
        if (r == 0 && n > 0) {
                FileStamp *stamps = reallocarray(u->stamps, 1 + n, sizeof(*stamps));

                r = stamps ? 0 : -ENOMEM;
                u->stamps = stamps ?: u->stamps;
        }

        for (size_t i = 0; r == 0 && i < n; i++) {
                u->stamps[1 + i] = (FileStamp){};
                r = load_drop_in(u, u->drop_ins[i], &u->stamps[1 + i], diag);
                bad = bad < 0 ? bad : r;
                r = r == -EINVAL ? 0 : r;
        }
        return r < 0 ? r : bad;
}

/* Whatever bears a name that cannot be a unit's of any kind would be read as several, or as none. */
static bool could_be_unit(const char *name) {
        const char *dot = strrchr(name, '.');

        for (const char *c = name; *c; c++)
                if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9') &&
                    !strchr(":-_.\\@", *c))
                        return false;
        return dot && dot > name && dot[1] && strlen(name) < UNIT_NAME_MAX;
}

/* One entry of a directory of dependencies. Returns 0 or -ENOMEM. */
static int add_dependency(RawUnit *u, const char *key, const ScanFile *f, Diag *diag) {
        const char *file = strrchr(f->path, '/') + 1;
        autofree char *other = NULL, *instance = NULL;
        const Where outside = { .file = f->path };
        struct stat st;
        int r;

        if (stat(f->path, &st) == 0 && (S_ISCHR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0)))
                return 0; /* masked */
        if (!f->is_link || !could_be_unit(file)) {
                diag_warning(diag, outside,
                             f->is_link ? "Not the name of a unit; ignoring it" : "Not a link; ignoring it");
                return 0;
        }

        if (unit_name_is_template(file)) {
                r = unit_name_instance(u->name, &instance);
                if (r == 0 && !instance)
                        instance = unit_name_stem(u->name);
                if (r == 0)
                        r = instance ? unit_name_replace_instance(file, instance, &other) : -ENOMEM;
        } else
                r = (other = strdup(file)) ? 0 : -ENOMEM;
        if (r == 0)
                r = strv_add(&u->links, f->path);
        if (r < 0)
                return r;
        return raw_unit_add(u, "Unit", key, other, (Where){ .file = u->links[strv_length(u->links) - 1] });
}

static int load_dependencies(const UnitPath *p, RawUnit *u, Diag *diag) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(dependency_dirs); i++) {
                autofree const ScanFile **found = NULL;
                size_t n = 0;

                r = unit_path_find_beside(p, &p->scan.dependencies, u->name, dependency_dirs[i].suffix,
                                          &found, &n);
                for (size_t k = 0; r == 0 && k < n; k++)
                        r = add_dependency(u, dependency_dirs[i].key, found[k], diag);
        }
        return r;
}

int unit_path_load(const UnitPath *p, const char *name, Diag *diag, RawUnit **ret) {
        autoptr(RawUnit) u = calloc(1, sizeof(*u));
        Found found;
        int r, bad;

        if (!u)
                return -ENOMEM;
        r = unit_path_resolve(p, name, diag, &found);
        if (r < 0)
                return r;
        u->name = found.name;
        u->fragment = strdup(found.file->path);
        u->stamps = calloc(1, sizeof(FileStamp));
        /* The text of a bundle was read when the search path was. */
        u->read_at = found.file->bundle ? 0 : clock_now(CLOCK_REALTIME) * NSEC_PER_USEC;
        if (!u->fragment || !u->stamps)
                return -ENOMEM;

        bad = load_fragment(u, found.file, &u->stamps[0], diag);
        if (bad < 0 && bad != -EINVAL)
                return bad;
        r = load_drop_ins(p, u, diag);
        if (r < 0 && r != -EINVAL)
                return r;
        bad = bad < 0 ? bad : r;
        r = load_dependencies(p, u, diag);
        if (r < 0)
                return r;

        raw_unit_trim(u);
        *ret = take_ptr(u);
        return bad;
}

int unit_path_read_fragment(const UnitPath *p, const char *name, char **ret, size_t *ret_size) {
        autofree char *owned = NULL;
        FileStamp stamp;
        Found found;
        int r;

        r = unit_path_resolve(p, name, NULL, &found);
        if (r < 0)
                return r;
        owned = found.name;
        if (!found.file->bundle)
                return read_file(found.file->path, &stamp, ret, ret_size);

        *ret = strndup(found.file->text, found.file->size);
        *ret_size = found.file->size;
        return *ret ? 0 : -ENOMEM;
}

int unit_path_default_instance(const UnitPath *p, const char *template, const SpecifierContext *specifiers,
                               Diag *diag, char **ret) {
        SpecifierContext context = specifiers ? *specifiers : (SpecifierContext){};
        autofree char *instance = NULL, *name = NULL;
        autoptr(RawUnit) u = NULL;
        RawValue v;
        int r;

        *ret = NULL;
        r = unit_path_load(p, template, diag, &u);
        if (r < 0)
                return r;
        if (!raw_unit_find(u, "Install", "DefaultInstance", &v) || !v.value[0])
                return 0;

        context.install = true;
        context.unit_name = u->name;
        r = specifiers_expand(v.value, raw_value_at(&v), &context, diag, &instance);
        if (r == 0)
                r = unit_name_replace_instance(u->name, instance, &name);
        if (r < 0)
                return r;
        if (!unit_name_valid(name) || unit_name_is_template(name))
                return diag_error(diag, raw_value_at(&v), -EINVAL,
                                  "DefaultInstance=: \"%s\" cannot be part of a unit's name", instance);

        *ret = take_ptr(name);
        return 0;
}

/* Do the directories beside the unit still hold what it was loaded with? */
static bool beside_changed(const UnitPath *p, const RawUnit *u) {
        autoptr(RawUnit) now = calloc(1, sizeof(*now));
        autostrv char **drop_ins = NULL;

        if (!now || !(now->name = strdup(u->name)) || load_dependencies(p, now, NULL) < 0 ||
            unit_path_find_drop_ins(p, u->name, &drop_ins) < 0)
                return true;
        return !strv_equal(drop_ins, u->drop_ins) || !strv_equal(now->links, u->links);
}

static bool is_changed(const char *path, const FileStamp *before, uint64_t read_at) {
        FileStamp now = file_stamp_path(path);

        return read_at > 0 ? !file_stamp_proves(before, read_at, &now) : !file_stamp_equal(before, &now);
}

/* @read_at: 0 = what looks the same is the same. */
static bool has_changed(const UnitPath *p, const RawUnit *loaded, uint64_t read_at) {
        autofree char *owned = NULL;
        Found found;
        size_t i = 0;

        if (unit_path_resolve(p, loaded->name, NULL, &found) < 0)
                return true;
        owned = found.name;
        if (!streq(found.name, loaded->name) || !streq(found.file->path, loaded->fragment) ||
            beside_changed(p, loaded))
                return true;

        if (is_changed(loaded->fragment, &loaded->stamps[0], read_at))
                return true;
        STRV_FOREACH (path, loaded->drop_ins)
                if (is_changed(*path, &loaded->stamps[++i], read_at))
                        return true;
        i = 0;
        STRV_FOREACH (path, loaded->variable_files)
                if (is_changed(*path, &loaded->variable_stamps[i++], read_at))
                        return true;
        return false;
}

bool unit_path_needs_reload(const UnitPath *p, const RawUnit *loaded) {
        return loaded->stamps && has_changed(p, loaded, 0);
}

bool unit_path_is_current(const UnitPath *p, const RawUnit *loaded) {
        return loaded->stamps && loaded->read_at > 0 && !has_changed(p, loaded, loaded->read_at);
}
