/*
 * PID 1 of a container that is still to come: all is set up, it waits for its order, and becomes the program.
 * See standby.h.
 *
 * No libc: it is run in foreign roots, and waits in a handful of pages. When the manager is gone, so is it.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "basic/no-libc.h"
#include "runtime/program-search.h"
#include "runtime/standby-message.h"

/* Also called by nothing but the assembly below. */
__attribute__((noreturn, used)) void standby_main(long *stack);

ENTRY_POINT(standby_main);

static struct {
        StandbyOrder order;
        char text[STANDBY_TEXT_MAX];
} message;

/* Of the text, of which each takes a byte at least; and the ends of two lists. */
static char *strings[STANDBY_TEXT_MAX + 2];
static size_t text_size, text_taken;

static int fds[STANDBY_FDS_MAX];
static size_t n_fds;

static int answer_fd = STANDBY_FD;
static ProgramSearch search;

__attribute__((noreturn)) static void give_up(long error) {
        const StandbyAnswer answer = { .error = (int32_t) error, .no_interpreter = search.no_interpreter };

        (void) RAW(sendto, answer_fd, &answer, sizeof(answer), MSG_NOSIGNAL, NULL, 0);
        finish(1);
}

/* Whatever it is: a launch of its own may fare better, or will tell. */
__attribute__((noreturn)) static void be_of_no_use(void) {
        give_up(-ESTALE);
}

static void take_descriptors(const struct cmsghdr *h, size_t size) {
        const int *given = (const int *) CMSG_DATA(h);

        if (size < CMSG_LEN(0) || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
                return;
        for (size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(*given); n_fds < n; n_fds++)
                fds[n_fds] = given[n_fds];
}

static void take_order(void) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(fds))];
        } control;
        struct iovec iov = { .iov_base = &message, .iov_len = sizeof(message) };
        struct msghdr h = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
        };
        long n;

        do
                n = RAW(recvmsg, STANDBY_FD, &h, MSG_CMSG_CLOEXEC);
        while (n == -EINTR);
        /* The end of the file: nobody is there any more whose container it would be. */
        if (n == 0)
                finish(0);
        if (n < (long) sizeof(message.order) || (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
                be_of_no_use();
        text_size = (size_t) n - sizeof(message.order);
        take_descriptors(&control.header, h.msg_controllen);
}

static char *take_string(void) {
        const size_t begin = text_taken;

        while (text_taken < text_size)
                if (message.text[text_taken++] == '\0')
                        return message.text + begin;
        be_of_no_use();
}

static char **take_strings(char **to, uint32_t n) {
        char **end = to;

        for (; n > 0; n--)
                *end++ = take_string();
        *end = NULL;
        return end + 1;
}

static bool has(const char *path, StandbyInode inode) {
        struct stat st;

        return RAW(newfstatat, AT_FDCWD, path, &st, 0) == 0 && st.st_dev == inode.device &&
               st.st_ino == inode.inode;
}

/* It was entered when the container was set up, with the rights of its root. By its name there may be another
 * one by now, or one that its user may not look at. */
static bool stands_in(const char *directory) {
        struct stat here;

        return RAW(newfstatat, AT_FDCWD, "", &here, AT_EMPTY_PATH) == 0 &&
               has(directory, (StandbyInode){ here.st_dev, here.st_ino });
}

/* What was mounted there may have been moved along with a directory above it. */
static bool has_places(void) {
        const StandbyOrder *o = &message.order;
        bool good = o->n_places <= STANDBY_PLACES_MAX;

        for (uint32_t i = 0; good && i < o->n_places; i++)
                good = has(take_string(), o->places[i]);
        return good;
}

static void place(int from, int to) {
        if (RAW(dup3, from, to, 0) < 0)
                be_of_no_use();
}

/* They came in ascending numbers, behind our own; so each goes to a place that is not needed any more. */
static void place_descriptors(void) {
        const StandbyOrder *o = &message.order;
        size_t given = 0;
        long away;

        for (int i = 0; i < STANDBY_FD; i++)
                if (o->streams & 1U << i && given < n_fds)
                        place(fds[given++], i);
        if (n_fds - given != o->n_passed)
                be_of_no_use();
        if (o->n_passed == 0)
                return;

        away = RAW(fcntl, STANDBY_FD, F_DUPFD_CLOEXEC, STANDBY_FD + 1 + (int) n_fds);
        if (away < 0)
                be_of_no_use();
        answer_fd = (int) away;
        for (int to = STANDBY_FD; given < n_fds; to++)
                place(fds[given++], to);
}

static long run_program(ProgramSearch *s, void *data) {
        char ***lists = data;

        return program_run(s, (const char *const *) lists[0], lists[1]);
}

void standby_main(long *stack) {
        char **lists[2] = { strings };
        const char *directory;

        /* By its closing the manager sees the program executed. */
        (void) RAW(fcntl, STANDBY_FD, F_SETFD, FD_CLOEXEC);
        take_order();
        if (!has_places())
                be_of_no_use();
        directory = take_string();
        search.name = take_string();
        search.directories = take_string();
        if (message.order.n_arguments > STANDBY_TEXT_MAX || message.order.n_variables > STANDBY_TEXT_MAX)
                be_of_no_use();
        lists[1] = take_strings(strings, message.order.n_arguments);
        (void) take_strings(lists[1], message.order.n_variables);

        if (!stands_in(directory))
                be_of_no_use();
        place_descriptors();
        give_up(program_search(&search, run_program, lists));
}
