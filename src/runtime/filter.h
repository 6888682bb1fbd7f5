/*
 * What happens to each system call, as a table for each processor, and the BPF program that does it: a binary
 * search tree over the call's number, because the kernel runs a filter once per possible call when it is
 * installed; and few instructions, because it translates each of them. Knows numbers only; names are
 * seccomp.c's.
 *
 * Short memory is remembered in the table and told by filter_program(): so that filling one reads as a list.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/seccomp-profile.h"

/* The youngest call that the tables have an opinion on; the numbers of one processor are below it. */
#define FILTER_NEWEST_CALL 467
#define FILTER_CALLS       (FILTER_NEWEST_CALL + 1)

/* If all conditions hold, the verdict (SECCOMP_RET_*) counts; else the next check is asked. */
typedef struct FilterCheck {
        ProfileCondition *conditions;
        size_t n;
        bool low; /* of each argument the low half alone, which is what the kernel looks at in an int */
        uint32_t verdict;
} FilterCheck;

/* What several calls may have in common. */
typedef struct FilterLeaf {
        FilterCheck *checks;
        size_t n;
        uint32_t verdict; /* when no check fits */
} FilterLeaf;

typedef struct FilterTable {
        uint32_t processor; /* AUDIT_ARCH_* */
        uint32_t beyond;    /* of younger calls */
        uint16_t calls[FILTER_CALLS];
        FilterLeaf *leaves;
        size_t n_leaves;
        bool no_memory;
} FilterTable;

/** filter_leaf_is_same() - do both the same to a call? */
bool filter_leaf_is_same(const FilterLeaf *a, const FilterLeaf *b);

/** filter_table_begin() - all known calls get @verdict, younger ones @beyond. @t is filled as a whole. */
void filter_table_begin(FilterTable *t, uint32_t processor, uint32_t verdict, uint32_t beyond);

/** filter_table_clear() - free what is inside. */
void filter_table_clear(FilterTable *t);

/** filter_table_set() - one verdict for call @nr, whatever was said of it before. Numbers out of range are
 * ignored.
 */
void filter_table_set(FilterTable *t, int nr, uint32_t verdict);

/** filter_table_set_default() - the verdict of call @nr when none of its checks fits. */
void filter_table_set_default(FilterTable *t, int nr, uint32_t verdict);

/**
 * filter_table_add_check() - a check for call @nr
 * @check: its conditions are copied
 * @first: before the others, not after
 */
void filter_table_add_check(FilterTable *t, int nr, const FilterCheck *check, bool first);

/**
 * filter_program() - the program for calls of all of the tables' processors; others are deadly
 * @tables: the first is the processor's that the host's programs are made for: the kernel remembers its calls
 *          that are allowed whatever their arguments, and filters them no more
 * @ret: ret->filter is to be freed
 *
 * Returns: 0, -E2BIG, -ENOMEM.
 */
int filter_program(const FilterTable *tables, size_t n, struct sock_fprog *ret);
