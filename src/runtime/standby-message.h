/*
 * What a standby is told, and what it answers: one message each over a pair of sockets (SOCK_SEQPACKET).
 *
 * With the order come the descriptors: those of the standard streams that are given, then those that the
 * program finds from 3 on.
 */
#pragma once

#include <stdint.h>

/* What there is of text in an order. More than that is not for a standby. */
#define STANDBY_TEXT_MAX 65536

/* As many descriptors as one message carries: SCM_MAX_FD, unix(7). */
#define STANDBY_FDS_MAX 253

/* Where the standby finds its end of the pair. */
#define STANDBY_FD 3

#define STANDBY_PLACES_MAX 64

/* What the standby has to find at a path, or it is of no use. */
typedef struct StandbyInode {
        uint64_t device, inode; /* as stat(2) has them */
} StandbyInode;

/* Behind it, each with its NUL: the paths of the places, working directory, name of the program, search path,
 * then the arguments, then the variables of the environment. */
typedef struct StandbyOrder {
        uint32_t n_places;
        uint32_t n_arguments, n_variables;
        uint32_t n_passed;
        uint32_t streams; /* bit N: descriptor N is given; else it stays the null device */
        StandbyInode places[STANDBY_PLACES_MAX];
} StandbyOrder;

/* Only if it did not come to the program; else the pair's other end is closed by its execution. */
typedef struct StandbyAnswer {
        int32_t error; /* negative errno; -ESTALE: it is of no use */
        uint32_t no_interpreter;
} StandbyAnswer;
