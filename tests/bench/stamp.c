/*
 * The payload of all measurements: stamps the monotonic clock when it is entered, then waits for SIGTERM.
 * Usage: stamp FILE [exit | lines N]
 *
 * No libc, whose start would be a part of everything that is measured: see README.md, "Sides".
 */
#include <fcntl.h>
#include <linux/signal.h>
#include <linux/time.h>

#include "basic/no-libc.h"

/* Also called by nothing but the assembly below. */
__attribute__((noreturn, used)) void stamp_main(long *stack);

ENTRY_POINT(stamp_main);

/* Backwards from @end. Returns where it begins. */
static char *print_number(unsigned long number, char *end) {
        do
                *--end = (char) ('0' + number % 10);
        while ((number /= 10) > 0);
        return end;
}

static unsigned long read_number(const char *text) {
        unsigned long number = 0;

        for (; *text >= '0' && *text <= '9'; text++)
                number = number * 10 + (unsigned long) (*text - '0');
        return number;
}

static bool write_stamp(const char *file, const struct __kernel_timespec *now) {
        char line[32], *const end = line + sizeof(line);
        char *text = end;
        long fd = RAW(openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_CLOEXEC);

        *--text = '\n';
        text = print_number((unsigned long) (now->tv_sec * 1000000000 + now->tv_nsec), text);
        return fd >= 0 && RAW(write, fd, text, end - text) == end - text;
}

static int write_lines(unsigned long count) {
        static const char line[] = "a line of a usual length, as programs write them into their logs\n";

        for (; count > 0; count--)
                if (RAW(write, 1, line, sizeof(line) - 1) < 0)
                        return 1;
        return 0;
}

/* Fetched, not handled: as a PID 1 it would be ignored otherwise, and a handler needs a way back. */
__attribute__((noreturn)) static void await_end(unsigned long signals) {
        for (;;)
                if (RAW(rt_sigtimedwait, &signals, NULL, NULL, sizeof(signals)) == SIGTERM)
                        finish(0);
}

void stamp_main(long *stack) {
        const unsigned long term = 1UL << (SIGTERM - 1);
        const long argc = stack[0];
        char **argv = (char **) (stack + 1);
        struct __kernel_timespec now;

        (void) RAW(clock_gettime, CLOCK_MONOTONIC, &now);
        if (argc < 2)
                finish(2);

        (void) RAW(rt_sigprocmask, SIG_BLOCK, &term, NULL, sizeof(term));
        if (!write_stamp(argv[1], &now))
                finish(1);
        if (argc > 2 && text_equal(argv[2], "exit"))
                finish(0);
        if (argc > 3 && text_equal(argv[2], "lines"))
                finish(write_lines(read_number(argv[3])));
        await_end(term);
}
