/*
 * YAML to a Doc: libyaml's events, with our own limits on depth and size. Aliases become copies, which the
 * budget of the tree keeps from growing without end ("billion laughs"); merge keys are resolved when their
 * map is complete.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "basic/macro.h"
#include "basic/utf8.h"
#include "ctl/doc.h"

/* A list or map that is not complete yet. */
typedef struct Frame {
        Doc *node;    /* the parent's, or the reader's when it is the top */
        char *anchor; /* NULL: none */
        char *key;    /* of the value that comes next; NULL: a key comes next, or it is a list */
        Where key_at;
} Frame;

/* Members are looked up one by one. */
#define MEMBERS_MAX 10000

typedef struct Anchor {
        char *name;
        const Doc *node;
} Anchor;

typedef struct Reader {
        yaml_parser_t parser;
        const char *file, *text;
        size_t size;
        Diag *diag;
        Doc *top;
        Doc *merged; /* list of the values of merge keys, which are in the tree no more */
        Frame stack[DOC_DEPTH_MAX];
        size_t depth;
        Anchor *anchors;
        size_t n_anchors;
        DocBudget budget;
        /* How far places were counted: libyaml's marks count characters, ours bytes. */
        size_t index, offset, line_start;
        unsigned line;
} Reader;

/* Marks come in the order of the text, so that one walk over it serves all of them. */
static Where place(Reader *r, yaml_mark_t mark) {
        while (r->index < mark.index && r->offset < r->size) {
                if (r->text[r->offset] == '\n') {
                        r->line++;
                        r->line_start = r->offset + 1;
                }
                r->offset++;
                while (r->offset < r->size && ((unsigned char) r->text[r->offset] & 0xc0) == 0x80)
                        r->offset++;
                r->index++;
        }
        return (Where){ .file = r->file,
                        .line = r->line,
                        .column = (unsigned) (r->offset - r->line_start) + 1 };
}

/* The place of a byte, wherever the walk has come to. */
static Where place_of_byte(const Reader *r, size_t offset) {
        Where at = { .file = r->file, .line = 1 };
        size_t start = 0;

        for (size_t i = 0; i < offset && i < r->size; i++)
                if (r->text[i] == '\n') {
                        at.line++;
                        start = i + 1;
                }
        at.column = (unsigned) (offset - start) + 1;
        return at;
}

static int too_big(Reader *r, Where at) {
        return diag_error(r->diag, at, -EINVAL, "with all aliases written out this is more than %zu values",
                          DOC_NODES_MAX);
}

static int remember(Reader *r, const char *name, const Doc *node) {
        Anchor *a;

        a = reallocarray(r->anchors, r->n_anchors + 1, sizeof(*a));
        if (!a)
                return -ENOMEM;
        r->anchors = a;
        a[r->n_anchors].name = strdup(name);
        if (!a[r->n_anchors].name)
                return -ENOMEM;
        a[r->n_anchors++].node = node;
        return 0;
}

/* The latest of that name counts. */
static const Doc *recall(const Reader *r, const char *name) {
        for (size_t i = r->n_anchors; i > 0; i--)
                if (streq(r->anchors[i - 1].name, name))
                        return r->anchors[i - 1].node;
        return NULL;
}

/* Gives @node its place in the tree. Takes it over on success. */
static int attach(Reader *r, Doc *node) {
        Frame *f = r->depth > 0 ? &r->stack[r->depth - 1] : NULL;
        int k;

        if (!f) {
                r->top = node;
                return 0;
        }
        if (f->node->kind == DOC_MAP && !f->key)
                return diag_error(r->diag, node->at, -EINVAL, "a key must be a text, and not %s",
                                  doc_kind_name(node->kind));

        k = doc_add(f->node, f->key, f->key_at, node);
        if (k == 0)
                free(take_ptr(f->key));
        return k;
}

static int check_tag(Reader *r, const yaml_char_t *tag, Where at) {
        if (!tag || startswith((const char *) tag, "tag:yaml.org,2002:"))
                return 0;
        return diag_error(r->diag, at, -EINVAL, "tag %s is not supported", (const char *) tag);
}

static bool is_null(const yaml_event_t *e) {
        const char *text = (const char *) e->data.scalar.value, *tag = (const char *) e->data.scalar.tag;

        if (tag)
                return streq(tag, YAML_NULL_TAG);
        return e->data.scalar.plain_implicit && (!*text || streq(text, "~") || streq(text, "null") ||
                                                 streq(text, "Null") || streq(text, "NULL"));
}

static int on_scalar(Reader *r, const yaml_event_t *e) {
        const Where at = place(r, e->start_mark);
        const char *text = (const char *) e->data.scalar.value;
        Frame *f = r->depth > 0 ? &r->stack[r->depth - 1] : NULL;
        autoptr(Doc) node = NULL;
        int k;

        if (strlen(text) != e->data.scalar.length)
                return diag_error(r->diag, at, -EINVAL, "a text with a NUL byte");
        k = check_tag(r, e->data.scalar.tag, at);
        if (k == 0 && doc_spend(&r->budget, e->data.scalar.length) < 0)
                k = too_big(r, at);
        if (k < 0)
                return k;

        if (f && f->node->kind == DOC_MAP && !f->key) {
                f->key = strdup(text);
                f->key_at = at;
                return f->key ? 0 : -ENOMEM;
        }

        node = doc_new(is_null(e) ? DOC_NULL : DOC_TEXT, at);
        if (node && node->kind == DOC_TEXT)
                node->text = strdup(text);
        if (!node || (node->kind == DOC_TEXT && !node->text))
                return -ENOMEM;
        k = attach(r, node);
        if (k < 0)
                return k;

        const Doc *attached = take_ptr(node);
        return e->data.scalar.anchor ? remember(r, (const char *) e->data.scalar.anchor, attached) : 0;
}

static int on_alias(Reader *r, const yaml_event_t *e) {
        const char *name = (const char *) e->data.alias.anchor;
        const Where at = place(r, e->start_mark);
        const Doc *node = recall(r, name);
        autoptr(Doc) copy = NULL;
        int k;

        if (!node)
                return diag_error(r->diag, at, -EINVAL, "there is no complete \"&%s\" before this alias",
                                  name);

        k = doc_copy(node, &r->budget, &copy);
        if (k == -E2BIG)
                return too_big(r, at);
        if (k == 0)
                k = attach(r, copy);
        if (k == 0)
                (void) take_ptr(copy);
        return k;
}

static int on_start(Reader *r, DocKind kind, const yaml_char_t *anchor, const yaml_char_t *tag,
                    yaml_mark_t mark) {
        const Where at = place(r, mark);
        autoptr(Doc) node = NULL;
        Frame f = {};
        int k;

        if (r->depth == DOC_DEPTH_MAX)
                return diag_error(r->diag, at, -EINVAL, "lists and maps are nested more than %d deep",
                                  DOC_DEPTH_MAX);
        k = check_tag(r, tag, at);
        if (k == 0 && doc_spend(&r->budget, 0) < 0)
                k = too_big(r, at);
        if (k < 0)
                return k;

        node = doc_new(kind, at);
        if (!node)
                return -ENOMEM;
        k = attach(r, node);
        if (k < 0)
                return k;

        f.node = take_ptr(node);
        if (anchor) {
                f.anchor = strdup((const char *) anchor);
                if (!f.anchor)
                        return -ENOMEM;
        }
        r->stack[r->depth++] = f;
        return 0;
}

/* Adds what @from has and @map has not. */
static int merge_map(Reader *r, Doc *map, const Doc *from) {
        if (from->kind != DOC_MAP)
                return diag_error(r->diag, from->at, -EINVAL, "\"<<\" needs a map, and not %s",
                                  doc_kind_name(from->kind));

        for (size_t i = 0; i < from->n; i++) {
                const Doc *child = from->children[i];
                autoptr(Doc) copy = NULL;
                int k;

                if (doc_get(map, child->key))
                        continue;
                k = doc_copy(child, &r->budget, &copy);
                if (k == -E2BIG)
                        return too_big(r, from->at);
                if (k == 0)
                        k = doc_add(map, child->key, child->key_at, copy);
                if (k < 0)
                        return k;
                (void) take_ptr(copy);
        }
        return 0;
}

static int merge(Reader *r, Doc *map) {
        for (size_t i = 0; i < map->n;) {
                const Doc *value = map->children[i];
                int k = 0;

                if (!streq(value->key, "<<")) {
                        i++;
                        continue;
                }
                if (value->kind != DOC_LIST)
                        k = merge_map(r, map, value);
                for (size_t j = 0; value->kind == DOC_LIST && j < value->n && k == 0; j++)
                        k = merge_map(r, map, value->children[j]);
                if (k < 0)
                        return k;
                /* Not freed: an alias may come that names it, or something in it. */
                k = doc_add(r->merged, NULL, value->at, map->children[i]);
                if (k < 0)
                        return k;
                (void) doc_detach(map, i);
                r->merged->children[r->merged->n - 1]->parent = r->merged;
        }
        return 0;
}

static int by_key(const void *a, const void *b) {
        return strcmp((*(const Doc *const *) a)->key, (*(const Doc *const *) b)->key);
}

static int check_duplicates(Reader *r, const Doc *map) {
        autofree Doc **sorted = NULL;

        if (map->n > MEMBERS_MAX)
                return diag_error(r->diag, map->at, -EINVAL, "a map of more than %d members", MEMBERS_MAX);
        if (map->n < 2)
                return 0;
        sorted = calloc(map->n, sizeof(*sorted));
        if (!sorted)
                return -ENOMEM;

        memcpy(sorted, map->children, map->n * sizeof(*sorted));
        qsort(sorted, map->n, sizeof(*sorted), by_key);
        for (size_t i = 1; i < map->n; i++)
                if (streq(sorted[i - 1]->key, sorted[i]->key)) {
                        const Doc *a = sorted[i - 1], *b = sorted[i];
                        const Doc *later =
                                a->key_at.line > b->key_at.line || (a->key_at.line == b->key_at.line &&
                                                                    a->key_at.column > b->key_at.column)
                                        ? a
                                        : b;

                        return diag_error(r->diag, later->key_at, -EINVAL, "\"%s\" is in this map twice",
                                          later->key);
                }
        return 0;
}

static int on_end(Reader *r) {
        Frame *f = &r->stack[--r->depth];
        autofree char *anchor = take_ptr(f->anchor);
        int k = 0;

        if (f->node->kind == DOC_MAP) {
                k = check_duplicates(r, f->node);
                if (k == 0)
                        k = merge(r, f->node);
        }
        return k == 0 && anchor ? remember(r, anchor, f->node) : k;
}

/* Returns 1 at the end, 0, or a negative errno. */
static int on_event(Reader *r, const yaml_event_t *e) {
        switch (e->type) {
        case YAML_NO_EVENT:
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
                return 0;
        case YAML_STREAM_END_EVENT:
                return 1;
        case YAML_DOCUMENT_START_EVENT:
                return r->top ? diag_error(r->diag, place(r, e->start_mark), -EINVAL,
                                           "there is more than one document")
                              : 0;
        case YAML_ALIAS_EVENT:
                return on_alias(r, e);
        case YAML_SCALAR_EVENT:
                return on_scalar(r, e);
        case YAML_SEQUENCE_START_EVENT:
                return on_start(r, DOC_LIST, e->data.sequence_start.anchor, e->data.sequence_start.tag,
                                e->start_mark);
        case YAML_MAPPING_START_EVENT:
                return on_start(r, DOC_MAP, e->data.mapping_start.anchor, e->data.mapping_start.tag,
                                e->start_mark);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
                return on_end(r);
        }
        __builtin_unreachable();
}

static int read_events(Reader *r) {
        int k = 0;

        while (k == 0) {
                yaml_event_t e;

                if (!yaml_parser_parse(&r->parser, &e)) {
                        if (r->parser.error == YAML_MEMORY_ERROR)
                                return -ENOMEM;
                        return diag_error(r->diag,
                                          r->parser.error == YAML_READER_ERROR
                                                  ? place_of_byte(r, r->parser.problem_offset)
                                                  : place(r, r->parser.problem_mark),
                                          -EINVAL, "%s", r->parser.problem ? r->parser.problem : "not YAML");
                }
                k = on_event(r, &e);
                yaml_event_delete(&e);
        }
        return k < 0 ? k : 0;
}

static void reader_done(Reader *r) {
        yaml_parser_delete(&r->parser);
        for (size_t i = 0; i < r->depth; i++) {
                free(r->stack[i].anchor);
                free(r->stack[i].key);
        }
        for (size_t i = 0; i < r->n_anchors; i++)
                free(r->anchors[i].name);
        free(r->anchors);
        doc_free(r->merged);
        doc_free(r->top);
}

/* What libyaml would take differently, or not say the place of. */
static int check_text(Reader *r) {
        size_t bad = utf8_find_invalid(r->text, r->size);
        const char *nul = memchr(r->text, '\0', r->size);

        if (r->size > DOC_SOURCE_MAX)
                return diag_error(r->diag, (Where){ .file = r->file }, -EINVAL,
                                  "the text is longer than %zu MiB", DOC_SOURCE_MAX / 1024 / 1024);
        if (nul)
                bad = MIN_OF(bad, (size_t) (nul - r->text));
        if (bad < r->size)
                return diag_error(r->diag, place_of_byte(r, bad), -EINVAL,
                                  r->text[bad] == '\0' ? "NUL byte" : "Text is not UTF-8");
        return 0;
}

int doc_yaml_parse(const char *file, const char *text, size_t size, Diag *diag, Doc **ret) {
        const bool mark = size >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0;
        autofree Reader *r = NULL;
        int k;

        r = calloc(1, sizeof(*r));
        if (!r)
                return -ENOMEM;
        r->file = file;
        r->text = text + (mark ? 3 : 0);
        r->size = size - (mark ? 3 : 0);
        r->diag = diag;
        r->line = 1;

        k = check_text(r);
        if (k < 0)
                return k;
        r->merged = doc_new(DOC_LIST, (Where){ .file = file });
        if (!r->merged)
                return -ENOMEM;
        if (!yaml_parser_initialize(&r->parser)) {
                doc_free(r->merged);
                return -ENOMEM;
        }
        yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r->parser, (const unsigned char *) r->text, r->size);

        k = read_events(r);
        if (k == 0 && !r->top)
                k = diag_error(diag, (Where){ .file = file }, -EINVAL, "there is nothing in it");
        if (k == 0)
                *ret = take_ptr(r->top);
        reader_done(r);
        return k;
}
