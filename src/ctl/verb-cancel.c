/* nsctl cancel: take jobs back. */
#include <stdlib.h>

#include "basic/parse.h"
#include "ctl/client.h"

static int cancel(Ctl *c, uint32_t id) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        char what[32];
        int r;

        (void) snprintf(what, sizeof(what), "job %u", id);
        r = client_call(c, NULL, NULL, "CancelJob", &error, NULL, "u", id);
        return r < 0 ? client_failure(what, r, &error) : STATUS_OK;
}

/* One that has ended meanwhile is no failure: nobody has named it. */
static int cancel_all(Ctl *c) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        uint32_t id;
        int r;

        r = client_call(c, NULL, NULL, "ListJobs", &error, &reply, NULL);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(usssoo)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(usssoo)", &id, NULL, NULL, NULL, NULL, NULL)) > 0)
                (void) client_call(c, NULL, NULL, "CancelJob", NULL, NULL, "u", id);
        return r < 0 ? client_failure("list-jobs", r, &error) : STATUS_OK;
}

int verb_cancel(Ctl *c, char **words) {
        int status = STATUS_OK;

        if (client_open(c) < 0)
                return STATUS_FAILED;
        if (!words[1])
                return cancel_all(c);

        for (char **w = words + 1; *w; w++) {
                uint32_t id;

                if (parse_u32_range(*w, 1, UINT32_MAX, &id) < 0)
                        status = ctl_error("\"%s\" is not the number of a job, see \"nsctl list-jobs\"", *w);
                else if (cancel(c, id) != STATUS_OK)
                        status = STATUS_FAILED;
        }
        return status;
}
