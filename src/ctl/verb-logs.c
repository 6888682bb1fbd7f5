/* nsctl logs. */
#include <limits.h>
#include <stdio.h>

#include "basic/strv.h"
#include "ctl/log-read.h"
#include "ctl/text.h"

int verb_logs(Ctl *c, char **words) {
        LogRequest q = { .follow = c->options.follow };
        autostrv char **names = NULL;
        int r;

        if (ctl_unit_names(words + 1, &names) < 0 ||
            ctl_lines(c, c->options.follow ? 10 : UINT_MAX, &q.lines) < 0)
                return STATUS_FAILED;
        if (c->options.since && text_time_parse(c->options.since, clock_now(CLOCK_REALTIME), &q.since) < 0)
                return ctl_error("--since=%s is not a time", c->options.since);
        /* All since then, unless a number is asked for, too. */
        if (c->options.since && !c->options.lines)
                q.lines = UINT_MAX;

        q.units = names;
        q.labelled = names[1] != NULL;
        r = log_read(c, &q);
        if (r == -ENODATA)
                return ctl_error("%s has written nothing yet", names[1] ? "none of the units" : names[0]);
        return r < 0 ? ctl_errno(r, "cannot read the log") : STATUS_OK;
}
