/* A launch as data: building, printing, freeing. No system call here. */
#include "runtime/step.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "basic/strv.h"

ENUM_DEFINE(StepPlace, step_place, PLACE, STEP_PLACE_LIST)
ENUM_DEFINE(StepOp, step_op, STEP_OP, STEP_LIST)

/* What execvp(3) searches when PATH is unset; the directories that a Debian root has. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Plan *plan_new(void) {
        Plan *plan = calloc(1, sizeof(*plan));

        if (!plan)
                return NULL;
        plan->cgroup_slot = plan->init_slot = -1;
        for (size_t i = 0; i < ELEMENTSOF(plan->stdio); i++)
                plan->stdio[i] = -1;
        return plan;
}

void plan_free(Plan *plan) {
        if (!plan)
                return;

        free(plan->steps);
        free(plan->slots);
        strv_free(plan->strings);
        free(plan->object);
        strv_free(plan->argv);
        strv_free(plan->environment);
        free(plan->search_path);
        free(plan->init_name);
        free(plan->groups);
        free(plan->rlimits);
        free(plan);
}

int plan_slot(Plan *plan, int fd, const char *name) {
        Slot *grown = realloc(plan->slots, (plan->n_slots + 1) * sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        plan->slots = grown;
        plan->slots[plan->n_slots] = (Slot){ .fd = fd, .name = name };
        return (int) plan->n_slots++;
}

static int keep_string(Plan *plan, const char **s) {
        int r;

        if (!*s)
                return 0;
        r = strv_add(&plan->strings, *s);
        if (r < 0)
                return r;
        *s = plan->strings[strv_length(plan->strings) - 1];
        return 0;
}

int plan_step(Plan *plan, const Step *step) {
        Step *grown, copy = *step;
        int r;

        r = keep_string(plan, &copy.path);
        if (r == 0)
                r = keep_string(plan, &copy.text);
        if (r < 0)
                return r;

        grown = realloc(plan->steps, (plan->n_steps + 1) * sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        plan->steps = grown;
        plan->steps[plan->n_steps++] = copy;
        return 0;
}

static int copy_identity(Plan *plan, const Identity *identity) {
        if (!identity)
                return 0;

        plan->uid = identity->uid;
        plan->gid = identity->gid;
        if (identity->n_groups == 0)
                return 0;
        plan->groups = calloc(identity->n_groups, sizeof(*plan->groups));
        if (!plan->groups)
                return -ENOMEM;
        memcpy(plan->groups, identity->groups, identity->n_groups * sizeof(*plan->groups));
        plan->n_groups = identity->n_groups;
        return 0;
}

int plan_program(Plan *plan, char *const *argv, char *const *environment, char *const *over,
                 const Identity *identity) {
        const char *home = identity && identity->home ? identity->home : "/root";
        const char *path;
        int r = 0;

        r = strv_add_all(&plan->argv, argv);
        if (r == 0)
                r = strv_add_all(&plan->environment, environment);
        STRV_FOREACH (s, over)
                if (r == 0)
                        r = strv_env_set(&plan->environment, *s);
        if (r == 0 && !strv_env_get(plan->environment, "HOME"))
                r = strv_addf(&plan->environment, "HOME=%s", home);
        if (r < 0)
                return r;

        path = strv_env_get(plan->environment, "PATH");
        plan->search_path = strdup(path ? path : DEFAULT_PATH);
        if (!plan->search_path)
                return -ENOMEM;
        return copy_identity(plan, identity);
}

int plan_stdio(Plan *plan, int in, int out, int err) {
        static const char *const names[] = { "stdin", "stdout", "stderr" };
        const int fds[] = { in, out, err };
        int null_slot = -1, r;

        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                if (fds[i] >= 0) {
                        r = plan_slot(plan, fds[i], names[i]);
                        if (r < 0)
                                return r;
                        plan->stdio[i] = r;
                        continue;
                }

                if (null_slot < 0) {
                        null_slot = plan_slot(plan, -1, "null");
                        if (null_slot < 0)
                                return null_slot;
                        r = plan_step(plan,
                                      &(Step){ STEP_OPEN_NULL, PLACE_HOST, .slot = -1, .out = null_slot });
                        if (r < 0)
                                return r;
                }
                plan->stdio[i] = null_slot;
        }
        return 0;
}

int plan_pass(Plan *plan, const int *fds, size_t n) {
        for (size_t i = 0; i < n; i++) {
                int r = plan_slot(plan, fds[i], "descriptor");

                if (r < 0)
                        return r;
                if (i == 0)
                        plan->passed_slot = r;
        }
        plan->n_passed = n;
        return 0;
}

static int add(Plan *plan, int *r, StepOp op, uint64_t number, const char *path) {
        if (*r == 0)
                *r = plan_step(plan, &(Step){ op, PLACE_BUILD, .slot = -1, .out = -1, .number = number,
                                              .path = path });
        return *r;
}

/* @file: below /proc/self/attr */
static void label(Plan *plan, int *r, const char *file, const char *verb, const char *name) {
        autofree char *path = NULL, *text = NULL;

        if (*r < 0)
                return;
        if (asprintf(&path, "/proc/self/attr/%s", file) < 0 || asprintf(&text, "%s%s", verb, name) < 0) {
                *r = -ENOMEM;
                return;
        }
        *r = plan_step(plan,
                       &(Step){ STEP_LABEL, PLACE_BUILD, .slot = -1, .out = -1, .path = path, .text = text });
}

int plan_confine(Plan *plan, const char *working_dir, bool no_new_privileges) {
        int r = 0;

        add(plan, &r, STEP_STDIO, 0, NULL);
        add(plan, &r, STEP_CHDIR, 0, working_dir ? working_dir : "/");
        for (size_t i = 0; i < plan->n_rlimits; i++)
                add(plan, &r, STEP_LIMIT, i, NULL);
        if (plan->labels.app_armor)
                label(plan, &r, "apparmor/exec", "exec ", plan->labels.app_armor);
        if (plan->labels.selinux)
                label(plan, &r, "exec", "", plan->labels.selinux);
        if (plan->schedule.set & SCHEDULE_UMASK)
                add(plan, &r, STEP_UMASK, plan->schedule.umask, NULL);
        if (plan->schedule.set & SCHEDULE_PERSONALITY)
                add(plan, &r, STEP_PERSONALITY, plan->schedule.personality, NULL);
        add(plan, &r, STEP_BOUNDING, plan->capabilities, NULL);
        if (no_new_privileges)
                add(plan, &r, STEP_NO_NEW_PRIVS, 0, NULL);
        /* Without no_new_privs a filter needs the capabilities that go away next; with it, the filter comes
         * last, so that it need not allow what only these steps call. */
        else if (plan->filter)
                add(plan, &r, STEP_SECCOMP, 0, NULL);
        add(plan, &r, STEP_IDENTITY, 0, NULL);
        add(plan, &r, STEP_CAPABILITIES, plan->capabilities, NULL);
        add(plan, &r, STEP_SIGNALS, 0, NULL);
        if (plan->n_passed > 0)
                add(plan, &r, STEP_HAND_OVER, plan->n_passed, NULL);
        add(plan, &r, STEP_CLOSE, 0, NULL);
        if (no_new_privileges && plan->filter)
                add(plan, &r, STEP_SECCOMP, 0, NULL);
        return add(plan, &r, plan->standby ? STEP_STAND_BY : STEP_EXEC, 0, plan->argv[0]);
}

static void print_slot(const Plan *plan, const char *before, int slot, FILE *f) {
        if (slot < 0 || (size_t) slot >= plan->n_slots)
                return;
        (void) fprintf(f, "%s@%d(%s)", before, slot, strempty(plan->slots[slot].name));
}

void plan_print(const Plan *plan, FILE *f) {
        for (size_t i = 0; i < plan->n_steps; i++) {
                const Step *s = &plan->steps[i];

                (void) fprintf(f, "%3zu %-5s  %s", i, step_place_to_string(s->place),
                               step_op_to_string(s->op));
                print_slot(plan, "  ", s->slot, f);
                if (s->path)
                        (void) fprintf(f, "  %s", s->path);
                if (s->text)
                        (void) fprintf(f, "  \"%s\"", s->text);
                if (s->flags)
                        (void) fprintf(f, "  flags=%#" PRIx64, s->flags);
                if (s->number)
                        (void) fprintf(f, "  number=%#" PRIx64, s->number);
                print_slot(plan, "  -> ", s->out, f);
                (void) fputc('\n', f);
        }
}
