/* Filters of system calls by name. */
#include "runtime/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "runtime/filter.h"
#include "spec/confine.h"

#define RET_ERRNO(e) (SECCOMP_RET_ERRNO | (e))

/* The processor that the host's programs are made for, and the older one that it also is. */
static const struct {
        uint32_t name;   /* libseccomp's */
        uint32_t number; /* the kernel's */
} processors[] = {
#if defined(__x86_64__)
        { SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64 },
        { SCMP_ARCH_X86, AUDIT_ARCH_I386 },
#elif defined(__aarch64__)
        { SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64 },
        { SCMP_ARCH_ARM, AUDIT_ARCH_ARM },
#else
#error "the filter knows no names for this processor"
#endif
};

/* A table that is being filled, and in whose names. */
typedef struct Naming {
        uint32_t processor;
        FilterTable *table;
} Naming;

static const char *const calls[] = {
#define CALL(name) #name,
#include "spec/seccomp-calls.def"
};

static const struct {
        unsigned capability;
        const char *name;
} capability_calls[] = {
#define CALL_CAP(cap, name) { cap, #name },
#include "spec/seccomp-calls.def"
};

static const struct {
        const char *name;
        unsigned short number;
} new_calls[] = {
#define NEW(name, number) { #name, number },
#include "spec/seccomp-calls.def"
};

static const struct {
        unsigned capability;
        const char *name;
        unsigned short number;
} capability_new_calls[] = {
#define NEW_CAP(cap, name, number) { cap, #name, number },
#include "spec/seccomp-calls.def"
};

/* -- from names to numbers -- */

/* For calls that i386 also reaches through socketcall(2) and ipc(2), libseccomp gives numbers of its own.
 * The kernel's, from arch/x86/entry/syscalls/syscall_32.tbl: */
static const struct {
        const char *name;
        int number;
} i386_calls[] = {
        { "socket", 359 },      { "socketpair", 360 },  { "bind", 361 },       { "connect", 362 },
        { "listen", 363 },      { "accept4", 364 },     { "getsockopt", 365 }, { "setsockopt", 366 },
        { "getsockname", 367 }, { "getpeername", 368 }, { "sendto", 369 },     { "sendmsg", 370 },
        { "recvfrom", 371 },    { "recvmsg", 372 },     { "shutdown", 373 },   { "recvmmsg", 337 },
        { "sendmmsg", 345 },    { "semget", 393 },      { "semctl", 394 },     { "shmget", 395 },
        { "shmctl", 396 },      { "shmat", 397 },       { "shmdt", 398 },      { "msgget", 399 },
        { "msgsnd", 400 },      { "msgrcv", 401 },      { "msgctl", 402 },
};

/* A negative number: the processor has no such call. */
static int resolve(uint32_t processor, const char *name) {
        int nr;

        if (processor == SCMP_ARCH_X86)
                for (size_t i = 0; i < ELEMENTSOF(i386_calls); i++)
                        if (streq(i386_calls[i].name, name))
                                return i386_calls[i].number;
        nr = seccomp_syscall_resolve_name_arch(processor, name);
        if (nr >= 0)
                return nr;

        for (size_t i = 0; i < ELEMENTSOF(new_calls); i++)
                if (streq(new_calls[i].name, name))
                        return new_calls[i].number;
        for (size_t i = 0; i < ELEMENTSOF(capability_new_calls); i++)
                if (streq(capability_new_calls[i].name, name))
                        return capability_new_calls[i].number;
        return nr;
}

static void set(const Naming *n, const char *name, uint32_t verdict) {
        filter_table_set(n->table, resolve(n->processor, name), verdict);
}

/* -- the default filter -- */

static bool has(uint64_t capabilities, unsigned cap) {
        return capabilities & UINT64_C(1) << cap;
}

/* The kernel looks at the low half only of each argument that is checked here, and so do we. */
static void check(const Naming *n, const char *name, ProfileCompare op, uint64_t value, uint32_t verdict) {
        ProfileCondition condition = { .index = 0, .op = op, .value = value };
        const FilterCheck c = { .conditions = &condition, .n = 1, .low = true, .verdict = verdict };

        filter_table_add_check(n->table, resolve(n->processor, name), &c, false);
}

static void fill_checked(const Naming *n) {
        static const uint32_t personalities[] = {
                PER_LINUX,  PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26,
                UINT32_MAX, /* the last one only asks */
        };
        const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                    CLONE_NEWNET | CLONE_NEWCGROUP;

        set(n, "clone3", RET_ERRNO(ENOSYS));
        set(n, "socket", SECCOMP_RET_ALLOW);
        check(n, "socket", COMPARE_EQ, AF_VSOCK, RET_ERRNO(EPERM));
        for (size_t i = 0; i < ELEMENTSOF(personalities); i++)
                check(n, "personality", COMPARE_EQ, personalities[i], SECCOMP_RET_ALLOW);
        check(n, "clone", COMPARE_MASKED_EQ, namespaces, SECCOMP_RET_ALLOW);
}

static void fill_default(const Naming *n, uint32_t number, uint64_t capabilities) {
        filter_table_begin(n->table, number, RET_ERRNO(EPERM), RET_ERRNO(ENOSYS));
        fill_checked(n);
        for (size_t i = 0; i < ELEMENTSOF(calls); i++)
                set(n, calls[i], SECCOMP_RET_ALLOW);
        for (size_t i = 0; i < ELEMENTSOF(new_calls); i++)
                filter_table_set(n->table, new_calls[i].number, SECCOMP_RET_ALLOW);
        for (size_t i = 0; i < ELEMENTSOF(capability_calls); i++)
                if (has(capabilities, capability_calls[i].capability))
                        set(n, capability_calls[i].name, SECCOMP_RET_ALLOW);
        for (size_t i = 0; i < ELEMENTSOF(capability_new_calls); i++)
                if (has(capabilities, capability_new_calls[i].capability))
                        filter_table_set(n->table, capability_new_calls[i].number, SECCOMP_RET_ALLOW);
}

/* -- filters of files -- */

static uint32_t verdict_of(ProfileAction action, unsigned error) {
        switch (action) {
        case PROFILE_KILL_THREAD:
                return SECCOMP_RET_KILL_THREAD;
        case PROFILE_TRAP:
                return SECCOMP_RET_TRAP;
        case PROFILE_ERRNO:
                return RET_ERRNO(error);
        case PROFILE_TRACE:
                return SECCOMP_RET_TRACE | error;
        case PROFILE_LOG:
                return SECCOMP_RET_LOG;
        case PROFILE_ALLOW:
                return SECCOMP_RET_ALLOW;
        case PROFILE_KILL_PROCESS:
        case PROFILE_ACTION_N_:
        case PROFILE_ACTION_INVALID_:
                break;
        }
        return SECCOMP_RET_KILL_PROCESS;
}

/* Several conditions on one argument are alternatives, as for Docker and Podman; those on several all hold.
 */
static bool has_alternatives(const ProfileRule *rule) {
        for (size_t i = 0; i < rule->n_conditions; i++)
                for (size_t j = 0; j < i; j++)
                        if (rule->conditions[i].index == rule->conditions[j].index)
                                return true;
        return false;
}

static void fill_rule(const Naming *n, const ProfileRule *rule) {
        const uint32_t verdict = verdict_of(rule->action, rule->error);

        STRV_FOREACH (name, rule->names) {
                int nr = resolve(n->processor, *name);
                FilterCheck c = { .conditions = rule->conditions,
                                  .n = rule->n_conditions,
                                  .verdict = verdict };

                if (rule->n_conditions == 0) {
                        filter_table_set_default(n->table, nr, verdict);
                } else if (!has_alternatives(rule)) {
                        filter_table_add_check(n->table, nr, &c, false);
                } else {
                        c.n = 1;
                        for (size_t i = 0; i < rule->n_conditions; i++) {
                                c.conditions = &rule->conditions[i];
                                filter_table_add_check(n->table, nr, &c, false);
                        }
                }
        }
}

/*
 * Calls younger than all that a profile names did not exist for its author: where it refuses by default,
 * ENOSYS is what programs are prepared for.
 */
static void fill_younger(const Naming *n, const SeccompProfile *profile) {
        int newest = 0;

        if (profile->action == PROFILE_ALLOW || profile->action == PROFILE_LOG)
                return;
        for (size_t i = 0; i < profile->n_rules; i++)
                STRV_FOREACH (name, profile->rules[i].names)
                        newest = MAX_OF(newest, resolve(n->processor, *name));
        for (int nr = newest + 1; newest > 0 && nr < FILTER_CALLS; nr++)
                filter_table_set(n->table, nr, RET_ERRNO(ENOSYS));
        n->table->beyond = RET_ERRNO(ENOSYS);
}

static void fill_profile(const Naming *n, uint32_t number, const SeccompProfile *profile) {
        const uint32_t verdict = verdict_of(profile->action, profile->error);

        filter_table_begin(n->table, number, verdict, verdict);
        fill_younger(n, profile);
        for (size_t i = 0; i < profile->n_rules; i++)
                fill_rule(n, &profile->rules[i]);
}

/* -- what a unit changes -- */

static void refuse_families(const Naming *n, uint64_t first, uint64_t last) {
        ProfileCondition range[] = {
                { .index = 0, .op = COMPARE_GE, .value = first },
                { .index = 0, .op = COMPARE_LE, .value = last },
        };
        const FilterCheck c = {
                .conditions = range, .n = 2, .low = true, .verdict = RET_ERRNO(EAFNOSUPPORT)
        };

        filter_table_add_check(n->table, resolve(n->processor, "socket"), &c, true);
}

static bool is_refused(const FamilyChoice *choice, unsigned family) {
        bool named = family < 64 && (choice->families >> family & 1);

        return named == choice->deny;
}

static void fill_families(const Naming *n, const FamilyChoice *choice) {
        ProfileCondition opens_socket = { .index = 0, .op = COMPARE_EQ, .value = SYS_SOCKET };
        const FilterCheck c = {
                .conditions = &opens_socket, .n = 1, .low = true, .verdict = RET_ERRNO(EAFNOSUPPORT)
        };

        if (!choice->set)
                return;
        for (unsigned family = 0; family < 64; family++) {
                unsigned first = family;

                if (!is_refused(choice, family))
                        continue;
                while (family < 63 && is_refused(choice, family + 1))
                        family++;
                refuse_families(n, first, family == 63 ? UINT32_MAX : family);
        }
        /* Its arguments lie in memory, where a filter cannot look; libraries use the other way first. */
        if (n->processor == SCMP_ARCH_X86)
                filter_table_add_check(
                        n->table, seccomp_syscall_resolve_name_arch(n->processor, "socketcall"), &c, true);
}

static void fill_unit(const Naming *n, const SeccompSpec *spec) {
        static const char *const sync_calls[] = { SYNC_CALLS };

        STRV_FOREACH (name, spec->allow)
                set(n, *name, SECCOMP_RET_ALLOW);
        STRV_FOREACH (name, spec->deny)
                set(n, *name, RET_ERRNO(EPERM));
        fill_families(n, &spec->families);
        /* An error of 0 is success. */
        for (size_t i = 0; spec->suppress_sync && i < ELEMENTSOF(sync_calls); i++)
                set(n, sync_calls[i], RET_ERRNO(0));
}

static int build(const SeccompSpec *spec, uint64_t capabilities, struct sock_fprog *ret) {
        autofree FilterTable *tables = calloc(ELEMENTSOF(processors), sizeof(*tables));
        int r;

        if (!tables)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(processors); i++) {
                const Naming n = { .processor = processors[i].name, .table = &tables[i] };

                if (!spec->enabled)
                        filter_table_begin(&tables[i], processors[i].number, SECCOMP_RET_ALLOW,
                                           SECCOMP_RET_ALLOW);
                else if (spec->profile)
                        fill_profile(&n, processors[i].number, spec->profile);
                else
                        fill_default(&n, processors[i].number, capabilities);
                fill_unit(&n, spec);
        }
        r = filter_program(tables, ELEMENTSOF(processors), ret);
        for (size_t i = 0; i < ELEMENTSOF(processors); i++)
                filter_table_clear(&tables[i]);
        return r;
}

/* -- the cache -- */

typedef struct Filter {
        struct Filter *next;
        char *settings;
        struct sock_fprog program;
} Filter;

static Filter *filters;

/* All that a filter depends on. */
static char *settings_of(const SeccompSpec *spec, uint64_t capabilities) {
        autofree char *allow = spec->allow ? strv_join(spec->allow, " ") : NULL;
        autofree char *deny = spec->deny ? strv_join(spec->deny, " ") : NULL;
        char *settings;

        if ((spec->allow && !allow) || (spec->deny && !deny))
                return NULL;
        if (asprintf(&settings, "%d %llx %s;%s;%d %d %llx;%d;%s", spec->enabled,
                     (unsigned long long) capabilities, strempty(allow), strempty(deny), spec->families.set,
                     spec->families.deny, (unsigned long long) spec->families.families, spec->suppress_sync,
                     spec->profile ? spec->profile->text : "") < 0)
                return NULL;
        return settings;
}

static void filter_free(Filter *filter) {
        if (!filter)
                return;
        free(filter->settings);
        free(filter->program.filter);
        free(filter);
}

AUTOPTR_DEFINE(Filter, filter_free);

int seccomp_filter(const SeccompSpec *spec, uint64_t capabilities, Fault *f, const struct sock_fprog **ret) {
        autoptr(Filter) filter = NULL;
        int r;

        *ret = NULL;
        if (!spec->enabled && !spec->allow && !spec->deny && !spec->families.set && !spec->suppress_sync)
                return 0;

        filter = calloc(1, sizeof(*filter));
        if (filter)
                filter->settings = settings_of(spec, capabilities);
        if (!filter || !filter->settings)
                return fault_set(f, "system-call filter", -ENOMEM, NULL);
        for (Filter *known = filters; known; known = known->next)
                if (streq(known->settings, filter->settings)) {
                        *ret = &known->program;
                        return 0;
                }

        r = build(spec, capabilities, &filter->program);
        if (r == -E2BIG)
                return fault_set(f, "system-call filter", r, "more than the kernel takes");
        if (r < 0)
                return fault_set(f, "system-call filter", r, NULL);
        filter->next = filters;
        filters = take_ptr(filter);
        *ret = &filters->program;
        return 0;
}

void seccomp_forget(void) {
        while (filters) {
                Filter *filter = filters;

                filters = filter->next;
                filter_free(filter);
        }
}
