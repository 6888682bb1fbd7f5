#include "spec/worker-line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "basic/cleanup.h"

int worker_line_print(json_t *line) {
        autofree char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);

        json_decref(line);
        if (!text || printf("%s\n", text) < 0 || fflush(stdout) != 0)
                return -EIO;
        return 0;
}

/* Objects may hold names of files in any encoding; JSON takes UTF-8. */
static json_t *text_json(const char *text) {
        json_t *j = json_string(text);
        char copy[sizeof(((Fault *) NULL)->object)];

        if (j)
                return j;
        (void) snprintf(copy, sizeof(copy), "%s", text);
        for (char *p = copy; *p; p++)
                if (*p & 0x80)
                        *p = '?';
        return json_string(copy);
}

void worker_line_fault(const Fault *f) {
        (void) worker_line_print(json_pack("{s:{s:i, s:b, s:o, s:o, s:o}}", "error", "error", f->error,
                                           "told", f->told, "step", text_json(f->step), "object",
                                           text_json(f->object), "advice", text_json(f->advice)));
}

int worker_line_done(void) {
        return worker_line_print(json_pack("{s:b}", "done", 1));
}
