#include <stdarg.h>
#include <stdlib.h>

#include "basic/strv.h"

char **strv_free(char **v) {
        STRV_FOREACH (s, v)
                free(*s);
        free(v);
        return NULL;
}

size_t strv_length(char *const *v) {
        size_t n = 0;

        while (v && v[n])
                n++;
        return n;
}

bool strv_contains(char *const *v, const char *s) {
        STRV_FOREACH (i, v)
                if (streq(*i, s))
                        return true;
        return false;
}

bool strv_equal(char *const *a, char *const *b) {
        size_t n = strv_length(a);

        if (n != strv_length(b))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!streq(a[i], b[i]))
                        return false;
        return true;
}

int strv_take(char ***v, char *s) {
        size_t n = strv_length(*v);
        char **grown;

        if (!s)
                return -ENOMEM;

        grown = reallocarray(*v, n + 2, sizeof(char *));
        if (!grown) {
                free(s);
                return -ENOMEM;
        }

        grown[n] = s;
        grown[n + 1] = NULL;
        *v = grown;
        return 0;
}

int strv_add(char ***v, const char *s) {
        return strv_take(v, strdup(s));
}

int strv_addf(char ***v, const char *fmt, ...) {
        char *s = NULL;
        va_list ap;

        va_start(ap, fmt);
        if (vasprintf(&s, fmt, ap) < 0)
                s = NULL;
        va_end(ap);

        return strv_take(v, s);
}

int strv_add_all(char ***v, char *const *from) {
        STRV_FOREACH (s, from) {
                int r = strv_add(v, *s);

                if (r < 0)
                        return r;
        }
        return 0;
}

void strv_remove(char **v, const char *s) {
        char **to = v;

        if (!v)
                return;

        for (; *v; v++)
                if (streq(*v, s))
                        free(*v);
                else
                        *to++ = *v;
        *to = NULL;
}

int strv_copy(char *const *v, char ***ret) {
        autostrv char **copy = NULL;
        int r;

        r = strv_add_all(&copy, v);
        if (r < 0)
                return r;

        *ret = take_ptr(copy);
        return 0;
}

char *strv_join(char *const *v, const char *separator) {
        size_t n = 1;
        char *joined, *p;

        STRV_FOREACH (s, v)
                n += strlen(*s) + strlen(separator);

        joined = p = malloc(n);
        if (!joined)
                return NULL;

        *p = '\0';
        STRV_FOREACH (s, v) {
                if (s != v)
                        p = stpcpy(p, separator);
                p = stpcpy(p, *s);
        }
        return joined;
}

int strv_split(const char *s, const char *separators, char ***ret) {
        autostrv char **v = NULL;
        int r;

        while (*(s += strspn(s, separators))) {
                size_t n = strcspn(s, separators);

                r = strv_take(&v, strndup(s, n));
                if (r < 0)
                        return r;
                s += n;
        }

        *ret = take_ptr(v);
        return 0;
}

static int compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

void strv_sort(char **v) {
        if (v)
                qsort(v, strv_length(v), sizeof(char *), compare);
}

bool strv_find_sorted(char *const *v, size_t n, const char *s) {
        return n > 0 && bsearch(&s, v, n, sizeof(*v), compare);
}

static size_t name_length(const char *assignment) {
        return strcspn(assignment, "=");
}

int strv_env_set(char ***env, const char *assignment) {
        size_t n = name_length(assignment);

        STRV_FOREACH (e, *env)
                if (name_length(*e) == n && strncmp(*e, assignment, n) == 0) {
                        char *copy = strdup(assignment);

                        if (!copy)
                                return -ENOMEM;
                        free(*e);
                        *e = copy;
                        return 0;
                }

        return strv_add(env, assignment);
}

const char *strv_env_get(char *const *env, const char *name) {
        size_t n = strlen(name);

        STRV_FOREACH (e, env)
                if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
                        return *e + n + 1;
        return NULL;
}
