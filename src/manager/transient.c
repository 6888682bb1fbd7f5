/*
 * Units that were made by a command (nsctl run): their files lie below UNIT_TRANSIENT_DIR, and go with them
 * when they have ended. One that has failed stays until that is forgotten, unless CollectMode= says
 * otherwise.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/log.h"
#include "manager/internal.h"
#include "manager/log-file.h"

static const char *fragment_of(const Unit *u) {
        const RawUnit *raw = u->spec ? u->spec->raw : u->raw_bad;

        return raw && raw->fragment ? raw->fragment : "";
}

bool unit_is_transient(const Unit *u) {
        return startswith(fragment_of(u), UNIT_TRANSIENT_DIR "/") != NULL;
}

static bool goes_when_failed(const Unit *u) {
        return u->spec && u->spec->unit.collect_mode == COLLECT_INACTIVE_OR_FAILED;
}

static void remove_files(const Unit *u) {
        autofree char *drop_ins = NULL, *log = NULL;
        int r;

        if (unlink(fragment_of(u)) < 0 && errno != ENOENT)
                log_message(LOG_WARNING, u->name, "cannot remove %s: %m", fragment_of(u));
        if (asprintf(&drop_ins, UNIT_TRANSIENT_DIR "/%s.d", u->name) < 0) {
                drop_ins = NULL;
                return;
        }
        r = tree_remove(AT_FDCWD, drop_ins);
        if (r < 0)
                log_message(LOG_WARNING, u->name, "cannot remove %s: %s", drop_ins, strerror(-r));

        log = u->log_file && goes_when_failed(u) ? log_file_path(u->manager->config->paths.logs, u->name)
                                                 : NULL;
        if (log)
                (void) unlink(log);
}

void unit_note_tried(Unit *u) {
        if (!unit_at_rest(u))
                return;
        manager_return_stdio(u);
        u->tried = true;
        if (unit_is_transient(u))
                manager_schedule_collect(u->manager);
}

void unit_collect(Unit *u, bool unstarted) {
        Manager *m = u->manager;

        if (!unit_is_transient(u) || !unit_at_rest(u) || u->trigger || u->machine.prepared ||
            job_queue_of_unit(m->jobs, u->index))
                return;
        if (u->machine.state == MACHINE_FAILED && !goes_when_failed(u))
                return;
        if (!unstarted && !u->tried)
                return;

        remove_files(u);
        manager_drop_unit(m, u);
}

/* --- standard streams of one launch ----------------------------------------------------------------- */

void manager_return_stdio(Unit *u) {
        for (size_t i = 0; i < ELEMENTSOF(u->lent.fds); i++)
                replace_fd(&u->lent.fds[i], -EBADF);
        u->lent.terminal = false;
}

int manager_lend_stdio(Unit *u, const int fds[3], bool terminal, Fault *fault) {
        if (u->spec && u->spec->kind != UNIT_CONTAINER)
                return fault_set(fault, "run", -EINVAL, "%s is no container", u->name);
        if (!unit_at_rest(u))
                return fault_set(fault, "run", -EBUSY, "%s is not at rest", u->name);
        if (terminal && !isatty(fds[0]))
                return fault_set(fault, "run", -ENOTTY, "its standard input");

        manager_return_stdio(u);
        for (size_t i = 0; i < ELEMENTSOF(u->lent.fds); i++) {
                u->lent.fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
                if (u->lent.fds[i] < 0) {
                        int r = -errno;

                        manager_return_stdio(u);
                        return fault_set(fault, "run", r, "standard streams");
                }
        }
        u->lent.terminal = terminal;
        return 0;
}
