/* Conditions and asserts, tested against this host. */
#include <unistd.h>

#include "manager/condition.h"

int condition_test(const Condition *c) {
        if (c->type != CONDITION_PATH_EXISTS)
                return -EOPNOTSUPP;
        return (access(c->value, F_OK) == 0) != c->negate;
}

/* Returns the condition that keeps the list from being met, or NULL. */
static const Condition *find_unmet(const ConditionList *lists) {
        const Condition *triggers = NULL;
        bool triggered = false;

        for (size_t type = 0; type < CONDITION_N_; type++)
                for (size_t i = 0; i < lists[type].n; i++) {
                        const Condition *c = &lists[type].items[i];
                        bool met = condition_test(c) > 0;

                        if (!c->trigger && !met)
                                return c;
                        triggers = c->trigger ? c : triggers;
                        triggered |= c->trigger && met;
                }
        return triggered ? NULL : triggers;
}

int condition_test_all(const UnitSection *u, ConditionOutcome *ret) {
        *ret = (ConditionOutcome){ .verdict = ASSERT_UNMET, .unmet = find_unmet(u->asserts) };
        if (!ret->unmet)
                *ret = (ConditionOutcome){ .verdict = CONDITION_UNMET, .unmet = find_unmet(u->conditions) };
        if (!ret->unmet)
                ret->verdict = CONDITION_MET;
        return 0;
}
