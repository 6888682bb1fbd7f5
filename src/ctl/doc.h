/*
 * A tree of texts, lists and maps: what YAML and JSON come to for `nsctl import`. Every node knows where it
 * was written, or at least the way to it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/diag.h"

typedef enum DocKind {
        DOC_NULL,
        DOC_TEXT, /* numbers and truth values too: what they mean is the reader's business */
        DOC_LIST,
        DOC_MAP,
} DocKind;

typedef struct Doc Doc;

struct Doc {
        DocKind kind;
        char *key;         /* when the parent is a map */
        char *text;        /* of a DOC_TEXT */
        Where at, key_at;  /* the file's name is borrowed */
        const Doc *parent; /* NULL at the top */
        Doc **children;    /* of a list or a map, in their order */
        size_t n;
};

/* What a tree may grow to, copies of aliases included. */
#define DOC_NODES_MAX  ((size_t) 100 * 1000)
#define DOC_BYTES_MAX  ((size_t) 16 * 1024 * 1024)
#define DOC_DEPTH_MAX  64
#define DOC_SOURCE_MAX ((size_t) 4 * 1024 * 1024) /* bytes of the text */

/* How much of that is used up. */
typedef struct DocBudget {
        size_t nodes, bytes;
} DocBudget;

/** doc_new() - a node without children. NULL: out of memory. */
Doc *doc_new(DocKind kind, Where at);

/** doc_free() - with all that is below. NULL is fine. */
void doc_free(Doc *d);

AUTOPTR_DEFINE(Doc, doc_free);

/** doc_spend() - take a node and a text of so many bytes off the budget. Returns 0 or -E2BIG. */
int doc_spend(DocBudget *budget, size_t bytes);

/** doc_add() - make @child the last one of @parent; @key is copied, NULL in a list. Takes @child over on
 * success. 0 or -ENOMEM. */
int doc_add(Doc *parent, const char *key, Where key_at, Doc *child);

/** doc_set() - the same for a map, in place of a child of that key. */
int doc_set(Doc *map, const char *key, Where key_at, Doc *child);

/** doc_detach() - take the child at @index out of @parent; the caller's to free. */
Doc *doc_detach(Doc *parent, size_t index);

/** doc_copy() - a deep copy without parent and key. Returns 0, -E2BIG when the budget does not do, -ENOMEM.
 */
int doc_copy(const Doc *d, DocBudget *budget, Doc **ret);

/** doc_get() - the child of that key; NULL when @map has none or is no map, or is NULL. */
const Doc *doc_get(const Doc *map, const char *key);

/** doc_find() - doc_get() along a path, "deploy.resources"; a null counts as not there. */
const Doc *doc_find(const Doc *map, const char *path);

/** doc_text() - the text at @path; NULL when there is none. Borrowed. */
const char *doc_text(const Doc *map, const char *path);

/** doc_equal() - same kinds, texts and children; the order of a map counts. */
bool doc_equal(const Doc *a, const Doc *b);

/** doc_is_empty() - null, "", "0", "false", or a list or map without children. */
bool doc_is_empty(const Doc *d);

/** doc_path() - the way from @top (NULL: the whole tree) to @d: "ports[0].target"; free(). NULL: no memory.
 */
char *doc_path(const Doc *d, const Doc *top);

/** doc_kind_name() - "a list". */
const char *doc_kind_name(DocKind kind);

/**
 * doc_yaml_parse() - read a text of one YAML document
 * @file: name for messages; has to outlive the tree
 *
 * Aliases are copied, merge keys ("<<") are resolved.
 *
 * Returns: 0; -EINVAL with an error in @diag; -ENOMEM.
 */
int doc_yaml_parse(const char *file, const char *text, size_t size, Diag *diag, Doc **ret);

/** doc_json_parse() - the same for JSON, whose nodes have no lines. */
int doc_json_parse(const char *file, const char *text, size_t size, Diag *diag, Doc **ret);
