/* One build: buildah's store, its run, what it says, and the import of what it has made. */
#include "image/build.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "image/reference.h"
#include "image/store-internal.h"
#include "image/tool.h"

#define BUILD   "build"
#define STORAGE "storage" /* buildah's images and layers: a cache */
#define RUN     "run"     /* what it knows of mounts, which end with it */
#define SCRATCH "tmp"
#define CONTEXT "empty"
#define LAYOUT  "layout"
#define ID_FILE "tmp/id"

/* Of what it says, the end is where the reason is. */
#define TAIL_SIZE 4096

typedef struct Build {
        ImageStore *store;
        const BuildRequest *request;
        void (*event)(const PullEvent *event, void *data);
        void *data;
        int fd;     /* of STORE/build; locked */
        char *path; /* the same */
        char **environment;
        char tail[TAIL_SIZE];
        size_t n_tail;
} Build;

static void build_clear(Build *b) {
        cleanup_close_(&b->fd);
        free(b->path);
        strv_free(b->environment);
}

#define autobuild __attribute__((cleanup(build_clear)))

/* -- what it says -- */

int build_parse_line(const char *line, PullEvent *ret) {
        const char *step = startswith(line, "STEP ");

        /* "[2/3] STEP 1/4: FROM base", where there are several stages. */
        if (!step && line[0] == '[') {
                step = strstr(line, "] STEP ");
                step = step ? step + strlen("] STEP ") : NULL;
        }
        if (!step || step[0] < '0' || step[0] > '9')
                return -EBADMSG;

        *ret = (PullEvent){ .kind = PULL_EVENT_BUILD };
        (void) snprintf(ret->text, sizeof(ret->text), "step %s", step);
        /* It travels as JSON, which may not end within a letter. */
        for (char *p = ret->text; *p; p++)
                if (*p & 0x80 || *p < ' ')
                        *p = '?';
        return 0;
}

/* The beginning of its last message: "Error: ..." may have several lines. */
static const char *last_error(const char *text) {
        const char *found = startswith(text, "Error: ") ? text : NULL;

        for (const char *p = text; (p = strstr(p, "\nError: ")); p++)
                found = p + 1;
        return found ? found + strlen("Error: ") : NULL;
}

void build_reason(const char *text, char *ret, size_t size) {
        const char *reason = last_error(text);
        const char *end = text + strlen(text);
        size_t n;

        while (end > text && end[-1] == '\n')
                end--;
        if (!reason) {
                reason = end;
                while (reason > text && reason[-1] != '\n')
                        reason--;
        }

        n = (size_t) (end - reason);
        if (n == 0)
                (void) snprintf(ret, size, "buildah did not say why");
        else if (n >= size)
                (void) snprintf(ret, size, "...%s", end - size + 4);
        else
                (void) snprintf(ret, size, "%.*s", (int) n, reason);
        for (char *p = ret; *p; p++)
                if (*p == '\n')
                        *p = ' ';
}

static void tell(const Build *b, const char *text) {
        PullEvent e = { .kind = PULL_EVENT_BUILD };

        (void) snprintf(e.text, sizeof(e.text), "%s", text);
        if (b->event)
                b->event(&e, b->data);
}

static void keep_in_tail(Build *b, const char *line) {
        size_t n = MIN_OF(strlen(line), sizeof(b->tail) - 2), over;

        over = b->n_tail + n + 2 > sizeof(b->tail) ? b->n_tail + n + 2 - sizeof(b->tail) : 0;
        b->n_tail -= over;
        memmove(b->tail, b->tail + over, b->n_tail);
        memcpy(b->tail + b->n_tail, line, n);
        b->n_tail += n;
        b->tail[b->n_tail++] = '\n';
        b->tail[b->n_tail] = '\0';
}

static void on_line(const char *line, void *data) {
        Build *b = data;
        PullEvent e;

        (void) dprintf(STDERR_FILENO, "%s\n", line);
        keep_in_tail(b, line);
        if (b->event && build_parse_line(line, &e) == 0)
                b->event(&e, b->data);
}

static void on_line_of_housekeeping(const char *line, void *data) {
        keep_in_tail(data, line);
}

/* -- its directories -- */

static int wait_for_lock(const Build *b) {
        if (flock(b->fd, LOCK_EX | LOCK_NB) == 0)
                return 0;
        tell(b, "waiting for another build");
        while (flock(b->fd, LOCK_EX) < 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}

/* What a killed build has left, the cache excepted. */
static int drop_rest(const Build *b) {
        static const char *const rests[] = { RUN, SCRATCH, CONTEXT, LAYOUT };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(rests) && r == 0; i++)
                r = tree_remove(b->fd, rests[i]);
        return r;
}

static int open_directories(Build *b, Fault *fault) {
        static const char *const fresh[] = { RUN, SCRATCH, CONTEXT, LAYOUT };
        int r;

        if (asprintf(&b->path, "%s/" BUILD, b->store->path) < 0) {
                b->path = NULL;
                return -ENOMEM;
        }
        b->fd = dir_make_open(b->store->root_fd, BUILD, 0700);
        r = MIN_OF(b->fd, 0);
        if (r == 0)
                r = wait_for_lock(b);
        if (r == 0)
                r = drop_rest(b);
        for (size_t i = 0; i < ELEMENTSOF(fresh) && r == 0; i++)
                r = dir_make(b->fd, fresh[i], 0700);
        for (unsigned i = 0; i < b->request->n_volumes && r == 0; i++) {
                char name[64];

                (void) snprintf(name, sizeof(name), BUILD_VOLUME, i);
                r = dir_make(b->store->root_fd, name, 0755);
        }
        return r < 0 ? fault_set(fault, "build", r, "%s", b->path) : 0;
}

static int make_environment(Build *b) {
        autofree char *scratch = NULL;
        int r;

        if (asprintf(&scratch, "TMPDIR=%s/" SCRATCH, b->path) < 0) {
                scratch = NULL;
                return -ENOMEM;
        }
        r = strv_copy(b->request->environment, &b->environment);
        if (r == 0 && !strv_env_get(b->environment, "HOME"))
                r = strv_env_set(&b->environment, "HOME=/root");
        return r < 0 ? r : strv_env_set(&b->environment, scratch);
}

/* -- its runs -- */

static int run(Build *b, char *const *argv, const char *directory, void (*line)(const char *, void *)) {
        autofree char *path = NULL;
        Tool tool = { .argv = argv, .environment = b->environment, .line = line, .data = b };

        if (asprintf(&path, "%s/%s", b->path, directory) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        tool.directory = path;
        b->n_tail = 0;
        b->tail[0] = '\0';
        return tool_run(&tool);
}

static int add_program(const Build *b, char ***argv) {
        int r = strv_add(argv, "buildah");

        if (r == 0)
                r = strv_addf(argv, "--root=%s/" STORAGE, b->path);
        return r < 0 ? r : strv_addf(argv, "--runroot=%s/" RUN, b->path);
}

/* Containers of builds that were killed. A store in which even that fails is good for nothing any more. */
static int clear_storage(Build *b) {
        autostrv char **argv = NULL;
        int r;

        if (!file_exists(b->fd, STORAGE))
                return 0;
        r = add_program(b, &argv);
        if (r == 0)
                r = strv_add(&argv, "rm");
        if (r == 0)
                r = strv_add(&argv, "--all");
        if (r == 0)
                r = run(b, argv, CONTEXT, on_line_of_housekeeping);
        return r == 1 || r == -EINTR ? tree_remove(b->fd, STORAGE) : r;
}

static int failure(const Build *b, int r, const char *program, Fault *fault) {
        const char *name = b->request->names[0];
        char reason[sizeof(fault->object) - 64];

        if (r == -ENOPKG) {
                (void) fault_tell(fault, "build", r, "%s: %s is not installed", name, program);
                fault_advise(fault, "it is what builds images: install the package %s", program);
                return r;
        }
        if (r == -EINTR)
                return fault_tell(fault, "build", -EIO, "%s: %s was killed", name, program);
        if (r < 0)
                return fault_set(fault, "build", r, "%s", name);
        build_reason(b->tail, reason, sizeof(reason));
        r = strstr(b->tail, "no space left on device") ? -ENOSPC : -EIO;
        return fault_tell(fault, "build", r, "%.60s: %s", name, reason);
}

/* The commands of a build are root's, in a process namespace of their own and a changed root, with the
 * capabilities of containers but for the one that would lead out of that. */
static int run_build(Build *b, Fault *fault) {
        static const char *const options[] = { "build", "--isolation=chroot", "--network=host",
                                               "--cap-drop=CAP_SYS_CHROOT" };
        autostrv char **argv = NULL;
        int r;

        r = add_program(b, &argv);
        for (size_t i = 0; i < ELEMENTSOF(options) && r == 0; i++)
                r = strv_add(&argv, options[i]);
        if (r == 0)
                r = strv_addf(&argv, "--layers=%s", b->request->keep ? "true" : "false");
        if (r == 0)
                r = strv_addf(&argv, "--iidfile=%s/" ID_FILE, b->path);
        if (r == 0)
                r = strv_add_all(&argv, b->request->arguments);
        if (r == 0)
                r = run(b, argv, CONTEXT, on_line);
        return r == 0 ? 0 : failure(b, r, "buildah", fault);
}

/* Which driver buildah has chosen for its store: "overlay-images" and so on. */
static int find_driver(const Build *b, char **ret) {
        autoclosedir DIR *dir = NULL;
        struct dirent *entry;
        int fd;

        fd = dir_open(b->fd, STORAGE);
        if (fd < 0)
                return fd;
        dir = fdopendir(fd);
        if (!dir) {
                (void) close(fd);
                return -ENOMEM;
        }
        while ((entry = readdir(dir))) {
                const char *end = endswith(entry->d_name, "-images");

                if (!end)
                        continue;
                *ret = strndup(entry->d_name, (size_t) (end - entry->d_name));
                return *ret ? 0 : -ENOMEM;
        }
        return -ENOENT;
}

static int source_of_result(const Build *b, char **ret) {
        autofree char *driver = NULL, *id = NULL;
        const char *hex;
        int r;

        r = file_read_line(b->fd, ID_FILE, &id);
        if (r < 0)
                return r;
        hex = digest_parse(id);
        if (!hex)
                return -EBADMSG;
        r = find_driver(b, &driver);
        if (r < 0)
                return r;
        return asprintf(ret, "containers-storage:[%s@%s/" STORAGE "+%s/" RUN "]@%s", driver, b->path, b->path,
                        hex) < 0
                       ? -ENOMEM
                       : 0;
}

/* buildah itself would compress the layers, for which nobody has a use. */
static int copy_result(Build *b, Fault *fault) {
        autofree char *source = NULL;
        autostrv char **argv = NULL;
        int r;

        r = source_of_result(b, &source);
        if (r < 0)
                return fault_set(fault, "build", r, "%s: what buildah has built", b->request->names[0]);
        r = strv_add(&argv, "skopeo");
        if (r == 0)
                r = strv_add(&argv, "copy");
        if (r == 0)
                r = strv_add(&argv, "--dest-oci-accept-uncompressed-layers");
        if (r == 0)
                r = strv_add(&argv, source);
        if (r == 0)
                r = strv_add(&argv, "oci:.:image");
        if (r == 0)
                r = run(b, argv, LAYOUT, on_line_of_housekeeping);
        return r == 0 ? 0 : failure(b, r, "skopeo", fault);
}

/* -- what it has made -- */

static int add_names(Build *b, const ImportReport *report, Fault *fault) {
        autofree char *id = NULL;
        autoptr(Image) image = NULL;
        int r;

        if (asprintf(&id, "sha256:%s", report->id) < 0) {
                id = NULL;
                return -ENOMEM;
        }
        r = image_store_resolve(b->store, id, &image, fault);
        STRV_FOREACH (name, b->request->names)
                if (r == 0)
                        r = image_store_name(b->store, image, *name, fault);
        return r;
}

static void on_import(const char *step, unsigned index, unsigned count, uint64_t done, uint64_t total,
                      void *data) {
        const Build *b = data;
        PullEvent e = { .kind = PULL_EVENT_UNPACK, .done = done, .total = total };

        (void) snprintf(e.text, sizeof(e.text), "%u of %u", index, count);
        if (streq(step, "layer") && b->event)
                b->event(&e, b->data);
}

static int import_result(Build *b, ImportReport *ret, Fault *fault) {
        autoclose int layout = dir_open(b->fd, LAYOUT), lock = store_lock(b->store, false);
        ImportRequest request = {
                .fd = layout,
                .name = b->request->names[0],
                .architecture = b->request->architecture,
                .progress = on_import,
                .data = b,
        };
        int r;

        if (layout < 0 || lock < 0)
                return fault_set(fault, "build", MIN_OF(layout, lock), "%s", b->path);
        r = image_import(b->store, &request, ret, fault);
        return r < 0 ? r : add_names(b, ret, fault);
}

int image_build(ImageStore *store, const BuildRequest *q, void (*event)(const PullEvent *event, void *data),
                void *data, ImportReport *ret, Fault *fault) {
        autobuild Build b = { .store = store, .request = q, .event = event, .data = data, .fd = -EBADF };
        ImportReport report = {};
        int r;

        r = open_directories(&b, fault);
        if (r == 0)
                r = make_environment(&b);
        if (r == 0)
                r = clear_storage(&b);
        if (r == 0)
                r = run_build(&b, fault);
        else
                r = failure(&b, r, "buildah", fault);
        if (r == 0)
                r = copy_result(&b, fault);
        if (r == 0)
                r = import_result(&b, &report, fault);

        if (b.fd >= 0) {
                (void) drop_rest(&b);
                if (!q->keep || r == -ENOSPC)
                        (void) tree_remove(b.fd, STORAGE);
        }
        (void) image_store_collect(store, NULL);
        if (r < 0) {
                free(report.name);
                return fault_set(fault, "build", r, "%s", q->names[0]);
        }
        *ret = report;
        return 0;
}
