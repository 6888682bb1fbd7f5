/* nsctl kill, freeze, thaw, reset-failed, daemon-reload, daemon-reexec: calls that return at once, or soon.
 */
#include <signal.h>

#include "basic/parse.h"
#include "basic/strv.h"
#include "ctl/client.h"

int verb_kill(Ctl *c, char **words) {
        const char *whom = c->options.kill_whom ? c->options.kill_whom : "all";
        autostrv char **names = NULL;
        int sig = SIGTERM, status = STATUS_OK;

        if (c->options.signal && parse_signal(c->options.signal, &sig) < 0)
                return ctl_error("there is no signal \"%s\"", c->options.signal);
        if (!streq(whom, "all") && !streq(whom, "main"))
                return ctl_error("--kill-whom=%s is neither main nor all", whom);
        if (client_open(c) < 0 || client_unit_names(c, words + 1, &names) < 0)
                return STATUS_FAILED;

        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = client_call(c, NULL, NULL, "KillUnit", &error, NULL, "ssi", *name, whom, sig);

                if (r < 0)
                        status = client_failure(*name, r, &error);
        }
        return status;
}

int verb_freeze(Ctl *c, char **words) {
        const char *member = streq(words[0], "freeze") ? "FreezeUnit" : "ThawUnit";
        autostrv char **names = NULL;
        int status = STATUS_OK;

        if (client_open(c) < 0 || client_unit_names(c, words + 1, &names) < 0)
                return STATUS_FAILED;

        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = client_call(c, NULL, NULL, member, &error, NULL, "s", *name);

                if (r < 0)
                        status = client_failure(*name, r, &error);
        }
        return status;
}

int verb_reset_failed(Ctl *c, char **words) {
        autoerror sd_bus_error all_error = SD_BUS_ERROR_NULL;
        autostrv char **names = NULL;
        int r, status = STATUS_OK;

        if (ctl_unit_names(words + 1, &names) < 0 || client_open(c) < 0)
                return STATUS_FAILED;

        if (!names) {
                r = client_call(c, NULL, NULL, "ResetFailed", &all_error, NULL, NULL);
                return r < 0 ? client_failure("reset-failed", r, &all_error) : STATUS_OK;
        }

        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;

                r = client_call(c, NULL, NULL, "ResetFailedUnit", &error, NULL, "s", *name);
                if (r < 0)
                        status = client_failure(*name, r, &error);
        }
        return status;
}

int verb_daemon_reload(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (client_open(c) < 0)
                return STATUS_FAILED;

        r = client_call(c, NULL, NULL, "Reload", &error, NULL, NULL);
        return r < 0 ? client_failure("daemon-reload", r, &error) : STATUS_OK;
}

int verb_daemon_reexec(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (client_open(c) < 0)
                return STATUS_FAILED;

        r = client_call(c, NULL, NULL, "Reexecute", &error, NULL, NULL);
        if (r < 0)
                return client_failure("daemon-reexec", r, &error);
        r = client_reopen(c);
        return r < 0 ? ctl_errno(r, "daemon-reexec: the manager does not come back") : STATUS_OK;
}
