/* The table of pulls. */
#include "manager/pull.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/queue.h>

#include "basic/log.h"
#include "manager/internal.h"

struct PullWaiter {
        TAILQ_ENTRY(PullWaiter) link;
        Pull *pull;
        PullWatch watch;
};

struct Pull {
        Manager *manager;
        char key[65];
        Worker *worker; /* NULL when it has ended, or waits */
        int request_fd; /* what it is to do; -EBADF once it is being done */
        TAILQ_HEAD(, PullWaiter) waiters;
        UT_hash_handle hh;
};

static void pull_free(Pull *p) {
        if (!p)
                return;

        cleanup_close_(&p->request_fd);
        free(p);
}

AUTOPTR_DEFINE(Pull, pull_free);

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

static void run_waiting(Manager *m);

static void on_end(int r, const char *text, void *data) {
        autoptr(Pull) p = data;
        Manager *m = p->manager;
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
        run_waiting(m);
}

static int request_fd(const PullRequest *q) {
        autoclose int fd = memfd_create("nsunits-pull", MFD_CLOEXEC);
        autofree char *text = NULL;
        int r;

        if (fd < 0)
                return -errno;
        r = pull_request_to_text(q, &text);
        if (r < 0)
                return r;
        if (write(fd, text, strlen(text)) != (ssize_t) strlen(text) || lseek(fd, 0, SEEK_SET) < 0)
                return -EIO;
        return take_fd(fd);
}

static int run(Pull *p) {
        Manager *m = p->manager;
        char *args[] = { (char *) "pull", m->config->paths.store, (char *) "fd:3", NULL };
        autoclose int fd = take_fd(p->request_fd);
        const WorkerCall call = { .args = args, .fd = fd, .line = on_line, .reply = on_end, .data = p };

        return worker_run(m, &call, &p->worker);
}

/* The manager's table is in the order in which its members came. */
static Pull *first_waiting(const Manager *m, unsigned *ret_running) {
        Pull *first = NULL;

        *ret_running = 0;
        for (Pull *p = m->pulls; p; p = p->hh.next) {
                if (p->worker)
                        (*ret_running)++;
                else if (!first)
                        first = p;
        }
        return first;
}

static void run_waiting(Manager *m) {
        const unsigned most = m->config->image.parallel_pulls;
        unsigned running;
        Pull *p;

        while ((p = first_waiting(m, &running)) && (most == 0 || running < most)) {
                int r = run(p);

                if (r < 0) {
                        on_end(r, strerror(-r), p);
                        return; /* that has gone on from here */
                }
        }
}

static int add(Manager *m, const PullRequest *q, const char *key, Pull **ret) {
        autoptr(Pull) p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        p->manager = m;
        TAILQ_INIT(&p->waiters);
        (void) strcpy(p->key, key);
        p->request_fd = request_fd(q);
        if (p->request_fd < 0)
                return p->request_fd;
        HASH_ADD_STR(m->pulls, key, p);
        log_debug("pulling %s", q->sources[0]);
        *ret = take_ptr(p);
        return 0;
}

/* At once if there is a place for it. */
static int begin(Manager *m, const PullRequest *q, const char *key, Pull **ret) {
        const unsigned most = m->config->image.parallel_pulls;
        unsigned running;
        Pull *p;
        int r;

        r = add(m, q, key, &p);
        if (r < 0)
                return r;
        if (first_waiting(m, &running) == p && (most == 0 || running < most)) {
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
        (void) first_waiting(p->manager, &running);
        e.total = running;
        watch->event(&e, watch->data);
}

int pull_join(Manager *m, const PullRequest *q, const PullWatch *watch, PullWaiter **ret) {
        PullWaiter *w = NULL;
        Pull *p = NULL;
        char key[65];
        int r;

        r = pull_request_key(q, key);
        if (r < 0)
                return r;
        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        HASH_FIND_STR(m->pulls, key, p);
        r = p ? 0 : begin(m, q, key, &p);
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

void pull_leave(PullWaiter *w) {
        Manager *m;
        Pull *p;

        if (!w)
                return;
        p = w->pull;
        m = p->manager;
        TAILQ_REMOVE(&p->waiters, w, link);
        free(w);
        /* It is being told its end. */
        if (!TAILQ_EMPTY(&p->waiters) || (!p->worker && p->request_fd < 0))
                return;

        log_debug("nobody waits for a pull any more");
        if (p->worker)
                worker_cancel(p->worker);
        forget(p);
        pull_free(p);
        run_waiting(m);
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
