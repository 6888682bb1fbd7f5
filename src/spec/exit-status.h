/* Names of exit statuses, as systemd knows them (systemd.exec(5), "Process Exit Codes"). */
#pragma once

/** exit_status_from_name() - "0" ... "255" or a name such as "TEMPFAIL" to the number; -EINVAL. */
int exit_status_from_name(const char *name);

/** exit_status_names() - all names, ended by NULL. */
const char *const *exit_status_names(void);
