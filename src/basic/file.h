/*
 * Files and directories. Every descriptor is close-on-exec. Functions return 0 (or a descriptor) or a
 * negative errno.
 */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * file_read() - the whole of a file, with a NUL behind it
 * @dir_fd:  AT_FDCWD or a directory
 * @max:     refuse more bytes with -EFBIG
 * @ret:     free() it
 * @ret_size: without the NUL; may be NULL
 *
 * Never waits: a FIFO without a writer is empty, one with a writer that has not written is -EAGAIN.
 */
int file_read(int dir_fd, const char *path, size_t max, char **ret, size_t *ret_size);

/** file_read_fd() - the same from an open file, from its current offset. */
int file_read_fd(int fd, size_t max, char **ret, size_t *ret_size);

/** file_read_line() - first line without its newline: for kernel files of one value. */
int file_read_line(int dir_fd, const char *path, char **ret);

/** file_write_all() - all of it, however many write(2)s that takes; waits for a descriptor that does not. */
int file_write_all(int fd, const void *data, size_t size);

/** file_write() - write @text to an existing file (kernel files: one write(2)). */
int file_write(int dir_fd, const char *path, const char *text);

/**
 * file_replace() - replace a file atomically: temporary name, write, rename
 * @sync: fsync the file and its directory, for what must survive a power cut
 */
int file_replace(int dir_fd, const char *path, const void *data, size_t size, mode_t mode, bool sync);

/**
 * file_rewrite() - other contents for a text file that others have open or mounted, which stays the same file
 *
 * Who reads it meanwhile finds the old lines, the new ones, and empty ones; never a line that is cut off at
 * the file's end. -ENOENT when there is no such file.
 */
int file_rewrite(int dir_fd, const char *path, const char *text, size_t size);

/** file_exists() - follows links; any error counts as no. */
bool file_exists(int dir_fd, const char *path);

/** dir_make() - mkdir with all parents; an existing directory is fine. */
int dir_make(int dir_fd, const char *path, mode_t mode);

/** dir_open() - open an existing directory; links in the last component are refused. */
int dir_open(int dir_fd, const char *path);

/** dir_make_open() - dir_make() and dir_open(). */
int dir_make_open(int dir_fd, const char *path, mode_t mode);

/** dir_entries() - read a directory from its beginning; @fd stays as it is. closedir() @ret. */
int dir_entries(int fd, DIR **ret);

/** dir_is_empty() - 1 or 0. */
int dir_is_empty(int fd);

/** fd_reopen() - the file behind an O_PATH descriptor, whatever its name means by now; needs /proc. */
int fd_reopen(int fd, int flags);

/**
 * fd_move_up() - give @fd a high number, if there is one
 *
 * For what is kept as long as a container is there: a child that gets a table of descriptors of its own
 * copies it up to the highest number that it needs, so the low ones are for what is needed for a moment.
 *
 * Returns: the new number, or @fd as it was; a negative errno goes through.
 */
int fd_move_up(int fd);

typedef int (*DirEachFn)(int dir_fd, const char *name, void *data);

/** dir_each() - call @fn for each entry of a directory, until it returns something else than 0. Returns that.
 */
int dir_each(int dir_fd, const char *path, DirEachFn fn, void *data);

/**
 * tree_remove() - remove a file or a whole directory tree; what is gone already is fine
 *
 * Never follows links and never crosses into another file system (a mount below gives -EXDEV).
 */
int tree_remove(int dir_fd, const char *path);

/** path_beneath_open() - openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS: for untrusted @path. */
int path_beneath_open(int root_fd, const char *path, uint64_t flags, mode_t mode);

/** path_in_root_open() - openat2(2) with RESOLVE_IN_ROOT: @path means what a process chrooted to @root_fd
 * means. */
int path_in_root_open(int root_fd, const char *path, uint64_t flags, mode_t mode);

/** path_is_absolute_clean() - starts with '/', no "." or ".." components, no control bytes. */
bool path_is_absolute_clean(const char *path);

/** path_normalize() - drop doubled and trailing slashes and "." components, in place. ".." is kept. */
char *path_normalize(char *path);

/** fd_path() - "/proc/self/fd/N" into @buf of 32 bytes; returns @buf. */
const char *fd_path(int fd, char buf[32]);
