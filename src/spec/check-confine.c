/* Does what a container is confined by make sense: filters, devices, labels, groups? */
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/seccomp-profile.h"
#include "spec/spec-make.h"
#include "spec/syscall-groups.h"
#include "spec/unit-check.h"
#include "spec/unit-place.h"

static int check_call_groups(const UnitSpec *u, Diag *diag) {
        const SystemCallChoice *c = &u->container->confine->system_calls;
        char *const *lists[] = { c->allow, c->deny };
        int bad = 0;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                STRV_FOREACH (name, lists[i]) {
                        if (**name != '@' || syscall_group_exists(*name))
                                continue;
                        bad = diag_error(diag, unit_place(u, "Container", "SystemCallFilter"), -EINVAL,
                                         "SystemCallFilter=: \"%s\" is not a group of system calls", *name);
                        diag_did_you_mean(diag, *name, syscall_groups());
                }
        return bad;
}

/* A file that is not there yet may be there at the start. */
static int check_profile(const UnitSpec *u, Diag *diag) {
        const char *path = u->container->confine->seccomp.path;
        autoptr(SeccompProfile) profile = NULL;
        autospecfiles SpecFiles files = {};
        autoptr(Diag) unread = diag_new();

        if (!path)
                return 0;
        if (!unread)
                return -ENOMEM;
        if (spec_files_read(u, unread, &files) < 0) {
                diag_warning(diag, unit_place(u, "Container", "SeccompProfile"),
                             "SeccompProfile=: %s cannot be read now", path);
                return 0;
        }
        return seccomp_profile_parse(files.seccomp, path, UINT64_MAX, diag, &profile);
}

/* The file systems that the launch mounts below /dev. */
static bool is_covered(const char *path) {
        static const char *const places[] = { "/dev/mqueue", "/dev/pts", "/dev/shm", "/dev/.nsunits" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                const char *rest = startswith(path, places[i]);

                if (rest && (*rest == '\0' || *rest == '/'))
                        return true;
        }
        return false;
}

static int check_devices(const UnitSpec *u, Diag *diag) {
        const DeviceList *list = &u->container->files->devices;
        int bad = 0;

        for (size_t i = 0; i < list->n; i++) {
                const DeviceSpec *d = &list->items[i];

                if (!d->container) {
                        bad = diag_error(diag, d->at, -EINVAL, "AddDevice=%s is not supported yet", d->host);
                        diag_hint(diag, "name the device files that it stands for");
                        continue;
                }
                if (startswith(d->container, "/dev/") && !is_covered(d->container))
                        continue;
                bad = diag_error(diag, d->at, -EINVAL,
                                 "AddDevice=: %s is no place for a device in a container", d->container);
                diag_hint(diag, "device files work below /dev alone, and not in /dev/shm, pts or mqueue");
        }
        return bad;
}

static void check_groups(const UnitSpec *u, Diag *diag) {
        if (!strv_contains(u->container->groups, "keep-groups"))
                return;
        diag_warning(diag, unit_place(u, "Container", "GroupAdd"), "GroupAdd=keep-groups does nothing here");
        diag_hint(diag, "the manager is in no groups of a user");
}

static void check_labels(const UnitSpec *u, Diag *diag) {
        static const char *const keys[] = { "SecurityLabelLevel", "SecurityLabelType" };

        for (size_t i = 0; i < ELEMENTSOF(keys) && u->container->confine->security_label_disable; i++)
                if (unit_spec_is_set(u, "Container", keys[i]))
                        diag_warning(diag, unit_place(u, "Container", keys[i]),
                                     "%s= does nothing with SecurityLabelDisable=yes", keys[i]);
}

static int check_resolver(const UnitSpec *u, Diag *diag) {
        const ContainerSection *c = u->container;
        const NetworkKeys *k = &c->network;
        const Where at = unit_place(u, "Container", "ResolvConf");

        if (c->resolv_conf == RESOLV_CONF_DELETE) {
                (void) diag_error(diag, at, -EINVAL, "ResolvConf=delete is not supported");
                diag_hint(diag, "off leaves the file as the image has it");
                return -EINVAL;
        }
        if (c->resolv_conf > RESOLV_CONF_AUTO &&
            (k->more->dns.n > 0 || k->more->dns_options || k->more->dns_search))
                diag_warning(diag, at, "ResolvConf=%s leaves DNS=, DNSOption= and DNSSearch= without effect",
                             resolv_conf_mode_to_string(c->resolv_conf));
        return 0;
}

int check_confinement(const UnitSpec *u, Diag *diag) {
        int (*const checks[])(const UnitSpec *, Diag *) = { check_call_groups, check_profile, check_devices,
                                                            check_resolver };
        int bad = 0;

        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                int r = checks[i](u, diag);

                bad = r < 0 ? r : bad;
        }
        check_groups(u, diag);
        check_labels(u, diag);
        return bad;
}
