#include "spec/json-process.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "basic/capability.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/json-list.h"
#include "spec/rlimit.h"

static uint32_t number_or_zero(const char *name) {
        uint32_t n = 0;

        if (name)
                (void) parse_u32_range(name, 0, UINT32_MAX - 1, &n);
        return n;
}

static json_t *make_user(const ContainerSpec *s, const SpecJsonContext *c) {
        uint32_t uid = c->user_known ? c->uid : number_or_zero(s->user);
        uint32_t gid = c->user_known ? c->gid : number_or_zero(s->group);

        return json_pack("{s:I, s:I}", "uid", (json_int_t) uid, "gid", (json_int_t) gid);
}

static json_t *json_capabilities(uint64_t capabilities) {
        json_t *names = json_array();

        for (int i = 0; i < 64; i++) {
                char name[48];

                if (!(capabilities >> i & 1) || !capability_to_name(i))
                        continue;
                (void) snprintf(name, sizeof(name), "CAP_%s", capability_to_name(i));
                if (json_array_append_new(names, json_string(name)) < 0) {
                        json_decref(names);
                        return NULL;
                }
        }
        return names;
}

static json_t *make_capabilities(const ContainerSpec *s) {
        json_t *sets = json_object();
        int r = 0;

        r |= json_object_set_new(sets, "bounding", json_capabilities(s->capabilities));
        r |= json_object_set_new(sets, "permitted", json_capabilities(s->capabilities));
        r |= json_object_set_new(sets, "effective", json_capabilities(s->capabilities));
        if (s->ambient_capabilities != 0) {
                r |= json_object_set_new(sets, "inheritable", json_capabilities(s->ambient_capabilities));
                r |= json_object_set_new(sets, "ambient", json_capabilities(s->ambient_capabilities));
        }
        if (r < 0) {
                json_decref(sets);
                return NULL;
        }
        return sets;
}

static json_t *make_rlimits(const ContainerSpec *s) {
        json_t *array = json_array();

        for (size_t i = 0; i < s->n_rlimits; i++) {
                const RlimitSpec *l = &s->rlimits[i];
                char name[32] = "RLIMIT_";
                size_t n = strlen(name);

                for (const char *p = rlimit_to_name(l->resource); p && *p && n < sizeof(name) - 1; p++)
                        name[n++] = (char) (*p - 'a' + 'A');
                name[n] = '\0';
                /* RLIM_INFINITY is the largest unsigned number, which JSON has here as -1. */
                if (json_array_append_new(array, json_pack("{s:s, s:I, s:I}", "type", name, "soft",
                                                           (json_int_t) l->limit.rlim_cur, "hard",
                                                           (json_int_t) l->limit.rlim_max)) < 0) {
                        json_decref(array);
                        return NULL;
                }
        }
        return array;
}

static const char *policy_word(int policy) {
        switch (policy) {
        case SCHED_FIFO:
                return "SCHED_FIFO";
        case SCHED_RR:
                return "SCHED_RR";
        case SCHED_BATCH:
                return "SCHED_BATCH";
        case SCHED_IDLE:
                return "SCHED_IDLE";
        default:
                return "SCHED_OTHER";
        }
}

/* Of version 1.1 of the specification; older runtimes pass over it. */
static int add_schedule(json_t *process, const ScheduleSpec *s) {
        static const char *const io_classes[] = { "IOPRIO_CLASS_NONE", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE",
                                                  "IOPRIO_CLASS_IDLE" };
        int r = 0;

        if (s->set & SCHEDULE_OOM_SCORE)
                r |= json_object_set_new(process, "oomScoreAdj", json_integer(s->oom_score_adjust));
        if (s->set & (SCHEDULE_POLICY | SCHEDULE_NICE))
                r |= json_object_set_new(process, "scheduler",
                                         json_pack("{s:s, s:i, s:i, s:[s*]}", "policy",
                                                   policy_word(s->policy), "nice", s->nice, "priority",
                                                   s->priority, "flags",
                                                   s->reset_on_fork ? "SCHED_FLAG_RESET_ON_FORK" : NULL));
        if ((s->set & SCHEDULE_IO) && (size_t) s->io_class < ELEMENTSOF(io_classes))
                r |= json_object_set_new(process, "ioPriority",
                                         json_pack("{s:s, s:i}", "class", io_classes[s->io_class], "priority",
                                                   s->io_priority));
        return r;
}

/* Names are the container's to know. */
static int add_groups(json_t *user, char *const *groups) {
        json_t *array = json_array();
        int r = 0;

        STRV_FOREACH (group, groups)
                if (**group >= '0' && **group <= '9')
                        r |= json_array_append_new(array, json_integer(number_or_zero(*group)));
        return r | json_object_set_new(user, "additionalGids", array);
}

json_t *json_process(const ContainerSpec *s, const SpecJsonContext *c) {
        json_t *process =
                json_pack("{s:b, s:o, s:o, s:o, s:s, s:o, s:o, s:b}", "terminal", 0, "user", make_user(s, c),
                          "args", json_strings(s->argv), "env", json_strings(s->environment), "cwd",
                          s->working_dir, "capabilities", make_capabilities(s), "rlimits", make_rlimits(s),
                          "noNewPrivileges", s->no_new_privileges);
        const ScheduleSpec *schedule = container_spec_schedule(s);
        json_t *user = json_object_get(process, "user");
        int r = 0;

        if (s->groups)
                r |= add_groups(user, s->groups);
        if (schedule->set & SCHEDULE_UMASK)
                r |= json_object_set_new(user, "umask", json_integer(schedule->umask));
        if (s->security_labels.app_armor)
                r |= json_object_set_new(process, "apparmorProfile",
                                         json_string(s->security_labels.app_armor));
        if (s->security_labels.selinux)
                r |= json_object_set_new(process, "selinuxLabel", json_string(s->security_labels.selinux));
        r |= add_schedule(process, schedule);
        if (process && r < 0) {
                json_decref(process);
                return NULL;
        }
        return process;
}
