/* What the lines of a worker say. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "basic/strv.h"
#include "image/json.h"
#include "image/worker.h"

static void fault_text(const json_t *j, const char *key, char *to, size_t size) {
        (void) snprintf(to, size, "%s", strempty(json_string_value(json_object_get(j, key))));
}

static int failure_parse(const json_t *error, Fault *ret) {
        json_int_t number = json_integer_value(json_object_get(error, "error"));

        if (number >= 0 || number < -4095)
                return -EBADMSG;
        *ret = (Fault){ .error = (int) number, .told = json_is_true(json_object_get(error, "told")) };
        fault_text(error, "step", ret->step, sizeof(ret->step));
        fault_text(error, "object", ret->object, sizeof(ret->object));
        fault_text(error, "advice", ret->advice, sizeof(ret->advice));
        return WORKER_FAILED;
}

int image_worker_parse(const char *line, char **ret_id, Fault *ret_fault) {
        autojson json_t *j = NULL;
        int r;

        *ret_id = NULL;
        r = json_parse_object(line, strlen(line), "worker", &j, NULL);
        if (r < 0)
                return r;

        if (json_is_object(json_object_get(j, "progress")) || json_object_get(j, "event"))
                return WORKER_PROGRESS;
        if (json_is_object(json_object_get(j, "error")))
                return failure_parse(json_object_get(j, "error"), ret_fault);
        if (json_is_true(json_object_get(j, "done")))
                return WORKER_DONE;
        if (!json_is_string(json_object_get(j, "id")))
                return -EBADMSG;
        r = json_copy_string(json_object_get(j, "id"), ret_id);
        return r < 0 ? r : WORKER_DONE;
}
