/* Which cgroup v2 controllers this host has. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/controllers.h"

int controllers_read(char ***ret) {
        /* Where systemd mounts it, alone or beside the controllers of cgroup v1. */
        static const char *const places[] = { "/sys/fs/cgroup/cgroup.controllers",
                                              "/sys/fs/cgroup/unified/cgroup.controllers" };

        *ret = NULL;
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                autofree char *line = NULL;
                int r;

                r = file_read_line(AT_FDCWD, places[i], &line);
                if (r < 0)
                        continue;
                r = strv_split(line, " ", ret);
                if (r == 0 && !*ret) /* none at all is an answer */
                        *ret = calloc(1, sizeof(char *));
                return r < 0 || !*ret ? -ENOMEM : 0;
        }
        return 0;
}
