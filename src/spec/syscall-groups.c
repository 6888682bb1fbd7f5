#include "spec/syscall-groups.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"

static const struct {
        const char *name, *members;
} groups[] = {
#define GROUP(name, members) { "@" name, members },
#include "spec/syscall-groups.def"
#undef GROUP
};

static const char *const names_of_all[] = {
#define GROUP(name, members) "@" name,
#include "spec/syscall-groups.def"
#undef GROUP
        NULL,
};

static const char *members_of(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                if (streq(groups[i].name, name))
                        return groups[i].members;
        return NULL;
}

bool syscall_group_exists(const char *name) {
        return members_of(name) != NULL;
}

const char *const *syscall_groups(void) {
        return names_of_all;
}

int syscall_names_expand(char *const *names, char ***ret) {
        autostrv char **queue = NULL, **found = NULL;
        int r;

        /* Members that are groups go to the end. */
        r = strv_add_all(&queue, names);
        for (size_t i = 0; r == 0 && queue && queue[i]; i++) {
                autostrv char **members = NULL;
                const char *text;

                if (queue[i][0] != '@') {
                        if (!strv_contains(found, queue[i]))
                                r = strv_add(&found, queue[i]);
                        continue;
                }
                text = members_of(queue[i]);
                if (!text)
                        return -ENOENT;
                r = strv_split(text, " ", &members);
                if (r == 0)
                        r = strv_add_all(&queue, members);
        }
        if (r < 0)
                return r;
        *ret = take_ptr(found);
        return 0;
}
