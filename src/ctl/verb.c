/* The table of verbs, and what every verb needs. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "build-config.h"
#include "ctl/suggest.h"
#include "ctl/verb.h"

#define ANY UINT_MAX

const Verb verbs[] = {
#define VERB(name_, least_, most_, function, completion_, arguments_, help_) \
        { name_, least_, most_, function, COMPLETE_##completion_, arguments_, help_ },
#define APART(function) verb_apart
#define GROUP(title)    { .help = title },
#include "ctl/verbs.def"
#undef VERB
#undef APART
#undef GROUP
};

const size_t n_verbs = ELEMENTSOF(verbs);

const Verb *verb_find(const char *name) {
        for (size_t i = 0; i < n_verbs; i++)
                if (streq_null(verbs[i].name, name))
                        return &verbs[i];
        return NULL;
}

const char **verb_names(void) {
        const char **names = calloc(n_verbs + 1, sizeof(*names));
        size_t n = 0;

        for (size_t i = 0; names && i < n_verbs; i++)
                if (verbs[i].name)
                        names[n++] = verbs[i].name;
        return names;
}

int verb_apart(Ctl *c, char **words) {
        autofree char *path = NULL;

        if (asprintf(&path, LIBEXECDIR "/nsctl-%s", words[0]) < 0) {
                path = NULL;
                return ctl_errno(-ENOMEM, "%s", words[0]);
        }
        (void) execv(path, c->argv);
        return ctl_errno(-errno, "cannot execute %s", path);
}

int ctl_end(Ctl *c, int status) {
        if (fflush(stdout) != 0 && status == STATUS_OK)
                status = ctl_errno(-errno, "cannot write");
        (void) nsunits_close(c->manager);
        manager_config_free(c->config);
        options_clear(&c->options);
        return status;
}

int ctl_error(const char *fmt, ...) {
        va_list ap;

        fflush(stdout);
        fputs("nsctl: ", stderr);
        va_start(ap, fmt);
        (void) vfprintf(stderr, fmt, ap);
        va_end(ap);
        fputc('\n', stderr);
        return STATUS_FAILED;
}

int ctl_errno(int r, const char *fmt, ...) {
        autofree char *what = NULL;
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vasprintf(&what, fmt, ap);
        va_end(ap);
        return ctl_error("%s: %s", n < 0 ? "?" : what, strerror(-r));
}

int ctl_unit_name(const char *typed, char **ret) {
        int r;

        r = unit_name_complete(typed, ret);
        if (r == -EINVAL)
                ctl_error("\"%s\" is not the name of a unit", typed);
        else if (r < 0)
                ctl_errno(r, "%s", typed);
        return r;
}

int ctl_no_unit(const char *name) {
        autofree char *near = suggest_unit(name);

        if (near)
                return ctl_error("there is no unit file for %s; did you mean \"%s\"?", name, near);
        return ctl_error("there is no unit file for %s", name);
}

int ctl_unit_names(char *const *typed, char ***ret) {
        autostrv char **names = NULL;
        int r;

        STRV_FOREACH (t, typed) {
                autofree char *name = NULL;

                r = ctl_unit_name(*t, &name);
                if (r < 0)
                        return r;
                if (strv_contains(names, name))
                        continue;
                r = strv_add(&names, name);
                if (r < 0)
                        return r;
        }

        *ret = take_ptr(names);
        return 0;
}

int ctl_lines(const Ctl *c, unsigned fallback, unsigned *ret) {
        uint32_t n = fallback;

        if (!c->options.lines) {
                *ret = fallback;
                return 0;
        }
        if (streq(c->options.lines, "all")) {
                *ret = UINT_MAX;
                return 0;
        }
        if (parse_u32_range(c->options.lines, 0, UINT_MAX - 1, &n) < 0) {
                ctl_error("--lines=%s is neither a number nor \"all\"", c->options.lines);
                return -EINVAL;
        }
        *ret = n;
        return 0;
}
