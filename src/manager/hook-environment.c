/* The environment of the commands beside a container (systemd.exec(5), "Environment Variables in Spawned
 * Processes"). */
#include <fcntl.h>
#include <systemd/sd-id128.h>

#include "basic/file.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "config/env-file.h"
#include "manager/internal.h"
#include "runtime/host-exec.h"

#define ENV_FILE_MAX (4 * 1024 * 1024)

static int add_files(const ExecSection *exec, char ***env, Fault *fault) {
        STRV_FOREACH (entry, exec->environment_files) {
                bool optional = **entry == '-';
                const char *path = *entry + optional;
                autofree char *text = NULL;
                size_t size;
                int r;

                r = file_read(AT_FDCWD, path, ENV_FILE_MAX, &text, &size);
                if (r == -ENOENT && optional)
                        continue;
                if (r >= 0)
                        r = env_file_parse(env, path, text, size, NULL);
                if (r < 0)
                        return fault_set(fault, "read EnvironmentFile", r, "%s", path);
        }
        return 0;
}

static int set(char ***env, const char *name, const char *value) {
        autofree char *assignment = NULL;

        if (asprintf(&assignment, "%s=%s", name, value) < 0)
                return -ENOMEM;
        return strv_env_set(env, assignment);
}

static int add_end(const Unit *u, char ***env) {
        const MainExit *e = &u->machine.exit;
        const char *signal_name = signal_to_name(e->status), *word;
        char status[16];
        int r;

        r = set(env, "SERVICE_RESULT", unit_result_to_string(u->machine.result));
        if (r < 0 || e->kind == EXIT_KIND_NONE || e->kind == EXIT_KIND_UNKNOWN)
                return r;

        (void) snprintf(status, sizeof(status), "%i", e->status);
        word = e->kind == EXIT_KIND_EXITED || !signal_name ? status
               : startswith(signal_name, "SIG")            ? signal_name + strlen("SIG")
                                                           : signal_name;
        r = set(env, "EXIT_CODE", exit_kind_to_string(e->kind));
        return r < 0 ? r : set(env, "EXIT_STATUS", word);
}

static int add_own(const Unit *u, char ***env) {
        char text[INVOCATION_TEXT_MAX];
        int r;

        r = set(env, "PATH", HOST_EXEC_PATH);
        if (r >= 0)
                r = set(env, "INVOCATION_ID", unit_invocation(u, text));
        if (r >= 0 && u->main) {
                (void) snprintf(text, sizeof(text), "%i", child_pid(u->main));
                r = set(env, "MAINPID", text);
        }
        STRV_FOREACH (assignment, u->monitor)
                if (r >= 0)
                        r = strv_env_set(env, *assignment);
        if (r >= 0 && (u->machine.hook == HOOK_STOP || u->machine.hook == HOOK_STOP_POST))
                r = add_end(u, env);
        return r;
}

/* "NAME", or "NAME=VALUE" for just that value. */
static void unset(char **env, const char *word) {
        char **to = env;

        STRV_FOREACH (e, env) {
                const char *rest = startswith(*e, word);

                if (rest && *rest == (strchr(word, '=') ? '\0' : '='))
                        free(*e);
                else
                        *to++ = *e;
        }
        if (to)
                *to = NULL;
}

int unit_hook_environment(const Unit *u, char ***ret, Fault *fault) {
        const ExecSection *exec = u->spec->service.exec;
        autostrv char **env = NULL;
        int r;

        r = add_own(u, &env);
        STRV_FOREACH (name, exec->pass_environment)
                if (r >= 0 && getenv(*name))
                        r = set(&env, *name, getenv(*name));
        STRV_FOREACH (assignment, exec->environment)
                if (r >= 0)
                        r = strv_env_set(&env, *assignment);
        if (r >= 0)
                r = add_files(exec, &env, fault);
        if (r < 0)
                return r;

        STRV_FOREACH (word, exec->unset_environment)
                unset(env, *word);
        *ret = take_ptr(env);
        return 0;
}
