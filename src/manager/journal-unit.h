/*
 * What journald is told of a container. journald asks about the unit that a line's cgroup names: it reads
 * files in /run/systemd/units, which systemd writes for services that have such settings. The face of a
 * container has none, so the files under its name are the manager's (systemd,
 * src/journal/journald-context.c).
 *
 *      log-extra-fields:web.service         fields of all its lines
 *      log-level-max:web.service            LogLevelMax=; this and the next two are links to a number
 *      log-rate-limit-interval:web.service  LogRateLimitIntervalSec=, µs
 *      log-rate-limit-burst:web.service     LogRateLimitBurst=
 *
 * They are read when a process writes its first line, and every few seconds: they have to be there before.
 */
#pragma once

#include "spec/service-section.h"

#define JOURNAL_UNITS_DIR "/run/systemd/units"

typedef struct JournalUnit {
        const char *unit;        /* "web.container" */
        const char *name;        /* of the container */
        const char *invocation;  /* in hex */
        const ExecSection *exec; /* NULL: no settings */
        bool interval_set, burst_set;
} JournalUnit;

/**
 * journal_unit_write() - before a launch
 * @directory: JOURNAL_UNITS_DIR
 *
 * Returns: 0, also without systemd; or a negative errno, of which nothing needs to fail.
 */
int journal_unit_write(const char *directory, const JournalUnit *j);

/** journal_unit_remove() - for the end of @unit; what is not there is fine. */
void journal_unit_remove(const char *directory, const char *unit);
