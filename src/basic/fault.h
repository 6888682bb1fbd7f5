/*
 * Why a start (or an import, a removal, ...) failed, in words that a person can act on.
 *
 * Plain data of fixed size: it can be filled by a child that shares or maps the page, sent over a
 * pipe in one write, and kept in a unit without ownership questions.
 */
#pragma once

#include <stdarg.h>

#include "basic/macro.h"

typedef struct Fault {
        int error;        /* negative errno; 0 = no fault recorded */
        bool told;        /* @object ends in the reason, in better words than the errno's */
        char step[32];    /* what was being done: "mount", "exec", "lease", ... */
        char object[256]; /* on what: a path, an interface, an address; may be empty */
        char advice[160]; /* what to do about it; may be empty */
} Fault;

/**
 * fault_set() - record what went wrong; a fault that is already there is kept (the first one is the cause)
 * @f:    may be NULL
 * @step: one or two words
 * @r:    negative errno to record and hand back
 * @fmt:  the object, or NULL
 *
 * Returns: @r. Does not allocate.
 */
int fault_set(Fault *f, const char *step, int r, const char *fmt, ...) PRINTF_LIKE(4, 5);

/** fault_tell() - the same when somebody else has said why: @fmt ends in his words, and those of @r are left
 * out. */
int fault_tell(Fault *f, const char *step, int r, const char *fmt, ...) PRINTF_LIKE(4, 5);

/** fault_advise() - say what to do, before or after the fault itself; the first advice is kept. */
void fault_advise(Fault *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** fault_to_string() - "step object: reason (advice)", the reason being in the object if that is told. Free
 * the result; NULL when out of memory. */
char *fault_to_string(const Fault *f);
