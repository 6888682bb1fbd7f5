#include "manager/health-log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"

/* Where HealthMaxLogCount=0 says all: the manager lives for months. */
#define COUNT_MAX 1000

/* "2026-11-26T05:12:34.000001Z" */
#define TIME_MAX 64

static void record_clear(HealthRecord *r) {
        free(r->text);
        *r = (HealthRecord){};
}

void health_log_clear(HealthLog *l) {
        for (size_t i = 0; i < l->n; i++)
                record_clear(&l->items[i]);
        free(l->items);
        *l = (HealthLog){};
}

const HealthRecord *health_log_last(const HealthLog *l) {
        return l->n > 0 ? &l->items[l->n - 1] : NULL;
}

void health_log_add(HealthLog *l, const HealthSpec *spec, HealthRecord *r) {
        size_t max = spec->max_log_count > 0 ? MIN_OF(spec->max_log_count, (unsigned) COUNT_MAX) : COUNT_MAX;
        HealthRecord *grown;

        if (l->n >= max) {
                record_clear(&l->items[0]);
                memmove(l->items, l->items + 1, --l->n * sizeof(*l->items));
        }
        grown = reallocarray(l->items, l->n + 1, sizeof(*grown));
        if (!grown)
                return record_clear(r);
        l->items = grown;
        l->items[l->n++] = *r;
        *r = (HealthRecord){};
}

static const char *time_text(usec_t t, char buf[TIME_MAX]) {
        time_t seconds = (time_t) (t / USEC_PER_SEC);
        struct tm tm = {};
        size_t n;

        (void) gmtime_r(&seconds, &tm);
        n = strftime(buf, TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
        (void) snprintf(buf + n, TIME_MAX - n, ".%06uZ", (unsigned) (t % USEC_PER_SEC));
        return buf;
}

static usec_t time_parse(const char *text) {
        struct tm tm = {};
        unsigned fraction = 0;
        const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

        if (!end || sscanf(end, ".%6uZ", &fraction) != 1)
                return 0;
        return (usec_t) timegm(&tm) * USEC_PER_SEC + fraction;
}

json_t *health_log_to_json(const HealthLog *l) {
        json_t *array = json_array();

        for (size_t i = 0; i < l->n; i++) {
                const HealthRecord *r = &l->items[i];
                char begin[TIME_MAX], end[TIME_MAX];

                (void) json_array_append_new(
                        array, json_pack("{s:s, s:s, s:i, s:s}", "Start", time_text(r->begin, begin), "End",
                                         time_text(r->end, end), "ExitCode", r->passed ? 0 : 1, "Output",
                                         strempty(r->text)));
        }
        return array;
}

void health_log_from_json(HealthLog *l, const HealthSpec *spec, const json_t *array) {
        const json_t *o;
        size_t i;

        json_array_foreach(array, i, o) {
                const char *text = json_string_value(json_object_get(o, "Output"));
                HealthRecord r = {
                        .begin = time_parse(json_string_value(json_object_get(o, "Start"))),
                        .end = time_parse(json_string_value(json_object_get(o, "End"))),
                        .passed = json_integer_value(json_object_get(o, "ExitCode")) == 0,
                        .text = text ? strdup(text) : NULL,
                };

                health_log_add(l, spec, &r);
        }
}

int health_log_write(const HealthLog *l, const HealthSpec *spec, const char *unit) {
        autofree char *path = NULL, *text = NULL;
        json_t *array;

        if (asprintf(&path, "%s/%s-healthcheck.log", spec->log_destination, unit) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        array = health_log_to_json(l);
        text = json_dumps(array, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        json_decref(array);
        return text ? file_replace(AT_FDCWD, path, text, strlen(text), 0600, false) : -ENOMEM;
}
