/*
 * Between a unit's machine and the world: what happens becomes events, what the machine answers becomes
 * calls. A step that answers at once (PREPARE, SPAWN, CLEAN) queues its answer, so that all actions of one
 * event are done before the next event is looked at.
 *
 * The state is saved before the actions are performed: a manager that is killed in the middle of one leaves
 * behind what it was about to do, and the next one undoes or repeats it.
 */
#include <signal.h>
#include <sys/epoll.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/utf8.h"
#include "manager/internal.h"
#include "manager/priority.h"
#include "runtime/exit-store.h"

/* Our own exit status for a program that cannot be executed; systemd.exec(5), "Process Exit Codes". */
#define EXIT_STATUS_EXEC 203

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        unit_event(userdata, &(MachineEvent){ .type = EVENT_TIMEOUT });
        return 0;
}

void unit_arm_timer(Unit *u) {
        int r = 0;

        if (u->machine.timer == USEC_INFINITY) {
                if (u->timer)
                        (void) sd_event_source_set_enabled(u->timer, SD_EVENT_OFF);
                return;
        }

        if (!u->timer) {
                r = sd_event_add_time(u->manager->event, &u->timer, CLOCK_BOOTTIME, u->machine.timer,
                                      USEC_PER_MSEC, on_timer, u);
                if (r >= 0)
                        r = sd_event_source_set_priority(u->timer, PRIORITY_TIMER);
        } else {
                r = sd_event_source_set_time(u->timer, u->machine.timer);
                if (r >= 0)
                        r = sd_event_source_set_enabled(u->timer, SD_EVENT_ONESHOT);
        }
        if (r < 0)
                log_message(LOG_ERR, u->name, "cannot arm the timer: %s", strerror(-r));
}

/* Not to be told from a failed start by its result alone. */
static void explain_unknown_exit(Unit *u) {
        Fault fault = {};

        (void) fault_set(&fault, "main process", -ESRCH, "exit status unknown");
        fault_advise(&fault, "it ended while no manager ran, and the kernel kept no status");
        unit_set_fault(u, &fault);
}

/* nsunits-init, being PID 1, cannot end by its program's signal; it ends with 128 and the signal's number. */
static void see_through_init(const Unit *u, MainExit *e) {
        if (!u->held.spec || !u->held.spec->run_init || e->kind != EXIT_KIND_EXITED || e->status <= 128)
                return;

        e->kind = EXIT_KIND_KILLED;
        e->status -= 128;
}

MainExit unit_main_exit(Unit *u, const ChildExit *how) {
        CgroupMemoryEvents events;
        MainExit e = { .kind = EXIT_KIND_UNKNOWN };

        if (how->known) {
                e.kind = how->code == CLD_EXITED   ? EXIT_KIND_EXITED
                         : how->code == CLD_DUMPED ? EXIT_KIND_DUMPED
                                                   : EXIT_KIND_KILLED;
                e.status = how->status;
                see_through_init(u, &e);
        } else
                explain_unknown_exit(u);
        /* With OOMPolicy=continue it is a signal like any other. */
        if (u->held.cgroup_fd >= 0 && u->held.spec && u->held.spec->oom_policy != OOM_POLICY_CONTINUE &&
            cgroup_memory_events(u->held.cgroup_fd, &events) == 0)
                e.oom = events.oom_kill > u->oom_kills;
        return e;
}

static int on_cgroup_event(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Unit *u = userdata;
        CgroupEvents events;

        if (cgroup_read_events(fd, &events) == 0 && events.populated)
                return 0;

        (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        unit_event(u, &(MachineEvent){ .type = EVENT_CGROUP_EMPTY });
        return 0;
}

static void unwatch_cgroup(Unit *u) {
        u->cgroup_watch = sd_event_source_disable_unref(u->cgroup_watch);
        replace_fd(&u->cgroup_events_fd, -EBADF);
}

int unit_watch_cgroup(Unit *u) {
        CgroupEvents events;
        int r;

        unwatch_cgroup(u);
        u->cgroup_events_fd = cgroup_open_events(u->held.cgroup_fd);
        if (u->cgroup_events_fd < 0)
                return u->cgroup_events_fd;

        r = sd_event_add_io(u->manager->event, &u->cgroup_watch, u->cgroup_events_fd, EPOLLPRI,
                            on_cgroup_event, u);
        if (r >= 0)
                r = sd_event_source_set_priority(u->cgroup_watch, PRIORITY_CGROUP);
        if (r < 0)
                return r;

        /* Reading arms the notification; what happened before is in what we read. */
        r = cgroup_read_events(u->cgroup_events_fd, &events);
        if (r < 0 || !events.populated)
                unit_event(u, &(MachineEvent){ .type = EVENT_CGROUP_EMPTY });
        return 0;
}

static void log_exit(const Unit *u, const MainExit *e) {
        const char *kind = exit_kind_to_string(e->kind);

        if (e->kind == EXIT_KIND_KILLED || e->kind == EXIT_KIND_DUMPED)
                log_message(LOG_INFO, u->name, "main process %i %s by %s%s", child_pid(u->main), kind,
                            signal_to_name(e->status), e->oom ? " (out of memory)" : "");
        else
                log_message(LOG_INFO, u->name, "main process %i %s, status %i", child_pid(u->main), kind,
                            e->status);
}

static void on_main_exit(Child *child, const ChildExit *how, void *data) {
        autofree char *hold = NULL;
        Unit *u = data;
        MachineEvent event = { .type = EVENT_MAIN_EXITED, .cgroup_empty = true };

        /* What the process said before it ended counts before its end. */
        notify_socket_drain(u->notify);

        event.exit = unit_main_exit(u, how);
        if (u->held.cgroup_fd >= 0)
                event.cgroup_empty = cgroup_populated(u->held.cgroup_fd) <= 0;

        log_exit(u, &event.exit);
        child_free(u->main);
        u->main = NULL;
        unit_event(u, &event);

        /* Saved by now, so the kernel need not keep the status any longer. A new main process has its own. */
        hold = u->main ? NULL : held_path(u, "pid");
        if (hold)
                (void) exit_release(hold);
        if (!event.cgroup_empty && u->held.cgroup_fd >= 0 && !u->main)
                (void) unit_watch_cgroup(u);
}

int unit_watch_main(Unit *u, int pidfd, pid_t pid) {
        autofree char *hold = held_path(u, "pid");
        const ChildInfo info = { .pidfd = pidfd, .pid = pid, .name = u->name, .hold_path = hold };

        if (!hold)
                return -ENOMEM;
        unit_watch_oom(u);
        return child_watch(u->manager->event, &info, on_main_exit, u, &u->main);
}

/* A status is saved and sent as text and shown on terminals, whatever the container has sent. */
static char *status_text(const char *from) {
        char *text = strdup(from);
        size_t size = text ? strlen(text) : 0;

        for (size_t i = 0; i < size; i++)
                if ((unsigned char) text[i] < ' ' || text[i] == 0x7f)
                        text[i] = '?';
        for (size_t i = 0; text && (i = i + utf8_find_invalid(text + i, size - i)) < size; i++)
                text[i] = '?';
        return text;
}

void unit_on_notify(char *const *fields, void *data) {
        Unit *u = data;
        const char *status = strv_env_get(fields, "STATUS");

        if (status) {
                free(u->status_text);
                u->status_text = status_text(status);
                manager_tell_changed(u->manager, u);
        }
        if (strv_contains(fields, "READY=1"))
                unit_event(u, &(MachineEvent){ .type = EVENT_READY });
}

static void queue_event(Unit *u, const MachineEvent *event) {
        /* At most one answer and what its actions cause: see the array's size. */
        if (u->n_queue < ELEMENTSOF(u->queue))
                u->queue[u->n_queue++] = *event;
        else
                log_message(LOG_ERR, u->name, "event %s lost", machine_event_type_to_string(event->type));
}

static void do_stop_signal(Unit *u) {
        int sig = u->held.spec ? u->held.spec->stop_signal : SIGTERM;

        if (u->main)
                (void) child_signal(u->main, sig);
}

static void do_kill(Unit *u) {
        u->held.cgroup_killed = true;
        if (u->held.cgroup_fd < 0 || cgroup_kill(u->held.cgroup_fd) < 0)
                if (u->main)
                        (void) child_signal(u->main, SIGKILL);
}

static void do_clean(Unit *u) {
        unwatch_cgroup(u);
        unit_unwatch_oom(u);
        unit_release(u);
        queue_event(u, &(MachineEvent){ .type = EVENT_CLEANED });
}

static void do_prepare(Unit *u) {
        Fault fault = {};

        unit_set_fault(u, NULL);
        if (unit_prepare(u, &fault) < 0) {
                unit_set_fault(u, &fault);
                log_message(LOG_ERR, u->name, "cannot start: %s", strempty(u->fault_text));
                queue_event(u, &(MachineEvent){ .type = EVENT_PREPARE_FAILED });
                return;
        }
        queue_event(u, &(MachineEvent){ .type = EVENT_PREPARED });
}

/* A network or a volume has no process: it is there as soon as it is prepared. */
static void spawn_nothing(Unit *u) {
        queue_event(u, &(MachineEvent){ .type = EVENT_SPAWNED });
        queue_event(u, &(MachineEvent){ .type = EVENT_MAIN_EXITED,
                                        .exit = { .kind = EXIT_KIND_EXITED },
                                        .cgroup_empty = true });
}

static void do_spawn(Unit *u) {
        MachineEvent event = { .type = EVENT_SPAWNED };
        Fault fault = {};

        unit_set_fault(u, NULL);
        unwatch_cgroup(u);
        if (u->spec && u->spec->kind != UNIT_CONTAINER) {
                spawn_nothing(u);
                return;
        }

        if (unit_spawn(u, &fault) < 0) {
                unit_set_fault(u, &fault);
                log_message(LOG_ERR, u->name, "cannot start: %s", strempty(u->fault_text));
                event.type = EVENT_SPAWN_FAILED;
                if (streq(fault.step, "exec")) {
                        event.exit.kind = EXIT_KIND_EXITED;
                        event.exit.status = EXIT_STATUS_EXEC;
                }
        }
        queue_event(u, &event);
}

static void log_change(const Unit *u, MachineState before) {
        const Machine *m = &u->machine;

        if (m->state == before)
                return;
        if (m->state == MACHINE_FAILED)
                log_message(LOG_WARNING, u->name, "failed: %s", unit_result_to_string(m->result));
        else if (m->state == MACHINE_AUTO_RESTART)
                log_message(LOG_INFO, u->name, "ended (%s), to be started again",
                            unit_result_to_string(m->result));
        else if (m->state == MACHINE_RUNNING)
                log_message(LOG_INFO, u->name, "running");
        else if (m->state == MACHINE_DEAD)
                log_message(LOG_INFO, u->name, "stopped");
        else
                log_message(LOG_DEBUG, u->name, "%s", machine_substate_to_string(m->state));
}

/* Nothing was tried this time: what the last attempt failed of is not the answer. */
static void explain_start_limit(Unit *u) {
        if (u->machine.state != MACHINE_FAILED || u->machine.result != RESULT_START_LIMIT_HIT)
                return;

        unit_set_fault(u, NULL);
        if (asprintf(&u->fault_text,
                     "started too often, see StartLimitBurst= (\"nsctl reset-failed %s\" forgives)",
                     u->name) < 0)
                u->fault_text = NULL;
}

static void answer_jobs(Unit *u, unsigned actions) {
        Manager *m = u->manager;

        if (actions & MACHINE_START_DONE)
                manager_job_finished(m, u, JOB_START, JOB_RESULT_DONE);
        if (actions & MACHINE_START_FAILED)
                manager_job_finished(m, u, JOB_START,
                                     u->machine.result == RESULT_TIMEOUT ? JOB_RESULT_TIMEOUT
                                                                         : JOB_RESULT_FAILED);
        if (actions & MACHINE_START_CANCELED)
                manager_job_finished(m, u, JOB_START, JOB_RESULT_CANCELED);
        if (actions & MACHINE_STOP_DONE)
                manager_job_finished(m, u, JOB_STOP, JOB_RESULT_DONE);
}

static void perform(Unit *u, const MachineOutput *out) {
        if (out->actions & MACHINE_STATE_CHANGED) {
                unit_adapt_limits(u, out->before);
                explain_start_limit(u);
                graph_set_state(u->manager->graph, u->index, machine_active_state(u->machine.state));
                log_change(u, out->before);
                if (unit_at_rest(u) && !u->machine.prepared)
                        unit_forget(u);
                else if (unit_save(u) < 0)
                        log_message(LOG_WARNING, u->name, "cannot save its state: %m");
        }

        if (out->actions & MACHINE_SEND_STOP_SIGNAL)
                do_stop_signal(u);
        if (out->actions & MACHINE_KILL_ALL)
                do_kill(u);
        if (out->actions & MACHINE_CLEAN)
                do_clean(u);
        if (out->actions & MACHINE_PREPARE)
                do_prepare(u);
        if (out->actions & MACHINE_SPAWN)
                do_spawn(u);

        unit_arm_timer(u);
        answer_jobs(u, out->actions);
        if (out->actions & MACHINE_STATE_CHANGED)
                manager_tell_changed(u->manager, u);
}

static void drain_events(Unit *u) {
        u->in_event = true;
        while (u->n_queue > 0) {
                MachineEvent next = u->queue[0];
                MachineOutput out;

                memmove(u->queue, u->queue + 1, --u->n_queue * sizeof(u->queue[0]));
                machine_step(&u->machine, &u->policy, &next, clock_now(CLOCK_BOOTTIME), &out);
                perform(u, &out);
        }
        u->in_event = false;
}

void unit_event(Unit *u, const MachineEvent *event) {
        queue_event(u, event);
        if (!u->in_event)
                drain_events(u);
}

void unit_adopted(Unit *u) {
        MachineOutput out;

        u->in_event = true;
        machine_adopt(&u->machine, &u->policy, clock_now(CLOCK_BOOTTIME), &out);
        graph_set_state(u->manager->graph, u->index, machine_active_state(u->machine.state));
        perform(u, &out);
        drain_events(u);
}
