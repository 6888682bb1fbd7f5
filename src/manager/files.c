/*
 * What a container has in its /etc from us: texts written when the unit is prepared, and bound into each
 * launch. Where a mount of the unit's own lies at such a place, or the key that asks for it is not there,
 * there is none.
 */
#include <fcntl.h>
#include <stdio.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "manager/internal.h"
#include "manager/names.h"

#define RESOLV_PATH     "/etc/resolv.conf"
#define RESOLV_STATIC   "/usr/lib/systemd/resolv.conf"
#define RESOLV_UPLINK   "/run/systemd/resolve/resolv.conf"
#define RESOLV_STUB     "/run/systemd/resolve/stub-resolv.conf"
#define LOCAL_TIME      "/etc/localtime"
#define ZONES_DIRECTORY "/usr/share/zoneinfo"
#define ZONE_MAX        ((size_t) 256 * 1024)

/* Where resolv.conf comes from, when we do not write it; a bound one follows changes of the host's. */
static const struct {
        const char *path;
        bool bind;
} resolv_sources[RESOLV_CONF_N_] = {
        [RESOLV_CONF_COPY_HOST] = { RESOLV_PATH, false },
        [RESOLV_CONF_REPLACE_HOST] = { RESOLV_PATH, false },
        [RESOLV_CONF_BIND_HOST] = { RESOLV_PATH, true },
        [RESOLV_CONF_COPY_STATIC] = { RESOLV_STATIC, false },
        [RESOLV_CONF_REPLACE_STATIC] = { RESOLV_STATIC, false },
        [RESOLV_CONF_BIND_STATIC] = { RESOLV_STATIC, true },
        [RESOLV_CONF_COPY_UPLINK] = { RESOLV_UPLINK, false },
        [RESOLV_CONF_REPLACE_UPLINK] = { RESOLV_UPLINK, false },
        [RESOLV_CONF_BIND_UPLINK] = { RESOLV_UPLINK, true },
        [RESOLV_CONF_COPY_STUB] = { RESOLV_STUB, false },
        [RESOLV_CONF_REPLACE_STUB] = { RESOLV_STUB, false },
        [RESOLV_CONF_BIND_STUB] = { RESOLV_STUB, true },
};

static bool wants_always(const ContainerSpec *s) {
        return true;
}

static bool wants_resolv(const ContainerSpec *s) {
        return s->resolv != RESOLV_CONF_OFF;
}

static bool wants_time_zone(const ContainerSpec *s) {
        return s->time_zone != NULL;
}

static bool wants_machine_id(const ContainerSpec *s) {
        return s->machine_id != NULL;
}

/* Links of an image at the last two lead to what others of its programs read by its own name. */
static const struct {
        const char *name, *destination;
        bool on_link;
        bool (*wanted)(const ContainerSpec *s);
} etc_files[] = {
        { "hosts", "/etc/hosts", false, wants_always },
        { "resolv.conf", RESOLV_PATH, false, wants_resolv },
        { "hostname", "/etc/hostname", false, wants_always },
        { "localtime", LOCAL_TIME, true, wants_time_zone },
        { "machine-id", "/etc/machine-id", true, wants_machine_id },
};

/* -- when prepared -- */

static int write_file(const Unit *u, const char *name, const char *text, size_t size, Fault *fault) {
        autofree char *path = unit_files_path(u, name);
        int r;

        if (!text || !path)
                return -ENOMEM;
        r = file_replace(AT_FDCWD, path, text, size, 0644, false);
        return r < 0 ? fault_set(fault, "write", r, "%s", path) : 0;
}

static int make_hosts(Unit *u, Fault *fault) {
        autofree char *text = unit_hosts_text(u);

        return write_file(u, "hosts", text, text ? strlen(text) : 0, fault);
}

static int make_resolv(Unit *u, Fault *fault) {
        const ContainerSpec *spec = u->held.spec;
        const char *source = resolv_sources[spec->resolv].path;
        autofree char *text = NULL;

        if (spec->resolv == RESOLV_CONF_OFF || resolv_sources[spec->resolv].bind)
                return 0;
        if (source) {
                int r = file_read(AT_FDCWD, source, NAMES_RESOLV_MAX, &text, NULL);

                return r < 0 ? fault_set(fault, "resolv.conf", r, "%s", source)
                             : write_file(u, "resolv.conf", text, strlen(text), fault);
        }
        text = unit_resolv_text(u);
        return write_file(u, "resolv.conf", text, text ? strlen(text) : 0, fault);
}

static int make_host_name(Unit *u, Fault *fault) {
        autofree char *text = NULL;

        if (asprintf(&text, "%s\n", u->held.spec->host_name) < 0)
                return -ENOMEM;
        return write_file(u, "hostname", text, strlen(text), fault);
}

static int make_time_zone(Unit *u, Fault *fault) {
        const char *zone = u->held.spec->time_zone;
        autofree char *data = NULL, *path = NULL;
        size_t size;
        int r;

        if (!zone)
                return 0;
        if (streq(zone, "local"))
                /* A host without this file keeps UTC. */
                path = strdup(file_exists(AT_FDCWD, LOCAL_TIME) ? LOCAL_TIME : ZONES_DIRECTORY "/UTC");
        else if (asprintf(&path, ZONES_DIRECTORY "/%s", zone) < 0)
                path = NULL;
        if (!path)
                return -ENOMEM;

        r = path_is_absolute_clean(path) ? file_read(AT_FDCWD, path, ZONE_MAX, &data, &size) : -EINVAL;
        if (r >= 0 && !startswith(data, "TZif"))
                r = -EINVAL;
        if (r < 0) {
                (void) fault_set(fault, "time zone", r, "%s", path);
                fault_advise(fault, "Timezone= takes a zone of this host, as in Europe/Berlin");
                return r;
        }
        return write_file(u, "localtime", data, size, fault);
}

static int make_machine_id(Unit *u, Fault *fault) {
        char text[40];

        if (!u->held.spec->machine_id)
                return 0;
        (void) snprintf(text, sizeof(text), "%s\n", u->held.spec->machine_id);
        return write_file(u, "machine-id", text, strlen(text), fault);
}

int unit_make_files(Unit *u, Fault *fault) {
        static int (*const makers[])(Unit *, Fault *) = {
                make_hosts, make_resolv, make_host_name, make_time_zone, make_machine_id,
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(makers); i++)
                r = makers[i](u, fault);
        return r;
}

/* -- when launched -- */

/* A mount of the unit's own at one of our files' places wins. */
static bool is_mounted_over(const Unit *u, const char *destination) {
        for (size_t i = 0; i < u->held.spec->n_mounts; i++)
                if (streq(u->held.spec->mounts[i].destination, destination))
                        return true;
        return false;
}

int unit_files_add(const Unit *u, const char *name, const char *destination, UnitFiles *files) {
        LaunchFile *f = &files->items[files->n];
        char *path = unit_files_path(u, name);

        if (!path)
                return -ENOMEM;
        files->sources[files->n++] = path;
        *f = (LaunchFile){
                .source = path,
                .destination = destination,
                /* They lie in the host's memory: nobody fills it from inside. A socket takes messages all the
                 * same. */
                .read_only = true,
        };
        return 0;
}

int unit_files_name(const Unit *u, UnitFiles *files) {
        const ContainerSpec *spec = u->held.spec;

        for (size_t i = 0; i < ELEMENTSOF(etc_files); i++) {
                int r;

                if (!etc_files[i].wanted(spec) || is_mounted_over(u, etc_files[i].destination))
                        continue;
                r = unit_files_add(u, etc_files[i].name, etc_files[i].destination, files);
                if (r < 0)
                        return r;
                files->items[files->n - 1].on_link = etc_files[i].on_link;
                if (resolv_sources[spec->resolv].bind && streq(etc_files[i].destination, RESOLV_PATH))
                        files->items[files->n - 1].source = resolv_sources[spec->resolv].path;
        }
        return 0;
}

void unit_files_clear(UnitFiles *files) {
        for (size_t i = 0; i < files->n; i++)
                free(files->sources[i]);
        files->n = 0;
}
