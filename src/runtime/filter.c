/* Tables of system calls, and the tree that they become. */
#include "runtime/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "runtime/filter-code.h"

#define RET_ERRNO(e) (SECCOMP_RET_ERRNO | (e))

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

static bool is_same_check(const FilterCheck *a, const FilterCheck *b) {
        for (size_t i = 0; i < a->n && a->n == b->n; i++) {
                const ProfileCondition *c = &a->conditions[i], *d = &b->conditions[i];

                if (c->index != d->index || c->op != d->op || c->value != d->value ||
                    c->value_two != d->value_two)
                        return false;
        }
        return a->n == b->n && a->low == b->low && a->verdict == b->verdict;
}

bool filter_leaf_is_same(const FilterLeaf *a, const FilterLeaf *b) {
        for (size_t i = 0; i < a->n && a->n == b->n; i++)
                if (!is_same_check(&a->checks[i], &b->checks[i]))
                        return false;
        return a->n == b->n && a->verdict == b->verdict;
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

/* -- ranges -- */

/* A run of numbers with one leaf: from .first up to the next one's. Behind the last one stands an empty one.
 */
typedef struct Range {
        uint32_t first;
        FilterLeaf leaf;
} Range;

/* Those of the calls, of younger ones, of x32, and the empty one. */
#define RANGES_MAX (FILTER_CALLS + 3)

static bool is_same(const Range *a, const Range *b) {
        return filter_leaf_is_same(&a->leaf, &b->leaf);
}

static bool is_single(const Range *range) {
        return range[1].first == range[0].first + 1;
}

static size_t add_range(Range *ranges, size_t n, uint32_t first, const FilterLeaf *leaf) {
        ranges[n] = (Range){ .first = first, .leaf = *leaf };
        return n > 0 && is_same(&ranges[n - 1], &ranges[n]) ? n : n + 1;
}

static size_t make_ranges(const FilterTable *t, Range *ranges) {
        const FilterLeaf beyond = { .verdict = t->beyond }, x32 = { .verdict = RET_ERRNO(ENOSYS) };
        size_t n = 0;

        for (uint32_t nr = 0; nr < FILTER_CALLS; nr++)
                if (nr == 0 || t->calls[nr] != t->calls[nr - 1])
                        n = add_range(ranges, n, nr, &t->leaves[t->calls[nr]]);
        n = add_range(ranges, n, FILTER_CALLS, &beyond);
        n = add_range(ranges, n, FIRST_X32_CALL, &x32);
        ranges[n] = (Range){};
        return n;
}

/* A jump to the range's leaf, from all numbers that compare so with its first. */
static void lead_to(FilterCode *code, uint16_t comparison, const Range *range) {
        size_t at = filter_code_compare(code, comparison, range->first);

        filter_code_lead(code, at, true, &range->leaf);
}

/* -- trees -- */

/* So many single calls that differ from what is around them are asked for one after the other: that takes an
 * instruction each, where their borders take two. */
#define SINGLES_MAX 3

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

static void emit_singles(FilterCode *code, const Range *ranges, size_t n, const Range *common) {
        for (size_t i = 0; i < n; i++)
                if (!is_same(&ranges[i], common))
                        lead_to(code, BPF_JEQ, &ranges[i]);
        filter_code_lead(code, code->n - 1, false, &common->leaf);
}

/* Jumps only, of two ranges or more. */
static void emit_jumps(FilterCode *code, const Range *ranges, size_t n) {
        const Range *common = common_range(ranges, n);
        size_t middle, at;

        if (common) {
                emit_singles(code, ranges, n, common);
                return;
        }
        middle = divide(ranges, n);
        at = filter_code_compare(code, BPF_JGE, ranges[middle].first);
        if (middle > 1)
                emit_jumps(code, ranges, middle);
        else
                filter_code_lead(code, at, false, &ranges[0].leaf);
        if (n - middle > 1) {
                filter_code_close(code, at, true);
                emit_jumps(code, ranges + middle, n - middle);
        } else {
                filter_code_lead(code, at, true, &ranges[middle].leaf);
        }
}

/* Jumps and leaves; in parts where a jump does not reach its leaf. */
static void emit_tree(FilterCode *code, const Range *ranges, size_t n) {
        const size_t begin = code->n;
        size_t middle;

        if (n == 1) {
                filter_code_leaf(code, &ranges[0].leaf);
                return;
        }
        emit_jumps(code, ranges, n);
        if (filter_code_place_leaves(code) || code->full)
                return;

        code->n = begin;
        middle = divide(ranges, n);
        filter_code_compare(code, BPF_JGE, ranges[middle].first);
        emit_tree(code, ranges, middle);
        filter_code_close(code, begin, true);
        emit_tree(code, ranges + middle, n - middle);
}

/* -- windows -- */

/* A window is as many numbers as a word has bits, or more where they agree, up to the next one: which of two
 * leaves a number has is told by the bit at its number modulo 32. */
#define WINDOW 32

/* One may begin in each of the two ranges behind the calls. */
#define WINDOWS_MAX (FILTER_CALLS / WINDOW + 3)

/* So many ranges are worth it: a window takes three instructions. */
#define WINDOWED_MIN (3 * WINDOWS_MAX)

typedef struct Windows {
        uint32_t first[WINDOWS_MAX];
        uint32_t bits[WINDOWS_MAX];
        size_t n;
        uint32_t known; /* of the last one */
} Windows;

/* In ascending order. */
static void add_number(Windows *w, uint32_t nr, bool set) {
        const uint32_t bit = UINT32_C(1) << nr % WINDOW;

        if (w->n == 0 || (w->known & bit && !!(w->bits[w->n - 1] & bit) != set)) {
                w->first[w->n++] = nr;
                w->known = 0;
        }
        w->known |= bit;
        w->bits[w->n - 1] |= set ? bit : 0;
}

/* The range whose leaf most others have too; those with checks do not count, nor those like @but. */
static const Range *most_frequent(const Range *ranges, size_t n, const Range *but) {
        const Range *best = NULL;
        size_t most = 0;

        for (size_t i = 0; i < n; i++) {
                size_t same = 0;

                if (ranges[i].leaf.n > 0 || (but && is_same(&ranges[i], but)))
                        continue;
                for (size_t j = 0; j < n; j++)
                        same += is_same(&ranges[i], &ranges[j]);
                if (same > most) {
                        best = &ranges[i];
                        most = same;
                }
        }
        return best;
}

/* A range of neither leaf. */
static void emit_odd(FilterCode *code, const Range *range, bool last) {
        size_t behind;

        if (is_single(range)) {
                lead_to(code, BPF_JEQ, range);
        } else if (last) {
                lead_to(code, BPF_JGE, range);
        } else {
                behind = filter_code_compare(code, BPF_JGE, range[1].first);
                lead_to(code, BPF_JGE, range);
                filter_code_close(code, behind, true);
        }
}

/* Loads the bits of the number's window; @jumps gets those that lead behind all of this. */
static void emit_choice(FilterCode *code, const Windows *w, size_t begin, size_t end, size_t *jumps) {
        const size_t middle = (begin + end) / 2;
        size_t at;

        if (end - begin == 1) {
                filter_code_emit(code, BPF_LD | BPF_IMM, w->bits[begin]);
                jumps[begin] = filter_code_emit(code, BPF_JMP | BPF_JA, 0);
                return;
        }
        at = filter_code_compare(code, BPF_JGE, w->first[middle]);
        emit_choice(code, w, begin, middle, jumps);
        filter_code_close(code, at, true);
        emit_choice(code, w, middle, end, jumps);
}

static void fill_windows(Windows *w, const Range *range, bool last, bool set) {
        /* What is behind a window's length repeats; one may have to begin within that. */
        const uint32_t enough = range->first + 2 * WINDOW,
                       end = last ? enough : MIN_OF(range[1].first, enough);

        for (uint32_t nr = range->first; nr < end; nr++)
                add_number(w, nr, set);
}

/*
 * Jumps only, as a tree's, but much fewer where two leaves take turns: the kernel translates each of them.
 * Its run at the installation does not get through this, though.
 */
static void emit_windows(FilterCode *code, const Range *ranges, size_t n) {
        /* There is always one: x32's has no checks. */
        const Range *zero = most_frequent(ranges, n, NULL), *one = most_frequent(ranges, n, zero);
        size_t jumps[WINDOWS_MAX], at;
        Windows w = {};

        for (size_t i = 0; i < n; i++) {
                const bool set = one && is_same(&ranges[i], one);

                if (set || is_same(&ranges[i], zero))
                        fill_windows(&w, &ranges[i], i == n - 1, set);
                else
                        emit_odd(code, &ranges[i], i == n - 1);
        }

        filter_code_emit(code, BPF_ALU | BPF_AND | BPF_K, WINDOW - 1);
        filter_code_emit(code, BPF_MISC | BPF_TAX, 0);
        filter_code_load(code, offsetof(struct seccomp_data, nr));
        emit_choice(code, &w, 0, w.n, jumps);
        for (size_t i = 0; i < w.n; i++)
                filter_code_close(code, jumps[i], true);
        filter_code_emit(code, BPF_ALU | BPF_RSH | BPF_X, 0);
        at = filter_code_compare(code, BPF_JSET, 1);
        filter_code_lead(code, at, true, &(one ?: zero)->leaf);
        filter_code_lead(code, at, false, &zero->leaf);
}

/* -- the whole -- */

static void emit_calls(FilterCode *code, const FilterTable *t, bool rare, bool together) {
        Range ranges[RANGES_MAX];
        const size_t n = make_ranges(t, ranges);

        filter_code_load(code, offsetof(struct seccomp_data, nr));
        if (!together || n == 1)
                emit_tree(code, ranges, n);
        else if (rare && n >= WINDOWED_MIN)
                emit_windows(code, ranges, n);
        else
                emit_jumps(code, ranges, n);
}

/*
 * When a filter is installed, the kernel runs it for each call of the machine's own processor and of its
 * 32-bit one, and remembers which are allowed whatever their arguments: these are not filtered later. It
 * gives up where an argument is looked at. Of other processors than the first nothing is to be remembered,
 * so one is loaded for nothing: a 32-bit program pays some ns a call for what all others save at their start.
 *
 * With @together all leaves come last, each once for all processors. Returns: whether jumps reach them.
 */
static bool emit_program(FilterCode *code, const FilterTable *tables, size_t n, bool together) {
        size_t first, at;

        filter_code_load(code, offsetof(struct seccomp_data, arch));
        first = filter_code_compare(code, BPF_JEQ, tables[0].processor);
        filter_code_load_argument(code, 0, false);
        filter_code_load(code, offsetof(struct seccomp_data, arch));
        for (size_t i = 1; i < n; i++) {
                at = filter_code_compare(code, BPF_JEQ, tables[i].processor);
                emit_calls(code, &tables[i], true, together);
                filter_code_close(code, at, false);
        }
        filter_code_emit(code, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
        filter_code_close(code, first, true);
        emit_calls(code, &tables[0], false, together);
        return filter_code_place_leaves(code);
}

int filter_program(const FilterTable *tables, size_t n, struct sock_fprog *ret) {
        autofree FilterCode *code = calloc(1, sizeof(*code));
        struct sock_filter *copy;

        if (!code)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (tables[i].no_memory)
                        return -ENOMEM;
        if (!emit_program(code, tables, n, true)) {
                code->n = 0;
                (void) emit_program(code, tables, n, false);
        }
        if (code->full)
                return -E2BIG;

        copy = reallocarray(NULL, code->n, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        memcpy(copy, code->instructions, code->n * sizeof(*copy));
        *ret = (struct sock_fprog){ .len = (unsigned short) code->n, .filter = copy };
        return 0;
}
