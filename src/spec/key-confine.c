/* Key types of what a container may do: capabilities, user namespace, filter, kernel parameters, limits. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "basic/capability.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/confine.h"
#include "spec/exit-status.h"
#include "spec/key-input.h"
#include "spec/key-types.h"
#include "spec/rlimit.h"

int key_capabilities_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        uint64_t set = 0;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        if (n < 0)
                return n;

        for (int i = 0; i < n; i++) {
                const char *name = words[i].text;
                int c = capability_from_name(name);

                if (strcasecmp(name, "all") == 0)
                        set |= capability_all();
                else if (c >= 0)
                        set |= UINT64_C(1) << c;
                else {
                        (void) diag_error(in->diag, words[i].at, -EINVAL, "%s=: \"%s\" is not a capability",
                                          in->key, name);
                        diag_did_you_mean(in->diag, strncasecmp(name, "cap_", 4) == 0 ? name + 4 : name,
                                          capability_names());
                        return -EINVAL;
                }
        }

        *(uint64_t *) field |= set;
        return 0;
}

char *key_capabilities_format(const void *field) {
        uint64_t set = *(const uint64_t *) field;
        char **words = NULL;
        int r = 0;

        if (set == capability_all())
                return strdup("ALL");
        for (int c = 0; c < 64 && r >= 0; c++)
                if (set >> c & 1 && capability_to_name(c))
                        r = strv_add(&words, capability_to_name(c));
        return key_join_take(words, r);
}

void key_capabilities_clear(void *field) {
        *(uint64_t *) field = 0;
}

/* sysctl(8): in "net.ipv4.conf.eth0/1.forwarding" dots and slashes change places; whichever comes first is
 * the separator. */
static void sysctl_to_path(char *name) {
        const char *first = strpbrk(name, "./");

        if (!first || *first == '/')
                return;
        for (char *p = name; *p; p++)
                *p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
}

static int sysctl_parse_one(const KeyInput *in, const Word *word, SysctlList *list) {
        char *equals = strchr(word->text, '=');
        autofree char *path = NULL, *value = NULL;
        SysctlSpec *item;

        if (!equals || equals == word->text)
                return diag_error(in->diag, word->at, -EINVAL, "%s=: \"%s\" is not of the form NAME=VALUE",
                                  in->key, word->text);

        path = strndup(word->text, (size_t) (equals - word->text));
        value = strdup(equals + 1);
        if (!path || !value)
                return -ENOMEM;

        sysctl_to_path(path);
        if (!confine_sysctl_is_own(path, true, true, true)) {
                (void) diag_error(in->diag, word->at, -EINVAL,
                                  "%s=: %.*s belongs to the whole machine, not to a container", in->key,
                                  (int) (equals - word->text), word->text);
                diag_hint(in->diag, "a container has its own net.*, fs.mqueue.*, kernel.shm*, kernel.msg*, "
                                    "kernel.sem and kernel.domainname");
                return -EINVAL;
        }

        item = LIST_ADD(list);
        if (!item)
                return -ENOMEM;
        item->path = take_ptr(path);
        item->value = take_ptr(value);
        return 0;
}

int key_sysctls_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES, &words);
        for (int i = 0; i < n; i++) {
                int r = sysctl_parse_one(in, &words[i], field);

                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

char *key_sysctls_format(const void *field) {
        const SysctlList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++)
                r = strv_addf(&words, "%s=%s", list->items[i].path, list->items[i].value);
        return key_join_take(words, r);
}

void key_sysctls_clear(void *field) {
        SysctlList *list = field;

        for (size_t i = 0; i < list->n; i++) {
                free(list->items[i].path);
                free(list->items[i].value);
        }
        free(list->items);
        *list = (SysctlList){};
}

static int parse_limit(const char *text, rlim_t *ret) {
        uint64_t n;

        if (streq(text, "unlimited") || streq(text, "infinity") || streq(text, "-1"))
                *ret = RLIM_INFINITY;
        else if (parse_u64(text, &n) < 0)
                return -EINVAL;
        else
                *ret = n;
        return 0;
}

/* "nofile=1024:2048"; one number is both limits. */
int key_ulimits_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        RlimitSpec spec = {}, *item = NULL;
        RlimitList *list = field;
        char *equals, *colon;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        if (streq(text, "host")) {
                list->host = true;
                return 0;
        }

        equals = strchr(text, '=');
        if (!equals)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not of the form %s", in->key, text,
                                  key_type_ulimits.syntax);
        *equals = '\0';
        spec.resource = rlimit_from_name(text);
        if (spec.resource < 0)
                return key_bad_word(in, text, at, "a resource, as in nofile", rlimit_names());

        colon = strchr(equals + 1, ':');
        if (colon)
                *colon = '\0';
        at = where_advance(at, (size_t) (equals + 1 - text));
        if (parse_limit(equals + 1, &spec.limit.rlim_cur) < 0 ||
            parse_limit(colon ? colon + 1 : equals + 1, &spec.limit.rlim_max) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: a limit is a number or \"unlimited\"",
                                  in->key);
        if (spec.limit.rlim_cur > spec.limit.rlim_max)
                return diag_error(in->diag, at, -EINVAL, "%s=: the soft limit is above the hard limit",
                                  in->key);

        for (size_t i = 0; i < list->n; i++)
                if (list->items[i].resource == spec.resource)
                        item = &list->items[i];
        if (!item)
                item = LIST_ADD(list);
        if (!item)
                return -ENOMEM;
        *item = spec;
        return 0;
}

static void format_limit(char buf[32], rlim_t n) {
        if (n == RLIM_INFINITY)
                (void) snprintf(buf, 32, "unlimited");
        else
                (void) snprintf(buf, 32, "%llu", (unsigned long long) n);
}

char *key_ulimits_format(const void *field) {
        const RlimitList *list = field;
        char **words = NULL;
        int r;

        r = list->host ? strv_add(&words, "host") : 0;
        for (size_t i = 0; i < list->n && r >= 0; i++) {
                char soft[32], hard[32];

                format_limit(soft, list->items[i].limit.rlim_cur);
                format_limit(hard, list->items[i].limit.rlim_max);
                r = strv_addf(&words, "%s=%s:%s", rlimit_to_name(list->items[i].resource), soft, hard);
        }
        return key_join_take(words, r);
}

void key_ulimits_clear(void *field) {
        RlimitList *list = field;

        free(list->items);
        *list = (RlimitList){};
}

int key_exit_statuses_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        ExitStatusSet *set = field;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                int status = exit_status_from_name(words[i].text), sig;

                if (status >= 0)
                        set->statuses[status / 64] |= UINT64_C(1) << (status % 64);
                else if (parse_signal(words[i].text, &sig) == 0 && sig < 128)
                        set->signals[sig / 64] |= UINT64_C(1) << (sig % 64);
                else
                        return key_bad_word(in, words[i].text, words[i].at,
                                            "a number from 0 to 255, a name as in TEMPFAIL, or a signal",
                                            exit_status_names());
        }
        return n < 0 ? n : 0;
}

char *key_exit_statuses_format(const void *field) {
        const ExitStatusSet *set = field;
        char **words = NULL;
        int r = 0;

        for (unsigned i = 0; i < 256 && r >= 0; i++)
                if (exit_status_set_has_status(set, i))
                        r = strv_addf(&words, "%u", i);
        for (unsigned i = 0; i < 128 && r >= 0; i++)
                if (exit_status_set_has_signal(set, i))
                        r = strv_add(&words, signal_to_name((int) i));
        return key_join_take(words, r);
}

void key_exit_statuses_clear(void *field) {
        *(ExitStatusSet *) field = (ExitStatusSet){};
}
