/* A tree of texts, lists and maps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "ctl/doc.h"

Doc *doc_new(DocKind kind, Where at) {
        Doc *d = calloc(1, sizeof(*d));

        if (d) {
                d->kind = kind;
                d->at = at;
        }
        return d;
}

/* As deep as DOC_DEPTH_MAX, which whoever makes a tree keeps to. */
void doc_free(Doc *d) {
        if (!d)
                return;

        for (size_t i = 0; i < d->n; i++)
                doc_free(d->children[i]);
        free(d->children);
        free(d->text);
        free(d->key);
        free(d);
}

int doc_spend(DocBudget *budget, size_t bytes) {
        if (budget->nodes >= DOC_NODES_MAX || bytes > DOC_BYTES_MAX - budget->bytes)
                return -E2BIG;
        budget->nodes++;
        budget->bytes += bytes;
        return 0;
}

int doc_add(Doc *parent, const char *key, Where key_at, Doc *child) {
        autofree char *copy = NULL;

        if (key) {
                copy = strdup(key);
                if (!copy)
                        return -ENOMEM;
        }
        /* Room by doubling: full at every power of two. */
        if ((parent->n & (parent->n - 1)) == 0) {
                Doc **p = reallocarray(parent->children, parent->n > 0 ? parent->n * 2 : 1, sizeof(*p));

                if (!p)
                        return -ENOMEM;
                parent->children = p;
        }

        free(child->key);
        child->key = take_ptr(copy);
        child->key_at = key_at;
        child->parent = parent;
        parent->children[parent->n++] = child;
        return 0;
}

int doc_set(Doc *map, const char *key, Where key_at, Doc *child) {
        for (size_t i = 0; i < map->n; i++) {
                Doc *old = map->children[i];

                if (!streq_null(old->key, key))
                        continue;
                free(child->key);
                child->key = take_ptr(old->key);
                child->key_at = key_at;
                child->parent = map;
                map->children[i] = child;
                doc_free(old);
                return 0;
        }
        return doc_add(map, key, key_at, child);
}

Doc *doc_detach(Doc *parent, size_t index) {
        Doc *d = parent->children[index];

        memmove(&parent->children[index], &parent->children[index + 1],
                (parent->n - index - 1) * sizeof(*parent->children));
        parent->n--;
        d->parent = NULL;
        return d;
}

int doc_copy(const Doc *d, DocBudget *budget, Doc **ret) {
        autoptr(Doc) copy = NULL;
        int r;

        r = doc_spend(budget, d->text ? strlen(d->text) : 0);
        if (r < 0)
                return r;

        copy = doc_new(d->kind, d->at);
        if (!copy)
                return -ENOMEM;
        if (d->text) {
                copy->text = strdup(d->text);
                if (!copy->text)
                        return -ENOMEM;
        }

        for (size_t i = 0; i < d->n; i++) {
                autoptr(Doc) child = NULL;

                r = doc_copy(d->children[i], budget, &child);
                if (r == 0)
                        r = doc_add(copy, d->children[i]->key, d->children[i]->key_at, child);
                if (r < 0)
                        return r;
                (void) take_ptr(child);
        }

        *ret = take_ptr(copy);
        return 0;
}

static const Doc *get(const Doc *map, const char *key, size_t length) {
        if (!map || map->kind != DOC_MAP)
                return NULL;
        for (size_t i = 0; i < map->n; i++)
                if (strncmp(map->children[i]->key, key, length) == 0 && map->children[i]->key[length] == '\0')
                        return map->children[i];
        return NULL;
}

const Doc *doc_get(const Doc *map, const char *key) {
        return get(map, key, strlen(key));
}

const Doc *doc_find(const Doc *map, const char *path) {
        const Doc *d = map;

        while (d && *path) {
                size_t n = strcspn(path, ".");

                d = get(d, path, n);
                path += n + (path[n] == '.');
        }
        return d && d->kind != DOC_NULL ? d : NULL;
}

const char *doc_text(const Doc *map, const char *path) {
        const Doc *d = doc_find(map, path);

        return d && d->kind == DOC_TEXT ? d->text : NULL;
}

bool doc_equal(const Doc *a, const Doc *b) {
        if (!a || !b)
                return a == b;
        if (a->kind != b->kind || a->n != b->n || !streq_null(a->text, b->text))
                return false;
        for (size_t i = 0; i < a->n; i++)
                if (!streq_null(a->children[i]->key, b->children[i]->key) ||
                    !doc_equal(a->children[i], b->children[i]))
                        return false;
        return true;
}

bool doc_is_empty(const Doc *d) {
        switch (d->kind) {
        case DOC_NULL:
                return true;
        case DOC_TEXT:
                return !*d->text || streq(d->text, "0") || streq(d->text, "false");
        case DOC_LIST:
        case DOC_MAP:
                return d->n == 0;
        }
        __builtin_unreachable();
}

static size_t index_of(const Doc *d) {
        size_t i = 0;

        while (d->parent->children[i] != d)
                i++;
        return i;
}

static void write_path(FILE *f, const Doc *d, const Doc *top) {
        if (d == top || !d->parent)
                return;

        write_path(f, d->parent, top);
        if (d->parent->kind == DOC_LIST)
                fprintf(f, "[%zu]", index_of(d));
        else
                fprintf(f, "%s%s", d->parent == top || !d->parent->parent ? "" : ".", d->key);
}

char *doc_path(const Doc *d, const Doc *top) {
        char *text = NULL;
        size_t n;
        FILE *f;

        f = open_memstream(&text, &n);
        if (!f)
                return NULL;

        write_path(f, d, top);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

const char *doc_kind_name(DocKind kind) {
        switch (kind) {
        case DOC_NULL:
                return "nothing";
        case DOC_TEXT:
                return "a text";
        case DOC_LIST:
                return "a list";
        case DOC_MAP:
                return "a map";
        }
        __builtin_unreachable();
}
