/* Names of groups of devices are those of /proc/devices: proc(5). */
#include "cgroup/device-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"

#define PROC_DEVICES_MAX (1024 * 1024)

typedef struct RuleList {
        DeviceRule *items;
        size_t n;
} RuleList;

bool device_rules_are_closed(const LimitSpec *l) {
        return l->device_policy != DEVICE_POLICY_AUTO || l->devices.n > 0;
}

static int add(RuleList *list, const DeviceRule *rule) {
        DeviceRule *grown = reallocarray(list->items, list->n + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        list->items = grown;
        list->items[list->n++] = *rule;
        return 0;
}

/* What every container's /dev has, and all terminals in /dev/pts: Documentation/admin-guide/devices.txt. */
static int add_usual(RuleList *list) {
        const dev_t nodes[] = {
                makedev(1, 3), /* null */
                makedev(1, 5), /* zero */
                makedev(1, 7), /* full */
                makedev(1, 8), /* random */
                makedev(1, 9), /* urandom */
                makedev(5, 0), /* tty */
                makedev(5, 2), /* ptmx */
        };
        DeviceRule rule = { .read = true, .write = true, .make = true };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(nodes) && r == 0; i++) {
                rule.number = nodes[i];
                r = add(list, &rule);
        }
        rule = (DeviceRule){ .number = makedev(136, 0), .any_minor = true, .read = true, .write = true };
        return r < 0 ? r : add(list, &rule);
}

/* "char-pts", "block-*": each line of /proc/devices is a number and a name, below the title of its kind. */
static int add_group(RuleList *list, const char *pattern, DeviceRule rule, char *proc_devices) {
        bool block = false;
        char *state = NULL;

        rule.any_minor = true;
        if (streq(pattern, "*")) {
                rule.any_major = true;
                return add(list, &rule);
        }

        for (char *line = strtok_r(proc_devices, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
                char name[64];
                unsigned number;
                int r;

                if (streq(line, "Character devices:") || streq(line, "Block devices:"))
                        block = line[0] == 'B';
                if (block != rule.block || sscanf(line, "%u %63s", &number, name) != 2 ||
                    fnmatch(pattern, name, 0) != 0)
                        continue;
                rule.number = makedev(number, 0);
                r = add(list, &rule);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_allowed(RuleList *list, const DeviceAllow *allow, const char *proc_devices) {
        DeviceRule rule = { .read = allow->read, .write = allow->write, .make = allow->make };
        const char *group = startswith(allow->device, "char-");
        struct stat st;

        if (!group) {
                group = startswith(allow->device, "block-");
                rule.block = group != NULL;
        }
        if (group) {
                autofree char *copy = strdup(proc_devices);

                return copy ? add_group(list, group, rule, copy) : -ENOMEM;
        }

        if (stat(allow->device, &st) < 0 || !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
                return 0;
        rule.block = S_ISBLK(st.st_mode);
        rule.number = st.st_rdev;
        return add(list, &rule);
}

int device_rules_find(const LimitSpec *l, DeviceRule **ret, size_t *ret_n) {
        autofree char *proc_devices = NULL;
        RuleList list = {};
        int r = 0;

        if (file_read(AT_FDCWD, "/proc/devices", PROC_DEVICES_MAX, &proc_devices, NULL) < 0)
                proc_devices = strdup("");
        if (!proc_devices)
                return -ENOMEM;

        if (l->device_policy != DEVICE_POLICY_STRICT)
                r = add_usual(&list);
        for (size_t i = 0; i < l->devices.n && r == 0; i++)
                r = add_allowed(&list, &l->devices.items[i], proc_devices);
        if (r < 0) {
                free(list.items);
                return r;
        }
        *ret = list.items;
        *ret_n = list.n;
        return 0;
}
