/*
 * BPF programs of cgroups, instruction by instruction, and bpf(2) without a library. Which ones of a cgroup
 * are ours is told by their name: those of others, systemd's for one, are left alone.
 */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "basic/cleanup.h"

/* Zeroed, it is empty. */
typedef struct Program {
        struct bpf_insn *insns;
        size_t n, allocated;
        int error; /* -ENOMEM: what was emitted since is lost */
} Program;

static inline void program_done(Program *p) {
        free(p->insns);
}

#define autoprogram __attribute__((cleanup(program_done)))

/* Where a program belongs: to one hook of a cgroup, under one name. */
typedef struct ProgramPlace {
        int cgroup_fd;
        enum bpf_prog_type type;
        enum bpf_attach_type hook;
        const char *name; /* 15 characters at most */
} ProgramPlace;

/** bpf_call() - the system call; a descriptor, 0, or a negative errno. */
int bpf_call(enum bpf_cmd command, union bpf_attr *attr);

void program_emit(Program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm);

/** program_jump_here() - let the jump that is the @at-th instruction lead to the next one. */
void program_jump_here(Program *p, size_t at);

/**
 * program_replace() - load @p and put it in the place of ours that is there, without a moment between
 *
 * Returns: 0 or a negative errno, -EOPNOTSUPP where the kernel has no such programs.
 */
int program_replace(const ProgramPlace *place, const Program *p);

/** program_remove() - none of ours is there any more. 0 or a negative errno. */
int program_remove(const ProgramPlace *place);

/** program_open_map() - the first map that ours uses, a descriptor; -ENOENT, or another negative errno. */
int program_open_map(const ProgramPlace *place);
