/*
 * System calls without libc, for children that share the manager's memory: no errno, no locks, no
 * cancellation. Each returns the kernel's value: negative errno on failure.
 */
#pragma once

#include <sys/syscall.h>

#if defined(__x86_64__)
static inline long raw_syscall(long n, long a, long b, long c, long d, long e, long f) {
        register long r10 __asm__("r10") = d;
        register long r8 __asm__("r8") = e;
        register long r9 __asm__("r9") = f;
        long r;

        __asm__ volatile("syscall"
                         : "=a"(r)
                         : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                         : "rcx", "r11", "memory");
        return r;
}
#elif defined(__aarch64__)
static inline long raw_syscall(long n, long a, long b, long c, long d, long e, long f) {
        register long x8 __asm__("x8") = n;
        register long x0 __asm__("x0") = a;
        register long x1 __asm__("x1") = b;
        register long x2 __asm__("x2") = c;
        register long x3 __asm__("x3") = d;
        register long x4 __asm__("x4") = e;
        register long x5 __asm__("x5") = f;

        __asm__ volatile("svc 0"
                         : "+r"(x0)
                         : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                         : "memory");
        return x0;
}
#else
#error "raw_syscall() is not written for this processor"
#endif

/* RAW(openat, fd, path, ...): up to six arguments, pointers or integers. */
#define RAW_(n, a, b, c, d, e, f, ...) \
        raw_syscall((n), (long) (a), (long) (b), (long) (c), (long) (d), (long) (e), (long) (f))
#define RAW(name, ...) RAW_(SYS_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
