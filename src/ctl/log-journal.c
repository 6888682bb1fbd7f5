/* Container lines from the journal. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "basic/cleanup.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "ctl/log-read.h"

/* journald takes its time. */
#define LAST_LINES_TIME (300 * USEC_PER_MSEC)

static inline void cleanup_journal_(sd_journal **j) {
        sd_journal_close(*j);
}

static int add_match(sd_journal *j, const char *field, const char *value) {
        autofree char *match = NULL;

        if (asprintf(&match, "%s=%s", field, value) < 0)
                return -ENOMEM;
        return sd_journal_add_match(j, match, 0);
}

/* (identifier and stdout) or what the manager says about the unit, or the next unit ... */
static int add_unit(sd_journal *j, const char *unit) {
        autofree char *stem = unit_name_stem(unit);
        int r;

        if (!stem)
                return -ENOMEM;

        r = add_match(j, "_TRANSPORT", "stdout");
        if (r >= 0)
                r = add_match(j, "SYSLOG_IDENTIFIER", stem);
        if (r >= 0)
                r = sd_journal_add_disjunction(j);
        if (r >= 0)
                r = add_match(j, "NSUNITS_UNIT", unit);
        if (r >= 0)
                r = sd_journal_add_disjunction(j);
        return r;
}

static int get_field(sd_journal *j, const char *field, const char **ret, size_t *ret_size) {
        size_t n = strlen(field) + 1;
        const void *data;
        size_t size;
        int r;

        r = sd_journal_get_data(j, field, &data, &size);
        if (r < 0)
                return r;
        *ret = (const char *) data + n;
        *ret_size = size - n;
        return 0;
}

static int print_entry(sd_journal *j, const LogRequest *q) {
        const char *text, *who = "";
        char label[300], date[32] = "";
        size_t n, who_size = 0;
        uint64_t usec;
        struct tm tm;
        time_t t;
        int r;

        r = get_field(j, "MESSAGE", &text, &n);
        if (r < 0) /* an entry without a message is no line */
                return r == -ENOENT ? 0 : r;
        (void) get_field(j, "SYSLOG_IDENTIFIER", &who, &who_size);
        r = sd_journal_get_realtime_usec(j, &usec);
        if (r < 0)
                return r;

        t = (time_t) (usec / USEC_PER_SEC);
        if (localtime_r(&t, &tm))
                (void) strftime(date, sizeof(date), "%b %d %H:%M:%S", &tm);
        (void) snprintf(label, sizeof(label), "%s %.*s: ", date, (int) MIN_OF(who_size, (size_t) 255), who);
        log_print_line(q, label, text, n);
        return 0;
}

/* Before the first line to print. Returns 1, or 0 when there is none. */
static int seek(sd_journal *j, const LogRequest *q) {
        int r;

        if (q->lines == UINT_MAX)
                r = q->since ? sd_journal_seek_realtime_usec(j, q->since) : sd_journal_seek_head(j);
        else
                r = sd_journal_seek_tail(j);
        if (r < 0)
                return r;

        if (q->lines == UINT_MAX)
                return sd_journal_next(j);
        if (q->lines == 0)
                return 0;
        return sd_journal_previous_skip(j, q->lines);
}

static bool too_old(sd_journal *j, const LogRequest *q) {
        uint64_t usec;

        return q->since && sd_journal_get_realtime_usec(j, &usec) >= 0 && usec < q->since;
}

/* 1 = go on, 0 = it ends: what was written last may still be on its way. */
static int wait_for_more(sd_journal *j, const LogRequest *q) {
        int r;

        if (!q->wait) {
                r = sd_journal_wait(j, UINT64_MAX);
                return r < 0 ? r : 1;
        }

        r = sd_journal_get_fd(j);
        if (r >= 0)
                r = q->wait(r, q->wait_data);
        if (r > 0)
                return sd_journal_process(j) < 0 ? -EIO : 1;
        if (r == 0)
                (void) sd_journal_wait(j, LAST_LINES_TIME);
        return r;
}

static int follow(sd_journal *j, const LogRequest *q) {
        int r, more = 1;

        for (;;) {
                while ((r = sd_journal_next(j)) > 0) {
                        r = print_entry(j, q);
                        if (r < 0)
                                return r;
                }
                if (r < 0)
                        return r;
                (void) fflush(stdout);

                if (more <= 0)
                        return more;
                more = wait_for_more(j, q);
                if (more < 0)
                        return more;
        }
}

int log_journal_read(const LogRequest *q) {
        __attribute__((cleanup(cleanup_journal_))) sd_journal *j = NULL;
        bool any = false;
        int r;

        r = sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY);
        if (r < 0)
                return r;
        STRV_FOREACH (u, q->units) {
                r = add_unit(j, *u);
                if (r < 0)
                        return r;
        }

        for (r = seek(j, q); r > 0; r = sd_journal_next(j)) {
                any = true;
                if (too_old(j, q))
                        continue;
                r = print_entry(j, q);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        if (q->follow)
                return follow(j, q);
        return any || q->lines == 0 ? 0 : -ENODATA;
}
