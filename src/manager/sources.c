/*
 * What a container mounts from the host may lie on a file system that does not answer: a server is away, or a
 * daemon hangs. Whoever looks at it then waits, for ever, and this must not be the manager. So a worker looks
 * first, unless all is known to the kernel already and on a file system that asks nobody.
 *
 * What stops to answer in the moment between the two looks is not found by this.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "basic/strv.h"
#include "image/worker.h"
#include "manager/internal.h"
#include "spec/container-section.h"
#include "spec/pod-section.h"

/* Linux 6.8 */
#ifndef SYS_statmount
#define SYS_statmount 457
#endif
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x00004000U
#endif
#define MOUNT_BASICS 1 /* STATMOUNT_SB_BASIC */

typedef struct MountQuestion {
        uint32_t size, spare;
        uint64_t id, mask;
} MountQuestion;

typedef struct MountAnswer {
        uint32_t size, spare;
        uint64_t mask;
        uint32_t major, minor;
        uint64_t magic;
        uint8_t rest[512]; /* the kernel's own is 512 bytes so far */
} MountAnswer;

/* Of those that lie on no disk. */
static bool asks_nobody(uint64_t magic) {
        switch (magic) {
        case TMPFS_MAGIC:
        case RAMFS_MAGIC:
        case OVERLAYFS_SUPER_MAGIC:
        case BTRFS_SUPER_MAGIC:
        case 0x2fc12fc1: /* ZFS */
        case 0xca451a4e: /* bcachefs */
                return true;
        default:
                return false;
        }
}

/* Not by fstatfs(2), which asks the file system. */
static bool is_local(int fd) {
        MountQuestion q = { .size = sizeof(q), .mask = MOUNT_BASICS };
        MountAnswer a = {};
        struct statx sx;

        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID_UNIQUE, &sx) < 0)
                return false;
        if (sx.stx_dev_major != 0)
                return true;
        if (!(sx.stx_mask & STATX_MNT_ID_UNIQUE))
                return false;
        q.id = sx.stx_mnt_id;
        return syscall(SYS_statmount, &q, &a, sizeof(a), 0) == 0 && asks_nobody(a.magic);
}

static bool may_wait(const char *path) {
        struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_CACHED };
        autoclose int fd = -EBADF;

        /* Of what the kernel itself has there (control groups, often) nothing is ever cached. */
        if (startswith(path, "/sys/"))
                return false;
        fd = (int) syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
        return fd < 0 ? errno == EAGAIN : !is_local(fd);
}

/* The path at which @mount is looked at, if that may take long; free(). */
static char *slow_path(const Unit *u, const MountSpec *mount) {
        autofree char *path = mount->kind == MOUNT_BIND && mount->source ? strdup(mount->source)
                                                                         : unit_volume_path(u, mount);

        return path && *path && may_wait(path) ? take_ptr(path) : NULL;
}

bool unit_sources_may_wait(const Unit *u) {
        const ContainerSpec *s = u->held.spec;

        for (size_t i = 0; s && i < s->n_mounts; i++) {
                autofree char *path = slow_path(u, &s->mounts[i]);

                if (path)
                        return true;
        }
        return false;
}

static int add(const Unit *u, const MountSpec *mounts, size_t n, char ***args) {
        int r = 0;

        for (size_t i = 0; i < n && r == 0; i++) {
                const MountSpec *m = &mounts[i];
                autofree char *path = slow_path(u, m);

                if (!path)
                        continue;
                r = strv_add(args, path);
                if (r == 0)
                        r = strv_addf(args, "%s (%s= at %s:%u)", m->source, strempty(m->key),
                                      strempty(m->at.file), m->at.line);
        }
        return r;
}

/* Before there is a spec, what it is going to be made from says the same. */
static int add_all(const Unit *u, char ***args) {
        const ContainerSpec *held = u->held.spec;
        const ContainerSection *c = u->spec ? u->spec->container : NULL;
        const Unit *pod = c && c->pod ? manager_get_unit(u->manager, c->pod) : NULL;
        int r;

        if (held)
                return add(u, held->mounts, held->n_mounts, args);
        if (!c)
                return 0;
        r = add(u, c->volumes.items, c->volumes.n, args);
        if (r == 0)
                r = add(u, c->files->mounts.items, c->files->mounts.n, args);
        if (r == 0 && pod && pod->spec && pod->spec->pod)
                r = add(u, pod->spec->pod->volumes.items, pod->spec->pod->volumes.n, args);
        return r;
}

static void on_line(const char *line, void *data) {
        Unit *u = data;
        autofree char *id = NULL;
        Fault silent = {};

        if (u->awaits_look && image_worker_parse(line, &id, &silent) == WORKER_FAILED)
                unit_set_fault(u, &silent);
}

static void on_looked(int r, const char *text, void *data) {
        Unit *u = data;
        Fault fault = {};

        u->looking = NULL;
        if (!u->awaits_look)
                return;
        u->awaits_look = false;
        /* That was for a start that has been given up. */
        if (u->looks_again) {
                r = unit_look_at_sources(u, &fault);
                text = fault.object;
        }
        if (r <= 0)
                unit_sources_came(u, r < 0 ? text : NULL);
}

/* One at a time: of those that cannot be killed there would be more and more. */
int unit_look_at_sources(Unit *u, Fault *fault) {
        autostrv char **args = NULL;
        WorkerCall call = {
                .program = PROGRAM_WORKER, .fd = -EBADF, .line = on_line, .reply = on_looked, .data = u
        };
        int r;

        r = strv_add(&args, "look");
        if (r == 0)
                r = add_all(u, &args);
        if (r < 0 || !args[1])
                return r;
        u->looks_again = u->looking != NULL;
        call.args = args;
        r = u->looking ? 0 : worker_run(u->manager, &call, &u->looking);
        if (r < 0)
                return fault_set(fault, "mount", r, "%s", args[2]);
        u->awaits_look = true;
        return 1;
}

void unit_stop_looking(Unit *u) {
        u->awaits_look = false;
        if (u->looking)
                worker_kill(u->looking);
}
