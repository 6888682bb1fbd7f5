/* See assignment.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/diag.h"
#include "basic/macro.h"
#include "ctl/assignment.h"
#include "ctl/verb.h"

static bool find_in(UnitKind kind, const char *section, const char *name, Assignment *ret) {
        const KeyTable *table = section_allowed(kind, section) ? key_table_find(section) : NULL;
        const Key *key = table ? key_find(table, name) : NULL;

        if (key)
                *ret = (Assignment){ .section = table->section, .key = key };
        return key != NULL;
}

static bool find_anywhere(UnitKind kind, const char *name, Assignment *ret) {
        static const char *const common[] = { "Service", "Unit", "Install", "Quadlet" };

        if (find_in(kind, section_of_kind(kind), name, ret))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(common); i++)
                if (find_in(kind, common[i], name, ret))
                        return true;
        return false;
}

static bool find(UnitKind kind, char *left, Assignment *ret) {
        char *dot = strchr(left, '.');
        Assignment usual = {};
        bool found;

        if (!dot)
                return find_anywhere(kind, left, ret);

        *dot = '\0';
        found = find_in(kind, left, dot + 1, ret);
        if (found && find_anywhere(kind, dot + 1, &usual))
                ret->elsewhere = !streq(usual.section, ret->section);
        *dot = '.';
        return found;
}

static int tell_unknown(UnitKind kind, const char *left) {
        const char **words = key_words(section_of_kind(kind));
        const char *near = words ? diag_nearest(left, words) : NULL;

        ctl_error("a .%s unit has no key %s=%s%s%s", unit_kind_to_string(kind), left,
                  near ? "; did you mean " : "", near ? near : "", near ? "=?" : "");
        free(words);
        return -EINVAL;
}

int assignment_parse(UnitKind kind, const char *text, Assignment *ret) {
        const char *equals = strchr(text, '=');
        autofree char *left = equals ? strndup(text, (size_t) (equals - text)) : NULL;

        if (!left || !left[0]) {
                ctl_error("\"%s\" is not of the form KEY=VALUE", text);
                return -EINVAL;
        }
        if (!find(kind, left, ret))
                return tell_unknown(kind, left);
        if (strpbrk(equals + 1, "\n\r")) {
                ctl_error("%s= is to be one line", left);
                return -EINVAL;
        }
        ret->value = equals + 1;
        return 0;
}
