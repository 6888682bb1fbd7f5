/* Old names of keys, and their values in today's measure. */
#include <stdint.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "spec/key-alias.h"
#include "spec/key-input.h"

static int convert_same(const KeyInput *in, char **ret) {
        *ret = strdup(in->text);
        return *ret ? 0 : -ENOMEM;
}

/* A weight between @min and @max whose usual one is @usual, as one of 1 ... 10000 whose usual one is 100. */
static int convert_weight(const KeyInput *in, const char *text, Where at, uint64_t min, uint64_t max,
                          uint64_t usual, uint64_t *ret) {
        uint64_t n;

        if (parse_unsigned(text, max, &n) < 0 || n < min)
                return diag_error(in->diag, at, -EINVAL,
                                  "%s=: \"%s\" is not a number from %" PRIu64 " to %" PRIu64, in->key, text,
                                  min, max);
        n = n * 100 / usual;
        *ret = n < 1 ? 1 : MIN_OF(n, UINT64_C(10000));
        return 0;
}

static int convert_one_weight(const KeyInput *in, uint64_t min, uint64_t max, uint64_t usual, char **ret) {
        uint64_t weight = 0;
        int r;

        r = convert_weight(in, in->text, in->at, min, max, usual, &weight);
        if (r < 0)
                return r;
        *ret = key_format_u64(weight);
        return *ret ? 0 : -ENOMEM;
}

static int convert_shares(const KeyInput *in, char **ret) {
        return convert_one_weight(in, 2, 262144, 1024, ret);
}

static int convert_block_weight(const KeyInput *in, char **ret) {
        return convert_one_weight(in, 10, 1000, 500, ret);
}

/* "/dev/sda 500" */
static int convert_block_device_weight(const KeyInput *in, char **ret) {
        size_t n = strcspn(in->text, " \t"), blanks = strspn(in->text + n, " \t");
        uint64_t weight = 0;
        int r;

        r = convert_weight(in, in->text + n + blanks, where_advance(in->at, n + blanks), 10, 1000, 500,
                           &weight);
        if (r < 0)
                return r;
        *ret = key_format_text("%.*s %" PRIu64, (int) n, in->text, weight);
        return *ret ? 0 : -ENOMEM;
}

static int convert_isolate(const KeyInput *in, char **ret) {
        bool on;

        if (parse_bool(in->text, &on) < 0)
                return key_bad_form(in, in->text, in->at, -EINVAL, "yes | no");
        *ret = strdup(on ? "isolate" : "replace");
        return *ret ? 0 : -ENOMEM;
}

static const KeyAlias aliases[] = {
#define KEY_ALIAS(section, name, new_section, new_name, how) \
        { #section, #name, #new_section, #new_name, convert_##how },
#include "spec/key-aliases.def"
#undef KEY_ALIAS
};

const KeyAlias *key_alias_find(const char *section, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(aliases); i++)
                if (aliases[i].name[0] == name[0] && streq(aliases[i].name, name) &&
                    streq(aliases[i].section, section))
                        return &aliases[i];
        return NULL;
}

bool key_has_old_names(const char *section, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(aliases); i++)
                if (aliases[i].new_name[0] == name[0] && streq(aliases[i].new_name, name) &&
                    streq(aliases[i].new_section, section))
                        return true;
        return false;
}

int key_alias_convert(const KeyAlias *alias, const KeyInput *in, char **ret) {
        return *in->text ? alias->convert(in, ret) : convert_same(in, ret);
}

bool key_alias_is(const char *section, const char *name, const char *wanted_section, const char *wanted) {
        const KeyAlias *alias = key_alias_find(section, name);

        return alias ? streq(alias->new_section, wanted_section) && streq(alias->new_name, wanted)
                     : streq(section, wanted_section) && streq(name, wanted);
}

const char *key_alias_section(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(aliases); i++)
                if (streq(aliases[i].name, name))
                        return aliases[i].section;
        return NULL;
}
