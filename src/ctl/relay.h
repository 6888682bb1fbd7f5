/*
 * Our own terminal as the front of one that a container has: what is typed goes there, what it shows comes
 * here, and so does the size of the window.
 */
#pragma once

#include <errno.h>
#include <poll.h>
#include <stdbool.h>

typedef struct Relay {
        int terminal; /* master side, or -EBADF */
        int winch;    /* signalfd of SIGWINCH, or -EBADF */
        bool input;   /* standard input is still passed on */
} Relay;

#define RELAY_INIT ((Relay){ .terminal = -EBADF, .winch = -EBADF })

/* What it watches. */
#define RELAY_FDS 3

/** relay_begin() - with r->terminal set. @input: pass standard input on. 0 or a negative errno. */
int relay_begin(Relay *r, bool input);

/** relay_prepare() - for poll(2); fine for one that has no terminal. */
void relay_prepare(const Relay *r, struct pollfd p[RELAY_FDS]);

/** relay_pass() - after it. */
void relay_pass(Relay *r, const struct pollfd p[RELAY_FDS]);

/** relay_drain() - the program has ended: show what is still under way. */
void relay_drain(const Relay *r);

/** relay_end() - our terminal as it was before. Fine when nothing has begun. */
void relay_end(Relay *r);
