/*
 * Children of ours that nobody follows: when the manager executes itself anew, workers and programs that
 * `nsctl exec` has started go on, and would stay as zombies when they end.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "basic/file.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "manager/internal.h"
#include "manager/log-reader.h"

#define LIST_MAX (1024 * 1024)

static void on_stray_exit(Child *child, const ChildExit *how, void *data) {
        Stray *s = data, **at = &s->manager->strays;

        while (*at != s)
                at = &(*at)->next;
        *at = s->next;
        manager_schedule_collect(s->manager);
        child_free(child);
        free(s);
}

static void follow(Manager *m, pid_t pid) {
        autoclose int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        const ChildInfo info = { .pidfd = pidfd, .pid = pid };
        Stray *s = pidfd >= 0 ? calloc(1, sizeof(*s)) : NULL;

        if (!s)
                return;
        s->manager = m;
        if (child_watch(m->children, &info, on_stray_exit, s, &s->child) < 0) {
                free(s);
                return;
        }
        (void) take_fd(pidfd);
        s->next = m->strays;
        m->strays = s;
}

static bool is_followed(const Manager *m, pid_t pid) {
        for (const Unit *u = m->units; u; u = u->hh.next)
                if ((u->main && child_pid(u->main) == pid) || (u->hook && child_pid(u->hook) == pid))
                        return true;
        return log_reader_is(m, pid);
}

void manager_follow_strays(Manager *m) {
        autofree char *path = NULL, *text = NULL;
        autostrv char **words = NULL;

        /* A kernel without such a list leaves zombies, which are reaped at the manager's end. */
        if (asprintf(&path, "/proc/self/task/%i/children", getpid()) < 0) {
                path = NULL;
                return;
        }
        if (file_read(AT_FDCWD, path, LIST_MAX, &text, NULL) < 0 || strv_split(text, " ", &words) < 0)
                return;
        STRV_FOREACH (word, words) {
                int pid;

                if (parse_int(*word, &pid) >= 0 && pid > 0 && !is_followed(m, pid))
                        follow(m, pid);
        }
}

void manager_free_strays(Manager *m) {
        Stray *s;

        while ((s = m->strays)) {
                m->strays = s->next;
                child_free(s->child);
                free(s);
        }
}
