/* See program-search.h. Nothing of libc. */
#include "runtime/program-search.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "basic/syscall.h"

/* Appends up to @end; false when there is no room for it and a NUL. */
static bool append(ProgramSearch *s, size_t *length, const char *text, char end) {
        for (; *text != '\0' && *text != end; text++) {
                if (*length + 1 >= sizeof(s->program))
                        return false;
                s->program[(*length)++] = *text;
        }
        s->program[*length] = '\0';
        return true;
}

static bool is_path(const char *name) {
        for (; *name != '\0'; name++)
                if (*name == '/')
                        return true;
        return false;
}

static bool keep_searching(const ProgramSearch *s, long r) {
        return (r == -ENOENT || r == -ENOTDIR || r == -EACCES) && !s->no_interpreter;
}

static const char *skip_directory(const char *at) {
        while (*at != '\0' && *at != ':')
                at++;
        return at;
}

long program_search(ProgramSearch *s, ProgramFn run, void *data) {
        const char *at = s->directories;
        long result = -ENOENT;

        s->no_interpreter = false;
        if (is_path(s->name)) {
                size_t length = 0;

                return append(s, &length, s->name, '\0') ? run(s, data) : -ENAMETOOLONG;
        }

        for (;; at++) {
                size_t length = 0;
                bool fits = append(s, &length, at, ':') && length > 0 && append(s, &length, "/", '\0') &&
                            append(s, &length, s->name, '\0');

                if (fits) {
                        long r = run(s, data);

                        if (!keep_searching(s, r))
                                return r;
                        if (r == -EACCES)
                                result = r;
                }
                at = skip_directory(at);
                if (*at == '\0')
                        return result;
        }
}

long program_run(ProgramSearch *s, const char *const *argv, char *const *environment) {
        long r = RAW(execve, s->program, argv, environment);

        if (r == -ENOENT && RAW(faccessat, AT_FDCWD, s->program, F_OK) == 0)
                s->no_interpreter = true;
        return r;
}
