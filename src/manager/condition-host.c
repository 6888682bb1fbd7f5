/* Conditions about who the host is: architecture, virtualization, names, security, the manager's own rights.
 */
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/capability.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "config/env-file.h"
#include "config/host-specifiers.h"
#include "manager/condition-internal.h"

static bool exists(const char *path) {
        return access(path, F_OK) == 0;
}

/* The first line of a small file, or nothing. */
static char *line_of(const char *path) {
        char *line;

        return file_read_line(AT_FDCWD, path, &line) < 0 ? NULL : line;
}

int condition_architecture(const char *value) {
        autoptr(HostSpecifiers) host = host_specifiers_new();

        if (!host)
                return -ENOMEM;
        /* A manager runs on no other machine than the one it was built for. */
        return streq(value, "native") || streq_null(host_specifiers_context(host)->architecture, value);
}

/* What the firmware says of a virtual machine; the first that the text begins with counts. */
static const char *vm_from_firmware(void) {
        static const char *const files[] = { "product_name", "sys_vendor", "board_vendor", "bios_vendor",
                                             "product_version" };
        static const char *const vendors[][2] = {
                { "KVM", "kvm" },
                { "OpenStack", "kvm" },
                { "KubeVirt", "kvm" },
                { "Amazon EC2", "amazon" },
                { "QEMU", "qemu" },
                { "VMware", "vmware" },
                { "VMW", "vmware" },
                { "innotek GmbH", "oracle" },
                { "VirtualBox", "oracle" },
                { "Oracle Corporation", "oracle" },
                { "Xen", "xen" },
                { "Bochs", "bochs" },
                { "Parallels", "parallels" },
                { "BHYVE", "bhyve" },
                { "Hyper-V", "microsoft" },
                { "Microsoft Corporation", "microsoft" },
                { "Apple Virtualization", "apple" },
                { "Google Compute Engine", "google" },
        };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                autofree char *path = NULL, *line = NULL;

                if (asprintf(&path, "/sys/class/dmi/id/%s", files[i]) < 0) {
                        path = NULL;
                        return NULL;
                }
                line = line_of(path);
                for (size_t v = 0; line && v < ELEMENTSOF(vendors); v++)
                        if (startswith(line, vendors[v][0]))
                                return vendors[v][1];
        }
        return NULL;
}

static const char *find_vm(void) {
        const char *vm = vm_from_firmware();

        if (!vm && exists("/proc/xen"))
                vm = "xen";
        return !vm && condition_cpu_feature("hypervisor") > 0 ? "vm-other" : vm;
}

/* What a container's own manager has left a word of; systemd as init writes it down for all others. */
static char *find_container(void) {
        char *name = line_of("/run/systemd/container");

        if (name)
                return name;
        if (exists("/run/.containerenv"))
                return strdup("podman");
        if (exists("/.dockerenv"))
                return strdup("docker");
        if (getenv("container"))
                return strdup("container-other");
        return exists("/proc/vz") && !exists("/proc/bc") ? strdup("openvz") : NULL;
}

int condition_virtualization(const char *value) {
        autofree char *container = find_container();
        const char *vm = find_vm();
        bool on;

        if (streq(value, "private-users")) {
                autofree char *map = line_of("/proc/self/uid_map");
                unsigned inside, outside, count;

                return map && sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && count != UINT32_MAX;
        }
        if (streq(value, "container"))
                return container != NULL;
        if (streq(value, "vm"))
                return vm && !container;
        if (parse_bool(value, &on) == 0)
                return on == (vm || container);
        return streq(value, container ? container : strempty(vm));
}

/* 32 hexadecimal digits, perhaps with dashes between them. */
static bool same_id(const char *a, const char *b) {
        for (;; a++, b++) {
                while (*a == '-')
                        a++;
                while (*b == '-')
                        b++;
                if (strncasecmp(a, b, 1) != 0)
                        return false;
                if (!*a)
                        return true;
        }
}

int condition_host(const char *value) {
        autoptr(HostSpecifiers) host = host_specifiers_new();
        autofree char *product = line_of("/sys/class/dmi/id/product_uuid");
        const SpecifierContext *context;

        if (!host)
                return -ENOMEM;
        context = host_specifiers_context(host);
        if ((context->machine_id && same_id(context->machine_id, value)) ||
            (context->boot_id && same_id(context->boot_id, value)) || (product && same_id(product, value)))
                return 1;
        return context->host_name && fnmatch(value, context->host_name, FNM_CASEFOLD) == 0;
}

/* FNV-1a: the same machine always falls on the same side, and machines spread evenly. */
static uint64_t add_to_hash(uint64_t hash, const char *text, size_t n) {
        for (size_t i = 0; i < n; i++)
                hash = (hash ^ (unsigned char) text[i]) * UINT64_C(0x100000001b3);
        return hash;
}

int condition_fraction(const char *value) {
        size_t word = strcspn(value, " \t"), blanks = strspn(value + word, " \t");
        const char *share = value[word] ? value + word + blanks : value;
        autofree char *id = line_of("/etc/machine-id");
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        uint32_t permyriad;
        int r;

        if (!id)
                return -ENOENT;
        r = parse_permyriad(share, &permyriad);
        if (r < 0)
                return r;

        hash = add_to_hash(hash, id, strlen(id));
        hash = add_to_hash(hash, value, share == value ? 0 : word);
        /* The low bits of this hash are its worst. */
        return (hash >> 16) % 10000 < permyriad;
}

int condition_machine_tag(const char *value) {
        autofree char *text = NULL;
        autostrv char **fields = NULL, **tags = NULL;
        size_t size;
        int r;

        r = file_read(AT_FDCWD, "/etc/machine-info", CONDITION_FILE_MAX, &text, &size);
        if (r == -ENOENT)
                return 0;
        if (r >= 0)
                r = env_file_parse(&fields, "machine-info", text, size, NULL);
        if (r >= 0)
                r = strv_split(strempty(strv_env_get(fields, "TAGS")), ":", &tags);
        if (r < 0)
                return r;
        STRV_FOREACH (tag, tags)
                if (fnmatch(value, *tag, 0) == 0)
                        return 1;
        return 0;
}

static int has_audit(void) {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

        if (fd < 0)
                return 0;
        (void) close(fd);
        return 1;
}

/* The value of an EFI variable comes behind four bytes of attributes. */
static int has_secure_boot(void) {
        autofree char *value = NULL;
        size_t size;

        return file_read(AT_FDCWD,
                         "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", 64,
                         &value, &size) >= 0 &&
               size == 5 && value[4] == 1;
}

int condition_security(const char *value) {
        static const struct {
                const char *name, *file;
        } files[] = {
                { "selinux", "/sys/fs/selinux/enforce" },
                { "smack", "/sys/fs/smackfs/load2" },
                { "tomoyo", "/sys/kernel/security/tomoyo/version" },
                { "ima", "/sys/kernel/security/ima" },
                { "tpm2", "/sys/class/tpmrm/tpmrm0" },
                { "cvm", "/dev/sev-guest" },
                { "cvm", "/dev/tdx_guest" },
                { "measured-uki",
                  "/sys/firmware/efi/efivars/StubPcrKernelImage-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f" },
        };
        autofree char *apparmor = NULL;

        if (streq(value, "apparmor")) {
                apparmor = line_of("/sys/module/apparmor/parameters/enabled");
                return apparmor && apparmor[0] == 'Y';
        }
        if (streq(value, "audit"))
                return has_audit();
        if (streq(value, "uefi-secureboot"))
                return has_secure_boot();
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (streq(files[i].name, value) && exists(files[i].file))
                        return 1;
        return 0;
}

int condition_first_boot(const char *value) {
        bool wanted;
        int r;

        r = parse_bool(value, &wanted);
        return r < 0 ? r : wanted == exists("/run/systemd/first-boot");
}

int condition_capability(const char *value) {
        int c = capability_from_name(value);

        return c < 0 ? c : prctl(PR_CAPBSET_READ, c, 0, 0, 0) > 0;
}

int condition_environment(const char *value) {
        autofree char *name = strndup(value, strcspn(value, "="));
        const char *equals = strchr(value, '='), *found;

        if (!name)
                return -ENOMEM;
        found = getenv(name);
        return found && (!equals || streq(found, equals + 1));
}
