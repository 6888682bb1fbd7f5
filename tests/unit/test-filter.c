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

/* Returns: the program's length. */
static size_t check_tables(int longest, int kinds, bool checks) {
        static const uint32_t odd[] = { X32_BIT - 1, X32_BIT, X32_BIT + 1, 0x80000000, UINT32_MAX };
        static FilterTable tables[2];
        struct sock_fprog p;

        for (size_t i = 0; i < 2; i++)
                fill(&tables[i], processors[i], longest, kinds, checks);
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

        srand(1);
        for (int round = 0; round < 60; round++)
                for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++)
                        check_tables(longest[i], 1 + round % 4, round % 3 == 0);
}
END_TEST

/* Of some 90 ranges for each processor: only the first's take a jump each. */
START_TEST(programs_are_short) {
        srand(1);
        for (int round = 0; round < 20; round++)
                ck_assert_uint_lt(check_tables(8, 2, false), 160);
}
END_TEST

/* What comes first and last, and what all have in common, is where a program may be of another shape. */
START_TEST(tables_of_one_verdict) {
        static FilterTable tables[2];
        struct sock_fprog p;

        filter_table_begin(&tables[0], processors[0], ERROR(ENOSYS), ERROR(ENOSYS));
        filter_table_begin(&tables[1], processors[1], ERROR(ENOSYS), SECCOMP_RET_ALLOW);
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(filter_program(tables, 2, &p), 0);
                for (uint32_t nr = 0; nr < FILTER_CALLS + 40; nr++)
                        for (size_t j = 0; j < 2; j++)
                                compare(&tables[j], &p, nr);
                free(p.filter);
                /* And the other way round. */
                tables[0].beyond = SECCOMP_RET_ALLOW;
                tables[1].beyond = ERROR(ENOSYS);
        }
        for (size_t i = 0; i < 2; i++)
                filter_table_clear(&tables[i]);
}
END_TEST

TEST_MAIN("filter", programs_do_what_tables_say, programs_are_short, tables_of_one_verdict)
