/* Which conditions of a unit are not met; and those about paths, by stat(2) and glob(3). */
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "manager/condition-internal.h"
#include "manager/condition.h"

static int path_exists(const char *path) {
        return access(path, F_OK) == 0;
}

static int path_exists_glob(const char *pattern) {
        glob_t found = {};
        int r;

        r = glob(pattern, GLOB_NOSORT, NULL, &found);
        globfree(&found);
        if (r == GLOB_NOSPACE)
                return -ENOMEM;
        return r == 0;
}

static bool has_type(const char *path, mode_t type) {
        struct stat st;

        return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

static int path_is_directory(const char *path) {
        return has_type(path, S_IFDIR);
}

static int path_is_socket(const char *path) {
        return has_type(path, S_IFSOCK);
}

static int path_is_symbolic_link(const char *path) {
        struct stat st;

        return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static int path_is_mount_point(const char *path) {
        struct statx stx;

        if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE, &stx) < 0)
                return 0;
        return (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

static int path_is_read_write(const char *path) {
        struct statvfs fs;

        return statvfs(path, &fs) == 0 && !(fs.f_flag & ST_RDONLY);
}

static int directory_not_empty(const char *path) {
        const struct dirent *entry;
        int n = 0;
        DIR *d;

        d = opendir(path);
        if (!d)
                return 0;
        while (n == 0 && (entry = readdir(d)))
                n = !streq(entry->d_name, ".") && !streq(entry->d_name, "..");
        (void) closedir(d);
        return n;
}

static int file_not_empty(const char *path) {
        struct stat st;

        return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

static int file_is_executable(const char *path) {
        struct stat st;

        return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

/* NULL: the key has no effect (conditions.def), and never stands in the way. */
static const ConditionTest tests[CONDITION_N_] = {
        [CONDITION_ARCHITECTURE] = condition_architecture,
        [CONDITION_CPU_FEATURE] = condition_cpu_feature,
        [CONDITION_CPU_PRESSURE] = condition_cpu_pressure,
        [CONDITION_CPUS] = condition_cpus,
        [CONDITION_CAPABILITY] = condition_capability,
        [CONDITION_CONTROL_GROUP_CONTROLLER] = condition_control_group_controller,
        [CONDITION_DIRECTORY_NOT_EMPTY] = directory_not_empty,
        [CONDITION_ENVIRONMENT] = condition_environment,
        [CONDITION_FILE_IS_EXECUTABLE] = file_is_executable,
        [CONDITION_FILE_NOT_EMPTY] = file_not_empty,
        [CONDITION_FIRST_BOOT] = condition_first_boot,
        [CONDITION_FRACTION] = condition_fraction,
        [CONDITION_HOST] = condition_host,
        [CONDITION_IO_PRESSURE] = condition_io_pressure,
        [CONDITION_KERNEL_COMMAND_LINE] = condition_kernel_command_line,
        [CONDITION_KERNEL_MODULE_LOADED] = condition_kernel_module_loaded,
        [CONDITION_KERNEL_VERSION] = condition_kernel_version,
        [CONDITION_MACHINE_TAG] = condition_machine_tag,
        [CONDITION_MEMORY] = condition_memory,
        [CONDITION_MEMORY_PRESSURE] = condition_memory_pressure,
        [CONDITION_OS_RELEASE] = condition_os_release,
        [CONDITION_PATH_EXISTS] = path_exists,
        [CONDITION_PATH_EXISTS_GLOB] = path_exists_glob,
        [CONDITION_PATH_IS_DIRECTORY] = path_is_directory,
        [CONDITION_PATH_IS_MOUNT_POINT] = path_is_mount_point,
        [CONDITION_PATH_IS_READ_WRITE] = path_is_read_write,
        [CONDITION_PATH_IS_SOCKET] = path_is_socket,
        [CONDITION_PATH_IS_SYMBOLIC_LINK] = path_is_symbolic_link,
        [CONDITION_SECURITY] = condition_security,
        [CONDITION_VERSION] = condition_version,
        [CONDITION_VIRTUALIZATION] = condition_virtualization,
};

int condition_test(const Condition *c) {
        int r;

        if (!tests[c->type])
                return -EOPNOTSUPP;
        r = tests[c->type](c->value);
        return r < 0 ? r : (r > 0) != c->negate;
}

/* All lists of one kind: the first that is not met, or the first of those with "|" when none of these is. */
static int test_lists(const ConditionList lists[CONDITION_N_], const Condition **ret) {
        const Condition *trigger = NULL;
        bool triggered = false;

        *ret = NULL;
        for (ConditionType t = 0; t < CONDITION_N_; t++)
                for (const Condition *c = tests[t] ? lists[t].first : NULL; c; c = c->next) {
                        int r = condition_test(c);

                        if (r == -ENOMEM)
                                return r;
                        if (c->trigger) {
                                trigger = trigger ? trigger : c;
                                triggered = triggered || r > 0;
                        } else if (r <= 0) {
                                *ret = c;
                                return 0;
                        }
                }

        *ret = triggered ? NULL : trigger;
        return 0;
}

int condition_test_all(const UnitSection *u, ConditionOutcome *ret) {
        const Condition *unmet;
        int r;

        /* As in systemd: a condition that skips the start also spares it the asserts. */
        r = test_lists(u->conditions->lists, &unmet);
        if (r < 0)
                return r;
        if (unmet) {
                *ret = (ConditionOutcome){ CONDITION_UNMET, unmet };
                return 0;
        }

        r = test_lists(u->asserts->lists, &unmet);
        if (r < 0)
                return r;
        *ret = (ConditionOutcome){ unmet ? ASSERT_UNMET : CONDITION_MET, unmet };
        return 0;
}
