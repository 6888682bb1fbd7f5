/*
 * Scope-bound ownership.
 *
 * A local that owns something says so in its declaration; ownership leaves the scope only through
 * take_ptr() and take_fd(), so "who frees this" is readable at the declaration and at the return.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_(void *p) {
        free(*(void **) p);
}

static inline void cleanup_close_(int *fd) {
        int saved = errno;

        if (*fd >= 0)
                (void) close(*fd);
        errno = saved;
}

static inline void cleanup_fclose_(FILE **f) {
        if (*f)
                (void) fclose(*f);
}

static inline void cleanup_closedir_(DIR **d) {
        if (*d)
                (void) closedir(*d);
}

/* "unused": an owner may exist for nothing but its end. */
#define autofree     __attribute__((cleanup(cleanup_free_), unused))
#define autoclose    __attribute__((cleanup(cleanup_close_), unused))
#define autofclose   __attribute__((cleanup(cleanup_fclose_), unused))
#define autoclosedir __attribute__((cleanup(cleanup_closedir_), unused))

/* AUTOPTR_DEFINE(Spec, spec_free) makes `autoptr(Spec) s = NULL;` call spec_free(s) at scope end.
 * The destructor must accept NULL. */
#define AUTOPTR_DEFINE(type, destroy)                  \
        static inline void type##_autoptr_(type **p) { \
                destroy(*p);                           \
        }                                              \
        typedef type *type##_autoptr

#define autoptr(type) __attribute__((cleanup(type##_autoptr_), unused)) type##_autoptr

#define take_ptr(p)                                   \
        ({                                            \
                __typeof__(p) *pp_ = &(p), v_ = *pp_; \
                *pp_ = NULL;                          \
                v_;                                   \
        })

#define take_fd(fd)                          \
        ({                                   \
                int *pf_ = &(fd), v_ = *pf_; \
                *pf_ = -EBADF;               \
                v_;                          \
        })

/* Replaces the owned descriptor @fd by @new_fd, closing what was there. */
static inline void replace_fd(int *fd, int new_fd) {
        cleanup_close_(fd);
        *fd = new_fd;
}
