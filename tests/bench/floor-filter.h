/* The system-call filter of the floor: nsunits' default one, made beforehand, in the file that FLOOR_FILTER
 * names. */
#pragma once

#include <linux/filter.h>

/** floor_filter_load() - its program, which lives as long as the process. */
void floor_filter_load(struct sock_fprog *ret);

/** floor_filter_time() - print how long the kernel takes to install it; returns the exit status. */
int floor_filter_time(const struct sock_fprog *program);

/** floor_filter_write() - make the file; returns the exit status. */
int floor_filter_write(const char *path);
