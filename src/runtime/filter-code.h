/*
 * The code of a filter while it is written: instructions, the checks of arguments, and jumps to leaves that
 * have no place yet. Knows nothing of calls. That there is no room is remembered, so that writing reads as a
 * list.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/filter.h"

/* A side of a conditional jump; the other one goes on behind it. */
typedef struct FilterJump {
        size_t at;
        bool right; /* the comparison holds */
} FilterJump;

/* One whose leaf is placed later. */
typedef struct FilterLead {
        FilterJump jump;
        FilterLeaf leaf;
        size_t place;
} FilterLead;

typedef struct FilterCode {
        struct sock_filter instructions[BPF_MAXINSNS];
        size_t n;
        FilterLead leads[2 * UINT8_MAX]; /* both sides of every jump that reaches anything */
        size_t n_leads;
        FilterJump misses[64]; /* of the check that is being written, to the next one */
        size_t n_misses;
        bool far;  /* a lead does not reach its leaf */
        bool full; /* more than the kernel takes */
} FilterCode;

/** filter_code_emit() - Returns: where it is. */
size_t filter_code_emit(FilterCode *code, uint16_t op, uint32_t k);

/** filter_code_load() - Returns: where it is; @offset is into struct seccomp_data. */
size_t filter_code_load(FilterCode *code, size_t offset);

/** filter_code_load_argument() - a half of argument @index */
size_t filter_code_load_argument(FilterCode *code, unsigned index, bool high);

/** filter_code_compare() - a conditional jump, BPF_JEQ and so on. Returns: where it is. */
size_t filter_code_compare(FilterCode *code, uint16_t comparison, uint32_t k);

/**
 * filter_code_close() - lead one side of a jump, or a plain jump, behind all that there is
 *
 * A conditional jump reaches 255 instructions; behind that a plain jump is put in between, unless there are
 * leads, which would not know: then code->far.
 */
void filter_code_close(FilterCode *code, size_t at, bool right);

/** filter_code_lead() - lead one side of a jump to a leaf, for which filter_code_place_leaves() finds a place
 */
void filter_code_lead(FilterCode *code, size_t at, bool right, const FilterLeaf *leaf);

/** filter_code_leaf() - the leaf right here */
void filter_code_leaf(FilterCode *code, const FilterLeaf *leaf);

/** filter_code_place_leaves() - all leaves of leads, each once. Returns: whether all are within reach; if
 * not, the code is worthless.
 */
bool filter_code_place_leaves(FilterCode *code);
