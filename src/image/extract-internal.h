/* Shared by the sources of the unpacking child. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

#include "image/extract.h"
#include "image/report.h"

typedef struct DirNote {
        char *path;
        bool implied; /* made for what lies in it; no entry told its owner, mode and time */
        struct timespec mtime;
        size_t number; /* in order of the archive */
} DirNote;

typedef struct Extract {
        ImportLimits limits;
        UnpackCounts counts;
        struct archive *archive;
        Fault fault;

        /* Times of directories are set when nothing is made in them any more. */
        DirNote *dirs;
        size_t n_dirs;
        size_t dir_bytes;

        char *buffer; /* EXTRACT_PATH_MAX, the path of the entry */
} Extract;

/* The kernel takes no longer path. */
#define EXTRACT_PATH_MAX 4096

/* Directories nest no deeper, so that whoever removes the tree needs few descriptors and little stack. */
#define EXTRACT_DEPTH_MAX 200

/** report_send() - to the parent. 0 or a negative errno. */
int report_send(ReportKind kind, const void *body, size_t size);

/** path_clean() - the name of an entry, below the root, as "a/b" or "."; @ret of EXTRACT_PATH_MAX. */
int path_clean(Extract *x, const char *name, char *ret);

/** parents_make() - every missing directory above @path. */
int parents_make(Extract *x, const char *path);

/** depth_check() - -ENAMETOOLONG for a directory that lies deeper than EXTRACT_DEPTH_MAX, links resolved. */
int depth_check(const char *path);

/** dir_note() - remember a directory that was made or changed; @mtime NULL = an implied one. */
int dir_note(Extract *x, const char *path, const struct timespec *mtime);

/** dir_notes_finish() - set the times of directories, report the implied ones. */
int dir_notes_finish(Extract *x);

/** place_clear() - remove what is at @path, unless it is a directory and @keep_dir. 1 if that was a whiteout.
 */
int place_clear(const char *path, bool keep_dir);

/** whiteout_apply() - when @path is named like a whiteout: 1 and it is done; 0 when it is not. */
int whiteout_apply(Extract *x, const char *path);

/** opaque_report() - @path hides the directory of that name in lower layers. */
int opaque_report(const char *path);

/** is_whiteout() - overlayfs's: character device 0:0. */
bool is_whiteout(const struct stat *st);

/** time_set() - of @path itself, not of what it links to. */
int time_set(const char *path, struct timespec mtime);

/** entry_make() - the file of one entry at @path, metadata included. */
int entry_make(Extract *x, struct archive_entry *entry, const char *path);
