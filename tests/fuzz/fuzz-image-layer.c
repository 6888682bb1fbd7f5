/*
 * Any bytes as the tar of a layer. The unpacking child's code runs in this process, with a directory in
 * memory as its root; what stands beside that directory must not be touched. Needs root.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "fuzz.h"
#include "image/extract.h"
#include "image/report.h"

#define BESIDE "nobody touches this"

static int host_fd, home_fd, scene_fd;

static void check(bool good) {
        if (!good)
                abort();
}

static void scene_make(void) {
        char path[] = "/tmp/fuzz-image-layer-XXXXXX";

        check(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
        check(mkdtemp(path) && mount("fuzz", path, "tmpfs", MS_NODEV, "size=64m,nr_inodes=20000") == 0);
        host_fd = dir_open(AT_FDCWD, "/");
        home_fd = dir_open(AT_FDCWD, ".");
        scene_fd = dir_open(AT_FDCWD, path);
        check(host_fd >= 0 && home_fd >= 0 && scene_fd >= 0);
        /* Kept by the descriptor; nothing is left on the host. */
        check(umount2(path, MNT_DETACH) == 0 && rmdir(path) == 0);
        check(file_replace(scene_fd, "beside", BESIDE, strlen(BESIDE), 0600, false) == 0);
}

/* The last message is the verdict. */
static void check_reports(int fd, bool good) {
        struct {
                ReportHead head;
                char body[sizeof(ReportBody)];
        } report;
        unsigned last = 0;

        check(lseek(fd, 0, SEEK_SET) == 0);
        while (read(fd, &report.head, sizeof(report.head)) == (ssize_t) sizeof(report.head)) {
                check(last != REPORT_DONE && last != REPORT_FAILED);
                check(report.head.size <= sizeof(report.body));
                check(read(fd, report.body, report.head.size) == (ssize_t) report.head.size);
                last = report.head.kind;
        }
        check(last == (good ? REPORT_DONE : REPORT_FAILED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        ImportLimits limits = { .max_entries = 1000, .max_bytes = 1 << 20 };
        int input = memfd_create("input", MFD_CLOEXEC), report = memfd_create("report", MFD_CLOEXEC);
        int saved[2] = { dup(0), dup(1) };
        autofree char *beside = NULL;
        int status;

        if (scene_fd == 0)
                scene_make();
        check(mkdirat(scene_fd, "root", 0755) == 0 && fchdir(scene_fd) == 0 && chroot("root") == 0 &&
              chdir("/") == 0);
        check(write(input, data, size) == (ssize_t) size && lseek(input, 0, SEEK_SET) == 0);
        check(dup2(input, EXTRACT_INPUT) >= 0 && dup2(report, EXTRACT_REPORT) >= 0);

        status = extract_child(&limits);

        check(dup2(saved[0], 0) == 0 && dup2(saved[1], 1) == 1);
        check(fchdir(host_fd) == 0 && chroot(".") == 0 && fchdir(home_fd) == 0);
        check_reports(report, status == 0);
        check(file_read(scene_fd, "beside", 100, &beside, NULL) == 0 && strcmp(beside, BESIDE) == 0);
        check(tree_remove(scene_fd, "root") == 0);
        (void) close(input);
        (void) close(report);
        (void) close(saved[0]);
        (void) close(saved[1]);
        return 0;
}
