/*
 * What of a unit goes beyond one manager, and has a file of its own: what it says and leaves, which process
 * it is, its jobs. A part of internal.h.
 */
#pragma once

#include "basic/fd-message.h"
#include "manager/child.h"
#include "manager/manager.h"

/* One that was left with FDSTORE=1. */
typedef struct StoredFd {
        int fd;
        char *label;      /* the keeper's */
        const char *name; /* the end of it */
        sd_event_source *source;
} StoredFd;

typedef struct FdStore {
        StoredFd *items;
        size_t n;
        unsigned next; /* number of the next one */
        bool refused;  /* that there was no room has been said */
} FdStore;

/* The process that MAINPID= has named, of an invocation. */
typedef struct NamedMain {
        int pidfd; /* while it lives */
        sd_event_source *source;
        pid_t pid; /* 0 = none */
        uint64_t identity;
        unsigned lookups;
        bool ended; /* before the container's first one */
        ChildExit end;
} NamedMain;

/* A child that was there when the manager began. */
typedef struct Stray {
        Manager *manager;
        Child *child;
        struct Stray *next;
} Stray;

/* notify.c */
void unit_on_notify(FdMessage *m, void *data);
int unit_open_notify(Unit *u);
/* Of an earlier manager, if there was one; what nobody has listened to follows by unit_hear_missed(). */
int unit_adopt_notify(Unit *u);
void unit_hear_missed(Unit *u);
void unit_close_notify(Unit *u);

/* fd-store.c */
/* FDSTORE=1 and the like, if @fields say so. */
void unit_fds_notify(Unit *u, char *const *fields, FdMessage *m);
/* The state has changed: are they still to be kept? */
void unit_fds_settle(Unit *u);
void unit_fds_drop(Unit *u);
/* Without a word to the keeper: the next manager finds them. */
void unit_fds_free(Unit *u);
/* For a launch: the descriptors, borrowed, in an array to be freed, and what the program is told of them. */
int unit_fds_pass(const Unit *u, int **ret, size_t *ret_n, char ***environment);
void unit_fds_adopt(Unit *u);
/* Those of units that do not run. */
void manager_adopt_resting_fds(Manager *m);

/* main-pid.c */
/* @text as @sender has said it, in his numbers. */
void unit_name_main(Unit *u, const char *text, pid_t sender);
/* Takes over @pidfd; without one it has ended. */
void unit_adopt_named(Unit *u, int pidfd, pid_t pid, uint64_t identity);
void unit_forget_named(Unit *u);
/* Of the service; 0 when none lives. */
pid_t unit_main_pid(const Unit *u);
/* The same of the present or the last invocation, also when it has ended; 0 when there was none. */
pid_t unit_last_main_pid(const Unit *u);
int unit_signal_main(const Unit *u, int sig);

/* job-resume.c */
int manager_open_job_log(Manager *m, Fault *fault);
/* Before the unit is adopted: the job that it had. Is there one? */
bool unit_resume_job(Unit *u);
/* Those of units that are at rest. */
void manager_resume_jobs(Manager *m);

/* strays.c */
/* When all units are adopted, and before anything else is begun. */
void manager_follow_strays(Manager *m);
void manager_free_strays(Manager *m);

/* turns.c */
int manager_turns_setup(Manager *m);
void manager_schedule_jobs(Manager *m);
/* The wait for it is over. */
void unit_queue_restart(Unit *u);
/* May a restart be done at once, in the midst of an event? Then this is its turn, until the event is over. */
bool unit_take_turn(Unit *u);
void unit_end_turn(const Unit *u);
void unit_forget_restart(Unit *u);
