#include "ctl/front/request.h"
#include "basic/no-libc.h"

static const RequestVerb *find_verb(const char *word) {
        static const RequestVerb verbs[] = {
#define JOB_VERB(verb, method, failed) { verb, method, {}, 0 },
#include "ctl/job-verbs.def"
#undef JOB_VERB
#define CHECK_VERB(verb, good, or, otherwise) { verb, "ListUnitsByNames", { good, or }, otherwise },
#include "ctl/check-verbs.def"
#undef CHECK_VERB
        };

        for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
                if (text_equal(word, verbs[i].name))
                        return &verbs[i];
        return NULL;
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

static bool is_known(const Request *r, const char *name) {
        for (size_t i = 0; i < r->n; i++)
                if (text_equal(r->units[i], name))
                        return true;
        return false;
}

bool request_read(Request *r, char *const *words, size_t n) {
        char *name = r->names;

        r->n = 0;
        r->quiet = false;
        r->verb = n > 1 ? find_verb(words[0]) : NULL;
        if (!r->verb || n - 1 > REQUEST_UNITS_MAX)
                return false;
        for (size_t i = 1; i < n; i++) {
                size_t size;

                if (r->verb->good[0] && (text_equal(words[i], "-q") || text_equal(words[i], "--quiet"))) {
                        r->quiet = true;
                        continue;
                }
                size = complete(words[i], name);
                if (size == 0)
                        return false;
                if (is_known(r, name))
                        continue;
                r->units[r->n++] = name;
                name += size;
        }
        return r->n > 0;
}
