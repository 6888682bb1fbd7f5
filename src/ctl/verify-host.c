/* What a unit needs of this host and that is not there: warnings, since it may come until the unit starts. */
#include <string.h>
#include <unistd.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/verify.h"
#include "spec/pod-section.h"
#include "spec/spec-make.h"
#include "spec/unit-place.h"

/* Made while the system runs; what is missing there now says nothing. */
static bool comes_later(const char *path) {
        static const char *const roots[] = { "/run/", "/var/run/", "/tmp/", "/proc/", "/sys/" };

        for (size_t i = 0; i < ELEMENTSOF(roots); i++)
                if (startswith(path, roots[i]))
                        return true;
        return false;
}

static bool is_missing(const char *path) {
        return path[0] == '/' && !comes_later(path) && access(path, F_OK) < 0 && errno == ENOENT;
}

static void check_mounts(const MountList *list, const char *key, Diag *diag) {
        for (size_t i = 0; i < list->n; i++) {
                const MountSpec *m = &list->items[i];

                if (m->kind == MOUNT_BIND && m->source && !m->optional && is_missing(m->source))
                        diag_warning(diag, m->at, "%s=: %s does not exist on this host", key, m->source);
        }
}

static void check_environment_files(const UnitSpec *u, Diag *diag) {
        size_t i = 0;

        STRV_FOREACH (path, spec_environment_files(u)) {
                if (**path != '-' && is_missing(*path))
                        diag_warning(diag, unit_place_nth(u, "Container", "EnvironmentFile", i),
                                     "EnvironmentFile=: %s does not exist on this host", *path);
                i++;
        }
}

static void check_rootfs(const UnitSpec *u, Diag *diag) {
        autofree char *path = u->container->rootfs ? strdup(u->container->rootfs) : NULL;
        const char *option = path ? endswith(path, ":O") : NULL;

        if (option)
                path[option - path] = '\0';
        if (path && is_missing(path))
                diag_warning(diag, unit_place(u, "Container", "Rootfs"),
                             "Rootfs=: %s does not exist on this host", path);
}

static void check_devices(const DeviceList *list, Diag *diag) {
        for (size_t i = 0; i < list->n; i++)
                if (!list->items[i].optional && is_missing(list->items[i].host))
                        diag_warning(diag, list->items[i].at, "AddDevice=: %s does not exist on this host",
                                     list->items[i].host);
}

/* Where there is no SELinux its labels are left out; units are written for hosts with and without it. */
static void check_labels(const UnitSpec *u, Diag *diag) {
        static const char *const keys[] = { "SecurityLabelType", "SecurityLabelLevel" };

        if (access(SPEC_SELINUX_PRESENT, F_OK) >= 0)
                return;
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (unit_spec_is_set(u, "Container", keys[i]))
                        diag_warning(diag, unit_place(u, "Container", keys[i]),
                                     "%s= has no effect, this host has no SELinux", keys[i]);
}

void verify_host(const UnitSpec *u, Diag *diag) {
        if (unit_name_is_template(u->name))
                return;
        if (u->pod)
                check_mounts(&u->pod->volumes, "Volume", diag);
        if (!u->container)
                return;

        check_environment_files(u, diag);
        check_mounts(&u->container->volumes, "Volume", diag);
        check_mounts(&u->container->files->mounts, "Mount", diag);
        check_devices(&u->container->files->devices, diag);
        check_rootfs(u, diag);
        check_labels(u, diag);
}
