/*
 * Key type of Condition...= and Assert...=. systemd looks at most values only when the unit is started, and a
 * wrong one is then never met; here it is an error of the unit's text.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "basic/capability.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

#define BLANKS " \t"

/* What one kind of value has to be like. @value is the condition's own copy; @at is its first byte. */
typedef int (*ConditionCheck)(const KeyInput *in, char *value, Where at);

static int bad_form(const KeyInput *in, const char *value, Where at, const char *form) {
        return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not of the form %s", in->key, value, form);
}

static int check_text(const KeyInput *in, char *value, Where at) {
        return 0;
}

static int check_word(const KeyInput *in, char *value, Where at) {
        size_t n = strcspn(value, BLANKS);

        if (value[n])
                return diag_error(in->diag, where_advance(at, n), -EINVAL, "%s=: takes one word", in->key);
        return 0;
}

static int check_boolean(const KeyInput *in, char *value, Where at) {
        bool on;

        return parse_bool(value, &on) < 0 ? bad_form(in, value, at, "yes | no") : 0;
}

static int check_path(const KeyInput *in, char *value, Where at) {
        if (value[0] != '/')
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not an absolute path", in->key,
                                  value);
        (void) path_normalize(value);
        return 0;
}

static int check_assignment(const KeyInput *in, char *value, Where at) {
        return value[0] == '=' ? bad_form(in, value, at, "NAME[=VALUE]") : 0;
}

static int check_one_of(const KeyInput *in, const char *value, Where at, const char *syntax,
                        const char *const *words) {
        return strv_contains((char **) words, value) ? 0 : key_bad_word(in, value, at, syntax, words);
}

static int check_architecture(const KeyInput *in, char *value, Where at) {
        return check_one_of(in, value, at, "an architecture, as in x86-64 or arm64",
                            condition_architectures());
}

static int check_security(const KeyInput *in, char *value, Where at) {
        static const char *const words[] = { "selinux", "apparmor",     "tomoyo",          "smack",
                                             "ima",     "audit",        "uefi-secureboot", "tpm2",
                                             "cvm",     "measured-uki", "measured-os",     NULL };

        return check_one_of(in, value, at, "a technology, as in apparmor", words);
}

static int check_virtual(const KeyInput *in, char *value, Where at) {
        static const char *const words[] = {
                "vm",          "container", "private-users",   "qemu",     "kvm",     "amazon",
                "zvm",         "vmware",    "microsoft",       "oracle",   "powervm", "xen",
                "bochs",       "uml",       "parallels",       "bhyve",    "qnx",     "acrn",
                "apple",       "sre",       "google",          "vm-other", "openvz",  "lxc",
                "lxc-libvirt", "docker",    "systemd-nspawn",  "podman",   "rkt",     "wsl",
                "proot",       "pouch",     "container-other", NULL
        };
        bool on;

        if (parse_bool(value, &on) == 0)
                return 0;
        return check_one_of(in, value, at, "yes, no, vm, container, or the name of one", words);
}

static int check_capability(const KeyInput *in, char *value, Where at) {
        if (capability_from_name(value) >= 0)
                return 0;
        (void) diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not a capability", in->key, value);
        diag_did_you_mean(in->diag, value, capability_names());
        return -EINVAL;
}

static int check_controllers(const KeyInput *in, char *value, Where at) {
        static const char *const words[] = { "v1",      "v2",    "cpu",    "cpuacct", "cpuset",
                                             "io",      "blkio", "memory", "devices", "pids",
                                             "hugetlb", "rdma",  "misc",   NULL };
        size_t n;

        for (char *p = value; *p; p += n + strspn(p + n, BLANKS)) {
                autofree char *word = strndup(p, n = strcspn(p, BLANKS));

                if (!word)
                        return -ENOMEM;
                if (!strv_contains((char **) words, word))
                        return key_bad_word(in, word, where_advance(at, (size_t) (p - value)),
                                            "a controller, as in memory, or v2", words);
        }
        return 0;
}

static int check_count(const KeyInput *in, char *value, Where at) {
        const char *p = value;
        uint64_t n;

        if (order_take(&p) <= ORDER_GLOB || parse_unsigned(p, UINT32_MAX, &n) < 0)
                return bad_form(in, value, at, "[OPERATOR]NUMBER, as in >=4");
        return 0;
}

static int check_size(const KeyInput *in, char *value, Where at) {
        const char *p = value;
        uint64_t n;

        if (order_take(&p) <= ORDER_GLOB || parse_size(p, &n) < 0)
                return bad_form(in, value, at, "[OPERATOR]BYTES, as in >=4G");
        return 0;
}

static int check_fraction(const KeyInput *in, char *value, Where at) {
        const char *blank = strpbrk(value, BLANKS), *share = blank ? blank + strspn(blank, BLANKS) : value;
        uint32_t permyriad;

        if (parse_permyriad(share, &permyriad) < 0 || permyriad > 10000)
                return bad_form(in, value, at, "[WORD ]PERCENT%");
        return 0;
}

static int check_pressure(const KeyInput *in, char *value, Where at) {
        static const usec_t spans[] = { 10 * USEC_PER_SEC, 60 * USEC_PER_SEC, 300 * USEC_PER_SEC };
        const char *colon = strrchr(value, ':'), *slash;
        autofree char *share = NULL;
        uint32_t permyriad;
        usec_t span = 300 * USEC_PER_SEC;
        bool good;

        share = strdup(colon ? colon + 1 : value);
        if (!share)
                return -ENOMEM;
        slash = strchr(share, '/');
        if (slash) {
                share[slash - share] = '\0';
                good = parse_span(slash + 1, &span) == 0;
        } else
                good = true;

        if (!good || parse_permyriad(share, &permyriad) < 0 || permyriad > 10000 ||
            (colon && (colon - value < 7 || strncmp(colon - 6, ".slice", 6) != 0)))
                return bad_form(in, value, at, "[NAME.slice:]PERCENT%[/SPAN], as in 10%/1min");
        for (size_t i = 0; i < ELEMENTSOF(spans); i++)
                if (span == spans[i])
                        return 0;
        return diag_error(in->diag, at, -EINVAL, "%s=: the kernel averages over 10s, 1min and 5min only",
                          in->key);
}

/* Words that are expressions: "OPERATOR VERSION", the operator left out for a pattern. */
static int check_version(const KeyInput *in, char *value, Where at) {
        static const char *const programs[] = { "kernel", "systemd", "glibc", NULL };
        bool named = streq(in->key, "ConditionVersion") || streq(in->key, "AssertVersion");
        autowords Word *words = NULL;
        int n;

        n = words_split(value, at, WORDS_QUOTES, in->diag, &words);
        if (n < 0)
                return n;
        for (int i = 0; i < n; i++) {
                const char *p = words[i].text;
                Order order = order_take(&p);

                if (named && i == 0 && n > 1 && order == ORDER_NONE) {
                        if (strv_contains((char **) programs, words[0].text))
                                continue;
                        return key_bad_word(in, words[0].text, words[0].at, "kernel, systemd or glibc",
                                            programs);
                }
                /* The version behind an operator may be the next word. */
                if (!*p && (order == ORDER_NONE || ++i == n))
                        return bad_form(in, value, at, "[OPERATOR]VERSION, as in >=6.1");
        }
        return 0;
}

static int check_os_release(const KeyInput *in, char *value, Where at) {
        autowords Word *words = NULL;
        int n;

        n = words_split(value, at, WORDS_QUOTES, in->diag, &words);
        for (int i = 0; i < n; i++) {
                const char *p = words[i].text;

                while (isalnum((unsigned char) *p) || *p == '_')
                        p++;
                if (p == words[i].text || order_take(&p) == ORDER_NONE)
                        return bad_form(in, words[i].text, words[i].at, "FIELD=VALUE, as in ID=debian");
        }
        return n < 0 ? n : 0;
}

static const ConditionCheck checks[CONDITION_N_] = {
#define CONDITION(name, id, check, flags, meaning) [CONDITION_##id] = check_##check,
#include "spec/conditions.def"
#undef CONDITION
};

int key_condition_parse(const KeyInput *in, void *field) {
        Condition c = { .type = condition_from_key(in->key) }, *item, **end;
        autofree char *value = NULL;
        const char *p = in->text;
        int r;

        c.trigger = *p == '|';
        p += c.trigger;
        p += strspn(p, BLANKS);
        c.negate = *p == '!';
        p += c.negate;
        p += strspn(p, BLANKS);

        r = key_expand(in, p, where_advance(in->at, (size_t) (p - in->text)), &value);
        if (r < 0)
                return r;
        if (!*value)
                return diag_error(in->diag, in->at, -EINVAL, "%s=: there is nothing behind \"%s\"", in->key,
                                  in->text);
        r = checks[c.type](in, value, where_advance(in->at, (size_t) (p - in->text)));
        if (r < 0)
                return r;

        item = malloc(sizeof(*item));
        if (!item)
                return -ENOMEM;
        c.value = take_ptr(value);
        *item = c;
        for (end = &((ConditionList *) field)->first; *end; end = &(*end)->next)
                ;
        *end = item;
        return 0;
}

/* A condition may hold blanks and quotes of its own, so that several of them cannot be told apart in one
 * line. */
char *key_condition_format(const void *field) {
        const ConditionList *list = field;
        autostrv char **words = NULL;

        for (const Condition *c = list->first; c; c = c->next)
                if (strv_take(&words, condition_to_string(c)) < 0)
                        return NULL;
        return strv_join(words, " ");
}

void key_condition_clear(void *field) {
        ConditionList *list = field;
        Condition *c;

        while ((c = list->first)) {
                list->first = c->next;
                free(c->value);
                free(c);
        }
}
