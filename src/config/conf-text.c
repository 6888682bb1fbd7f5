/*
 * libConfuse, behind one door. Every value is taken as text: meaning, ranges and messages are the
 * caller's. libConfuse hands no pointer of ours to its callbacks, so the parse in progress is parked
 * in one static.
 */
#include <confuse.h>
#include <errno.h>
#include <string.h>

#include "basic/macro.h"
#include "config/conf-scan.h"
#include "config/conf-text.h"

typedef struct Parse {
        const char *file;
        const ConfName *names;
        size_t n;
        unsigned *seen; /* per name: line of the first value, 0 before it */
        ConfValueFn fn;
        void *data;
        Diag *diag;
        bool failed;
        int error; /* what ended the reading */
} Parse;

static Parse *parsing;

static Where place(const cfg_t *cfg) {
        return (Where){ .file = parsing->file, .line = (unsigned) cfg->line };
}

static size_t find_name(const char *section, const char *name) {
        size_t i;

        for (i = 0; i < parsing->n; i++)
                if (streq(parsing->names[i].section, section) && streq(parsing->names[i].name, name))
                        break;
        return i;
}

/* Of libConfuse's CFG_PTR callback: 0 takes the value, anything else ends the parse. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result) {
        size_t i = find_name(cfg->name, opt->name);
        Where at = place(cfg);

        *(void **) result = NULL;
        if (i == parsing->n)
                return -1;

        /* The first value of an assignment finds the option empty: nothing else tells a second assignment,
         * which would win without a word, from the second value of a list. */
        if (parsing->seen[i] > 0 && opt->nvalues <= 1) {
                (void) diag_error(parsing->diag, at, -EINVAL, "\"%s\" is set twice, first in line %u",
                                  opt->name, parsing->seen[i]);
                parsing->failed = true;
                return 0;
        }
        if (parsing->seen[i] == 0)
                parsing->seen[i] = at.line;

        parsing->error = parsing->fn(i, value, at, parsing->data);
        return parsing->error < 0 ? -1 : 0;
}

static void suggest(const char *section, const char *word) {
        const char **words = calloc(parsing->n + 1, sizeof(*words));
        size_t n = 0;

        for (size_t i = 0; words && i < parsing->n; i++)
                if (!section)
                        words[n++] = parsing->names[i].section;
                else if (streq(parsing->names[i].section, section))
                        words[n++] = parsing->names[i].name;
        if (words)
                diag_did_you_mean(parsing->diag, word, words);
        free(words);
}

PRINTF_LIKE(2, 0)
static void on_error(cfg_t *cfg, const char *fmt, va_list ap) {
        autofree char *message = NULL;

        /* Our own refusal of a value has been told already. */
        if (parsing->error < 0)
                return;
        parsing->failed = true;

        if (streq(fmt, "no such option '%s'")) {
                bool top = streq(cfg->name, "root");
                const char *word = va_arg(ap, const char *);

                if (top)
                        (void) diag_error(parsing->diag, place(cfg), -EINVAL, "Unknown section \"%s\"", word);
                else
                        (void) diag_error(parsing->diag, place(cfg), -EINVAL,
                                          "Unknown option \"%s\" in section \"%s\"", word, cfg->name);
                suggest(top ? NULL : cfg->name, word);
                return;
        }

        if (vasprintf(&message, fmt, ap) < 0)
                message = NULL;
        (void) diag_error(parsing->diag, place(cfg), -EINVAL, "Syntax error: %s", strempty(message));
}

/* One array of options per section; cfg_init() copies them all. */
static cfg_t *make_parser(const ConfName *names, size_t n) {
        autofree cfg_opt_t *options = calloc(n * 2 + 1, sizeof(*options));
        autofree cfg_opt_t *sections = calloc(n + 1, sizeof(*sections));
        size_t n_options = 0, n_sections = 0;

        if (!options || !sections)
                return NULL;

        for (size_t i = 0; i < n; i++) {
                cfg_opt_t one = CFG_PTR_CB(names[i].name, NULL, CFGF_NONE, on_value, NULL);
                cfg_opt_t list = CFG_PTR_LIST_CB(names[i].name, NULL, CFGF_NONE, on_value, NULL);
                cfg_opt_t end = CFG_END();

                if (i == 0 || !streq(names[i].section, names[i - 1].section)) {
                        cfg_opt_t section = CFG_SEC(names[i].section, options + n_options, CFGF_NONE);

                        sections[n_sections++] = section;
                }
                options[n_options++] = names[i].list ? list : one;
                if (i + 1 == n || !streq(names[i].section, names[i + 1].section))
                        options[n_options++] = end;
        }
        sections[n_sections] = (cfg_opt_t) CFG_END();

        return cfg_init(sections, CFGF_NONE);
}

static int run(Parse *p, const char *text) {
        cfg_t *cfg = make_parser(p->names, p->n);
        int r;

        if (!cfg)
                return -ENOMEM;

        parsing = p;
        (void) cfg_set_error_function(cfg, on_error);
        r = cfg_parse_buf(cfg, text);
        /* It does not always say why it gave up: an empty name, for one, is left without a word. */
        if (r != CFG_SUCCESS && !p->failed && p->error == 0) {
                (void) diag_error(p->diag, place(cfg), -EINVAL, "Syntax error");
                p->failed = true;
        }
        (void) cfg_free(cfg);
        parsing = NULL;

        if (p->error < 0)
                return p->error;
        return p->failed ? -EINVAL : 0;
}

int conf_text_parse(const char *file, const char *text, size_t size, const ConfName *names, size_t n,
                    ConfValueFn fn, void *data, Diag *diag) {
        autofree unsigned *seen = calloc(n + 1, sizeof(*seen));
        autofree char *copy = NULL;
        Parse p = {
                .file = file, .names = names, .n = n, .seen = seen, .fn = fn, .data = data, .diag = diag
        };
        int r;

        if (memchr(text, '\0', size))
                return diag_error(diag, (Where){ .file = file }, -EINVAL, "NUL byte in the text");

        /* A newline at the end: a file need not have one, and an empty buffer cannot be opened as a stream.
         */
        if (!seen || asprintf(&copy, "%.*s\n", (int) size, text) < 0) {
                copy = NULL;
                return -ENOMEM;
        }

        r = conf_scan(file, copy, diag);
        if (r < 0)
                return r;
        return run(&p, copy);
}
