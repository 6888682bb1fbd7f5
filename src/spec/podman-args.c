/* From options to keys: the table is podman-options.def; here is how one is read, and what is not a plain
 * copy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/podman-args.h"

typedef struct Translation {
        const RawUnit *raw;
        const char *own; /* title of the unit's own section */
        Diag *diag;
        RawUnit **out; /* NULL until there is something in it */
        Where option_at;
        char *swap; /* of --memory-swap, until all is read */
        Where swap_at, swap_option_at;
} Translation;

typedef struct Option Option;

/* @name as it was written: "--memory" or "-m"; @value is NULL for an option without one, else stands at @at.
 */
typedef int (*TakeFn)(Translation *t, const Option *o, const char *name, const char *value, Where at);

struct Option {
        const char *name;
        char letter;
        TakeFn take;
        bool valued;         /* the value may be the next word */
        const char *section; /* NULL: the unit's own */
        const char *key;
};

/* The value of a key, for the places that read the unit's text. */
static int add(Translation *t, const char *section, const char *key, const char *value, Where at) {
        const RawText text = { key, value, strlen(key), strlen(value), t->option_at, at };

        if (!*t->out)
                *t->out = calloc(1, sizeof(**t->out));
        return *t->out ? raw_unit_add_text(*t->out, section, &text) : -ENOMEM;
}

/* No key says it: what is lost is told. */
static int tell(Translation *t, const char *name, const char *reason) {
        diag_warning(t->diag, t->option_at, "PodmanArgs=: %s %s", name, reason);
        return 0;
}

static int take_text(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        const char *section = o->section ? o->section : t->own;
        const KeyTable *table = key_table_find(section);

        if (!table || !key_find(table, o->key))
                return tell(t, name, "has no effect on this kind of unit");
        return add(t, section, o->key, value, at);
}

static int take_word(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        char *const words[] = { (char *) value, NULL };
        autofree char *text = words_join(words);

        return text ? take_text(t, o, name, text, at) : -ENOMEM;
}

static int take_flag(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        return take_text(t, o, name, value ? value : "yes", at);
}

static int take_nothing(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        return 0;
}

static int take_podman(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        return tell(t, name, "steers podman itself and has no effect here");
}

static int take_later(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        return tell(t, name, "is not supported yet");
}

static int bad_value(Translation *t, const char *name, const char *value, Where at, const char *what) {
        return diag_error(t->diag, at, -EINVAL, "PodmanArgs=: %s: \"%s\" is not %s", name, value, what);
}

static int take_formatted(Translation *t, const Option *o, const char *name, Where at, const char *fmt, ...)
        PRINTF_LIKE(5, 6);

static int take_formatted(Translation *t, const Option *o, const char *name, Where at, const char *fmt, ...) {
        autofree char *text = NULL;
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vasprintf(&text, fmt, ap);
        va_end(ap);
        if (n < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return take_text(t, o, name, text, at);
}

/* "a,b" as two words. */
static int take_comma_list(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        autofree char *text = strdup(value);

        if (!text)
                return -ENOMEM;
        for (char *p = text; *p; p++)
                if (*p == ',')
                        *p = ' ';
        return take_text(t, o, name, text, at);
}

/* A number of processors, as in 1.5. */
static int take_cpus(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        char *end;
        double n = strtod(value, &end);

        if (end == value || *end || !(n > 0) || n > 10000)
                return bad_value(t, name, value, at, "a number of processors");
        return take_formatted(t, o, name, at, "%.2f%%", n * 100);
}

/* Of cgroup v1, 2 ... 262144, to 1 ... 10000; as crun has it. */
static int take_cpu_shares(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        uint32_t n;

        if (parse_u32_range(value, 2, 262144, &n) < 0)
                return bad_value(t, name, value, at, "a number from 2 to 262144");
        return take_formatted(t, o, name, at, "%u", 1 + (uint32_t) ((uint64_t) (n - 2) * 9999 / 262142));
}

/* Of cgroup v1, 10 ... 1000. */
static int take_blkio_weight(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        uint32_t n;

        if (parse_u32_range(value, 10, 1000, &n) < 0)
                return bad_value(t, name, value, at, "a number from 10 to 1000");
        return take_formatted(t, o, name, at, "%u", 1 + (n - 10) * 9999 / 990);
}

/* Podman's units are lower-case, systemd's are not. */
static int take_size(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        uint64_t n;

        if (key_size(value, &n) < 0)
                return bad_value(t, name, value, at, "a size");
        return take_formatted(t, o, name, at, "%llu", (unsigned long long) n);
}

/* The last value of a key, by what was read and what options before have given. */
static bool own_value(const Translation *t, const char *key, RawValue *ret) {
        return raw_unit_find(*t->out, t->own, key, ret) || raw_unit_find(t->raw, t->own, key, ret);
}

static int take_memory_swap(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        free(t->swap);
        t->swap = strdup(value);
        t->swap_at = at;
        t->swap_option_at = t->option_at;
        return t->swap ? 0 : -ENOMEM;
}

/* --memory-swap is memory and swap together; what is swap of it can be told once all options are read. */
static int finish_swap(Translation *t) {
        static const char name[] = "--memory-swap";
        const Option swap = { .name = name, .section = "Service", .key = "MemorySwapMax" };
        uint64_t all, part;
        RawValue memory;

        if (!t->swap)
                return 0;
        t->option_at = t->swap_option_at;
        if (streq(t->swap, "-1"))
                return take_text(t, &swap, name, "infinity", t->swap_at);

        if (key_size(t->swap, &all) < 0)
                return bad_value(t, name, t->swap, t->swap_at, "a size");
        if (!own_value(t, "Memory", &memory) || key_size(memory.value, &part) < 0 || part > all)
                return bad_value(t, name, t->swap, t->swap_at, "as much as --memory and more");
        return take_formatted(t, &swap, name, t->swap_at, "%llu", (unsigned long long) (all - part));
}

static int take_namespace(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        static const char *const own[] = { "private", "shareable", "none", NULL };

        return take_text(t, o, name, strv_contains((char **) own, value) ? "new" : value, at);
}

/* "nvidia.com/gpu=all", as a device of the Container Device Interface. */
static int take_gpus(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        return streq(value, "all") ? take_text(t, o, name, "nvidia.com/gpu=all", at)
                                   : tell(t, name, "is not supported yet");
}

static int take_name(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        return add(t, t->own, streq(t->own, "Pod") ? "PodName" : "ContainerName", value, at);
}

static int take_no_healthcheck(Translation *t, const Option *o, const char *name, const char *value,
                               Where at) {
        return take_text(t, o, name, "none", at);
}

static int take_restart(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        int r = tell(t, name, "has no effect here");

        diag_hint(t->diag, "Restart= of [Service] says it");
        return r;
}

static int take_sdnotify(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        static const char *const words[][2] = { { "conmon", "no" },
                                                { "container", "yes" },
                                                { "healthy", "healthy" } };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (streq(words[i][0], value))
                        return take_text(t, o, name, words[i][1], at);
        return tell(t, name, "steers podman itself and has no effect here");
}

typedef struct Pair {
        const char *name, *section, *key;
} Pair;

/* Files of a cgroup, and the keys that write them. */
static int take_cgroup_conf(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        static const Pair files[] = {
                { "cpu.weight=", "Service", "CPUWeight" },
                { "cpuset.cpus=", "Service", "AllowedCPUs" },
                { "cpuset.mems=", "Service", "AllowedMemoryNodes" },
                { "io.weight=", "Service", "IOWeight" },
                { "memory.high=", "Service", "MemoryHigh" },
                { "memory.low=", "Service", "MemoryLow" },
                { "memory.max=", "Service", "MemoryMax" },
                { "memory.min=", "Service", "MemoryMin" },
                { "memory.swap.max=", "Service", "MemorySwapMax" },
                { "memory.zswap.max=", "Service", "MemoryZSwapMax" },
                { "pids.max=", "Service", "TasksMax" },
        };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                const char *text = startswith(value, files[i].name);

                if (text)
                        return add(t, files[i].section, files[i].key, streq(text, "max") ? "infinity" : text,
                                   where_advance(at, strlen(files[i].name)));
        }
        if (startswith(value, "memory.oom.group="))
                return add(t, "Service", "OOMPolicy", endswith(value, "=1") ? "kill" : "continue", at);
        return tell(t, name, "of this file is not supported yet");
}

/* podman-run(1), --security-opt. */
static int take_security_opt(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        static const Pair pairs[] = {
                { "apparmor=", NULL, "AppArmor" },
                { "label=filetype:", NULL, "SecurityLabelFileType" },
                { "label=level:", NULL, "SecurityLabelLevel" },
                { "label=type:", NULL, "SecurityLabelType" },
                { "mask=", NULL, "Mask" },
                { "seccomp=", NULL, "SeccompProfile" },
                { "unmask=", NULL, "Unmask" },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                const Option part = { .key = pairs[i].key };
                const char *text = startswith(value, pairs[i].name);

                if (text)
                        return take_text(t, &part, name, text, where_advance(at, strlen(pairs[i].name)));
        }
        if (streq(value, "label=disable") || streq(value, "label=nested")) {
                const Option label = { .key = endswith(value, "nested") ? "SecurityLabelNested"
                                                                        : "SecurityLabelDisable" };

                return take_text(t, &label, name, "yes", at);
        }
        if (startswith(value, "no-new-privileges")) {
                const Option privileges = { .key = "NoNewPrivileges" };

                return take_text(t, &privileges, name, endswith(value, "false") ? "no" : "yes", at);
        }
        return tell(t, name, "of this kind is not supported yet");
}

/* All that confines, turned off; but whose devices the container gets is not for one word to say. */
static int take_privileged(Translation *t, const Option *o, const char *name, const char *value, Where at) {
        static const char *const keys[][2] = {
                { "AddCapability", "ALL" },        { "SeccompProfile", "unconfined" }, { "Unmask", "ALL" },
                { "SecurityLabelDisable", "yes" }, { "AppArmor", "unconfined" },       { "UserNS", "host" },
        };
        static const char *const users[] = { "UserNS",    "UIDMap",    "GIDMap",
                                             "SubUIDMap", "SubGIDMap", "RemapUsers" };
        bool on = true;
        RawValue v;
        int r = 0;

        if (value && parse_bool(value, &on) == 0 && !on)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(users); i++)
                if (own_value(t, users[i], &v))
                        on = false;
        for (size_t i = 0; i < ELEMENTSOF(keys) - !on && r == 0; i++)
                r = add(t, t->own, keys[i][0], keys[i][1], at);
        if (r < 0)
                return r;

        r = tell(t, name, "does not give the devices of the host");
        diag_hint(t->diag, "AddDevice= names those that are needed");
        return r;
}

#define HOW_TEXT           take_text, true
#define HOW_WORD           take_word, true
#define HOW_FLAG           take_flag, false
#define HOW_NOTHING_FLAG   take_nothing, false
#define HOW_PODMAN         take_podman, true
#define HOW_PODMAN_FLAG    take_podman, false
#define HOW_LATER          take_later, true
#define HOW_LATER_FLAG     take_later, false
#define HOW_blkio_weight   take_blkio_weight, true
#define HOW_cgroup_conf    take_cgroup_conf, true
#define HOW_comma_list     take_comma_list, true
#define HOW_cpu_shares     take_cpu_shares, true
#define HOW_cpus           take_cpus, true
#define HOW_gpus           take_gpus, true
#define HOW_memory_swap    take_memory_swap, true
#define HOW_name           take_name, true
#define HOW_namespace      take_namespace, true
#define HOW_no_healthcheck take_no_healthcheck, false
#define HOW_privileged     take_privileged, false
#define HOW_restart        take_restart, true
#define HOW_sdnotify       take_sdnotify, true
#define HOW_security_opt   take_security_opt, true
#define HOW_size           take_size, true
#define OWN                NULL

static const Option options[] = {
#define PODMAN_OPTION(name, letter, how, section, key) { name, letter, HOW_##how, section, key },
#include "spec/podman-options.def"
#undef PODMAN_OPTION
};

static const Option *find_option(const char *name, size_t n, char letter) {
        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                if (name ? strlen(options[i].name) == n && strncmp(options[i].name, name, n) == 0
                         : options[i].letter == letter)
                        return &options[i];
        return NULL;
}

static int tell_unknown(Translation *t, const char *name) {
        const char *names[ELEMENTSOF(options) + 1] = {};

        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                names[i] = options[i].name;
        (void) tell(t, name, "is not known and has no effect here");
        diag_did_you_mean(t->diag, name + strspn(name, "-"), names);
        return 0;
}

/* "--name", "--name=value" or "--name value". Returns how many words it is. */
static int read_long(Translation *t, const Word *word) {
        const Word *next = word + 1;
        size_t n = strcspn(word->text + 2, "=");
        const char *value = word->text[2 + n] ? word->text + 3 + n : NULL;
        const Option *o = find_option(word->text + 2, n, '\0');
        Where at = where_advance(word->at, value ? 3 + n : 0);
        autofree char *name = strndup(word->text, 2 + n);
        bool takes_next = !value && next->text && (o ? o->valued : next->text[0] != '-');
        int r;

        if (!name)
                return -ENOMEM;
        if (!o)
                r = tell_unknown(t, name);
        else if (o->valued && !value && !next->text)
                r = diag_error(t->diag, word->at, -EINVAL, "PodmanArgs=: %s needs a value", name);
        else
                r = o->take(t, o, name, takes_next ? next->text : value, takes_next ? next->at : at);
        return r < 0 ? r : 1 + takes_next;
}

/* "-it", "-v/a:/b" or "-v /a:/b". Returns how many words it is. */
static int read_short(Translation *t, const Word *word) {
        const Word *next = word + 1;

        for (const char *p = word->text + 1; *p; p++) {
                const char name[] = { '-', *p, '\0' }, *value = p[1] ? p + 1 + (p[1] == '=') : NULL;
                Where at = where_advance(word->at, value ? (size_t) (value - word->text) : 0);
                const Option *o = find_option(NULL, 0, *p);
                int r;

                t->option_at = where_advance(word->at, (size_t) (p - word->text));
                if (!o)
                        return tell_unknown(t, word->text) < 0 ? -ENOMEM : 1;
                if (!o->valued) {
                        r = o->take(t, o, name, NULL, at);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (!value && !next->text)
                        return diag_error(t->diag, t->option_at, -EINVAL, "PodmanArgs=: %s needs a value",
                                          name);
                r = o->take(t, o, name, value ? value : next->text, value ? at : next->at);
                return r < 0 ? r : 1 + !value;
        }
        return 1;
}

static int read_words(Translation *t, const Word *words) {
        for (const Word *w = words; w && w->text;) {
                int r = 1;

                t->option_at = w->at;
                if (startswith(w->text, "--") && w->text[2])
                        r = read_long(t, w);
                else if (w->text[0] == '-' && w->text[1] && w->text[1] != '-')
                        r = read_short(t, w);
                else {
                        diag_warning(t->diag, w->at,
                                     "PodmanArgs=: \"%s\" is no option and has no effect here", w->text);
                }
                if (r < 0)
                        return r;
                w += r;
        }
        return 0;
}

/* Where the walk goes on behind the last empty value, which takes back what was before it. */
static RawValue first_value(const RawUnit *raw, const char *section) {
        RawValue first = {};

        RAW_FOREACH (v, raw)
                if (streq(v.section, section) && streq(v.key, "PodmanArgs") && !v.value[0])
                        first = v;
        return first;
}

int podman_args_translate(const RawUnit *raw, UnitKind kind, const KeyInput *in, RawUnit **ret) {
        Translation t = { .raw = raw, .own = section_of_kind(kind), .diag = in->diag, .out = ret };
        int bad = 0, r = 0;

        if (kind != UNIT_CONTAINER && kind != UNIT_POD)
                return 0;

        for (RawValue v = first_value(raw, t.own); r != -ENOMEM && raw_unit_next(raw, &v);) {
                autowords Word *words = NULL;
                KeyInput own = *in;

                if (!streq(v.section, t.own) || !streq(v.key, "PodmanArgs"))
                        continue;
                own.key = v.key;
                own.text = v.value;
                own.at = raw_value_at(&v);
                own.free_text = true;
                own.diag = NULL;
                r = key_split(&own, WORDS_QUOTES | WORDS_ESCAPES, &words);
                if (r >= 0)
                        r = read_words(&t, words);
                bad = r < 0 ? r : bad;
        }

        if (r != -ENOMEM)
                r = finish_swap(&t);
        free(t.swap);
        return r < 0 ? r : bad;
}
