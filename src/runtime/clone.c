/* Children that share the caller's memory. */
#include "runtime/clone.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "basic/syscall.h"

/* In C alone the child would return into the parent's stack frame; so the call of the function and the
 * end of the child are part of the same assembly. */
long clone_call(struct clone_args *args, CloneFn fn, void *argument) {
#if defined(__x86_64__)
        register CloneFn r12 __asm__("r12") = fn;
        register void *r13 __asm__("r13") = argument;
        long r;

        __asm__ volatile("syscall\n\t"
                         "test %%rax, %%rax\n\t"
                         "jnz 1f\n\t"
                         "xor %%ebp, %%ebp\n\t"
                         "mov %%r13, %%rdi\n\t"
                         "call *%%r12\n\t"
                         "mov %%eax, %%edi\n\t"
                         "mov %[exit], %%eax\n\t"
                         "syscall\n\t"
                         "hlt\n"
                         "1:"
                         : "=a"(r)
                         : "a"(SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(r12),
                           "r"(r13), [exit] "i"(SYS_exit)
                         : "rcx", "r11", "memory");
        return r;
#else
        register long x8 __asm__("x8") = SYS_clone3;
        register long x0 __asm__("x0") = (long) args;
        register long x1 __asm__("x1") = sizeof(*args);
        register CloneFn x19 __asm__("x19") = fn;
        register void *x20 __asm__("x20") = argument;

        __asm__ volatile("svc 0\n\t"
                         "cbnz x0, 1f\n\t"
                         "mov x29, xzr\n\t"
                         "mov x0, x20\n\t"
                         "blr x19\n\t"
                         "mov x8, %[exit]\n\t"
                         "svc 0\n\t"
                         "brk #1\n"
                         "1:"
                         : "+r"(x0)
                         : "r"(x8), "r"(x1), "r"(x19), "r"(x20), [exit] "i"(SYS_exit)
                         : "memory");
        return x0;
#endif
}

typedef struct Helper {
        CloneFn fn;
        void *argument;
        int result;
} Helper;

static int helper_child(void *p) {
        Helper *h = p;

        h->result = h->fn(h->argument);
        return 0;
}

int helper_run(CloneFn fn, void *argument) {
        Helper h = { .fn = fn, .argument = argument, .result = -ECHILD };
        struct clone_args args = {
                .flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_CLEAR_SIGHAND,
                .stack_size = CLONE_STACK_SIZE,
        };
        sigset_t all, old;
        void *stack;
        long pid;

        stack = mmap(NULL, CLONE_STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK,
                     -1, 0);
        if (stack == MAP_FAILED)
                return -errno;
        args.stack = (uintptr_t) stack;

        /* A handler must not run in the child: it would see the caller's memory. */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &old);
        pid = clone_call(&args, helper_child, &h);
        (void) sigprocmask(SIG_SETMASK, &old, NULL);

        /* Made without an exit signal, so that nobody else's wait finds it. */
        if (pid > 0)
                while (waitpid((pid_t) pid, NULL, __WALL) < 0 && errno == EINTR)
                        continue;
        (void) munmap(stack, CLONE_STACK_SIZE);
        return pid < 0 ? (int) pid : h.result;
}
