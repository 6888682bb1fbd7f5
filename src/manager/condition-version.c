/* Conditions that compare versions and names: kernel, C library, os-release, command line, modules. */
#include <ctype.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "config/env-file.h"
#include "config/words.h"
#include "manager/condition-internal.h"

/* What divides the parts of a version in the order in which it sorts: "~" comes even before the end. */
static int rank(char c) {
        static const char order[] = "~\0-^.";
        const char *p = memchr(order, c, sizeof(order) - 1);

        return p ? (int) (p - order) : 5;
}

/* Bytes that neither belong to a part nor divide parts are passed over. */
static const char *skip_others(const char *s) {
        while (*s && !isalnum((unsigned char) *s) && rank(*s) == 5)
                s++;
        return s;
}

/* Both at a run of digits or of letters. */
static int compare_parts(const char **a, const char **b) {
        bool digits = isdigit((unsigned char) **a) || isdigit((unsigned char) **b);
        size_t n_a = 0, n_b = 0;
        int r;

        if (digits) {
                *a += strspn(*a, "0");
                *b += strspn(*b, "0");
        }
        while (digits ? isdigit((unsigned char) (*a)[n_a]) : isalpha((unsigned char) (*a)[n_a]))
                n_a++;
        while (digits ? isdigit((unsigned char) (*b)[n_b]) : isalpha((unsigned char) (*b)[n_b]))
                n_b++;

        if (digits && n_a != n_b)
                return n_a < n_b ? -1 : 1;
        r = memcmp(*a, *b, MIN_OF(n_a, n_b));
        if (r == 0 && n_a != n_b)
                r = n_a < n_b ? -1 : 1;
        *a += n_a;
        *b += n_b;
        return r;
}

/* The order of the version format specification that systemd follows. */
int condition_compare_versions(const char *a, const char *b) {
        for (;;) {
                int r;

                a = skip_others(a);
                b = skip_others(b);
                if (rank(*a) != rank(*b))
                        return rank(*a) < rank(*b) ? -1 : 1;
                if (!*a)
                        return 0;
                if (rank(*a) < 5) {
                        a++;
                        b++;
                        continue;
                }
                r = compare_parts(&a, &b);
                if (r != 0)
                        return r;
        }
}

static bool is_in_order(const char *found, Order order, const char *wanted) {
        switch (order) {
        case ORDER_NONE:
        case ORDER_GLOB:
                return fnmatch(wanted, found, 0) == 0;
        case ORDER_GLOB_NOT:
                return fnmatch(wanted, found, 0) != 0;
        case ORDER_EQUAL:
                return streq(found, wanted);
        case ORDER_TEXT_DIFFERS:
                return !streq(found, wanted);
        case ORDER_SAME:
                return condition_compare_versions(found, wanted) == 0;
        case ORDER_DIFFERS:
                return condition_compare_versions(found, wanted) != 0;
        case ORDER_LESS:
                return condition_compare_versions(found, wanted) < 0;
        case ORDER_LESS_EQUAL:
                return condition_compare_versions(found, wanted) <= 0;
        case ORDER_GREATER:
                return condition_compare_versions(found, wanted) > 0;
        case ORDER_GREATER_EQUAL:
                return condition_compare_versions(found, wanted) >= 0;
        }
        return false;
}

/* Expressions, all of which have to hold; an operator may stand apart from its version. */
static bool all_in_order(char *const *words, const char *found) {
        for (size_t i = 0; words && words[i]; i++) {
                const char *p = words[i];
                Order order = order_take(&p);

                if (!*p && words[i + 1])
                        p = words[++i];
                if (!is_in_order(found, order, p))
                        return false;
        }
        return true;
}

int condition_kernel_version(const char *value) {
        autostrv char **words = NULL;
        struct utsname name;
        int r;

        r = words_split_strv(value, (Where){}, WORDS_QUOTES, NULL, &words);
        if (r < 0)
                return r;
        return uname(&name) < 0 ? -errno : all_in_order(words, name.release);
}

int condition_version(const char *value) {
        autostrv char **words = NULL;
        int r;

        r = words_split_strv(value, (Where){}, WORDS_QUOTES, NULL, &words);
        if (r < 0)
                return r;
        if (words && streq(words[0], "glibc"))
                return all_in_order(words + 1, gnu_get_libc_version());
        if (words && streq(words[0], "systemd"))
                return -EOPNOTSUPP; /* only systemd itself knows, and it may not even be there */
        return condition_kernel_version(words && streq(words[0], "kernel") ? value + strcspn(value, " \t")
                                                                           : value);
}

static int read_os_release(char ***ret) {
        autofree char *text = NULL;
        size_t size;
        int r;

        r = file_read(AT_FDCWD, "/etc/os-release", CONDITION_FILE_MAX, &text, &size);
        if (r == -ENOENT)
                r = file_read(AT_FDCWD, "/usr/lib/os-release", CONDITION_FILE_MAX, &text, &size);
        return r < 0 ? r : env_file_parse(ret, "os-release", text, size, NULL);
}

int condition_os_release(const char *value) {
        autostrv char **words = NULL, **fields = NULL;
        int r;

        r = words_split_strv(value, (Where){}, WORDS_QUOTES, NULL, &words);
        if (r >= 0)
                r = read_os_release(&fields);
        if (r < 0)
                return r;

        STRV_FOREACH (w, words) {
                size_t n = strspn(*w, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
                autofree char *field = strndup(*w, n);
                const char *p = *w + n;
                Order order = order_take(&p);

                if (!field)
                        return -ENOMEM;
                if (!is_in_order(strempty(strv_env_get(fields, field)), order, p))
                        return 0;
        }
        return 1;
}

int condition_kernel_command_line(const char *value) {
        autofree char *line = NULL;
        autostrv char **words = NULL;
        int r;

        r = file_read_line(AT_FDCWD, "/proc/cmdline", &line);
        if (r >= 0)
                r = words_split_strv(line, (Where){}, WORDS_QUOTES, NULL, &words);
        if (r < 0)
                return r;

        STRV_FOREACH (w, words) {
                const char *rest = startswith(*w, value);

                if (rest && (!*rest || (*rest == '=' && !strchr(value, '='))))
                        return 1;
        }
        return 0;
}

int condition_kernel_module_loaded(const char *value) {
        autofree char *path = NULL;

        if (asprintf(&path, "/sys/module/%s", value) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        /* The kernel writes "_" for both. */
        for (char *p = path + strlen("/sys/module/"); *p; p++)
                if (*p == '-')
                        *p = '_';
        return !strchr(value, '/') && access(path, F_OK) == 0;
}
