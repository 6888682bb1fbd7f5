/* Tables of system calls, and the tree that they become. */
#include "runtime/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"

#define RET_ERRNO(e) (SECCOMP_RET_ERRNO | (e))

/* Ranges whose jumps stand together: each must reach behind all of them. */
#define CLUSTER_MAX 200

/* x32 calls have this bit: unknown, as Debian's kernels have it. */
#define FIRST_X32_CALL UINT32_C(0x40000000)

/* -- tables -- */

static int new_leaf(FilterTable *t, uint32_t verdict) {
        FilterLeaf *grown =
                t->n_leaves < UINT16_MAX ? reallocarray(t->leaves, t->n_leaves + 1, sizeof(*grown)) : NULL;

        if (!grown) {
                t->no_memory = true;
                return -ENOMEM;
        }
        t->leaves = grown;
        t->leaves[t->n_leaves] = (FilterLeaf){ .verdict = verdict };
        return (int) t->n_leaves++;
}

static int plain_leaf(FilterTable *t, uint32_t verdict) {
        for (size_t i = 0; i < t->n_leaves; i++)
                if (t->leaves[i].n == 0 && t->leaves[i].verdict == verdict)
                        return (int) i;
        return new_leaf(t, verdict);
}

/* The leaf of a call that has checks of its own, hence is no other call's. */
static FilterLeaf *own_leaf(FilterTable *t, int nr) {
        int i;

        if (t->leaves[t->calls[nr]].n == 0) {
                i = new_leaf(t, t->leaves[t->calls[nr]].verdict);
                if (i < 0)
                        return NULL;
                t->calls[nr] = (uint16_t) i;
        }
        return &t->leaves[t->calls[nr]];
}

void filter_table_begin(FilterTable *t, uint32_t processor, uint32_t verdict, uint32_t beyond) {
        /* Leaf 0 is what all calls begin with. */
        *t = (FilterTable){ .processor = processor, .beyond = beyond };
        (void) new_leaf(t, verdict);
}

void filter_table_clear(FilterTable *t) {
        for (size_t i = 0; i < t->n_leaves; i++) {
                for (size_t j = 0; j < t->leaves[i].n; j++)
                        free(t->leaves[i].checks[j].conditions);
                free(t->leaves[i].checks);
        }
        free(t->leaves);
        *t = (FilterTable){};
}

static bool in_table(const FilterTable *t, int nr) {
        return nr >= 0 && nr < FILTER_CALLS && t->n_leaves > 0;
}

void filter_table_set(FilterTable *t, int nr, uint32_t verdict) {
        int i = in_table(t, nr) ? plain_leaf(t, verdict) : -EINVAL;

        if (i >= 0)
                t->calls[nr] = (uint16_t) i;
}

void filter_table_set_default(FilterTable *t, int nr, uint32_t verdict) {
        if (!in_table(t, nr))
                return;
        if (t->leaves[t->calls[nr]].n == 0)
                filter_table_set(t, nr, verdict);
        else
                t->leaves[t->calls[nr]].verdict = verdict;
}

void filter_table_add_check(FilterTable *t, int nr, const FilterCheck *check, bool first) {
        FilterLeaf *leaf = in_table(t, nr) ? own_leaf(t, nr) : NULL;
        FilterCheck copy = *check, *grown;

        if (!leaf)
                return;
        copy.conditions = calloc(check->n + 1, sizeof(*copy.conditions));
        grown = copy.conditions ? reallocarray(leaf->checks, leaf->n + 1, sizeof(*grown)) : NULL;
        if (!grown) {
                free(copy.conditions);
                t->no_memory = true;
                return;
        }
        if (check->n > 0)
                memcpy(copy.conditions, check->conditions, check->n * sizeof(*copy.conditions));
        leaf->checks = grown;
        if (first)
                memmove(grown + 1, grown, leaf->n * sizeof(*grown));
        grown[first ? 0 : leaf->n] = copy;
        leaf->n++;
}

/* -- from tables to a program -- */

/* A run of numbers with one leaf: from .first up to the next one's. Behind the last one stands an empty one.
 */
typedef struct Range {
        uint32_t first;
        FilterLeaf leaf;
} Range;

/* So many single calls that differ from what is around them are asked for one after the other: that takes an
 * instruction each, where their borders take two. */
#define SINGLES_MAX 3

typedef struct Program {
        struct sock_filter code[BPF_MAXINSNS];
        size_t n;
        /* Jumps of the check that is being made which lead to the next one. */
        size_t misses[64];
        size_t n_misses;
        bool full;
} Program;

static size_t emit(Program *p, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf) {
        if (p->n == ELEMENTSOF(p->code)) {
                p->full = true;
                return 0;
        }
        p->code[p->n] = (struct sock_filter){ .code = op, .k = k, .jt = jt, .jf = jf };
        return p->n++;
}

static void emit_return(Program *p, uint32_t k) {
        emit(p, BPF_RET | BPF_K, k, 0, 0);
}

/* A plain jump that close_misses() aims. */
static void emit_miss(Program *p) {
        if (p->n_misses == ELEMENTSOF(p->misses)) {
                p->full = true;
                return;
        }
        p->misses[p->n_misses++] = emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
}

static void close_misses(Program *p) {
        for (size_t i = 0; i < p->n_misses; i++)
                p->code[p->misses[i]].k = (uint32_t) (p->n - p->misses[i] - 1);
        p->n_misses = 0;
}

static void emit_load(Program *p, unsigned index, bool high) {
        const bool second = (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) == high;

        emit(p, BPF_LD | BPF_W | BPF_ABS,
             (uint32_t) (offsetof(struct seccomp_data, args) + index * sizeof(uint64_t) + (second ? 4 : 0)),
             0, 0);
}

/* Goes on when the half of the argument is equal, masked or not. */
static void emit_half_equal(Program *p, const ProfileCondition *c, bool high) {
        const unsigned shift = high ? 32 : 0;
        const bool masked = c->op == COMPARE_MASKED_EQ;

        emit_load(p, c->index, high);
        if (masked)
                emit(p, BPF_ALU | BPF_AND | BPF_K, (uint32_t) (c->value >> shift), 0, 0);
        emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) ((masked ? c->value_two : c->value) >> shift), 1, 0);
        emit_miss(p);
}

/* Goes on when they differ. */
static void emit_differ(Program *p, const ProfileCondition *c, bool low) {
        if (!low) {
                emit_load(p, c->index, true);
                emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) (c->value >> 32), 0, 3);
        }
        emit_load(p, c->index, false);
        emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) c->value, 0, 1);
        emit_miss(p);
}

/* Goes on when the argument is above the value (or equal, with @or_equal); the other way round with @negate.
 */
static void emit_above(Program *p, const ProfileCondition *c, bool low, bool or_equal, bool negate) {
        const uint16_t compare = BPF_JMP | BPF_K | (or_equal ? BPF_JGE : BPF_JGT);
        const uint32_t value = (uint32_t) c->value, top = (uint32_t) (c->value >> 32);

        /* Behind these lies one plain jump, the miss: over it is "yes", to it "no". */
        if (!low) {
                emit_load(p, c->index, true);
                emit(p, BPF_JMP | BPF_JGT | BPF_K, top, negate ? 3 : 4, 0);
                emit(p, BPF_JMP | BPF_JEQ | BPF_K, top, 0, negate ? 3 : 2);
        }
        emit_load(p, c->index, false);
        emit(p, compare, value, negate ? 0 : 1, negate ? 1 : 0);
        emit_miss(p);
}

static void emit_condition(Program *p, const ProfileCondition *c, bool low) {
        switch (c->op) {
        case COMPARE_EQ:
        case COMPARE_MASKED_EQ:
                if (!low)
                        emit_half_equal(p, c, true);
                emit_half_equal(p, c, false);
                break;
        case COMPARE_NE:
                emit_differ(p, c, low);
                break;
        case COMPARE_GT:
        case COMPARE_GE:
                emit_above(p, c, low, c->op == COMPARE_GE, false);
                break;
        case COMPARE_LT:
        case COMPARE_LE:
                emit_above(p, c, low, c->op == COMPARE_LT, true);
                break;
        case PROFILE_COMPARE_N_:
        case PROFILE_COMPARE_INVALID_:
                break;
        }
}

/* Is one argument compared with some values, all to the same end? */
static bool is_list(const FilterLeaf *leaf) {
        const FilterCheck *first = leaf->checks;

        for (size_t i = 0; i < leaf->n; i++) {
                const FilterCheck *check = &leaf->checks[i];

                if (check->n != 1 || !check->low || check->conditions->op != COMPARE_EQ ||
                    check->conditions->index != first->conditions->index || check->verdict != first->verdict)
                        return false;
        }
        return leaf->n > 0 && leaf->n < UINT8_MAX;
}

static void emit_list(Program *p, const FilterLeaf *leaf) {
        emit_load(p, leaf->checks->conditions->index, false);
        for (size_t i = 0; i < leaf->n; i++)
                emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) leaf->checks[i].conditions->value,
                     (uint8_t) (leaf->n - i), 0);
        emit_return(p, leaf->verdict);
        emit_return(p, leaf->checks->verdict);
}

static void emit_leaf(Program *p, const FilterLeaf *leaf) {
        if (is_list(leaf)) {
                emit_list(p, leaf);
                return;
        }
        for (size_t i = 0; i < leaf->n; i++) {
                const FilterCheck *check = &leaf->checks[i];

                for (size_t j = 0; j < check->n; j++)
                        emit_condition(p, &check->conditions[j], check->low);
                emit_return(p, check->verdict);
                close_misses(p);
        }
        emit_return(p, leaf->verdict);
}

/* Aims the one side of the jump @at behind all that there is. Conditional jumps reach 255 instructions;
 * behind that a plain jump is put in between. All jumps inside the moved part are relative and stay within
 * it. */
static void close_jump(Program *p, size_t at, bool right) {
        size_t skipped = p->n - at - 1;

        if (skipped <= 255) {
                *(right ? &p->code[at].jt : &p->code[at].jf) = (uint8_t) skipped;
                return;
        }
        emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
        if (p->full)
                return;
        memmove(&p->code[at + 2], &p->code[at + 1], skipped * sizeof(p->code[0]));
        *(right ? &p->code[at].jf : &p->code[at].jt) = 1;
        p->code[at + 1] = (struct sock_filter){ .code = BPF_JMP | BPF_JA, .k = (uint32_t) skipped };
}

/* Where a range begins among the numbers that there are. */
static uint32_t start_of(const Range *range) {
        return MIN_OF(range->first, (uint32_t) FILTER_CALLS + 1);
}

/* Where the tree divides: in the middle of the numbers rather than of the ranges, since the kernel runs the
 * program for each number once when it is installed. */
static size_t divide(const Range *ranges, size_t n) {
        const uint32_t middle = (start_of(&ranges[0]) + start_of(&ranges[n - 1])) / 2;
        size_t i = 1;

        while (i + 1 < n && start_of(&ranges[i]) < middle)
                i++;
        return i > 1 && middle - start_of(&ranges[i - 1]) < start_of(&ranges[i]) - middle ? i - 1 : i;
}

static bool is_same(const Range *a, const Range *b) {
        return a == b || (a->leaf.n == 0 && b->leaf.n == 0 && a->leaf.verdict == b->leaf.verdict);
}

static bool is_single(const Range *range) {
        return range[1].first == range[0].first + 1;
}

/* The range whose leaf all have, but for a few single calls; NULL when there is none. */
static const Range *common_range(const Range *ranges, size_t n) {
        for (const Range *common = ranges; common < ranges + 2; common++) {
                size_t others = 0;

                for (size_t i = 0; i < n && others <= SINGLES_MAX; i++)
                        if (!is_same(&ranges[i], common))
                                others += is_single(&ranges[i]) ? 1 : SINGLES_MAX + 1;
                if (others <= SINGLES_MAX)
                        return common;
        }
        return NULL;
}

/* A jump that leads to a leaf, on one of its sides. */
typedef struct Branch {
        size_t at; /* NOWHERE: another range's leads there */
        bool right;
} Branch;

#define NOWHERE SIZE_MAX

static void emit_singles(Program *p, const Range *ranges, size_t n, const Range *common, Branch *branches) {
        size_t at = NOWHERE;

        for (size_t i = 0; i < n; i++) {
                if (is_same(&ranges[i], common)) {
                        branches[i].at = NOWHERE;
                        continue;
                }
                at = emit(p, BPF_JMP | BPF_JEQ | BPF_K, ranges[i].first, 0, 0);
                branches[i] = (Branch){ at, true };
        }
        branches[common - ranges] = (Branch){ at, false };
}

/* Jumps only, of two ranges or more; @branches gets for each range the one that leads to it. */
static void emit_jumps(Program *p, const Range *ranges, size_t n, Branch *branches) {
        const Range *common = common_range(ranges, n);
        size_t middle, at;

        if (common) {
                emit_singles(p, ranges, n, common, branches);
                return;
        }
        middle = divide(ranges, n);
        at = emit(p, BPF_JMP | BPF_JGE | BPF_K, ranges[middle].first, 0, 0);
        branches[0] = (Branch){ at, false };
        if (middle > 1)
                emit_jumps(p, ranges, middle, branches);
        branches[middle] = (Branch){ at, true };
        if (n - middle > 1) {
                p->code[at].jt = (uint8_t) (p->n - at - 1);
                emit_jumps(p, ranges + middle, n - middle, branches + middle);
        }
}

/* The leaf of the range @i, or the one of an earlier range that does the same. */
static size_t place_leaf(Program *p, const Range *ranges, size_t *places, size_t i) {
        for (size_t j = 0; j < i; j++)
                if (is_same(&ranges[i], &ranges[j]))
                        return places[j];
        places[i] = p->n;
        emit_leaf(p, &ranges[i].leaf);
        return places[i];
}

/* All jumps, and then one leaf for all ranges that have the same one: false when a jump does not reach its
 * own. */
static bool emit_cluster(Program *p, const Range *ranges, size_t n) {
        Branch branches[CLUSTER_MAX];
        size_t places[CLUSTER_MAX], begin = p->n;

        if (n > CLUSTER_MAX)
                return false;
        emit_jumps(p, ranges, n, branches);
        for (size_t i = 0; i < n && !p->full; i++) {
                struct sock_filter *jump;
                size_t skipped;

                places[i] = place_leaf(p, ranges, places, i);
                if (branches[i].at == NOWHERE)
                        continue;
                jump = &p->code[branches[i].at];
                skipped = places[i] - branches[i].at - 1;
                if (skipped > 255) {
                        p->n = begin;
                        return false;
                }
                *(branches[i].right ? &jump->jt : &jump->jf) = (uint8_t) skipped;
        }
        return true;
}

static void emit_tree(Program *p, const Range *ranges, size_t n) {
        size_t middle, at = p->n;

        if (p->full)
                return;
        if (n == 1) {
                emit_leaf(p, &ranges[0].leaf);
                return;
        }
        if (emit_cluster(p, ranges, n) || p->full)
                return;
        middle = divide(ranges, n);
        emit(p, BPF_JMP | BPF_JGE | BPF_K, ranges[middle].first, 0, 0);
        emit_tree(p, ranges, middle);
        close_jump(p, at, true);
        emit_tree(p, ranges + middle, n - middle);
}

static size_t add_range(Range *ranges, size_t n, uint32_t first, const FilterLeaf *leaf) {
        ranges[n] = (Range){ .first = first, .leaf = *leaf };
        return n > 0 && is_same(&ranges[n - 1], &ranges[n]) ? n : n + 1;
}

/*
 * When a filter is installed, the kernel runs it for each call of the machine's own processor and of its
 * 32-bit one, and remembers which are allowed whatever their arguments: these are not filtered later. It
 * gives up where an argument is looked at. With @rare nothing is to be remembered, so one is loaded for
 * nothing: a 32-bit program pays some ns a call for what all others save at their start.
 */
static void emit_processor(Program *p, const FilterTable *t, bool rare) {
        const FilterLeaf beyond = { .verdict = t->beyond }, x32 = { .verdict = RET_ERRNO(ENOSYS) };
        Range ranges[FILTER_CALLS + 3];
        size_t n = 0, at = p->n;

        for (uint32_t nr = 0; nr < FILTER_CALLS; nr++)
                if (nr == 0 || t->calls[nr] != t->calls[nr - 1])
                        n = add_range(ranges, n, nr, &t->leaves[t->calls[nr]]);
        n = add_range(ranges, n, FILTER_CALLS, &beyond);
        n = add_range(ranges, n, FIRST_X32_CALL, &x32);
        ranges[n] = (Range){};

        emit(p, BPF_JMP | BPF_JEQ | BPF_K, t->processor, 0, 0);
        if (rare)
                emit_load(p, 0, false);
        emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
        emit_tree(p, ranges, n);
        if (!p->full)
                close_jump(p, at, false);
}

int filter_program(const FilterTable *tables, size_t n, struct sock_fprog *ret) {
        autofree Program *p = calloc(1, sizeof(*p));
        struct sock_filter *code;

        if (!p)
                return -ENOMEM;
        emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
        for (size_t i = 0; i < n; i++) {
                if (tables[i].no_memory)
                        return -ENOMEM;
                emit_processor(p, &tables[i], i > 0);
        }
        emit_return(p, SECCOMP_RET_KILL_PROCESS);
        if (p->full)
                return -E2BIG;

        code = reallocarray(NULL, p->n, sizeof(*code));
        if (!code)
                return -ENOMEM;
        memcpy(code, p->code, p->n * sizeof(*code));
        *ret = (struct sock_fprog){ .len = (unsigned short) p->n, .filter = code };
        return 0;
}
