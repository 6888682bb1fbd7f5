/* How far a pull or a build is: told by the worker, a JSON object a line, and passed on by the manager. */
#pragma once

#include <stdint.h>

#include "basic/strtab.h"

#define PULL_EVENT_LIST(X)                                                                    \
        X(PULL_EVENT_FETCH, "fetch")   /* text: first digits of a layer's digest */           \
        X(PULL_EVENT_UNPACK, "unpack") /* text: "2 of 5", counted in layers */                \
        X(PULL_EVENT_RETRY, "retry")   /* text: why; total: seconds until then */             \
        X(PULL_EVENT_WAIT, "wait")     /* by the manager; total: how many others go before */ \
        X(PULL_EVENT_BUILD, "build")   /* text: "step 2/5: RUN make" */                       \
        X(PULL_EVENT_LOST, "lost")     /* to the manager; text: the place in a registry that nobody reaches */

ENUM_DECLARE(PullEventKind, pull_event_kind, PULL_EVENT, PULL_EVENT_LIST);

typedef struct PullEvent {
        PullEventKind kind;
        char text[256];
        uint64_t done, total; /* bytes; total 0 = not known yet. Equal when a layer is there */
} PullEvent;

/** pull_event_print() - one line to stdout. 0 or -EIO. */
int pull_event_print(const PullEvent *e);

/** pull_event_parse() - back. 0, or -EBADMSG for a line that is something else. */
int pull_event_parse(const char *line, PullEvent *ret);
