/* The table of pulls and builds. */
#include "manager/pull.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "basic/log.h"
#include "basic/strv.h"
#include "image/reference.h"
#include "manager/internal.h"

struct PullWaiter {
        TAILQ_ENTRY(PullWaiter) link;
        Pull *pull;
        PullWatch watch;
};

struct Pull {
        Manager *manager;
        char *key;      /* what it is asked for, as text */
        Worker *worker; /* NULL when it has ended, or waits */
        int request_fd; /* what it is to do; -EBADF once it is being done */
        int log_fd;     /* of a build: where it says what it does; -EBADF of a pull */
        char **sources; /* of a pull, as in its request; so is the next one */
        bool no_tls_verify;
        usec_t gives_up; /* when its retries would be over, had it begun when it was asked for */
        char **lost;     /* places at which it has found nobody */
        TAILQ_HEAD(, PullWaiter) waiters;
        UT_hash_handle hh;
};

static void pull_free(Pull *p) {
        if (!p)
                return;

        free(p->key);
        strv_free(p->sources);
        strv_free(p->lost);
        cleanup_close_(&p->request_fd);
        cleanup_close_(&p->log_fd);
        free(p);
}

AUTOPTR_DEFINE(Pull, pull_free);

static bool is_build(const Pull *p) {
        return p->log_fd >= 0;
}

static void forget(Pull *p) {
        HASH_DEL(p->manager->pulls, p);
}

static void on_line(const char *line, void *data) {
        Pull *p = data;
        PullWaiter *w;
        PullEvent e;

        if (pull_event_parse(line, &e) < 0)
                return;
        if (e.kind == PULL_EVENT_LOST) {
                (void) strv_add(&p->lost, e.text);
                return;
        }
        TAILQ_FOREACH (w, &p->waiters, link)
                if (w->watch.event)
                        w->watch.event(&e, w->watch.data);
}

static void run_waiting(Manager *m, bool build);

/* Who is told may ask for the same again, and make others go who wait for it. */
static void tell_end(Pull *p, int r, const char *text) {
        PullWaiter *w;

        forget(p);
        p->worker = NULL;
        replace_fd(&p->request_fd, -EBADF);
        while ((w = TAILQ_FIRST(&p->waiters))) {
                const PullWatch watch = w->watch;

                TAILQ_REMOVE(&p->waiters, w, link);
                free(w);
                watch.done(r, text, watch.data);
        }
}

static bool is_lost(const char *source, char *const *places) {
        STRV_FOREACH (place, places)
                if (reference_is_at(source, *place))
                        return true;
        return false;
}

/* What another one has found out is the answer for those that would have found it out, and given up, by now.
 */
static bool is_answered(const Pull *p, const Pull *by, usec_t now) {
        if (p->worker || !p->sources || p->gives_up > now || p->no_tls_verify != by->no_tls_verify)
                return false;
        STRV_FOREACH (source, p->sources)
                if (!is_lost(*source, by->lost))
                        return false;
        return true;
}

static void answer_waiting(const Pull *by, int r, const char *text) {
        const usec_t now = clock_now(CLOCK_MONOTONIC);
        autofree char *name = NULL;
        const char *reason;
        Pull *p;

        if (!by->lost || asprintf(&name, "pull %s: ", by->sources[0]) < 0) {
                name = NULL;
                return;
        }
        reason = startswith(text, name);
        do {
                for (p = by->manager->pulls; p && !is_answered(p, by, now); p = p->hh.next)
                        ;
                if (p) {
                        autoptr(Pull) answered = p;
                        autofree char *words = NULL;

                        if (asprintf(&words, "pull %s: %s", p->sources[0], reason ? reason : text) < 0)
                                words = NULL;
                        tell_end(p, r, words ? words : text);
                }
        } while (p);
}

static void on_end(int r, const char *text, void *data) {
        autoptr(Pull) p = data;
        Manager *m = p->manager;
        bool build = is_build(p);

        tell_end(p, r, text);
        if (r < 0)
                answer_waiting(p, r, text);
        run_waiting(m, build);
}

static int run(Pull *p) {
        Manager *m = p->manager;
        char *args[] = { (char *) "pull", m->config->paths.store, (char *) "fd:3", NULL, NULL };
        autoclose int fd = take_fd(p->request_fd);
        WorkerCall call = { .program = PROGRAM_ARCHIVER,
                            .args = args,
                            .fd = fd,
                            .line = on_line,
                            .reply = on_end,
                            .data = p };

        if (is_build(p)) {
                args[0] = (char *) "build";
                args[3] = (char *) "fd:4";
                call.more_fds = &p->log_fd;
                call.n_more_fds = 1;
        }
        return worker_run(m, &call, &p->worker);
}

/* The manager's table is in the order in which its members came. */
static Pull *first_waiting(const Manager *m, bool build, unsigned *ret_running) {
        Pull *first = NULL;

        *ret_running = 0;
        for (Pull *p = m->pulls; p; p = p->hh.next) {
                if (is_build(p) != build)
                        continue;
                if (p->worker)
                        (*ret_running)++;
                else if (!first)
                        first = p;
        }
        return first;
}

/* buildah's store belongs to one build. */
static unsigned most_of(const Manager *m, bool build) {
        return build ? 1 : m->config->image.parallel_pulls;
}

static void run_waiting(Manager *m, bool build) {
        const unsigned most = most_of(m, build);
        unsigned running;
        Pull *p;

        while ((p = first_waiting(m, build, &running)) && (most == 0 || running < most)) {
                int r = run(p);

                if (r < 0) {
                        on_end(r, strerror(-r), p);
                        return; /* that has gone on from here */
                }
        }
}

/* What a worker is asked for. */
typedef struct Work {
        const char *text;
        const char *key; /* the same for all that one worker can serve */
        int log_fd;      /* -EBADF = it is a pull */
        const PullRequest *request;
} Work;

static int add(Manager *m, const Work *work, Pull **ret) {
        autoptr(Pull) p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        p->manager = m;
        p->log_fd = -EBADF;
        TAILQ_INIT(&p->waiters);
        p->key = strdup(work->key);
        if (!p->key)
                return -ENOMEM;
        if (work->request) {
                if (strv_copy(work->request->sources, &p->sources) < 0)
                        return -ENOMEM;
                p->no_tls_verify = work->request->no_tls_verify;
                p->gives_up = clock_now(CLOCK_MONOTONIC) + pull_patience(work->request);
        }
        p->request_fd = worker_input(work->text);
        if (p->request_fd < 0)
                return p->request_fd;
        if (work->log_fd >= 0) {
                p->log_fd = fcntl(work->log_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
                if (p->log_fd < 0)
                        return -errno;
        }
        HASH_ADD_KEYPTR(hh, m->pulls, p->key, strlen(p->key), p);
        *ret = take_ptr(p);
        return 0;
}

/* At once if there is a place for it. */
static int begin(Manager *m, const Work *work, Pull **ret) {
        const bool build = work->log_fd >= 0;
        const unsigned most = most_of(m, build);
        unsigned running;
        Pull *p = NULL;
        int r;

        r = add(m, work, &p);
        if (r < 0)
                return r;
        if (first_waiting(m, build, &running) == p && (most == 0 || running < most)) {
                r = run(p);
                if (r < 0) {
                        forget(p);
                        pull_free(p);
                        return r;
                }
        }
        *ret = p;
        return 0;
}

static void tell_waiting(const Pull *p, const PullWatch *watch) {
        PullEvent e = { .kind = PULL_EVENT_WAIT };
        unsigned running;

        if (p->worker || !watch->event)
                return;
        (void) first_waiting(p->manager, is_build(p), &running);
        e.total = running;
        watch->event(&e, watch->data);
}

static int join(Manager *m, const Work *work, const PullWatch *watch, PullWaiter **ret) {
        PullWaiter *w = calloc(1, sizeof(*w));
        Pull *p = NULL;
        int r;

        if (!w)
                return -ENOMEM;
        HASH_FIND_STR(m->pulls, work->key, p);
        r = p ? 0 : begin(m, work, &p);
        if (r < 0) {
                free(w);
                return r;
        }

        w->pull = p;
        w->watch = *watch;
        TAILQ_INSERT_TAIL(&p->waiters, w, link);
        *ret = w;
        tell_waiting(p, watch);
        return 0;
}

int pull_join(Manager *m, const PullRequest *q, const PullWatch *watch, PullWaiter **ret) {
        Work work = { .log_fd = -EBADF, .request = q };
        autofree char *text = NULL, *key = NULL;
        int r;

        r = pull_request_to_text(q, &text);
        if (r == 0)
                r = pull_request_identity(q, &key);
        if (r < 0)
                return r;
        log_debug("pulling %s", q->sources[0]);
        work.text = text;
        work.key = key;
        return join(m, &work, watch, ret);
}

int pull_join_build(Manager *m, const BuildRequest *q, int log_fd, const PullWatch *watch, PullWaiter **ret) {
        Work work = { .log_fd = log_fd };
        autofree char *text = NULL;
        int r;

        r = build_request_to_text(q, &text);
        if (r < 0)
                return r;
        log_debug("building %s", q->names[0]);
        work.text = work.key = text;
        return join(m, &work, watch, ret);
}

void pull_leave(PullWaiter *w) {
        Manager *m;
        bool build;
        Pull *p;

        if (!w)
                return;
        p = w->pull;
        m = p->manager;
        build = is_build(p);
        TAILQ_REMOVE(&p->waiters, w, link);
        free(w);
        /* It is being told its end. */
        if (!TAILQ_EMPTY(&p->waiters) || (!p->worker && p->request_fd < 0))
                return;

        log_debug("nobody waits for an image any more");
        if (p->worker)
                worker_cancel(p->worker);
        forget(p);
        pull_free(p);
        run_waiting(m, build);
}

void manager_pull_free_all(Manager *m) {
        Pull *p, *next;

        HASH_ITER (hh, m->pulls, p, next) {
                PullWaiter *w;

                while ((w = TAILQ_FIRST(&p->waiters))) {
                        TAILQ_REMOVE(&p->waiters, w, link);
                        free(w);
                }
                if (p->worker)
                        worker_cancel(p->worker);
                forget(p);
                pull_free(p);
        }
}
