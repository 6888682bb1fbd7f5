#include "runtime/filter-code.h"

#include <linux/seccomp.h>
#include <string.h>

#include "basic/macro.h"

size_t filter_code_emit(FilterCode *code, uint16_t op, uint32_t k) {
        if (code->n == ELEMENTSOF(code->instructions)) {
                code->full = true;
                return 0;
        }
        code->instructions[code->n] = (struct sock_filter){ .code = op, .k = k };
        return code->n++;
}

size_t filter_code_load(FilterCode *code, size_t offset) {
        return filter_code_emit(code, BPF_LD | BPF_W | BPF_ABS, (uint32_t) offset);
}

size_t filter_code_load_argument(FilterCode *code, unsigned index, bool high) {
        const bool second = (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) == high;

        return filter_code_load(code, offsetof(struct seccomp_data, args) + index * sizeof(uint64_t) +
                                              (second ? sizeof(uint32_t) : 0));
}

size_t filter_code_compare(FilterCode *code, uint16_t comparison, uint32_t k) {
        return filter_code_emit(code, BPF_JMP | BPF_K | comparison, k);
}

/* Within reach. */
static void aim(FilterCode *code, FilterJump jump, size_t place) {
        struct sock_filter *i = &code->instructions[jump.at];

        *(jump.right ? &i->jt : &i->jf) = (uint8_t) (place - jump.at - 1);
}

/* All jumps inside the moved part are relative and stay within it. */
void filter_code_close(FilterCode *code, size_t at, bool right) {
        struct sock_filter *jump = &code->instructions[at];
        const size_t skipped = code->n - at - 1;

        if (jump->code == (BPF_JMP | BPF_JA)) {
                jump->k = (uint32_t) skipped;
        } else if (skipped <= UINT8_MAX) {
                aim(code, (FilterJump){ at, right }, code->n);
        } else if (code->n_leads > 0) {
                code->far = true;
        } else {
                filter_code_emit(code, BPF_JMP | BPF_JA, 0);
                if (code->full)
                        return;
                memmove(jump + 2, jump + 1, skipped * sizeof(*jump));
                *(right ? &jump->jf : &jump->jt) = 1;
                jump[1] = (struct sock_filter){ .code = BPF_JMP | BPF_JA, .k = (uint32_t) skipped };
        }
}

/* -- checks of arguments -- */

static void emit_return(FilterCode *code, uint32_t verdict) {
        filter_code_emit(code, BPF_RET | BPF_K, verdict);
}

/* A side that leads to the next check. A check is short enough for all of its jumps. */
static void add_miss(FilterCode *code, size_t at, bool right) {
        if (code->n_misses == ELEMENTSOF(code->misses))
                code->full = true;
        else
                code->misses[code->n_misses++] = (FilterJump){ at, right };
}

static void close_misses(FilterCode *code) {
        for (size_t i = 0; i < code->n_misses; i++)
                aim(code, code->misses[i], code->n);
        code->n_misses = 0;
}

/* Goes on when the half of the argument is equal, masked or not. */
static void emit_half_equal(FilterCode *code, const ProfileCondition *c, bool high) {
        const unsigned shift = high ? 32 : 0;
        const uint32_t value = (uint32_t) (c->value >> shift), masked = (uint32_t) (c->value_two >> shift);

        filter_code_load_argument(code, c->index, high);
        if (c->op != COMPARE_MASKED_EQ) {
                add_miss(code, filter_code_compare(code, BPF_JEQ, value), false);
        } else if (masked == 0) {
                add_miss(code, filter_code_compare(code, BPF_JSET, value), true);
        } else {
                filter_code_emit(code, BPF_ALU | BPF_AND | BPF_K, value);
                add_miss(code, filter_code_compare(code, BPF_JEQ, masked), false);
        }
}

/* Goes on when they differ. */
static void emit_differ(FilterCode *code, const ProfileCondition *c, bool low) {
        size_t high = 0;

        if (!low) {
                filter_code_load_argument(code, c->index, true);
                high = filter_code_compare(code, BPF_JEQ, (uint32_t) (c->value >> 32));
        }
        filter_code_load_argument(code, c->index, false);
        add_miss(code, filter_code_compare(code, BPF_JEQ, (uint32_t) c->value), true);
        if (!low)
                filter_code_close(code, high, false);
}

/* Goes on when the argument is above the value (or equal, with @or_equal); the other way round with @negate.
 */
static void emit_above(FilterCode *code, const ProfileCondition *c, bool low, bool or_equal, bool negate) {
        const uint32_t top = (uint32_t) (c->value >> 32);
        size_t above = 0, below = 0, at;

        if (!low) {
                filter_code_load_argument(code, c->index, true);
                above = filter_code_compare(code, BPF_JGT, top);
                below = filter_code_compare(code, BPF_JEQ, top);
        }
        filter_code_load_argument(code, c->index, false);
        at = filter_code_compare(code, or_equal ? BPF_JGE : BPF_JGT, (uint32_t) c->value);
        add_miss(code, at, negate);
        if (low)
                return;
        if (negate) {
                add_miss(code, above, true);
                filter_code_close(code, below, false);
        } else {
                filter_code_close(code, above, true);
                add_miss(code, below, false);
        }
}

static void emit_condition(FilterCode *code, const ProfileCondition *c, bool low) {
        switch (c->op) {
        case COMPARE_EQ:
        case COMPARE_MASKED_EQ:
                if (!low)
                        emit_half_equal(code, c, true);
                emit_half_equal(code, c, false);
                break;
        case COMPARE_NE:
                emit_differ(code, c, low);
                break;
        case COMPARE_GT:
        case COMPARE_GE:
                emit_above(code, c, low, c->op == COMPARE_GE, false);
                break;
        case COMPARE_LT:
        case COMPARE_LE:
                emit_above(code, c, low, c->op == COMPARE_LT, true);
                break;
        case PROFILE_COMPARE_N_:
        case PROFILE_COMPARE_INVALID_:
                break;
        }
}

/* -- leaves -- */

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

static void emit_list(FilterCode *code, const FilterLeaf *leaf) {
        const size_t end = code->n + leaf->n + 2; /* behind the other verdict */

        filter_code_load_argument(code, leaf->checks->conditions->index, false);
        for (size_t i = 0; i < leaf->n; i++) {
                size_t at = filter_code_compare(code, BPF_JEQ, (uint32_t) leaf->checks[i].conditions->value);

                aim(code, (FilterJump){ at, true }, end);
        }
        emit_return(code, leaf->verdict);
        emit_return(code, leaf->checks->verdict);
}

void filter_code_leaf(FilterCode *code, const FilterLeaf *leaf) {
        if (is_list(leaf)) {
                emit_list(code, leaf);
                return;
        }
        for (size_t i = 0; i < leaf->n; i++) {
                const FilterCheck *check = &leaf->checks[i];

                for (size_t j = 0; j < check->n; j++)
                        emit_condition(code, &check->conditions[j], check->low);
                emit_return(code, check->verdict);
                close_misses(code);
        }
        emit_return(code, leaf->verdict);
}

void filter_code_lead(FilterCode *code, size_t at, bool right, const FilterLeaf *leaf) {
        if (code->n_leads == ELEMENTSOF(code->leads))
                code->far = true;
        else
                code->leads[code->n_leads++] = (FilterLead){ .jump = { at, right }, .leaf = *leaf };
}

/* An earlier lead may have the same. */
static size_t place_leaf(FilterCode *code, const FilterLead *lead) {
        const size_t place = code->n;

        for (const FilterLead *earlier = code->leads; earlier < lead; earlier++)
                if (filter_leaf_is_same(&earlier->leaf, &lead->leaf))
                        return earlier->place;
        filter_code_leaf(code, &lead->leaf);
        return place;
}

bool filter_code_place_leaves(FilterCode *code) {
        bool far = code->far;

        for (FilterLead *l = code->leads; l < code->leads + code->n_leads && !far && !code->full; l++) {
                l->place = place_leaf(code, l);
                far = l->place - l->jump.at - 1 > UINT8_MAX;
                if (!far)
                        aim(code, l->jump, l->place);
        }
        code->n_leads = 0;
        code->far = false;
        return !far;
}
