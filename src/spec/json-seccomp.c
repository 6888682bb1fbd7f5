#include "spec/json-seccomp.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "basic/macro.h"

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

static json_t *allow_if(const char *name, uint64_t value, uint64_t value_two, const char *op) {
        return json_pack("{s:[s], s:s, s:[{s:i, s:I, s:I, s:s}]}", "names", name, "action", "SCMP_ACT_ALLOW",
                         "args", "index", 0, "value", (json_int_t) value, "valueTwo", (json_int_t) value_two,
                         "op", op);
}

/* The calls whose arguments decide. */
static int add_conditions(json_t *list, uint64_t capabilities) {
        static const uint32_t personalities[] = { PER_LINUX, PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26,
                                                  UINT32_MAX };
        const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                    CLONE_NEWNET | CLONE_NEWCGROUP;
        int r = 0;

        r |= json_array_append_new(list, allow_if("socket", AF_VSOCK, 0, "SCMP_CMP_NE"));
        for (size_t i = 0; i < ELEMENTSOF(personalities); i++)
                r |= json_array_append_new(list, allow_if("personality", personalities[i], 0, "SCMP_CMP_EQ"));

        if (!name_is_allowed("clone", capabilities))
                r |= json_array_append_new(list, allow_if("clone", namespaces, 0, "SCMP_CMP_MASKED_EQ"));
        if (!name_is_allowed("clone3", capabilities))
                r |= json_array_append_new(list, json_pack("{s:[s], s:s, s:i}", "names", "clone3", "action",
                                                           "SCMP_ACT_ERRNO", "errnoRet", ENOSYS));
        return r;
}

json_t *json_seccomp(uint64_t capabilities) {
#if defined(__x86_64__)
        json_t *architectures = json_pack("[ss]", "SCMP_ARCH_X86_64", "SCMP_ARCH_X86");
#else
        json_t *architectures = json_pack("[ss]", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM");
#endif
        json_t *names = json_array(), *list = json_array();
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(calls); i++)
                if (is_allowed(&calls[i], capabilities))
                        r |= json_array_append_new(names, json_string(calls[i].name));

        r |= json_array_append_new(list, json_pack("{s:o, s:s}", "names", names, "action", "SCMP_ACT_ALLOW"));
        r |= add_conditions(list, capabilities);
        if (r < 0) {
                json_decref(architectures);
                json_decref(list);
                return NULL;
        }
        return json_pack("{s:s, s:i, s:o, s:o}", "defaultAction", "SCMP_ACT_ERRNO", "defaultErrnoRet", EPERM,
                         "architectures", architectures, "syscalls", list);
}
