/* Looking at raw units by number. */
#pragma once

#include <check.h>

#include "config/raw-unit.h"

static inline RawValue nth_value(const RawUnit *u, size_t i) {
        RawValue v = {};

        for (size_t n = 0; n <= i; n++)
                ck_assert(raw_unit_next(u, &v));
        return v;
}

static inline size_t count_values(const RawUnit *u) {
        size_t n = 0;

        RAW_FOREACH (v, u)
                n++;
        return n;
}

static inline size_t count_sections(const RawUnit *u) {
        size_t n = 0;

        for (RawSection s = {}; raw_unit_next_section(u, &s);)
                n++;
        return n;
}
