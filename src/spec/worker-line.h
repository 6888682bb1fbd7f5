/* What a worker process says to the manager: a JSON object a line, on its standard output. */
#pragma once

#include <jansson.h>

#include "basic/fault.h"

/** worker_line_print() - one line; takes over @line, NULL too. Returns 0 or -EIO. */
int worker_line_print(json_t *line);

/** worker_line_fault() - the last line of a worker that has failed. */
void worker_line_fault(const Fault *f);

/** worker_line_done() - the last line of one that has nothing else to say. */
int worker_line_done(void);
