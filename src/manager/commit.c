/*
 * What a container has written becomes a layer. One worker makes a tar of it while the container is frozen,
 * another one unpacks that into the store: it is checked and hashed like any layer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "manager/freeze.h"
#include "manager/internal.h"
#include "storage/root.h"

/* There while a container is frozen by us. */
#define FROZEN "frozen"

typedef struct Commit {
        Manager *manager;
        char *unit;
        unsigned running; /* workers */
        int error;
        char *text; /* the id, or what went wrong; of the one that has made the tar, if anything */
        bool failed_first;
        ManagerReplyFn reply;
        void *data;
} Commit;

static void commit_free(Commit *c) {
        if (!c)
                return;

        free(c->unit);
        free(c->text);
        free(c);
}

AUTOPTR_DEFINE(Commit, commit_free);

void unit_end_commit(Unit *u) {
        autofree char *mark = held_path(u, FROZEN);

        if (!mark || !file_exists(AT_FDCWD, mark))
                return;
        if (u->main && u->frozen)
                (void) unit_freeze(u, false, NULL);
        else if (u->held.cgroup_fd >= 0)
                (void) cgroup_freeze(u->held.cgroup_fd, false);
        (void) unlink(mark);
}

void unit_keep_frozen(const Unit *u) {
        autofree char *mark = held_path(u, FROZEN);

        if (mark)
                (void) unlink(mark);
}

/* Best effort. The mark comes first: a manager that dies in between leaves one who knows. What an
 * administrator has frozen stays so. */
static int freeze(Unit *u) {
        autofree char *mark = held_path(u, FROZEN);
        int r;

        if (!u->main || u->held.cgroup_fd < 0 || !mark)
                return -ESRCH;
        if (u->frozen)
                return cgroup_open_events(u->held.cgroup_fd);
        r = file_replace(AT_FDCWD, mark, "", 0, 0600, false);
        if (r == 0)
                r = unit_freeze(u, true, NULL);
        if (r < 0) {
                unit_end_commit(u);
                return r;
        }
        return cgroup_open_events(u->held.cgroup_fd);
}

static void finish(Commit *c) {
        autoptr(Commit) done = c;

        if (--c->running > 0) {
                (void) take_ptr(done);
                return;
        }
        c->reply(c->error, c->text ? c->text : "out of memory", c->data);
}

static void on_written(int r, const char *text, void *data) {
        Commit *c = data;
        Unit *u = manager_get_unit(c->manager, c->unit);

        if (u && u->commits > 0 && --u->commits == 0)
                unit_end_commit(u);
        /* Nobody to write to: that one says why. */
        if (r < 0 && r != -EPIPE) {
                c->error = r;
                c->failed_first = true;
                free(c->text);
                c->text = strdup(text);
        }
        finish(c);
}

/* That the tar ended too early has a reason that the other one knows. */
static void on_unpacked(int r, const char *text, void *data) {
        Commit *c = data;

        if (!c->failed_first) {
                c->error = r;
                c->text = strdup(text);
        }
        finish(c);
}

static int add_map(const IdList *list, char kind, char ***args) {
        int r = 0;

        for (size_t i = 0; i < list->n && r == 0; i++)
                r = strv_addf(args, "%c%u:%u:%u", kind, list->items[i].inside, list->items[i].outside,
                              list->items[i].count);
        return r;
}

static int layer_words(const Unit *u, bool frozen, char ***args) {
        autostrv char **points = NULL;
        int r;

        r = strv_add(args, "layer");
        if (r == 0)
                r = add_map(&u->held.ids.uids, 'u', args);
        if (r == 0)
                r = add_map(&u->held.ids.gids, 'g', args);
        if (r == 0 && frozen)
                r = strv_add(args, "frozen");
        if (r == 0)
                r = strv_add(args, "omit");
        if (r == 0)
                r = root_list_points(u->held.spec, &points);
        return r < 0 ? r : strv_add_all(args, points);
}

/* Takes over nothing. */
static int start_writer(Unit *u, Commit *c, int out_fd) {
        autoclose int upper = -EBADF, events = -EBADF;
        autofree char *dir = unit_container_dir(u);
        autostrv char **args = NULL;
        RootRequest q = unit_root_request(u, "", dir);
        int r;

        if (!dir)
                return -ENOMEM;
        upper = root_open_upper(&q);
        if (upper < 0)
                return upper;
        events = freeze(u);
        r = layer_words(u, events >= 0, &args);
        if (r == 0) {
                const int more[] = { upper, events };
                const WorkerCall w = {
                        .program = PROGRAM_ARCHIVER,
                        .args = args,
                        .fd = out_fd,
                        .more_fds = more,
                        .n_more_fds = events >= 0 ? 2 : 1,
                        .reply = on_written,
                        .data = c,
                };

                r = worker_run(u->manager, &w, NULL);
        }
        if (r == 0)
                u->commits++;
        else if (u->commits == 0)
                unit_end_commit(u);
        return r;
}

static int start_both(Unit *u, Commit *c, const char *name, const char *comment) {
        char *args[] = { (char *) "commit",
                         u->manager->config->paths.store,
                         u->held.image->id,
                         (char *) name,
                         (char *) "fd:3",
                         (char *) comment,
                         NULL };
        autoclose int read_fd = -EBADF, write_fd = -EBADF;
        int pipes[2], r;

        if (pipe2(pipes, O_CLOEXEC) < 0)
                return -errno;
        read_fd = pipes[0];
        write_fd = pipes[1];
        r = worker_start(u->manager, PROGRAM_ARCHIVER, args, read_fd, on_unpacked, c);
        if (r < 0)
                return r;
        c->running = 1;
        /* Should this fail, the other one finds an empty tar, and ends. */
        r = start_writer(u, c, write_fd);
        if (r == 0)
                c->running = 2;
        else {
                c->failed_first = true;
                c->error = r;
                c->text = strdup(strerror(-r));
        }
        return 0;
}

int manager_commit_unit(Manager *m, Unit *u, const char *name, const char *comment, ManagerReplyFn reply,
                        void *data, Fault *fault) {
        autoptr(Commit) c = NULL;
        int r;

        if (!u->held.root || !u->held.spec)
                return fault_set(fault, "commit", -ESRCH, "%s is not started", u->name);
        if (!root_has_upper(u->held.spec) && u->held.image)
                return fault_tell(fault, "commit", -EOPNOTSUPP, "%s: all that it writes is in memory",
                                  u->name);
        if (!u->held.image) {
                (void) fault_set(fault, "commit", -EOPNOTSUPP, "%s has no image", u->name);
                fault_advise(fault, "a layer needs an image below it: Image=, not Rootfs=");
                return -EOPNOTSUPP;
        }

        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->manager = m;
        c->reply = reply;
        c->data = data;
        c->unit = strdup(u->name);
        r = c->unit ? start_both(u, c, name, comment) : -ENOMEM;
        if (r < 0)
                return fault_set(fault, "commit", r, "%s", u->name);
        (void) take_ptr(c); /* frees itself when both have ended */
        return 0;
}
