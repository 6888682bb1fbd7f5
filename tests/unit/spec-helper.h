/* A unit from text, for the tests of spec. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "config/raw-unit.h"
#include "spec/unit-spec.h"
#include "unit-test.h"

/* What the specifiers of the tests stand for. */
static const SpecifierContext test_specifiers = { .host_name = "host", .state_dir = "/var/lib" };

/* Loads @text as the unit @name in /etc/nsunits. Returns what unit_spec_load() returned; messages go to
 * @diag. */
static inline int load_text(const char *name, const char *text, Diag *diag, UnitSpec **ret) {
        RawUnit *raw = calloc(1, sizeof(*raw));
        int r;

        *ret = NULL;
        raw->name = strdup(name);
        ck_assert_int_gt(asprintf(&raw->fragment, "/etc/nsunits/%s", name), 0);
        r = raw_unit_parse(raw, raw->fragment, text, strlen(text), diag);
        ck_assert_int_eq(r, 0);

        r = unit_spec_load(raw, &test_specifiers, diag, ret);
        if (r < 0)
                raw_unit_free(raw);
        return r;
}

/* The unit, which must load without a word. */
static inline UnitSpec *load_good(const char *name, const char *text) {
        autoptr(Diag) diag = diag_new();
        autofree char *said = NULL;
        UnitSpec *u;
        int r;

        r = load_text(name, text, diag, &u);
        said = diag_to_string(diag);
        ck_assert_str_eq(said, "");
        ck_assert_int_eq(r, 0);
        return u;
}

/* Everything that is said about the text of web.container, without the path. */
static inline char *messages_of(const char *name, const char *text, int expected) {
        autoptr(Diag) diag = diag_new();
        autofree char *said = NULL;
        autofree char *prefix = NULL;
        UnitSpec *u;
        char *plain, *to;
        int r;

        r = load_text(name, text, diag, &u);
        ck_assert_msg(r == expected, "%s: returned %d", text, r);
        unit_spec_free(u);

        said = diag_to_string(diag);
        ck_assert_int_gt(asprintf(&prefix, "/etc/nsunits/%s:", name), 0);
        plain = to = calloc(1, strlen(said) + 1);
        for (const char *p = said; *p;)
                if (strncmp(p, prefix, strlen(prefix)) == 0)
                        p += strlen(prefix);
                else
                        *to++ = *p++;
        if (to > plain && to[-1] == '\n')
                to[-1] = '\0';
        return plain;
}

static inline void assert_messages(const char *name, const char *text, int expected, const char *messages) {
        autofree char *said = messages_of(name, text, expected);

        ck_assert_str_eq(said, messages);
}
