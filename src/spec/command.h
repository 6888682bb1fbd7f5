/*
 * Command lines of hooks: ExecStartPre= and the like of [Service] (systemd.service(5), "Command lines").
 * Plain data; "$" is kept and is replaced when the command is run, unless COMMAND_LITERAL.
 */
#pragma once

#include <stddef.h>

/* What the marks before the program mean. X(name, flag, mark) */
#define COMMAND_FLAG_LIST(X)                                                                          \
        X(IGNORE_FAILURE, 1 << 0, '-')  /* a bad end counts as a good one */                          \
        X(ARGV0, 1 << 1, '@')           /* the word behind the program is its argv[0] */              \
        X(LITERAL, 1 << 2, ':')         /* variables are not replaced */                              \
        X(FULL_PRIVILEGES, 1 << 3, '+') /* not confined, and as root */                               \
        X(OWN_USER_CHANGE, 1 << 4, '!') /* the program changes its user by itself */                  \
        X(AMBIENT, 1 << 5, '\0')        /* "!!": the same, where there are no ambient capabilities */ \
        X(SHELL, 1 << 6, '|')           /* the words are a command line for the user's shell */

enum {
#define X(id, flag, mark) COMMAND_##id = flag,
        COMMAND_FLAG_LIST(X)
#undef X
};

typedef struct ExecCommand {
        char *path;     /* absolute, or the name of a program to be looked for in the usual directories */
        char **argv;    /* from argv[0] on: the path unless COMMAND_ARGV0 */
        unsigned flags; /* COMMAND_* */
} ExecCommand;

typedef struct ExecCommandList {
        ExecCommand *items;
        size_t n;
} ExecCommandList;

/** exec_command_clear() - free what it owns. */
void exec_command_clear(ExecCommand *c);

/** exec_command_to_string() - as a unit has it, marks and quotes included; free(). NULL: no memory. */
char *exec_command_to_string(const ExecCommand *c);
