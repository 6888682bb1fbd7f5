/* Programs do what their tables say: tables of many shapes, drawn by lot from a fixed seed, call by call. */
#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>

#include "runtime/filter.h"
#include "tests/unit/bpf-run.h"
#include "tests/unit/unit-test.h"

#define ERROR(e) (SECCOMP_RET_ERRNO | (e))
#define X32_BIT  0x40000000

static const uint32_t processors[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386 };

static const uint64_t arguments[] = {
        0, 1, 2, 40, 41, UINT32_MAX, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 40
};

#define N_ARGUMENTS (sizeof(arguments) / sizeof(arguments[0]))

static uint32_t any_verdict(int kinds) {
        static const uint32_t verdicts[] = { SECCOMP_RET_ALLOW, ERROR(EPERM), ERROR(ENOSYS),
                                             SECCOMP_RET_LOG };

        return verdicts[rand() % kinds];
}

static uint64_t any_argument(void) {
        return arguments[rand() % N_ARGUMENTS];
}

static void add_checks(FilterTable *t, int nr) {
        for (int i = rand() % 4; i >= 0; i--) {
                const ProfileCompare op = rand() % 2 ? COMPARE_EQ : rand() % PROFILE_COMPARE_N_;
                ProfileCondition conditions[] = {
                        { .op = op, .value = any_argument(), .value_two = any_argument() },
                        { .op = COMPARE_NE, .value = any_argument() },
                };
                const FilterCheck check = { .conditions = conditions,
                                            .n = rand() % 4 ? 1 : 2,
                                            .low = rand() % 4 > 0,
                                            .verdict = any_verdict(4) };

                filter_table_add_check(t, nr, &check, rand() % 2);
        }
}

/* Runs of up to @longest calls; many of one call when it is small. */
static void fill(FilterTable *t, uint32_t processor, int longest, int kinds, bool checks) {
        filter_table_begin(t, processor, any_verdict(kinds), any_verdict(4));
        for (int nr = 0; nr < FILTER_CALLS;) {
                const int end = nr + 1 + rand() % longest;
                const uint32_t verdict = any_verdict(kinds);

                for (; nr < end; nr++)
                        filter_table_set(t, nr, verdict);
                if (checks && rand() % 4 == 0)
                        add_checks(t, rand() % FILTER_CALLS);
        }
}

static bool holds(const ProfileCondition *c, bool low, uint64_t argument) {
        const uint64_t mask = low ? UINT32_MAX : UINT64_MAX;
        const uint64_t a = argument & mask, value = c->value & mask, two = c->value_two & mask;

        switch (c->op) {
        case COMPARE_EQ:
                return a == value;
        case COMPARE_NE:
                return a != value;
        case COMPARE_GT:
                return a > value;
        case COMPARE_GE:
                return a >= value;
        case COMPARE_LT:
                return a < value;
        case COMPARE_LE:
                return a <= value;
        case COMPARE_MASKED_EQ:
                return (a & value) == two;
        case PROFILE_COMPARE_N_:
        case PROFILE_COMPARE_INVALID_:
                break;
        }
        return false;
}

static uint32_t expected(const FilterTable *t, uint32_t nr, uint64_t argument) {
        const FilterLeaf *leaf;

        if (nr >= FILTER_CALLS)
                return nr >= X32_BIT ? ERROR(ENOSYS) : t->beyond;
        leaf = &t->leaves[t->calls[nr]];
        for (size_t i = 0; i < leaf->n; i++) {
                const FilterCheck *c = &leaf->checks[i];
                bool all = true;

                for (size_t j = 0; j < c->n; j++)
                        all &= holds(&c->conditions[j], c->low, argument);
                if (all)
                        return c->verdict;
        }
        return leaf->verdict;
}

static void compare(const FilterTable *t, const struct sock_fprog *p, uint32_t nr) {
        for (size_t i = 0; i < N_ARGUMENTS; i++) {
                const struct seccomp_data data = { .nr = (int) nr,
                                                   .arch = t->processor,
                                                   .args = { arguments[i] } };
                const uint32_t is = bpf_run(p, &data), should = expected(t, nr, arguments[i]);

                if (is != should)
                        ck_abort_msg("call %u of %x, argument %zu: %x, not %x", nr, t->processor, i, is,
                                     should);
        }
}

/* Clears them. Returns: the program's length. */
static size_t check_program(FilterTable tables[static 2]) {
        static const uint32_t odd[] = { X32_BIT - 1, X32_BIT, X32_BIT + 1, 0x80000000, UINT32_MAX };
        struct sock_fprog p;

        ck_assert_int_eq(filter_program(tables, 2, &p), 0);
        for (size_t i = 0; i < 2; i++) {
                for (uint32_t nr = 0; nr < FILTER_CALLS + 40; nr++)
                        compare(&tables[i], &p, nr);
                for (size_t j = 0; j < sizeof(odd) / sizeof(odd[0]); j++)
                        compare(&tables[i], &p, odd[j]);
                filter_table_clear(&tables[i]);
        }
        ck_assert_uint_eq(bpf_run(&p, &(struct seccomp_data){ .arch = AUDIT_ARCH_S390X }),
                          SECCOMP_RET_KILL_PROCESS);
        free(p.filter);
        return p.len;
}

START_TEST(programs_do_what_tables_say) {
        static const int longest[] = { 1, 2, 3, 8, 40, 200, 1000 };
        static FilterTable tables[2];

        srand(1);
        for (int round = 0; round < 60; round++)
                for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++) {
                        for (size_t j = 0; j < 2; j++)
                                fill(&tables[j], processors[j], longest[i], 1 + round % 4, round % 3 == 0);
                        (void) check_program(tables);
                }
}
END_TEST

/* Of calls that two verdicts share, each a few in turn; and some that have another one. */
static size_t check_shared(int n_others) {
        static FilterTable tables[2];

        fill(&tables[0], processors[0], 1000, 1, false);
        fill(&tables[1], processors[1], 2, 2, false);
        for (int i = 0; i < n_others; i++)
                for (int nr = rand() % FILTER_CALLS, end = nr + 1 + rand() % 8; nr < end; nr++)
                        filter_table_set(&tables[1], nr, SECCOMP_RET_LOG);
        return check_program(tables);
}

/* That second processor's calls are some 230 ranges: an instruction for each would be more. */
START_TEST(programs_are_short) {
        srand(1);
        for (int round = 0; round < 40; round++)
                ck_assert_uint_lt(check_shared(round % 8), 120);
}
END_TEST

/* All in one range, or all but what is younger. */
START_TEST(tables_of_one_verdict) {
        static const uint32_t beyond[] = { ERROR(ENOSYS), SECCOMP_RET_ALLOW };
        static FilterTable tables[2];

        for (size_t i = 0; i < 4; i++) {
                for (size_t j = 0; j < 2; j++)
                        filter_table_begin(&tables[j], processors[j], ERROR(ENOSYS), beyond[i >> j & 1]);
                (void) check_program(tables);
        }
}
END_TEST

/* Leaves that are the same stand in a program once, for all calls. */
START_TEST(leaves_are_compared) {
        ProfileCondition same = { .index = 1, .op = COMPARE_MASKED_EQ, .value = 3, .value_two = 2 };
        ProfileCondition others[] = { same, same, same, same };
        FilterCheck check = { .conditions = &same, .n = 1, .low = true, .verdict = SECCOMP_RET_ALLOW };
        const FilterLeaf leaf = { .checks = &check, .n = 1, .verdict = ERROR(EPERM) };
        FilterCheck other_checks[7];
        FilterLeaf copy = leaf;

        others[0].index = 0;
        others[1].op = COMPARE_EQ;
        others[2].value = 7;
        others[3].value_two = 1;
        for (size_t i = 0; i < 7; i++) {
                other_checks[i] = check;
                if (i < 4)
                        other_checks[i].conditions = &others[i];
        }
        other_checks[4].n = 0;
        other_checks[5].low = false;
        other_checks[6].verdict = SECCOMP_RET_LOG;

        ck_assert(filter_leaf_is_same(&leaf, &copy));
        for (size_t i = 0; i < 7; i++) {
                copy.checks = &other_checks[i];
                ck_assert_msg(!filter_leaf_is_same(&leaf, &copy), "%zu", i);
        }
        copy = (FilterLeaf){ .verdict = leaf.verdict };
        ck_assert(!filter_leaf_is_same(&leaf, &copy));
        copy = leaf;
        copy.verdict = SECCOMP_RET_LOG;
        ck_assert(!filter_leaf_is_same(&leaf, &copy));
}
END_TEST

TEST_MAIN("filter", programs_do_what_tables_say, programs_are_short, tables_of_one_verdict,
          leaves_are_compared)
