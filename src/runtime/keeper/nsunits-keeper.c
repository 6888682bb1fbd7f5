/*
 * Keeps descriptors alive that the kernel keeps for nobody: sockets live as long as a process has them open,
 * and the manager may be killed. One for all containers; started when the first of them can notify, gone when
 * nothing is held any more. It stands between nobody: while there is a manager, it only holds.
 *
 * While there is none, it takes the messages that come to the notify sockets it holds, so that no container
 * waits for a manager in sd_notify(), and hands them to the next one.
 *
 * Its standard output is the socket on which managers connect, one at a time.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fd-sieve.h"
#include "runtime/keeper/keeper-message.h"

#define LISTEN_FD STDOUT_FILENO

/* Of one socket: no container's chatter may push out another's. When there are more, the last one gives way.
 */
#define MESSAGES_MAX    256
#define MESSAGE_FDS_MAX 64

/* Descriptors that are being closed, each by a child. What is more than that waits, open. */
#define CLOSERS_MAX 64

#define CLOSERS_INTERVAL_MSEC 500

typedef struct Message {
        TAILQ_ENTRY(Message) next;
        struct ucred sender;
        size_t size, n_fds;
        int *fds;
        char text[];
} Message;

typedef struct Entry {
        TAILQ_ENTRY(Entry) next;
        char *label; /* as bytes */
        size_t label_size;
        int fd;
        bool listens;
        FdSieve sieve;
        TAILQ_HEAD(MessageList, Message) messages;
        size_t n_messages, n_fds;
} Entry;

typedef struct Keeper {
        TAILQ_HEAD(, Entry) entries;
        size_t n_entries;
        int manager_fd;
        bool served; /* there has been a manager */
        int *to_close;
        size_t n_to_close;
        unsigned n_closers;
} Keeper;

/* -- the last close of a descriptor --
 *
 * It may take its time (a connection that lingers, a socket on which files are under way), and it is a
 * container's choice: a child waits in our place. It has no copy of anything else, or we would not be seen to
 * have ended while it waits. */

static void __attribute__((noreturn)) be_closer(int fd, int parent) {
        char byte;

        fd_close_all_but(fd, parent);
        /* Until the parent has closed its own. */
        (void) !read(parent, &byte, 1);
        _exit(0);
}

static int close_aside(int fd) {
        int gate[2];
        pid_t pid;

        if (pipe2(gate, O_CLOEXEC) < 0)
                return -errno;
        pid = fork();
        if (pid == 0)
                be_closer(fd, gate[0]);
        if (pid > 0)
                (void) close(fd);
        (void) close(gate[0]);
        (void) close(gate[1]);
        return pid < 0 ? -EAGAIN : 0;
}

static void run_closers(Keeper *k) {
        while (k->n_closers > 0 && waitpid(-1, NULL, WNOHANG) > 0)
                k->n_closers--;
        while (k->n_to_close > 0 && k->n_closers < CLOSERS_MAX &&
               close_aside(k->to_close[k->n_to_close - 1]) >= 0) {
                k->n_to_close--;
                k->n_closers++;
        }
}

static void close_later(Keeper *k, int fd) {
        int *grown = reallocarray(k->to_close, k->n_to_close + 1, sizeof(*grown));

        if (!grown) {
                (void) close(fd);
                return;
        }
        k->to_close = grown;
        grown[k->n_to_close++] = fd;
        run_closers(k);
}

static void message_free(Keeper *k, Entry *e, Message *m) {
        for (size_t i = 0; i < m->n_fds; i++)
                close_later(k, m->fds[i]);
        e->n_messages--;
        e->n_fds -= m->n_fds;
        free(m->fds);
        free(m);
}

static void forget_messages(Keeper *k, Entry *e) {
        Message *m;

        while ((m = TAILQ_FIRST(&e->messages))) {
                TAILQ_REMOVE(&e->messages, m, next);
                message_free(k, e, m);
        }
}

static void drop(Keeper *k, Entry *e) {
        TAILQ_REMOVE(&k->entries, e, next);
        k->n_entries--;
        forget_messages(k, e);
        fd_sieve_done(&e->sieve);
        close_later(k, e->fd);
        free(e->label);
        free(e);
}

static Entry *find(Keeper *k, const KeeperMessage *m) {
        Entry *e;

        TAILQ_FOREACH (e, &k->entries, next)
                if (e->label_size == m->header.label_size && memcmp(e->label, m->label, e->label_size) == 0)
                        return e;
        return NULL;
}

/* -- for a manager -- */

static void put(Keeper *k, const KeeperMessage *m, FdMessage *raw) {
        Entry *old = find(k, m), *e = calloc(1, sizeof(*e));

        if (!e || raw->n_fds != 1 || !(e->label = malloc(m->header.label_size + 1))) {
                free(e);
                return;
        }
        if (old)
                drop(k, old);
        memcpy(e->label, m->label, m->header.label_size);
        e->label_size = m->header.label_size;
        e->fd = raw->fds[0];
        raw->fds[0] = -EBADF;
        e->listens = m->header.flags & KEEPER_LISTENS;
        fd_sieve_init(&e->sieve);
        TAILQ_INIT(&e->messages);
        TAILQ_INSERT_TAIL(&k->entries, e, next);
        k->n_entries++;
}

static int say(const Keeper *k, KeeperVerb verb, const Entry *e, const Message *message) {
        KeeperMessage m = { .header.verb = verb };
        const int *fds = NULL;
        size_t n_fds = 0;

        if (e) {
                m.label = e->label;
                m.header.label_size = (uint32_t) e->label_size;
                m.header.flags = e->listens ? KEEPER_LISTENS : 0;
                fds = &e->fd;
                n_fds = 1;
        }
        if (message) {
                m.text = message->text;
                m.text_size = message->size;
                m.header.sender = message->sender;
                fds = message->fds;
                n_fds = message->n_fds;
        }
        return keeper_message_send(k->manager_fd, 0, &m, fds, n_fds);
}

static int list(const Keeper *k) {
        const Entry *e;
        const Message *m;
        int r = 0;

        TAILQ_FOREACH (e, &k->entries, next) {
                if (r >= 0)
                        r = say(k, KEEPER_ENTRY, e, NULL);
                TAILQ_FOREACH (m, &e->messages, next)
                        if (r >= 0)
                                r = say(k, KEEPER_MESSAGE, e, m);
        }
        return r < 0 ? r : say(k, KEEPER_END, NULL, NULL);
}

static int serve(Keeper *k, const KeeperMessage *m, FdMessage *raw) {
        Entry *e;

        switch (m->header.verb) {
        case KEEPER_PUT:
                put(k, m, raw);
                return 0;
        case KEEPER_LIST:
                return list(k);
        case KEEPER_DROP:
                e = find(k, m);
                if (e)
                        drop(k, e);
                return 0;
        case KEEPER_FORGET:
                e = find(k, m);
                if (e)
                        forget_messages(k, e);
                return 0;
        default: /* a newer manager's */
                return 0;
        }
}

static void hear_manager(Keeper *k) {
        char data[KEEPER_DATA_MAX];
        FdMessage raw = { .data = data, .size = sizeof(data) };
        KeeperMessage m;
        int r;

        r = fd_message_receive(k->manager_fd, 0, &raw);
        if (r > 0 && keeper_message_parse(&raw, &m) >= 0)
                r = serve(k, &m, &raw) < 0 ? 0 : 1;
        fd_message_close(&raw);
        if (r > 0)
                return;

        (void) close(k->manager_fd);
        k->manager_fd = -EBADF;
}

/* -- in place of a manager -- */

/* Signs of life are for who counts them, and there is nobody. */
static bool means_nothing(const FdMessage *raw) {
        static const char alive[] = "WATCHDOG=1";
        const size_t size = sizeof(alive) - 1;

        return raw->n_fds == 0 && raw->size >= size && raw->size <= size + 1 &&
               memcmp(raw->data, alive, size) == 0;
}

static void keep_message(Keeper *k, Entry *e, FdMessage *raw) {
        Message *m, *last = TAILQ_LAST(&e->messages, MessageList);

        if (raw->size > KEEPER_TEXT_MAX || means_nothing(raw) || e->n_fds + raw->n_fds > MESSAGE_FDS_MAX)
                return;
        if (e->n_messages >= MESSAGES_MAX) {
                TAILQ_REMOVE(&e->messages, last, next);
                message_free(k, e, last);
        }

        m = calloc(1, sizeof(*m) + raw->size);
        if (!m || (raw->n_fds > 0 && !(m->fds = calloc(raw->n_fds, sizeof(int))))) {
                free(m);
                return;
        }
        memcpy(m->text, raw->data, raw->size);
        m->size = raw->size;
        m->sender = raw->sender;
        for (size_t i = 0; i < raw->n_fds; i++)
                m->fds[m->n_fds++] = raw->fds[i];
        raw->n_fds = 0;
        TAILQ_INSERT_TAIL(&e->messages, m, next);
        e->n_messages++;
        e->n_fds += m->n_fds;
}

static void hear_container(Keeper *k, Entry *e) {
        char data[KEEPER_TEXT_MAX];
        FdMessage raw = { .data = data, .size = sizeof(data) };
        int r = fd_sieve_look(&e->sieve, e->fd, &raw);

        if (r < 0)
                return;
        if (r > 0)
                keep_message(k, e, &raw);
        fd_sieve_take(&e->sieve, e->fd, &raw);
}

/* -- -- */

/* Of all that is waited for: the manager, or the next one and all sockets. NULL when out of memory. */
static struct pollfd *make_poll(Keeper *k, size_t *ret_n) {
        struct pollfd *p = calloc(k->n_entries + 1, sizeof(*p));
        Entry *e;
        size_t n = 0;

        if (!p)
                return NULL;
        p[n++] = (struct pollfd){ .fd = k->manager_fd >= 0 ? k->manager_fd : LISTEN_FD, .events = POLLIN };
        if (k->manager_fd < 0)
                TAILQ_FOREACH (e, &k->entries, next) {
                        const int busy = fd_sieve_busy(&e->sieve);

                        if (e->listens)
                                p[n++] = (struct pollfd){ .fd = busy >= 0 ? busy : e->fd, .events = POLLIN };
                }
        *ret_n = n;
        return p;
}

static void serve_ready(Keeper *k, const struct pollfd *p) {
        size_t i = 1;
        Entry *e;

        if (k->manager_fd >= 0) {
                hear_manager(k);
                return;
        }
        TAILQ_FOREACH (e, &k->entries, next)
                if (e->listens && p[i++].revents & POLLIN)
                        hear_container(k, e);
        if (p[0].revents)
                k->manager_fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);
        k->served |= k->manager_fd >= 0;
}

static void turn(Keeper *k) {
        size_t n = 0;
        struct pollfd *p = make_poll(k, &n);

        if (!p) {
                (void) sleep(1);
                return;
        }
        if (poll(p, n, k->n_closers + k->n_to_close > 0 ? CLOSERS_INTERVAL_MSEC : -1) > 0)
                serve_ready(k, p);
        run_closers(k);
        free(p);
}

int main(void) {
        Keeper k = { .manager_fd = -EBADF };
        struct rlimit files;
        sigset_t all;

        /* Whoever closes a terminal or stops a service does not mean us. */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, NULL);
        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &files);
        }

        TAILQ_INIT(&k.entries);
        while (!k.served || k.manager_fd >= 0 || !TAILQ_EMPTY(&k.entries))
                turn(&k);
        return EXIT_SUCCESS;
}
