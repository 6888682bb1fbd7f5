/* Names of images: grammar and canonical form (distribution project, reference/regexp.go). Pure. */
#include "image/reference.h"

#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"

#define REPOSITORY_MAX 255
#define TAG_MAX        128

void reference_free(Reference *r) {
        if (!r)
                return;

        free(r->repository);
        free(r->tag);
        free(r->digest);
        free(r);
}

static bool is_lower_alnum(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c) {
        return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

bool digest_is_hex(const char *text) {
        return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

const char *digest_parse(const char *text) {
        const char *hex = text ? startswith(text, "sha256:") : NULL;

        return hex && digest_is_hex(hex) ? hex : NULL;
}

/* Pieces of [a-z0-9]+ joined by one '.', one or two '_', or any number of '-'. */
static bool is_component(const char *s, size_t n) {
        bool after_piece = false;

        for (size_t i = 0; i < n;) {
                size_t k = i;

                if (is_lower_alnum(s[i])) {
                        after_piece = true;
                        i++;
                        continue;
                }
                if (!after_piece)
                        return false;

                while (k < n && s[k] == s[i])
                        k++;
                if (!(s[i] == '.' && k - i == 1) && !(s[i] == '_' && k - i <= 2) && s[i] != '-')
                        return false;
                after_piece = false;
                i = k;
        }
        return after_piece;
}

static bool is_path(const char *s) {
        for (;;) {
                size_t n = strcspn(s, "/");

                if (!is_component(s, n))
                        return false;
                if (!s[n])
                        return true;
                s += n + 1;
        }
}

/* Of a host name: letters, digits, and '-' between them. */
static bool is_label(const char *s, size_t n) {
        if (n == 0 || !is_alnum(s[0]) || !is_alnum(s[n - 1]))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!is_alnum(s[i]) && s[i] != '-')
                        return false;
        return true;
}

/* A host is told from the first component of a path by a dot, a port, or being "localhost". */
static bool is_host(const char *s, size_t n) {
        size_t name = strcspn(s, ":/"), port;

        if (n == strlen("localhost") && strncmp(s, "localhost", n) == 0)
                return true;
        if (name == n && !memchr(s, '.', n))
                return false;

        for (size_t i = 0, k; i <= name; i += k + 1) {
                k = strcspn(s + i, ".:/");
                if (!is_label(s + i, k))
                        return false;
        }
        if (name == n)
                return true;
        port = strspn(s + name + 1, "0123456789");
        return port > 0 && name + 1 + port == n;
}

static bool is_tag(const char *s) {
        size_t n = strlen(s);

        if (n == 0 || n > TAG_MAX || !(is_alnum(s[0]) || s[0] == '_'))
                return false;
        for (size_t i = 1; i < n; i++)
                if (!is_alnum(s[i]) && !strchr("_.-", s[i]))
                        return false;
        return true;
}

/* Drops the hosts that stand for "no registry in particular", and Docker Hub's folder of official images. */
static int repository_canonical(const char *name, char **ret) {
        static const char *const no_hosts[] = { "docker.io", "index.docker.io", "localhost" };
        size_t host = strcspn(name, "/");
        const char *path = name, *official;
        bool foreign = false;

        if (name[host] == '/' && is_host(name, host)) {
                path = name + host + 1;
                foreign = true;
                for (size_t i = 0; i < ELEMENTSOF(no_hosts); i++)
                        if (strlen(no_hosts[i]) == host && strncmp(name, no_hosts[i], host) == 0)
                                foreign = false;
        }
        if (!is_path(path) || strlen(name) > REPOSITORY_MAX)
                return -EINVAL;

        official = startswith(path, "library/");
        if (official && !strchr(official, '/') && !foreign)
                path = official;

        *ret = strdup(foreign ? name : path);
        return *ret ? 0 : -ENOMEM;
}

const char *reference_path(const char *text) {
        static const char *const transports[] = { "dir:", "docker-archive:", "oci:", "oci-archive:" };

        for (size_t i = 0; i < ELEMENTSOF(transports); i++) {
                const char *path = startswith(text, transports[i]);

                if (path && path[0] == '/')
                        return path;
        }
        return NULL;
}

size_t reference_registry(const char *full) {
        size_t host = strcspn(full, "/");

        return full[host] == '/' && is_host(full, host) ? host : 0;
}

bool reference_is_at(const char *full, const char *place) {
        const char *rest = startswith(full, place);

        return rest && rest[0] == '/' && !strchr(rest + 1, '/');
}

static const char *without_scheme(const char *text) {
        const char *name = startswith(text, "docker://");

        return name ? name : text;
}

/* "docker.io/library/nginx": the folder of official images is not written, but the registry insists. */
static int add_full_name(char ***list, const char *registry, const char *path, const char *suffix) {
        bool official = streq(registry, "docker.io") && !strchr(path, '/');

        return strv_addf(list, "%s/%s%s%s", registry, official ? "library/" : "", path, suffix);
}

int reference_expand(const char *text, char *const *registries, char ***ret) {
        autofree char *name = NULL, *registry = NULL, *suffix = NULL;
        autostrv char **list = NULL;
        autoptr(Reference) ref = NULL;
        size_t host;
        int r;

        *ret = NULL;
        if (digest_parse(text))
                return 0;
        if (reference_path(text))
                return strv_add(ret, text);

        r = reference_parse(text, &ref);
        if (r < 0)
                return r;
        text = without_scheme(text);
        host = reference_registry(text);
        registry = strndup(text, host);
        text += host > 0 ? host + 1 : 0;
        name = strndup(text, strcspn(text, "@:"));
        if (!name || !registry ||
            asprintf(&suffix, "%s%s", ref->digest ? "@sha256:" : ":", ref->digest ? ref->digest : ref->tag) <
                    0)
                return -ENOMEM;

        if (host > 0 && !streq(registry, "localhost"))
                r = add_full_name(&list, streq(registry, "index.docker.io") ? "docker.io" : registry, name,
                                  suffix);
        for (char *const *each = registries; host == 0 && each && *each && r == 0; each++)
                r = add_full_name(&list, *each, name, suffix);
        if (r == 0)
                *ret = take_ptr(list);
        return r;
}

static int parse_path(const char *text, Reference **ret) {
        autoptr(Reference) ref = calloc(1, sizeof(*ref));

        if (ref)
                ref->repository = strdup(text);
        if (!ref || !ref->repository)
                return -ENOMEM;
        *ret = take_ptr(ref);
        return 0;
}

int reference_parse(const char *text, Reference **ret) {
        autoptr(Reference) ref = NULL;
        autofree char *name = NULL;
        char *at, *colon, *slash;
        int r;

        if (reference_path(text))
                return parse_path(text, ret);
        ref = calloc(1, sizeof(*ref));
        name = strdup(without_scheme(text));
        if (!ref || !name)
                return -ENOMEM;

        at = strchr(name, '@');
        if (at) {
                const char *hex = digest_parse(at + 1);

                if (!hex)
                        return -EINVAL;
                ref->digest = strdup(hex);
                if (!ref->digest)
                        return -ENOMEM;
                *at = '\0';
        }

        slash = strrchr(name, '/');
        colon = strrchr(name, ':');
        if (colon && (!slash || colon > slash)) {
                *colon = '\0';
                if (!is_tag(colon + 1))
                        return -EINVAL;
        } else
                colon = NULL;
        if (!ref->digest) {
                ref->tag = strdup(colon ? colon + 1 : "latest");
                if (!ref->tag)
                        return -ENOMEM;
        }

        r = repository_canonical(name, &ref->repository);
        if (r < 0)
                return r;

        *ret = take_ptr(ref);
        return 0;
}

int reference_normalize(const char *text, char **ret) {
        autoptr(Reference) ref = NULL;
        char *out;
        int r;

        r = reference_parse(text, &ref);
        if (r < 0)
                return r;

        if (asprintf(&out, "%s%s%s", ref->repository,
                     ref->digest ? "@sha256:"
                     : ref->tag  ? ":"
                                 : "",
                     ref->digest ? ref->digest : strempty(ref->tag)) < 0)
                return -ENOMEM;
        *ret = out;
        return 0;
}
