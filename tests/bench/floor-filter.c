#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "floor-filter.h"
#include "runtime/seccomp.h"

#define CAPABILITIES 0x800425fbULL

static int fail(const char *what) {
        fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
        return 1;
}

void floor_filter_load(struct sock_fprog *ret) {
        static struct sock_filter instructions[4096];
        FILE *file = fopen(getenv("FLOOR_FILTER") ?: "", "re");

        if (!file)
                _exit(fail("FLOOR_FILTER"));
        *ret = (struct sock_fprog){ .filter = instructions };
        ret->len = (unsigned short) fread(instructions, sizeof(*instructions),
                                          sizeof(instructions) / sizeof(*instructions), file);
        (void) fclose(file);
}

/* In a process that ends afterwards: a filter is for ever. */
int floor_filter_time(const struct sock_fprog *program) {
        struct timespec begin, end;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return fail("no_new_privs");
        (void) clock_gettime(CLOCK_MONOTONIC, &begin);
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) < 0)
                return fail("seccomp");
        (void) clock_gettime(CLOCK_MONOTONIC, &end);
        printf("%ld\n", (end.tv_sec - begin.tv_sec) * 1000000000L + end.tv_nsec - begin.tv_nsec);
        return 0;
}

int floor_filter_write(const char *path) {
        const struct sock_fprog *program = NULL;
        SeccompSpec spec = { .enabled = true };
        Fault fault = { 0 };
        FILE *file;

        if (seccomp_filter(&spec, CAPABILITIES, &fault, &program) < 0 || !program)
                return 1;
        file = fopen(path, "we");
        if (!file)
                return fail(path);
        (void) fwrite(program->filter, sizeof(*program->filter), program->len, file);
        return fclose(file) == 0 ? 0 : fail(path);
}
