/* Where the text of a unit says something. */
#include <ctype.h>

#include "spec/unit-place.h"

Where unit_place(const UnitSpec *u, const char *section, const char *key) {
        RawValue v;

        if (key && unit_spec_value(u, section, key, &v))
                return raw_value_at(&v);
        for (RawSection s = {}; raw_unit_next_section(u->raw, &s);)
                if (streq(s.name, section))
                        return s.at;
        return (Where){ .file = u->raw->fragment };
}

Where unit_place_nth(const UnitSpec *u, const char *section, const char *key, size_t i) {
        Where at = {};
        size_t n = 0;

        RAW_FOREACH (v, u->raw) {
                if (!streq(v.section, section) || !streq(v.key, key))
                        continue;
                /* An empty assignment begins the list anew. */
                n = v.value[0] ? n + 1 : 0;
                if (n == 0)
                        at = (Where){};
                else if (n == i + 1)
                        at = raw_value_at(&v);
        }
        return at.file ? at : unit_place(u, section, key);
}

static bool is_boundary(char c) {
        return c == '\0' || isspace((unsigned char) c) || strchr("\"':,;=", c);
}

/* @word in @text, standing for itself; NULL when it does not. */
static const char *find_word(const char *text, const char *word) {
        size_t n = strlen(word);

        for (const char *p = text; n > 0 && (p = strstr(p, word)); p++)
                if ((p == text || is_boundary(p[-1])) && is_boundary(p[n]))
                        return p;
        return NULL;
}

bool unit_find_mention(const UnitSpec *u, const char *section, const char *key, const char *other,
                       Mention *ret) {
        autofree char *service = NULL, *stem = unit_name_stem(other);
        bool found = false;

        if (unit_name_to_service(other, &service) < 0)
                service = NULL;

        for (RawValue v = {}; !found && raw_unit_next(u->raw, &v);) {
                /* Network=back means back.network, too. */
                bool bare = streq(v.section, "Unit") ||
                            (streq(v.key, "Network") && unit_name_kind(other) == UNIT_NETWORK);
                const char *words[] = { other, service, bare ? stem : NULL };

                if ((section && !streq(v.section, section)) || (key && !streq(v.key, key)))
                        continue;
                for (size_t w = 0; w < ELEMENTSOF(words) && !found; w++) {
                        const char *at = words[w] ? find_word(v.value, words[w]) : NULL;

                        found = at != NULL;
                        if (found)
                                *ret = (Mention){ v.key,
                                                  where_advance(raw_value_at(&v), (size_t) (at - v.value)) };
                }
        }
        return found;
}

bool unit_names_service(const UnitSpec *u, const char *other) {
        autofree char *service = NULL;

        if (unit_name_to_service(other, &service) < 0)
                return false;
        RAW_FOREACH (v, u->raw)
                if (streq(v.section, "Unit") && find_word(v.value, service))
                        return true;
        return false;
}
