/* Reads a few small files and uname(2) once; the manager of a system runs as root, so the user is known. */
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "config/env-file.h"
#include "config/host-specifiers.h"

#define OS_RELEASE_MAX (64 * 1024)

struct HostSpecifiers {
        SpecifierContext context;
        struct utsname uname;
        char *machine_id, *boot_id;
        char **os_release;
};

/* systemd's words for what uname(2) calls otherwise (systemd.unit(5), ConditionArchitecture=). */
static const char *architecture(const char *machine) {
        static const char *const pairs[][2] = {
                { "x86_64", "x86-64" },   { "i686", "x86" },    { "i386", "x86" },
                { "aarch64", "arm64" },   { "armv7l", "arm" },  { "ppc64le", "ppc64-le" },
                { "riscv64", "riscv64" }, { "s390x", "s390x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                if (streq(machine, pairs[i][0]))
                        return pairs[i][1];
        return machine;
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

static void read_os_release(HostSpecifiers *h) {
        autofree char *text = NULL;
        size_t size;

        if (file_read(AT_FDCWD, "/etc/os-release", OS_RELEASE_MAX, &text, &size) < 0 &&
            file_read(AT_FDCWD, "/usr/lib/os-release", OS_RELEASE_MAX, &text, &size) < 0)
                return;
        (void) env_file_parse(&h->os_release, "os-release", text, size, NULL);
}

HostSpecifiers *host_specifiers_new(void) {
        HostSpecifiers *h = calloc(1, sizeof(*h));

        if (!h)
                return NULL;

        (void) uname(&h->uname);
        h->machine_id = read_id("/etc/machine-id");
        h->boot_id = read_id("/proc/sys/kernel/random/boot_id");
        read_os_release(h);

        h->context = (SpecifierContext){
                .runtime_dir = "/run",
                .state_dir = "/var/lib",
                .cache_dir = "/var/cache",
                .logs_dir = "/var/log",
                .config_dir = "/etc",
                .data_dir = "/usr/share",
                .tmp_dir = "/tmp",
                .var_tmp_dir = "/var/tmp",
                .home = "/root",
                .shell = "/bin/sh",
                .user = "root",
                .uid = "0",
                .group = "root",
                .gid = "0",
                .host_name = h->uname.nodename,
                .pretty_host_name = h->uname.nodename,
                .machine_id = h->machine_id,
                .boot_id = h->boot_id,
                .kernel_release = h->uname.release,
                .architecture = architecture(h->uname.machine),
                .os_id = strv_env_get(h->os_release, "ID"),
                .os_version_id = strv_env_get(h->os_release, "VERSION_ID"),
                .os_variant_id = strempty(strv_env_get(h->os_release, "VARIANT_ID")),
                .os_build_id = strempty(strv_env_get(h->os_release, "BUILD_ID")),
                .os_image_id = strempty(strv_env_get(h->os_release, "IMAGE_ID")),
                .os_image_version = strempty(strv_env_get(h->os_release, "IMAGE_VERSION")),
        };
        return h;
}

void host_specifiers_free(HostSpecifiers *h) {
        if (!h)
                return;

        free(h->machine_id);
        free(h->boot_id);
        strv_free(h->os_release);
        free(h);
}

const SpecifierContext *host_specifiers_context(const HostSpecifiers *h) {
        return &h->context;
}
