/* The person's editor. */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "basic/strv.h"
#include "config/words.h"
#include "ctl/editor.h"

extern char **environ;

static int run(char *const *words, const char *path) {
        autostrv char **argv = NULL;
        int r, status;
        pid_t pid;

        r = strv_copy(words, &argv);
        if (r == 0)
                r = strv_add(&argv, path);
        if (r < 0)
                return r;

        r = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
        if (r != 0)
                return -r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPIPE;
}

int editor_run(const char *path) {
        static const char *const variables[] = { "NSUNITS_EDITOR", "SYSTEMD_EDITOR", "EDITOR", "VISUAL" };
        static const char *const usual[] = { "editor", "nano", "vi" };

        for (size_t i = 0; i < ELEMENTSOF(variables); i++) {
                const char *value = getenv(variables[i]);
                autostrv char **words = NULL;

                if (!value || words_split_strv(value, (Where){}, WORDS_QUOTES, NULL, &words) < 0 || !words)
                        continue;
                return run(words, path);
        }

        for (size_t i = 0; i < ELEMENTSOF(usual); i++) {
                char *words[] = { (char *) usual[i], NULL };
                int r = run(words, path);

                if (r != -ENOENT)
                        return r;
        }
        return -ENOENT;
}
