/* Key types of timers: OnCalendar=, OnBootSec= and their like; and the offsets of clocks. */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

int key_calendars_parse(const KeyInput *in, void *field) {
        static const char *const words[] = { "minutely", "hourly",    "daily",        "weekly", "monthly",
                                             "yearly",   "quarterly", "semiannually", NULL };
        autofree char *text = NULL;
        Calendar c, *item;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        r = calendar_parse(text, &c);
        if (r == -EINVAL) {
                (void) diag_error(in->diag, at, r, "%s=: \"%s\" is not a time of the calendar", in->key,
                                  text);
                diag_hint(in->diag, "as in \"Mon..Fri 06:00\" or \"daily\"; systemd.time(7)");
                diag_did_you_mean(in->diag, text, words);
        }
        if (r < 0)
                return r;

        item = LIST_ADD((CalendarList *) field);
        if (!item) {
                calendar_clear(&c);
                return -ENOMEM;
        }
        *item = c;
        return 0;
}

char *key_calendars_format(const void *field) {
        const CalendarList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++)
                r = strv_take(&words, calendar_format(&list->items[i]));
        return key_join_take(words, r);
}

void key_calendars_clear(void *field) {
        CalendarList *list = field;

        for (size_t i = 0; i < list->n; i++)
                calendar_clear(&list->items[i]);
        free(list->items);
        *list = (CalendarList){};
}

int key_spans_parse(const KeyInput *in, void *field) {
        usec_t t, *item;
        int r;

        r = key_span_parse(in, &t);
        if (r < 0)
                return r;

        item = LIST_ADD((SpanList *) field);
        if (!item)
                return -ENOMEM;
        *item = t;
        return 0;
}

char *key_spans_format(const void *field) {
        const SpanList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++)
                r = strv_take(&words, format_span(list->items[i]));
        return key_join_take(words, r);
}

void key_spans_clear(void *field) {
        SpanList *list = field;

        free(list->items);
        *list = (SpanList){};
}

/* A time span with a sign before it. */
int key_offset_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        bool sign;
        usec_t t;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        sign = *text == '-' || *text == '+';
        r = parse_span(text + sign, &t);
        if (r == 0 && t > INT64_MAX)
                r = -ERANGE;
        if (r < 0)
                return key_bad_form(in, text, at, r, key_type_offset.syntax);

        *(int64_t *) field = *text == '-' ? -(int64_t) t : (int64_t) t;
        return 0;
}

char *key_offset_format(const void *field) {
        int64_t offset = *(const int64_t *) field;
        autofree char *span = NULL;
        char *text;

        span = format_span((usec_t) (offset < 0 ? -offset : offset));
        if (!span || offset >= 0)
                return take_ptr(span);
        return asprintf(&text, "-%s", span) < 0 ? NULL : text;
}

void key_offset_clear(void *field) {
        *(int64_t *) field = 0;
}
