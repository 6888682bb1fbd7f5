#include "spec/types.h"
#include "spec/restart-policy.h"

ENUM_DEFINE(ServiceType, service_type, SERVICE_TYPE, SERVICE_TYPE_LIST)
ENUM_DEFINE(RestartPolicy, restart_policy, RESTART, RESTART_LIST)
ENUM_DEFINE(UnitResult, unit_result, UNIT_RESULT, UNIT_RESULT_LIST)
ENUM_DEFINE(Protocol, protocol, PROTOCOL, PROTOCOL_LIST)
ENUM_DEFINE(KillMode, kill_mode, KILL_MODE, KILL_MODE_LIST)
