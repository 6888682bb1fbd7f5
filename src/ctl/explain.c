/* Results of units in words. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "ctl/explain.h"
#include "spec/types.h"

const char *property_string(const json_t *properties, const char *name) {
        return strempty(json_string_value(json_object_get(properties, name)));
}

json_int_t property_number(const json_t *properties, const char *name) {
        const json_t *value = json_object_get(properties, name);

        return json_is_null(value) ? -1 : json_integer_value(value);
}

static const char *signal_word(int sig) {
        const char *name = signal_to_name(sig);
        const char *plain = name ? startswith(name, "SIG") : NULL;

        return plain ? plain : strempty(name);
}

char *explain_exit(int code, int status) {
        char *text = NULL;
        int n;

        switch (code) {
        case CLD_EXITED:
                n = asprintf(&text, "exited, status=%d", status);
                break;
        case CLD_KILLED:
                n = asprintf(&text, "killed, signal=%s", signal_word(status));
                break;
        case CLD_DUMPED:
                n = asprintf(&text, "dumped, signal=%s", signal_word(status));
                break;
        default:
                text = strdup("unknown");
                n = 0;
        }
        return n < 0 ? NULL : text;
}

static const char *fixed_words(UnitResult result) {
        switch (result) {
        case RESULT_SUCCESS:
                return "it ended well";
        case RESULT_TIMEOUT:
                return "it took longer than its time-out allows";
        case RESULT_WATCHDOG:
                return "its watchdog was not fed in time";
        case RESULT_OOM_KILL:
                return "the kernel killed it for want of memory; see MemoryMax=";
        case RESULT_UNHEALTHY:
                return "its health check failed";
        case RESULT_PROTOCOL:
                return "it ended before it said that it was ready";
        case RESULT_RESOURCES:
                return "what it needs could not be prepared";
        case RESULT_START_LIMIT_HIT:
                return "it was started too often in a short time; \"nsctl reset-failed\" lets it start again";
        case RESULT_EXEC_CONDITION:
                return "its condition was not met";
        case RESULT_EXIT_CODE:
        case RESULT_SIGNAL:
        case RESULT_CORE_DUMP:
        case UNIT_RESULT_N_:
        case UNIT_RESULT_INVALID_:
                break;
        }
        return NULL;
}

char *explain_end(const json_t *properties) {
        UnitResult result = unit_result_from_string(property_string(properties, "Result"));
        int code = (int) property_number(properties, "ExecMainCode");
        int status = (int) property_number(properties, "ExecMainStatus");
        const char *words = fixed_words(result);
        char *text = NULL;
        int n;

        if (words)
                return strdup(words);
        if (code == CLD_EXITED)
                n = asprintf(&text, "the main process exited with status %d", status);
        else if (code == CLD_KILLED || code == CLD_DUMPED)
                n = asprintf(&text, "the main process was killed by signal %s%s", signal_word(status),
                             code == CLD_DUMPED ? " and dumped core" : "");
        else
                n = asprintf(&text, "its result is %s", property_string(properties, "Result"));
        return n < 0 ? NULL : text;
}

char *explain_start_failure(const json_t *properties) {
        const char *failure = property_string(properties, "Failure");

        return failure[0] ? strdup(failure) : explain_end(properties);
}
