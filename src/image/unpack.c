/* The pump between input, decompressing child and extracting child. */
#include "image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "image/decompress.h"
#include "image/digest.h"
#include "image/extract.h"
#include "image/lower.h"
#include "image/sandbox.h"

#define BUFFER_BYTES (256 * 1024)

/* Larger pipes than 64 KiB save switches between the processes; any size will do. */
#define PIPE_BYTES (1024 * 1024)

#define TAR_BLOCK_BYTES 512

#define CHILD_END_MSEC 10000

/* What a tar needs beside the contents of its files, per entry, with long names and attributes. */
#define OVERHEAD_BYTES (128 * 1024)

/* Bytes on their way from one descriptor to another, hashed. */
typedef struct Stage {
        int from;
        bool owned; /* @from is ours to close */
        int to;     /* -EBADF: nobody takes them any more, they are only hashed */
        bool ended; /* no more to read */
        Digest *digest;
        uint64_t total;
        uint64_t zeros;        /* the last ones that passed */
        size_t position, size; /* what of the buffer is still to be written */
        char buffer[BUFFER_BYTES];
} Stage;

typedef struct Unpack {
        const UnpackRequest *request;
        Fault *fault;

        Stage stages[2]; /* raw bytes; plain bytes, when they differ */
        size_t n_stages;
        pid_t decompressor, extractor; /* 0 = none */

        int report_fd;
        struct {
                ReportHead head;
                ReportBody body;
        } report;
        size_t n_report;
        bool done; /* REPORT_DONE came */
        Fault child_fault;
        UnpackCounts counts;
} Unpack;

static void stage_close(Stage *s) {
        if (s->owned)
                cleanup_close_(&s->from);
        cleanup_close_(&s->to);
        digest_free(take_ptr(s->digest));
}

/* A child that has closed its descriptors has nothing left to do: false when it goes on nevertheless. */
static bool child_wait(pid_t pid) {
        autoclose int fd = (int) syscall(SYS_pidfd_open, pid, 0);
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        int r;

        do
                r = poll(&wait, 1, CHILD_END_MSEC);
        while (r < 0 && errno == EINTR);
        return r > 0;
}

/* True if the child has ended well. */
static bool child_end(pid_t *pid, bool stop) {
        int status = -1;

        if (*pid <= 0)
                return true;
        if (stop || !child_wait(*pid))
                (void) kill(*pid, SIGKILL);
        while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
                ;
        *pid = 0;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void unpack_free(Unpack *u) {
        if (!u)
                return;

        for (size_t i = 0; i < ELEMENTSOF(u->stages); i++)
                stage_close(&u->stages[i]);
        (void) child_end(&u->decompressor, true);
        (void) child_end(&u->extractor, true);
        cleanup_close_(&u->report_fd);
        free(u);
}

AUTOPTR_DEFINE(Unpack, unpack_free);

static Unpack *unpack_new(const UnpackRequest *request, Fault *fault) {
        Unpack *u = calloc(1, sizeof(*u));

        if (!u)
                return NULL;
        u->request = request;
        u->fault = fault;
        u->report_fd = -EBADF;
        for (size_t i = 0; i < ELEMENTSOF(u->stages); i++) {
                u->stages[i].from = u->stages[i].to = -EBADF;
                u->stages[i].digest = digest_new();
                if (!u->stages[i].digest) {
                        unpack_free(u);
                        return NULL;
                }
        }
        return u;
}

/* Our end must not block: all of them are served in one loop. */
static int pipe_make(int *ret_ours, int *ret_theirs, bool we_write) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        *ret_ours = fds[we_write];
        *ret_theirs = fds[!we_write];
        (void) fcntl(*ret_ours, F_SETPIPE_SZ, PIPE_BYTES);
        return fcntl(*ret_ours, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static void zeros_count(Stage *s) {
        size_t n = s->size;

        while (n > 0 && s->buffer[n - 1] == 0)
                n--;
        s->zeros = s->size - n + (n == 0 ? s->zeros : 0);
}

static int stage_fill(Unpack *u, Stage *s) {
        ssize_t n = read(s->from, s->buffer, sizeof(s->buffer));

        if (n < 0)
                return errno == EINTR || errno == EAGAIN ? 0 : -errno;
        if (n == 0) {
                s->ended = true;
                return 0;
        }

        s->position = 0;
        s->size = (size_t) n;
        s->total += (uint64_t) n;
        zeros_count(s);
        if (s == &u->stages[0] && u->request->progress)
                u->request->progress(s->total, u->request->data);
        return digest_add(s->digest, s->buffer, s->size);
}

static int stage_flush(Stage *s) {
        if (s->size > 0 && s->to >= 0) {
                ssize_t n = write(s->to, s->buffer + s->position, s->size);

                if (n >= 0) {
                        s->position += (size_t) n;
                        s->size -= (size_t) n;
                } else if (errno == EPIPE) /* what the reader made of it, it says elsewhere */
                        replace_fd(&s->to, -EBADF);
                else if (errno != EAGAIN && errno != EINTR)
                        return -errno;
        }
        if (s->to < 0)
                s->size = 0;
        if (s->ended && s->size == 0)
                replace_fd(&s->to, -EBADF);
        return 0;
}

/* The first bytes decide whether there is something to decompress. */
static int sniff(Unpack *u, bool *ret) {
        Stage *s = &u->stages[0];
        int r;

        s->from = u->request->input_fd;
        while (s->size < DECOMPRESS_MAGIC_MAX) {
                struct pollfd wait = { .fd = s->from, .events = POLLIN };
                ssize_t n = read(s->from, s->buffer + s->size, sizeof(s->buffer) - s->size);

                if (n < 0 && errno == EAGAIN)
                        (void) poll(&wait, 1, -1);
                if (n < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (n < 0)
                        return fault_set(u->fault, "read", -errno, "%s", u->request->object);
                s->size += (size_t) n;
                if (n == 0) {
                        s->ended = true;
                        break;
                }
        }
        s->total = s->size;
        zeros_count(s);
        r = digest_add(s->digest, s->buffer, s->size);
        *ret = decompress_wanted(s->buffer, s->size);
        return r;
}

static int decompressor_start(Unpack *u) {
        autoclose int in = -EBADF, out = -EBADF;
        SandboxSpec spec = { .fn = decompress_child, .root_fd = -EBADF, .n_fds = DECOMPRESS_N_FDS };
        int r;

        r = pipe_make(&u->stages[0].to, &in, true);
        if (r == 0)
                r = pipe_make(&u->stages[1].from, &out, false);
        if (r < 0)
                return fault_set(u->fault, "sandbox", r, "pipe");
        u->stages[1].owned = true;
        u->n_stages = 2;

        spec.fds[DECOMPRESS_INPUT] = in;
        spec.fds[DECOMPRESS_OUTPUT] = out;
        return sandbox_spawn(&spec, &u->decompressor, u->fault);
}

static int extractor_start(Unpack *u) {
        autoclose int in = -EBADF, report = -EBADF;
        ImportLimits limits = *u->request->limits;
        SandboxSpec spec = {
                .fn = extract_child, .data = &limits, .root_fd = u->request->dir_fd, .n_fds = EXTRACT_N_FDS
        };
        int r;

        r = pipe_make(&u->stages[u->n_stages - 1].to, &in, true);
        if (r == 0)
                r = pipe_make(&u->report_fd, &report, false);
        if (r < 0)
                return fault_set(u->fault, "sandbox", r, "pipe");

        spec.fds[EXTRACT_INPUT] = in;
        spec.fds[EXTRACT_REPORT] = report;
        if (u->request->lock_fd >= 0)
                spec.fds[spec.n_fds++] = u->request->lock_fd;
        if (u->request->life_fd >= 0)
                spec.fds[spec.n_fds++] = u->request->life_fd;
        return sandbox_spawn(&spec, &u->extractor, u->fault);
}

/* For later: the layers below may not be there yet. */
static int lower_note(Unpack *u, LowerKind kind, const char *text, size_t size) {
        char byte = (char) kind;
        struct iovec parts[] = { { &byte, 1 }, { (void *) text, size }, { (void *) "", 1 } };
        ssize_t n = writev(u->request->lower_fd, parts, ELEMENTSOF(parts));

        if (n == (ssize_t) size + 2)
                return 0;
        return fault_set(u->fault, "unpack", n < 0 ? -errno : -ENOSPC, "%s", u->request->object);
}

/* Only we may write trusted.*; the path means what it meant to the child: below the layer's root. */
static int opaque_set(Unpack *u, const char *path, size_t size) {
        autofree char *name = strndup(path, size);
        autoclose int fd = -EBADF;

        if (!name)
                return -ENOMEM;
        fd = path_in_root_open(u->request->dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK, 0);
        /* Replaced by a later entry. */
        if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
                return 0;
        if (fd < 0)
                return fault_set(u->fault, "unpack", fd, "%.200s", name);
        if (fsetxattr(fd, "trusted.overlay.opaque", "y", 1, 0) < 0)
                return fault_set(u->fault, "unpack", -errno, "trusted.overlay.opaque of %.200s", name);
        return 0;
}

static int report_take(Unpack *u) {
        const ReportBody *body = &u->report.body;
        size_t size = u->report.head.size;

        if (u->done || u->child_fault.error < 0)
                return -EPROTO;
        if (u->report.head.kind == REPORT_OPAQUE && size > 0)
                return opaque_set(u, body->path, size);
        if (u->report.head.kind == REPORT_IMPLIED && size > 0)
                return lower_note(u, LOWER_DIRECTORY, body->path, size);
        if (u->report.head.kind == REPORT_LINK && size > 0)
                return lower_note(u, LOWER_LINK, body->path, size);
        if (u->report.head.kind == REPORT_DONE && size == sizeof(UnpackCounts)) {
                u->counts = body->counts;
                u->done = true;
                return 0;
        }
        if (u->report.head.kind != REPORT_FAILED || size != sizeof(Fault) || body->fault.error >= 0 ||
            body->fault.error < -4095)
                return -EPROTO;

        u->child_fault = body->fault;
        u->child_fault.step[sizeof(u->child_fault.step) - 1] = '\0';
        u->child_fault.object[sizeof(u->child_fault.object) - 1] = '\0';
        u->child_fault.advice[sizeof(u->child_fault.advice) - 1] = '\0';
        /* Go on to the end where a wrong digest would explain it. */
        return u->child_fault.error == -EBADMSG && u->request->digest ? 0 : u->child_fault.error;
}

/* Exactly one message at a time, so that none is lost when the pipe holds several. */
static int report_read(Unpack *u) {
        size_t head = sizeof(u->report.head), want;
        ssize_t n;
        int r = 0;

        want = u->n_report < head ? head : head + u->report.head.size;
        n = read(u->report_fd, (char *) &u->report + u->n_report, want - u->n_report);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        if (n == 0) {
                replace_fd(&u->report_fd, -EBADF);
                return 0;
        }

        u->n_report += (size_t) n;
        if (u->n_report < head)
                return 0;
        if (u->report.head.size > sizeof(u->report.body))
                return -EPROTO;
        if (u->n_report == head + u->report.head.size) {
                u->n_report = 0;
                r = report_take(u);
        }
        return r;
}

static int stages_move(Unpack *u, const struct pollfd *polled) {
        uint64_t most = u->request->limits->max_bytes;

        if (__builtin_add_overflow(most, u->request->limits->max_entries * OVERHEAD_BYTES, &most))
                most = UINT64_MAX;

        for (size_t i = 0; i < u->n_stages; i++) {
                Stage *s = &u->stages[i];
                int r = 0;

                if (polled[2 * i].revents && s->size == 0 && !s->ended)
                        r = stage_fill(u, s);
                if (r == 0)
                        r = stage_flush(s);
                if (r < 0)
                        return fault_set(u->fault, "read", r, "%s", u->request->object);
                if (s->total > most)
                        return fault_tell(u->fault, "unpack", -E2BIG, "%s unpacks to more than %llu bytes",
                                          u->request->object, (unsigned long long) most);
        }
        return 0;
}

static nfds_t poll_prepare(Unpack *u, struct pollfd *fds, bool *ret_busy) {
        nfds_t n = 0;

        *ret_busy = u->report_fd >= 0;
        for (size_t i = 0; i < u->n_stages; i++) {
                Stage *s = &u->stages[i];
                bool reads = s->size == 0 && !s->ended, writes = s->size > 0;

                fds[n++] = (struct pollfd){ .fd = reads ? s->from : -1, .events = POLLIN };
                fds[n++] = (struct pollfd){ .fd = writes ? s->to : -1, .events = POLLOUT };
                *ret_busy |= reads || writes;
        }
        fds[n++] = (struct pollfd){ .fd = u->report_fd, .events = POLLIN };
        return n;
}

static int pump(Unpack *u) {
        struct pollfd fds[2 * ELEMENTSOF(u->stages) + 1];
        bool busy;
        nfds_t n;
        int r;

        for (;;) {
                n = poll_prepare(u, fds, &busy);
                if (!busy)
                        return 0;
                if (poll(fds, n, -1) < 0 && errno != EINTR)
                        return fault_set(u->fault, "unpack", -errno, "poll");

                r = stages_move(u, fds);
                if (r < 0)
                        return r;
                if (fds[n - 1].revents) {
                        r = report_read(u);
                        if (r < 0)
                                return r;
                }
        }
}

/* The input's fault comes first: a wrong digest explains whatever the children found. */
static int verdict(Unpack *u, UnpackResult *ret) {
        const UnpackRequest *q = u->request;
        Stage *raw = &u->stages[0], *plain = &u->stages[u->n_stages - 1];
        bool decompressed = child_end(&u->decompressor, false), extracted = child_end(&u->extractor, false);
        int r;

        r = digest_end(raw->digest, ret->digest);
        if (r < 0)
                return r;
        memcpy(ret->diff_id, ret->digest, sizeof(ret->diff_id));
        if (plain != raw) {
                r = digest_end(plain->digest, ret->diff_id);
                if (r < 0)
                        return r;
        }
        ret->size = raw->total;
        ret->counts = u->counts;

        if (q->size != UINT64_MAX && q->size != raw->total)
                return fault_tell(u->fault, "digest", -EBADMSG, "%s has %llu bytes instead of %llu",
                                  q->object, (unsigned long long) raw->total, (unsigned long long) q->size);
        if (q->digest && !streq(q->digest, ret->digest))
                return fault_tell(u->fault, "digest", -EBADMSG, "%s is sha256:%s", q->object, ret->digest);
        if (!decompressed)
                return fault_tell(u->fault, "decompress", -EBADMSG, "%s is damaged", q->object);
        if (u->child_fault.error < 0) {
                if (u->fault && u->fault->error == 0)
                        *u->fault = u->child_fault;
                return u->child_fault.error;
        }
        if (q->marked && plain->zeros < TAR_BLOCK_BYTES)
                return fault_tell(u->fault, "unpack", -EBADMSG, "%s is cut short", q->object);
        if (!extracted || !u->done)
                return fault_set(u->fault, "unpack", -EPROTO, "%s: the sandboxed child failed", q->object);
        return 0;
}

int unpack_stream(const UnpackRequest *request, UnpackResult *ret, Fault *fault) {
        autoptr(Unpack) u = unpack_new(request, fault);
        UnpackResult result = {};
        bool compressed = false;
        int r;

        if (!u)
                return -ENOMEM;

        u->n_stages = 1;
        r = sniff(u, &compressed);
        if (r == 0 && compressed)
                r = decompressor_start(u);
        if (r == 0)
                r = extractor_start(u);
        for (size_t i = 0; r == 0 && i < u->n_stages; i++)
                r = stage_flush(&u->stages[i]);
        if (r == 0)
                r = pump(u);
        if (r < 0) {
                if (u->child_fault.error < 0 && fault && fault->error == 0)
                        *fault = u->child_fault;
                return fault_set(fault, "unpack", r, "%s", request->object);
        }

        r = verdict(u, &result);
        if (r == 0)
                *ret = result;
        return r;
}
