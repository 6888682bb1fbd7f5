/*
 * nsctl as it is executed: starts, stops, restarts and tells states by itself, and executes nsctl proper for
 * all else.
 *
 * What people do most often, and scripts in loops, is one call of the manager, and perhaps a wait for the end
 * of its jobs. To load libc and libsystemd for that takes longer than the rest of it, so there is no libc
 * here, and all that is sent goes in one piece. This knows how jobs end well; what is to be said when they do
 * not, and everything about options, configuration and the system bus, is known by nsctl proper, which is
 * told what was asked for and goes on from there (see jobs_go_on()).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "basic/bus-names.h"
#include "basic/no-libc.h"
#include "build-config.h"
#include "ctl/front/request.h"
#include "ctl/front/wire.h"
#include "ctl/front/words.h"

#define PROPER LIBEXECDIR "/nsctl"
#define CONFIG SYSCONFDIR "/nsunits/nsunitd.conf"

/* The serials of our calls. */
enum {
        SUBSCRIBE = 1,
        REQUEST = 2,
};

/* As the manager spells them: a word of JobResult, a number, a word of ActiveState. */
#define RESULT_SIZE 24
#define NUMBER_SIZE 12
#define STATE_SIZE  16

typedef struct Job {
        uint32_t id; /* 0: there was nothing to do */
        char result[RESULT_SIZE];
} Job;

static Request request;
static Job jobs[REQUEST_UNITS_MAX];
static bool answered; /* the numbers of jobs are known */
static bool unsure;   /* an end may have been missed */

static char **environment;

/* Called by nothing but the assembly of the entry. */
__attribute__((noreturn, used)) void front_main(long *stack);

ENTRY_POINT(front_main);

/* --- nsctl proper ----------------------------------------------------------------------------------- */

__attribute__((noreturn)) static void pass_on(char **argv) {
        const long r = RAW(execve, PROPER, argv, environment);

        say("nsctl: cannot execute " PROPER);
        say(r == -ENOENT ? ": No such file or directory\n" : r == -EACCES ? ": Permission denied\n" : "\n");
        finish(1);
}

static char *number_text(uint32_t value, char buf[NUMBER_SIZE]) {
        char *p = buf + NUMBER_SIZE - 1;

        *p = '\0';
        do
                *--p = (char) ('0' + value % 10);
        while ((value /= 10) > 0);
        return p;
}

/* What was asked for, and what of it is known: nothing, if there was no answer. */
__attribute__((noreturn)) static void hand_over(char *name) {
        static char numbers[REQUEST_UNITS_MAX][NUMBER_SIZE];
        static char *argv[4 + 3 * REQUEST_UNITS_MAX];
        char **p = argv;

        *p++ = name;
        *p++ = (char *) WORD_GO_ON;
        *p++ = (char *) request.verb->name;
        for (size_t i = 0; answered && i < request.n; i++) {
                *p++ = (char *) request.units[i];
                *p++ = number_text(jobs[i].id, numbers[i]);
                *p++ = jobs[i].result;
        }
        pass_on(argv);
}

/* --- the manager ------------------------------------------------------------------------------------ */

/* Returns the size, or a negative errno. Of a larger file than fits that is -EFBIG. */
static long read_file(const char *path, char *buf, size_t size) {
        const long fd = RAW(openat, AT_FDCWD, path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        size_t n = 0;
        long r;

        if (fd < 0)
                return fd;
        do {
                r = RAW(read, fd, buf + n, size - n);
                n += r > 0 ? (size_t) r : 0;
        } while ((r > 0 && n < size) || r == -EINTR);
        (void) RAW(close, fd);
        return r < 0 ? r : n < size ? (long) n : -EFBIG;
}

/* The socket is where it is without a configuration, and nothing is to be told of that: there is none, or the
 * manager has read the same and has its socket there. */
static bool is_plain(void) {
        static char ours[32 * 1024], its[sizeof(ours)];
        const long n = read_file(CONFIG, ours, sizeof(ours));

        if (n < 0)
                return n == -ENOENT;
        if (read_file(BUS_PRIVATE_DIRECTORY "/" BUS_PRIVATE_CONFIG, its, sizeof(its)) != n)
                return false;
        for (long i = 0; i < n; i++)
                if (ours[i] != its[i])
                        return false;
        return true;
}

static long connect_manager(void) {
        static const struct sockaddr_un address = { AF_UNIX, BUS_PRIVATE_DEFAULT };
        long fd, r;

        fd = RAW(socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        /* Who was called without one of the standard streams would write to the manager. */
        if (fd <= 2)
                return fd < 0 ? fd : -EBADF;
        r = RAW(connect, fd, &address, sizeof(address));
        return r < 0 ? r : fd;
}

/* The handshake, who wants to be told of ends, and the request: the manager reads one after the other. */
static WireOut all_words(void) {
        static uint8_t data[sizeof(request.names) + 16 * 1024];
        WireOut out = { .data = data, .size = sizeof(data) };

        wire_hello(&out);
        if (!request.verb->good[0])
                wire_call(&out, SUBSCRIBE, "SubscribeToJobs", NULL, 0, NULL);
        wire_call(&out, REQUEST, request.verb->method, request.units, request.n,
                  request.verb->good[0] ? NULL : "replace");
        return out;
}

static bool send_all(long fd, const WireOut *out) {
        size_t done = 0;

        while (done < out->n) {
                const long r = RAW(sendto, fd, out->data + done, out->n - done, MSG_NOSIGNAL, NULL, 0);

                if (r < 0 && r != -EINTR)
                        return false;
                done += r < 0 ? 0 : (size_t) r;
        }
        return true;
}

static uint32_t id_of(const char *path) {
        uint32_t id = 0;

        for (; *path; path++)
                id = *path >= '0' && *path <= '9' ? 10 * id + (uint32_t) (*path - '0') : 0;
        return id;
}

static void set_result(Job *job, const char *result) {
        size_t n = 0;

        for (; n + 1 < RESULT_SIZE && result[n]; n++)
                job->result[n] = result[n];
        job->result[n] = '\0';
}

/* One path for each unit: "/" for none. */
static void read_jobs(WireMessage *m) {
        (void) wire_read_u32(m);
        for (size_t i = 0; i < request.n; i++) {
                jobs[i].id = id_of(wire_read_text(m));
                if (jobs[i].id == 0)
                        set_result(&jobs[i], "done");
        }
        answered = !m->broken;
}

static void read_end(WireMessage *m) {
        const uint32_t id = wire_read_u32(m);
        const char *result;

        (void) wire_read_text(m);
        (void) wire_read_text(m);
        result = wire_read_text(m);
        unsure |= !answered;
        for (size_t i = 0; i < request.n && !unsure && !m->broken; i++)
                if (jobs[i].id == id)
                        set_result(&jobs[i], result);
}

/* A struct of ListUnitsByNames. Returns the state, "" if the manager knows less than a look at the unit's
 * file would tell. */
static const char *read_state(WireMessage *m) {
        const char *load, *active;

        wire_enter_struct(m);
        (void) wire_read_text(m); /* name */
        (void) wire_read_text(m); /* description */
        load = wire_read_text(m);
        active = wire_read_text(m);
        (void) wire_read_text(m); /* sub */
        (void) wire_read_text(m); /* following */
        (void) wire_read_text(m); /* path */
        (void) wire_read_u32(m);  /* job */
        (void) wire_read_text(m); /* its type */
        (void) wire_read_text(m); /* its path */
        return m->broken || !text_equal(load, "loaded") ? "" : active;
}

__attribute__((noreturn)) static void tell_states(WireMessage *m, char **argv) {
        static char text[REQUEST_UNITS_MAX * STATE_SIZE];
        bool good = false;
        size_t n = 0;
        long r;

        (void) wire_read_u32(m);
        for (size_t i = 0; i < request.n; i++) {
                const char *state = read_state(m);
                const size_t size = text_length(state);

                if (size == 0 || size >= STATE_SIZE)
                        pass_on(argv);
                good |= text_equal(state, request.verb->good[0]) || text_equal(state, request.verb->good[1]);
                for (size_t k = 0; k < size; k++)
                        text[n++] = state[k];
                text[n++] = '\n';
        }
        for (size_t done = 0; done < n && !request.quiet; done += (size_t) r) {
                r = RAW(write, 1, text + done, n - done);
                if (r < 0)
                        pass_on(argv);
        }
        finish(good ? 0 : request.verb->otherwise);
}

/* What was refused was not done, and is refused again to who can say why. */
static void read_message(WireMessage *m, char **argv) {
        if (m->type == WIRE_ERROR && m->answers == REQUEST)
                pass_on(argv);
        /* A manager that does not know what it was asked for tells nobody. */
        unsure |= m->type == WIRE_ERROR && m->answers == SUBSCRIBE;
        if (m->type == WIRE_RETURN && m->answers == REQUEST && request.verb->good[0])
                tell_states(m, argv);
        if (m->type == WIRE_RETURN && m->answers == REQUEST)
                read_jobs(m);
        else if (m->type == WIRE_SIGNAL && text_equal(m->member, "JobRemoved"))
                read_end(m);
}

/* Ends when all jobs have ended well. */
static void judge(char *name) {
        size_t ended = 0;

        for (size_t i = 0; answered && i < request.n; i++) {
                const char *result = jobs[i].result;

                if (*result && !text_equal(result, "done") && !text_equal(result, "skipped"))
                        hand_over(name);
                ended += *result != '\0';
        }
        if (answered && unsure)
                hand_over(name);
        if (answered && ended == request.n)
                finish(0);
}

/* What has come so far. Returns how much of it was read, or -1: this cannot be. */
static long read_all(const uint8_t *data, size_t n, bool *heard, char **argv) {
        size_t done = 0;
        WireMessage m;
        long r;

        if (!*heard) {
                r = wire_take_hello(data, n);
                if (r <= 0)
                        return r;
                *heard = true;
                done = (size_t) r;
        }
        while ((r = wire_take(data + done, n - done, &m)) > 0) {
                read_message(&m, argv);
                if (m.broken)
                        return -1;
                done += (size_t) r;
        }
        return r < 0 ? r : (long) done;
}

/* Returns when the manager has gone. */
static void wait_for_jobs(long fd, bool *heard, char **argv) {
        static uint8_t data[64 * 1024];
        size_t n = 0;

        for (;;) {
                long r = RAW(recvfrom, fd, data + n, sizeof(data) - n, 0, NULL, NULL);

                if (r == -EINTR)
                        continue;
                if (r <= 0)
                        return;
                n += (size_t) r;
                r = read_all(data, n, heard, argv);
                if (r < 0)
                        return;
                judge(argv[0]);
                n -= (size_t) r;
                for (size_t i = 0; i < n && r > 0; i++)
                        data[i] = data[i + (size_t) r];
        }
}

void front_main(long *stack) {
        const size_t argc = (size_t) stack[0];
        char **argv = (char **) (stack + 1);
        bool heard = false;
        WireOut words;
        long fd;

        environment = argv + argc + 1;
        if (argc == 0 || !request_read(&request, argv + 1, argc - 1) || !is_plain())
                pass_on(argv);
        /* The manager is woken by the connection, and then waits for what comes over it. */
        words = all_words();
        fd = words.full ? -ENOBUFS : connect_manager();
        if (fd < 0 || !send_all(fd, &words))
                pass_on(argv);

        wait_for_jobs(fd, &heard, argv);
        /* Who has not heard us out has not read what we want either; and a question can be asked again. */
        if (!heard || request.verb->good[0])
                pass_on(argv);
        hand_over(argv[0]);
}
