/* The table of pulls and builds. */
#include "manager/pull.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "basic/log.h"
#include "image/digest.h"
#include "manager/internal.h"

struct PullWaiter {
        TAILQ_ENTRY(PullWaiter) link;
        Pull *pull;
        PullWatch watch;
};

struct Pull {
        Manager *manager;
        char key[65];
        Worker *worker; /* NULL when it has ended */
        TAILQ_HEAD(, PullWaiter) waiters;
        UT_hash_handle hh;
};

static void forget(Pull *p) {
        HASH_DEL(p->manager->pulls, p);
}

static void on_line(const char *line, void *data) {
        Pull *p = data;
        PullWaiter *w;
        PullEvent e;

        if (pull_event_parse(line, &e) < 0)
                return;
        TAILQ_FOREACH (w, &p->waiters, link)
                if (w->watch.event)
                        w->watch.event(&e, w->watch.data);
}

static void on_end(int r, const char *text, void *data) {
        autofree Pull *p = data;
        PullWaiter *w;

        /* Who is told may ask for the same again, and make others go who wait for it. */
        forget(p);
        p->worker = NULL;
        while ((w = TAILQ_FIRST(&p->waiters))) {
                const PullWatch watch = w->watch;

                TAILQ_REMOVE(&p->waiters, w, link);
                free(w);
                watch.done(r, text, watch.data);
        }
}

/* What a worker is asked for. */
typedef struct Work {
        const char *verb, *text;
        char key[65];
        const char *name; /* for people */
        int log_fd;       /* 0 = that of the manager */
} Work;

static int begin(Manager *m, const Work *work, Pull **ret) {
        char *args[] = { (char *) work->verb, m->config->paths.store, (char *) "fd:3", NULL };
        autofree Pull *p = calloc(1, sizeof(*p));
        WorkerCall call = {
                .args = args, .line = on_line, .reply = on_end, .data = p, .log_fd = work->log_fd
        };
        autoclose int fd = -EBADF;
        int r;

        if (!p)
                return -ENOMEM;
        p->manager = m;
        TAILQ_INIT(&p->waiters);
        (void) strcpy(p->key, work->key);

        fd = worker_input(work->text);
        if (fd < 0)
                return fd;
        call.fd = fd;
        r = worker_run(m, &call, &p->worker);
        if (r < 0)
                return r;
        HASH_ADD_STR(m->pulls, key, p);
        log_debug("%s of %s begins", work->verb, work->name);
        *ret = take_ptr(p);
        return 0;
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
        return 0;
}

int pull_join(Manager *m, const PullRequest *q, const PullWatch *watch, PullWaiter **ret) {
        Work work = { .verb = "pull", .name = q->sources[0] };
        autofree char *text = NULL;
        int r;

        r = pull_request_to_text(q, &text);
        if (r == 0)
                r = pull_request_key(q, work.key);
        work.text = text;
        return r < 0 ? r : join(m, &work, watch, ret);
}

int pull_join_build(Manager *m, const BuildRequest *q, int log_fd, const PullWatch *watch, PullWaiter **ret) {
        Work work = { .verb = "build", .name = q->names[0], .log_fd = log_fd };
        autofree char *text = NULL;
        int r;

        r = build_request_to_text(q, &text);
        if (r == 0)
                r = digest_of(text, strlen(text), work.key);
        work.text = text;
        return r < 0 ? r : join(m, &work, watch, ret);
}

void pull_leave(PullWaiter *w) {
        Pull *p;

        if (!w)
                return;
        p = w->pull;
        TAILQ_REMOVE(&p->waiters, w, link);
        free(w);
        if (!TAILQ_EMPTY(&p->waiters) || !p->worker)
                return;

        log_debug("nobody waits for an image any more");
        worker_cancel(p->worker);
        forget(p);
        free(p);
}

void manager_pull_free_all(Manager *m) {
        Pull *p, *next;

        HASH_ITER (hh, m->pulls, p, next) {
                PullWaiter *w;

                while ((w = TAILQ_FIRST(&p->waiters))) {
                        TAILQ_REMOVE(&p->waiters, w, link);
                        free(w);
                }
                worker_cancel(p->worker);
                forget(p);
                free(p);
        }
}
