#include "spec/confine.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"

/* namespaces(7), ipc_namespaces(7), sysctl documentation of the kernel. */
static const char *const uts_sysctls[] = { "kernel/domainname", "kernel/hostname" };
static const char *const ipc_sysctls[] = {
        "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni",          "kernel/sem",
        "kernel/shmall", "kernel/shmmax", "kernel/shm_rmid_forced", "kernel/shmmni",
};

static bool is_one_of(const char *path, const char *const *list, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (streq(path, list[i]))
                        return true;
        return false;
}

bool confine_sysctl_is_own(const char *path, bool network, bool ipc, bool uts) {
        if (strstr(path, ".."))
                return false;
        if (startswith(path, "net/"))
                return network;
        if (startswith(path, "fs/mqueue/"))
                return ipc;
        return (ipc && is_one_of(path, ipc_sysctls, ELEMENTSOF(ipc_sysctls))) ||
               (uts && is_one_of(path, uts_sysctls, ELEMENTSOF(uts_sysctls)));
}

/* What most containers have, and all of them share. */
#define PATH_(path) (char *) path,
static char *usual_masked[] = { MASKED_PATH_LIST(PATH_) NULL };
static char *usual_protected[] = { PROTECTED_PATH_LIST(PATH_) NULL };

static bool is_unmasked(const char *path, char *const *patterns) {
        STRV_FOREACH (pattern, patterns)
                if (fnmatch(*pattern, path, FNM_PATHNAME) == 0)
                        return true;
        return false;
}

static int add_usual(char *const *paths, char *const *unmask, char ***to) {
        int r = 0;

        STRV_FOREACH (path, paths)
                if (!is_unmasked(*path, unmask) && r == 0)
                        r = strv_add(to, *path);
        return r;
}

int confine_paths_make(bool usual, char *const *unmask, char *const *mask, char ***ret_masked,
                       char ***ret_protected) {
        autostrv char **masked = NULL, **protected = NULL;
        int r = 0;

        if (usual && !unmask && !mask) {
                *ret_masked = usual_masked;
                *ret_protected = usual_protected;
                return 0;
        }
        if (usual)
                r = add_usual(usual_masked, unmask, &masked);
        if (usual && r == 0)
                r = add_usual(usual_protected, unmask, &protected);
        if (r == 0)
                r = strv_add_all(&masked, mask);
        if (r < 0)
                return r;

        *ret_masked = take_ptr(masked);
        *ret_protected = take_ptr(protected);
        return 0;
}

void confine_paths_free(char **paths) {
        if (paths != usual_masked && paths != usual_protected)
                strv_free(paths);
}
