/* Words of a command line to an import or a removal, and its course as lines of JSON. */
#include "image/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/clock.h"
#include "basic/file.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "image/build.h"
#include "image/check.h"
#include "image/commit.h"
#include "image/compare.h"
#include "image/export.h"
#include "image/import.h"
#include "image/json.h"
#include "image/manifest.h"
#include "image/pull.h"
#include "image/store-internal.h"
#include "image/usage.h"
#include "spec/worker-line.h"

enum {
        EXIT_GOOD = 0,
        EXIT_FAILED = 1,
        EXIT_USAGE = 2,
};

/* Progress is told ten times a second at most. */
#define PROGRESS_USEC (100 * USEC_PER_MSEC)

static void on_progress(const char *step, unsigned index, unsigned count, uint64_t done, uint64_t total,
                        void *data) {
        usec_t *last = data, now = clock_now(CLOCK_MONOTONIC);

        if (now - *last < PROGRESS_USEC)
                return;
        *last = now;
        (void) worker_line_print(json_pack("{s:{s:s, s:i, s:i, s:I, s:I}}", "progress", "step", step, "index",
                                           (int) index, "count", (int) count, "done", (json_int_t) done,
                                           "total", (json_int_t) total));
}

static int words_parse(const char *text, char ***to) {
        autojson json_t *j = NULL;
        char **words;
        int r;

        r = json_parse_text(text, strlen(text), "option", &j, NULL);
        if (r == 0)
                r = json_copy_strv(j, &words);
        if (r < 0)
                return r;
        strv_free(*to);
        *to = words;
        return 0;
}

static int text_set(const char *text, char **to) {
        char *copy = strdup(text);

        if (!copy)
                return -ENOMEM;
        free(*to);
        *to = copy;
        return 0;
}

static int option_take(ImageConfig *c, const char *word) {
        const char *value;

        value = startswith(word, "--entrypoint=");
        if (value)
                return words_parse(value, &c->entrypoint);
        value = startswith(word, "--cmd=");
        if (value)
                return words_parse(value, &c->cmd);
        value = startswith(word, "--env=");
        if (value)
                return strchr(value, '=') ? strv_env_set(&c->env, value) : -EINVAL;
        value = startswith(word, "--user=");
        if (value)
                return text_set(value, &c->user);
        value = startswith(word, "--working-dir=");
        return value ? text_set(value, &c->working_dir) : -EINVAL;
}

/* The last line; frees what the report owns. */
static int report_print(ImportReport *report) {
        int r = worker_line_print(
                json_pack("{s:s, s:s*, s:i, s:i, s:I, s:I, s:I, s:I}", "id", report->id, "name", report->name,
                          "layers_new", (int) report->layers_new, "layers_known", (int) report->layers_known,
                          "entries", (json_int_t) report->entries, "devices", (json_int_t) report->devices,
                          "sockets", (json_int_t) report->sockets, "xattrs", (json_int_t) report->xattrs));

        free(report->name);
        return r;
}

static int do_import(ImageStore *store, int argc, char **argv, Fault *fault) {
        autoptr(ImageConfig) config = calloc(1, sizeof(*config));
        ImportRequest request = { .fd = -EBADF, .name = argv[0], .config = config, .progress = on_progress };
        const char *number = startswith(argv[1], "fd:");
        ImportReport report = {};
        usec_t last = 0;
        int r;

        if (!config)
                return -ENOMEM;
        for (int i = 2; i < argc; i++) {
                r = option_take(config, argv[i]);
                if (r < 0)
                        return fault_set(fault, "option", r, "%.200s", argv[i]);
        }
        if (number) {
                r = parse_int(number, &request.fd);
                if (r < 0)
                        return fault_set(fault, "option", r, "%.200s", argv[1]);
        } else
                request.path = argv[1];
        request.data = &last;

        r = image_import(store, &request, &report, fault);
        return r < 0 ? r : report_print(&report);
}

static void on_event(const PullEvent *e, void *data) {
        usec_t *last = data, now = clock_now(CLOCK_MONOTONIC);

        if (e->kind == PULL_EVENT_UNPACK && now - *last < PROGRESS_USEC)
                return;
        *last = now;
        /* Nobody listens: the manager died before this process could ask to be told. */
        if (pull_event_print(e) < 0)
                _exit(EXIT_FAILED);
}

/* What a manager waits for ends with it: the next one begins again. */
static int request_read(const char *word, char **ret, size_t *ret_size, Fault *fault) {
        const char *number = startswith(word, "fd:");
        int fd, r;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);

        r = number ? parse_int(number, &fd) : -EINVAL;
        if (r == 0)
                r = file_read_fd(fd, MANIFEST_MAX, ret, ret_size);
        return r < 0 ? fault_set(fault, "option", r, "%.200s", word) : 0;
}

static int do_build(ImageStore *store, int argc, char **argv, Fault *fault) {
        const char *number = startswith(argv[1], "fd:");
        autoptr(BuildRequest) request = NULL;
        autofree char *text = NULL;
        ImportReport report = {};
        usec_t last = 0;
        size_t size;
        int log_fd, r;

        r = number ? parse_int(number, &log_fd) : -EINVAL;
        if (r < 0 || dup2(log_fd, STDERR_FILENO) < 0)
                return fault_set(fault, "option", r < 0 ? r : -errno, "%.200s", argv[1]);
        r = request_read(argv[0], &text, &size, fault);
        if (r == 0)
                r = build_request_parse(text, size, &request, fault);
        if (r == 0)
                r = image_build(store, request, on_event, &last, &report, fault);
        return r < 0 ? r : report_print(&report);
}

static int do_pull(ImageStore *store, int argc, char **argv, Fault *fault) {
        autoptr(PullRequest) request = NULL;
        autofree char *text = NULL;
        ImportReport report = {};
        usec_t last = 0;
        size_t size;
        int r;

        r = request_read(argv[0], &text, &size, fault);
        if (r == 0)
                r = pull_request_parse(text, size, &request, fault);
        if (r < 0)
                return r;

        r = image_pull(store, request, on_event, &last, &report, fault);
        return r < 0 ? r : report_print(&report);
}

static int do_compare(ImageStore *store, int argc, char **argv, Fault *fault) {
        autoptr(PullRequest) request = NULL;
        autofree char *text = NULL;
        bool newer = false;
        size_t size;
        int r;

        r = request_read(argv[0], &text, &size, fault);
        if (r == 0)
                r = pull_request_parse(text, size, &request, fault);
        if (r == 0)
                r = image_compare(store, request, argv[1], &newer, fault);
        return r < 0 ? r : worker_line_print(json_pack("{s:s}", "id", newer ? WORKER_NEWER : WORKER_SAME));
}

static int do_commit(ImageStore *store, int argc, char **argv, Fault *fault) {
        const char *number = startswith(argv[2], "fd:");
        CommitRequest request = { .base = argv[0], .name = argv[1], .comment = argv[3] };
        ImportReport report = {};
        int r;

        r = number ? parse_int(number, &request.fd) : -EINVAL;
        if (r < 0)
                return fault_set(fault, "option", r, "%.200s", argv[2]);
        r = image_commit(store, &request, &report, fault);
        return r < 0 ? r : report_print(&report);
}

/* Results of any length go to the descriptor that the caller has given. */
static int result_write(const char *place, const char *text, Fault *fault) {
        const char *number = startswith(place, "fd:");
        int fd, r;

        r = number ? parse_int(number, &fd) : -EINVAL;
        if (r < 0)
                return fault_set(fault, "option", r, "%.200s", place);
        r = file_write_all(fd, text, strlen(text));
        return r < 0 ? fault_set(fault, "write", r, "the result") : worker_line_done();
}

static int do_export(ImageStore *store, int argc, char **argv, Fault *fault) {
        const char *number = startswith(argv[1], "fd:");
        int fd, r;

        r = number ? parse_int(number, &fd) : -EINVAL;
        if (r < 0)
                return fault_set(fault, "option", r, "%.200s", argv[1]);
        (void) signal(SIGPIPE, SIG_IGN);
        r = image_export(store, argv[0], fd, fault);
        return r < 0 ? r : worker_line_done();
}

static int do_check(ImageStore *store, int argc, char **argv, Fault *fault) {
        bool repair = argc > 1 && streq(argv[1], "repair");
        autofree char *text = NULL;
        int r;

        if (argc > 1 && !repair)
                return fault_set(fault, "option", -EINVAL, "%.200s", argv[1]);
        r = image_store_check(store, repair, repair ? argv + 2 : NULL, &text, fault);
        return r < 0 ? r : result_write(argv[0], text, fault);
}

static int do_usage(ImageStore *store, int argc, char **argv, Fault *fault) {
        autofree char *text = NULL;
        int r;

        r = store_usage(store->path, &text, fault);
        return r < 0 ? r : result_write(argv[0], text, fault);
}

static int do_remove(ImageStore *store, int argc, char **argv, Fault *fault) {
        int r;

        r = image_store_remove(store, argv[0], argv + 1, fault);
        if (r < 0)
                return r;
        r = image_store_collect(store, fault);
        return r < 0 ? r : worker_line_done();
}

int image_worker_main(int argc, char **argv) {
        static const struct {
                const char *verb;
                int min, max; /* words behind STORE */
                int (*fn)(ImageStore *store, int argc, char **argv, Fault *fault);
        } verbs[] = {
                { "build", 2, 2, do_build },
                { "import", 2, 1000, do_import },
                { "pull", 1, 1, do_pull },
                { "compare", 2, 2, do_compare },
                { "commit", 4, 4, do_commit },
                { "export", 2, 2, do_export },
                { "check", 1, 1000 * 1000, do_check },
                { "usage", 1, 1, do_usage },
                { "remove", 1, 1000 * 1000, do_remove },
        };

        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                autoptr(ImageStore) store = NULL;
                Fault fault = {};
                int r;

                if (argc < 2 || !streq(argv[0], verbs[i].verb))
                        continue;
                if (argc - 2 < verbs[i].min || argc - 2 > verbs[i].max)
                        return EXIT_USAGE;

                r = image_store_open(argv[1], &store, &fault);
                if (r == 0)
                        r = verbs[i].fn(store, argc - 2, argv + 2, &fault);
                if (r < 0)
                        (void) fault_set(&fault, verbs[i].verb, r, NULL);
                if (r < 0)
                        worker_line_fault(&fault);
                return r < 0 ? EXIT_FAILED : EXIT_GOOD;
        }
        return EXIT_USAGE;
}
