/*
 * The child side of a launch: carries out steps. Dumb on purpose; all decisions are in the plan.
 *
 * Runs in children that may share the manager's memory: raw system calls only, no allocation, and
 * nothing of the manager's is written but *Apply and *ApplyReport.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "runtime/program-search.h"
#include "runtime/step.h"

/* Lies in a shared mapping, so that it works also where a child cannot share memory. */
typedef struct ApplyReport {
        int step;            /* being carried out; the last one on success */
        int error;           /* negative errno; 0 = none yet */
        pid_t pid;           /* of the container's process, 0 = not made */
        int pidfd;           /* in the manager's table */
        int terminal;        /* master side, in the manager's table; -1 = none */
        int base;            /* mount namespace, in the manager's table; -1 = none */
        bool no_interpreter; /* the program is there, but not what its first line or its header asks for */
} ApplyReport;

typedef struct Apply {
        const Plan *plan;
        ApplyReport *report;
        void *stack;          /* of the container's process, CLONE_STACK_SIZE */
        int *fds;             /* of the slots; the manager's, so a step sets only its own .out */
        int root_fd;          /* of the container, once entered */
        int init_fd;          /* of the init, at the end */
        int mask_dir;         /* empty directory to clone for masks, -1 = not made yet */
        int mask_file;        /* the null device, for the same */
        const char **argv;    /* of the program, or of the init with a hole for search.program */
        char **environment;   /* the plan's, and listen_pid when something is handed over */
        char listen_pid[24];  /* LISTEN_PID=, known only to the process itself */
        bool urgent;          /* until it waits */
        long timer_slack;     /* of the manager, in ns */
        ProgramSearch search; /* where the program was found */
} Apply;

/** apply_join() - CloneFn of the first child: the join steps; it spawns the container's process. */
int apply_join(void *apply);

/** apply_steps() - carry out the steps of @place that start at @first. 0 or negative errno, reported. */
int apply_steps(Apply *a, StepPlace place);

/* One function a step; each returns 0 or a negative errno. */
typedef long (*ApplyFn)(Apply *a, const Step *s);

long apply_new_mount(Apply *a, const Step *s);
long apply_clone_kernel_fs(Apply *a, const Step *s);
long apply_leave_behind(Apply *a, const Step *s);
long apply_enter_root(Apply *a, const Step *s);
long apply_open_root(Apply *a, const Step *s);
long apply_open_base(Apply *a, const Step *s);
long apply_copy_base(Apply *a, const Step *s);
long apply_attach(Apply *a, const Step *s);
long apply_sysctl(Apply *a, const Step *s);
long apply_mask(Apply *a, const Step *s);
long apply_protect(Apply *a, const Step *s);
long apply_make_dir(Apply *a, const Step *s);
long apply_root_read_only(Apply *a, const Step *s);

long apply_oom_score(Apply *a, const Step *s);
long apply_nice(Apply *a, const Step *s);
long apply_cpu_policy(Apply *a, const Step *s);
long apply_cpus(Apply *a, const Step *s);
long apply_urgency(Apply *a, const Step *s);
long apply_io_priority(Apply *a, const Step *s);
long apply_label(Apply *a, const Step *s);
long apply_umask(Apply *a, const Step *s);
long apply_personality(Apply *a, const Step *s);

long apply_terminal(Apply *a, const Step *s);
long apply_stdio(Apply *a, const Step *s);
long apply_chdir(Apply *a, const Step *s);
long apply_limit(Apply *a, const Step *s);
long apply_bounding(Apply *a, const Step *s);
long apply_no_new_privs(Apply *a, const Step *s);
long apply_seccomp(Apply *a, const Step *s);
long apply_identity(Apply *a, const Step *s);
long apply_capabilities(Apply *a, const Step *s);
long apply_signals(Apply *a, const Step *s);
long apply_hand_over(Apply *a, const Step *s);
long apply_close(Apply *a, const Step *s);
long apply_exec(Apply *a, const Step *s);
long apply_stand_by(Apply *a, const Step *s);

/* Paths in the container, which are hostile: see apply-path.c. */
enum {
        PATH_DIRECTORY = 1 << 0,
        PATH_STRICT = 1 << 1,
        PATH_ON_LINK = 1 << 2, /* a link at the end of the path is meant itself */
};

/** path_resolve() - an O_PATH descriptor of what @path means inside the root, or a negative errno. */
long path_resolve(int root_fd, const char *path, unsigned flags);

/** path_make() - the same, making what is missing: directories, and a file unless PATH_DIRECTORY. */
long path_make(int root_fd, const char *path, unsigned flags);
