/*
 * Network namespaces that are ready: when they are made, and when they are of no use any more.
 *
 * They must look as if they had been made for the start that takes them. So they go when the host changes one
 * of the settings that the kernel gives to new ones.
 */
#include "manager/spares.h"

#include <sys/inotify.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/macro.h"
#include "manager/internal.h"
#include "manager/priority.h"

/* Between a start and the making of the next one: a crowd that is being started needs the processors. */
#define QUIET (100 * USEC_PER_MSEC)

/* Where the host's settings are, some of which new network namespaces inherit. */
static const char *const inherited[] = {
        "/proc/sys/net/core",          "/proc/sys/net/ipv4",
        "/proc/sys/net/ipv4/conf/all", "/proc/sys/net/ipv4/conf/default",
        "/proc/sys/net/ipv6/conf/all", "/proc/sys/net/ipv6/conf/default",
};

struct Spares {
        Manager *manager;
        sd_event_source *quiet, *make;
        sd_event_source *watches[ELEMENTSOF(inherited)];
        bool users;  /* what the last start asked for */
        bool failed; /* which was told */
        unsigned size, n;
        Spare items[]; /* the oldest first */
};

static void spare_drop(Manager *m, Spare *spare) {
        if (spare->id_base > 0)
                id_pool_give(&m->ids, m->config, spare->id_base);
        cleanup_close_(&spare->netns_fd);
        cleanup_close_(&spare->userns_fd);
}

/* The oldest, until no more than @n are left. */
static void shrink(Spares *s, unsigned n) {
        if (s->n <= n)
                return;
        for (unsigned i = 0; i < s->n - n; i++)
                spare_drop(s->manager, &s->items[i]);
        memmove(s->items, s->items + s->n - n, n * sizeof(*s->items));
        s->n = n;
}

static void schedule(Spares *s) {
        (void) sd_event_source_set_enabled(s->make, SD_EVENT_OFF);
        (void) sd_event_source_set_time(s->quiet, usec_add(clock_now(CLOCK_MONOTONIC), QUIET));
        (void) sd_event_source_set_enabled(s->quiet, SD_EVENT_ONESHOT);
}

static int make_with_users(Manager *m, Spare *spare, Fault *fault) {
        NetnsBirth *birth = NULL;
        IdMap ids = {};
        int r;

        r = id_pool_take(&m->ids, m->config, &spare->id_base, fault);
        if (r == 0)
                r = id_map_range(&ids, spare->id_base, m->config->users.id_count);
        if (r == 0)
                r = spare->userns_fd = fd_move_up(userns_create(&ids, &birth, fault));
        if (r >= 0)
                r = spare->netns_fd = fd_move_up(netns_finish(birth, fault));
        id_map_clear(&ids);
        return r;
}

static int make_one(Spares *s, Fault *fault) {
        Spare spare = { .userns_fd = -EBADF, .netns_fd = -EBADF };
        int r = manager_injected_fault(s->manager, "spare-namespace", fault);

        if (r >= 0 && s->users)
                r = make_with_users(s->manager, &spare, fault);
        else if (r >= 0)
                r = spare.netns_fd = fd_move_up(netns_create(-1, fault));
        if (r < 0) {
                spare_drop(s->manager, &spare);
                return r;
        }
        s->items[s->n++] = spare;
        return 0;
}

/* A limit was reached that is that of starts as well: half of what there is gets out of their way, and the
 * rest is enough until there is another one. */
static void give_way(Spares *s, Fault *fault) {
        autofree char *text = NULL;

        shrink(s, s->n / 2);
        if (s->failed)
                return;
        s->failed = true;
        text = fault_to_string(fault);
        log_warning("%u of %u spare namespaces are ready, and for now there will be no more: %s", s->n,
                    s->size, text ? text : "out of memory");
}

static int on_make(sd_event_source *source, void *userdata) {
        Spares *s = userdata;
        Fault fault = {};

        if (s->n < s->size && make_one(s, &fault) < 0)
                give_way(s, &fault);
        else if (s->n < s->size)
                (void) sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        else
                s->failed = false;
        return 0;
}

static int on_quiet(sd_event_source *source, uint64_t usec, void *userdata) {
        Spares *s = userdata;

        return sd_event_source_set_enabled(s->make, SD_EVENT_ONESHOT);
}

static int on_setting(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        spares_yield(userdata);
        return 0;
}

static int setup(Spares *s) {
        sd_event *event = s->manager->event;
        int r;

        r = sd_event_add_defer(event, &s->make, on_make, s);
        if (r >= 0)
                r = sd_event_source_set_priority(s->make, PRIORITY_SPARES);
        if (r >= 0)
                r = sd_event_add_time(event, &s->quiet, CLOCK_MONOTONIC, 0, USEC_PER_MSEC, on_quiet, s);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(inherited); i++) {
                /* A kernel may do without IPv6. */
                r = sd_event_add_inotify(event, &s->watches[i], inherited[i], IN_MODIFY, on_setting, s);
                if (r == -ENOENT)
                        continue;
                if (r >= 0)
                        r = sd_event_source_set_priority(s->watches[i], PRIORITY_NETWORK);
                if (r < 0)
                        return r;
        }
        schedule(s);
        return 0;
}

Spares *spares_new(Manager *m) {
        const unsigned size = m->config->network.spare_namespaces;
        autoptr(Spares) s = NULL;
        int r = -ENOMEM;

        if (size == 0)
                return NULL;
        s = calloc(1, sizeof(*s) + size * sizeof(*s->items));
        if (s) {
                s->manager = m;
                s->users = m->config->security.user_namespace;
                s->size = size;
                r = setup(s);
        }
        if (r >= 0)
                return take_ptr(s);
        log_warning("there will be no spare namespaces: %s", strerror(-r));
        return NULL;
}

void spares_free(Spares *s) {
        if (!s)
                return;
        shrink(s, 0);
        (void) sd_event_source_disable_unref(s->make);
        (void) sd_event_source_disable_unref(s->quiet);
        for (size_t i = 0; i < ELEMENTSOF(inherited); i++)
                (void) sd_event_source_disable_unref(s->watches[i]);
        free(s);
}

bool spares_take(Spares *s, bool users, Spare *ret) {
        if (!s)
                return false;

        s->users = users;
        schedule(s);
        for (unsigned i = s->n; i-- > 0;)
                if ((s->items[i].id_base > 0) == users) {
                        *ret = s->items[i];
                        memmove(&s->items[i], &s->items[i + 1], (--s->n - i) * sizeof(*s->items));
                        return true;
                }
        /* Room for one of the kind that is in demand. */
        if (s->n == s->size)
                shrink(s, s->n - 1);
        return false;
}

void spares_yield(Spares *s) {
        if (!s)
                return;
        shrink(s, 0);
        schedule(s);
}
