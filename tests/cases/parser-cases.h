/* Runners of recorded parser cases: what a real systemd made of tricky unit files. See parser.c. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "config/raw-unit.h"
#include "config/specifiers.h"
#include "config/unit-path.h"

/* A case that is being run, in our terms. */
typedef struct Case {
        const json_t *recorded, *expect;
        char *unit;          /* "b1-plain.container" */
        char root[40];       /* its files are below */
        const char *release; /* of the kernel of the machine on which it was recorded */
        char *credentials;
        SpecifierContext specifiers; /* as on that machine */
        UnitPath *path;
} Case;

/** case_begin() - everything said from here on is about this one. */
void case_begin(const char *id);

/** case_end() - how it went. */
void case_end(void);

/** case_count_failed() - cases that went wrong so far. */
int case_count_failed(void);

/** differ() - we do not do what was recorded. */
void differ(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** must() - abort without memory. */
void *must(void *p);

char *replace(const char *s, const char *from, const char *to);

/** in_our_terms() - a recorded text with our paths and kinds of units. */
char *in_our_terms(const char *s, const char *root);

/** file_path() - where a recorded file lies in the tree of the case. */
char *file_path(const char *name, const char *root);

/** write_file() - false for a file that the record does not hold. */
bool write_file(const char *path, const json_t *what, const char *root);

/** compare() - with a recorded string, unless there is none. */
void compare(const char *what, const char *ours, const json_t *expected, const char *root);
void compare_list(const char *what, char *const *ours, const json_t *expected, const char *root);

/** case_load() - the unit through the search path of the case; *ret is NULL when there is none. As
 * unit_path_load(). */
int case_load(Case *c, Diag *diag, RawUnit **ret);

/** case_names() - all names of a unit of the case, sorted as systemd does: its own first. */
void case_names(Case *c, const char *unit, char ***ret);

/** check_files() - what the unit is made of. */
void check_files(Case *c);

/** check_meaning() - what its values mean: those whose keys are in the tables. */
void check_meaning(Case *c);

/** report_meaning() - one line about the keys that are not ours. */
void report_meaning(void);

/** run_tables() - names, time spans, exit statuses, calendar expressions. */
void run_tables(const json_t *tables);
