#include <errno.h>
#include <strings.h>
#include <sys/resource.h>

#include "basic/macro.h"
#include "spec/rlimit.h"

static const char *const names[] = {
        [RLIMIT_AS] = "as",           [RLIMIT_CORE] = "core",         [RLIMIT_CPU] = "cpu",
        [RLIMIT_DATA] = "data",       [RLIMIT_FSIZE] = "fsize",       [RLIMIT_LOCKS] = "locks",
        [RLIMIT_MEMLOCK] = "memlock", [RLIMIT_MSGQUEUE] = "msgqueue", [RLIMIT_NICE] = "nice",
        [RLIMIT_NOFILE] = "nofile",   [RLIMIT_NPROC] = "nproc",       [RLIMIT_RSS] = "rss",
        [RLIMIT_RTPRIO] = "rtprio",   [RLIMIT_RTTIME] = "rttime",     [RLIMIT_SIGPENDING] = "sigpending",
        [RLIMIT_STACK] = "stack",     [RLIM_NLIMITS] = NULL,
};

int rlimit_from_name(const char *name) {
        if (strncasecmp(name, "RLIMIT_", 7) == 0)
                name += 7;
        for (int i = 0; i < (int) RLIM_NLIMITS; i++)
                if (strcasecmp(names[i], name) == 0)
                        return i;
        return -EINVAL;
}

const char *rlimit_to_name(int resource) {
        return resource >= 0 && resource < (int) RLIM_NLIMITS ? names[resource] : NULL;
}

const char *const *rlimit_names(void) {
        return names;
}
