/*
 * One look into a container from outside, as Probe= has it: a connection, the first line of a page, or a
 * socket. No program runs in the container for it. Knows no units.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"
#include "spec/reach-section.h"

typedef struct Dial Dial;

typedef struct DialOutcome {
        bool passed;
        char *text; /* what was seen, for a person; NULL when there was no memory for it */
} DialOutcome;

/** dial_outcome_clear() - free what it owns. */
void dial_outcome_clear(DialOutcome *o);

/** DialFn - told once; the dial is over, and its owner frees it. @outcome is borrowed. */
typedef void (*DialFn)(const DialOutcome *outcome, void *data);

typedef struct DialCall {
        sd_event *event;         /* borrowed, must outlive the dial */
        const ProbeChoice *what; /* tcp, http or unix; borrowed as well */
        int ns_fd;               /* tcp, http: of the network namespace, or pidfd of a process in it */
        int root_fd;             /* unix: what "/" of the path means */
} DialCall;

/**
 * dial_start() - begin; there is no time limit, dial_free() ends it
 *
 * Returns: 0 when @fn will be told, 1 when @ret_outcome says it already, or -ENOMEM.
 */
int dial_start(const DialCall *call, DialFn fn, void *data, Dial **ret, DialOutcome *ret_outcome);

/** dial_free() - NULL is fine. */
void dial_free(Dial *d);

AUTOPTR_DEFINE(Dial, dial_free);
