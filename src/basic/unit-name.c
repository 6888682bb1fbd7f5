#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/unit-name.h"

ENUM_DEFINE(UnitKind, unit_kind, UNIT_KIND, UNIT_KIND_LIST)

/* systemd.unit(5): letters, digits and these; "@" divides a template's prefix from the instance. */
#define NAME_PUNCTUATION ":-_.\\@"

static bool valid_char(char c) {
        return isalnum((unsigned char) c) || (c && strchr(NAME_PUNCTUATION, c));
}

UnitKind unit_name_kind(const char *name) {
        const char *dot = strrchr(name, '.');

        return dot && dot > name ? unit_kind_from_string(dot + 1) : UNIT_KIND_INVALID_;
}

bool unit_name_valid(const char *name) {
        if (strlen(name) >= UNIT_NAME_MAX || unit_name_kind(name) < 0 || name[0] == '@' || name[0] == '.')
                return false;

        for (const char *p = name; *p; p++)
                if (!valid_char(*p))
                        return false;
        return true;
}

char *unit_name_stem(const char *name) {
        const char *dot = strrchr(name, '.');

        return strndup(name, dot ? (size_t) (dot - name) : strlen(name));
}

bool unit_name_is_template(const char *name) {
        const char *at = strchr(name, '@');

        return at && at[1] == '.' && !strchr(at + 2, '.');
}

int unit_name_template(const char *name, char **ret) {
        const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

        *ret = NULL;
        if (!at || !dot || dot <= at + 1)
                return 0;
        return asprintf(ret, "%.*s%s", (int) (at + 1 - name), name, dot) < 0 ? -ENOMEM : 0;
}

int unit_name_instance(const char *name, char **ret) {
        const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

        *ret = NULL;
        if (!at || !dot || dot <= at + 1)
                return 0;
        *ret = strndup(at + 1, (size_t) (dot - at - 1));
        return *ret ? 0 : -ENOMEM;
}

/* "back-network" -> "back.network", "back-network@1" -> "back@1.network", for the kinds whose service bears
 * the kind in its name. */
static char *from_service_stem(const char *stem, size_t n) {
        const char *at = memchr(stem, '@', n);
        size_t prefix = at ? (size_t) (at - stem) : n;
        char *name = NULL;

        for (UnitKind k = 0; k < UNIT_KIND_N_; k++) {
                const char *word = unit_kind_to_string(k);
                size_t w = strlen(word);

                if (k == UNIT_CONTAINER || k == UNIT_KUBE)
                        continue;
                if (prefix > w + 1 && stem[prefix - w - 1] == '-' && strncmp(stem + prefix - w, word, w) == 0)
                        return asprintf(&name, "%.*s%.*s.%s", (int) (prefix - w - 1), stem,
                                        (int) (n - prefix), stem + prefix, word) < 0
                                       ? NULL
                                       : name;
        }

        return asprintf(&name, "%.*s.container", (int) n, stem) < 0 ? NULL : name;
}

int unit_name_complete(const char *typed, char **ret) {
        autofree char *name = NULL;
        const char *service;

        service = endswith(typed, ".service");
        if (service)
                name = from_service_stem(typed, (size_t) (service - typed));
        else if (unit_name_kind(typed) >= 0)
                name = strdup(typed);
        else if (asprintf(&name, "%s.container", typed) < 0)
                name = NULL;
        if (!name)
                return -ENOMEM;
        if (!unit_name_valid(name))
                return -EINVAL;

        *ret = take_ptr(name);
        return 0;
}

int unit_name_to_service(const char *name, char **ret) {
        const char *at = strchr(name, '@'), *dot = strrchr(name, '.');
        UnitKind kind = unit_name_kind(name);
        int prefix, r;

        /* The kind joins the name before the instance: both are instances of back-network@.service then. */
        prefix = (int) ((at && at < dot ? at : dot) - name);
        if (kind == UNIT_CONTAINER || kind == UNIT_KUBE)
                r = asprintf(ret, "%.*s.service", (int) (dot - name), name);
        else
                r = asprintf(ret, "%.*s-%s%.*s.service", prefix, name, unit_kind_to_string(kind),
                             (int) (dot - name) - prefix, name + prefix);
        return r < 0 ? -ENOMEM : 0;
}

char *unit_name_escape(const char *text) {
        char *escaped = malloc(strlen(text) * 4 + 1), *to = escaped;

        if (!escaped)
                return NULL;

        for (const char *p = text; *p; p++)
                if (*p == '/')
                        *to++ = '-';
                else if (isalnum((unsigned char) *p) || (strchr(":_.", *p) && !(*p == '.' && p == text)))
                        *to++ = *p;
                else
                        to += sprintf(to, "\\x%02x", (unsigned char) *p);
        *to = '\0';
        return escaped;
}

static int unhex(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -EINVAL;
}

int unit_name_unescape(const char *text, char **ret) {
        autofree char *plain = malloc(strlen(text) + 1);
        char *to = plain;

        if (!plain)
                return -ENOMEM;

        for (const char *p = text; *p; p++)
                if (*p == '-')
                        *to++ = '/';
                else if (*p == '\\') {
                        if (p[1] != 'x' || unhex(p[2]) < 0 || unhex(p[3]) < 0)
                                return -EINVAL;
                        *to++ = (char) (unhex(p[2]) * 16 + unhex(p[3]));
                        p += 3;
                } else
                        *to++ = *p;
        *to = '\0';

        *ret = take_ptr(plain);
        return 0;
}

int unit_name_unescape_path(const char *text, char **ret) {
        autofree char *plain = NULL, *path = NULL;
        int r;

        if (streq(text, "-")) {
                *ret = strdup("/");
                return *ret ? 0 : -ENOMEM;
        }

        r = unit_name_unescape(text, &plain);
        if (r < 0)
                return r;
        if (asprintf(&path, "/%s", plain) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        /* What systemd-escape --path never makes: an empty part, "." and "..". */
        for (const char *p = path; *p; p += 1 + strcspn(p + 1, "/")) {
                size_t n = strcspn(p + 1, "/");

                if (n == 0 || (n <= 2 && strspn(p + 1, ".") >= n))
                        return -EINVAL;
        }

        *ret = take_ptr(path);
        return 0;
}

int unit_name_replace_instance(const char *name, const char *instance, char **ret) {
        const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

        if (!at || !dot)
                return -EINVAL;
        return asprintf(ret, "%.*s%s%s", (int) (at + 1 - name), name, instance, dot) < 0 ? -ENOMEM : 0;
}
