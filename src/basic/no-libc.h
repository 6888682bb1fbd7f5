/*
 * For programs without libc, whose start takes the kernel microseconds: the entry, the end, a word on
 * standard error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/syscall.h"

/* The kernel enters with argc and argv on the stack, not aligned as C wants it. */
#if defined(__x86_64__)
#define ENTRY_POINT(function)            \
        __asm__(".globl _start\n"        \
                "_start:\n\t"            \
                "endbr64\n\t"            \
                "xor %ebp, %ebp\n\t"     \
                "mov %rsp, %rdi\n\t"     \
                "and $-16, %rsp\n\t"     \
                "call " #function "\n\t" \
                "hlt\n")
#else
#define ENTRY_POINT(function)          \
        __asm__(".globl _start\n"      \
                "_start:\n\t"          \
                "mov x29, xzr\n\t"     \
                "mov x30, xzr\n\t"     \
                "mov x0, sp\n\t"       \
                "bl " #function "\n\t" \
                "brk #1\n")
#endif

__attribute__((noreturn)) static inline void finish(int status) {
        for (;;)
                (void) RAW(exit_group, status);
}

static inline size_t text_length(const char *text) {
        size_t n = 0;

        while (text[n] != '\0')
                n++;
        return n;
}

static inline bool text_equal(const char *a, const char *b) {
        for (; *a != '\0' && *a == *b; a++)
                b++;
        return *a == *b;
}

static inline void say(const char *text) {
        (void) RAW(write, 2, text, text_length(text));
}
