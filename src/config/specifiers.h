/*
 * Specifiers: %n, %i, %H ... in values (systemd.unit(5), "Specifiers"). Pure: what they stand for is
 * given by the caller.
 */
#pragma once

#include <stdbool.h>

#include <stddef.h>

#include "basic/diag.h"
#include "config/raw-unit.h"

/* What specifiers stand for. A NULL (but not an empty string) makes the specifiers that need it an error. */
typedef struct SpecifierContext {
        bool install;                         /* for a value of [Install], where only some have a meaning */
        const char *unit_name;                /* %n, and %N %p %P %i %I %j %J %f made from it */
        const char *fragment;                 /* %y %Y */
        const char *runtime_dir;              /* %t: /run */
        const char *state_dir;                /* %S: /var/lib */
        const char *cache_dir;                /* %C: /var/cache */
        const char *logs_dir;                 /* %L: /var/log */
        const char *config_dir;               /* %E: /etc */
        const char *data_dir;                 /* %D: /usr/share */
        const char *credentials_dir;          /* %d */
        const char *tmp_dir, *var_tmp_dir;    /* %T %V */
        const char *home, *shell;             /* %h %s: of the manager's user */
        const char *user, *uid, *group, *gid; /* %u %U %g %G */
        const char *host_name;                /* %H; %l is it up to the first dot */
        const char *pretty_host_name;         /* %q */
        const char *machine_id, *boot_id;     /* %m %b, 32 hexadecimal digits */
        const char *kernel_release;           /* %v: uname -r */
        const char *architecture;             /* %a: systemd's word, "x86-64" */
        const char *os_id, *os_version_id, *os_variant_id, *os_build_id; /* %o %w %W %B, os-release(5) */
        const char *os_image_id, *os_image_version;                      /* %M %A */
        /* Not a specifier: how files of variables are read, as file_read(); NULL = they are not. @ret_stamp
         * is set in any case, all zero where there is no file. */
        int (*read_file)(const char *path, size_t max, FileStamp *ret_stamp, char **ret, size_t *ret_size);
} SpecifierContext;

/**
 * specifiers_expand() - @text with every specifier replaced, "%%" by "%"
 * @at: where @text begins, for messages
 *
 * Returns: 0; -EINVAL, with an error in @diag, for an unknown specifier or one that has no value here;
 * -ENOMEM. A "%" at the very end stays as it is, as in systemd. Free *ret.
 */
int specifiers_expand(const char *text, Where at, const SpecifierContext *context, Diag *diag, char **ret);
