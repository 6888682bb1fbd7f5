/* StandardOutput= and StandardError= of commands beside a container, as systemd.exec(5) has them. */
#pragma once

#include "basic/fault.h"
#include "spec/service-section.h"

/**
 * hook_output_redirect() - put something else in place of the log
 * @fds: the log's descriptors for output and error; those that are replaced are closed
 *
 * Returns: 0, or a negative errno with @fault filled; then @fds are still to be closed.
 */
int hook_output_redirect(const ServiceSection *s, int fds[2], Fault *fault);
