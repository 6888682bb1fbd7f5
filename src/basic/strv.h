/*
 * NULL-terminated vectors of strings. NULL is a valid, empty vector for every reader.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/cleanup.h"
#include "basic/macro.h"

/** strv_free() - free the strings and the vector. Returns NULL. */
char **strv_free(char **v);

static inline void cleanup_strv_(char ***v) {
        strv_free(*v);
}

#define autostrv __attribute__((cleanup(cleanup_strv_)))

#define STRV_FOREACH(s, v) for (__typeof__(*(v)) *s = (v); s && *s; s++)

size_t strv_length(char *const *v);
bool strv_contains(char *const *v, const char *s);
bool strv_equal(char *const *a, char *const *b);

/** strv_add() - append a copy of @s. Returns 0 or -ENOMEM (then @v is unchanged). */
int strv_add(char ***v, const char *s);

/** strv_addf() - append a formatted string. Returns 0 or -ENOMEM. */
int strv_addf(char ***v, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** strv_take() - append @s itself; frees it on failure. @s == NULL is taken for -ENOMEM. */
int strv_take(char ***v, char *s);

/** strv_add_all() - append copies of all of @from. Returns 0 or -ENOMEM. */
int strv_add_all(char ***v, char *const *from);

/** strv_remove() - drop every string equal to @s. */
void strv_remove(char **v, const char *s);

/** strv_copy() - deep copy; *ret is NULL for an empty vector. Returns 0 or -ENOMEM. */
int strv_copy(char *const *v, char ***ret);

/** strv_join() - one string with @separator between. Free it; NULL when out of memory. */
char *strv_join(char *const *v, const char *separator);

/** strv_split() - cut @s at any byte of @separators, dropping empty pieces. Returns 0 or -ENOMEM. */
int strv_split(const char *s, const char *separators, char ***ret);

/** strv_sort() - by bytes. */
void strv_sort(char **v);

/** strv_find_sorted() - is @s among the @n strings of @v, which strv_sort() has sorted? */
bool strv_find_sorted(char *const *v, size_t n, const char *s);

/** strv_env_set() - set NAME=VALUE in an environment block, replacing an earlier NAME=. 0 or -ENOMEM. */
int strv_env_set(char ***env, const char *assignment);

/** strv_env_get() - value of @name in @env, borrowed; NULL when it is not there. */
const char *strv_env_get(char *const *env, const char *name);
