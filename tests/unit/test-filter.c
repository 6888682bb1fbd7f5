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

static uint32_t any_verdict(void) {
        static const uint32_t verdicts[] = { SECCOMP_RET_ALLOW, ERROR(EPERM), ERROR(ENOSYS),
                                             SECCOMP_RET_LOG };

        return verdicts[rand() % 4];
}

static void add_checks(FilterTable *t, int nr) {
        for (int i = rand() % 4; i >= 0; i--) {
                ProfileCondition condition = { .op = rand() % 4 ? COMPARE_EQ : COMPARE_NE,
                                               .value = arguments[rand() % N_ARGUMENTS] };
                const FilterCheck check = {
                        .conditions = &condition, .n = 1, .low = rand() % 4 > 0, .verdict = any_verdict()
                };

                filter_table_add_check(t, nr, &check, rand() % 2);
        }
}

/* Runs of up to @longest calls; many of one call when it is small. */
static void fill(FilterTable *t, uint32_t processor, int longest, bool checks) {
        filter_table_begin(t, processor, any_verdict(), any_verdict());
        for (int nr = 0; nr < FILTER_CALLS;) {
                const int end = nr + 1 + rand() % longest;
                const uint32_t verdict = any_verdict();

                for (; nr < end; nr++)
                        filter_table_set(t, nr, verdict);
                if (checks && rand() % 4 == 0)
                        add_checks(t, rand() % FILTER_CALLS);
        }
}

static uint32_t expected(const FilterTable *t, uint32_t nr, uint64_t argument) {
        const FilterLeaf *leaf;

        if (nr >= FILTER_CALLS)
                return nr >= X32_BIT ? ERROR(ENOSYS) : t->beyond;
        leaf = &t->leaves[t->calls[nr]];
        for (size_t i = 0; i < leaf->n; i++) {
                const FilterCheck *c = &leaf->checks[i];
                const uint64_t mask = c->low ? UINT32_MAX : UINT64_MAX;
                const bool equal = (argument & mask) == (c->conditions->value & mask);

                if (equal == (c->conditions->op == COMPARE_EQ))
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

static void check_tables(int longest, bool checks) {
        static const uint32_t odd[] = { X32_BIT - 1, X32_BIT, X32_BIT + 1, 0x80000000, UINT32_MAX };
        static FilterTable tables[2];
        struct sock_fprog p;

        for (size_t i = 0; i < 2; i++)
                fill(&tables[i], processors[i], longest, checks);
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
}

START_TEST(programs_do_what_tables_say) {
        static const int longest[] = { 1, 2, 3, 8, 40, 200, 1000 };

        srand(1);
        for (int round = 0; round < 40; round++)
                for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++)
                        check_tables(longest[i], round % 2);
}
END_TEST

TEST_MAIN("filter", programs_do_what_tables_say)
