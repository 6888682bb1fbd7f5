/* One pull: sources, tags, retries, import. */
#include "image/pull.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "basic/clock.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "image/pull-layout.h"
#include "image/reference.h"
#include "image/skopeo.h"
#include "image/store-internal.h"

typedef struct Pull {
        ImageStore *store;
        const PullRequest *request;
        void (*event)(const PullEvent *event, void *data);
        void *data;
        PullLayout layout;
        ImportReport report;
        bool spoilt; /* what is in the layout is of no use for another attempt */
} Pull;

static void tell(const PullEvent *e, void *data) {
        const Pull *p = data;

        if (p->event)
                p->event(e, p->data);
}

static void on_import(const char *step, unsigned index, unsigned count, uint64_t done, uint64_t total,
                      void *data) {
        PullEvent e = { .kind = PULL_EVENT_UNPACK, .done = done, .total = total };

        (void) snprintf(e.text, sizeof(e.text), "%u of %u", index, count);
        if (streq(step, "layer"))
                tell(&e, data);
}

static int import_layout(Pull *p, const char *source, Fault *fault) {
        const PullRequest *q = p->request;
        autoptr(Reference) ref = NULL;
        ImportRequest request = {
                .fd = p->layout.fd,
                .name = q->name ? q->name : source,
                .architecture = q->architecture,
                .progress = on_import,
                .data = p,
        };
        int r;

        /* What the registry calls by it, skopeo has compared with it. Its form in the layout may be another.
         */
        r = reference_parse(source, &ref);
        if (r < 0)
                return r;
        request.verified_digest = ref->digest;

        free(take_ptr(p->report.name));
        r = image_import(p->store, &request, &p->report, fault);
        p->spoilt = r < 0;
        return r;
}

static void wait_for_retry(const Pull *p, unsigned n, const Fault *fault) {
        usec_t delay = pull_retry_delay(p->request, n);
        struct timespec ts = { .tv_sec = (time_t) (delay / USEC_PER_SEC),
                               .tv_nsec = (long) (delay % USEC_PER_SEC * NSEC_PER_USEC) };
        PullEvent e = { .kind = PULL_EVENT_RETRY, .total = delay / USEC_PER_SEC };

        (void) snprintf(e.text, sizeof(e.text), "%s", fault->object);
        tell(&e, (void *) p);
        while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
                ;
}

/* Who waits to pull from the same place need not find that out again. */
static void tell_lost(const Pull *p, const char *source, const Fault *fault) {
        PullEvent e = { .kind = PULL_EVENT_LOST };

        if (!skopeo_unreachable(fault->object, source))
                return;
        (void) snprintf(e.text, sizeof(e.text), "%.*s", (int) (strrchr(source, '/') - source), source);
        tell(&e, (void *) p);
}

static int pull_source(Pull *p, const char *source, Fault *fault) {
        for (unsigned n = 0;; n++) {
                Fault found = {};
                int r;

                r = pull_layout_renew(&p->layout, p->store, &found);
                if (r == 0)
                        r = skopeo_copy(p->request, source, p->layout.fd, tell, p, &found);
                if (r == 0)
                        return import_layout(p, source, fault);

                p->spoilt = r == -ENOSPC || r == -EDQUOT;
                if (n >= p->request->retry || !skopeo_may_pass(r) || reference_path(source)) {
                        tell_lost(p, source, &found);
                        if (found.error < 0)
                                *fault = found;
                        return fault_set(fault, "pull", r, "%s", source);
                }
                wait_for_retry(p, n + 1, &found);
        }
}

static int pull_all_tags(Pull *p, const char *source, Fault *fault) {
        autostrv char **names = NULL;
        int r;

        r = skopeo_list_tags(p->request, source, &names, fault);
        STRV_FOREACH (name, names)
                if (r == 0)
                        r = pull_source(p, *name, fault);
        return r;
}

/* The first registry that has it. If none does, the first one's reason is the one that was meant to be. */
static int pull_sources(Pull *p, Fault *fault) {
        char *const *sources = p->request->sources;
        int result = -ENOENT;

        for (size_t i = 0; sources[i]; i++) {
                Fault found = {};
                int r = p->request->all_tags && !reference_path(sources[i])
                                ? pull_all_tags(p, sources[i], &found)
                                : pull_source(p, sources[i], &found);

                if (r == 0)
                        return 0;
                if (i == 0) {
                        *fault = found;
                        result = r;
                }
                if (p->spoilt || r == -ENOMEM || r == -ENOPKG)
                        return fault_set(fault, "pull", r, "%s", sources[i]);
        }
        if (sources[0] && sources[1])
                fault_advise(fault, "and %zu other registries do not have it either",
                             strv_length(sources) - 1);
        return result;
}

int image_pull(ImageStore *store, const PullRequest *q, void (*event)(const PullEvent *event, void *data),
               void *data, ImportReport *ret, Fault *fault) {
        Pull p = { .store = store, .request = q, .event = event, .data = data };
        autoclose int lock = store_lock(store, false);
        char key[65];
        int r;

        if (lock < 0)
                return fault_set(fault, "store", lock, "%s/lock", store->path);
        r = pull_layout_key(q, key);
        if (r == 0)
                r = pull_layout_open(store, key, &p.layout, fault);
        if (r == 0) {
                (void) signal(SIGPIPE, SIG_IGN);
                r = pull_sources(&p, fault);
        }
        pull_layout_close(&p.layout, r == 0 || p.spoilt);

        replace_fd(&lock, -EBADF);
        (void) image_store_collect(store, NULL);
        if (r < 0) {
                free(p.report.name);
                return fault_set(fault, "pull", r, "%s", q->sources[0]);
        }
        *ret = p.report;
        return 0;
}
