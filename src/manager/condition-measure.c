/* Conditions that measure the host: memory, processors, controllers, pressure. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "basic/clock.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "manager/condition-internal.h"

/* A bare number is the least that is wanted. */
static bool is_in_order(uint64_t found, Order order, uint64_t wanted) {
        switch (order) {
        case ORDER_NONE:
        case ORDER_GREATER_EQUAL:
                return found >= wanted;
        case ORDER_GREATER:
                return found > wanted;
        case ORDER_LESS:
                return found < wanted;
        case ORDER_LESS_EQUAL:
                return found <= wanted;
        case ORDER_EQUAL:
        case ORDER_SAME:
                return found == wanted;
        case ORDER_DIFFERS:
        case ORDER_TEXT_DIFFERS:
                return found != wanted;
        case ORDER_GLOB:
        case ORDER_GLOB_NOT:
                break;
        }
        return false;
}

int condition_memory(const char *value) {
        struct sysinfo info = {};
        Order order = order_take(&value);
        uint64_t wanted;
        int r;

        r = parse_size(value, &wanted);
        if (r < 0)
                return r;
        if (sysinfo(&info) < 0)
                return -errno;
        return is_in_order((uint64_t) info.totalram * info.mem_unit, order, wanted);
}

int condition_cpus(const char *value) {
        Order order = order_take(&value);
        uint64_t wanted;
        cpu_set_t *set;
        size_t size;
        int r, n;

        r = parse_unsigned(value, UINT32_MAX, &wanted);
        if (r < 0)
                return r;

        set = CPU_ALLOC(8192);
        size = CPU_ALLOC_SIZE(8192);
        if (!set)
                return -ENOMEM;
        n = sched_getaffinity(0, size, set) < 0 ? -errno : CPU_COUNT_S(size, set);
        CPU_FREE(set);
        return n < 0 ? n : is_in_order((uint64_t) n, order, wanted);
}

/* The first line of flags counts for all processors. */
int condition_cpu_feature(const char *value) {
        autofree char *text = NULL;
        autostrv char **words = NULL;
        char *line, *end;
        int r;

        r = file_read(AT_FDCWD, "/proc/cpuinfo", 16 * CONDITION_FILE_MAX, &text, NULL);
        if (r < 0)
                return r;
        line = strstr(text, "\nflags");
        if (!line)
                line = strstr(text, "\nFeatures");
        if (!line)
                return 0;

        end = strchrnul(line + 1, '\n');
        *end = '\0';
        r = strv_split(line, " \t:\n", &words);
        return r < 0 ? r : strv_contains(words, value);
}

static bool is_v2(void) {
        return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
}

/* What is on: in the v2 tree its own list, in v1 the kernel's. */
static int read_controllers(char ***ret) {
        autofree char *text = NULL;
        autostrv char **lines = NULL;
        int r;

        if (is_v2()) {
                r = file_read_line(AT_FDCWD, "/sys/fs/cgroup/cgroup.controllers", &text);
                return r < 0 ? r : strv_split(text, " ", ret);
        }

        r = file_read(AT_FDCWD, "/proc/cgroups", CONDITION_FILE_MAX, &text, NULL);
        if (r >= 0)
                r = strv_split(text, "\n", &lines);
        if (r < 0)
                return r;
        STRV_FOREACH (line, lines) {
                size_t n = strcspn(*line, "\t");

                (*line)[n] = '\0';
                r = strv_add(ret, *line);
                if (r < 0)
                        return r;
        }
        return 0;
}

int condition_control_group_controller(const char *value) {
        static const char *const v1_names[][2] = { { "cpuacct", "cpu" }, { "blkio", "io" } };
        autostrv char **wanted = NULL, **found = NULL;
        int r;

        if (streq(value, "v1") || streq(value, "v2"))
                return is_v2() == streq(value, "v2");

        r = strv_split(value, " \t", &wanted);
        if (r >= 0)
                r = read_controllers(&found);
        if (r < 0)
                return r;

        STRV_FOREACH (w, wanted) {
                bool there = strv_contains(found, *w);

                for (size_t i = 0; i < ELEMENTSOF(v1_names) && !there; i++)
                        there = (streq(*w, v1_names[i][0]) && strv_contains(found, v1_names[i][1])) ||
                                (streq(*w, v1_names[i][1]) && strv_contains(found, v1_names[i][0]));
                if (!there && !(streq(*w, "devices") && is_v2()))
                        return 0;
        }
        return 1;
}

/* Where the pressure on one slice is: "a-b.slice" lies in "a.slice". */
static int slice_path(const char *slice, size_t n, const char *what, char **ret) {
        char *path = NULL;
        size_t size;
        FILE *f;

        f = open_memstream(&path, &size);
        if (!f)
                return -ENOMEM;
        fprintf(f, "%s", is_v2() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified");
        for (size_t i = 1; i < n; i++)
                if (slice[i] == '-')
                        fprintf(f, "/%.*s.slice", (int) i, slice);
        fprintf(f, "/%.*s/%s.pressure", (int) n, slice, what);
        if (fclose(f) != 0) {
                free(path);
                return -ENOMEM;
        }
        *ret = path;
        return 0;
}

/* The average that ends with @span, in 1/10000, out of "full avg10=0.12 avg60=0.00 avg300=0.00 total=0". */
static int read_pressure(const char *text, const char *line_name, usec_t span, uint32_t *ret) {
        autofree char *name = NULL, *number = NULL;
        const char *line, *p;

        if (asprintf(&name, " avg%u=", (unsigned) (span / USEC_PER_SEC)) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        line = strstr(text, line_name);
        p = line ? strstr(line, name) : NULL;
        if (!p)
                return -EIO;
        p += strlen(name);
        if (asprintf(&number, "%.*s%%", (int) strcspn(p, " \n"), p) < 0) {
                number = NULL;
                return -ENOMEM;
        }
        return parse_permyriad(number, ret);
}

/* A kernel that does not count, or a slice that is not there, is under no pressure. */
static int pressure(const char *value, const char *what, const char *line) {
        const char *colon = strrchr(value, ':'), *slash;
        autofree char *share = strdup(colon ? colon + 1 : value), *path = NULL, *text = NULL;
        usec_t span = 300 * USEC_PER_SEC;
        uint32_t limit, found = 0;
        int r;

        if (!share)
                return -ENOMEM;
        slash = strchr(share, '/');
        if (slash) {
                share[slash - share] = '\0';
                r = parse_span(slash + 1, &span);
                if (r < 0)
                        return r;
        }
        r = parse_permyriad(share, &limit);
        if (r < 0)
                return r;

        if (colon)
                r = slice_path(value, (size_t) (colon - value), what, &path);
        else
                r = asprintf(&path, "/proc/pressure/%s", what) < 0 ? (path = NULL, -ENOMEM) : 0;
        if (r < 0)
                return r;
        r = file_read(AT_FDCWD, path, CONDITION_FILE_MAX, &text, NULL);
        if (r == -ENOENT || r == -EOPNOTSUPP)
                return 1;
        if (r >= 0)
                r = read_pressure(text, line, span, &found);
        return r < 0 ? r : found <= limit;
}

int condition_memory_pressure(const char *value) {
        return pressure(value, "memory", "full");
}

int condition_cpu_pressure(const char *value) {
        return pressure(value, "cpu", "some");
}

int condition_io_pressure(const char *value) {
        return pressure(value, "io", "full");
}
