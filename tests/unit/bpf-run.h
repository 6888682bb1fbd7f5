/* A small interpreter of the machine that filters of system calls are for. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/unit-test.h"

/* @followed: does the kernel know the verdict from the call alone, without its arguments? It looks for calls
 * that are always allowed when a filter is installed, but not through all instructions. */
static inline uint32_t bpf_follow(const struct sock_fprog *p, const struct seccomp_data *data,
                                  bool *followed) {
        uint32_t a = 0, x = 0;

        *followed = true;
        for (size_t pc = 0;; pc++) {
                const struct sock_filter *i = &p->filter[pc];

                if (pc >= p->len)
                        ck_abort_msg("a jump behind the end");
                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        memcpy(&a, (const char *) data + i->k, sizeof(a));
                        *followed &= i->k < offsetof(struct seccomp_data, instruction_pointer);
                        break;
                case BPF_LD | BPF_IMM:
                        a = i->k;
                        *followed = false;
                        break;
                case BPF_MISC | BPF_TAX:
                        x = a;
                        *followed = false;
                        break;
                case BPF_JMP | BPF_JA:
                        pc += i->k;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        pc += a == i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        pc += a >= i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        pc += a > i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JSET | BPF_K:
                        pc += a & i->k ? i->jt : i->jf;
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= i->k;
                        break;
                case BPF_ALU | BPF_RSH | BPF_X:
                        a >>= x;
                        *followed = false;
                        break;
                case BPF_RET | BPF_K:
                        return i->k;
                default:
                        ck_abort_msg("unknown instruction %#x", i->code);
                }
        }
}

static inline uint32_t bpf_run(const struct sock_fprog *p, const struct seccomp_data *data) {
        bool followed;

        return bpf_follow(p, data, &followed);
}
