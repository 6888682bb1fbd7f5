/* A Compose file as a whole: its variables, what services take from each other, and the order of the work. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/import-compose.h"
#include "ctl/interpolate.h"

#define DOTENV_MAX ((size_t) 1024 * 1024)

/* Services that extend services. */
#define EXTENDS_MAX 16

int compose_env(const Import *i, char ***ret) {
        autofree char *path = NULL, *text = NULL;
        autostrv char **env = NULL;
        size_t size;
        int r;

        r = strv_copy(i->env, &env);
        if (r < 0)
                return r;
        if (asprintf(&path, "%s/.env", i->directory) < 0) {
                path = NULL;
                return -ENOMEM;
        }

        r = file_read(AT_FDCWD, path, DOTENV_MAX, &text, &size);
        if (r == 0)
                r = dotenv_parse(&env, path, text, size, i->diag);
        else if (r == -ENOENT || r == -ENOTDIR)
                r = 0;
        else if (r != -ENOMEM)
                r = diag_error(i->diag, (Where){ .file = path }, -EINVAL, "%s", strerror(-r));
        if (r < 0)
                return r;
        *ret = take_ptr(env);
        return 0;
}

static int interpolate_node(Import *i, Doc *d, DocBudget *budget) {
        int r = 0;

        if (d->kind == DOC_TEXT && strchr(d->text, '$')) {
                char *text;

                r = interpolate(d->text, i->env, d->at, i->diag, &text);
                if (r < 0)
                        return r;
                free(d->text);
                d->text = text;
        }
        if (doc_spend(budget, d->text ? strlen(d->text) : 0) < 0)
                return import_error(i, d, "with all variables written out this is too much");

        for (size_t k = 0; k < d->n; k++) {
                int bad = interpolate_node(i, d->children[k], budget);

                if (bad == -ENOMEM)
                        return bad;
                r = bad < 0 ? bad : r;
        }
        return r;
}

int compose_interpolate(Import *i, Doc *doc) {
        DocBudget budget = {};
        int r = 0;

        for (size_t k = 0; k < doc->n; k++) {
                int bad = startswith(doc->children[k]->key, "x-")
                                  ? 0
                                  : interpolate_node(i, doc->children[k], &budget);

                if (bad == -ENOMEM)
                        return bad;
                r = bad < 0 ? bad : r;
        }
        return r;
}

static Doc *member(Doc *map, const char *key) {
        return (Doc *) doc_get(map, key);
}

/* NAME=VALUE of a list to members of a map, so that both forms can be merged. */
static int list_to_map(Doc *list) {
        list->kind = DOC_MAP;
        for (size_t i = 0; i < list->n; i++) {
                Doc *d = list->children[i];
                char *equals;

                if (d->kind != DOC_TEXT)
                        return -EINVAL;
                equals = strchr(d->text, '=');
                d->key = equals ? strndup(d->text, (size_t) (equals - d->text)) : strdup(d->text);
                if (!d->key)
                        return -ENOMEM;
                d->key_at = d->at;
                if (equals)
                        memmove(d->text, equals + 1, strlen(equals));
                else {
                        free(take_ptr(d->text));
                        d->kind = DOC_NULL;
                }
        }
        return 0;
}

static int merge(Import *i, Doc *base, Doc *over);

/* @over goes over @base, the member of @map that has its key. Takes @over on success. */
static int merge_member(Import *i, Doc *map, Doc *base, Doc *over) {
        const bool whole =
                streq(over->key, "command") || streq(over->key, "entrypoint") || streq(over->key, "test");
        int r;

        if (!whole && base &&
            ((base->kind == DOC_MAP && over->kind == DOC_LIST) ||
             (base->kind == DOC_LIST && over->kind == DOC_MAP))) {
                r = list_to_map(base->kind == DOC_LIST ? base : over);
                if (r < 0)
                        return r == -EINVAL ? import_wrong_kind(i, over, "a list of NAME=VALUE") : r;
        }
        if (whole || !base || base->kind != over->kind || base->kind == DOC_TEXT || base->kind == DOC_NULL)
                return doc_set(map, over->key, over->key_at, over);

        r = merge(i, base, over);
        if (r == 0)
                doc_free(over);
        return r;
}

/* Lists are joined, maps are merged; a command is one thing. @over is emptied. */
static int merge(Import *i, Doc *base, Doc *over) {
        int r = 0;

        for (size_t k = 0; k < over->n && r == 0; k++) {
                Doc *d = over->children[k];

                r = d->key ? merge_member(i, base, member(base, d->key), d) : doc_add(base, NULL, d->at, d);
                if (r == 0)
                        over->children[k] = NULL;
        }
        if (r == 0)
                over->n = 0;
        return r;
}

/* @service becomes a copy of @base with what it has itself over it. */
static int extend_from(Compose *compose, Doc *service, const Doc *base) {
        autoptr(Doc) copy = NULL;
        int r;

        r = doc_copy(base, &compose->budget, &copy);
        if (r < 0)
                return r == -E2BIG
                               ? import_error(compose->import, service, "with what it extends it is too big")
                               : r;
        r = merge(compose->import, copy, service);
        if (r < 0)
                return r;

        free(service->children);
        service->children = take_ptr(copy->children);
        service->n = copy->n;
        copy->n = 0;
        for (size_t i = 0; i < service->n; i++)
                service->children[i]->parent = service;
        return 0;
}

static int extend(Compose *compose, Doc *service, unsigned depth) {
        Doc *extends = member(service, "extends"), *base;
        const char *name;
        int r;

        if (!extends || extends->kind == DOC_NULL)
                return 0;
        name = extends->kind == DOC_TEXT ? extends->text : doc_text(extends, "service");
        if (doc_find(extends, "file"))
                return import_error(compose->import, extends, "a service of another file cannot be extended");
        if (!name)
                return import_error(compose->import, extends, "it does not say which service");
        base = member(member(compose->doc, "services"), name);
        if (!base || base->kind != DOC_MAP)
                return import_error(compose->import, extends, "there is no service \"%s\"", name);
        if (depth == EXTENDS_MAX || base == service)
                return import_error(compose->import, extends, "services extend each other without end");

        r = extend(compose, base, depth + 1);
        if (r < 0)
                return r;
        for (size_t i = 0; i < service->n; i++)
                if (service->children[i] == extends) {
                        doc_free(doc_detach(service, i));
                        break;
                }
        return extend_from(compose, service, base);
}

int compose_extend(Compose *compose) {
        Doc *services = member(compose->doc, "services");
        int bad = 0;

        for (size_t i = 0; services && services->kind == DOC_MAP && i < services->n; i++) {
                int r = services->children[i]->kind == DOC_MAP ? extend(compose, services->children[i], 0)
                                                               : 0;

                if (r == -ENOMEM)
                        return r;
                bad = r < 0 ? r : bad;
        }
        return bad;
}

int compose_definition(const Compose *compose, const char *kind, const char *name, const Doc *d,
                       const Doc **ret) {
        *ret = doc_get(doc_get(compose->doc, kind), name);
        return *ret ? 0 : import_error(compose->import, d, "there is no \"%s\" in the file's %s", name, kind);
}

bool compose_is_external(const Doc *definition, const char *key, const char **ret_name) {
        const char *external = doc_text(definition, "external");
        const char *name = doc_text(definition, "external.name") ?: doc_text(definition, "name");

        *ret_name = name ? name : key;
        return doc_text(definition, "external.name") || (external && streq(external, "true"));
}

char *compose_network_stem(const Compose *compose, const char *name) {
        char *stem;

        if (!streq(name, "default"))
                return strdup(name);
        return asprintf(&stem, "%s%s", compose->project,
                        doc_get(doc_get(compose->doc, "networks"), compose->project) ? "-default" : "") < 0
                       ? NULL
                       : stem;
}

/* As Compose makes a project's name: lower case, and nothing but letters, digits, "-" and "_". */
static int find_project(Compose *compose) {
        const char *name = strv_env_get(compose->import->env, "COMPOSE_PROJECT_NAME");
        const char *slash = strrchr(compose->import->directory, '/');
        size_t n = 0;

        if (!name || !*name)
                name = doc_text(compose->doc, "name");
        if (!name || !*name)
                name = slash ? slash + 1 : compose->import->directory;

        compose->project = calloc(1, strlen(name) + sizeof("default"));
        if (!compose->project)
                return -ENOMEM;
        for (; *name; name++) {
                char c = (char) tolower((unsigned char) *name);

                if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (n > 0 && (c == '-' || c == '_')))
                        compose->project[n++] = c;
        }
        if (n == 0)
                strcpy(compose->project, "default");
        return 0;
}

static int check_top(Compose *compose) {
        static const char *const known[] = { "configs",  "include", "name",    "networks", "secrets",
                                             "services", "version", "volumes", NULL };
        static const char *const maps[] = { "configs", "networks", "secrets", "services", "volumes" };
        int bad = 0;

        if (compose->doc->kind != DOC_MAP)
                return import_error(compose->import, compose->doc, "a Compose file is a map, and not %s",
                                    doc_kind_name(compose->doc->kind));

        for (size_t i = 0; i < compose->doc->n; i++) {
                const Doc *d = compose->doc->children[i];

                if (streq(d->key, "include"))
                        import_warning(compose->import, d, "other files are not read; import each by itself");
                else if (!strv_contains((char **) known, d->key) && !startswith(d->key, "x-")) {
                        import_warning(compose->import, d, "\"%s\" is not known here", d->key);
                        diag_did_you_mean(compose->import->diag, d->key, known);
                }
        }
        for (size_t i = 0; i < ELEMENTSOF(maps); i++) {
                const Doc *d = doc_find(compose->doc, maps[i]);

                if (d && d->kind != DOC_MAP)
                        bad = import_wrong_kind(compose->import, d, "a map");
        }
        if (bad == 0 && !doc_find(compose->doc, "services"))
                return import_error(compose->import, compose->doc, "there are no services");
        return bad;
}

/* Services that others wait for, before any is converted. */
static int collect_conditions(Compose *compose) {
        const Doc *services = doc_find(compose->doc, "services");
        int r = 0;

        for (size_t i = 0; i < services->n && r == 0; i++) {
                const Doc *depends = doc_find(services->children[i], "depends_on");

                for (size_t k = 0; depends && depends->kind == DOC_MAP && k < depends->n && r == 0; k++) {
                        const Doc *d = depends->children[k];
                        const char *condition = strempty(doc_text(d, "condition"));

                        if (streq(condition, "service_healthy"))
                                r = strv_add(&compose->healthy, d->key);
                        else if (streq(condition, "service_completed_successfully"))
                                r = strv_add(&compose->completed, d->key);
                }
        }
        return r;
}

static int convert_all(Compose *compose) {
        const Doc *services = doc_find(compose->doc, "services");
        const Doc *networks = doc_find(compose->doc, "networks");
        const Doc *volumes = doc_find(compose->doc, "volumes");
        int bad = 0, r;

        for (size_t i = 0; i < services->n; i++) {
                r = compose_service(compose, services->children[i]);
                if (r == -ENOMEM)
                        return r;
                bad = r < 0 ? r : bad;
        }
        for (size_t i = 0; networks && i < networks->n; i++) {
                r = compose_network(compose, networks->children[i]->key, networks->children[i],
                                    networks->children[i]);
                if (r == -ENOMEM)
                        return r;
                bad = r < 0 ? r : bad;
        }
        for (size_t i = 0; volumes && i < volumes->n; i++) {
                r = compose_volume(compose, volumes->children[i]);
                if (r == -ENOMEM)
                        return r;
                bad = r < 0 ? r : bad;
        }
        return bad;
}

static int run(Compose *compose) {
        int r;

        r = check_top(compose);
        if (r == 0)
                r = compose_interpolate(compose->import, compose->doc);
        if (r == 0)
                r = find_project(compose);
        if (r == 0)
                r = compose_extend(compose);
        if (r == 0)
                r = collect_conditions(compose);
        if (r == 0)
                r = convert_all(compose);
        return r;
}

int import_compose(Import *i, const char *file, const char *text, size_t size) {
        Compose compose = { .import = i };
        autostrv char **env = NULL;
        char *const *outer = i->env;
        int r;

        r = compose_env(i, &env);
        if (r < 0)
                return r;
        i->env = env;
        r = doc_yaml_parse(file, text, size, i->diag, &compose.doc);
        if (r == 0)
                r = run(&compose);
        i->env = outer;

        doc_free(compose.doc);
        free(compose.project);
        strv_free(compose.healthy);
        strv_free(compose.completed);
        return r;
}
