/* nsctl spec, plan: what a unit comes to, by the manager; spec --offline: as far as the files alone say it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "config/env-file.h"
#include "ctl/client.h"
#include "ctl/unit-files.h"
#include "spec/image-config.h"
#include "spec/spec-json.h"
#include "spec/spec-make.h"

#define ENV_FILE_MAX (1u * 1024 * 1024)

static int from_manager(Ctl *c, const char *method, const char *name) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        const char *text;
        size_t n;
        int r;

        if (client_open(c) < 0)
                return STATUS_FAILED;

        r = client_call(c, NULL, NULL, method, &error, &reply, "s", name);
        if (r == 0)
                r = sd_bus_message_read(reply, "s", &text);
        if (r < 0)
                return client_failure(name, r, &error);

        n = strlen(text);
        printf("%s%s", text, n > 0 && text[n - 1] == '\n' ? "" : "\n");
        return STATUS_OK;
}

/* The variables of EnvironmentFile=; a leading "-" lets a file be missing. */
static int read_environment(const UnitSpec *u, Diag *diag, char ***ret) {
        STRV_FOREACH (f, spec_environment_files(u)) {
                bool optional = **f == '-';
                autofree char *text = NULL;
                size_t size;
                int r;

                r = file_read(AT_FDCWD, *f + optional, ENV_FILE_MAX, &text, &size);
                if (r == -ENOENT && optional)
                        continue;
                if (r < 0)
                        return diag_error(diag, (Where){ .file = *f + optional }, r, "cannot be read: %s",
                                          strerror(-r));
                r = env_file_parse(ret, *f + optional, text, size, diag);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int make_spec(const ManagerConfig *config, const char *name, Diag *diag, ContainerSpec **ret) {
        autostrv char **environment = NULL;
        autoptr(UnitPath) path = NULL;
        autoptr(HostSpecifiers) host = host_specifiers_new();
        autoptr(UnitSpec) unit = NULL;
        autospecfiles SpecFiles files = {};
        ImageConfig nothing = {};
        int r;

        r = host ? unit_files_open(NULL, &path) : -ENOMEM;
        if (r == 0)
                r = unit_files_load(path, host, name, diag, &unit);
        if (r == 0 && unit->kind != UNIT_CONTAINER)
                return -EOPNOTSUPP;
        if (r == 0)
                r = read_environment(unit, diag, &environment);
        if (r < 0)
                return r;

        r = spec_files_read(unit, diag, &files);
        if (r < 0)
                return r;
        unit_spec_set_defaults(unit, config);

        const SpecSources sources = {
                .image = &nothing,
                .config = config,
                .file_environment = environment,
                .seccomp = files.seccomp,
                .sub_uids = files.sub_uids,
                .sub_gids = files.sub_gids,
        };
        return spec_make(unit, &sources, diag, ret);
}

static int offline(Ctl *c, const char *name) {
        const ManagerConfig *config = ctl_config(c);
        autofree char *text = NULL, *said = NULL;
        autoptr(ContainerSpec) spec = NULL;
        autoptr(Diag) diag = diag_new();
        SpecJsonContext context = {};
        autoidmap IdMap ids = {};
        int r;

        if (!config || !diag)
                return STATUS_FAILED;

        r = make_spec(config, name, diag, &spec);
        said = diag_to_string(diag);
        if (said)
                fputs(said, stderr);
        if (r == -EOPNOTSUPP)
                return ctl_error("%s is not a container", name);
        if (r < 0)
                return ctl_errno(r, "%s", name);

        /* Which ids the manager would take is known to it alone; any will do to read or run the result. */
        r = spec->pick_ids ? id_map_range(&ids, config->users.first_id, spec->id_count)
                           : id_map_copy(&spec->ids, &ids);
        if (r < 0)
                return ctl_errno(r, "%s", name);
        context.ids = spec->user_namespace ? &ids : NULL;
        context.root = spec->rootfs;
        r = spec_to_json(spec, &context, &text);
        if (r < 0)
                return ctl_errno(r, "%s", name);
        puts(text);
        return STATUS_OK;
}

int verb_spec(Ctl *c, char **words) {
        autofree char *name = NULL;

        if (ctl_unit_name(words[1], &name) < 0)
                return STATUS_FAILED;
        return c->options.offline ? offline(c, name) : from_manager(c, "GetSpec", name);
}

int verb_plan(Ctl *c, char **words) {
        autofree char *name = NULL;

        if (ctl_unit_name(words[1], &name) < 0)
                return STATUS_FAILED;
        return from_manager(c, "GetPlan", name);
}
