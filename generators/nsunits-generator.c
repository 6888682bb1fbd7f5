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
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "build-config.h"
#include "config/host-specifiers.h"
#include "config/unit-path.h"
#include "spec/unit-spec.h"

typedef struct Generator {
        const char *directory; /* where to write: the "normal" one of the three */
        UnitPath *path;
        HostSpecifiers *specifiers;
} Generator;

/* A name of ours as systemd knows it; host units stay what they are. */
static int systemd_name(const char *name, char **ret) {
        if (unit_name_kind(name) >= 0)
                return unit_name_to_service(name, ret);

        *ret = strdup(name);
        return *ret ? 0 : -ENOMEM;
}

static int print_dependencies(FILE *f, const char *key, char *const *names) {
        STRV_FOREACH (name, names) {
                autofree char *translated = NULL;
                int r;

                r = systemd_name(*name, &translated);
                if (r < 0)
                        return r;
                fprintf(f, "%s=%s\n", key, translated);
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

static void print_command(FILE *f, const char *key, const char *verb, const char *name) {
        fprintf(f, "%s=" BINDIR "/nsctl %s ", key, verb);
        print_doubling(f, name, "%\\"); /* names may have a backslash, which quotes in commands */
        (void) fputc('\n', f);
}

static int print_service(FILE *f, const UnitSpec *u) {
        int r;

        fprintf(f, "# Made by nsunits-generator.\n\n[Unit]\nDescription=");
        print_escaped(f, u->unit.description ? u->unit.description : u->name);
        fprintf(f, "\nSourcePath=");
        print_escaped(f, u->raw->fragment);
        /* Not Requires=: a restart of the manager must not restart what outlives it. */
        fprintf(f, "\nWants=nsunitd.service\nAfter=nsunitd.service\n");
        STRV_FOREACH (page, u->unit.documentation) {
                fprintf(f, "Documentation=");
                print_escaped(f, *page);
                (void) fputc('\n', f);
        }

        r = print_dependencies(f, "After", u->unit.dependencies[UNIT_DEP_AFTER]);
        if (r >= 0)
                r = print_dependencies(f, "Before", u->unit.dependencies[UNIT_DEP_BEFORE]);
        if (r >= 0)
                r = print_dependencies(f, "Requires", u->unit.dependencies[UNIT_DEP_REQUIRES]);
        if (r >= 0)
                r = print_dependencies(f, "Wants", u->unit.dependencies[UNIT_DEP_WANTS]);
        if (r < 0)
                return r;

        fprintf(f, "\n[Service]\nType=oneshot\nRemainAfterExit=yes\n");
        print_command(f, "ExecStart", "start", u->name);
        print_command(f, "ExecStop", "stop", u->name);
        /* Our own timeouts are in the unit file; systemd's would only cut them short. */
        fprintf(f, "TimeoutSec=infinity\n");
        return 0;
}

static int write_service(const Generator *g, const UnitSpec *u, const char *service) {
        autofree char *path = NULL, *text = NULL;
        size_t size = 0;
        FILE *f;
        int r;

        if (asprintf(&path, "%s/%s", g->directory, service) < 0)
                return -ENOMEM;
        f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        r = print_service(f, u);
        if (fclose(f) != 0 || r < 0)
                return r < 0 ? r : -ENOMEM;

        return file_replace(AT_FDCWD, path, text, size, 0644, false);
}

/* [Install] takes effect here: generated units cannot be enabled (systemd.generator(7)). */
static int link_install(const Generator *g, const UnitSpec *u, const char *service) {
        STRV_FOREACH (target, u->install.wanted_by) {
                autofree char *translated = NULL, *wants = NULL, *link = NULL, *to = NULL;
                int r;

                r = systemd_name(*target, &translated);
                if (r < 0)
                        return r;
                if (asprintf(&wants, "%s/%s.wants", g->directory, translated) < 0 ||
                    asprintf(&link, "%s/%s", wants, service) < 0 || asprintf(&to, "../%s", service) < 0)
                        return -ENOMEM;

                r = dir_make(AT_FDCWD, wants, 0755);
                if (r < 0)
                        return r;
                if (symlink(to, link) < 0 && errno != EEXIST)
                        return -errno;
        }
        return 0;
}

static void tell(const char *unit, const Diag *diag) {
        for (size_t i = 0; i < diag_count(diag); i++) {
                const DiagItem *item = diag_get(diag, i);
                autofree char *text = diag_item_to_string(item);

                log_message(item->severity == SEVERITY_ERROR ? LOG_ERR : LOG_WARNING, unit, "%s",
                            strempty(text));
        }
}

/* An alias of ours is one of systemd's. Returns 1 when @name is one, with the unit's own name. */
static int link_alias(const Generator *g, const char *name, char **ret_real) {
        autofree char *real = NULL, *service = NULL, *alias = NULL, *link = NULL;
        int r;

        r = unit_path_real_name(g->path, name, NULL, &real);
        if (r < 0 || streq(real, name))
                return r == -ENOENT ? 0 : r;

        r = unit_name_to_service(real, &service);
        if (r == 0)
                r = unit_name_to_service(name, &alias);
        if (r == 0)
                r = asprintf(&link, "%s/%s", g->directory, alias) < 0 ? -ENOMEM : 0;
        if (r < 0)
                return r;
        if (symlink(service, link) < 0 && errno != EEXIST)
                return -errno;

        *ret_real = take_ptr(real);
        return 1;
}

static int generate(const Generator *g, const char *name) {
        autofree char *service = NULL;
        autoptr(Diag) diag = diag_new();
        autoptr(RawUnit) raw = NULL;
        autoptr(UnitSpec) u = NULL;
        int r;

        if (!diag)
                return -ENOMEM;

        r = unit_path_load(g->path, name, diag, &raw);
        if (r == -ERFKILL)
                return 0;
        if (r >= 0)
                r = unit_spec_load(raw, host_specifiers_context(g->specifiers), diag, &u);
        tell(name, diag);
        if (r < 0)
                return r;
        (void) take_ptr(raw);

        r = unit_name_to_service(name, &service);
        if (r >= 0)
                r = write_service(g, u, service);
        if (r >= 0)
                r = link_install(g, u, service);
        return r;
}

static int generate_all(Generator *g) {
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
                r = link_alias(g, *name, &real);
                /* The unit itself is in the list, unless it is an instance without a file. */
                if (r == 0 || (r > 0 && !strv_contains(names, real)))
                        r = generate(g, real ? real : *name);
                if (r < 0)
                        log_message(LOG_ERR, *name, "no service made of it: %s", strerror(-r));
        }
        return 0;
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
        g.directory = argv[1];
        g.specifiers = host_specifiers_new();
        r = g.specifiers ? generate_all(&g) : -ENOMEM;
        if (r < 0)
                log_error("cannot read the unit files: %s", strerror(-r));

        unit_path_free(g.path);
        host_specifiers_free(g.specifiers);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
