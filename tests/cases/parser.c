/*
 * Feeds recorded cases to the reader and compares with what systemd made of them: which file a unit
 * comes from, its drop-ins, values, words, specifiers, environment. The cases are about .service
 * files; each is given our form (.container, our search path), the text stays as it is.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "config/env-file.h"
#include "config/specifiers.h"
#include "config/unit-path.h"
#include "config/words.h"

/* Where we differ on purpose. */
static const struct {
        const char *id, *reason;
} differences[] = {
        { "b4-one-c",
          "%c, a path below the cgroup of systemd's units, is deprecated there and unknown here" },
};

static const char *kernel_release; /* of the machine on which the cases were recorded */
static int n_failed;
static bool case_failed;
static const char *case_id;

PRINTF_LIKE(1, 2)
static void differ(const char *fmt, ...) {
        va_list ap;

        case_failed = true;
        printf("#   %s: ", case_id);
        va_start(ap, fmt);
        vprintf(fmt, ap);
        va_end(ap);
        putchar('\n');
}

static void conclude(const char *id) {
        for (size_t i = 0; i < ELEMENTSOF(differences); i++)
                if (streq(differences[i].id, id)) {
                        printf("%s - %s differs: %s\n", case_failed ? "ok" : "not ok", id,
                               differences[i].reason);
                        n_failed += !case_failed;
                        return;
                }

        printf("%s - %s\n", case_failed ? "not ok" : "ok", id);
        n_failed += case_failed;
}

static void *must(void *p) {
        if (!p)
                abort();
        return p;
}

static char *replace(const char *s, const char *from, const char *to) {
        char *out = NULL;
        size_t n;
        FILE *f = must(open_memstream(&out, &n));

        for (const char *hit; (hit = strstr(s, from)); s = hit + strlen(from))
                fprintf(f, "%.*s%s", (int) (hit - s), s, to);
        fputs(s, f);
        fclose(f);
        return out;
}

/* What a recorded text says of paths and unit names, in our terms. */
static char *in_our_terms(const char *s, const char *root) {
        static const char *const places[][2] = {
                { "/run/systemd/system", "run" },
                { "/etc/systemd/system", "etc" },
                { "/usr/local/lib/systemd/system", "local" },
                { "/usr/lib/systemd/system", "lib" },
        };
        autofree char *kind = replace(s, "/service.d/", "/container.d/");
        char *out = replace(kind, ".service", ".container");

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                autofree char *old = out, *place = NULL;

                if (asprintf(&place, "%s/%s", root, places[i][1]) < 0)
                        abort();
                out = replace(old, places[i][0], place);
        }
        return out;
}

/* The path of a recorded file name in the case's tree. */
static char *file_path(const char *name, const char *root) {
        autofree char *ours = in_our_terms(name, root);
        char *path = NULL;
        int r;

        if (startswith(ours, root))
                return take_ptr(ours);
        if (startswith(ours, "service.d/"))
                r = asprintf(&path, "%s/run/container.d/%s", root, ours + strlen("service.d/"));
        else if (ours[0] == '/')
                r = asprintf(&path, "%s/other%s", root, ours);
        else
                r = asprintf(&path, "%s/run/%s", root, ours);
        if (r < 0)
                abort();
        return path;
}

static size_t decode_base64(const char *s, char *out) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        unsigned bits = 0, v = 0;
        size_t n = 0;

        for (; *s && *s != '='; s++) {
                v = v << 6 | (unsigned) (strchr(digits, *s) - digits);
                bits += 6;
                if (bits >= 8)
                        out[n++] = (char) (v >> (bits -= 8) & 0xff);
        }
        return n;
}

/* Returns false for a file that the record does not hold. */
static bool write_file(const char *path, const json_t *what, const char *root) {
        const char *link = json_string_value(json_object_get(what, "link"));
        const char *coded = json_string_value(json_object_get(what, "b64"));
        autofree char *dir = strndup(path, (size_t) (strrchr(path, '/') - path)), *decoded = NULL;
        const char *text = json_string_value(what);
        size_t n = json_string_length(what);

        if (dir_make(AT_FDCWD, dir, 0755) < 0)
                abort();
        if (link) {
                autofree char *ours = in_our_terms(link, root), *outside = NULL;

                if (ours[0] == '/' && !startswith(ours, root) && !streq(ours, "/dev/null"))
                        outside = file_path(link, root);
                return symlink(outside ?: ours, path) == 0;
        }
        if (coded) {
                decoded = must(malloc(strlen(coded)));
                n = decode_base64(coded, decoded);
                text = decoded;
        }
        return text && file_replace(AT_FDCWD, path, text, n, 0644, false) == 0;
}

/* The last value of a key, or all of them with their list reset by an empty one. */
static size_t find_values(const RawUnit *u, const char *section, const char *key, const RawValue **ret,
                          size_t max) {
        size_t n = 0;

        for (size_t i = 0; i < u->n_values && n < max; i++) {
                const RawValue *v = &u->values[i];

                if (!streq(v->section, section) || !streq(v->key, key))
                        continue;
                if (v->value[0] == '\0')
                        n = 0;
                else
                        ret[n++] = v;
        }
        return n;
}

static void compare(const char *what, const char *ours, const json_t *expected, const char *root) {
        autofree char *theirs = in_our_terms(strempty(json_string_value(expected)), root);

        if (expected && !streq_null(ours, theirs))
                differ("%s is \"%s\", not \"%s\"", what, strempty(ours), theirs);
}

static void compare_list(const char *what, char *const *ours, const json_t *expected, const char *root) {
        if (!json_is_array(expected))
                return;
        if (strv_length(ours) != json_array_size(expected)) {
                differ("%s has %zu entries, not %zu", what, strv_length(ours), json_array_size(expected));
                return;
        }
        for (size_t i = 0; i < json_array_size(expected); i++)
                compare(what, ours[i], json_array_get(expected, i), root);
}

static void check_description(const RawUnit *u, const SpecifierContext *c, const json_t *expect,
                              const char *root) {
        const RawValue *values[64];
        size_t n = find_values(u, "Unit", "Description", values, ELEMENTSOF(values));
        autofree char *text = NULL;

        /* What cannot be expanded is ignored by systemd, an error here. */
        if (n > 0 && specifiers_expand(values[n - 1]->value, values[n - 1]->at, c, NULL, &text) < 0)
                n = 0;
        compare("Description", n > 0 ? text : u->name, json_object_get(expect, "props.Description"), root);
}

static void check_command(const RawValue *v, size_t i, const SpecifierContext *c, const json_t *expect,
                          const char *root) {
        autostrv char **argv = NULL;
        autowords Word *words = NULL;
        char name[64];
        const char *text = v->value;
        size_t skip = 0;

        for (; *text && strchr("-@:+!|", *text); text++)
                skip += *text == '@';
        if (words_split(text, v->at, WORDS_QUOTES | WORDS_ESCAPES, NULL, &words) < 0)
                return differ("command %zu cannot be split", i);

        for (const Word *w = words; w && w->text; w++) {
                autofree char *expanded = NULL;

                if (skip > 0) {
                        skip--;
                        continue;
                }
                if (specifiers_expand(w->text, w->at, c, NULL, &expanded) < 0)
                        return differ("specifiers of command %zu", i);
                if (strv_add(&argv, expanded) < 0)
                        abort();
        }

        (void) snprintf(name, sizeof(name), "props.ExecStart.%zu.argv", i);
        compare_list(name, argv, json_object_get(expect, name), root);
}

static bool env_name_valid(const char *s) {
        size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

        return n > 0 && s[n] == '=' && !(s[0] >= '0' && s[0] <= '9');
}

static void check_environment(const RawUnit *u, const SpecifierContext *c, const json_t *expect,
                              const char *root) {
        const RawValue *values[64];
        size_t n = find_values(u, "Service", "Environment", values, ELEMENTSOF(values));
        autostrv char **env = NULL;

        for (size_t i = 0; i < n; i++) {
                autowords Word *words = NULL;

                if (words_split(values[i]->value, values[i]->at, WORDS_QUOTES | WORDS_ESCAPES, NULL, &words) <
                    0)
                        continue;
                for (const Word *w = words; w && w->text; w++) {
                        autofree char *text = NULL;

                        if (specifiers_expand(w->text, w->at, c, NULL, &text) == 0 && env_name_valid(text) &&
                            strv_env_set(&env, text) < 0)
                                abort();
                }
        }
        compare_list("Environment", env, json_object_get(expect, "props.Environment"), root);
}

/* With environment files, the environment that the program saw. */
static void check_environment_files(const RawUnit *u, const json_t *expect, const char *root) {
        const char *result = json_string_value(json_object_get(expect, "result.Result"));
        const RawValue *values[8];
        size_t n = find_values(u, "Service", "EnvironmentFile", values, ELEMENTSOF(values));
        autostrv char **env = NULL;
        const char *key;
        json_t *value;
        bool bad = false;

        for (size_t i = 0; i < n && values[i]->value[0] == '/'; i++) {
                autofree char *path = file_path(values[i]->value, root), *text = NULL;
                size_t size;

                bad = file_read(AT_FDCWD, path, 1 << 20, &text, &size) < 0 ||
                      env_file_parse(&env, path, text, size, NULL) < 0 || bad;
        }

        if (n > 0 && result && bad == streq(result, "success"))
                differ("environment files are %s", bad ? "refused" : "taken");
        json_object_foreach((json_t *) expect, key, value) {
                const char *name = startswith(key, "runs.0.env.");

                if (n > 0 && name && json_is_string(value))
                        compare(name, strv_env_get(env, name), value, root);
        }
}

static void check_load(int r, const json_t *expect) {
        const char *load = json_string_value(json_object_get(expect, "load"));
        /* What systemd leaves out with a warning is an error here. */
        bool warned = json_array_size(json_object_get(expect, "messages")) > 0;

        if (streq(load, "masked")      ? r != -ERFKILL
            : streq(load, "not-found") ? r != -ENOENT
            : streq(load, "error")     ? r != -EINVAL
                                       : r != 0 && !(r == -EINVAL && warned))
                differ("loading gives %d, there \"%s\"", r, load);
}

static void check_unit(const char *unit, const json_t *expect, const char *root) {
        autostrv char **dirs = NULL;
        autoptr(UnitPath) path = NULL;
        autoptr(RawUnit) u = NULL;
        const RawValue *commands[8];
        SpecifierContext c;
        size_t n;

        if (strv_addf(&dirs, "%s/etc", root) < 0 || strv_addf(&dirs, "%s/run", root) < 0 ||
            strv_addf(&dirs, "%s/local", root) < 0 || strv_addf(&dirs, "%s/lib", root) < 0 ||
            unit_path_new(dirs, &path) < 0)
                abort();

        check_load(unit_path_load(path, unit, NULL, &u), expect);
        if (!u)
                return;

        c = (SpecifierContext){
                .unit_name = u->name,
                .fragment = u->fragment,
                .runtime_dir = "/run",
                .state_dir = "/var/lib",
                .cache_dir = "/var/cache",
                .logs_dir = "/var/log",
                .config_dir = "/etc",
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
                .os_variant_id = "",
                .kernel_release = kernel_release,
        };
        autofree char *credentials = NULL;

        if (asprintf(&credentials, "/run/credentials/%s", u->name) < 0)
                abort();
        c.credentials_dir = credentials;

        compare("FragmentPath", u->fragment, json_object_get(expect, "props.FragmentPath"), root);
        compare_list("DropInPaths", u->drop_ins, json_object_get(expect, "props.DropInPaths"), root);
        if (!streq(json_string_value(json_object_get(expect, "load")), "loaded"))
                return;

        check_description(u, &c, expect, root);
        n = find_values(u, "Service", "ExecStart", commands, ELEMENTSOF(commands));
        for (size_t i = 0; i < n; i++)
                check_command(commands[i], i, &c, expect, root);
        check_environment(u, &c, expect, root);
        check_environment_files(u, expect, root);
}

static void run_case(const json_t *a_case) {
        json_t *files = json_object_get(a_case, "files"), *what;
        const char *unit = json_string_value(json_object_get(a_case, "unit")), *name;
        const json_t *expect = json_object_get(a_case, "expect");
        char root[] = "/tmp/cases-parser-XXXXXX";
        autofree char *ours = NULL;
        bool whole = true;

        case_id = json_string_value(json_object_get(a_case, "id"));
        case_failed = false;
        ours = in_our_terms(unit, root);
        /* The name of a template is refused where a unit is asked for, not where files are read. */
        if (unit_name_is_template(ours))
                return;

        must(mkdtemp(root));
        json_object_foreach(files, name, what) {
                autofree char *path = file_path(name, root);

                whole = write_file(path, what, root) && whole;
        }
        if (whole) {
                check_unit(ours, expect, root);
                conclude(case_id);
        }
        (void) tree_remove(AT_FDCWD, root);
}

static void check_escape(const json_t *row) {
        const char *in = json_string_value(json_object_get(row, "in"));
        const json_t *escaped = json_object_get(row, "plain"), *plain = json_object_get(row, "-u");
        autofree char *ours = must(unit_name_escape(in)), *back = NULL;

        if (json_integer_value(json_array_get(escaped, 0)) == 0)
                compare("escaped", ours, json_array_get(escaped, 1), "");
        if (json_integer_value(json_array_get(plain, 0)) == 0 && unit_name_unescape(in, &back) == 0)
                compare("unescaped", back, json_array_get(plain, 1), "");
}

static void check_timespan(const json_t *row) {
        const char *in = json_string_value(json_object_get(row, "in"));
        const char *us = json_string_value(json_object_get(row, "us"));
        autofree char *ours = NULL;
        usec_t t;
        int r = parse_span(in, &t);

        if ((r == 0) != (us != NULL))
                return differ("\"%s\" is %s", in, r == 0 ? "taken" : "refused");
        if (us && asprintf(&ours, "%" PRIu64, t) > 0 && !streq(ours, us))
                differ("\"%s\" is %s, not %s", in, ours, us);
}

static void check_unit_name(const json_t *row) {
        const char *name = json_string_value(json_object_get(row, "name"));
        bool accepted = streq(json_string_value(json_object_get(row, "dbus")), "accepted");
        autofree char *ours = replace(name, ".service", ".container");

        /* Kinds differ, and the cut of a name that is too long falls elsewhere. */
        if (!endswith(name, ".service") || unit_name_is_template(ours))
                return;
        if (unit_name_valid(ours) != accepted)
                differ("\"%s\" is %s", ours, accepted ? "refused" : "taken");
}

static void run_table(const json_t *tables, const char *name, void (*check)(const json_t *row)) {
        size_t i;
        json_t *row;

        case_id = name;
        case_failed = false;
        json_array_foreach(json_object_get(tables, name), i, row) check(row);
        conclude(name);
}

int main(int argc, char **argv) {
        json_error_t error;
        json_t *all, *a_case;
        size_t i;

        all = argc == 2 ? json_load_file(argv[1], JSON_ALLOW_NUL, &error) : NULL;
        if (!all) {
                fprintf(stderr, "usage: cases-parser CASES.JSON\n");
                return EXIT_FAILURE;
        }

        kernel_release = json_string_value(json_object_get(all, "kernel"));
        json_array_foreach(json_object_get(all, "cases"), i, a_case)
                /* Group 6 is about the meaning of values, not about their text. */
                if (!startswith(json_string_value(json_object_get(a_case, "group")), "B6")) run_case(a_case);

        run_table(json_object_get(all, "tables"), "escape", check_escape);
        run_table(json_object_get(all, "tables"), "timespan", check_timespan);
        run_table(json_object_get(all, "tables"), "unit_names", check_unit_name);
        json_decref(all);
        return n_failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
