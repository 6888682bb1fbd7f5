/* The sockets of one armed unit. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "basic/log.h"
#include "manager/internal.h"
#include "manager/listen.h"
#include "manager/priority.h"
#include "manager/unit-sockets.h"

typedef struct Socket {
        int fd;
        char *label; /* the keeper's: "web.container/listen/stream *:80" */
        sd_event_source *source;
} Socket;

struct UnitSockets {
        Unit *unit;
        char *name; /* all have the same */
        Socket *items;
        size_t n;
};

#define LABEL "/listen/"

static const ListenKeys *keys_of(const Unit *u) {
        return u->spec && u->spec->container ? u->spec->container->listen : NULL;
}

static void socket_done(Socket *s) {
        (void) sd_event_source_disable_unref(s->source);
        cleanup_close_(&s->fd);
        free(s->label);
        *s = (Socket){ .fd = -EBADF };
}

void unit_sockets_free(UnitSockets *s) {
        if (!s)
                return;
        for (size_t i = 0; i < s->n; i++)
                socket_done(&s->items[i]);
        free(s->items);
        free(s->name);
        free(s);
}

AUTOPTR_DEFINE(UnitSockets, unit_sockets_free);

const char *unit_sockets_describe(const UnitSockets *s, size_t i) {
        return s->items[i].label + strlen(s->unit->name) + strlen(LABEL);
}

/* Is it one of those that the file asks for, and which? */
static bool find_key(const Unit *u, const char *description, size_t *ret) {
        const ListenKeys *keys = keys_of(u);

        for (size_t i = 0; keys && i < listen_count(keys); i++) {
                autofree char *one = listen_describe(keys, i);

                if (streq_null(one, description)) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

void unit_sockets_close(UnitSockets *s) {
        if (!s)
                return;
        for (size_t i = 0; i < s->n; i++) {
                const ListenKeys *keys = keys_of(s->unit);
                size_t at;

                if (s->items[i].fd < 0)
                        continue;
                if (keys && keys->remove_on_stop && find_key(s->unit, unit_sockets_describe(s, i), &at))
                        listen_remove(keys, at);
                s->items[i].source = sd_event_source_disable_unref(s->items[i].source);
                listen_end(s->items[i].fd);
                keeper_close(s->unit->manager->keeper, s->items[i].label, &s->items[i].fd);
        }
        manager_schedule_collect(s->unit->manager);
        unit_sockets_free(s);
}

/* -- opening -- */

static void move(Socket *from, Socket *to) {
        to->fd = take_fd(from->fd);
        to->source = take_ptr(from->source);
}

/* What a unit has already, or an earlier manager has left with the keeper. */
static void find_open(const Unit *u, UnitSockets *old, Socket *item) {
        for (size_t i = 0; old && i < old->n; i++)
                if (old->items[i].fd >= 0 && streq(old->items[i].label, item->label))
                        return move(&old->items[i], item);
        item->fd = keeper_take(u->manager->keeper, item->label);
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        unit_socket_ready(userdata);
        return 0;
}

static int watch_socket(UnitSockets *s, Socket *item) {
        int r;

        if (item->source)
                return 0;
        r = sd_event_add_io(s->unit->manager->event, &item->source, item->fd, EPOLLIN, on_ready, s->unit);
        if (r >= 0)
                r = sd_event_source_set_priority(item->source, PRIORITY_TIMER);
        if (r >= 0)
                r = sd_event_source_set_enabled(item->source, SD_EVENT_OFF);
        return r;
}

/* Makes those that are not there yet. */
static int fill(UnitSockets *s, const ListenKeys *keys, UnitSockets *old, bool *fresh, Fault *fault) {
        for (size_t i = 0; i < s->n; i++) {
                Socket *item = &s->items[i];
                autofree char *what = listen_describe(keys, i);

                if (!what || asprintf(&item->label, "%s" LABEL "%s", s->unit->name, what) < 0) {
                        item->label = NULL;
                        return -ENOMEM;
                }
                find_open(s->unit, old, item);
                fresh[i] = item->fd < 0;
                if (fresh[i])
                        item->fd = listen_open(keys, i, fault);
                if (item->fd < 0)
                        return item->fd;
        }
        return 0;
}

/* All or nothing: what was taken out of @old goes back. */
static void give_back(UnitSockets *s, UnitSockets *old) {
        for (size_t i = 0; i < s->n; i++)
                for (size_t j = 0; old && s->items[i].label && j < old->n; j++)
                        if (old->items[j].fd < 0 && streq(old->items[j].label, s->items[i].label))
                                move(&s->items[i], &old->items[j]);
}

static UnitSockets *sockets_new(Unit *u, const ListenKeys *keys) {
        autoptr(UnitSockets) s = calloc(1, sizeof(*s));
        const char *end = strrchr(u->name, '.');

        if (!s)
                return NULL;
        s->unit = u;
        s->items = calloc(listen_count(keys), sizeof(*s->items));
        if (!s->items)
                return NULL;
        s->n = listen_count(keys);
        for (size_t i = 0; i < s->n; i++)
                s->items[i].fd = -EBADF;
        if (keys->descriptor_name)
                s->name = strdup(keys->descriptor_name);
        else if (asprintf(&s->name, "%.*s.socket", (int) (end - u->name), u->name) < 0)
                s->name = NULL;
        return s->name ? take_ptr(s) : NULL;
}

int unit_sockets_open(Unit *u, UnitSockets *old, Fault *fault, UnitSockets **ret) {
        const ListenKeys *keys = keys_of(u);
        size_t n = keys ? listen_count(keys) : 0;
        autofree bool *fresh = calloc(n + 1, sizeof(bool));
        autoptr(UnitSockets) s = NULL;
        int r;

        *ret = NULL;
        if (!fresh)
                return -ENOMEM;
        if (n == 0)
                return 0;
        s = sockets_new(u, keys);
        if (!s)
                return -ENOMEM;

        r = fill(s, keys, old, fresh, fault);
        for (size_t i = 0; r >= 0 && i < s->n; i++)
                r = watch_socket(s, &s->items[i]);
        if (r < 0) {
                give_back(s, old);
                unit_sockets_close(take_ptr(s));
                return r;
        }
        for (size_t i = 0; i < s->n; i++)
                if (fresh[i])
                        (void) keeper_put(u->manager->keeper, s->items[i].label, s->items[i].fd, false);
        *ret = take_ptr(s);
        return 0;
}

/* -- in use -- */

/* The container shares them: it may have shut one down. */
static void revive(UnitSockets *s) {
        for (size_t i = 0; i < s->n; i++) {
                size_t at;
                int r = find_key(s->unit, unit_sockets_describe(s, i), &at)
                                ? listen_again(keys_of(s->unit), at, s->items[i].fd)
                                : 0;

                if (r < 0)
                        log_message(LOG_WARNING, s->unit->name,
                                    "nothing comes to its socket any more: %s: %s",
                                    unit_sockets_describe(s, i), strerror(-r));
        }
}

void unit_sockets_watch(UnitSockets *s, bool on) {
        if (!s)
                return;
        if (on)
                revive(s);
        for (size_t i = 0; i < s->n; i++)
                (void) sd_event_source_set_enabled(s->items[i].source, on ? SD_EVENT_ON : SD_EVENT_OFF);
}

size_t unit_sockets_count(const UnitSockets *s) {
        return s ? s->n : 0;
}

int unit_sockets_get(const UnitSockets *s, size_t i, const char **ret_name) {
        const int fd = s->items[i].fd, flags = fcntl(fd, F_GETFL);

        /* Whatever the last container has made of it. */
        if (flags >= 0 && flags & O_NONBLOCK)
                (void) fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
        *ret_name = s->name;
        return fd;
}
