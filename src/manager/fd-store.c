/*
 * What a container has left with the manager (FDSTORE=1), to find it again after a restart. Each descriptor
 * is with the keeper, too, before the message that brought it is done with: it survives container and
 * manager.
 */
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "basic/fd-sieve.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "manager/internal.h"

/* <linux/kcmp.h> */
#define KCMP_FILE 0

#define NAME_BYTES_MAX 255

/* The name of what was sent without one, or with one that is none; systemd's. */
#define DEFAULT_NAME "stored"

static void stored_free(StoredFd *s) {
        (void) sd_event_source_disable_unref(s->source);
        free(s->label);
        *s = (StoredFd){ .fd = -EBADF };
}

static void drop(Unit *u, size_t i) {
        StoredFd *s = &u->fds.items[i];

        s->source = sd_event_source_disable_unref(s->source);
        keeper_close(u->manager->keeper, s->label, &s->fd);
        stored_free(s);
        u->fds.n--;
        memmove(s, s + 1, (u->fds.n - i) * sizeof(*s));
        manager_schedule_collect(u->manager);
        manager_tell_changed(u->manager, u);
}

/* The other end is gone, or nobody will ever get anything from it. */
static int on_hang_up(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Unit *u = userdata;

        for (size_t i = 0; i < u->fds.n; i++)
                if (u->fds.items[i].source == source) {
                        log_message(LOG_DEBUG, u->name, "a stored descriptor, %s, was hung up",
                                    u->fds.items[i].name);
                        drop(u, i);
                        break;
                }
        return 0;
}

/* A message is looked at again when a manager was killed in the middle of it. */
static bool is_stored(const Unit *u, int fd) {
        const pid_t self = getpid();

        for (size_t i = 0; i < u->fds.n; i++)
                if (syscall(SYS_kcmp, self, self, KCMP_FILE, fd, u->fds.items[i].fd) == 0)
                        return true;
        return false;
}

/* UNIT/fd/NUMBER/WATCHED/NAME: all that there is to know of it. */
static char *make_label(const Unit *u, unsigned number, bool watched, const char *name) {
        char *label;

        return asprintf(&label, "%s/fd/%010u/%i/%s", u->name, number, watched, name) < 0 ? NULL : label;
}

/* Takes over @fd and @label, in which the name begins at @name_at. */
static int add(Unit *u, int fd, char *label, size_t name_at, bool watched) {
        StoredFd *grown = reallocarray(u->fds.items, u->fds.n + 1, sizeof(*grown)), *s;

        if (!grown)
                return -ENOMEM;
        u->fds.items = grown;
        s = &grown[u->fds.n];
        *s = (StoredFd){ .fd = fd, .label = label, .name = label + name_at };
        u->fds.n++;
        /* Of others' files, only those that can hang up and ask nobody are polled (basic/fd-sieve.h). */
        if (watched && fd_kind(fd) == FD_KIND_STREAM &&
            sd_event_add_io(u->manager->event, &s->source, fd, EPOLLHUP, on_hang_up, u) < 0)
                s->source = NULL;
        return 0;
}

static int store(Unit *u, int fd, const char *name, bool watched) {
        autofree char *label = make_label(u, u->fds.next, watched, name);
        int r;

        if (!label)
                return -ENOMEM;
        r = keeper_put(u->manager->keeper, label, fd, false);
        if (r < 0)
                return r;
        r = add(u, fd, label, strlen(label) - strlen(name), watched);
        if (r < 0) {
                int none = -EBADF;

                keeper_close(u->manager->keeper, label, &none);
                return r;
        }
        (void) take_ptr(label);
        u->fds.next++;
        return 0;
}

/* As systemd has it: printable ASCII without the colon that stands between names. */
static bool name_is_valid(const char *name) {
        size_t size = strlen(name);

        for (const char *c = name; *c; c++)
                if (*c <= ' ' || *c > '~' || *c == ':')
                        return false;
        return size > 0 && size <= NAME_BYTES_MAX;
}

static unsigned room(const Unit *u) {
        const unsigned most = u->spec ? u->spec->service.fd_store_max : 0;

        return most > u->fds.n ? most - (unsigned) u->fds.n : 0;
}

/* Once: a container might say it again and again. */
static void refuse(Unit *u, const char *why) {
        if (!u->fds.refused)
                log_message(LOG_WARNING, u->name, "a descriptor is not stored: %s; so will others be", why);
        u->fds.refused = true;
}

static void store_all(Unit *u, FdMessage *m, const char *name, bool watched) {
        char full[64];

        for (size_t i = 0; i < m->n_fds; i++) {
                int r;

                if (is_stored(u, m->fds[i]))
                        continue;
                if (room(u) == 0) {
                        (void) snprintf(full, sizeof(full), "FileDescriptorStoreMax=%u",
                                        u->spec ? u->spec->service.fd_store_max : 0);
                        refuse(u, full);
                        break;
                }
                r = store(u, m->fds[i], name, watched);
                if (r >= 0)
                        m->fds[i] = -EBADF;
                else
                        refuse(u, strerror(-r));
        }
        if (m->n_lost > 0 && room(u) > 0)
                refuse(u, "it is a file of a file system, which may keep waiting whoever has it open");
        manager_tell_changed(u->manager, u);
}

void unit_fds_notify(Unit *u, char *const *fields, FdMessage *m) {
        const char *name = strv_env_get(fields, "FDNAME");

        if (name && !name_is_valid(name))
                name = NULL;
        if (strv_contains(fields, "FDSTORE=1"))
                store_all(u, m, name ? name : DEFAULT_NAME, !strv_contains(fields, "FDPOLL=0"));
        if (name && strv_contains(fields, "FDSTOREREMOVE=1"))
                for (size_t i = u->fds.n; i-- > 0;)
                        if (streq(u->fds.items[i].name, name))
                                drop(u, i);
}

void unit_fds_drop(Unit *u) {
        while (u->fds.n > 0)
                drop(u, u->fds.n - 1);
}

void unit_fds_free(Unit *u) {
        for (size_t i = 0; i < u->fds.n; i++) {
                cleanup_close_(&u->fds.items[i].fd);
                stored_free(&u->fds.items[i]);
        }
        free(u->fds.items);
        u->fds = (FdStore){};
}

/* Is it at rest only on its way to the next start? */
static bool starts_again(const Unit *u) {
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);

        return u->machine.start_queued || u->machine.restart ||
               (job && (job->type == JOB_START || job->type == JOB_RESTART));
}

void unit_fds_settle(Unit *u) {
        const FdPreserve preserve = u->spec ? u->spec->service.fd_store_preserve : FD_PRESERVE_RESTART;
        const bool rests = unit_at_rest(u), ended = rests || u->machine.state == MACHINE_AUTO_RESTART;
        bool keep = true;

        if (u->fds.n == 0 || !ended)
                return;
        switch (preserve) {
        case FD_PRESERVE_NO:
                keep = false;
                break;
        case FD_PRESERVE_ON_SUCCESS:
                keep = u->machine.result == RESULT_SUCCESS;
                break;
        case FD_PRESERVE_RESTART:
        case FD_PRESERVE_N_:
        case FD_PRESERVE_INVALID_:
                keep = !rests || starts_again(u);
                break;
        case FD_PRESERVE_YES:
                break;
        }
        if (!keep)
                unit_fds_drop(u);
}

static int add_passed(int **fds, size_t *n, char **names, int fd, const char *name) {
        int *grown = reallocarray(*fds, *n + 1, sizeof(**fds));
        char *joined;

        if (!grown)
                return -ENOMEM;
        *fds = grown;
        (*fds)[(*n)++] = fd;
        if (asprintf(&joined, "%s%s%s", strempty(*names), *names ? ":" : "LISTEN_FDNAMES=", name) < 0)
                return -ENOMEM;
        free(*names);
        *names = joined;
        return 0;
}

int unit_fds_pass(const Unit *u, int **ret, size_t *ret_n, char ***environment) {
        const UnitSockets *sockets = unit_trigger_sockets(u);
        autofree int *fds = NULL;
        autofree char *names = NULL;
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < unit_sockets_count(sockets); i++) {
                const char *name;
                int fd = unit_sockets_get(sockets, i, &name);

                r = add_passed(&fds, &n, &names, fd, name);
        }
        for (size_t i = 0; r >= 0 && i < u->fds.n; i++)
                r = add_passed(&fds, &n, &names, u->fds.items[i].fd, u->fds.items[i].name);
        if (r < 0 || n == 0)
                return r;

        r = strv_addf(environment, "LISTEN_FDS=%zu", n);
        if (r >= 0)
                r = strv_add(environment, names);
        if (r < 0)
                return r;
        *ret = take_ptr(fds);
        *ret_n = n;
        return 0;
}

/* --- after the manager ------------------------------------------------------------------------------ */

static int by_label(const void *a, const void *b) {
        return strcmp(((const StoredFd *) a)->label, ((const StoredFd *) b)->label);
}

/* By its label; false when that is none of ours. */
static bool adopt(Unit *u, const char *label) {
        const char *numbers = label + strlen(u->name) + strlen("/fd/");
        autofree char *copy = NULL;
        unsigned number, watched;
        int fd, used = 0;

        if (sscanf(numbers, "%10u/%1u/%n", &number, &watched, &used) != 2 || used == 0 ||
            !name_is_valid(numbers + used))
                return false;
        copy = strdup(label);
        fd = copy ? keeper_take(u->manager->keeper, label) : -ENOMEM;
        if (fd < 0 || add(u, fd, copy, (size_t) (numbers + used - label), watched > 0) < 0)
                return false;
        (void) take_ptr(copy);
        u->fds.next = MAX_OF(u->fds.next, number + 1);
        return true;
}

void unit_fds_adopt(Unit *u) {
        autofree char *prefix = NULL;
        const char *label;

        if (asprintf(&prefix, "%s/fd/", u->name) < 0) {
                prefix = NULL;
                return;
        }
        while ((label = keeper_next(u->manager->keeper, prefix)))
                if (!adopt(u, label))
                        break;
        if (u->fds.n > 0)
                qsort(u->fds.items, u->fds.n, sizeof(*u->fds.items), by_label);
}

void manager_adopt_resting_fds(Manager *m) {
        for (Unit *u = m->units; u; u = u->hh.next) {
                if (!u->spec || u->spec->service.fd_store_max == 0 || !unit_at_rest(u) || u->fds.n > 0)
                        continue;
                unit_fds_adopt(u);
                unit_fds_settle(u);
        }
}
