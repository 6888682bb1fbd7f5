/* How far a pull is, on standard error: a bar for each layer on a terminal, plain lines elsewhere. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/verb.h"

typedef struct PullProgress PullProgress;

/** pull_progress_new() - @terminal: lines may be drawn again. NULL when out of memory. */
PullProgress *pull_progress_new(FILE *f, bool terminal);

/** pull_progress_event() - the arguments of a PullProgress signal. */
void pull_progress_event(PullProgress *p, const char *event, const char *text, uint64_t done, uint64_t total);

/** pull_progress_free() - what is on the terminal stays there. NULL is fine. */
void pull_progress_free(PullProgress *p);

AUTOPTR_DEFINE(PullProgress, pull_progress_free);

/** verb_image_pull() - nsctl image pull WORDS... */
int verb_image_pull(Ctl *c, char **words);
