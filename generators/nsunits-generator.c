/*
 * systemd.generator(7): gives each unit file of ours a systemd face of the name that Quadlet would give it
 * ("web.container" -> "web.service", "back.network" -> "back-network.service"), so that boot order, targets,
 * `systemctl` and other services' dependencies know it.
 *
 * The service is a oneshot that asks the manager to start and to stop; no process of it stays. Runs early in
 * the boot and must never fail it: a file with mistakes is told to the journal and left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "build-config.h"
#include "config/host-specifiers.h"
#include "config/unit-path.h"
#include "spec/unit-spec.h"

/* The boot waits for us: not for long, whatever a file is, or the file system that it lies on. What there is
 * of faces by then counts. */
#define SECONDS_MAX 30

/* A file that is none of a unit has a mistake in each line, and all would go to the kernel's log. */
#define TOLD_MAX 20

/* One unit that gets a face. */
typedef struct Face {
        UnitSpec *unit;
        char *service; /* its name: "web.service" */
} Face;

typedef struct Generator {
        const char *directory; /* where to write: the "normal" one of the three */
        UnitPath *path;
        HostSpecifiers *specifiers;
        Face *faces;
        size_t n_faces;
        char **aliases; /* names that are links to other units of ours */
} Generator;

/* What of [Unit] is as true of the face as of the unit. */
static const UnitDependency shared_dependencies[] = {
        UNIT_DEP_AFTER,     UNIT_DEP_BEFORE,    UNIT_DEP_BINDS_TO,
        UNIT_DEP_CONFLICTS, UNIT_DEP_PART_OF,   UNIT_DEP_PROPAGATES_STOP_TO,
        UNIT_DEP_REQUIRES,  UNIT_DEP_REQUISITE, UNIT_DEP_STOP_PROPAGATED_FROM,
        UNIT_DEP_UPHOLDS,   UNIT_DEP_WANTS,
};

/* What the face, which fails with its unit, has to start of the host's. Units of ours are started by the
 * manager. */
static const UnitDependency host_dependencies[] = { UNIT_DEP_ON_FAILURE, UNIT_DEP_ON_SUCCESS };

static const Face *find_face(const Generator *g, const char *name) {
        for (size_t i = 0; i < g->n_faces; i++)
                if (streq(g->faces[i].unit->name, name))
                        return &g->faces[i];
        return NULL;
}

/* A name of ours as systemd knows it; host units stay what they are. */
static int systemd_name(const Generator *g, const char *name, char **ret) {
        const Face *face = find_face(g, name);

        if (face) {
                *ret = strdup(face->service);
                return *ret ? 0 : -ENOMEM;
        }
        if (unit_name_kind(name) >= 0)
                return unit_name_to_service(name, ret);

        *ret = strdup(name);
        return *ret ? 0 : -ENOMEM;
}

static int print_dependency(const Generator *g, FILE *f, UnitDependency kind, const char *name) {
        autofree char *translated = NULL;
        int r;

        r = systemd_name(g, name, &translated);
        if (r >= 0)
                fprintf(f, "%s=%s\n", unit_dependency_to_string(kind), translated);
        return r;
}

static int print_dependencies(const Generator *g, FILE *f, const UnitSpec *u) {
        /* Quadlet's units have this, whether they name it or not. Ordered after the service that stops all
         * units at a shutdown, which comes after the network, they are stopped before it, in their own order.
         */
        if (u->quadlet.default_dependencies)
                fprintf(f, "Wants=network-online.target\n"
                           "After=network-online.target nsunits-shutdown.service\n");

        for (size_t i = 0; i < ELEMENTSOF(shared_dependencies); i++)
                STRV_FOREACH (name, u->unit.dependencies[shared_dependencies[i]]) {
                        int r = print_dependency(g, f, shared_dependencies[i], *name);

                        if (r < 0)
                                return r;
                }
        for (size_t i = 0; i < ELEMENTSOF(host_dependencies); i++)
                STRV_FOREACH (name, u->unit.dependencies[host_dependencies[i]]) {
                        int r = find_face(g, *name) ? 0 : print_dependency(g, f, host_dependencies[i], *name);

                        if (r < 0)
                                return r;
                }
        return 0;
}

/* Doubles each of @special: a percent sign of the text must not become a specifier of systemd's. */
static void print_doubling(FILE *f, const char *text, const char *special) {
        for (; *text; text++) {
                if (strchr(special, *text))
                        (void) fputc(*text, f);
                (void) fputc(*text, f);
        }
}

static void print_escaped(FILE *f, const char *text) {
        print_doubling(f, text, "%");
}

/* A pod is there before its containers, and has them started. */
static void print_members(const Generator *g, FILE *f, const UnitSpec *pod) {
        for (size_t i = 0; i < g->n_faces; i++) {
                const ContainerSection *c = g->faces[i].unit->container;

                if (!c || !streq_null(c->pod, pod->name))
                        continue;
                fprintf(f, "Before=%s\n", g->faces[i].service);
                if (c->start_with_pod)
                        fprintf(f, "Wants=%s\n", g->faces[i].service);
        }
}

static void print_command(FILE *f, const char *key, const char *verb, const char *name) {
        fprintf(f, "%s=" BINDIR "/nsctl %s ", key, verb);
        print_doubling(f, name, "%\\"); /* names may have a backslash, which quotes in commands */
        (void) fputc('\n', f);
}

/* Paths as systemd reads them: quoted where they have blanks. */
static void print_paths(FILE *f, const char *key, char *const *paths) {
        STRV_FOREACH (path, paths) {
                fprintf(f, "%s=\"", key);
                for (const char *p = *path; *p; p++)
                        fprintf(f, "%s%c", *p == '%' ? "%" : *p == '"' || *p == '\\' ? "\\" : "", *p);
                fprintf(f, "\"\n");
        }
}

/* What is not met is looked at by systemd as well: the face is skipped then, or fails, as its unit is. */
static int print_conditions(FILE *f, const char *word, const ConditionList lists[CONDITION_N_]) {
        for (ConditionType t = 0; t < CONDITION_N_; t++)
                for (const Condition *c = lists[t].first; c; c = c->next) {
                        autofree char *value = condition_to_string(c);

                        if (!value)
                                return -ENOMEM;
                        fprintf(f, "%s%s=", word, condition_name(t));
                        print_escaped(f, value);
                        (void) fputc('\n', f);
                }
        return 0;
}

/* Targets that the basic system waits for, while the face waits for that. */
static bool starts_early(const UnitSpec *u) {
        static const char *const targets[] = { "sockets.target", "paths.target" };

        for (size_t i = 0; i < ELEMENTSOF(targets); i++)
                if (strv_contains(u->install.wanted_by, targets[i]) ||
                    strv_contains(u->install.required_by, targets[i]))
                        return true;
        return false;
}

/* With its own dependencies in place of systemd's usual ones, the target does not wait for the face. */
static void print_early(FILE *f) {
        fprintf(f, "DefaultDependencies=no\nRequires=sysinit.target\nAfter=sysinit.target basic.target\n"
                   "Conflicts=shutdown.target\nBefore=shutdown.target\n");
}

static int print_service(const Generator *g, FILE *f, const UnitSpec *u) {
        int r;

        fprintf(f, "# Made by nsunits-generator.\n\n[Unit]\nDescription=");
        print_escaped(f, u->unit.description ? u->unit.description : u->name);
        fprintf(f, "\nSourcePath=");
        print_escaped(f, u->raw->fragment);
        /* Not Requires=: a restart of the manager must not restart what outlives it. */
        fprintf(f, "\nWants=nsunitd.service\nAfter=nsunitd.service\n");
        /* How often is too often is for the manager to say. */
        fprintf(f, "StartLimitIntervalSec=0\n");
        if (!u->unit.default_dependencies)
                fprintf(f, "DefaultDependencies=no\n");
        else if (starts_early(u))
                print_early(f);
        STRV_FOREACH (page, u->unit.documentation) {
                fprintf(f, "Documentation=");
                print_escaped(f, *page);
                (void) fputc('\n', f);
        }

        r = print_dependencies(g, f, u);
        if (r >= 0)
                r = print_conditions(f, "Condition", u->unit.conditions->lists);
        if (r >= 0)
                r = print_conditions(f, "Assert", u->unit.asserts->lists);
        if (r < 0)
                return r;
        print_members(g, f, u);
        print_paths(f, "RequiresMountsFor", u->unit.requires_mounts_for);
        print_paths(f, "WantsMountsFor", u->unit.wants_mounts_for);

        fprintf(f, "\n[Service]\nType=oneshot\nRemainAfterExit=yes\n");
        print_command(f, "ExecStart", "start --by-service", u->name);
        print_command(f, "ExecStop", "stop --by-service", u->name);
        /* A start that is taken back has not failed: systemd ends its command. */
        fprintf(f, "SuccessExitStatus=SIGTERM\n");
        /* Our own timeouts are in the unit file; systemd's would only cut them short. */
        fprintf(f, "TimeoutSec=infinity\n");
        return 0;
}

static int write_service(const Generator *g, const Face *face) {
        autofree char *path = NULL, *text = NULL;
        size_t size = 0;
        FILE *f;
        int r;

        if (asprintf(&path, "%s/%s", g->directory, face->service) < 0)
                return -ENOMEM;
        f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        r = print_service(g, f, face->unit);
        if (fclose(f) != 0 || r < 0)
                return r < 0 ? r : -ENOMEM;

        return file_replace(AT_FDCWD, path, text, size, 0644, false);
}

/* A link that is there already says the same. */
static int make_link(const Generator *g, const char *name, const char *to) {
        autofree char *link = NULL;

        if (asprintf(&link, "%s/%s", g->directory, name) < 0) {
                link = NULL;
                return -ENOMEM;
        }
        return symlink(to, link) < 0 && errno != EEXIST ? -errno : 0;
}

/* TARGET.wants/SERVICE for each of @targets. */
static int link_into(const Generator *g, const Face *face, char *const *targets, const char *suffix) {
        STRV_FOREACH (target, targets) {
                autofree char *translated = NULL, *folder = NULL, *name = NULL, *to = NULL;
                int r;

                r = systemd_name(g, *target, &translated);
                if (r < 0)
                        return r;
                if (asprintf(&folder, "%s/%s.%s", g->directory, translated, suffix) < 0 ||
                    asprintf(&name, "%s.%s/%s", translated, suffix, face->service) < 0 ||
                    asprintf(&to, "../%s", face->service) < 0)
                        return -ENOMEM;

                r = dir_make(AT_FDCWD, folder, 0755);
                if (r >= 0)
                        r = make_link(g, name, to);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* [Install] takes effect here: generated units cannot be enabled (systemd.generator(7)). */
static int link_install(const Generator *g, const Face *face) {
        const InstallSection *install = &face->unit->install;
        int r;

        r = link_into(g, face, install->wanted_by, "wants");
        if (r >= 0)
                r = link_into(g, face, install->required_by, "requires");
        if (r >= 0)
                r = link_into(g, face, install->upheld_by, "upholds");
        STRV_FOREACH (alias, install->alias) {
                autofree char *translated = NULL;

                if (r >= 0)
                        r = unit_name_to_service(*alias, &translated);
                if (r >= 0 && !streq(translated, face->service))
                        r = make_link(g, translated, face->service);
        }
        return r;
}

static void tell(const char *unit, const Diag *diag) {
        size_t n = diag_count(diag);

        if (n > TOLD_MAX)
                log_message(LOG_WARNING, unit,
                            "%zu mistakes, of which these are the first; nsctl verify tells all", n);
        for (size_t i = 0; i < MIN_OF(n, (size_t) TOLD_MAX); i++) {
                const DiagItem *item = diag_get(diag, i);
                autofree char *text = diag_item_to_string(item);

                log_message(item->severity == SEVERITY_ERROR ? LOG_ERR : LOG_WARNING, unit, "%s",
                            strempty(text));
        }
}

static int load_unit(const Generator *g, const char *name, UnitSpec **ret) {
        autoptr(Diag) diag = diag_new();
        autoptr(RawUnit) raw = NULL;
        int r;

        *ret = NULL;
        if (!diag)
                return -ENOMEM;

        r = unit_path_load(g->path, name, diag, &raw);
        if (r == -ERFKILL)
                return 0;
        if (r >= 0)
                r = unit_spec_load(raw, host_specifiers_context(g->specifiers), diag, ret);
        tell(name, diag);
        if (r >= 0)
                (void) take_ptr(raw);
        return r;
}

/* Gives the unit a place among the faces, unless another one bears its service's name. */
static int add_face(Generator *g, UnitSpec *u) {
        autofree char *service = NULL;
        Face *faces;
        int r;

        r = unit_spec_service(u, &service);
        if (r < 0)
                return r;
        for (size_t i = 0; i < g->n_faces; i++)
                if (streq(g->faces[i].service, service)) {
                        log_message(LOG_ERR, u->name, "%s is what %s is called already", service,
                                    g->faces[i].unit->name);
                        return -EEXIST;
                }

        faces = reallocarray(g->faces, g->n_faces + 1, sizeof(*faces));
        if (!faces)
                return -ENOMEM;
        g->faces = faces;
        faces[g->n_faces++] = (Face){ u, take_ptr(service) };
        return 0;
}

/* A unit that cannot get a face must not keep the others from theirs. */
static void load_face(Generator *g, const char *name) {
        autoptr(UnitSpec) u = NULL;
        int r;

        r = load_unit(g, name, &u);
        if (r >= 0 && u)
                r = add_face(g, u);
        if (r < 0)
                log_message(LOG_ERR, name, "no service made of it: %s", strerror(-r));
        else
                (void) take_ptr(u);
}

/* Of a template, the instance that is started at boot when [Install] says so. */
static void load_default_instance(Generator *g, const char *template) {
        autofree char *name = NULL;

        (void) unit_path_default_instance(g->path, template, host_specifiers_context(g->specifiers), NULL,
                                          &name);
        if (name && !find_face(g, name))
                load_face(g, name);
}

/* Instances of templates that a face names: systemd has no template to make them of. */
static void load_named_instances(Generator *g, const UnitSpec *u) {
        for (size_t i = 0; i < ELEMENTSOF(shared_dependencies); i++)
                STRV_FOREACH (name, u->unit.dependencies[shared_dependencies[i]]) {
                        autofree char *file = NULL;

                        if (unit_name_kind(*name) >= 0 && strchr(*name, '@') &&
                            !unit_name_is_template(*name) && !find_face(g, *name) &&
                            unit_path_find(g->path, *name, &file) == 0)
                                load_face(g, *name);
                }
}

/* All units first: their services' names are needed when one of them names another. */
static int load_all(Generator *g) {
        autostrv char **dirs = NULL, **names = NULL;
        int r;

        r = unit_path_dirs(&dirs);
        if (r >= 0)
                r = unit_path_new(dirs, &g->path);
        if (r >= 0)
                r = unit_path_list(g->path, &names);
        if (r < 0)
                return r;

        tell(NULL, unit_path_diag(g->path));
        STRV_FOREACH (name, names) {
                autofree char *real = NULL;

                if (unit_name_is_template(*name))
                        continue;
                r = unit_path_real_name(g->path, *name, NULL, &real);
                if (r == 0 && !streq(real, *name)) {
                        r = strv_add(&g->aliases, *name);
                        if (r < 0)
                                return r;
                        /* An instance that only its alias names. */
                        if (!strv_contains(names, real) && !find_face(g, real))
                                load_face(g, real);
                } else
                        load_face(g, *name);
        }
        STRV_FOREACH (name, names)
                if (unit_name_is_template(*name))
                        load_default_instance(g, *name);
        /* Grows as it goes. */
        for (size_t i = 0; i < g->n_faces; i++)
                load_named_instances(g, g->faces[i].unit);
        return 0;
}

/* An alias of ours is one of systemd's. */
static int link_aliases(const Generator *g) {
        STRV_FOREACH (alias, g->aliases) {
                autofree char *real = NULL, *service = NULL, *name = NULL;
                const Face *face;
                int r;

                r = unit_path_real_name(g->path, *alias, NULL, &real);
                face = r == 0 ? find_face(g, real) : NULL;
                if (!face)
                        continue;
                r = unit_name_to_service(*alias, &name);
                if (r == 0 && !streq(name, face->service))
                        r = make_link(g, name, face->service);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int generate_all(Generator *g) {
        int r;

        r = load_all(g);
        for (size_t i = 0; i < g->n_faces && r >= 0; i++) {
                int one = write_service(g, &g->faces[i]);

                if (one >= 0)
                        one = link_install(g, &g->faces[i]);
                if (one < 0)
                        log_message(LOG_ERR, g->faces[i].unit->name, "no service made of it: %s",
                                    strerror(-one));
        }
        return r < 0 ? r : link_aliases(g);
}

static void clear(Generator *g) {
        for (size_t i = 0; i < g->n_faces; i++) {
                unit_spec_free(g->faces[i].unit);
                free(g->faces[i].service);
        }
        free(g->faces);
        strv_free(g->aliases);
        unit_path_free(g->path);
        host_specifiers_free(g->specifiers);
}

int main(int argc, char **argv) {
        Generator g = {};
        int r;

        if (argc != 2 && argc != 4) {
                fprintf(stderr, "Usage: nsunits-generator NORMAL-DIR [EARLY-DIR LATE-DIR]\n");
                return 2;
        }

        log_open("nsunits-generator", LOG_INFO);
        log_open_kmsg();
        (void) umask(0022);
        (void) alarm(SECONDS_MAX);
        g.directory = argv[1];
        g.specifiers = host_specifiers_new();
        r = g.specifiers ? generate_all(&g) : -ENOMEM;
        if (r < 0)
                log_error("cannot read the unit files: %s", strerror(-r));

        clear(&g);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
