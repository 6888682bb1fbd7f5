/*
 * One pass over the directories of unit files: what unit-path.c looks things up in. Private to config.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "basic/diag.h"
#include "config/raw-unit.h"

typedef struct ScanBundle ScanBundle;

/* A unit file; or a file of a directory that belongs to a unit, with the name of the directory. */
typedef struct ScanFile {
        char *name; /* unit: "web.container"; drop-in: "web.container.d"; dependency: "web.container.wants" */
        char *path; /* of the file */
        unsigned rank; /* of the directory that was searched; lower wins */
        bool is_link;
        char *alias;              /* of a link to another unit: that unit's name */
        char *refused;            /* why the link is no alias, though it stays in the search path */
        const ScanBundle *bundle; /* NULL unless the unit is part of one */
        const char *text;         /* of the part; borrowed from the bundle */
        size_t size;
        unsigned line;
} ScanFile;

typedef struct ScanFiles {
        ScanFile *items; /* sorted by name, then rank, then path */
        size_t n;
} ScanFiles;

/* A file of several units, read whole: they would not be known otherwise. */
struct ScanBundle {
        char *path, *text;
        const char *relative; /* path below the directory of the search path: what it hides elsewhere */
        FileStamp stamp;
        ScanBundle *next;
};

typedef struct ScanDir {
        char *path;
        bool searched;   /* unit files are looked for here; false for a *.d directory */
        FileStamp stamp; /* all zero when it does not exist */
} ScanDir;

typedef struct Scan {
        ScanDir *dirs;
        size_t n_dirs;
        ScanFiles units, drop_ins, dependencies;
        ScanBundle *bundles, **last_bundle;
        size_t *links; /* positions of aliases in @units */
        size_t n_links;
        Diag *diag; /* what is wrong with bundles */
} Scan;

/** scan_run() - fill an empty @scan. Returns 0, -ENOMEM, or why a directory cannot be read; scan_done() it in
 * any case. */
int scan_run(Scan *scan, char *const *dirs);

void scan_done(Scan *scan);

/** scan_find() - the first of @files with @name, NULL when there is none; those that follow may match too. */
const ScanFile *scan_find(const ScanFiles *files, const char *name);

/** scan_next() - the one behind @file that bears the same name, NULL when there is none. */
const ScanFile *scan_next(const ScanFiles *files, const ScanFile *file);

/** scan_is_searched() - is the directory of the first @n bytes one that unit files are looked for in, by
 * whatever name? */
bool scan_is_searched(const Scan *scan, const char *path, size_t n);

/** scan_resolve_links() - find out which links among the units are aliases. Part of scan_run(). 0 or -ENOMEM.
 */
int scan_resolve_links(Scan *scan);

/** scan_file_add() - one more file, for the scan itself; takes over nothing. 0 or -ENOMEM. */
int scan_file_add(ScanFiles *files, const char *name, const char *dir, const char *file, ScanFile more);

/** scan_bundle() - read the bundle @file of @dir and add its units; @root is the directory of the search path
 * that it lies in. Part of scan_run(). 0 or -ENOMEM. */
int scan_bundle(Scan *scan, const char *root, const char *dir, const char *file, unsigned rank);

/** scan_check_bundles() - name units that two files of one directory have. Part of scan_run(). */
void scan_check_bundles(Scan *scan);

/** file_stamp() - the stamp of a file by what stat(2) says of it. */
FileStamp file_stamp(const struct stat *st);

/** file_stamp_path() - the same by path; all zero when there is nothing. */
FileStamp file_stamp_path(const char *path);

/** file_stamp_fd() - the same of an open file. */
FileStamp file_stamp_fd(int fd);

/** file_stamp_equal() - does the file look as it did? */
bool file_stamp_equal(const FileStamp *a, const FileStamp *b);

/** file_stamp_proves() - is what was read at @read_at surely what is in the file @now? The time of the last
 * change cannot be set by anybody; but two changes within one tick of the file system's clock look like one.
 */
bool file_stamp_proves(const FileStamp *before, uint64_t read_at, const FileStamp *now);

/** array_grow() - room for one more element, by doubling; @n is their number so far. 0 or -ENOMEM. */
int array_grow(void **array, size_t n, size_t element);
