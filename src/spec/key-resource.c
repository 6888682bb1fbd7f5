/* Key types of the cgroup's numbers: sets of processors, weights, periods, limits of devices, controllers. */
#include <stdio.h>
#include <string.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

#define INDEX_MAX 8191 /* the kernel knows no more processors */

ENUM_DEFINE(Controller, controller, CONTROLLER, CONTROLLER_LIST)

/* Puts a range in its place, and those that touch become one. */
static int index_set_add(IndexSet *set, unsigned first, unsigned last) {
        size_t i = 0, k;

        while (i < set->n && set->items[i].last + 1 < first)
                i++;
        for (k = i; k < set->n && set->items[k].first <= last + 1; k++) {
                first = MIN_OF(first, set->items[k].first);
                last = MAX_OF(last, set->items[k].last);
        }

        if (k == i) {
                if (!LIST_ADD(set))
                        return -ENOMEM;
                memmove(set->items + i + 1, set->items + i, (set->n - 1 - i) * sizeof(*set->items));
        } else {
                memmove(set->items + i + 1, set->items + k, (set->n - k) * sizeof(*set->items));
                set->n -= k - i - 1;
        }
        set->items[i] = (IndexRange){ first, last };
        return 0;
}

static int parse_range(const char *text, IndexRange *ret) {
        const char *dash = strchr(text, '-');
        uint64_t first, last;
        char start[16];
        int r;

        if (!dash)
                dash = text + strlen(text);
        if ((size_t) (dash - text) >= sizeof(start))
                return -EINVAL;
        memcpy(start, text, (size_t) (dash - text));
        start[dash - text] = '\0';

        r = parse_unsigned(start, INDEX_MAX, &first);
        if (r == 0)
                r = *dash ? parse_unsigned(dash + 1, INDEX_MAX, &last) : (last = first, 0);
        if (r < 0)
                return r;
        if (first > last)
                return -EINVAL;

        *ret = (IndexRange){ (unsigned) first, (unsigned) last };
        return 0;
}

/* Ranges between blanks or commas. */
static int parse_index_set(const KeyInput *in, IndexSet *set) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                char *rest = words[i].text, *part;

                while ((part = strsep(&rest, ","))) {
                        Where at = where_advance(words[i].at, (size_t) (part - words[i].text));
                        IndexRange range;
                        int r;

                        if (!*part)
                                continue;
                        r = parse_range(part, &range);
                        if (r < 0)
                                return key_bad_form(in, part, at, r, "NUMBER[-NUMBER], up to 8191");
                        r = index_set_add(set, range.first, range.last);
                        if (r < 0)
                                return r;
                }
        }
        return n < 0 ? n : 0;
}

int key_cpus_parse(const KeyInput *in, void *field) {
        return parse_index_set(in, field);
}

char *key_cpus_format(const void *field) {
        const IndexSet *set = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < set->n && r >= 0; i++)
                r = set->items[i].first == set->items[i].last
                            ? strv_addf(&words, "%u", set->items[i].first)
                            : strv_addf(&words, "%u-%u", set->items[i].first, set->items[i].last);
        return key_join_take(words, r);
}

void key_cpus_clear(void *field) {
        IndexSet *set = field;

        free(set->items);
        *set = (IndexSet){};
}

int key_affinity_parse(const KeyInput *in, void *field) {
        CpuAffinity *a = field;

        if (streq(in->text, "numa")) {
                a->numa = true;
                return 0;
        }
        return parse_index_set(in, &a->cpus);
}

char *key_affinity_format(const void *field) {
        const CpuAffinity *a = field;

        return a->numa ? strdup("numa") : key_cpus_format(&a->cpus);
}

void key_affinity_clear(void *field) {
        CpuAffinity *a = field;

        key_cpus_clear(&a->cpus);
        a->numa = false;
}

int key_cpu_weight_parse(const KeyInput *in, void *field) {
        if (streq(in->text, "idle")) {
                *(uint64_t *) field = CPU_WEIGHT_IDLE;
                return 0;
        }
        return key_weight_parse(in, field);
}

char *key_cpu_weight_format(const void *field) {
        return *(const uint64_t *) field == CPU_WEIGHT_IDLE ? strdup("idle") : key_weight_format(field);
}

void key_cpu_weight_clear(void *field) {
        key_weight_clear(field);
}

int key_cpu_period_parse(const KeyInput *in, void *field) {
        usec_t t;
        int r;

        r = parse_span(in->text, &t);
        if (r == 0 && (t < USEC_PER_MSEC || t > USEC_PER_SEC))
                r = -ERANGE;
        if (r < 0)
                return key_bad_form(in, in->text, in->at, r, key_type_cpu_period.syntax);

        *(usec_t *) field = t;
        return 0;
}

char *key_cpu_period_format(const void *field) {
        return key_span_format(field);
}

void key_cpu_period_clear(void *field) {
        *(usec_t *) field = 100 * USEC_PER_MSEC;
}

int key_percent_parse(const KeyInput *in, void *field) {
        uint32_t permyriad;
        int r;

        r = parse_permyriad(in->text, &permyriad);
        if (r == 0 && permyriad > 10000)
                r = -ERANGE;
        if (r < 0)
                return key_bad_form(in, in->text, in->at, r, key_type_percent.syntax);

        *(unsigned *) field = permyriad;
        return 0;
}

char *key_percent_format(const void *field) {
        unsigned n = *(const unsigned *) field;

        return n % 100 ? key_format_text("%u.%02u%%", n / 100, n % 100) : key_format_text("%u%%", n / 100);
}

void key_percent_clear(void *field) {
        *(unsigned *) field = 0;
}

/* "/dev/sda VALUE"; a later value for the same device takes the place of an earlier one. */
static int parse_device_limit(const KeyInput *in, int (*parse)(const char *text, uint64_t *ret),
                              const char *syntax, DeviceLimitList *list) {
        autowords Word *words = NULL;
        autofree char *path = NULL;
        DeviceLimit *item = NULL;
        uint64_t value;
        int n, r;

        n = key_split(in, WORDS_QUOTES, &words);
        if (n < 0)
                return n;
        if (n != 2)
                return key_bad_form(in, in->text, in->at, -EINVAL, syntax);
        r = key_absolute_path(in, words[0].text, words[0].at, &path);
        if (r < 0)
                return r;
        r = parse(words[1].text, &value);
        if (r < 0)
                return key_bad_form(in, words[1].text, words[1].at, r, syntax);

        for (size_t i = 0; i < list->n; i++)
                if (streq(list->items[i].path, path))
                        item = &list->items[i];
        if (!item) {
                item = LIST_ADD(list);
                if (!item)
                        return -ENOMEM;
                item->path = take_ptr(path);
        }
        item->value = value;
        return 0;
}

static char *format_device_limits(const DeviceLimitList *list, char *(*format)(uint64_t)) {
        autostrv char **words = NULL;

        for (size_t i = 0; i < list->n; i++) {
                char *path[] = { list->items[i].path, NULL };

                if (strv_take(&words, words_join(path)) < 0 ||
                    strv_take(&words, format(list->items[i].value)) < 0)
                        return NULL;
        }
        return strv_join(words, " ");
}

static void clear_device_limits(DeviceLimitList *list) {
        for (size_t i = 0; i < list->n; i++)
                free(list->items[i].path);
        free(list->items);
        *list = (DeviceLimitList){};
}

static int parse_weight(const char *text, uint64_t *ret) {
        uint64_t n;
        int r;

        r = parse_unsigned(text, UINT32_MAX, &n);
        if (r < 0)
                return r;
        if (n < 1 || n > 10000)
                return -ERANGE;
        *ret = n;
        return 0;
}

/* K, M, G and T are powers of 1000 here. */
static int parse_rate(const char *text, uint64_t *ret) {
        uint64_t n;
        int r;

        r = parse_size_si(text, &n);
        if (r < 0)
                return r;
        if (n == 0)
                return -ERANGE;
        *ret = n;
        return 0;
}

int key_device_weights_parse(const KeyInput *in, void *field) {
        return parse_device_limit(in, parse_weight, key_type_device_weights.syntax, field);
}

char *key_device_weights_format(const void *field) {
        return format_device_limits(field, key_format_u64);
}

void key_device_weights_clear(void *field) {
        clear_device_limits(field);
}

int key_device_rates_parse(const KeyInput *in, void *field) {
        return parse_device_limit(in, parse_rate, key_type_device_rates.syntax, field);
}

char *key_device_rates_format(const void *field) {
        return format_device_limits(field, key_format_u64);
}

void key_device_rates_clear(void *field) {
        clear_device_limits(field);
}

int key_device_latencies_parse(const KeyInput *in, void *field) {
        return parse_device_limit(in, parse_span, key_type_device_latencies.syntax, field);
}

/* One word, as it has to be read back. */
static char *format_microseconds(uint64_t n) {
        return n == USEC_INFINITY ? strdup("infinity") : key_format_text("%" PRIu64 "us", n);
}

char *key_device_latencies_format(const void *field) {
        return format_device_limits(field, format_microseconds);
}

void key_device_latencies_clear(void *field) {
        clear_device_limits(field);
}

static int parse_controllers(const KeyInput *in, unsigned *set) {
        static const char *const words[] = {
#define WORD_(id, word) word,
                CONTROLLER_LIST(WORD_) NULL
        };
        autowords Word *list = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &list);
        for (int i = 0; i < n; i++) {
                Controller c = controller_from_string(list[i].text);

                if (c < 0)
                        return key_bad_word(in, list[i].text, list[i].at, "a controller, as in memory",
                                            words);
                *set |= 1u << c;
        }
        return n < 0 ? n : 0;
}

int key_controllers_parse(const KeyInput *in, void *field) {
        return parse_controllers(in, field);
}

char *key_controllers_format(const void *field) {
        unsigned set = *(const unsigned *) field;
        char **words = NULL;
        int r = 0;

        for (Controller c = 0; c < CONTROLLER_N_ && r >= 0; c++)
                if (set >> c & 1)
                        r = strv_add(&words, controller_to_string(c));
        return key_join_take(words, r);
}

void key_controllers_clear(void *field) {
        *(unsigned *) field = 0;
}

/* An empty value delegates the cgroup without any controller, and names of controllers add up. */
int key_delegate_parse(const KeyInput *in, void *field) {
        Delegation *d = field;
        bool on;

        if (parse_bool(in->text, &on) == 0) {
                *d = (Delegation){ .on = on, .controllers = on ? ALL_CONTROLLERS : 0 };
                return 0;
        }

        d->on = true;
        if (!*in->text)
                d->controllers = 0;
        return parse_controllers(in, &d->controllers);
}

char *key_delegate_format(const void *field) {
        const Delegation *d = field;

        if (!d->on || d->controllers == ALL_CONTROLLERS)
                return strdup(d->on ? "yes" : "no");
        return key_controllers_format(&d->controllers);
}

void key_delegate_clear(void *field) {
        *(Delegation *) field = (Delegation){};
}
