/*
 * Program files of our own, kept out of containers' reach.
 *
 * A container's process shares the manager's program until it has exec()ed; an image whose entry point is
 * "/proc/self/exe" (or a script that names it as interpreter) would run our file, could keep it open, and
 * as root without a user namespace write to it later.
 */
#pragma once

/**
 * exe_protect() - run the program again from a read-only mount of its own file
 * @argv: as main() got it
 *
 * First thing in main(), as root: does not return if it works, and does nothing where the file lies on a
 * read-only mount already, as it does the second time. The environment and the process stay the same.
 *
 * Returns: 0 when there is nothing to do, or a negative errno; going on is safe but for what is said above.
 */
int exe_protect(char **argv);

/**
 * exe_directory_open() - a directory of programs, for execution only
 *
 * What is executed out of it cannot be written to by way of /proc/PID/exe either, where the kernel lets us
 * mount; else it is the directory as it is.
 *
 * Returns: an O_PATH descriptor or a negative errno.
 */
int exe_directory_open(const char *path);
