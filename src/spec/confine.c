#include "spec/confine.h"

#include <stddef.h>
#include <string.h>

#include "basic/macro.h"

/* namespaces(7), ipc_namespaces(7), sysctl documentation of the kernel. */
static const char *const own_sysctls[] = {
        "kernel/domainname", "kernel/hostname", "kernel/msgmax", "kernel/msgmnb",          "kernel/msgmni",
        "kernel/sem",        "kernel/shmall",   "kernel/shmmax", "kernel/shm_rmid_forced", "kernel/shmmni",
};

bool confine_sysctl_is_own(const char *path, bool own_network) {
        if (strstr(path, ".."))
                return false;
        if (startswith(path, "net/"))
                return own_network;
        if (startswith(path, "fs/mqueue/"))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(own_sysctls); i++)
                if (streq(path, own_sysctls[i]))
                        return true;
        return false;
}
