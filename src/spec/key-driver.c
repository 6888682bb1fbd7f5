/* Key types of what networks and volumes are made of: address ranges, interfaces, options of drivers, owners.
 */
#include <ctype.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

static int bad_range(const KeyInput *in, const char *text, Where at) {
        return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not of the form %s", in->key, text,
                          key_type_ranges.syntax);
}

/* "10.0.0.16/28", or "10.0.0.20-10.0.0.30". */
static int range_fill(const KeyInput *in, char *text, Where at, InetRange *ret) {
        char *dash = strchr(text, '-');
        InetPrefix p;

        if (!dash) {
                if (inet_parse_prefix(text, &p) < 0 || p.bits == 0)
                        return bad_range(in, text, at);
                p = inet_prefix_network(&p);
                *ret = (InetRange){ p.address, inet_broadcast(&p), p.bits };
                return 0;
        }

        *dash = '\0';
        if (inet_parse(text, &ret->first) < 0 || inet_parse(dash + 1, &ret->last) < 0) {
                *dash = '-';
                return bad_range(in, text, at);
        }
        *dash = '-';
        if (ret->first.family != ret->last.family)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" begins in IPv%c and ends in IPv%c",
                                  in->key, text, ret->first.family == AF_INET ? '4' : '6',
                                  ret->last.family == AF_INET ? '4' : '6');
        if (memcmp(ret->first.bytes, ret->last.bytes, inet_size(ret->first.family)) > 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: the range of addresses runs backwards",
                                  in->key);
        return 0;
}

int key_ranges_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        InetRange range = {}, *item;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        r = range_fill(in, text, at, &range);
        if (r < 0)
                return r;

        item = LIST_ADD((InetRangeList *) field);
        if (!item)
                return -ENOMEM;
        *item = range;
        return 0;
}

char *key_ranges_format(const void *field) {
        const InetRangeList *list = field;
        char first[INET_TEXT_MAX], last[INET_TEXT_MAX], **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++) {
                const InetRange *range = &list->items[i];

                (void) inet_format(&range->first, first);
                r = range->bits > 0 ? strv_addf(&words, "%s/%u", first, range->bits)
                                    : strv_addf(&words, "%s-%s", first, inet_format(&range->last, last));
        }
        return key_join_take(words, r);
}

void key_ranges_clear(void *field) {
        InetRangeList *list = field;

        free(list->items);
        *list = (InetRangeList){};
}

/* As the kernel takes it (dev_valid_name()). */
static bool interface_valid(const char *name) {
        if (!*name || strlen(name) >= IF_NAMESIZE || streq(name, ".") || streq(name, ".."))
                return false;
        for (const char *p = name; *p; p++)
                if (*p == '/' || *p == ':' || isspace((unsigned char) *p) || iscntrl((unsigned char) *p))
                        return false;
        return true;
}

int key_interface_name(const KeyInput *in, const char *text, Where at, char **ret) {
        char *name;

        if (!interface_valid(text))
                return diag_error(
                        in->diag, at, -EINVAL,
                        "%s=: the name of an interface has 1 to 15 letters, without \"/\", \":\" and "
                        "blanks",
                        in->key);

        name = strdup(text);
        if (!name)
                return -ENOMEM;
        free(*ret);
        *ret = name;
        return 0;
}

int key_interface_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        return r < 0 ? r : key_interface_name(in, text, at, field);
}

/* What the value of a driver's option may be. */
typedef enum OptionKind {
        OPTION_NUMBER,
        OPTION_BOOL,
        OPTION_ADDRESS4,
        OPTION_ADDRESS6,
        OPTION_INTERFACE,
        OPTION_WORD,
} OptionKind;

typedef struct DriverOption {
        const char *name;
        OptionKind kind;
        uint32_t min, max;
        const char *syntax;
} DriverOption;

static const DriverOption driver_option_list[] = {
        { "bclim", OPTION_NUMBER, 0, INT32_MAX, "a number" },
        { "com.docker.network.bridge.name", OPTION_INTERFACE, 0, 0, "the name of an interface" },
        { "com.docker.network.driver.mtu", OPTION_NUMBER, 68, UINT16_MAX, "a number from 68 to 65535" },
        { "isolate", OPTION_WORD, 0, 0, "true | false | strict" },
        { "metric", OPTION_NUMBER, 0, UINT32_MAX, "a number" },
        { "mode", OPTION_WORD, 0, 0,
          "managed | unmanaged | bridge | private | vepa | passthru | l2 | l3 | l3s" },
        { "mtu", OPTION_NUMBER, 68, UINT16_MAX, "a number from 68 to 65535" },
        { "no_default_route", OPTION_BOOL, 0, 0, "yes | no" },
        { "outbound_addr4", OPTION_ADDRESS4, 0, 0, "an IPv4 address" },
        { "outbound_addr6", OPTION_ADDRESS6, 0, 0, "an IPv6 address" },
        { "parent", OPTION_INTERFACE, 0, 0, "the name of an interface" },
        { "vlan", OPTION_NUMBER, 1, 4094, "a number from 1 to 4094" },
        { "vrf", OPTION_INTERFACE, 0, 0, "the name of an interface" },
};

/* Is @value one of "a | b | c"? */
static bool is_one_of(const char *syntax, const char *value) {
        autostrv char **words = NULL;

        return strv_split(syntax, " |", &words) == 0 && strv_contains(words, value);
}

static bool option_value_fits(const DriverOption *o, const char *value) {
        InetAddress address;
        uint32_t number;
        bool on;

        switch (o->kind) {
        case OPTION_NUMBER:
                return parse_u32_range(value, o->min, o->max, &number) == 0;
        case OPTION_BOOL:
                return parse_bool(value, &on) == 0;
        case OPTION_ADDRESS4:
                return inet_parse(value, &address) == 0 && address.family == AF_INET;
        case OPTION_ADDRESS6:
                return inet_parse(value, &address) == 0 && address.family == AF_INET6;
        case OPTION_INTERFACE:
                return interface_valid(value);
        case OPTION_WORD:
                return is_one_of(o->syntax, value);
        }
        return false;
}

/* Podman's drivers are programs that anybody may add to: an option that is not known is no error. */
static int check_driver_option(const KeyInput *in, const Word *word) {
        const char *names[ELEMENTSOF(driver_option_list) + 1] = {}, *equals = strchr(word->text, '=');
        size_t n = equals ? (size_t) (equals - word->text) : 0;
        autofree char *name = NULL;

        if (n == 0)
                return diag_error(in->diag, word->at, -EINVAL, "%s=: \"%s\" is not of the form OPTION=VALUE",
                                  in->key, word->text);
        name = strndup(word->text, n);
        if (!name)
                return -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(driver_option_list); i++) {
                const DriverOption *o = &driver_option_list[i];

                names[i] = o->name;
                if (!streq(o->name, name))
                        continue;
                if (option_value_fits(o, equals + 1))
                        return 0;
                return diag_error(in->diag, where_advance(word->at, n + 1), -EINVAL,
                                  "%s=: \"%s\" is not what %s is set to (%s)", in->key, equals + 1, name,
                                  o->syntax);
        }

        diag_warning(in->diag, word->at, "%s=: no driver has an option \"%s\"", in->key, name);
        diag_did_you_mean(in->diag, name, names);
        return 0;
}

int key_driver_options_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES, &words);
        for (int i = 0; i < n; i++) {
                int r;

                r = check_driver_option(in, &words[i]);
                if (r == 0)
                        r = strv_env_set(field, words[i].text);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

int key_owner_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        uint32_t id = 0;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        /* The two values above are no id for the kernel (chown(2)), and "not set" here. */
        if (!streq(text, "root") && parse_u32_range(text, 0, UINT32_MAX - 2, &id) < 0) {
                (void) diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not of the form %s", in->key, text,
                                  key_type_owner.syntax);
                if (isalpha((unsigned char) *text))
                        diag_hint(in->diag,
                                  "other names mean something in a container only, and a volume is none");
                return -EINVAL;
        }

        *(unsigned *) field = id;
        return 0;
}

char *key_owner_format(const void *field) {
        unsigned id = *(const unsigned *) field;
        char *text;

        if (id == OWNER_UNSET)
                return strdup("");
        return asprintf(&text, "%u", id) < 0 ? NULL : text;
}

void key_owner_clear(void *field) {
        *(unsigned *) field = OWNER_UNSET;
}
