/* Reads a few small files and uname(2) once; the manager of a system runs as root, so the user is known. */
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "config/env-file.h"
#include "config/host-specifiers.h"
#include "config/unit-scan.h"

#define OS_RELEASE_MAX (64 * 1024)

struct HostSpecifiers {
        SpecifierContext context;
        struct utsname uname;
        char *machine_id, *boot_id;
        bool has_os_release;
        char **os_release, **machine_info;
};

/* systemd's words for what uname(2) calls otherwise (systemd.unit(5), ConditionArchitecture=). */
static const char *architecture(const char *machine) {
        static const char *const pairs[][2] = {
                { "x86_64", "x86-64" },
                { "i386", "x86" },
                { "i486", "x86" },
                { "i586", "x86" },
                { "i686", "x86" },
                { "aarch64", "arm64" },
                { "aarch64_be", "arm64-be" },
                { "armv8l", "arm" },
                { "armv8b", "arm-be" },
                { "armv7l", "arm" },
                { "armv7b", "arm-be" },
                { "armv6l", "arm" },
                { "armv6b", "arm-be" },
                { "armv5tel", "arm" },
                { "ppc64le", "ppc64-le" },
                { "ppcle", "ppc-le" },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                if (streq(machine, pairs[i][0]))
                        return pairs[i][1];
        return machine; /* s390x, riscv64, loongarch64 and others bear one name everywhere */
}

static char *read_id(const char *path) {
        char *id, *to;

        if (file_read_line(AT_FDCWD, path, &id) < 0)
                return NULL;

        /* The kernel writes the boot id as a UUID; specifiers stand for bare digits. */
        to = id;
        for (const char *from = id; *from; from++)
                if (*from != '-')
                        *to++ = *from;
        *to = '\0';
        return id;
}

/* A file of assignments; false when there is none. */
static bool read_assignments(const char *path, char ***ret) {
        autofree char *text = NULL;
        size_t size;

        if (file_read(AT_FDCWD, path, OS_RELEASE_MAX, &text, &size) < 0)
                return false;
        (void) env_file_parse(ret, path, text, size, NULL);
        return true;
}

/* What a file that is there does not say is empty; without the file there is no answer. */
static const char *os_release(const HostSpecifiers *h, const char *name) {
        const char *value = strv_env_get(h->os_release, name);

        return value ? value : h->has_os_release ? "" : NULL;
}

static int read_file(const char *path, size_t max, FileStamp *ret_stamp, char **ret, size_t *ret_size) {
        /* Before it is read: what changes in between is seen as changed. */
        *ret_stamp = file_stamp_path(path);
        return file_read(AT_FDCWD, path, max, ret, ret_size);
}

HostSpecifiers *host_specifiers_new(void) {
        HostSpecifiers *h = calloc(1, sizeof(*h));
        const char *pretty;

        if (!h)
                return NULL;

        (void) uname(&h->uname);
        h->machine_id = read_id("/etc/machine-id");
        h->boot_id = read_id("/proc/sys/kernel/random/boot_id");
        h->has_os_release = read_assignments("/etc/os-release", &h->os_release) ||
                            read_assignments("/usr/lib/os-release", &h->os_release);
        (void) read_assignments("/etc/machine-info", &h->machine_info);
        pretty = strv_env_get(h->machine_info, "PRETTY_HOSTNAME");

        h->context = (SpecifierContext){
                .read_file = read_file,
                .runtime_dir = "/run",
                .state_dir = "/var/lib",
                .cache_dir = "/var/cache",
                .logs_dir = "/var/log",
                .config_dir = "/etc",
                .data_dir = "/usr/share",
                .tmp_dir = "/tmp",
                .var_tmp_dir = "/var/tmp",
                .home = "/root",
                .shell = access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh", /* as systemd for root */
                .user = "root",
                .uid = "0",
                .group = "root",
                .gid = "0",
                .host_name = h->uname.nodename,
                .pretty_host_name = pretty && *pretty ? pretty : h->uname.nodename,
                .machine_id = h->machine_id,
                .boot_id = h->boot_id,
                .kernel_release = h->uname.release,
                .architecture = architecture(h->uname.machine),
                .os_id = os_release(h, "ID"),
                .os_version_id = os_release(h, "VERSION_ID"),
                .os_variant_id = os_release(h, "VARIANT_ID"),
                .os_build_id = os_release(h, "BUILD_ID"),
                .os_image_id = os_release(h, "IMAGE_ID"),
                .os_image_version = os_release(h, "IMAGE_VERSION"),
        };
        return h;
}

void host_specifiers_free(HostSpecifiers *h) {
        if (!h)
                return;

        free(h->machine_id);
        free(h->boot_id);
        strv_free(h->os_release);
        strv_free(h->machine_info);
        free(h);
}

const SpecifierContext *host_specifiers_context(const HostSpecifiers *h) {
        return &h->context;
}
