/* Groups 1 to 5 and 7: which files a unit comes from, and its values, words, specifiers and environment. */
#include <fcntl.h>
#include <string.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "config/env-file.h"
#include "config/words.h"
#include "parser-cases.h"

/* The last value of a key, or all of them with their list reset by an empty one. */
static size_t find_values(const RawUnit *u, const char *section, const char *key, RawValue *ret, size_t max) {
        size_t n = 0;

        for (RawValue v = {}; n < max && raw_unit_next(u, &v);) {
                if (!streq(v.section, section) || !streq(v.key, key))
                        continue;
                if (v.value[0] == '\0')
                        n = 0;
                else
                        ret[n++] = v;
        }
        return n;
}

static void check_description(const RawUnit *u, const SpecifierContext *c, const json_t *expect,
                              const char *root) {
        RawValue values[64];
        size_t n = find_values(u, "Unit", "Description", values, ELEMENTSOF(values));
        autofree char *text = NULL;

        /* What cannot be expanded is ignored by systemd, an error here. */
        if (n > 0 && specifiers_expand(values[n - 1].value, raw_value_at(&values[n - 1]), c, NULL, &text) < 0)
                n = 0;
        compare("Description", n > 0 ? text : u->name, json_object_get(expect, "props.Description"), root);
}

/* One command: its words up to a separator. Returns false when it cannot be expanded. */
static bool read_command(const Word **words, const SpecifierContext *c, char ***argv) {
        for (; (*words)->text && !(*words)->separator; (*words)++) {
                autofree char *expanded = NULL, *first = NULL;
                const char *text = (*words)->text;

                /* The prefixes of the command: with "@" the next word is its name. */
                if (!*argv && text[strspn(text, "-@:+!|")] == '/') {
                        if (memchr(text, '@', strcspn(text, "/")))
                                continue;
                        text += strspn(text, "-@:+!|");
                }
                if (specifiers_expand(text, (*words)->at, c, NULL, &expanded) < 0)
                        return false;
                if (strv_add(argv, expanded) < 0)
                        abort();
        }
        return true;
}

/* A line may hold several commands. Counts them in @i. */
static void check_commands(const RawValue *v, size_t *i, const SpecifierContext *c, const json_t *expect,
                           const char *root) {
        autowords Word *words = NULL;
        const Word *w;

        if (words_split(v->value, raw_value_at(v), WORDS_QUOTES | WORDS_ESCAPES | WORDS_SEMICOLONS, NULL,
                        &words) < 0)
                return differ("command %zu cannot be split", *i);

        for (w = words; w && w->text; w += w->separator) {
                autostrv char **argv = NULL;
                char name[64];

                if (!read_command(&w, c, &argv))
                        return differ("specifiers of command %zu", *i);
                if (!argv)
                        continue;
                (void) snprintf(name, sizeof(name), "props.ExecStart.%zu.argv", (*i)++);
                compare_list(name, argv, json_object_get(expect, name), root);
        }
}

static bool env_name_valid(const char *s) {
        size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

        return n > 0 && s[n] == '=' && !(s[0] >= '0' && s[0] <= '9');
}

static void check_environment(const RawUnit *u, const SpecifierContext *c, const json_t *expect,
                              const char *root) {
        RawValue values[64];
        size_t n = find_values(u, "Service", "Environment", values, ELEMENTSOF(values));
        autostrv char **env = NULL;

        for (size_t i = 0; i < n; i++) {
                autowords Word *words = NULL;

                /* systemd keeps what stands before the mistake, for us all of it is one. */
                if (words_split(values[i].value, raw_value_at(&values[i]),
                                WORDS_QUOTES | WORDS_ESCAPES | WORDS_STRICT, NULL, &words) < 0)
                        return;
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
        RawValue values[8];
        size_t n = find_values(u, "Service", "EnvironmentFile", values, ELEMENTSOF(values));
        autostrv char **env = NULL;
        const char *key;
        json_t *value;
        bool bad = false;

        for (size_t i = 0; i < n && values[i].value[0] == '/'; i++) {
                autofree char *path = file_path(values[i].value, root), *text = NULL;
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

static void check_names(Case *c, const RawUnit *u) {
        const json_t *id = json_object_get(c->expect, "props.Id"),
                     *names = json_object_get(c->expect, "props.Names");
        autostrv char **ours = NULL;

        compare("Id", u->name, id, c->root);
        if (!names)
                return;
        case_names(c, u->name, &ours);
        compare_list("Names", ours, names, c->root);
}

void check_files(Case *c) {
        autoptr(RawUnit) u = NULL;
        RawValue commands[8];
        size_t n, command = 0;

        check_load(case_load(c, NULL, &u), c->expect);
        if (!u)
                return;

        compare("FragmentPath", u->fragment, json_object_get(c->expect, "props.FragmentPath"), c->root);
        compare_list("DropInPaths", u->drop_ins, json_object_get(c->expect, "props.DropInPaths"), c->root);
        if (!streq(json_string_value(json_object_get(c->expect, "load")), "loaded"))
                return;

        check_names(c, u);
        check_description(u, &c->specifiers, c->expect, c->root);
        n = find_values(u, "Service", "ExecStart", commands, ELEMENTSOF(commands));
        for (size_t i = 0; i < n; i++)
                check_commands(&commands[i], &command, &c->specifiers, c->expect, c->root);
        check_environment(u, &c->specifiers, c->expect, c->root);
        check_environment_files(u, c->expect, c->root);
}
