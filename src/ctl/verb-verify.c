/* nsctl verify: all mistakes of unit files, with file, line and column. Needs no manager, starts nothing. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/table.h"
#include "ctl/unit-files.h"
#include "ctl/verify.h"

/* One search path for all words that need the same; words of one directory share what is read. */
typedef struct Passes {
        Verify **items;
        size_t n;
        size_t mistakes; /* of the command line: told already */
} Passes;

static void passes_clear(Passes *p) {
        for (size_t i = 0; i < p->n; i++)
                verify_free(p->items[i]);
        free(p->items);
}

#define autopasses __attribute__((cleanup(passes_clear)))

static int find_pass(Passes *p, char *const *dirs, Verify **ret) {
        Verify **items;
        int r;

        for (size_t i = 0; i < p->n; i++)
                if (strv_equal(p->items[i]->dirs, dirs)) {
                        *ret = p->items[i];
                        return 0;
                }

        items = reallocarray(p->items, p->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        p->items = items;

        r = verify_new(dirs, ret);
        if (r == 0)
                p->items[p->n++] = *ret;
        return r;
}

static int refuse_name(const char *word, const char *name) {
        static const char *const kinds[] = {
#define X(id, text) text,
                UNIT_KIND_LIST(X)
#undef X
                        NULL
        };
        const char *dot = strrchr(name, '.'), *near = dot ? diag_nearest(dot + 1, kinds) : NULL;

        if (near)
                return ctl_error("%s: not the name of a unit file; did you mean \"%.*s.%s\"?", word,
                                 (int) (dot - name), name, near);
        return ctl_error("%s: not the name of a unit file", word);
}

/* A file outside the search path is read with its own directory before it, so that its neighbours count. */
static int add_file(Passes *p, const char *word) {
        autofree char *real = realpath(word, NULL), *path = NULL;
        autostrv char **dirs = NULL, **standard = NULL;
        bool bundle;
        Verify *v;
        char *slash;
        int r;

        if (!real)
                return ctl_errno(-errno, "%s", word);
        slash = strrchr(real, '/');
        bundle = endswith(real, ".quadlets") != NULL;
        if (!bundle && !unit_name_valid(slash + 1))
                return refuse_name(word, slash + 1);

        path = strdup(real);
        *slash = '\0';
        r = path ? strv_add(&dirs, slash == real ? "/" : real) : -ENOMEM;
        if (r == 0)
                r = unit_path_dirs(&standard);
        if (r == 0)
                r = strv_add_all(&dirs, standard);
        if (r == 0)
                r = find_pass(p, dirs, &v);
        if (r == 0)
                r = bundle ? verify_want_bundle(v, path) : verify_want(v, slash + 1);
        return r < 0 ? ctl_errno(r, "%s", word) : STATUS_OK;
}

static int add_directory(Passes *p, const char *word) {
        autofree char *real = realpath(word, NULL);
        autostrv char **dirs = NULL;
        Verify *v;
        int r;

        r = real ? strv_add(&dirs, real) : -errno;
        if (r == 0)
                r = find_pass(p, dirs, &v);
        if (r < 0)
                return ctl_errno(r, "%s", word);
        if (v->n == 0 && diag_count(unit_path_diag(v->path)) == 0)
                return ctl_error("%s: there are no unit files in this directory", word);

        verify_want_all(v);
        return STATUS_OK;
}

static int add_unit(Passes *p, const char *word) {
        autofree char *name = NULL;
        Verify *v;
        int r;

        if (ctl_unit_name(word, &name) < 0)
                return STATUS_FAILED;
        r = find_pass(p, NULL, &v);
        if (r == 0)
                r = verify_want(v, name);
        if (r == -ENOENT && access(word, F_OK) == 0)
                return ctl_error("there is no unit file for %s; the file in this directory is \"./%s\"", name,
                                 word);
        if (r == -ENOENT)
                return ctl_no_unit(name);
        return r < 0 ? ctl_errno(r, "%s", word) : STATUS_OK;
}

static int add_word(Passes *p, const char *word) {
        struct stat st;

        if (!strchr(word, '/') && !streq(word, ".") && !streq(word, ".."))
                return add_unit(p, word);
        if (stat(word, &st) < 0)
                return ctl_errno(-errno, "%s", word);
        return S_ISDIR(st.st_mode) ? add_directory(p, word) : add_file(p, word);
}

static int add_all(Passes *p) {
        Verify *v;
        int r;

        r = find_pass(p, NULL, &v);
        if (r < 0)
                return ctl_errno(r, "unit directories");
        verify_want_all(v);
        return STATUS_OK;
}

/* Messages as they are printed, or as JSON; and how many there were. */
typedef struct Report {
        bool json, quiet;
        json_t *items;
        size_t errors, warnings;
} Report;

static int report_item(Report *report, const DiagItem *item, const char *unit) {
        autofree char *text = NULL;

        if (item->severity == SEVERITY_ERROR)
                report->errors++;
        else
                report->warnings++;
        if (report->quiet && item->severity != SEVERITY_ERROR)
                return 0;
        if (report->json)
                return json_array_append_new(report->items,
                                             json_pack("{s:s?, s:i, s:i, s:s, s:s, s:s?, s:s?}", "file",
                                                       item->file, "line", (int) item->line, "column",
                                                       (int) item->column, "severity",
                                                       severity_to_string(item->severity), "message",
                                                       item->message, "hint", item->hint, "unit", unit)) < 0
                               ? -ENOMEM
                               : 0;

        text = diag_item_to_string(item);
        if (!text)
                return -ENOMEM;
        puts(text);
        return 0;
}

static int report_diag(Report *report, const Diag *diag, const char *unit) {
        int r = 0;

        for (size_t i = 0; i < diag_count(diag) && r == 0; i++)
                r = report_item(report, diag_get(diag, i), unit);
        return r;
}

/* Mistakes by which units are not even known. */
static int report_bundles(Report *report, const Verify *v) {
        const Diag *diag = unit_path_diag(v->path);
        int r = 0;

        for (size_t i = 0; i < diag_count(diag) && r == 0; i++)
                if (v->all || (v->bundle && streq_null(diag_get(diag, i)->file, v->bundle)))
                        r = report_item(report, diag_get(diag, i), NULL);
        return r;
}

static int report_unit(Report *report, const VerifyUnit *u) {
        if (!u->wanted)
                return 0;
        /* A link that leads nowhere, a directory of that name: nothing that the text could say. */
        if (u->result < 0 && u->result != -ERFKILL && diag_count_errors(u->diag) == 0)
                (void) diag_error(u->diag, (Where){ .file = u->name }, u->result, "cannot be read: %s",
                                  u->result == -EBADFD ? "not a regular file" : strerror(-u->result));
        diag_sort(u->diag);
        return report_diag(report, u->diag, u->name);
}

static int run(Ctl *c, Passes *p, Report *report) {
        autoptr(HostSpecifiers) host = host_specifiers_new();
        autoptr(ManagerConfig) config = NULL;
        autoptr(Diag) diag = diag_new();
        int r;

        if (!host || !diag)
                return -ENOMEM;
        /* The configuration is part of what a start depends on. */
        r = manager_config_load(c->options.config, diag, &config);
        if (r == -ENOMEM)
                return r;
        r = report_diag(report, diag, NULL);

        for (size_t i = 0; i < p->n && r == 0; i++) {
                r = report_bundles(report, p->items[i]);
                if (r == 0)
                        r = verify_run(p->items[i], host, config, !c->options.no_host);
                for (size_t k = 0; k < p->items[i]->n && r == 0; k++)
                        r = report_unit(report, &p->items[i]->units[k]);
        }
        return r;
}

int verb_verify(Ctl *c, char **words) {
        Report report = { .json = c->options.json, .quiet = c->options.quiet };
        autojson json_t *items = json_array();
        autopasses Passes p = {};
        int r;

        if (!words[1])
                p.mistakes += add_all(&p) != STATUS_OK;
        STRV_FOREACH (w, words + 1)
                p.mistakes += add_word(&p, *w) != STATUS_OK;

        report.items = items;
        r = items ? run(c, &p, &report) : -ENOMEM;
        if (r < 0)
                return ctl_errno(r, "verify");
        if (report.json && json_print(items) != STATUS_OK)
                return STATUS_FAILED;
        return p.mistakes > 0 || report.errors > 0 || (c->options.strict && report.warnings > 0)
                       ? STATUS_FAILED
                       : STATUS_OK;
}
