/*
 * Log files of containers: the raw bytes that the container wrote, appended by the container itself.
 *
 * Rotation takes whole blocks from the head of the file, under the writer's feet and without a reopen:
 * where the file system can collapse ranges (ext4, xfs) the file gets shorter, elsewhere a hole grows at
 * its head. The rest of the line that was cut is overwritten with NUL bytes. So a reader skips the NULs
 * that the file begins with (SEEK_DATA is the quick way over a hole) and is then at the start of a line;
 * who follows the file and finds it shorter than his offset starts again at its head.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** log_file_path() - "<logs dir>/<unit>.log". Free it; NULL when out of memory. */
char *log_file_path(const char *logs_dir, const char *unit);

/** log_file_open() - open for appending (O_APPEND), made 0640 if missing. A descriptor or negative errno. */
int log_file_open(const char *logs_dir, const char *unit, uint32_t uid, uint32_t gid);

/** log_file_tail() - the last @n lines, those of more than 200 bytes cut; strv_free() *ret, which may be
 * NULL. 0 or a negative errno. */
int log_file_tail(const char *path, size_t n, char ***ret);

/**
 * log_file_rotate() - if the file occupies more than @max bytes, drop the oldest half
 * @ret_stamp: of the file as it was found: another one after each write; may be NULL
 *
 * Writers may go on meanwhile; no line that is being written is lost. Takes about 1 ms. To be called
 * from a timer.
 *
 * Returns: 1 when it was cut, 0 when there was nothing to do, -ENOENT, -EOPNOTSUPP when the file system
 * can neither collapse nor punch, or another negative errno.
 */
int log_file_rotate(const char *path, uint64_t max, uint64_t *ret_stamp);
