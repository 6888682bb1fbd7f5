/*
 * Processor time of mounting the root of a container, user and system together: the overlay of given layers
 * with an upper directory, without id mapping. Usage: bench-mount-root ROUNDS DIRECTORY LAYER... (topmost
 * first)
 *
 * Prints the median of a round in microseconds, and that of the whole preparation, which also makes and
 * removes directories and mount points.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "storage/overlay.h"
#include "storage/root.h"

#define LAYERS_MAX 500

static _Noreturn void fail(const char *what, const Fault *f) {
        autofree char *text = fault_to_string(f);

        (void) fprintf(stderr, "%s: %s\n", what, text ? text : "");
        exit(1);
}

static uint64_t cpu_now(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
        return (uint64_t) ts.tv_sec * 1000000000 + (uint64_t) ts.tv_nsec;
}

static int by_size(const void *a, const void *b) {
        const uint64_t *x = a, *y = b;

        return *x < *y ? -1 : *x > *y;
}

static double median(uint64_t *times, size_t n) {
        qsort(times, n, sizeof(*times), by_size);
        return (double) times[n / 2] / 1000;
}

static uint64_t mount_overlay(const int *layers, size_t n) {
        OverlayRequest q = { .layer_fds = layers,
                             .n_layers = n,
                             .userns_fd = -1,
                             .volatile_upper = true,
                             .staging = "staging" };
        autoclose int upper = dir_make_open(AT_FDCWD, "upper", 0755),
                      work = dir_make_open(AT_FDCWD, "work", 0755);
        Fault fault = {};
        uint64_t begin;
        int fd;

        q.upper_fd = upper;
        q.work_fd = work;
        begin = cpu_now();
        fd = overlay_mount(&q, &fault);
        begin = cpu_now() - begin;
        if (fd < 0)
                fail("mount", &fault);
        (void) close(fd);
        /* A volatile one is not mounted again. */
        if (tree_remove(AT_FDCWD, "work") < 0 || tree_remove(AT_FDCWD, "upper") < 0)
                fail("remove", &fault);
        return begin;
}

static uint64_t prepare_root(const int *layers, size_t n, const char *directory) {
        autofree char *container = NULL, *attach = NULL, *staging = NULL;
        ContainerSpec spec = {};
        RootRequest q = { .spec = &spec, .layer_fds = layers, .n_layers = n, .userns_fd = -1 };
        Fault fault = {};
        uint64_t begin;

        if (asprintf(&container, "%s/containers/one", directory) < 0 ||
            asprintf(&attach, "%s/root", directory) < 0 || asprintf(&staging, "%s/staging", directory) < 0)
                exit(1);
        q.container_dir = container;
        q.attach_path = attach;
        q.staging = staging;
        begin = cpu_now();
        if (root_prepare(&q, &fault) < 0)
                fail("prepare", &fault);
        begin = cpu_now() - begin;
        if (root_release(attach, container) < 0)
                fail("release", &fault);
        return begin;
}

int main(int argc, char **argv) {
        size_t rounds = argc > 3 ? (size_t) atoi(argv[1]) : 0, n = 0;
        autofree uint64_t *overlay = calloc(rounds + 1, sizeof(*overlay)),
                          *whole = calloc(rounds + 1, sizeof(*whole));
        int layers[LAYERS_MAX];

        if (rounds == 0 || !overlay || !whole || unshare(CLONE_NEWNS) < 0 ||
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return 1;
        for (; (int) n + 3 < argc && n < LAYERS_MAX; n++) {
                layers[n] = open(argv[n + 3], O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (layers[n] < 0)
                        return 1;
        }
        if (chdir(argv[2]) < 0 || dir_make(AT_FDCWD, "staging", 0755) < 0 ||
            dir_make(AT_FDCWD, "containers", 0755) < 0)
                return 1;

        for (size_t i = 0; i < rounds; i++) {
                overlay[i] = mount_overlay(layers, n);
                whole[i] = prepare_root(layers, n, argv[2]);
        }
        printf("%.0f %.0f\n", median(overlay, rounds), median(whole, rounds));
        return 0;
}
