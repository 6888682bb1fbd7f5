/*
 * The programs that work for the manager. Their files are opened when it starts and executed by these
 * descriptors: whatever an upgrade puts in their place meanwhile, the manager speaks with those it was made
 * with.
 */
#pragma once

typedef enum Program {
        PROGRAM_ARCHIVER,
        PROGRAM_WORKER,
        PROGRAM_GATE,
        PROGRAM_STANDBY,
        PROGRAM_N_,
} Program;

/* Their descriptors are not below: that is where a child gets its own. */
#define PROGRAM_FD_MIN 16

/* Enough for program_path(). */
#define PROGRAM_PATH_MAX 32

typedef struct Programs {
        int directory_fd;
        int fds[PROGRAM_N_];
} Programs;

#define PROGRAMS_NONE                                                             \
        (Programs) {                                                              \
                .directory_fd = -EBADF, .fds = { -EBADF, -EBADF, -EBADF, -EBADF } \
        }

/** programs_open() - one that is missing is a warning, and looked for again when it is needed. */
void programs_open(Programs *p);

void programs_close(Programs *p);

/** program_file() - where it is installed. */
const char *program_file(Program which);

/** program_path() - what to execute. @ret: of PROGRAM_PATH_MAX bytes. 0, or a negative errno. */
int program_path(Programs *p, Program which, char ret[PROGRAM_PATH_MAX]);
