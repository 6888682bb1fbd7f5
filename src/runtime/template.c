/* The template mount namespace. Everything here runs in a child that shares the manager's memory. */
#include "runtime/template.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "basic/syscall.h"
#include "runtime/clone.h"

#define KERNEL_FS_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

typedef struct TemplateJob {
        int fd;
        const char *object; /* what failed */
} TemplateJob;

static long make_dir_mount(const char *type, const char *path, unsigned long flags) {
        long r;

        r = RAW(mkdirat, AT_FDCWD, path, 0755);
        if (r < 0 && r != -EEXIST)
                return r;
        return RAW(mount, type, path, type, flags, NULL);
}

static long template_build(TemplateJob *job) {
        long r;

        job->object = "new mount namespace";
        r = RAW(unshare, CLONE_NEWNS);
        if (r == 0)
                r = RAW(mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);

        /* Any directory of the host will do as a place to stand on: it is covered in this namespace only. */
        if (r == 0) {
                job->object = "tmpfs";
                r = RAW(mount, "tmpfs", "/proc", "tmpfs", MS_NOSUID | MS_NODEV,
                        "size=4k,nr_inodes=8,mode=755");
        }
        if (r == 0)
                r = RAW(chdir, "/proc");
        if (r == 0) {
                job->object = "proc";
                r = make_dir_mount("proc", "proc", KERNEL_FS_FLAGS);
        }
        if (r == 0) {
                job->object = "sysfs";
                r = make_dir_mount("sysfs", "sys", KERNEL_FS_FLAGS);
        }
        if (r == 0) {
                job->object = TEMPLATE_SCRAPS;
                r = RAW(mkdirat, AT_FDCWD, &TEMPLATE_SCRAPS[1], 0755);
        }
        if (r == 0) {
                job->object = "pivot_root";
                r = RAW(pivot_root, ".", ".");
        }
        if (r == 0)
                r = RAW(umount2, ".", MNT_DETACH);
        if (r == 0)
                r = RAW(chdir, "/");
        if (r == 0)
                r = RAW(mount, NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
                        NULL);
        return r;
}

static int template_child(void *p) {
        TemplateJob *job = p;
        long r;

        r = template_build(job);
        if (r == 0) {
                job->object = "/proc/self/ns/mnt";
                r = RAW(openat, AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        }
        if (r < 0)
                return (int) r;
        job->fd = (int) r;
        return 0;
}

int template_create(Fault *f) {
        TemplateJob job = { .fd = -EBADF };
        int r;

        r = helper_run(template_child, &job);
        if (r < 0)
                return fault_set(f, "template", r, "%s", job.object ? job.object : "process");
        return job.fd;
}
