/* Shared by the sources of the unpacking child. */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

#include "image/extract.h"
#include "image/report.h"

typedef struct DirTime {
        char *path;
        struct timespec mtime;
} DirTime;

typedef struct Extract {
        ImportLimits limits;
        UnpackCounts counts;
        struct archive *archive;
        Fault fault;

        /* Times of directories are set when nothing is made in them any more. */
        DirTime *dirs;
        size_t n_dirs;
        size_t dir_bytes;

        char *buffer; /* EXTRACT_PATH_MAX, the path of the entry */
} Extract;

/* The kernel takes no longer path. */
#define EXTRACT_PATH_MAX 4096

/* Directories nest no deeper, so that whoever removes the tree needs few descriptors. */
#define EXTRACT_DEPTH_MAX 200

/** report_send() - to the parent. 0 or a negative errno. */
int report_send(ReportKind kind, const void *body, size_t size);

/** path_clean() - the name of an entry, below the root, as "a/b" or "."; @ret of EXTRACT_PATH_MAX. */
int path_clean(Extract *x, const char *name, char *ret);

/** parents_make() - every missing directory above @path. */
int parents_make(const char *path);

/** place_clear() - remove what is at @path, unless it is a directory and @keep_dir. 1 if that was a whiteout.
 */
int place_clear(const char *path, bool keep_dir);

/** whiteout_apply() - when @path is named like a whiteout: 1 and it is done; 0 when it is not. */
int whiteout_apply(Extract *x, const char *path);

/** opaque_report() - @path hides the directory of that name in lower layers. */
int opaque_report(const char *path);

/** is_whiteout() - overlayfs's: character device 0:0. */
bool is_whiteout(const struct stat *st);

/** entry_make() - the file of one entry at @path, metadata included. */
int entry_make(Extract *x, struct archive_entry *entry, const char *path);

/** entry_dirs_finish() - set the times of all directories. */
int entry_dirs_finish(Extract *x);
