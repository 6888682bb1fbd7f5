/*
 * From another tool's description of containers to unit files. A table says for each member of the source
 * which key of ours it becomes and how, or why it has no equal.
 */
#pragma once

#include <stdbool.h>

#include "basic/clock.h"
#include "ctl/doc.h"
#include "ctl/unit-bundle.h"

/* One run. */
typedef struct Import {
        UnitBundle bundle;
        Diag *diag;
        const char *directory; /* absolute: where relative paths of the host begin */
        char *const *env;      /* for variables */
} Import;

typedef struct ImportRow ImportRow;

/* One description on its way into one unit. */
typedef struct Conversion {
        Import *import;
        const Doc *root; /* the description: what paths of rows begin at */
        const Doc *top;  /* what paths in notes begin at; NULL: @root */
        UnitText *unit;
        const ImportRow *row; /* the one in hand */
        void *source;         /* what the source's own conversions need */
} Conversion;

/**
 * ImportConvert - write what @value comes to into the unit
 *
 * Returns: 0; -EINVAL with an error told; -ENOMEM.
 */
typedef int (*ImportConvert)(Conversion *c, const Doc *value);

struct ImportRow {
        const char *path; /* "deploy.resources.limits.cpus" */
        UnitPart part;
        const char *key;       /* of the unit file; NULL: several, or none */
        ImportConvert convert; /* NULL: there is no equal */
        const char *reason;    /* why, or NULL when nothing is lost */
};

/**
 * import_rows() - convert all members of @c's root in the order of the table
 * @strict: a member that is in no row is probably a slip; else it is noted when it says something and stands
 * beside members that have rows, not at the top, which is a tool's state
 *
 * Returns: 0; -EINVAL when an error was told (all rows were tried); -ENOMEM.
 */
int import_rows(Conversion *c, const ImportRow *rows, size_t n, bool strict);

/** import_error() - tell of a mistake at @d. Returns -EINVAL. */
int import_error(Import *i, const Doc *d, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** import_warning() - tell of something at @d that no unit can be noted in. */
void import_warning(Import *i, const Doc *d, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** import_note() - a comment in the unit about @d, with its value when it is short, and a warning. 0 or
 * -ENOMEM. */
int import_note(Conversion *c, const Doc *d, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** import_wrong_kind() - the error for a @d that should be @wanted ("a text or a list"). Returns -EINVAL. */
int import_wrong_kind(Import *i, const Doc *d, const char *wanted);

/** import_text() - the text of @d, or an error told. */
int import_text(Import *i, const Doc *d, const char **ret);

/** import_list() - @d as a list: itself, or a single text as the list of it. Appends borrowed texts; free()
 * *ret. */
int import_texts(Import *i, const Doc *d, const char ***ret);

/** import_bool() - a truth value. */
int import_bool(Import *i, const Doc *d, bool *ret);

/** import_size() - bytes with Docker's units: "512m", "1.5gb", "64kb", a number. */
int import_size(Import *i, const Doc *d, uint64_t *ret);

/** import_duration() - Go's form, "1m30s", "500ms", a bare number of seconds (YAML) or nanoseconds (JSON). */
int import_duration(Import *i, const Doc *d, usec_t *ret);

/** import_path() - a path of the host: absolute, from "~", or relative to the run's directory; free(). */
int import_path(Import *i, const char *path, char **ret);

/** import_put() - the outcome of a unit_text_*(): a value that cannot be written becomes a note. */
int import_put(Conversion *c, const Doc *d, int r);

/** shell_split() - words of a command line as a shell would, without variables. 0, -EINVAL, -ENOMEM. */
int shell_split(const char *text, char ***ret);

/*
 * Conversions that more than one source needs. They write to the key of the row.
 */
int import_as_value(Conversion *c, const Doc *value);       /* a text */
int import_as_values(Conversion *c, const Doc *value);      /* a text or a list of texts, one line each */
int import_as_flag(Conversion *c, const Doc *value);        /* a truth value; nothing when it is false */
int import_as_plain_words(Conversion *c, const Doc *value); /* a list of words, on one line */
int import_as_assignments(Conversion *c, const Doc *value); /* a map or a list of NAME=VALUE, one line each */
int import_as_sysctls(Conversion *c, const Doc *value);     /* the same for a reader without escapes */
int import_as_command(Conversion *c, const Doc *value);     /* a command line or a list of words */
int import_as_limit(Conversion *c, const Doc *value);       /* bytes; 0 and -1 mean no limit and nothing */
int import_as_span(Conversion *c, const Doc *value);        /* a duration, "90s" */
int import_as_seconds(Conversion *c, const Doc *value);     /* a duration, in whole seconds, rounded up */
int import_as_tasks(Conversion *c, const Doc *value);       /* a number; 0 and -1 mean no limit */
int import_as_cpus(Conversion *c, const Doc *value);        /* a number of processors, as percent */
int import_as_shares(Conversion *c, const Doc *value);      /* 1024 is usual, where it is 100 to us */
int import_as_user(Conversion *c, const Doc *value);        /* USER[:GROUP] */
int import_as_security(Conversion *c, const Doc *value);    /* a list of security options */
int import_as_privileged(Conversion *c, const Doc *value);

/** import_health_command() - HealthCmd= of ["CMD", ...], ["CMD-SHELL", LINE], ["NONE"]. */
int import_health_command(Conversion *c, const Doc *test);

/** import_subnets() - Subnet=, Gateway= and IPRange= of a list of maps; @members: what they call the three.
 */
int import_subnets(Conversion *c, const Doc *list, const char *const members[3]);

/** import_restart() - what Docker does by restart policy @name, with @retries > 0 as its limit. */
int import_restart(Conversion *c, const Doc *d, const char *name, unsigned retries);

/** import_compose() - @text, a Compose file, to units. 0, -EINVAL with errors told, -ENOMEM. */
int import_compose(Import *i, const char *file, const char *text, size_t size);

/** import_docker() - @text, what `docker inspect` printed, to units. */
int import_docker(Import *i, const char *file, const char *text, size_t size);
