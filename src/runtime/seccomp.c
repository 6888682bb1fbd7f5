/* The default system-call filter, laid out as a binary search tree over the call's number. */
#include "runtime/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "basic/cleanup.h"
#include "basic/macro.h"

/* What happens to a call; the values are kept in bytes. */
enum {
        REFUSE,  /* EPERM */
        UNKNOWN, /* ENOSYS */
        ALLOW,
        CHECK_SOCKET,
        CHECK_CLONE,
        CHECK_PERSONALITY,
};

#define RET_ERRNO(e) (SECCOMP_RET_ERRNO | (e))

/* The youngest call that the list has an opinion on. What comes later did not exist when programs were
 * tried under this filter, and ENOSYS is what they are prepared for. */
#define NEWEST_CALL 467

/* Numbers per processor are below this one; x32's (bit 30) are above: unknown, as Debian's kernels have it.
 */
#define N_CALLS (NEWEST_CALL + 1)

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

static const unsigned short new_calls[] = {
#define NEW(name, number) number,
#include "spec/seccomp-calls.def"
};

static const struct {
        unsigned capability;
        unsigned short number;
} capability_new_calls[] = {
#define NEW_CAP(cap, name, number) { cap, number },
#include "spec/seccomp-calls.def"
};

#define CLONE_NUMBER_3 435

/* -- from names to actions -- */

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

static int resolve(uint32_t arch, const char *name) {
        if (arch == SCMP_ARCH_X86)
                for (size_t i = 0; i < ELEMENTSOF(i386_calls); i++)
                        if (streq(i386_calls[i].name, name))
                                return i386_calls[i].number;
        return seccomp_syscall_resolve_name_arch(arch, name);
}

static void set_action(uint32_t arch, const char *name, uint8_t action, uint8_t *actions) {
        int nr = resolve(arch, name);

        if (nr >= 0 && nr < N_CALLS)
                actions[nr] = action;
}

static bool has(uint64_t capabilities, unsigned cap) {
        return capabilities & UINT64_C(1) << cap;
}

static void fill_actions(uint32_t arch, uint64_t capabilities, uint8_t actions[N_CALLS]) {
        memset(actions, REFUSE, N_CALLS);
        actions[CLONE_NUMBER_3] = UNKNOWN;
        set_action(arch, "socket", CHECK_SOCKET, actions);
        set_action(arch, "personality", CHECK_PERSONALITY, actions);
        set_action(arch, "clone", CHECK_CLONE, actions);

        for (size_t i = 0; i < ELEMENTSOF(calls); i++)
                set_action(arch, calls[i], ALLOW, actions);
        for (size_t i = 0; i < ELEMENTSOF(new_calls); i++)
                actions[new_calls[i]] = ALLOW;
        for (size_t i = 0; i < ELEMENTSOF(capability_calls); i++)
                if (has(capabilities, capability_calls[i].capability))
                        set_action(arch, capability_calls[i].name, ALLOW, actions);
        for (size_t i = 0; i < ELEMENTSOF(capability_new_calls); i++)
                if (has(capabilities, capability_new_calls[i].capability))
                        actions[capability_new_calls[i].number] = ALLOW;
}

/* -- from actions to a program -- */

/* A run of numbers with one action: from .first up to the next one's. */
typedef struct Range {
        uint32_t first;
        uint8_t action;
} Range;

/* Room for two processors: two instructions a range, and the argument checks. */
typedef struct Program {
        struct sock_filter code[BPF_MAXINSNS];
        size_t n;
} Program;

static void emit(Program *p, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf) {
        if (p->n < ELEMENTSOF(p->code))
                p->code[p->n++] = (struct sock_filter){ .code = op, .k = k, .jt = jt, .jf = jf };
}

static void emit_return(Program *p, uint32_t k) {
        emit(p, BPF_RET | BPF_K, k, 0, 0);
}

/* The kernel looks at the low half only of each argument that is checked here, and so do we. */
static void emit_load_argument(Program *p) {
        const size_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4;

        emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t) (offsetof(struct seccomp_data, args[0]) + low), 0, 0);
}

static void emit_personality(Program *p) {
        static const uint32_t allowed[] = {
                PER_LINUX,  PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26,
                UINT32_MAX, /* the last one only asks */
        };

        emit_load_argument(p);
        for (size_t i = 0; i < ELEMENTSOF(allowed); i++)
                emit(p, BPF_JMP | BPF_JEQ | BPF_K, allowed[i], (uint8_t) (ELEMENTSOF(allowed) - i), 0);
        emit_return(p, RET_ERRNO(EPERM));
        emit_return(p, SECCOMP_RET_ALLOW);
}

static void emit_action(Program *p, uint8_t action) {
        switch (action) {
        case ALLOW:
                emit_return(p, SECCOMP_RET_ALLOW);
                break;
        case UNKNOWN:
                emit_return(p, RET_ERRNO(ENOSYS));
                break;
        case CHECK_SOCKET:
                emit_load_argument(p);
                emit(p, BPF_JMP | BPF_JEQ | BPF_K, AF_VSOCK, 0, 1);
                emit_return(p, RET_ERRNO(EPERM));
                emit_return(p, SECCOMP_RET_ALLOW);
                break;
        case CHECK_CLONE:
                emit_load_argument(p);
                emit(p, BPF_JMP | BPF_JSET | BPF_K,
                     CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
                             CLONE_NEWCGROUP,
                     0, 1);
                emit_return(p, RET_ERRNO(EPERM));
                emit_return(p, SECCOMP_RET_ALLOW);
                break;
        case CHECK_PERSONALITY:
                emit_personality(p);
                break;
        default:
                emit_return(p, RET_ERRNO(EPERM));
        }
}

/* Conditional jumps reach 255 instructions; behind that a plain jump is put in between. All jumps inside
 * the moved part are relative and stay within it. */
static void close_jump(Program *p, size_t at) {
        size_t skipped = p->n - at - 1;

        if (skipped <= 255) {
                p->code[at].jt = (uint8_t) skipped;
                return;
        }
        emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
        memmove(&p->code[at + 2], &p->code[at + 1], skipped * sizeof(p->code[0]));
        p->code[at].jf = 1;
        p->code[at + 1] = (struct sock_filter){ .code = BPF_JMP | BPF_JA, .k = (uint32_t) skipped };
}

static void emit_tree(Program *p, const Range *ranges, size_t n) {
        size_t middle = n / 2, at = p->n;

        if (n == 1) {
                emit_action(p, ranges[0].action);
                return;
        }
        emit(p, BPF_JMP | BPF_JGE | BPF_K, ranges[middle].first, 0, 0);
        emit_tree(p, ranges, middle);
        close_jump(p, at);
        emit_tree(p, ranges + middle, n - middle);
}

static void emit_processor(Program *p, uint32_t arch, uint32_t audit_arch, uint64_t capabilities) {
        uint8_t actions[N_CALLS];
        Range ranges[N_CALLS + 1];
        size_t n = 0, at = p->n;

        fill_actions(arch, capabilities, actions);
        for (uint32_t nr = 0; nr < N_CALLS; nr++)
                if (n == 0 || ranges[n - 1].action != actions[nr])
                        ranges[n++] = (Range){ .first = nr, .action = actions[nr] };
        ranges[n++] = (Range){ .first = N_CALLS, .action = UNKNOWN };

        /* Jumps over the tree when the processor is another one, hence not equal. */
        emit(p, BPF_JMP | BPF_JEQ | BPF_K, audit_arch, 1, 0);
        emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
        emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
        emit_tree(p, ranges, n);
        p->code[at + 1].k = (uint32_t) (p->n - at - 2);
}

static void build(Program *p, uint64_t capabilities) {
        emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
#if defined(__x86_64__)
        emit_processor(p, SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, capabilities);
        emit_processor(p, SCMP_ARCH_X86, AUDIT_ARCH_I386, capabilities);
#elif defined(__aarch64__)
        emit_processor(p, SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, capabilities);
        emit_processor(p, SCMP_ARCH_ARM, AUDIT_ARCH_ARM, capabilities);
#else
#error "the filter knows no names for this processor"
#endif
        emit_return(p, SECCOMP_RET_KILL_PROCESS);
}

/* -- the cache -- */

typedef struct Filter {
        struct Filter *next;
        uint64_t capabilities;
        struct sock_fprog program;
} Filter;

static Filter *filters;

int seccomp_default(uint64_t capabilities, Fault *f, const struct sock_fprog **ret) {
        autofree Program *p = NULL;
        autofree Filter *filter = NULL;

        for (Filter *known = filters; known; known = known->next)
                if (known->capabilities == capabilities) {
                        *ret = &known->program;
                        return 0;
                }

        p = calloc(1, sizeof(*p));
        filter = calloc(1, sizeof(*filter));
        if (!p || !filter)
                return fault_set(f, "system-call filter", -ENOMEM, NULL);
        build(p, capabilities);
        if (p->n >= ELEMENTSOF(p->code))
                return fault_set(f, "system-call filter", -E2BIG, NULL);

        filter->capabilities = capabilities;
        filter->program.len = (unsigned short) p->n;
        filter->program.filter = malloc(p->n * sizeof(p->code[0]));
        if (!filter->program.filter)
                return fault_set(f, "system-call filter", -ENOMEM, NULL);
        memcpy(filter->program.filter, p->code, p->n * sizeof(p->code[0]));

        filter->next = filters;
        filters = take_ptr(filter);
        *ret = &filters->program;
        return 0;
}

void seccomp_forget(void) {
        while (filters) {
                Filter *filter = filters;

                filters = filter->next;
                free(filter->program.filter);
                free(filter);
        }
}
