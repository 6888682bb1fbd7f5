/* What tests that launch containers share: a private mount namespace, a small root, a request. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/file.h"
#include "runtime/launch.h"
#include "runtime/template.h"
#include "runtime/userns.h"
#include "spec/confine.h"
#include "tests/unit/unit-test.h"

#define BASE     200000
#define ALL_CAPS UINT64_MAX

/* Docker's default set. */
#define DEFAULT_CAPS UINT64_C(0xa80425fb)

typedef struct Stage {
        char root[PATH_MAX];
        char payload[PATH_MAX];
        char *argv[16];
        ContainerSpec spec;
        LaunchRequest request;
        Fault fault;
        LaunchResult result;
        int output; /* memory file */
        char text[32768];
} Stage;

static inline void must(int r) {
        ck_assert_msg(r >= 0, "%s", strerror(errno));
}

static inline void path_beside_test(const char *name, char *ret) {
        char self[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

        must((int) n);
        self[n] = '\0';
        (void) snprintf(ret, PATH_MAX, "%s/%s", dirname(self), name);
}

static inline void copy_payload(Stage *s, const char *to) {
        char path[PATH_MAX + 64];
        struct stat st;
        int from, out;

        path_beside_test("test-payload", s->payload);
        (void) snprintf(path, sizeof(path), "%s/%s", s->root, to);
        must(from = open(s->payload, O_RDONLY | O_CLOEXEC));
        must(out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
        must(fstat(from, &st));
        ck_assert_int_eq(sendfile(out, from, NULL, (size_t) st.st_size), st.st_size);
        (void) close(from);
        (void) close(out);
}

static inline void own_tree(const char *path, uid_t id) {
        char command[PATH_MAX + 64];

        (void) snprintf(command, sizeof(command), "chown -R %u:%u %s", id, id, path);
        ck_assert_int_eq(system(command), 0);
}

/* A root on its own tmpfs, and a request for it. */
static inline void stage_begin(Stage *s, bool user_namespace) {
        static IdExtent extent = { 0, BASE, 65536 };
        static const IdMap map = { { &extent, 1 }, { &extent, 1 } };
        char path[PATH_MAX + 64];

        *s = (Stage){ .request = LAUNCH_REQUEST_INIT };
        must(unshare(CLONE_NEWNS));
        must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        (void) strcpy(s->root, "/tmp/nsunits-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(s->root));
        must(mount("tmpfs", s->root, "tmpfs", 0, "mode=755"));
        (void) snprintf(path, sizeof(path), "%s/bin", s->root);
        must(mkdir(path, 0755));
        (void) snprintf(path, sizeof(path), "%s/etc", s->root);
        must(mkdir(path, 0755));
        copy_payload(s, "bin/payload");

        s->argv[0] = (char *) "payload";
        s->spec = (ContainerSpec){
                .unit = (char *) "test.container",
                .host_name = (char *) "box",
                .argv = s->argv,
                .capabilities = DEFAULT_CAPS,
                .no_new_privileges = true,
                .seccomp = { .enabled = true },
                .shm_size = 1024 * 1024,
                .user_namespace = user_namespace,
        };
        must(confine_paths_make(true, NULL, NULL, &s->spec.masked_paths, &s->spec.protected_paths));
        s->request.spec = &s->spec;
        must(s->request.template_fd = template_create(NULL));
        must(s->request.root_fd = open(s->root, O_PATH | O_CLOEXEC));
        s->request.root_clone = true;
        if (user_namespace) {
                own_tree(s->root, BASE);
                must(s->request.userns_fd = userns_create(&map, NULL, NULL));
                s->request.ids = &map;
        }
        must(s->request.netns_fd = netns_create(s->request.userns_fd, NULL));
        must(s->output = memfd_create("output", MFD_CLOEXEC));
        s->request.stdout_fd = s->request.stderr_fd = s->output;
}

static inline void stage_end(Stage *s) {
        must(umount2(s->root, MNT_DETACH));
        must(rmdir(s->root));
}

static inline int stage_launch(Stage *s) {
        autoptr(Plan) plan = NULL;
        int r;

        s->fault = (Fault){};
        r = launch_plan(&s->request, &s->fault, &plan);
        return r < 0 ? r : launch_run(plan, &s->fault, &s->result);
}

static inline void assert_launch(Stage *s) {
        if (stage_launch(s) < 0)
                ck_abort_msg("%s", fault_to_string(&s->fault));
}

/* Waits for the end; the output is in s->text then. */
static inline siginfo_t stage_wait(Stage *s, int pidfd) {
        siginfo_t si = {};
        ssize_t n;

        must(waitid(P_PIDFD, (id_t) pidfd, &si, WEXITED));
        n = pread(s->output, s->text, sizeof(s->text) - 1, 0);
        s->text[n < 0 ? 0 : n] = '\0';
        return si;
}

static inline void assert_has(const Stage *s, const char *wanted) {
        ck_assert_msg(strstr(s->text, wanted) != NULL, "no \"%s\" in:\n%s", wanted, s->text);
}

static inline void assert_lacks(const Stage *s, const char *unwanted) {
        ck_assert_msg(strstr(s->text, unwanted) == NULL, "\"%s\" in:\n%s", unwanted, s->text);
}

/* Lines of /proc/self/mountinfo, and open descriptors: both must be the same after a launch. */
static inline int count_lines(const char *path) {
        char *text;
        int n = 0;

        ck_assert_int_eq(file_read(AT_FDCWD, path, 1 << 24, &text, NULL), 0);
        for (char *p = text; (p = strchr(p, '\n')) != NULL; p++)
                n++;
        free(text);
        return n;
}

static inline int count_descriptors(void) {
        int n = 0;

        for (int fd = 0; fd < 1024; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

/* Every failure says which step, on what, and leaves nothing. */
static inline void assert_fault(Stage *s, int error, const char *text) {
        autofree char *said = NULL;
        int fds = count_descriptors(), r;

        r = stage_launch(s);
        ck_assert_int_eq(r, error);
        said = fault_to_string(&s->fault);
        ck_assert_str_eq(said, text);
        ck_assert_int_eq(count_descriptors(), fds);
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
        ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
}
