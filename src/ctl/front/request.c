#include "ctl/front/request.h"
#include "basic/no-libc.h"

static bool find_verb(Request *r, const char *word) {
        static const struct {
                const char *verb, *method;
        } verbs[] = {
#define JOB_VERB(verb, method, failed) { verb, method },
#include "ctl/job-verbs.def"
#undef JOB_VERB
        };

        for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
                if (text_equal(word, verbs[i].verb)) {
                        r->verb = verbs[i].verb;
                        r->method = verbs[i].method;
                        return true;
                }
        return false;
}

static bool is_kind(const char *suffix) {
        static const char *const kinds[] = {
#define X(id, word) word,
                UNIT_KIND_LIST(X)
#undef X
        };

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                if (text_equal(suffix, kinds[i]))
                        return true;
        return false;
}

static bool is_plain(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '@' || c == ':' || c == '.';
}

/* Returns the size of the name in @ret with its end, or 0. */
static size_t complete(const char *word, char ret[UNIT_NAME_MAX]) {
        static const char kind[] = ".container";
        const char *dot = NULL;
        size_t n = 0;

        if (word[0] == '-' || word[0] == '@' || word[0] == '.')
                return 0;
        for (; word[n]; n++) {
                if (!is_plain(word[n]) || n >= UNIT_NAME_MAX - sizeof(kind))
                        return 0;
                if (word[n] == '.')
                        dot = word + n;
                ret[n] = word[n];
        }
        if (n == 0 || (dot && !is_kind(dot + 1)))
                return 0;
        for (size_t i = 0; !dot && kind[i]; i++)
                ret[n++] = kind[i];
        ret[n] = '\0';
        return n + 1;
}

bool request_read(Request *r, char *const *words, size_t n) {
        char *name = r->names;

        r->n = 0;
        if (n < 2 || n - 1 > REQUEST_UNITS_MAX || !find_verb(r, words[0]))
                return false;
        for (size_t i = 1; i < n; i++) {
                const size_t size = complete(words[i], name);
                bool known = false;

                if (size == 0)
                        return false;
                for (size_t k = 0; k < r->n && !known; k++)
                        known = text_equal(r->units[k], name);
                if (known)
                        continue;
                r->units[r->n++] = name;
                name += size;
        }
        return true;
}
