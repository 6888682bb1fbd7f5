/* Overlay mounts by descriptors, and by paths for kernels that take only these. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "storage/mount-fd.h"
#include "storage/overlay.h"

/* The kernel's own limit is 500; the OCI image tools stop at 127. */
#define LAYERS_MAX 500

/* Layers are other people's work: nothing in them may point elsewhere. No NFS export, no index. */
static const char *const safe_options[][2] = {
        { "redirect_dir", "nofollow" },
        { "metacopy", "off" },
        { "index", "off" },
};

/* Clones of the layers, id-mapped where there is a user namespace. */
typedef struct Clones {
        size_t n;
        int fds[LAYERS_MAX];
} Clones;

static void clones_close(Clones *c) {
        for (size_t i = 0; i < c->n; i++)
                (void) close(c->fds[i]);
}

/* For the caller, if he wants them. */
static void clones_give(Clones *c, MountScraps *to) {
        int *grown = to ? reallocarray(to->fds, to->n + c->n, sizeof(*grown)) : NULL;

        if (!grown)
                return;
        memcpy(grown + to->n, c->fds, c->n * sizeof(*grown));
        *to = (MountScraps){ grown, to->n + c->n };
        c->n = 0;
}

static int clones_make(const OverlayRequest *q, Clones *c, Fault *fault) {
        MountAttr attr = { .userns_fd = q->userns_fd, .read_only = true };

        for (size_t i = 0; i < q->n_layers; i++) {
                int fd = mount_fd_clone(q->layer_fds[i], "", &attr);

                if (fd < 0) {
                        fault_set(fault, "overlay", fd, "layer %zu of %zu", i + 1, q->n_layers);
                        if (fd == -EINVAL && q->userns_fd >= 0)
                                fault_advise(fault,
                                             "the file system of the layers may not allow id-mapped mounts");
                        return fd;
                }
                c->fds[c->n++] = fd;
        }
        return 0;
}

/* What the file system has to say about a failure, "e overlay: ...", is queued in its descriptor. */
static int context_fault(int fs_fd, int r, const char *what, Fault *fault) {
        char text[200];
        ssize_t n = read(fs_fd, text, sizeof(text) - 1);

        text[MAX_OF(n, 0)] = '\0';
        text[strcspn(text, "\n")] = '\0';
        return fault_set(fault, "overlay", r, "%s%s%s", what, n > 2 ? ": " : "", n > 2 ? text + 2 : "");
}

static int configure(int fs_fd, const OverlayRequest *q, const int *layers, Fault *fault) {
        for (size_t i = 0; i < q->n_layers; i++)
                if (fsconfig(fs_fd, FSCONFIG_SET_FD, "lowerdir+", NULL, layers[i]) < 0)
                        return context_fault(fs_fd, -errno, "layer", fault);

        if (q->upper_fd >= 0) {
                if (fsconfig(fs_fd, FSCONFIG_SET_FD, "upperdir", NULL, q->upper_fd) < 0)
                        return context_fault(fs_fd, -errno, "upper directory", fault);
                if (fsconfig(fs_fd, FSCONFIG_SET_FD, "workdir", NULL, q->work_fd) < 0)
                        return context_fault(fs_fd, -errno, "work directory", fault);
                if (q->volatile_upper && fsconfig(fs_fd, FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0)
                        return context_fault(fs_fd, -errno, "volatile", fault);
        }

        if (fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", "overlay", 0) < 0)
                return context_fault(fs_fd, -errno, "source", fault);
        for (size_t i = 0; i < ELEMENTSOF(safe_options); i++)
                if (fsconfig(fs_fd, FSCONFIG_SET_STRING, safe_options[i][0], safe_options[i][1], 0) < 0)
                        return context_fault(fs_fd, -errno, safe_options[i][0], fault);
        return 0;
}

static int mount_by_fd(const OverlayRequest *q, const int *layers, Fault *fault) {
        autoclose int fs_fd = -EBADF;
        int r, fd;

        fs_fd = fsopen("overlay", FSOPEN_CLOEXEC);
        if (fs_fd < 0)
                return fault_set(fault, "overlay", -errno, "file system");

        r = configure(fs_fd, q, layers, fault);
        if (r < 0)
                return r;

        if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return context_fault(fs_fd, -errno, "mount", fault);
        fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, 0);
        if (fd < 0)
                return context_fault(fs_fd, -errno, "mount", fault);
        return fd;
}

/* Text of one page, as mount(2) takes it: descriptors are named by /proc. */
static int build_options(const OverlayRequest *q, const int *layers, char *buf, size_t size) {
        size_t n = 0;

        for (size_t i = 0; i < q->n_layers && n < size; i++)
                n += (size_t) snprintf(buf + n, size - n, "%s/proc/self/fd/%d", i == 0 ? "lowerdir=" : ":",
                                       layers[i]);
        if (n < size && q->upper_fd >= 0)
                n += (size_t) snprintf(buf + n, size - n,
                                       ",upperdir=/proc/self/fd/%d,workdir=/proc/self/fd/%d%s", q->upper_fd,
                                       q->work_fd, q->volatile_upper ? ",volatile" : "");
        for (size_t i = 0; i < ELEMENTSOF(safe_options) && n < size; i++)
                n += (size_t) snprintf(buf + n, size - n, ",%s=%s", safe_options[i][0], safe_options[i][1]);
        return n < size ? 0 : -E2BIG;
}

static int mount_in_stage(const OverlayRequest *q, const int *layers, int stage_fd, Fault *fault) {
        static const MountAttr plain = { .userns_fd = -1 };
        char options[4096], layer_path[32 + 8], root_path[32 + 8], stage[32];
        int r;

        (void) fd_path(stage_fd, stage);
        (void) snprintf(layer_path, sizeof(layer_path), "%s/layer", stage);
        (void) snprintf(root_path, sizeof(root_path), "%s/root", stage);
        if (mkdir(layer_path, 0700) < 0 || mkdir(root_path, 0700) < 0)
                return fault_set(fault, "overlay", -errno, "%s", q->staging);

        /* One over the other: each descriptor goes on meaning its own layer. */
        for (size_t i = 0; i < q->n_layers; i++) {
                r = mount_fd_attach(layers[i], layer_path);
                if (r < 0)
                        return fault_set(fault, "overlay", r, "layer %zu of %zu", i + 1, q->n_layers);
        }

        r = build_options(q, layers, options, sizeof(options));
        if (r < 0)
                return fault_set(fault, "overlay", r, "%zu layers", q->n_layers);
        if (mount("overlay", root_path, "overlay", 0, options) < 0)
                return fault_set(fault, "overlay", -errno, "mount");

        r = mount_fd_clone(AT_FDCWD, root_path, &plain);
        return r < 0 ? fault_set(fault, "overlay", r, "mount") : r;
}

/* All that is attached for the time of the call lies below one tmpfs, and goes with it. */
static int mount_by_path(const OverlayRequest *q, const int *layers, Fault *fault) {
        static const MountAttr plain = { .userns_fd = -1 };
        autoclose int stage_fd = -EBADF;
        int fd, r;

        if (!q->staging)
                return fault_set(fault, "overlay", -EOPNOTSUPP, "layers by descriptor");

        stage_fd = mount_fd_memory(&(MemoryFs){ .mode = 0700 }, &plain);
        if (stage_fd < 0)
                return fault_set(fault, "overlay", stage_fd, "%s", q->staging);
        r = mount_fd_attach(stage_fd, q->staging);
        if (r < 0)
                return fault_set(fault, "overlay", r, "%s", q->staging);

        fd = mount_in_stage(q, layers, stage_fd, fault);

        if (umount2(q->staging, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && fd >= 0) {
                r = fault_set(fault, "overlay", -errno, "%s", q->staging);
                (void) close(fd);
                return r;
        }
        return fd;
}

static int mount_any(const OverlayRequest *q, Clones *clones, Fault *fault) {
        static bool by_path; /* found out once: this kernel takes layers by path only */
        Fault first = {}, second = {};
        int fd;

        if (q->method == OVERLAY_BY_PATH || (q->method == OVERLAY_AUTO && by_path))
                return mount_by_path(q, clones->fds, fault);

        fd = mount_by_fd(q, clones->fds, &first);
        if (fd >= 0) {
                clones_give(clones, q->scraps);
                return fd;
        }
        if (q->method == OVERLAY_BY_FD || !q->staging || fd == -ENODEV) {
                *fault = first;
                return fd;
        }

        /* A kernel that is too old and a layer that is no good both give EINVAL: whether it works by path
         * tells them apart. */
        fd = mount_by_path(q, clones->fds, &second);
        by_path = fd >= 0;
        if (fd < 0)
                *fault = second.error == first.error ? first : second;
        return fd;
}

int overlay_mount(const OverlayRequest *q, Fault *fault) {
        Fault scratch = {}, *f = fault ? fault : &scratch;
        autoclose int fd = -EBADF;
        Clones clones = {};
        struct statvfs vfs;
        int r;

        if (q->n_layers < 1 || q->n_layers > LAYERS_MAX)
                return fault_set(f, "overlay", -E2BIG, "%zu layers", q->n_layers);

        r = clones_make(q, &clones, f);
        if (r < 0) {
                clones_close(&clones);
                return r;
        }

        /* One read-only layer needs no overlay, and overlayfs refuses it. */
        if (q->n_layers == 1 && q->upper_fd < 0)
                return clones.fds[0];

        fd = mount_any(q, &clones, f);
        clones_close(&clones);
        if (fd < 0)
                return fd;

        if (q->upper_fd >= 0 && fstatvfs(fd, &vfs) == 0 && (vfs.f_flag & ST_RDONLY)) {
                fault_set(f, "overlay", -EROFS, "upper directory");
                fault_advise(f, "its file system does not serve as overlay's upper one: see dmesg");
                return -EROFS;
        }
        return take_fd(fd);
}
