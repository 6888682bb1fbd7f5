/* The words of container-words.h. */
#include "spec/container-words.h"
#include "basic/macro.h"

ENUM_DEFINE(AutoUpdate, auto_update, AUTO_UPDATE, AUTO_UPDATE_LIST)
ENUM_DEFINE(CgroupsMode, cgroups_mode, CGROUPS, CGROUPS_MODE_LIST)
ENUM_DEFINE(HealthFailure, health_failure, HEALTH_FAILURE, HEALTH_FAILURE_LIST)
ENUM_DEFINE(LogDriver, log_driver, LOG_DRIVER, LOG_DRIVER_LIST)
ENUM_DEFINE(LogPipe, log_pipe, LOG_PIPE, LOG_PIPE_LIST)
ENUM_DEFINE(NotifyMode, notify_mode, NOTIFY, NOTIFY_LIST)
ENUM_DEFINE(RemapMode, remap_mode, REMAP, REMAP_LIST)
ENUM_DEFINE(PodExitPolicy, pod_exit_policy, POD_EXIT, POD_EXIT_LIST)
ENUM_DEFINE(VolatileMode, volatile_mode, VOLATILE, VOLATILE_LIST)
ENUM_DEFINE(ResolvConfMode, resolv_conf_mode, RESOLV_CONF, RESOLV_CONF_LIST)
ENUM_DEFINE(LinkJournal, link_journal, LINK_JOURNAL, LINK_JOURNAL_LIST)
ENUM_DEFINE(EgressPolicy, egress_policy, EGRESS, EGRESS_LIST)
