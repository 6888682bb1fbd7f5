/* Requests on the image store. What takes long is a worker's, and its result comes in a file of its own. */
#include <sys/mman.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "manager/internal.h"
#include "manager/store.h"

/* Of JSON about a store; one with ten thousand images has some MiB. */
#define RESULT_MAX ((size_t) 256 << 20)

int store_images_used(const Manager *m, bool named, char ***ret) {
        autostrv char **ids = NULL;
        int r = 0;

        for (Unit *u = m->units; u && r == 0; u = u->hh.next) {
                autofree char *id = named ? unit_image_named(u) : NULL;

                if (u->held.image)
                        r = strv_add(&ids, u->held.image->id);
                for (size_t i = 0; r == 0 && u->held.mount_images && i < u->held.spec->n_mounts; i++)
                        if (u->held.mount_images[i])
                                r = strv_add(&ids, u->held.mount_images[i]->id);
                if (r == 0 && id)
                        r = strv_add(&ids, id);
                if (r == 0)
                        r = unit_update_add_images(u, &ids);
        }
        if (r < 0)
                return r;
        *ret = take_ptr(ids);
        return 0;
}

static void on_collected(int r, const char *text, void *data) {
}

/* The files may take their time; if this cannot run now, the next import or start collects. */
static void collect(Manager *m) {
        char *args[] = { (char *) "collect", m->config->paths.store, NULL };

        (void) worker_start(m, PROGRAM_WORKER, args, -EBADF, on_collected, NULL);
}

int manager_remove_image(Manager *m, const char *reference, Fault *fault) {
        autostrv char **in_use = NULL;
        int r;

        r = store_images_used(m, false, &in_use);
        if (r == 0)
                r = image_store_remove(m->images, reference, in_use, fault);
        if (r == 0)
                collect(m);
        return r;
}

int manager_tag_image(Manager *m, const char *reference, const char *name, Fault *fault) {
        return image_store_tag(m->images, reference, name, fault);
}

int manager_prune_images(Manager *m, bool all, char **ret, Fault *fault) {
        autostrv char **keep = NULL;
        int r;

        r = store_images_used(m, all, &keep);
        if (r == 0)
                r = image_store_prune(m->images, all, keep, ret, fault);
        if (r == 0)
                collect(m);
        return r;
}

int manager_export_image(Manager *m, const char *reference, int fd, ManagerReplyFn reply, void *data) {
        char *args[] = { (char *) "export", m->config->paths.store, (char *) reference, (char *) "fd:3",
                         NULL };

        return worker_start(m, PROGRAM_ARCHIVER, args, fd, reply, data);
}

/* --- requests with a result --------------------------------------------------------------------------- */

typedef struct Request {
        Manager *manager;
        StoreResultFn fn; /* makes the answer of the result; NULL = it is the answer */
        ManagerReplyFn reply;
        void *data;
        int fd; /* the result */
} Request;

static void request_free(Request *q) {
        if (!q)
                return;

        cleanup_close_(&q->fd);
        free(q);
}

AUTOPTR_DEFINE(Request, request_free);

static void on_result(int r, const char *text, void *data) {
        autofree char *result = NULL, *answer = NULL;
        autoptr(Request) q = data;

        if (r >= 0 && lseek(q->fd, 0, SEEK_SET) < 0)
                r = -errno;
        if (r >= 0)
                r = file_read_fd(q->fd, RESULT_MAX, &result, NULL);
        if (r >= 0 && q->fn)
                r = q->fn(q->manager, result, &answer);
        q->reply(r, r < 0 ? (result ? NULL : text) : answer ? answer : result, q->data);
}

int store_request(Manager *m, char *const *args, StoreResultFn fn, ManagerReplyFn reply, void *data) {
        autoptr(Request) q = calloc(1, sizeof(*q));
        int r;

        if (!q)
                return -ENOMEM;
        *q = (Request){ .manager = m, .fn = fn, .reply = reply, .data = data };
        q->fd = memfd_create("nsunits-result", MFD_CLOEXEC);
        if (q->fd < 0)
                return -errno;
        r = worker_start(m, PROGRAM_ARCHIVER, args, q->fd, on_result, q);
        if (r >= 0)
                (void) take_ptr(q);
        return r;
}

int manager_check_store(Manager *m, bool repair, ManagerReplyFn reply, void *data) {
        autostrv char **args = NULL, **in_use = NULL;
        int r;

        r = strv_add(&args, "check");
        if (r == 0)
                r = strv_add(&args, m->config->paths.store);
        if (r == 0)
                r = strv_add(&args, "fd:3");
        if (r == 0 && repair)
                r = strv_add(&args, "repair");
        if (r == 0 && repair)
                r = store_images_used(m, false, &in_use);
        if (r == 0)
                r = strv_add_all(&args, in_use);
        return r < 0 ? r : store_request(m, args, NULL, reply, data);
}
