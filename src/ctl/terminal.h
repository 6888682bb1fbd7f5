/* Our own terminal as the front of another one, for `nsctl exec -t`. */
#pragma once

#include <stdbool.h>

/** terminal_set_raw() - every key goes through as it is. The old mode comes back at exit and on a deadly
 * signal. */
int terminal_set_raw(int fd);

/** terminal_set_keys() - every key is read at once and none is shown, else all is as it was. The same holds.
 */
int terminal_set_keys(int fd);

/** terminal_restore() - back to how it was found. Harmless when it did not. */
void terminal_restore(void);

/** terminal_copy_size() - give the terminal @to the window size of @from. Harmless when @from is none. */
void terminal_copy_size(int from, int to);

/** terminal_columns() - how wide the terminal @fd is; @otherwise when it is none, or does not say. */
unsigned terminal_columns(int fd, unsigned otherwise);
