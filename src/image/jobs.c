/* Forked workers, watched by their pidfds. */
#include "image/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"

/* Each takes some 5 MiB with its children, and the disk is busy with fewer. */
#define JOBS_MAX 4

#define TICK_MSEC 100

/* How long the killed may take to vanish. */
#define END_MSEC 10000

/* What a piece came to, in shared memory. */
typedef struct Outcome {
        int result;
        Fault fault;
} Outcome;

/* A place for one process; pid 0 = free. */
typedef struct Slot {
        pid_t pid;
        int pidfd;
        size_t k;
} Slot;

typedef struct Run {
        const Jobs *jobs;
        Outcome *outcomes; /* one for each slot */
        Slot slots[JOBS_MAX];
        size_t n_running, most;
        int life; /* write end, of which each process has a copy */
} Run;

void *jobs_shared(size_t size) {
        void *memory = mmap(NULL, MAX_OF(size, (size_t) 1), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        return memory == MAP_FAILED ? NULL : memory;
}

void jobs_shared_free(void *memory, size_t size) {
        if (memory)
                (void) munmap(memory, MAX_OF(size, (size_t) 1));
}

static size_t processors(void) {
        cpu_set_t set;

        return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : (size_t) CPU_COUNT(&set);
}

static int start(Run *r, size_t k) {
        pid_t parent = getpid();
        Outcome *outcome;
        Slot *slot;
        size_t i = 0;

        while (r->slots[i].pid != 0)
                i++;
        slot = &r->slots[i];
        outcome = &r->outcomes[i];

        *outcome = (Outcome){ .result = -EIO };
        slot->k = k;
        slot->pid = fork();
        if (slot->pid < 0) {
                slot->pid = 0;
                return -errno;
        }
        if (slot->pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() == parent)
                        outcome->result = r->jobs->run(k, r->life, &outcome->fault, r->jobs->data);
                _exit(0);
        }
        r->n_running++;
        slot->pidfd = (int) syscall(SYS_pidfd_open, slot->pid, 0);
        return slot->pidfd < 0 ? -errno : 0;
}

static void end(Run *r, Slot *slot) {
        while (waitpid(slot->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        cleanup_close_(&slot->pidfd);
        slot->pid = 0;
        r->n_running--;
}

/* Waits for one to end. */
static int await(Run *r, size_t *ret) {
        struct pollfd fds[JOBS_MAX];

        for (;;) {
                int n;

                for (size_t i = 0; i < JOBS_MAX; i++)
                        fds[i] = (struct pollfd){ .fd = r->slots[i].pid > 0 ? r->slots[i].pidfd : -1,
                                                  .events = POLLIN };
                n = poll(fds, JOBS_MAX, r->jobs->tick ? TICK_MSEC : -1);
                if (n < 0 && errno != EINTR)
                        return -errno;
                for (size_t i = 0; n > 0 && i < JOBS_MAX; i++)
                        if (fds[i].revents) {
                                *ret = i;
                                return 0;
                        }
                if (r->jobs->tick)
                        r->jobs->tick(r->jobs->data);
        }
}

static int work(Run *r, Fault *fault) {
        for (size_t next = 0, i = 0; next < r->jobs->n || r->n_running > 0;) {
                const Outcome *outcome;
                int result;

                if (next < r->jobs->n && r->n_running < r->most) {
                        result = start(r, next++);
                        if (result < 0)
                                return fault_set(fault, "worker", result, "fork");
                        continue;
                }

                result = await(r, &i);
                if (result < 0)
                        return fault_set(fault, "worker", result, "poll");
                end(r, &r->slots[i]);
                outcome = &r->outcomes[i];
                if (outcome->result < 0) {
                        if (fault && fault->error == 0)
                                *fault = outcome->fault;
                        return fault_set(fault, "worker", outcome->result, "%zu of %zu", r->slots[i].k + 1,
                                         r->jobs->n);
                }
        }
        return 0;
}

static void put_down(Run *r, int life_read) {
        struct pollfd gone = { .fd = life_read };
        int n;

        for (size_t i = 0; i < JOBS_MAX; i++)
                if (r->slots[i].pid > 0)
                        (void) kill(r->slots[i].pid, SIGKILL);
        for (size_t i = 0; i < JOBS_MAX; i++)
                if (r->slots[i].pid > 0)
                        end(r, &r->slots[i]);

        /* Their children have it from the kernel a moment later: they must not write into what is removed. */
        replace_fd(&r->life, -EBADF);
        do
                n = poll(&gone, 1, END_MSEC);
        while (n < 0 && errno == EINTR);
}

int jobs_run(const Jobs *jobs, Fault *fault) {
        Run run = { .jobs = jobs, .life = -EBADF };
        autoclose int life_read = -EBADF;
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return fault_set(fault, "worker", -errno, "pipe");
        life_read = fds[0];
        run.life = fds[1];
        run.most = MIN_OF(processors(), (size_t) JOBS_MAX);
        run.outcomes = jobs_shared(JOBS_MAX * sizeof(*run.outcomes));

        r = run.outcomes ? work(&run, fault) : -ENOMEM;
        put_down(&run, life_read);
        jobs_shared_free(run.outcomes, JOBS_MAX * sizeof(*run.outcomes));
        return r;
}
