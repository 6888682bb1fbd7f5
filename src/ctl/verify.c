/* All units of a search path, and every check there is. */
#include <errno.h>
#include <stdlib.h>

#include "basic/strv.h"
#include "ctl/controllers.h"
#include "ctl/verify.h"

void verify_free(Verify *v) {
        if (!v)
                return;

        for (size_t i = 0; i < v->n; i++) {
                free(v->units[i].name);
                diag_free(v->units[i].diag);
                unit_spec_free(v->units[i].spec);
        }
        free(v->units);
        free(v->bundle);
        strv_free(v->aliases);
        unit_path_free(v->path);
        strv_free(v->dirs);
        free(v);
}

static VerifyUnit *find(Verify *v, const char *name) {
        for (size_t i = 0; i < v->n; i++)
                if (streq(v->units[i].name, name))
                        return &v->units[i];
        return NULL;
}

/* An alias is its unit under another name, and the unit is in the list anyway. */
static int add_listed(Verify *v, const char *name, char *const *names) {
        autofree char *real = NULL;
        int r;

        r = unit_path_real_name(v->path, name, NULL, &real);
        if (r == 0 && !streq(real, name)) {
                r = strv_add(&v->aliases, name);
                if (r < 0 || strv_contains(names, real) || find(v, real))
                        return r;
        }
        if (r < 0 && r != -ENOENT)
                return r;

        v->units[v->n].name = strdup(real ? real : name);
        return v->units[v->n++].name ? 0 : -ENOMEM;
}

int verify_new(char *const *dirs, Verify **ret) {
        autoptr(Verify) v = calloc(1, sizeof(*v));
        autostrv char **names = NULL;
        int r;

        r = v ? strv_copy(dirs, &v->dirs) : -ENOMEM;
        if (r == 0)
                r = unit_files_open(dirs, &v->path);
        if (r == 0)
                r = unit_path_list(v->path, &names);
        if (r < 0)
                return r;

        v->units = calloc(strv_length(names) + 1, sizeof(*v->units));
        if (!v->units)
                return -ENOMEM;
        STRV_FOREACH (name, names) {
                r = add_listed(v, *name, names);
                if (r < 0)
                        return r;
        }

        *ret = take_ptr(v);
        return 0;
}

/* An instance of a template has no file of its own. */
static int add_instance(Verify *v, const char *name) {
        autofree char *path = NULL;
        VerifyUnit *units;
        int r;

        r = unit_path_find(v->path, name, &path);
        if (r < 0 && r != -ERFKILL)
                return r;
        units = reallocarray(v->units, v->n + 1, sizeof(*units));
        if (!units)
                return -ENOMEM;

        v->units = units;
        units[v->n] = (VerifyUnit){ .name = strdup(name), .wanted = true };
        return units[v->n++].name ? 0 : -ENOMEM;
}

int verify_want(Verify *v, const char *name) {
        autofree char *real = NULL;
        VerifyUnit *u;
        int r;

        r = unit_path_real_name(v->path, name, NULL, &real);
        if (r < 0 && r != -ENOENT)
                return r;
        u = find(v, real ? real : name);
        if (!u)
                return add_instance(v, real ? real : name);
        u->wanted = true;
        return 0;
}

int verify_want_bundle(Verify *v, const char *path) {
        for (size_t i = 0; i < v->n; i++) {
                autofree char *file = NULL;

                if (unit_path_find(v->path, v->units[i].name, &file) == 0 && streq(file, path))
                        v->units[i].wanted = true;
        }

        free(v->bundle);
        v->bundle = strdup(path);
        return v->bundle ? 0 : -ENOMEM;
}

void verify_want_all(Verify *v) {
        v->all = true;
        for (size_t i = 0; i < v->n; i++)
                v->units[i].wanted = true;
}

static int load_all(Verify *v, const HostSpecifiers *host, UnitSet *set) {
        for (size_t i = 0; i < v->n; i++) {
                VerifyUnit *u = &v->units[i];
                int r;

                if (v->alone && !u->wanted)
                        continue;
                u->diag = diag_new();
                if (!u->diag)
                        return -ENOMEM;
                u->result = unit_files_load(v->path, host, u->name, u->diag, &u->spec);
                if (u->result == -ENOMEM)
                        return u->result;

                r = unit_set_add(set, u->name,
                                 u->spec                 ? SET_LOADED
                                 : u->result == -ERFKILL ? SET_MASKED
                                                         : SET_BAD,
                                 u->spec, u->wanted ? u->diag : NULL);
                if (r < 0)
                        return r;
        }

        STRV_FOREACH (alias, v->aliases) {
                autofree char *real = NULL;

                if (unit_path_real_name(v->path, *alias, NULL, &real) == 0 &&
                    unit_set_add_alias(set, *alias, real) == -ENOMEM)
                        return -ENOMEM;
        }
        return 0;
}

int verify_run(Verify *v, const HostSpecifiers *host, const ManagerConfig *config, bool on_host) {
        autoptr(UnitSet) set = unit_set_new();
        autostrv char **controllers = NULL;
        SetFacts facts = { .config = config };
        int r;

        r = set ? load_all(v, host, set) : -ENOMEM;
        if (r == 0 && on_host)
                r = controllers_read(&controllers);
        if (r < 0)
                return r;

        facts.controllers = controllers;
        r = v->alone ? 0 : set_check(set, &facts);
        for (size_t i = 0; i < v->n && r == 0 && on_host; i++)
                if (v->units[i].wanted && v->units[i].spec)
                        verify_host(v->units[i].spec, v->units[i].diag);
        return r;
}
