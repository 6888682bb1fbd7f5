/*
 * What systemd's generator does at boot, where there is no systemd: start what [Install] says is started with
 * the host. Targets are not told apart: a host without systemd has none.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "manager/internal.h"
#include "runtime/exit-store.h"

/* What another unit of ours wants is started along with that one. */
static bool host_wants(char *const *names) {
        STRV_FOREACH (name, names)
                if (unit_name_kind(*name) < 0)
                        return true;
        return false;
}

static bool is_wanted(const Unit *u) {
        const InstallSection *install = u->spec ? &u->spec->install : NULL;

        return install && (host_wants(install->wanted_by) || host_wants(install->required_by) ||
                           host_wants(install->upheld_by));
}

/* An alias is its unit, a template its default instance; *ret is NULL for a template without one. */
static int resolve(Manager *m, const char *name, char **ret) {
        *ret = NULL;
        if (unit_name_is_template(name)) {
                (void) unit_path_default_instance(m->path, name, host_specifiers_context(m->specifiers), NULL,
                                                  ret);
                return 0;
        }
        return manager_real_name(m, name, ret);
}

static int find_wanted(Manager *m, char ***ret) {
        autostrv char **names = NULL, **wanted = NULL;
        int r;

        r = unit_path_list(m->path, &names);
        if (r < 0)
                return r;

        STRV_FOREACH (name, names) {
                autofree char *real = NULL;
                Unit *u;

                if (resolve(m, *name, &real) < 0 || !real)
                        continue;
                /* Whatever is a file of its own comes by its own name. */
                if (!streq(real, *name) && (strv_contains(names, real) || strv_contains(wanted, real)))
                        continue;
                if (manager_load_unit(m, real, &u) < 0 || !is_wanted(u))
                        continue;
                r = strv_add(&wanted, u->name);
                if (r < 0)
                        return r;
        }
        *ret = take_ptr(wanted);
        return 0;
}

/* One transaction, which can leave out a unit that closes a cycle; one that cannot be started at all is not
 * to keep the others from it. */
static int start_wanted(Manager *m, char *const *names) {
        autofree uint32_t *ids = NULL;
        Fault fault = {};
        int r;

        r = manager_enqueue(m, names, JOB_START, JOB_MODE_REPLACE, &ids, &fault);
        if (r >= 0 || r == -ENOMEM)
                return r;

        STRV_FOREACH (name, names) {
                autofree char *text = NULL;

                fault = (Fault){};
                r = manager_enqueue_one(m, *name, JOB_START, JOB_MODE_REPLACE, &fault);
                if (r >= 0)
                        continue;
                text = fault.error < 0 ? fault_to_string(&fault) : NULL;
                log_message(LOG_ERR, *name, "not started with the host: %s", text ? text : strerror(-r));
        }
        return 0;
}

/* "BOOT-ID TIME-OF-PID-1": a container that is started again has the boot id of before, and may have its
 * /run.
 */
static int read_boot(const Manager *m, char **ret_path, char **ret_text) {
        uint64_t first = 0;

        (void) process_start_time(1, &first);
        if (asprintf(ret_path, "%s/autostart", m->config->paths.run) < 0) {
                *ret_path = NULL;
                return -ENOMEM;
        }
        if (asprintf(ret_text, "%s %" PRIu64, m->boot_id, first) < 0) {
                *ret_text = NULL;
                return -ENOMEM;
        }
        return 0;
}

int manager_autostart(Manager *m) {
        autofree char *path = NULL, *boot = NULL, *done = NULL;
        autostrv char **names = NULL;
        int r;

        r = read_boot(m, &path, &boot);
        if (r < 0)
                return r;
        if (file_read_line(AT_FDCWD, path, &done) >= 0 && streq(done, boot))
                return 0;

        r = find_wanted(m, &names);
        if (r >= 0 && names)
                r = start_wanted(m, names);
        if (r < 0)
                return r;
        /* The jobs are written down by now: who is killed here has them done by the next one. */
        return file_replace(AT_FDCWD, path, boot, strlen(boot), 0644, false);
}
