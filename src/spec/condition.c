/* Names and words of conditions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "spec/condition.h"

static const char *const names[CONDITION_N_] = {
#define CONDITION(name, id, check, flags, meaning) [CONDITION_##id] = #name,
#include "spec/conditions.def"
#undef CONDITION
};

static const struct {
        Order order;
        const char *word;
} orders[] = {
#define X(id, word) { id, word },
        ORDER_LIST(X)
#undef X
};

const char *condition_name(ConditionType type) {
        return names[type];
}

ConditionType condition_from_key(const char *key) {
        const char *name = startswith(key, "Condition");

        if (!name)
                name = startswith(key, "Assert");
        for (int i = 0; name && i < CONDITION_N_; i++)
                if (streq(names[i], name))
                        return (ConditionType) i;
        return CONDITION_INVALID_;
}

char *condition_to_string(const Condition *c) {
        char *text;

        return asprintf(&text, "%s%s%s", c->trigger ? "|" : "", c->negate ? "!" : "", c->value) < 0 ? NULL
                                                                                                    : text;
}

Order order_take(const char **s) {
        for (size_t i = 0; i < ELEMENTSOF(orders); i++) {
                const char *rest = startswith(*s, orders[i].word);

                if (rest) {
                        *s = rest + strspn(rest, " \t");
                        return orders[i].order;
                }
        }
        return ORDER_NONE;
}

const char *const *condition_architectures(void) {
        static const char *const words[] = { "native",      "x86-64",    "x86",      "arm64",   "arm64-be",
                                             "arm",         "arm-be",    "riscv64",  "riscv32", "ppc64-le",
                                             "ppc64",       "ppc-le",    "ppc",      "s390x",   "s390",
                                             "loongarch64", "mips64-le", "mips64",   "mips-le", "mips",
                                             "sparc64",     "sparc",     "ia64",     "alpha",   "sh",
                                             "sh64",        "m68k",      "tilegx",   "cris",    "arc",
                                             "arc-be",      "parisc",    "parisc64", "nios2",   NULL };

        return words;
}
