/*
 * One pass over the directories of unit files: what unit-path.c looks things up in. Private to config.
 */
#pragma once

#include <stddef.h>

#include "config/raw-unit.h"

/* A unit file, or what lies in a directory that belongs to a unit, together with the directory's name. */
typedef struct ScanFile {
        char *name;    /* unit: "web.container"; drop-in: "web.container.d"; link: "web.container.wants" */
        char *path;    /* of the file */
        unsigned rank; /* of the directory that was searched; lower wins */
} ScanFile;

typedef struct ScanDir {
        char *path;
        bool searched;   /* unit files are looked for here; false for a directory of one unit */
        FileStamp stamp; /* all zero when it does not exist */
} ScanDir;

typedef struct Scan {
        ScanDir *dirs;
        size_t n_dirs;
        ScanFile *units; /* sorted by name, then rank */
        size_t n_units;
        ScanFile *drop_ins; /* and links; sorted by name, then rank, then path */
        size_t n_drop_ins;
} Scan;

/** scan_run() - fill an empty @scan. Returns 0, -ENOMEM, or why a directory cannot be read; scan_done() it in
 * any case. */
int scan_run(Scan *scan, char *const *dirs);

void scan_done(Scan *scan);

/** scan_find() - the first of the sorted @files with @name, NULL when there is none; those that follow may
 * match too. */
const ScanFile *scan_find(const ScanFile *files, size_t n, const char *name);

/** file_stamp_path() - stat(2) as a stamp; all zero when there is nothing. */
FileStamp file_stamp_path(const char *path);

/** file_stamp_fd() - the same of an open file. */
FileStamp file_stamp_fd(int fd);

bool file_stamp_equal(const FileStamp *a, const FileStamp *b);
