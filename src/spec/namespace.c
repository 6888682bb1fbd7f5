#include "spec/namespace.h"

#include <sched.h>

#include "basic/macro.h"

/* Since Linux 5.6; glibc 2.36 has no name for it. */
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

ENUM_DEFINE(Space, space, SPACE, SPACE_LIST)
ENUM_DEFINE(NamespaceMode, namespace_mode, NAMESPACE, NAMESPACE_LIST)

unsigned long space_flag(Space space) {
        static const unsigned long flags[SPACE_N_] = {
                [SPACE_PID] = CLONE_NEWPID,   [SPACE_IPC] = CLONE_NEWIPC,
                [SPACE_UTS] = CLONE_NEWUTS,   [SPACE_CGROUP] = CLONE_NEWCGROUP,
                [SPACE_TIME] = CLONE_NEWTIME, [SPACE_NETWORK] = CLONE_NEWNET,
                [SPACE_USER] = CLONE_NEWUSER,
        };

        return flags[space];
}
