/*
 * The child that reads a tar and makes its files below its root, which is the layer's directory; nothing else
 * exists there, so that a path cannot lead anywhere else. Runs in a sandbox (sandbox.h).
 */
#pragma once

#include <stdbool.h>

#include "image/import.h"

/* Descriptors of the child. */
enum {
        EXTRACT_INPUT = 0,  /* the uncompressed tar */
        EXTRACT_REPORT = 1, /* report.h */
        EXTRACT_N_FDS,
};

/** extract_child() - a SandboxFn. @data: const ImportLimits. Exit status 0 after REPORT_DONE only. */
int extract_child(void *data);
