/* A further process in a running container. */
#include "runtime/exec.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "runtime/run.h"
#include "runtime/seccomp.h"
#include "runtime/step.h"

static int check_request(const ExecRequest *q, Fault *f) {
        struct pollfd p = { .fd = q->pidfd, .events = POLLIN };

        if (!q->argv || !q->argv[0])
                return fault_set(f, "plan", -EINVAL, "no command");
        if (q->pidfd < 0)
                return fault_set(f, "plan", -EBADF, "no process");
        if (poll(&p, 1, 0) > 0)
                return fault_set(f, "plan", -ESRCH, "the container has ended");
        return 0;
}

static int add(Plan *plan, int *r, Step s) {
        if (*r == 0)
                *r = plan_step(plan, &s);
        return *r;
}

static int plan_settings(const ExecRequest *q, Fault *f, Plan *plan) {
        static const SeccompSpec none;
        int r;

        /* A process cannot join a time namespace while it shares its memory with another. */
        plan->shared_memory = false;
        plan->capabilities = q->capabilities;
        plan->labels = q->labels;
        plan->rows = q->rows;
        plan->columns = q->columns;
        plan->object = strdup(q->argv[0]);
        if (!plan->object)
                return -ENOMEM;
        r = seccomp_filter(q->seccomp ? q->seccomp : &none, q->capabilities, f, &plan->filter);
        if (r < 0)
                return r;
        return plan_program(plan, q->argv, q->environment, NULL, q->identity);
}

static int plan_steps(const ExecRequest *q, Plan *plan) {
        int target, r = 0;

        if (q->cgroup_fd >= 0) {
                plan->cgroup_slot = plan_slot(plan, q->cgroup_fd, "cgroup");
                if (plan->cgroup_slot < 0)
                        return plan->cgroup_slot;
        }
        target = plan_slot(plan, q->pidfd, "process 1");
        if (target < 0)
                return target;
        if (!q->terminal)
                r = plan_stdio(plan, q->stdin_fd, q->stdout_fd, q->stderr_fd);

        add(plan, &r,
            (Step){ STEP_JOIN, PLACE_JOIN, .slot = target, .out = -1,
                    .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                             CLONE_NEWCGROUP | CLONE_NEWTIME | (q->user_namespace ? CLONE_NEWUSER : 0) });
        add(plan, &r, (Step){ STEP_SPAWN, PLACE_JOIN, .slot = -1, .out = -1 });
        add(plan, &r, (Step){ STEP_BECOME_ROOT, PLACE_BUILD, .slot = -1, .out = -1 });
        if (q->terminal)
                add(plan, &r,
                    (Step){ STEP_TERMINAL, PLACE_BUILD, .slot = -1, .out = -1, .path = "/dev/pts/ptmx" });
        add(plan, &r, (Step){ STEP_OWN_FILES, PLACE_BUILD, .slot = -1, .out = -1 });
        add(plan, &r, (Step){ STEP_OPEN_ROOT, PLACE_BUILD, .slot = -1, .out = -1 });
        return add(plan, &r, (Step){ STEP_SESSION, PLACE_BUILD, .slot = -1, .out = -1 });
}

int exec_plan(const ExecRequest *request, Fault *f, Plan **ret) {
        autoptr(Plan) plan = NULL;
        int r;

        plan = plan_new();
        if (!plan)
                return fault_set(f, "plan", -ENOMEM, NULL);
        r = plan_settings(request, f, plan);
        if (r == 0)
                r = plan_steps(request, plan);
        if (r == 0)
                r = plan_confine(plan, request->working_dir, request->no_new_privileges);
        if (r < 0)
                return fault_set(f, "plan", r, "%s", request->argv[0]);

        *ret = take_ptr(plan);
        return 0;
}

int container_exec(const ExecRequest *request, Fault *f, ExecResult *ret) {
        autoptr(Plan) plan = NULL;
        RunResult result;
        int r;

        r = check_request(request, f);
        if (r == 0)
                r = exec_plan(request, f, &plan);
        if (r == 0)
                r = plan_run(plan, f, &result);
        if (r < 0)
                return r;

        *ret = (ExecResult){ .pid = result.pid, .pidfd = result.pidfd, .terminal_fd = result.terminal };
        return 0;
}

int exec_resize(int terminal_fd, uint16_t rows, uint16_t columns) {
        struct winsize size = { .ws_row = rows, .ws_col = columns };

        return ioctl(terminal_fd, TIOCSWINSZ, &size) < 0 ? -errno : 0;
}
