/*
 * A command line that the front answers itself: a verb of jobs or one that tells states, and names of units
 * as they are. Pure, and without libc.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/unit-name.h"

/* Of more the start of another program is no part worth mentioning. */
#define REQUEST_UNITS_MAX 128

typedef struct RequestVerb {
        const char *name, *method;
        const char *good[2]; /* states that are asked for; NULL: this is about jobs */
        int otherwise;       /* the exit status if they are others */
} RequestVerb;

typedef struct Request {
        const RequestVerb *verb;
        bool quiet;                           /* about states */
        const char *units[REQUEST_UNITS_MAX]; /* each once; point into @names */
        size_t n;
        char names[REQUEST_UNITS_MAX * UNIT_NAME_MAX];
} Request;

/**
 * request_read() - is this for the front?
 * @words: behind the program's name
 *
 * Options but --quiet of states, patterns, names of services, and what is not as it should be are for nsctl
 * proper. Names are completed as unit_name_complete() does it.
 */
bool request_read(Request *r, char *const *words, size_t n);
