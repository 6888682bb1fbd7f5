/*
 * ExecUnit: a program inside a running container. The answer is its pid, a socket on which its end is told,
 * and the master side of its terminal if it was to have one.
 *
 * The socket carries one packet, "exited STATUS", "killed SIGNAL" or "dumped SIGNAL" in decimal, and is
 * closed. A client that goes before has its program hung up.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "basic/strv.h"
#include "bus/bus-internal.h"
#include "manager/priority.h"

struct Exec {
        TAILQ_ENTRY(Exec) link;
        Bus *bus;
        int socket; /* our end */
        sd_event_source *hangup;
};

static void exec_free(Exec *e) {
        if (!e)
                return;

        TAILQ_REMOVE(&e->bus->execs, e, link);
        sd_event_source_disable_unref(e->hangup);
        cleanup_close_(&e->socket);
        free(e);
}

AUTOPTR_DEFINE(Exec, exec_free);

void exec_drop_all(Bus *b) {
        Exec *e;

        while ((e = TAILQ_FIRST(&b->execs))) {
                manager_exec_forget(b->manager, e);
                exec_free(e);
        }
}

static void on_end(int code, int status, void *data) {
        Exec *e = data;
        char text[32];
        int n;

        n = snprintf(text, sizeof(text), "%s %d",
                     code == CLD_EXITED   ? "exited"
                     : code == CLD_DUMPED ? "dumped"
                                          : "killed",
                     status);
        (void) send(e->socket, text, (size_t) n, MSG_NOSIGNAL | MSG_DONTWAIT);
        exec_free(e);
}

static int on_client_gone(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Exec *e = userdata;

        manager_exec_forget(e->bus->manager, e);
        exec_free(e);
        return 0;
}

static int exec_new(Bus *b, Exec **ret, int *ret_client) {
        autoclose int client = -EBADF;
        autoptr(Exec) e = NULL;
        int pair[2], r;

        e = calloc(1, sizeof(*e));
        if (!e)
                return -ENOMEM;
        e->bus = b;
        e->socket = -EBADF;
        TAILQ_INSERT_TAIL(&b->execs, e, link);

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        e->socket = pair[0];
        client = pair[1];

        r = sd_event_add_io(b->event, &e->hangup, e->socket, EPOLLHUP, on_client_gone, e);
        if (r >= 0)
                r = sd_event_source_set_priority(e->hangup, PRIORITY_BUS);
        if (r < 0)
                return r;

        *ret_client = take_fd(client);
        *ret = take_ptr(e);
        return 0;
}

/* Standard streams: none with a terminal, else three. */
static int read_streams(sd_bus_message *m, bool terminal, int stdio[3], sd_bus_error *error) {
        int r, n = 0, fd;

        r = sd_bus_message_enter_container(m, 'a', "h");
        while (r >= 0 && (r = sd_bus_message_read(m, "h", &fd)) > 0) {
                if (n < 3)
                        stdio[n] = fd;
                n++;
        }
        if (r < 0)
                return r;
        if (n != (terminal ? 0 : 3))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                         "%d descriptors given, %d expected", n, terminal ? 0 : 3);
        return sd_bus_message_exit_container(m);
}

static int reply_exec(sd_bus_message *m, pid_t pid, int client, int terminal) {
        sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "uh", (uint32_t) pid, client);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "h");
        if (r >= 0 && terminal >= 0)
                r = sd_bus_message_append(reply, "h", terminal);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

static int start(Bus *b, sd_bus_message *m, const ExecCall *call, sd_bus_error *error) {
        autoclose int client = -EBADF, terminal = -EBADF;
        autoptr(Exec) e = NULL;
        Fault fault = {};
        pid_t pid;
        int r;

        r = exec_new(b, &e, &client);
        if (r < 0)
                return r;

        r = manager_exec(b->manager, call, on_end, e, &terminal, &pid, &fault);
        if (r < 0)
                return bus_error_set(error, ABOUT_PROGRAM, r, &fault, unit_name(call->unit));

        (void) take_ptr(e); /* lives until the program or the client ends */
        return reply_exec(m, pid, client, terminal);
}

int on_exec_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ExecCall call = { .stdio = { -EBADF, -EBADF, -EBADF } };
        autostrv char **argv = NULL, **environment = NULL;
        const char *name, *user, *directory;
        Bus *b = userdata;
        int r, terminal;

        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
                r = sd_bus_message_read_strv(m, &argv);
        if (r >= 0)
                r = sd_bus_message_read_strv(m, &environment);
        if (r >= 0)
                r = sd_bus_message_read(m, "ssb", &user, &directory, &terminal);
        if (r >= 0)
                r = read_streams(m, terminal, call.stdio, error);
        if (r < 0)
                return r;

        call.unit = manager_get_unit(b->manager, name);
        if (!call.unit)
                return sd_bus_error_setf(error, BUS_ERROR_NO_SUCH_UNIT, "%s is not loaded", name);
        if (!argv)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "no program to run");

        call.argv = argv;
        call.environment = environment;
        call.user = user[0] ? user : NULL;
        call.working_dir = directory[0] ? directory : NULL;
        call.terminal = terminal;
        return start(b, m, &call, error);
}
