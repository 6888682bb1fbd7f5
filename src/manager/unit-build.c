/* What is built for a .build unit: its keys, and what they name on this host, as a request to a worker. */
#include <stdlib.h>

#include "basic/strv.h"
#include "manager/internal.h"
#include "manager/log-file.h"
#include "spec/build-section.h"
#include "storage/volume.h"

static int volume_name(Unit *u, const char *source, char **ret, Fault *fault) {
        MountSpec mount = { .kind = MOUNT_VOLUME };
        Unit *volume;
        int r;

        if (!endswith(source, ".volume")) {
                *ret = strdup(source);
                return *ret ? 0 : -ENOMEM;
        }
        r = manager_load_unit(u->manager, source, &volume);
        if (r >= 0 && !volume->spec)
                r = -EBADMSG;
        if (r >= 0)
                r = unit_use_volume(volume, &mount);
        if (r >= 0 && mount.kind != MOUNT_VOLUME)
                r = -EOPNOTSUPP;
        *ret = mount.source;
        return r < 0 ? fault_set(fault, "volume", r, "%s", source) : 0;
}

static int volume_source(Unit *u, unsigned i, char **ret, Fault *fault) {
        const MountSpec *mount = &u->spec->build->volumes.items[i];
        const char *store = u->manager->config->paths.store;
        autofree char *volumes = NULL, *name = NULL;
        int r;

        if (!mount->source)
                return asprintf(ret, "%s/" BUILD_VOLUME, store, i) < 0 ? -ENOMEM : 0;

        if (mount->kind != MOUNT_VOLUME) {
                *ret = strdup(mount->source);
                return *ret ? 0 : -ENOMEM;
        }
        r = volume_name(u, mount->source, &name, fault);
        if (r < 0)
                return r;
        volumes = manager_volumes_dir(u->manager);
        if (!volumes)
                return -ENOMEM;
        r = volume_make(volumes, name, (VolumeOwner){ 0, 0 });
        if (r < 0)
                return fault_set(fault, "volume", r, "%s", name);
        return asprintf(ret, "%s/%s/_data", volumes, name) < 0 ? -ENOMEM : 0;
}

static int find_volumes(Unit *u, char ***ret, Fault *fault) {
        autostrv char **sources = NULL;
        int r = 0;

        for (unsigned i = 0; i < u->spec->build->volumes.n && r == 0; i++) {
                char *source;

                r = volume_source(u, i, &source, fault);
                if (r == 0)
                        r = strv_take(&sources, source);
        }
        *ret = take_ptr(sources);
        return r;
}

/* Where WorkingDirectory= has the words of systemd, its path. */
static const char *working_directory(const UnitSpec *spec) {
        const char *directory = spec->service.exec->working_directory;

        if (!directory)
                return NULL;
        return streq(directory, "~") ? "/root" : directory + (directory[0] == '-');
}

static int make_request(Unit *u, BuildRequest **ret, Fault *fault) {
        autofree char *file = strdup(strempty(u->spec->raw->fragment));
        autostrv char **volumes = NULL, **env = NULL;
        BuildPlaces places = { .working_dir = working_directory(u->spec) };
        char *slash = file ? strrchr(file, '/') : NULL;
        int r;

        if (!file)
                return -ENOMEM;
        if (slash)
                *slash = '\0';
        places.unit_dir = file;
        r = find_volumes(u, &volumes, fault);
        if (r == 0)
                r = unit_hook_environment(u, &env, fault);
        if (r < 0)
                return r;

        places.volumes = volumes;
        places.environment = env;
        r = build_request_make(u->spec->build, &places, ret);
        if (r == 0)
                (*ret)->keep = u->manager->config->image.build_cache;
        return r;
}

int unit_build_image(Unit *u, const PullWatch *watch, PullWaiter **ret, Fault *fault) {
        autoptr(BuildRequest) request = NULL;
        int output[2] = { -EBADF, -EBADF }, r;

        r = make_request(u, &request, fault);
        if (r == 0)
                r = unit_open_log(u, output, fault);
        if (r == 0)
                r = pull_join_build(u->manager, request, output[0], watch, ret);
        cleanup_close_(&output[0]);
        cleanup_close_(&output[1]);
        return r < 0 ? fault_set(fault, "build", r, "%s", u->name) : 0;
}

void unit_build_settle(Unit *u) {
        autofree char *log = NULL;

        if (unit_name_kind(u->name) != UNIT_BUILD)
                return;
        log = log_file_path(u->manager->config->paths.logs, u->name);
        if (log)
                (void) log_file_rotate(log, u->manager->config->logs.max_size, NULL);
}
