/* Key types of what a process inherits: environment, priorities, scheduling, limits, output. */
#include <ctype.h>
#include <limits.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"
#include "spec/rlimit.h"

#ifndef SCHED_EXT
#define SCHED_EXT 7
#endif

/* A word with a number, which may stand in its place. */
typedef struct NumberedWord {
        const char *word;
        int number;
} NumberedWord;

static int parse_int_range(const KeyInput *in, int min, int max, const char *syntax, int *ret) {
        int n, r;

        r = parse_int(in->text, &n);
        if (r == 0 && (n < min || n > max))
                r = -ERANGE;
        if (r < 0)
                return key_bad_form(in, in->text, in->at, r, syntax);

        *ret = n;
        return 0;
}

static int parse_numbered(const KeyInput *in, const NumberedWord *table, int max, const char *syntax,
                          int *ret) {
        const char *words[16] = {};
        uint64_t n;
        size_t i;

        for (i = 0; table[i].word; i++) {
                words[i] = table[i].word;
                if (streq(table[i].word, in->text)) {
                        *ret = table[i].number;
                        return 0;
                }
        }
        if (parse_unsigned(in->text, (uint64_t) max, &n) < 0)
                return key_bad_word(in, in->text, in->at, syntax, words);

        *ret = (int) n;
        return 0;
}

static char *format_numbered(const NumberedWord *table, int n) {
        for (size_t i = 0; table[i].word; i++)
                if (table[i].number == n)
                        return strdup(table[i].word);
        return key_format_text("%d", n);
}

#define INT_TYPE(id, min, max)                                                     \
        int key_##id##_parse(const KeyInput *in, void *field) {                    \
                return parse_int_range(in, min, max, key_type_##id.syntax, field); \
        }                                                                          \
                                                                                   \
        char *key_##id##_format(const void *field) {                               \
                return key_format_text("%d", *(const int *) field);                \
        }                                                                          \
                                                                                   \
        void key_##id##_clear(void *field) {                                       \
                *(int *) field = 0;                                                \
        }

INT_TYPE(nice, -20, 19)
INT_TYPE(oom_score, -1000, 1000)
INT_TYPE(io_priority, 0, 7)
INT_TYPE(cpu_priority, 0, 99)

static const NumberedWord io_classes[] = {
        { "none", IOPRIO_CLASS_NONE },
        { "realtime", IOPRIO_CLASS_RT },
        { "best-effort", IOPRIO_CLASS_BE },
        { "idle", IOPRIO_CLASS_IDLE },
        {},
};

static const NumberedWord cpu_policies[] = {
        { "other", SCHED_OTHER },
        { "batch", SCHED_BATCH },
        { "idle", SCHED_IDLE },
        { "fifo", SCHED_FIFO },
        { "rr", SCHED_RR },
        { "ext", SCHED_EXT },
        {},
};

static const NumberedWord log_levels[] = {
        { "emerg", 0 },  { "alert", 1 }, { "crit", 2 },  { "err", 3 }, { "warning", 4 },
        { "notice", 5 }, { "info", 6 },  { "debug", 7 }, {},
};

int key_io_class_parse(const KeyInput *in, void *field) {
        return parse_numbered(in, io_classes, 7, key_type_io_class.syntax, field);
}

char *key_io_class_format(const void *field) {
        return format_numbered(io_classes, *(const int *) field);
}

void key_io_class_clear(void *field) {
        *(int *) field = IOPRIO_CLASS_NONE;
}

int key_cpu_policy_parse(const KeyInput *in, void *field) {
        return parse_numbered(in, cpu_policies, INT_MAX, key_type_cpu_policy.syntax, field);
}

char *key_cpu_policy_format(const void *field) {
        return format_numbered(cpu_policies, *(const int *) field);
}

void key_cpu_policy_clear(void *field) {
        *(int *) field = SCHED_OTHER;
}

int key_log_level_parse(const KeyInput *in, void *field) {
        return parse_numbered(in, log_levels, 7, key_type_log_level.syntax, field);
}

char *key_log_level_format(const void *field) {
        int n = *(const int *) field;

        return n < 0 ? strdup("") : format_numbered(log_levels, n);
}

void key_log_level_clear(void *field) {
        *(int *) field = -1;
}

int key_umask_parse(const KeyInput *in, void *field) {
        mode_t mode;

        if (parse_mode(in->text, &mode) < 0 || mode > 0777)
                return diag_error(in->diag, in->at, -EINVAL, "%s=: \"%s\" is not a file mode", in->key,
                                  in->text);
        *(mode_t *) field = mode;
        return 0;
}

char *key_umask_format(const void *field) {
        return key_format_text("%04o", *(const mode_t *) field);
}

void key_umask_clear(void *field) {
        *(mode_t *) field = 0;
}

/* In "-5" and "+5" a nice level, else the kernel's own number: 20 - level. */
static int parse_nice_limit(const char *text, rlim_t *ret) {
        uint64_t raw;
        int level;

        if (text[0] == '+' || text[0] == '-') {
                if (parse_int(text, &level) < 0 || level < -20 || level > 19)
                        return -EINVAL;
                *ret = (rlim_t) (20 - level);
                return 0;
        }
        if (parse_unsigned(text, 40, &raw) < 0)
                return -EINVAL;
        *ret = raw;
        return 0;
}

/* What the numbers of a resource count. */
static int parse_one_limit(int resource, const char *text, rlim_t *ret) {
        uint64_t n;
        int r;

        if (streq(text, "infinity")) {
                *ret = RLIM_INFINITY;
                return 0;
        }

        switch (resource) {
        case RLIMIT_NICE:
                return parse_nice_limit(text, ret);
        case RLIMIT_CPU:
                r = parse_span(text, &n);
                /* The kernel counts whole seconds; a part of one is not less than one. */
                *ret = r == 0 ? n / USEC_PER_SEC + (n % USEC_PER_SEC > 0) : 0;
                return r;
        case RLIMIT_RTTIME:
                r = parse_unsigned(text, UINT64_MAX - 1, &n);
                if (r < 0)
                        r = parse_span(text, &n);
                break;
        case RLIMIT_LOCKS:
        case RLIMIT_NOFILE:
        case RLIMIT_NPROC:
        case RLIMIT_RTPRIO:
        case RLIMIT_SIGPENDING:
                r = parse_unsigned(text, UINT64_MAX - 1, &n);
                break;
        default:
                r = parse_size(text, &n);
        }
        *ret = r == 0 ? n : 0;
        return r;
}

int key_rlimit_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        struct rlimit limit;
        int resource, r;
        char *colon;

        resource = rlimit_from_name(startswith(in->key, "Limit"));
        r = key_expand(in, in->text, in->at, &text);
        if (r < 0)
                return r;

        colon = strchr(text, ':');
        if (colon)
                *colon = '\0';
        if (parse_one_limit(resource, text, &limit.rlim_cur) < 0 ||
            parse_one_limit(resource, colon ? colon + 1 : text, &limit.rlim_max) < 0)
                return key_bad_form(in, in->text, in->at, -EINVAL, key_type_rlimit.syntax);
        if (limit.rlim_cur > limit.rlim_max)
                return diag_error(in->diag, in->at, -EINVAL, "%s=: the soft limit is above the hard limit",
                                  in->key);

        *(RlimitValue *) field = (RlimitValue){ .set = true, .limit = limit };
        return 0;
}

static int format_one_limit(char buf[32], rlim_t n) {
        if (n == RLIM_INFINITY)
                return snprintf(buf, 32, "infinity");
        return snprintf(buf, 32, "%llu", (unsigned long long) n);
}

char *key_rlimit_format(const void *field) {
        const RlimitValue *v = field;
        char soft[32], hard[32];

        if (!v->set)
                return strdup("");
        format_one_limit(soft, v->limit.rlim_cur);
        format_one_limit(hard, v->limit.rlim_max);
        return v->limit.rlim_cur == v->limit.rlim_max ? strdup(soft) : key_format_text("%s:%s", soft, hard);
}

void key_rlimit_clear(void *field) {
        *(RlimitValue *) field = (RlimitValue){};
}

int key_personality_parse(const KeyInput *in, void *field) {
        const char *const *words = condition_architectures() + 1; /* without "native" */
        char *text;

        if (!strv_contains((char **) words, in->text))
                return key_bad_word(in, in->text, in->at, "an architecture, as in x86-64 or arm64", words);
        text = strdup(in->text);
        if (!text)
                return -ENOMEM;
        key_set_text(field, text);
        return 0;
}
