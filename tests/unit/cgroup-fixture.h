/* A cgroup of the test's own, made and removed around each test. Needs root and cgroup2. */
#pragma once

#include <stdio.h>
#include <unistd.h>

#include "unit-test.h"

#include "cgroup/cgroup.h"

static CgroupRoot *root;
static int fd;

/* Exit status 77 means "skipped" to meson: no cgroup2 here, or not ours to write. */
__attribute__((constructor)) static void skip(void) {
        if (geteuid() != 0 || cgroup_root_open("/nsunits-test-probe", NULL, &root) < 0)
                _exit(77);
        cgroup_root_remove(root);
}

static void begin(void) {
        static const LimitSpec none = LIMIT_SPEC_NONE;
        char path[64];

        (void) snprintf(path, sizeof(path), "/nsunits-test-%d", getpid());
        ck_assert_int_eq(cgroup_root_open(path, NULL, &root), 0);
        fd = cgroup_create(root, "x.container", &none, NULL);
        ck_assert_int_ge(fd, 0);
}

static void end(void) {
        (void) close(fd);
        ck_assert_int_ge(cgroup_remove(root, "x.container"), 0);
        cgroup_root_remove(root);
}
