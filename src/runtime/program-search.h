/*
 * Where a program is: at its path, or in one of the directories of a search path, as execvp(3) looks for it.
 * For processes without libc.
 */
#pragma once

#include <linux/limits.h>
#include <stdbool.h>

typedef struct ProgramSearch {
        const char *name;        /* a path when it has a slash */
        const char *directories; /* divided by colons; empty ones are passed over */
        char program[PATH_MAX];  /* what is tried */
        bool no_interpreter;     /* @program is there, but not what its first line or header asks for */
} ProgramSearch;

/* Runs s->program. Returns only if that failed: a negative errno. */
typedef long (*ProgramFn)(ProgramSearch *s, void *data);

/** program_search() - try each place until one is no reason to go on. Returns a negative errno. */
long program_search(ProgramSearch *s, ProgramFn run, void *data);

/** program_run() - execve(2) of s->program; a missing interpreter is noted. Returns a negative errno. */
long program_run(ProgramSearch *s, const char *const *argv, char *const *environment);
