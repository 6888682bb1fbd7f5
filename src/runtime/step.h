/*
 * The steps of a plan. Known to those that make plans (launch-plan, exec) and those that run them
 * (launch, apply); nobody else needs it.
 *
 * A step runs in one of three places: "host" is the manager, before there is a child; "join" is the
 * first child, with the manager's memory, descriptors and privilege, which goes into namespaces; "build"
 * is the container's process itself, which mounts, confines itself, and ends as the program.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "basic/strtab.h"
#include "runtime/device.h"
#include "runtime/identity.h"
#include "runtime/plan.h"
#include "spec/container-spec.h"

#define STEP_PLACE_LIST(X)    \
        X(PLACE_HOST, "host") \
        X(PLACE_JOIN, "join") \
        X(PLACE_BUILD, "build")

ENUM_DECLARE(StepPlace, step_place, PLACE, STEP_PLACE_LIST);

/* The words are those of plan_print() and of Fault.step. */
#define STEP_LIST(X)                              \
        X(STEP_CLONE_MOUNT, "clone mount")        \
        X(STEP_CLONE_PATH, "clone path")          \
        X(STEP_MAKE_DEV, "make /dev")             \
        X(STEP_MAKE_DEVICE, "make device")        \
        X(STEP_OPEN_NULL, "open /dev/null")       \
        X(STEP_RAISE_LIMITS, "raise limits")      \
        X(STEP_OOM_SCORE, "OOM score")            \
        X(STEP_NICE, "nice level")                \
        X(STEP_CPU_POLICY, "scheduling policy")   \
        X(STEP_CPUS, "processor affinity")        \
        X(STEP_URGENCY, "urgency")                \
        X(STEP_IO_PRIORITY, "I/O priority")       \
        X(STEP_JOIN, "join namespace")            \
        X(STEP_NEW_NAMESPACES, "new namespaces")  \
        X(STEP_TIME_OFFSETS, "time offsets")      \
        X(STEP_OPEN_BASE, "open base")            \
        X(STEP_ENTER_CGROUP, "enter cgroup")      \
        X(STEP_SPAWN, "spawn")                    \
        X(STEP_TERMINAL, "terminal")              \
        X(STEP_OWN_FILES, "own descriptors")      \
        X(STEP_BECOME_ROOT, "become root")        \
        X(STEP_SESSION, "session")                \
        X(STEP_HOST_NAME, "host name")            \
        X(STEP_NEW_MOUNT, "new mount")            \
        X(STEP_CLONE_KERNEL_FS, "clone of host")  \
        X(STEP_LEAVE_BEHIND, "leave behind")      \
        X(STEP_ENTER_ROOT, "enter root")          \
        X(STEP_OPEN_ROOT, "open root")            \
        X(STEP_COPY_BASE, "copy base")            \
        X(STEP_ATTACH, "attach")                  \
        X(STEP_SYSCTL, "system control")          \
        X(STEP_MASK, "mask")                      \
        X(STEP_PROTECT, "protect")                \
        X(STEP_MAKE_DIR, "make directory")        \
        X(STEP_ROOT_READ_ONLY, "read-only root")  \
        X(STEP_STDIO, "standard streams")         \
        X(STEP_CHDIR, "working directory")        \
        X(STEP_LIMIT, "limit")                    \
        X(STEP_LABEL, "security label")           \
        X(STEP_UMASK, "umask")                    \
        X(STEP_PERSONALITY, "personality")        \
        X(STEP_BOUNDING, "bounding set")          \
        X(STEP_NO_NEW_PRIVS, "no new privileges") \
        X(STEP_SECCOMP, "system-call filter")     \
        X(STEP_IDENTITY, "identity")              \
        X(STEP_CAPABILITIES, "capabilities")      \
        X(STEP_SIGNALS, "signals")                \
        X(STEP_HAND_OVER, "hand over")            \
        X(STEP_CLOSE, "close descriptors")        \
        X(STEP_EXEC, "exec")                      \
        X(STEP_STAND_BY, "stand by")

ENUM_DECLARE(StepOp, step_op, STEP_OP, STEP_LIST);

enum {
        ATTACH_DIRECTORY = 1 << 0, /* the destination must be a directory */
        ATTACH_CREATE = 1 << 1,    /* made when missing */
        ATTACH_STRICT = 1 << 2,    /* no symbolic link in the destination: its place is fixed */
        CLONE_READ_ONLY = 1 << 3,
        CLONE_NO_DEVICES = 1 << 4, /* device files on it cannot be opened */
        CLONE_BELOW = 1 << 6,      /* with what is mounted on it */
        ATTACH_ON_LINK = 1 << 5, /* where the destination is a symbolic link, on that and not on its target */
};

typedef struct Step {
        StepOp op;
        StepPlace place;
        int slot;        /* descriptor to work on, -1 = none */
        int out;         /* slot that the step fills, -1 = none */
        uint64_t flags;  /* of the operation: clone, mount or attach flags */
        uint64_t number; /* a size, an index, a set, as the operation says */
        const char *path;
        const char *text;
} Step;

typedef struct Slot {
        int fd;           /* the caller's, or -1 when a step fills it */
        const char *name; /* what it is, for plan_print() */
} Slot;

struct Plan {
        Step *steps;
        size_t n_steps;
        Slot *slots;
        size_t n_slots;
        char **strings; /* owner of all path and text */

        char *object; /* unit or program, for messages */
        int cgroup_slot;
        bool shared_memory; /* may the first child share the manager's memory? */
        bool own_memory;    /* the container's process shares none, as on Linux < 6.3; for tests */

        char **argv;
        char **environment;
        char *search_path;         /* PATH of the container */
        char *init_name;           /* argv[0] of the init */
        int init_slot;             /* program of ours in place of it, or before it; -1 = none */
        bool standby;              /* it is the standby, and not the init */
        int stdio[3];              /* slots */
        bool controlling_terminal; /* the first of them is one */
        int passed_slot; /* the first of those that the program gets from 3 on; they follow each other */
        size_t n_passed;
        uint16_t rows, columns;

        uid_t uid;
        gid_t gid;
        gid_t *groups;
        size_t n_groups;
        IdPair dev_owner;
        uint64_t capabilities;
        uint64_t ambient; /* capabilities of a user other than root */
        LabelSpec labels; /* the caller's */
        ScheduleSpec schedule;
        const DeviceNode *devices; /* the caller's */
        size_t n_devices;
        const struct sock_fprog *filter; /* borrowed from the seccomp cache */
        RlimitSpec *rlimits;
        size_t n_rlimits;
};

/** plan_new() - an empty plan; NULL when out of memory. */
Plan *plan_new(void);

/** plan_slot() - a slot for @fd (-1: filled by a step); @name is not copied. The slot or -ENOMEM. */
int plan_slot(Plan *plan, int fd, const char *name);

/** plan_step() - append a copy of @step, whose strings are copied too. 0 or -ENOMEM. */
int plan_step(Plan *plan, const Step *step);

/**
 * plan_confine() - append the steps that turn a process in the container's namespaces into its program:
 * streams, working directory, limits, identity, capabilities, filter, exec
 */
int plan_confine(Plan *plan, const char *working_dir, bool no_new_privileges);

/** plan_program() - copy program, environment (HOME= added when missing) and identity into the plan. */
int plan_program(Plan *plan, char *const *argv, char *const *environment, char *const *over,
                 const Identity *identity);

/** plan_pass() - slots for @n descriptors that the program finds from 3 on, and is told of by LISTEN_PID=. */
int plan_pass(Plan *plan, const int *fds, size_t n);

/** plan_stdio() - slots and steps for the standard streams; -1 = /dev/null. */
int plan_stdio(Plan *plan, int in, int out, int err);
