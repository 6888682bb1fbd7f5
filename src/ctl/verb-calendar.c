/* nsctl calendar: what an expression of OnCalendar= means, and when it comes. Needs no manager. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "basic/calendar.h"
#include "basic/parse.h"
#include "ctl/client.h"
#include "ctl/table.h"
#include "ctl/text.h"

#define ITERATIONS_MAX 100000

typedef struct Window {
        usec_t now, base;
        uint32_t n;
} Window;

static int read_window(const Ctl *c, Window *ret) {
        *ret = (Window){ .now = clock_now(CLOCK_REALTIME), .n = 1 };
        ret->base = ret->now;

        if (c->options.base_time && text_time_parse(c->options.base_time, ret->now, &ret->base) < 0)
                return ctl_error("--base-time: \"%s\" is not a time, as in \"2025-01-31 10:00\"",
                                 c->options.base_time);
        if (c->options.iterations && parse_u32_range(c->options.iterations, 1, ITERATIONS_MAX, &ret->n) < 0)
                return ctl_error("--iterations: \"%s\" is not a number from 1 to %d", c->options.iterations,
                                 ITERATIONS_MAX);
        return STATUS_OK;
}

/* "in 5min 3s", or when it was. */
static void print_distance(usec_t t, usec_t now) {
        char buf[TEXT_MAX];

        if (t > now)
                printf("       From now: in %s\n", text_span_rough(t - now, buf));
        else
                printf("       From now: %s\n", text_ago(t, now, buf));
}

static void print_time(usec_t t, uint32_t i, usec_t now) {
        char title[32], when[TEXT_MAX];

        (void) snprintf(title, sizeof(title), i == 0 ? "Next elapse" : "Iteration #%u", i + 1);
        printf("%15s: %s\n", title, text_timestamp(t, when));
        print_distance(t, now);
}

static int print_all(const Calendar *c, const char *text, const Window *w, bool as_json, json_t *times) {
        usec_t t = w->base;
        uint32_t i;
        int r = 0;

        for (i = 0; i < w->n && (r = calendar_next(c, t, &t)) == 0; i++)
                if (as_json)
                        (void) json_array_append_new(times, json_integer((json_int_t) t));
                else
                        print_time(t, i, w->now);

        if (r == -ENXIO)
                return ctl_error("%s: this host does not know the time zone", text);
        if (r < 0 && r != -ENOENT)
                return ctl_errno(r, "%s", text);
        if (i == 0 && !as_json)
                printf("    Next elapse: never\n");
        return STATUS_OK;
}

static int show(const Ctl *c, const char *text, const Window *w, json_t *rows) {
        autofree char *normal = NULL;
        json_t *times = NULL;
        Calendar calendar;
        int r;

        r = calendar_parse(text, &calendar);
        if (r == -EINVAL)
                return ctl_error(
                        "\"%s\" is not a time of the calendar, as in \"Mon..Fri 06:00\" or \"daily\"", text);
        normal = r < 0 ? NULL : calendar_format(&calendar);
        if (!normal)
                return ctl_errno(-ENOMEM, "%s", text);

        if (c->options.json) {
                times = json_array();
                (void) json_array_append_new(rows, json_pack("{s:s, s:s, s:o}", "expression", text,
                                                             "normalized", normal, "elapses", times));
        } else
                printf("Normalized form: %s\n", normal);
        r = print_all(&calendar, text, w, c->options.json, times);
        calendar_clear(&calendar);
        return r;
}

int verb_calendar(Ctl *c, char **words) {
        autojson json_t *rows = json_array();
        int status = STATUS_OK;
        Window w;

        if (read_window(c, &w) != STATUS_OK)
                return STATUS_FAILED;

        for (char **word = words + 1; *word; word++) {
                if (word > words + 1 && !c->options.json)
                        putchar('\n');
                if (show(c, *word, &w, rows) != STATUS_OK)
                        status = STATUS_FAILED;
        }
        return c->options.json && status == STATUS_OK ? json_print(rows) : status;
}
