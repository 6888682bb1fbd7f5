#include "spec/seccomp-profile.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "basic/capability.h"
#include "basic/macro.h"
#include "basic/strv.h"

ENUM_DEFINE(ProfileAction, profile_action, PROFILE_ACTION, PROFILE_ACTION_LIST)
ENUM_DEFINE(ProfileCompare, profile_compare, PROFILE_COMPARE, PROFILE_COMPARE_LIST)

#define ERRNO_MAX 4095

/* As Go, hence Docker, calls the processor. */
#if defined(__x86_64__)
#define PROCESSOR "amd64"
#elif defined(__aarch64__)
#define PROCESSOR "arm64"
#else
#error "the filter knows no names for this processor"
#endif

typedef struct Reader {
        const char *path;
        uint64_t capabilities;
        Diag *diag;
        SeccompProfile *profile;
        size_t rule; /* number of the rule that is read, from 1; for messages */
} Reader;

static int bad(const Reader *r, const char *what, const char *value) {
        const Where at = { .file = r->path };

        if (r->rule == 0)
                return diag_error(r->diag, at, -EINVAL, "%s%s%s", what, value ? ": " : "", strempty(value));
        return diag_error(r->diag, at, -EINVAL, "rule %zu of \"syscalls\": %s%s%s", r->rule, what,
                          value ? ": " : "", strempty(value));
}

static int read_action(const Reader *r, const json_t *value, ProfileAction *ret) {
        const char *word = json_string_value(value);

        if (!word)
                return bad(r, "an action is missing", NULL);
        if (streq(word, "SCMP_ACT_NOTIFY"))
                return bad(r, "SCMP_ACT_NOTIFY needs a program that decides, of which there is none here",
                           NULL);
        *ret = streq(word, "SCMP_ACT_KILL") ? PROFILE_KILL_THREAD : profile_action_from_string(word);
        return *ret < 0 ? bad(r, "unknown action", word) : 0;
}

static int read_error(const Reader *r, const json_t *value, unsigned *ret) {
        if (!value || json_is_null(value)) {
                *ret = EPERM;
                return 0;
        }
        if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > ERRNO_MAX)
                return bad(r, "errnoRet is no error number", NULL);
        *ret = (unsigned) json_integer_value(value);
        return 0;
}

static int read_names(const Reader *r, const json_t *object, char ***ret) {
        const json_t *names = json_object_get(object, "names"), *name = json_object_get(object, "name"),
                     *item;
        size_t i;

        /* What Docker wrote before 2016. */
        if (json_is_string(name))
                return strv_add(ret, json_string_value(name));
        if (!json_is_array(names))
                return bad(r, "\"names\" is missing", NULL);
        json_array_foreach(names, i, item) {
                if (!json_is_string(item))
                        return bad(r, "a name is no text", NULL);
                if (strv_add(ret, json_string_value(item)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int read_condition(const Reader *r, const json_t *object, ProfileCondition *ret) {
        const json_t *index = json_object_get(object, "index"), *value = json_object_get(object, "value");
        const json_t *two = json_object_get(object, "valueTwo");
        const char *op = json_string_value(json_object_get(object, "op"));

        if (!json_is_integer(index) || json_integer_value(index) < 0 || json_integer_value(index) > 5)
                return bad(r, "an argument's index is none of 0 to 5", NULL);
        if (!json_is_integer(value) || (two && !json_is_integer(two)))
                return bad(r, "an argument's value is no number", NULL);
        *ret = (ProfileCondition){
                .index = (unsigned) json_integer_value(index),
                .op = profile_compare_from_string(op),
                .value = (uint64_t) json_integer_value(value),
                .value_two = (uint64_t) json_integer_value(two),
        };
        return ret->op < 0 ? bad(r, "unknown comparison", strempty(op)) : 0;
}

static int read_conditions(const Reader *r, const json_t *object, ProfileRule *rule) {
        const json_t *args = json_object_get(object, "args"), *item;
        size_t i;

        if (json_array_size(args) == 0)
                return 0;
        rule->conditions = calloc(json_array_size(args), sizeof(*rule->conditions));
        if (!rule->conditions)
                return -ENOMEM;
        json_array_foreach(args, i, item) {
                int e = read_condition(r, item, &rule->conditions[i]);

                if (e < 0)
                        return e;
                rule->n_conditions++;
        }
        return 0;
}

static bool array_has(const json_t *array, const char *text) {
        const json_t *item;
        size_t i;

        json_array_foreach(array, i, item) if (json_is_string(item) &&
                                               streq(json_string_value(item), text)) return true;
        return false;
}

/* How many of the capabilities in @array does the container hold? */
static size_t count_held(const Reader *r, const json_t *array) {
        const json_t *item;
        size_t i, n = 0;

        json_array_foreach(array, i, item) {
                int cap = json_is_string(item) ? capability_from_name(json_string_value(item)) : -EINVAL;

                n += cap >= 0 && (r->capabilities & UINT64_C(1) << cap) != 0;
        }
        return n;
}

/* "4.8": is the kernel as young as that? */
static bool kernel_is_at_least(const json_t *version) {
        unsigned wanted[2] = { 0, 0 }, have[2] = { 0, 0 };
        struct utsname u;

        if (!json_is_string(version) ||
            sscanf(json_string_value(version), "%u.%u", &wanted[0], &wanted[1]) < 1)
                return true;
        if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &have[0], &have[1]) < 2)
                return false;
        return have[0] != wanted[0] ? have[0] > wanted[0] : have[1] >= wanted[1];
}

static bool applies(const Reader *r, const json_t *object) {
        const json_t *in = json_object_get(object, "includes"), *out = json_object_get(object, "excludes");
        const json_t *caps = json_object_get(in, "caps"), *arches = json_object_get(in, "arches");
        const json_t *old = json_object_get(out, "minKernel");

        if (json_array_size(arches) > 0 && !array_has(arches, PROCESSOR))
                return false;
        if (count_held(r, caps) < json_array_size(caps) ||
            !kernel_is_at_least(json_object_get(in, "minKernel")))
                return false;
        return !array_has(json_object_get(out, "arches"), PROCESSOR) &&
               count_held(r, json_object_get(out, "caps")) == 0 && !(old && kernel_is_at_least(old));
}

static int read_rule(const Reader *r, const json_t *object) {
        ProfileRule *rule = &r->profile->rules[r->profile->n_rules];
        int e;

        if (!json_is_object(object))
                return bad(r, "it is no object", NULL);

        /* Also of those that do not apply: a mistake is a mistake everywhere. */
        r->profile->n_rules++;
        e = read_names(r, object, &rule->names);
        if (e == 0)
                e = read_action(r, json_object_get(object, "action"), &rule->action);
        if (e == 0)
                e = read_error(r, json_object_get(object, "errnoRet"), &rule->error);
        if (e == 0)
                e = read_conditions(r, object, rule);
        if (e == 0 && !applies(r, object))
                rule->names = strv_free(rule->names);
        return e;
}

static int read_profile(Reader *r, const json_t *root) {
        const json_t *rules = json_object_get(root, "syscalls"), *item;
        size_t i;
        int e;

        if (!json_is_object(root))
                return bad(r, "not a JSON object", NULL);
        e = read_action(r, json_object_get(root, "defaultAction"), &r->profile->action);
        if (e == 0)
                e = read_error(r, json_object_get(root, "defaultErrnoRet"), &r->profile->error);
        if (e < 0)
                return e;
        if (rules && !json_is_null(rules) && !json_is_array(rules))
                return bad(r, "\"syscalls\" is no list", NULL);

        r->profile->rules = calloc(json_array_size(rules) + 1, sizeof(*r->profile->rules));
        if (!r->profile->rules)
                return -ENOMEM;
        json_array_foreach(rules, i, item) {
                r->rule = i + 1;
                e = read_rule(r, item);
                if (e < 0)
                        return e;
        }
        return 0;
}

int seccomp_profile_parse(const char *text, const char *path, uint64_t capabilities, Diag *diag,
                          SeccompProfile **ret) {
        autoptr(SeccompProfile) profile = calloc(1, sizeof(*profile));
        Reader reader = { .path = path, .capabilities = capabilities, .diag = diag, .profile = profile };
        json_error_t error = {};
        json_t *root;
        int r;

        if (!profile)
                return -ENOMEM;
        profile->text = strdup(text);
        if (!profile->text)
                return -ENOMEM;

        root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
        if (!root)
                return diag_error(diag,
                                  (Where){ .file = path,
                                           .line = error.line > 0 ? (unsigned) error.line : 0,
                                           .column = error.column > 0 ? (unsigned) error.column : 0 },
                                  -EINVAL, "not JSON: %s", error.text);
        r = read_profile(&reader, root);
        json_decref(root);
        if (r < 0)
                return r;

        *ret = take_ptr(profile);
        return 0;
}

void seccomp_profile_free(SeccompProfile *p) {
        if (!p)
                return;
        for (size_t i = 0; i < p->n_rules; i++) {
                strv_free(p->rules[i].names);
                free(p->rules[i].conditions);
        }
        free(p->rules);
        free(p->text);
        free(p);
}
