/*
 * Takes one measurement: prints how long it took, in nanoseconds, and the processor time that everything in
 * the root of this cgroup namespace has taken meanwhile, in microseconds. The clock is read in this process,
 * right before the command is spawned or the signal is sent, so that no shell is part of what is measured.
 *
 *      measure start FILE COMMAND...   until the payload's main() has stamped FILE; waits for COMMAND, too
 *      measure exit COMMAND...         until COMMAND has ended
 *      measure crash FILE PID          SIGKILL to PID until the replacement's main() has stamped FILE
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 30000

extern char **environ;

static long long now(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (long long) t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Microseconds; there without a controller. */
static long long processor_time(void) {
        int fd = open("/sys/fs/cgroup/cpu.stat", O_RDONLY | O_CLOEXEC);
        char text[256] = "";
        long long usec = 0;

        if (fd < 0)
                return 0;
        if (read(fd, text, sizeof(text) - 1) > 0)
                (void) sscanf(text, "usage_usec %lld", &usec);
        (void) close(fd);
        return usec;
}

static int run(char **argv, pid_t *ret) {
        posix_spawn_file_actions_t actions;
        int r;

        (void) posix_spawn_file_actions_init(&actions);
        (void) posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        r = posix_spawnp(ret, argv[0], &actions, NULL, argv, environ);
        (void) posix_spawn_file_actions_destroy(&actions);
        return r;
}

static int wait_good(pid_t pid) {
        int status;

        if (waitpid(pid, &status, 0) < 0)
                return 1;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

/* Waits until the watch or the command's end has something to say: 0; -1 after the time is up or a bad end.
 */
static int wait_news(int watch, int *command, pid_t pid) {
        struct pollfd p[] = { { .fd = watch, .events = POLLIN }, { .fd = *command, .events = POLLIN } };
        char events[4096];

        if (poll(p, 2, TIMEOUT_MS) <= 0)
                return -1;
        if (p[1].revents) {
                *command = -1;
                return wait_good(pid) == 0 ? 0 : -1;
        }
        return read(watch, events, sizeof(events)) < 0 ? -1 : 0;
}

/* The stamp in @file behind @size bytes; 0 if there is none. */
static long long read_stamp(const char *file, off_t size) {
        int fd = open(file, O_RDONLY | O_CLOEXEC);
        char line[32] = "";
        ssize_t n = fd < 0 ? -1 : pread(fd, line, sizeof(line) - 1, size);

        if (fd >= 0)
                (void) close(fd);
        return n > 0 ? atoll(line) : 0;
}

static int measure_stamp(const char *file, char **command, pid_t victim) {
        int watch = inotify_init1(IN_CLOEXEC), pidfd = -1;
        long long begin, end, used = processor_time();
        struct stat st;
        pid_t pid = 0;

        if (watch < 0 || inotify_add_watch(watch, file, IN_MODIFY) < 0 || stat(file, &st) < 0) {
                fprintf(stderr, "measure: %s: %s\n", file, strerror(errno));
                return 1;
        }

        begin = now();
        if (victim > 0 ? kill(victim, SIGKILL) < 0 : run(command, &pid) != 0)
                return 1;
        if (pid > 0)
                pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        while ((end = read_stamp(file, st.st_size)) == 0)
                if (wait_news(watch, &pidfd, pid) < 0)
                        return 1;
        if (pidfd >= 0 && wait_good(pid) != 0)
                return 1;

        printf("%lld %lld\n", end - begin, processor_time() - used);
        return 0;
}

static int measure_exit(char **command) {
        long long used = processor_time(), begin = now(), end;
        pid_t pid;

        if (run(command, &pid) != 0 || wait_good(pid) != 0)
                return 1;
        end = now();
        printf("%lld %lld\n", end - begin, processor_time() - used);
        return 0;
}

int main(int argc, char **argv) {
        if (argc > 3 && strcmp(argv[1], "start") == 0)
                return measure_stamp(argv[2], argv + 3, 0);
        if (argc > 2 && strcmp(argv[1], "exit") == 0)
                return measure_exit(argv + 2);
        if (argc == 4 && strcmp(argv[1], "crash") == 0 && atoi(argv[3]) > 1)
                return measure_stamp(argv[2], NULL, atoi(argv[3]));

        fprintf(stderr, "usage: measure start FILE COMMAND... | exit COMMAND... | crash FILE PID\n");
        return 2;
}
