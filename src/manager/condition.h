/*
 * Condition...= and Assert...= of a unit, tested against this host. Reads what the kernel and a few files of
 * the host say and changes nothing.
 */
#pragma once

#include "spec/unit-section.h"

typedef enum ConditionVerdict {
        CONDITION_MET,
        CONDITION_UNMET, /* a Condition...=: the start is skipped, and that is no failure */
        ASSERT_UNMET,    /* an Assert...=: the start fails */
} ConditionVerdict;

typedef struct ConditionOutcome {
        ConditionVerdict verdict;
        const Condition *unmet; /* the one to name; borrowed from the section. NULL when all are met */
} ConditionOutcome;

/**
 * condition_test() - is one condition met, its "!" counted in?
 *
 * Returns: 1 for yes, 0 for no, negative errno when the host does not tell; who calls counts that as no.
 */
int condition_test(const Condition *c);

/**
 * condition_test_all() - all of them: each without "|" has to be met, and of those with it one
 *
 * Conditions come first: a start that is skipped does not fail. What cannot be found out counts as not met,
 * and a key that has no effect here (conditions.def) as met.
 *
 * Returns: 0, or -ENOMEM.
 */
int condition_test_all(const UnitSection *u, ConditionOutcome *ret);
