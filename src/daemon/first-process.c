/*
 * It is not the manager itself, because the end of a first process is the end of all, and the manager may be
 * killed without harm. It has nothing but the signals; what runs is known to the manager.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "basic/log.h"
#include "daemon/first-process.h"

/* A manager that is killed over and over is not to take all of the processor's time. */
#define AGAIN_DELAY_NSEC 100000000L

/* Reaps whatever is dead. Returns true when the manager is among it. */
static bool reap(pid_t manager, int *ret_status) {
        bool gone = false;
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
                if (pid == manager) {
                        *ret_status = status;
                        gone = true;
                }
        return gone;
}

/* Until the manager has ended. *halting: it is to stop everything; also the next one is told. */
static int follow(pid_t manager, const sigset_t *signals, bool *halting) {
        int status;

        if (*halting)
                (void) kill(manager, FIRST_PROCESS_HALT);
        for (;;) {
                int sig = sigwaitinfo(signals, NULL);

                if (sig == SIGCHLD) {
                        if (reap(manager, &status))
                                return status;
                } else if (sig == SIGHUP) {
                        (void) kill(manager, SIGHUP);
                } else if (sig > 0 && !*halting) {
                        *halting = true;
                        (void) kill(manager, FIRST_PROCESS_HALT);
                }
        }
}

void first_process_run(void) {
        /* How container managers, the kernel (Ctrl-Alt-Del) and power supplies say that it is over. */
        const int ends[] = { SIGTERM, SIGINT, SIGPWR, FIRST_PROCESS_HALT, FIRST_PROCESS_HALT + 1 };
        bool halting = false;
        sigset_t signals, old;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGCHLD);
        (void) sigaddset(&signals, SIGHUP);
        for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
                (void) sigaddset(&signals, ends[i]);
        /* Fetched, not handled: nothing can come between two looks. */
        (void) sigprocmask(SIG_BLOCK, &signals, &old);
        /* What a manager is told before it listens waits for it, and does not kill it. */
        (void) sigaddset(&old, SIGHUP);
        (void) sigaddset(&old, FIRST_PROCESS_HALT);

        for (;;) {
                pid_t manager = fork();
                int status;

                if (manager == 0) {
                        (void) sigprocmask(SIG_SETMASK, &old, NULL);
                        return;
                }
                if (manager < 0) {
                        /* Containers may have all processes that there can be: to end would end them. */
                        log_error("cannot fork, it is tried again: %m");
                } else {
                        status = follow(manager, &signals, &halting);
                        if (WIFEXITED(status))
                                exit(WEXITSTATUS(status));
                        log_error("the manager was killed by signal %d, there will be another one",
                                  WTERMSIG(status));
                }
                (void) nanosleep(&(struct timespec){ .tv_nsec = AGAIN_DELAY_NSEC }, NULL);
        }
}
