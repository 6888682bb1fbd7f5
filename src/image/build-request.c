/* Requests for a build: from the keys of a section, to JSON and back. Pure. */
#include "image/build-request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/inet.h"
#include "basic/strv.h"
#include "image/json.h"

void build_request_free(BuildRequest *q) {
        if (!q)
                return;

        strv_free(q->names);
        strv_free(q->arguments);
        strv_free(q->environment);
        free(q->architecture);
        free(q);
}

/* -- to JSON and back -- */

int build_request_to_text(const BuildRequest *q, char **ret) {
        autojson json_t *o =
                json_pack("{s:o, s:o, s:o, s:b, s:i, s:s*}", "names", json_from_strv(q->names), "arguments",
                          json_from_strv(q->arguments), "environment", json_from_strv(q->environment), "keep",
                          q->keep, "volumes", (int) q->n_volumes, "architecture", q->architecture);

        return o ? json_print(o, ret) : -ENOMEM;
}

int build_request_parse(const char *text, size_t size, BuildRequest **ret, Fault *fault) {
        autoptr(BuildRequest) q = calloc(1, sizeof(*q));
        autojson json_t *o = NULL;
        int r;

        if (!q)
                return -ENOMEM;
        r = json_parse_object(text, size, "request", &o, fault);
        if (r == 0)
                r = json_copy_strv(json_object_get(o, "names"), &q->names);
        if (r == 0)
                r = json_copy_strv(json_object_get(o, "arguments"), &q->arguments);
        if (r == 0)
                r = json_copy_strv(json_object_get(o, "environment"), &q->environment);
        if (r == 0)
                r = json_copy_string(json_object_get(o, "architecture"), &q->architecture);
        if (r == 0 && (!q->names || !q->arguments))
                r = fault_set(fault, "request", -EBADMSG, "nothing to build");
        if (r < 0)
                return r;

        q->n_volumes = (unsigned) json_integer_value(json_object_get(o, "volumes"));
        q->keep = json_is_true(json_object_get(o, "keep"));
        *ret = take_ptr(q);
        return 0;
}

/* -- from the section -- */

static int add_text(BuildRequest *q, const char *option, const char *value) {
        return value ? strv_addf(&q->arguments, "--%s=%s", option, value) : 0;
}

static int add_texts(BuildRequest *q, const char *option, char *const *values) {
        int r = 0;

        STRV_FOREACH (value, values)
                if (r == 0)
                        r = add_text(q, option, *value);
        return r;
}

/* Variables that mean something to buildah itself, or to what it is linked with. */
static bool steers_buildah(const char *assignment) {
        static const char *const names[] = { "PATH=",     "HOME=",       "TMPDIR=", "BUILDAH_",
                                             "STORAGE_",  "CONTAINERS_", "DOCKER_", "GO",
                                             "REGISTRY_", "LD_",         "XDG_",    "SSL_" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (startswith(assignment, names[i]))
                        return true;
        return false;
}

/* --env=NAME and --build-arg=NAME have their value from the environment, where not everybody can read it. */
static int add_variable(BuildRequest *q, const char *option, const char *assignment) {
        const char *equals = strchr(assignment, '=');
        autofree char *name = equals ? strndup(assignment, (size_t) (equals - assignment)) : NULL;
        const char *there;
        int r;

        if (!equals)
                return add_text(q, option, assignment);
        if (!name)
                return -ENOMEM;
        there = strv_env_get(q->environment, name);
        if (steers_buildah(assignment) || (there && !streq(there, equals + 1)))
                return add_text(q, option, assignment);
        r = strv_env_set(&q->environment, assignment);
        return r < 0 ? r : add_text(q, option, name);
}

static int add_variables(BuildRequest *q, const char *option, char *const *assignments) {
        int r = 0;

        STRV_FOREACH (assignment, assignments)
                if (r == 0)
                        r = add_variable(q, option, *assignment);
        return r;
}

/* In words of all versions; "newer" itself is one of the younger ones alone. */
static const char *pull_word(PullPolicy policy) {
        return policy == PULL_NEWER ? "true" : pull_policy_to_string(policy);
}

static int add_registry(const BuildSection *b, BuildRequest *q) {
        const RegistryKeys *k = &b->registry;
        int r;

        r = add_text(q, "pull", pull_word(b->pull));
        if (r == 0)
                r = add_text(q, "authfile", k->auth_file);
        if (r == 0 && !k->tls_verify)
                r = add_text(q, "tls-verify", "false");
        if (r == 0)
                r = strv_addf(&q->arguments, "--retry=%u", k->retry);
        if (r == 0 && k->retry_delay != USEC_INFINITY)
                r = strv_addf(&q->arguments, "--retry-delay=%" PRIu64 "ms", k->retry_delay / USEC_PER_MSEC);
        return r;
}

static int add_resolver(const BuildSection *b, BuildRequest *q) {
        int r = 0;

        for (size_t i = 0; i < b->dns.n && r == 0; i++) {
                char address[INET_TEXT_MAX];

                r = add_text(q, "dns", inet_format(&b->dns.items[i], address));
        }
        if (r == 0)
                r = add_texts(q, "dns-option", b->dns_options);
        return r < 0 ? r : add_texts(q, "dns-search", b->dns_search);
}

static int add_volume(const MountSpec *m, const char *source, BuildRequest *q) {
        const struct {
                bool set;
                const char *word;
        } options[] = {
                { m->read_only, "ro" },   { m->chown, "U" },      { m->overlay, "O" },
                { m->shared, "z" },       { m->own_label, "Z" },  { m->no_exec, "noexec" },
                { m->no_suid, "nosuid" }, { m->no_dev, "nodev" },
        };
        autostrv char **words = NULL;
        autofree char *text = NULL;
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(options) && r == 0; i++)
                if (options[i].set)
                        r = strv_add(&words, options[i].word);
        text = words ? strv_join(words, ",") : NULL;
        if (r < 0 || (words && !text))
                return -ENOMEM;
        return strv_addf(&q->arguments, "--volume=%s:%s%s%s", source, m->destination, text ? ":" : "",
                         strempty(text));
}

static int add_run_options(const BuildSection *b, const BuildPlaces *places, BuildRequest *q) {
        int r;

        r = add_resolver(b, q);
        if (r == 0)
                r = add_texts(q, "secret", b->secrets);
        for (size_t i = 0; i < b->volumes.n && r == 0; i++)
                r = add_volume(&b->volumes.items[i], places->volumes[i], q);
        return r;
}

static int add_result(const BuildSection *b, BuildRequest *q) {
        int r;

        r = add_text(q, "arch", b->arch);
        if (r == 0)
                r = add_text(q, "variant", b->variant);
        if (r == 0)
                r = add_text(q, "target", b->target);
        if (r == 0)
                r = add_texts(q, "annotation", b->annotations);
        if (r == 0)
                r = add_texts(q, "label", b->labels);
        if (r == 0)
                r = add_variables(q, "env", b->environment);
        if (r == 0)
                r = add_variables(q, "build-arg", b->arguments);
        return r < 0 ? r : add_texts(q, "tag", b->image_tags);
}

/* -- where its files are -- */

static char *join(const char *directory, const char *name) {
        char *path;

        return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

/* "." is the directory that the worker gives it, which is empty. */
static char *context_of(const BuildSection *b, const BuildPlaces *places, const char *file) {
        const char *slash = file && !build_is_url(file) ? strrchr(file, '/') : NULL;

        if (streq_null(b->context, "unit"))
                return strdup(places->unit_dir);
        if (b->context && !streq(b->context, "file"))
                return strdup(b->context);
        if (!b->context && places->working_dir)
                return strdup(places->working_dir);
        if (slash)
                return slash == file ? strdup("/") : strndup(file, (size_t) (slash - file));
        return strdup(".");
}

static int add_places(const BuildSection *b, const BuildPlaces *places, BuildRequest *q) {
        autofree char *context = NULL, *file = NULL;
        bool relative = b->file && b->file[0] != '/' && !build_is_url(b->file);
        int r;

        /* Its directory is looked for before it is known what the file is relative to. */
        if (relative && streq_null(b->context, "file"))
                file = join(places->unit_dir, b->file);
        else if (b->file)
                file = strdup(b->file);
        context = context_of(b, places, file);
        if (!context || (b->file && !file))
                return -ENOMEM;
        if (relative && file[0] != '/' && context[0] == '/') {
                free(file);
                file = join(context, b->file);
                if (!file)
                        return -ENOMEM;
        }

        r = add_text(q, "ignorefile", b->ignore_file);
        if (r == 0)
                r = add_text(q, "file", file);
        if (r == 0)
                r = strv_add(&q->arguments, "--");
        return r < 0 ? r : strv_add(&q->arguments, context);
}

int build_request_make(const BuildSection *b, const BuildPlaces *places, BuildRequest **ret) {
        autoptr(BuildRequest) q = calloc(1, sizeof(*q));
        int r;

        if (!q)
                return -ENOMEM;
        if (b->arch) {
                q->architecture = strdup(b->arch);
                if (!q->architecture)
                        return -ENOMEM;
        }
        r = strv_copy(b->image_tags, &q->names);
        if (r == 0)
                r = strv_copy(places->environment, &q->environment);
        q->n_volumes = (unsigned) b->volumes.n;
        if (r == 0 && b->force_rm)
                r = strv_add(&q->arguments, "--force-rm");
        if (r == 0)
                r = add_registry(b, q);
        if (r == 0)
                r = add_run_options(b, places, q);
        if (r == 0)
                r = add_result(b, q);
        if (r == 0)
                r = add_places(b, places, q);
        if (r < 0)
                return r;
        *ret = take_ptr(q);
        return 0;
}
