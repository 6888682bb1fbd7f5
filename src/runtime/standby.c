/* The manager's side of a standby: see standby.h. */
#include "runtime/standby.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "runtime/run.h"
#include "runtime/standby-message.h"

/* As for a launch: only a program on a file system that does not answer needs it. */
#define PATIENCE_MSEC 5000

typedef struct Order {
        StandbyOrder head;
        char *text;
        size_t size;
        int fds[STANDBY_FDS_MAX];
        size_t n_fds;
} Order;

int standby_sockets(int ret[2]) {
        return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0 ? -errno : 0;
}

/* -- the order -- */

static void add_text(Order *o, const char *text) {
        size_t n = strlen(text) + 1;

        if (o->size + n <= STANDBY_TEXT_MAX)
                memcpy(o->text + o->size, text, n);
        o->size += n;
}

static uint32_t add_list(Order *o, char *const *list) {
        uint32_t n = 0;

        STRV_FOREACH (s, list) {
                add_text(o, *s);
                n++;
        }
        return n;
}

static void add_descriptors(Order *o, const LaunchRequest *q) {
        const int streams[] = { q->stdin_fd, q->stdout_fd, q->stderr_fd };

        for (size_t i = 0; i < ELEMENTSOF(streams); i++) {
                if (streams[i] < 0)
                        continue;
                o->head.streams |= 1U << i;
                o->fds[o->n_fds++] = streams[i];
        }
        for (size_t i = 0; i < q->n_passed_fds && o->n_fds < ELEMENTSOF(o->fds); i++)
                o->fds[o->n_fds++] = q->passed_fds[i];
        o->head.n_passed = (uint32_t) q->n_passed_fds;
}

static bool fits(const Order *o, const LaunchRequest *q) {
        size_t streams = (size_t) __builtin_popcount(o->head.streams);

        return o->size <= STANDBY_TEXT_MAX && o->head.n_places <= STANDBY_PLACES_MAX &&
               o->n_fds == streams + q->n_passed_fds;
}

static void add_places(Order *o, const StandbyPlace *places, size_t n) {
        o->head.n_places = (uint32_t) n;
        for (size_t i = 0; i < n && i < STANDBY_PLACES_MAX; i++) {
                o->head.places[i] = (StandbyInode){ places[i].device, places[i].inode };
                add_text(o, places[i].path);
        }
}

static void make_order(Order *o, const LaunchRequest *q, const Plan *program) {
        add_text(o, q->spec->working_dir ? q->spec->working_dir : "/");
        add_text(o, program->argv[0]);
        add_text(o, program->search_path);
        o->head.n_arguments = add_list(o, program->argv);
        o->head.n_variables = add_list(o, program->environment);
        /* It is PID 1, always. */
        if (q->n_passed_fds > 0) {
                add_text(o, "LISTEN_PID=1");
                o->head.n_variables++;
        }
        add_descriptors(o, q);
}

static int send_order(int fd, const Order *o) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(o->fds))];
        } control = {};
        struct iovec iov[] = {
                { .iov_base = (void *) &o->head, .iov_len = sizeof(o->head) },
                { .iov_base = o->text, .iov_len = o->size },
        };
        struct msghdr h = { .msg_iov = iov, .msg_iovlen = ELEMENTSOF(iov) };

        if (o->n_fds > 0) {
                control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                                   .cmsg_type = SCM_RIGHTS,
                                                   .cmsg_len = CMSG_LEN(o->n_fds * sizeof(int)) };
                memcpy(CMSG_DATA(&control.header), o->fds, o->n_fds * sizeof(int));
                h.msg_control = &control;
                h.msg_controllen = CMSG_SPACE(o->n_fds * sizeof(int));
        }
        return sendmsg(fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* -- the answer -- */

static int describe(const LaunchRequest *q, const StandbyAnswer *a, Fault *f) {
        (void) fault_set(f, step_op_to_string(STEP_EXEC), a->error, "%s", q->spec->argv[0]);
        exec_advise(a->error, a->no_interpreter, f);
        return fault_set(f, "launch", a->error, "%s", strempty(q->spec->unit));
}

/* Its end is closed by the execution; or by its death, which is then that of the container. */
static int take_answer(int fd, const LaunchRequest *q, Fault *f) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        StandbyAnswer answer;
        ssize_t n;
        int r;

        do
                r = poll(&p, 1, PATIENCE_MSEC);
        while (r < 0 && errno == EINTR);
        if (r == 0) {
                answer = (StandbyAnswer){ .error = -ETIMEDOUT };
                return describe(q, &answer, f);
        }
        n = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT);
        if (n != sizeof(answer))
                return 0;
        return answer.error == -ESTALE ? -ESTALE : describe(q, &answer, f);
}

int standby_start(int fd, const LaunchRequest *q, const StandbyPlace *places, size_t n_places, Fault *f) {
        autoptr(Plan) program = plan_new();
        Order order = {};
        int r;

        order.text = program ? malloc(STANDBY_TEXT_MAX) : NULL;
        r = order.text ? launch_program(q, program) : -ENOMEM;
        if (r < 0) {
                free(order.text);
                return fault_set(f, "launch", r, "%s", strempty(q->spec->unit));
        }
        add_places(&order, places, n_places);
        make_order(&order, q, program);
        r = fits(&order, q) ? send_order(fd, &order) : -E2BIG;
        free(order.text);
        return r < 0 ? -ESTALE : take_answer(fd, q, f);
}
