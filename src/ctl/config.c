/* nsunitd.conf, as nsctl needs it: where the socket and the log files are. */
#include <errno.h>
#include <stdio.h>

#include "ctl/verb.h"

const ManagerConfig *ctl_config(Ctl *c) {
        autoptr(Diag) diag = NULL;
        autofree char *text = NULL;
        int r;

        if (c->config)
                return c->config;

        diag = diag_new();
        r = diag ? manager_config_load(c->options.config, diag, &c->config) : -ENOMEM;
        text = diag ? diag_to_string(diag) : NULL;
        if (text)
                fputs(text, stderr);
        if (r < 0 && diag_count(diag) == 0)
                ctl_errno(r, "cannot read the configuration");
        return c->config;
}
