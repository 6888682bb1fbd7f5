/*
 * Memory that runs out: one allocation of the program under test fails, and all after it if that is wanted.
 * For programs that are linked with failing_memory_args (meson.build), by which these functions stand before
 * those of libc: so it goes with the sanitizers, which then tell what was lost. Calls within libraries do
 * not count: jansson, for one, says nothing of some that fail.
 */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the one that fails, from 1 on; 0 = none. @ever: and of all that follow. */
static struct {
        unsigned long at, n;
        bool ever, failed;
} memory;

static inline void memory_fails(unsigned long at, bool ever) {
        memory.at = at;
        memory.n = 0;
        memory.ever = ever;
        memory.failed = false;
}

/* Has it come to that? From here on there is memory. */
static inline bool memory_is_back(void) {
        memory.at = 0;
        return memory.failed;
}

static inline bool memory_fails_now(void) {
        bool fails = memory.at > 0 && (++memory.n == memory.at || (memory.ever && memory.n > memory.at));

        if (fails) {
                memory.failed = true;
                errno = ENOMEM;
        }
        return fails;
}

#define WRAPPED(type, name, parameters, arguments)                          \
        type __real_##name parameters;                                      \
        type __wrap_##name parameters;                                      \
        type __wrap_##name parameters {                                     \
                return memory_fails_now() ? NULL : __real_##name arguments; \
        }

WRAPPED(void *, malloc, (size_t size), (size))
WRAPPED(void *, calloc, (size_t n, size_t size), (n, size))
WRAPPED(void *, realloc, (void *p, size_t size), (p, size))
WRAPPED(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size))
WRAPPED(char *, strdup, (const char *s), (s))
WRAPPED(char *, strndup, (const char *s, size_t n), (s, n))
WRAPPED(FILE *, open_memstream, (char **text, size_t *size), (text, size))

/* With and without _FORTIFY_SOURCE. After a failure the pointer is what it was, as with glibc and musl. */
int __real_vasprintf(char **ret, const char *format, va_list ap);
int __wrap_vasprintf(char **ret, const char *format, va_list ap);
int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list ap);
int __wrap_asprintf(char **ret, const char *format, ...);
int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...);

int __wrap_vasprintf(char **ret, const char *format, va_list ap) {
        return memory_fails_now() ? -1 : __real_vasprintf(ret, format, ap);
}

int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list ap) {
        (void) flag;
        return __wrap_vasprintf(ret, format, ap);
}

#define WRAPPED_PRINT(...)                             \
        {                                              \
                va_list ap;                            \
                int n;                                 \
                                                       \
                va_start(ap, format);                  \
                n = __wrap_vasprintf(ret, format, ap); \
                va_end(ap);                            \
                return n;                              \
        }

int __wrap_asprintf(char **ret, const char *format, ...) WRAPPED_PRINT()

        int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...) WRAPPED_PRINT()
