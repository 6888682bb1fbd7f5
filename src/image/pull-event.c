/* Events of a pull as lines of JSON. */
#include "image/pull-event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "image/json.h"

ENUM_DEFINE(PullEventKind, pull_event_kind, PULL_EVENT, PULL_EVENT_LIST)

int pull_event_print(const PullEvent *e) {
        autojson json_t *o =
                json_pack("{s:s, s:s, s:I, s:I}", "event", pull_event_kind_to_string(e->kind), "text",
                          e->text, "done", (json_int_t) e->done, "total", (json_int_t) e->total);
        autofree char *text = o ? json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

        return text && printf("%s\n", text) > 0 && fflush(stdout) == 0 ? 0 : -EIO;
}

int pull_event_parse(const char *line, PullEvent *ret) {
        autojson json_t *o = NULL;
        PullEventKind kind;
        int r;

        r = json_parse_object(line, strlen(line), "event", &o, NULL);
        if (r < 0)
                return -EBADMSG;
        kind = pull_event_kind_from_string(json_string_value(json_object_get(o, "event")));
        if (kind < 0)
                return -EBADMSG;

        *ret = (PullEvent){
                .kind = kind,
                .done = (uint64_t) json_integer_value(json_object_get(o, "done")),
                .total = (uint64_t) json_integer_value(json_object_get(o, "total")),
        };
        (void) snprintf(ret->text, sizeof(ret->text), "%s",
                        strempty(json_string_value(json_object_get(o, "text"))));
        return 0;
}
