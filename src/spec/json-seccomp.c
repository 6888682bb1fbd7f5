#include "spec/json-seccomp.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/confine.h"
#include "spec/json-list.h"

typedef struct Call {
        int capability; /* -1 = always allowed */
        const char *name;
} Call;

static const Call calls[] = {
#define CALL(name) { -1, #name },
#include "spec/seccomp-calls.def"
#define CALL_CAP(cap, name) { cap, #name },
#include "spec/seccomp-calls.def"
#define NEW(name, number) { -1, #name },
#include "spec/seccomp-calls.def"
#define NEW_CAP(cap, name, number) { cap, #name },
#include "spec/seccomp-calls.def"
};

static bool is_allowed(const Call *call, uint64_t capabilities) {
        return call->capability < 0 || (capabilities & UINT64_C(1) << call->capability);
}

static bool name_is_allowed(const char *name, uint64_t capabilities) {
        for (size_t i = 0; i < ELEMENTSOF(calls); i++)
                if (streq(calls[i].name, name) && is_allowed(&calls[i], capabilities))
                        return true;
        return false;
}

/* Has the unit an opinion of its own on this call? */
static bool is_changed(const SeccompSpec *spec, const char *name) {
        static const char *const sync_calls[] = { SYNC_CALLS };

        for (size_t i = 0; spec->suppress_sync && i < ELEMENTSOF(sync_calls); i++)
                if (streq(sync_calls[i], name))
                        return true;
        return strv_contains(spec->allow, name) || strv_contains(spec->deny, name);
}

static json_t *allow_if(const char *name, uint64_t value, uint64_t value_two, const char *op) {
        return json_pack("{s:[s], s:s, s:[{s:i, s:I, s:I, s:s}]}", "names", name, "action", "SCMP_ACT_ALLOW",
                         "args", "index", 0, "value", (json_int_t) value, "valueTwo", (json_int_t) value_two,
                         "op", op);
}

/* The calls whose arguments decide. */
static int add_conditions(json_t *list, const SeccompSpec *spec, uint64_t capabilities) {
        static const uint32_t personalities[] = { PER_LINUX, PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26,
                                                  UINT32_MAX };
        const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                    CLONE_NEWNET | CLONE_NEWCGROUP;
        int r = 0;

        if (!is_changed(spec, "socket"))
                r |= json_array_append_new(list, allow_if("socket", AF_VSOCK, 0, "SCMP_CMP_NE"));
        for (size_t i = 0; i < ELEMENTSOF(personalities) && !is_changed(spec, "personality"); i++)
                r |= json_array_append_new(list, allow_if("personality", personalities[i], 0, "SCMP_CMP_EQ"));

        if (!name_is_allowed("clone", capabilities) && !is_changed(spec, "clone"))
                r |= json_array_append_new(list, allow_if("clone", namespaces, 0, "SCMP_CMP_MASKED_EQ"));
        if (!name_is_allowed("clone3", capabilities) && !is_changed(spec, "clone3"))
                r |= json_array_append_new(list, json_pack("{s:[s], s:s, s:i}", "names", "clone3", "action",
                                                           "SCMP_ACT_ERRNO", "errnoRet", ENOSYS));
        return r;
}

static int add_default(json_t *list, const SeccompSpec *spec, uint64_t capabilities) {
        json_t *names = json_array();
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(calls); i++)
                if (is_allowed(&calls[i], capabilities) && !is_changed(spec, calls[i].name))
                        r |= json_array_append_new(names, json_string(calls[i].name));
        r |= json_array_append_new(list, json_pack("{s:o, s:s}", "names", names, "action", "SCMP_ACT_ALLOW"));
        return r | add_conditions(list, spec, capabilities);
}

static json_t *condition_object(const ProfileCondition *c) {
        return json_pack("{s:i, s:I, s:I, s:s}", "index", (int) c->index, "value", (json_int_t) c->value,
                         "valueTwo", (json_int_t) c->value_two, "op", profile_compare_to_string(c->op));
}

static int add_rule(json_t *list, const SeccompSpec *spec, const ProfileRule *rule) {
        json_t *names = json_array(), *args = json_array(), *object;
        int r = 0;

        STRV_FOREACH (name, rule->names)
                if (!is_changed(spec, *name))
                        r |= json_array_append_new(names, json_string(*name));
        for (size_t i = 0; i < rule->n_conditions; i++)
                r |= json_array_append_new(args, condition_object(&rule->conditions[i]));
        if (json_array_size(names) == 0) {
                json_decref(names);
                json_decref(args);
                return r;
        }
        object = json_pack("{s:o, s:s, s:o}", "names", names, "action",
                           profile_action_to_string(rule->action), "args", args);
        if (rule->action == PROFILE_ERRNO || rule->action == PROFILE_TRACE)
                r |= json_object_set_new(object, "errnoRet", json_integer((json_int_t) rule->error));
        return r | json_array_append_new(list, object);
}

static int add_names(json_t *list, char *const *names, const char *action, int error) {
        if (!names || !*names)
                return 0;
        return json_array_append_new(list, json_pack("{s:o, s:s, s:i}", "names", json_strings(names),
                                                     "action", action, "errnoRet", error));
}

static int add_changes(json_t *list, const SeccompSpec *spec) {
        int r = 0;

        if (spec->suppress_sync)
                r |= json_array_append_new(list, json_pack("{s:[sssssss], s:s, s:i}", "names", SYNC_CALLS,
                                                           "action", "SCMP_ACT_ERRNO", "errnoRet", 0));
        r |= add_names(list, spec->deny, "SCMP_ACT_ERRNO", EPERM);
        if (spec->allow && *spec->allow)
                r |= json_array_append_new(list, json_pack("{s:o, s:s}", "names", json_strings(spec->allow),
                                                           "action", "SCMP_ACT_ALLOW"));
        return r;
}

json_t *json_seccomp(const SeccompSpec *spec, uint64_t capabilities) {
#if defined(__x86_64__)
        json_t *architectures = json_pack("[ss]", "SCMP_ARCH_X86_64", "SCMP_ARCH_X86");
#else
        json_t *architectures = json_pack("[ss]", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM");
#endif
        const SeccompProfile *p = spec->profile;
        const char *action = p ? profile_action_to_string(p->action) : "SCMP_ACT_ERRNO";
        json_t *list = json_array(), *object;
        int r = 0;

        for (size_t i = 0; p && i < p->n_rules; i++)
                r |= add_rule(list, spec, &p->rules[i]);
        if (!p)
                r |= add_default(list, spec, capabilities);
        r |= add_changes(list, spec);
        if (r < 0) {
                json_decref(architectures);
                json_decref(list);
                return NULL;
        }
        object = json_pack("{s:s, s:o, s:o}", "defaultAction", action, "architectures", architectures,
                           "syscalls", list);
        if (object && (!p || p->action == PROFILE_ERRNO) &&
            json_object_set_new(object, "defaultErrnoRet", json_integer(p ? (json_int_t) p->error : EPERM)) <
                    0) {
                json_decref(object);
                return NULL;
        }
        return object;
}
