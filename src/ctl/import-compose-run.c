/* How a service of a Compose file is kept running: restarts, health, logs, limits, names of hosts. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "ctl/import-compose.h"

int compose_restart(Conversion *c, const Doc *value) {
        autofree char *name = NULL;
        const char *text, *colon;
        uint32_t retries = 0;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0)
                return r;
        if (doc_find(c->root, "deploy.restart_policy"))
                return import_note(c, value, "deploy.restart_policy is taken instead");

        colon = strchrnul(text, ':');
        name = strndup(text, (size_t) (colon - text));
        if (!name)
                return -ENOMEM;
        if (*colon && parse_u32_range(colon + 1, 0, 1000000, &retries) < 0)
                return import_error(c->import, value, "\"%s\" is not a number of attempts", colon + 1);
        return import_restart(c, value, name, retries);
}

/* @d is a number that StartLimitBurst= takes. */
static int get_number(Conversion *c, const Doc *d, uint32_t *ret) {
        const char *text;
        int r;

        r = import_text(c->import, d, &text);
        if (r < 0)
                return r;
        return parse_u32_range(text, 0, 1000000, ret) < 0
                       ? import_error(c->import, d, "\"%s\" is not a number", text)
                       : 0;
}

static int put_span(Conversion *c, UnitPart part, const char *key, const Doc *d) {
        const ImportRow row = { .part = part, .key = key }, *outer = c->row;
        int r;

        unit_text_drop(c->unit, part, key);
        c->row = &row;
        r = import_as_span(c, d);
        c->row = outer;
        return r;
}

int compose_restart_policy(Conversion *c, const Doc *value) {
        const char *condition = doc_text(value, "condition") ?: "any";
        const Doc *attempts = doc_find(value, "max_attempts"), *delay = doc_find(value, "delay");
        const Doc *window = doc_find(value, "window");
        uint32_t retries = 0;
        int r = 0;

        if (value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a map");
        if (attempts)
                r = get_number(c, attempts, &retries);
        if (r == 0)
                r = import_restart(c, value, streq(condition, "any") ? "always" : condition, retries);
        if (r == 0 && delay)
                r = put_span(c, PART_SERVICE, "RestartSec", delay);
        if (r == 0 && window && retries > 0)
                r = put_span(c, PART_UNIT, "StartLimitIntervalSec", window);
        return r;
}

int compose_replicas(Conversion *c, const Doc *value) {
        const char *text;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0 || streq(text, "1"))
                return r;
        return import_note(c, value, "a unit is one container; a template, %s@.container, makes several",
                           c->unit->stem);
}

int compose_health_disable(Conversion *c, const Doc *value) {
        bool off;
        int r;

        r = import_bool(c->import, value, &off);
        return r < 0 || !off ? r : unit_text_raw(c->unit, PART_OWN, "HealthCmd", value->at, "none");
}

int compose_health_test(Conversion *c, const Doc *value) {
        return unit_text_has(c->unit, PART_OWN, "HealthCmd") ? 0 : import_health_command(c, value);
}

int compose_log_driver(Conversion *c, const Doc *value) {
        const char *text;
        int r;

        /* The first two are what Docker does when nobody has asked for anything. */
        r = import_text(c->import, value, &text);
        if (r < 0 || streq(text, "json-file") || streq(text, "local"))
                return r;
        return streq(text, "journald") || streq(text, "none")
                       ? unit_text_raw(c->unit, PART_OWN, "LogDriver", value->at, text)
                       : import_note(c, value, "logs go to the journal, or where nsunitd.conf says");
}

int compose_log_options(Conversion *c, const Doc *value) {
        const bool journal = streq_null(doc_text(c->root, "logging.driver"), "journald");
        int r = 0;

        if (value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a map");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];
                autofree char *option = NULL;

                if (!journal || !streq(d->key, "tag") || d->kind != DOC_TEXT) {
                        r = import_note(
                                c, d,
                                "logs go to the journal, or where nsunitd.conf says, and are limited there");
                        continue;
                }
                if (asprintf(&option, "tag=%s", d->text) < 0) {
                        option = NULL;
                        return -ENOMEM;
                }
                r = import_put(c, d, unit_text_plain_word(c->unit, PART_OWN, "LogOpt", d->at, option));
        }
        return r;
}

/* It counts memory and swap together. */
int compose_memswap(Conversion *c, const Doc *value) {
        const Doc *limit = doc_find(c->root, "mem_limit");
        uint64_t both, memory = 0;
        char text[32];
        int r;

        if (value->kind == DOC_TEXT && streq(value->text, "-1"))
                return unit_text_raw(c->unit, PART_SERVICE, "MemorySwapMax", value->at, "infinity");
        r = import_size(c->import, value, &both);
        if (r == 0 && limit)
                r = import_size(c->import, limit, &memory);
        if (r < 0 || both == 0)
                return r;
        if (memory == 0 || both < memory)
                return import_note(c, value, "it has to be more than mem_limit");
        (void) snprintf(text, sizeof(text), "%" PRIu64, both - memory);
        return unit_text_raw(c->unit, PART_SERVICE, "MemorySwapMax", value->at, text);
}

int compose_cpu_quota(Conversion *c, const Doc *value) {
        const Doc *period = doc_find(c->root, "cpu_period");
        const char *text;
        uint64_t quota;
        usec_t usec = 100000;
        char percent[32];
        int r;

        r = import_text(c->import, value, &text);
        /* Both are in microseconds when they have no unit. */
        if (r == 0 && period && parse_u64(strempty(period->text), &usec) < 0)
                r = import_duration(c->import, period, &usec);
        if (r < 0 || streq(text, "-1") || streq(text, "0"))
                return r;
        if (parse_u64(text, &quota) < 0) {
                r = import_duration(c->import, value, &quota);
                if (r < 0)
                        return r;
        }
        if (usec == 0)
                return import_error(c->import, value, "cpu_period is 0");
        (void) snprintf(percent, sizeof(percent), "%.10g%%", (double) quota * 100 / (double) usec);
        return unit_text_raw(c->unit, PART_SERVICE, "CPUQuota", value->at, percent);
}

/* A list of { path, rate }. */
int compose_device_rates(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind != DOC_LIST)
                return import_wrong_kind(c->import, value, "a list");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i], *rate = doc_find(d, "rate");
                const char *path = doc_text(d, "path");
                autofree char *text = NULL;
                uint64_t n;

                if (!path || !rate)
                        return import_error(c->import, d, "path or rate is missing");
                r = import_size(c->import, rate, &n);
                if (r < 0)
                        return r;
                if (strpbrk(path, " \t%\"'\\")) {
                        r = import_note(c, d, "a path with blanks or quotes");
                        continue;
                }
                if (asprintf(&text, "%s %" PRIu64, path, n) < 0) {
                        text = NULL;
                        return -ENOMEM;
                }
                r = import_put(c, d, unit_text_value(c->unit, c->row->part, c->row->key, d->at, text));
        }
        return r;
}

int compose_ulimits(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a map");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];
                const char *soft = d->kind == DOC_MAP ? doc_text(d, "soft") : d->text;
                const char *hard = d->kind == DOC_MAP ? doc_text(d, "hard") : d->text;
                autofree char *text = NULL;

                if (!soft && !hard)
                        return import_error(c->import, d, "a limit is a number, or soft and hard");
                if (asprintf(&text, "%s=%s:%s", d->key, soft ? soft : hard, hard ? hard : soft) < 0) {
                        text = NULL;
                        return -ENOMEM;
                }
                r = import_put(c, d, unit_text_value(c->unit, PART_OWN, "Ulimit", d->at, text));
        }
        return r;
}

/* A namespace of its own is what a container has anyway. */
int compose_namespace(Conversion *c, const Doc *value) {
        const char *text;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0 || !*text || streq(text, "private") || streq(text, "shareable"))
                return r;
        return import_note(c, value, "this namespace is always the container's own");
}

static int put_host(Conversion *c, const Doc *d, const char *name, size_t length, const char *address) {
        const size_t n = strlen(address);
        const bool brackets = n > 2 && address[0] == '[' && address[n - 1] == ']';
        autofree char *text = NULL;

        if (asprintf(&text, "%.*s:%.*s", (int) length, name, (int) (brackets ? n - 2 : n),
                     address + brackets) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return import_put(c, d, unit_text_value(c->unit, PART_OWN, "AddHost", d->at, text));
}

/* "name=address", "name:address", or a map from name to one or several addresses. */
int compose_extra_hosts(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind != DOC_LIST && value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a list or a map");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];
                autofree const char **texts = NULL;

                r = import_texts(c->import, d, &texts);
                for (size_t k = 0; r == 0 && texts[k]; k++) {
                        size_t n = strcspn(texts[k], "=:");

                        if (d->key)
                                r = put_host(c, d, d->key, strlen(d->key), texts[k]);
                        else if (texts[k][n])
                                r = put_host(c, d, texts[k], n, texts[k] + n + 1);
                        else
                                r = import_error(c->import, d, "\"%s\" is not of the form NAME:ADDRESS",
                                                 texts[k]);
                }
        }
        return r;
}
