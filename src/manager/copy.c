/*
 * Files of a container, for people: copied in and out, compared with the image, looked at. The work is done
 * by workers, with descriptors of the container's root that are opened here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "manager/internal.h"
#include "storage/root.h"

static int check_held(const Unit *u, const char *what, Fault *fault) {
        return u->held.root && u->held.spec ? 0
                                            : fault_set(fault, what, -ESRCH, "%s is not started", u->name);
}

/* With all that is mounted in it, while the container runs. By number, so look afterwards whether the process
 * was still there. */
static int open_running_root(const Unit *u) {
        autoclose int fd = -EBADF;
        char path[32];

        (void) snprintf(path, sizeof(path), "/proc/%d/root", child_pid(u->main));
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return syscall(SYS_pidfd_send_signal, child_pidfd(u->main), 0, NULL, 0) < 0 ? -errno : take_fd(fd);
}

static int open_files(const Unit *u, Fault *fault) {
        int fd = u->main ? open_running_root(u) : -ESRCH;

        return fd >= 0 ? fd : unit_open_root(u, fault);
}

int manager_copy_files(Manager *m, const CopyCall *call, ManagerReplyFn reply, void *data, Fault *fault) {
        autofree char *inside = NULL, *outside = NULL;
        const Unit *u = call->unit;
        autoclose int root = -EBADF;
        int fds[WORKER_FDS_MAX], r;
        size_t n = 0;

        r = check_held(u, "copy", fault);
        if (r >= 0)
                r = root = open_files(u, fault);
        if (r < 0)
                return r;
        if (asprintf(&inside, "=%s", call->path) < 0 ||
            asprintf(&outside, "%s%s", call->other ? "=" : "stream", strempty(call->other)) < 0)
                return -ENOMEM;

        /* The two ends, in the order of the words. */
        for (unsigned i = 0; i < 2; i++)
                if (call->in == (i == 0)) {
                        fds[n++] = call->fd;
                        if (call->other)
                                fds[n++] = call->fd;
                } else {
                        fds[n++] = root;
                        fds[n++] = u->held.userns_fd >= 0 ? u->held.userns_fd : root;
                }

        char *args[] = { (char *) "copy", call->in ? outside : inside, call->in ? inside : outside, NULL };
        const WorkerCall w = { .program = PROGRAM_ARCHIVER,
                               .args = args,
                               .fd = fds[0],
                               .more_fds = fds + 1,
                               .n_more_fds = n - 1,
                               .reply = reply,
                               .data = data };

        r = worker_run(m, &w, NULL);
        return r < 0 ? fault_set(fault, "copy", r, "%s", u->name) : 0;
}

/* The layers below the upper directory, and that. */
static int open_both(Unit *u, int *ret_upper, int *ret_lower, Fault *fault) {
        autofree char *attach = held_path(u, "root"), *dir = unit_container_dir(u), *staging = NULL;
        autoclose int upper = -EBADF;
        RootRequest q = unit_root_request(u, attach, dir);
        int *layers = NULL, r = 0;
        size_t n = 0;

        if (!attach || !dir || asprintf(&staging, "%s/held/.staging", u->manager->config->paths.run) < 0)
                return -ENOMEM;
        if (u->held.image)
                r = image_store_layers_open(u->manager->images, u->held.image, &layers, &n, fault);
        if (r < 0)
                return r;
        q.layer_fds = layers;
        q.n_layers = n;
        q.staging = staging;
        r = root_open_lower(&q, fault);
        image_layers_close(layers, n);
        if (r < 0)
                return r;
        upper = root_open_upper(&q);
        if (upper < 0) {
                (void) close(r);
                return fault_set(fault, "upper directory", upper, "%s", u->name);
        }
        *ret_lower = r;
        *ret_upper = take_fd(upper);
        return 0;
}

int manager_diff_files(Manager *m, Unit *u, int fd, ManagerReplyFn reply, void *data, Fault *fault) {
        autoclose int upper = -EBADF, lower = -EBADF;
        autostrv char **points = NULL, **args = NULL;
        int r;

        r = check_held(u, "compare", fault);
        if (r >= 0)
                r = open_both(u, &upper, &lower, fault);
        if (r >= 0)
                r = root_list_points(u->held.spec, &points);
        if (r >= 0)
                r = strv_add(&args, "diff");
        if (r >= 0)
                r = strv_add_all(&args, points);
        if (r < 0)
                return fault_set(fault, "compare", r, "%s", u->name);

        const int more[] = { upper, lower };
        const WorkerCall w = { .program = PROGRAM_WORKER,
                               .args = args,
                               .fd = fd,
                               .more_fds = more,
                               .n_more_fds = 2,
                               .reply = reply,
                               .data = data };

        r = worker_run(m, &w, NULL);
        return r < 0 ? fault_set(fault, "compare", r, "%s", u->name) : 0;
}

/* --- to look at --------------------------------------------------------------------------------------- */

static char *shown_path(const Unit *u) {
        char *path;

        return asprintf(&path, "%s/mounts/%s", u->manager->config->paths.run, u->name) < 0 ? NULL : path;
}

int manager_mount_files(Unit *u, char **ret, Fault *fault) {
        autofree char *attach = NULL, *path = shown_path(u);
        int r;

        r = check_held(u, "mount", fault);
        if (r < 0)
                return r;
        attach = held_path(u, "root");
        if (!attach || !path)
                return -ENOMEM;
        *strrchr(path, '/') = '\0';
        r = dir_make(AT_FDCWD, path, 0700); /* what a container lets its users read is not for the host's */
        path[strlen(path)] = '/';
        if (r < 0)
                return fault_set(fault, "mount", r, "%s", path);
        r = root_show(attach, path, fault);
        if (r < 0)
                return r;
        *ret = take_ptr(path);
        return 0;
}

int manager_unmount_files(Unit *u, Fault *fault) {
        autofree char *path = shown_path(u);
        int r;

        if (!path)
                return -ENOMEM;
        r = root_hide(path);
        if (r == -ENOENT)
                return fault_tell(fault, "unmount", -ESRCH, "%s: it is not mounted", u->name);
        return r < 0 ? fault_set(fault, "unmount", r, "%s", path) : 0;
}

void unit_hide_files(const Unit *u) {
        autofree char *path = shown_path(u);
        int r = path ? root_hide(path) : -ENOMEM;

        if (r < 0 && r != -ENOENT)
                log_message(LOG_WARNING, u->name, "cannot unmount %s: %s", strempty(path), strerror(-r));
}
