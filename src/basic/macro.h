/* Small things that every file may need. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))

#define SWAP(a, b)                         \
        do {                               \
                __typeof__(a) swap_ = (a); \
                (a) = (b);                 \
                (b) = swap_;               \
        } while (0)

#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

/* NULL equals NULL and nothing else. */
static inline bool streq_null(const char *a, const char *b) {
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static inline const char *strempty(const char *s) {
        return s ? s : "";
}

/* Returns what follows @prefix in @s, or NULL when @s does not begin with it. */
static inline const char *startswith(const char *s, const char *prefix) {
        size_t n = strlen(prefix);

        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* Returns where @suffix begins in @s, or NULL when @s does not end with it. */
static inline const char *endswith(const char *s, const char *suffix) {
        size_t n = strlen(s), k = strlen(suffix);

        return n >= k && strcmp(s + n - k, suffix) == 0 ? s + n - k : NULL;
}
