/*
 * Feeds recorded cases to the reader and compares with what systemd made of them: which file a unit comes
 * from, its drop-ins, values, words, specifiers, environment, and what the values mean. The cases are about
 * .service files; each is given our form (.container, our search path), the text stays as it is.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "parser-cases.h"

static void set_specifiers(Case *c, const RawUnit *u) {
        if (asprintf(&c->credentials, "/run/credentials/%s", u->name) < 0)
                abort();
        c->specifiers = (SpecifierContext){
                .unit_name = u->name,
                .fragment = u->fragment,
                .runtime_dir = "/run",
                .state_dir = "/var/lib",
                .cache_dir = "/var/cache",
                .logs_dir = "/var/log",
                .config_dir = "/etc",
                .data_dir = "/usr/share",
                .tmp_dir = "/tmp",
                .var_tmp_dir = "/var/tmp",
                .home = "/root",
                .shell = "/bin/bash",
                .user = "root",
                .uid = "0",
                .group = "root",
                .gid = "0",
                .architecture = "x86-64",
                .os_build_id = "",
                .os_image_id = "",
                .os_image_version = "",
                .os_variant_id = "",
                .kernel_release = c->release,
                .credentials_dir = c->credentials,
        };
}

int case_load(Case *c, Diag *diag, RawUnit **ret) {
        int r;

        *ret = NULL;
        r = unit_path_load(c->path, c->unit, diag, ret);
        free(take_ptr(c->credentials));
        if (*ret)
                set_specifiers(c, *ret);
        return r;
}

void case_names(Case *c, const char *unit, char ***ret) {
        autostrv char **aliases = NULL;

        if (strv_add(ret, unit) < 0 || unit_path_aliases(c->path, unit, &aliases) < 0 ||
            strv_add_all(ret, aliases) < 0)
                abort();
}

static void open_path(Case *c) {
        static const char *const levels[] = { "etc", "run", "local", "lib" };
        autostrv char **dirs = NULL;

        for (size_t i = 0; i < ELEMENTSOF(levels); i++)
                if (strv_addf(&dirs, "%s/%s", c->root, levels[i]) < 0)
                        abort();
        if (unit_path_new(dirs, &c->path) < 0)
                abort();
}

static void run_case(const json_t *recorded, const char *release) {
        Case c = { .recorded = recorded, .root = "/tmp/cases-parser-XXXXXX", .release = release };
        json_t *files = json_object_get(recorded, "files"), *what;
        const char *name;
        bool whole = true;

        c.expect = json_object_get(recorded, "expect");
        case_begin(json_string_value(json_object_get(recorded, "id")));
        c.unit = in_our_terms(json_string_value(json_object_get(recorded, "unit")), c.root);

        must(mkdtemp(c.root));
        json_object_foreach(files, name, what) {
                autofree char *path = file_path(name, c.root);

                whole = write_file(path, what, c.root) && whole;
        }
        /* The name of a template is refused where a unit is asked for, not where files are read. */
        if (whole && !unit_name_is_template(c.unit)) {
                open_path(&c);
                check_files(&c);
                check_meaning(&c);
                case_end();
        }

        (void) tree_remove(AT_FDCWD, c.root);
        unit_path_free(c.path);
        free(c.credentials);
        free(c.unit);
}

int main(int argc, char **argv) {
        json_error_t error;
        json_t *all, *recorded;
        size_t i;

        all = argc == 2 ? json_load_file(argv[1], JSON_ALLOW_NUL, &error) : NULL;
        if (!all) {
                fprintf(stderr, "usage: cases-parser CASES.JSON\n");
                return EXIT_FAILURE;
        }

        json_array_foreach(json_object_get(all, "cases"), i, recorded)
                run_case(recorded, json_string_value(json_object_get(all, "kernel")));
        run_tables(json_object_get(all, "tables"));
        report_meaning();
        json_decref(all);
        return case_count_failed() > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
