/*
 * PID 1 of a container whose unit says RunInit=: reaps orphans, forwards signals, ends as the program
 * ended.
 *
 * No libc: it is run in foreign roots, costs a handful of pages, and starts in microseconds.
 *
 * Usage: nsunits-init PROGRAM ARGV0 [ARGUMENT...]. Exit status: the program's; 128 + N when signal N
 * killed it (a PID 1 cannot die of a signal of its own); 126 or 127 when it cannot be run.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <linux/signal.h>
#include <linux/wait.h>
#include <stddef.h>

#include "basic/no-libc.h"

/* Also called by nothing but the assembly below. */
__attribute__((noreturn, used)) void init_main(long *stack);

ENTRY_POINT(init_main);

/* What was handed over is the program's, which has another number than we. */
static void name_listener(char **environment) {
        static const char name[] = "LISTEN_PID=";
        static char text[sizeof(name) + 16];
        char digits[16];
        size_t n = 0, length = 0, same;
        long pid = RAW(getpid);

        for (; name[length] != '\0'; length++)
                text[length] = name[length];
        do
                digits[n++] = (char) ('0' + pid % 10);
        while ((pid /= 10) > 0);
        while (n > 0)
                text[length++] = digits[--n];

        for (; *environment; environment++) {
                for (same = 0; name[same] != '\0' && (*environment)[same] == name[same]; same++)
                        ;
                if (name[same] == '\0')
                        *environment = text;
        }
}

__attribute__((noreturn)) static void run_program(char **argv, char **environment) {
        unsigned long none = 0;
        long r;

        name_listener(environment);

        (void) RAW(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
        r = RAW(execve, argv[1], argv + 2, environment);
        say("nsunits-init: cannot run ");
        say(argv[1]);
        say("\n");
        finish(r == -ENOENT ? 127 : 126);
}

/* Reaps whatever is dead. Returns the program's exit status, or -1 while it lives. */
static int reap(long program) {
        int status = 0;
        long pid;

        do {
                pid = RAW(wait4, -1, &status, WNOHANG, NULL);
                if (pid == program)
                        return (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
        } while (pid > 0 || pid == -EINTR);
        return -1;
}

void init_main(long *stack) {
        long argc = stack[0], program;
        char **argv = (char **) (stack + 1), **environment = argv + argc + 1;
        unsigned long all = ~0UL;

        if (argc < 3) {
                say("usage: nsunits-init PROGRAM ARGV0 [ARGUMENT...]\n");
                finish(2);
        }

        /* Signals are fetched, not handled: nothing can arrive between two looks. */
        (void) RAW(rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
        program = RAW(clone, SIGCHLD, 0, 0, 0, 0);
        if (program == 0)
                run_program(argv, environment);
        if (program < 0) {
                say("nsunits-init: cannot fork\n");
                finish(126);
        }
        (void) RAW(close_range, 3, ~0U, 0);

        for (;;) {
                long sig = RAW(rt_sigtimedwait, &all, NULL, NULL, sizeof(all));

                if (sig == SIGCHLD) {
                        int status = reap(program);

                        if (status >= 0)
                                finish(status);
                } else if (sig > 0) {
                        (void) RAW(kill, program, sig);
                }
        }
}
