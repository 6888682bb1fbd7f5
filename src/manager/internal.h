/*
 * What the files of this folder share. Nobody else includes it. The head of each file says what it is about;
 * src/README.md goes through them in the order of a start.
 */
#pragma once

#include <jansson.h>
#include <sys/queue.h>
#include <uthash.h>

#include "cgroup/cgroup.h"
#include "config/host-specifiers.h"
#include "config/unit-path.h"
#include "image/store.h"
#include "manager/child.h"
#include "manager/clock-watch.h"
#include "manager/emergency.h"
#include "manager/health.h"
#include "manager/job-log.h"
#include "manager/keeper.h"
#include "manager/manager.h"
#include "manager/notify-socket.h"
#include "manager/outlive.h"
#include "manager/program.h"
#include "manager/pull.h"
#include "manager/spares.h"
#include "manager/trigger.h"
#include "manager/unit-sockets.h"
#include "manager/update.h"
#include "network/moved-link.h"
#include "network/network.h"
#include "runtime/exec.h"
#include "runtime/identity.h"
#include "runtime/launch.h"
#include "runtime/userns.h"
#include "storage/mounts.h"
#include "storage/root.h"

/* Ids of user namespaces are given out in slots of users.id-count each. */
typedef struct IdPool {
        uint64_t *used; /* a bit per slot */
        uint32_t n_slots, next;
        bool shared; /* a slot may be held by several units, or was once */
} IdPool;

/* What PREPARE makes and CLEAN releases; kept over restarts. Empty values mean "not held". */
typedef struct Held {
        Image *image;
        ContainerSpec *spec;
        Image **mount_images; /* one per mount of the spec: what Mount=type=image means; NULL = is none */
        uint64_t fingerprint; /* of the text that it was started from last */
        usec_t watchdog;      /* as the container was told */
        bool fresh;           /* made just now: nothing can have changed since */
        uint32_t id_base;     /* of the range that was picked; 0 = none */
        IdMap ids;            /* of the user namespace */
        int userns_fd, netns_fd, cgroup_fd;
        NetnsBirth *netns_birth; /* between two steps of PREPARE: what netns_fd is going to be */
        bool cgroup_spent;       /* no process can be started in it any more, or none should */
        bool root;
        MountScraps scraps;  /* of making the root; the first launch takes them away */
        bool pod_spaces;     /* of a pod: IPC, UTS and /dev/shm */
        bool volumes_filled; /* the first spawn has filled and chowned what it had to */
        Attachment *attachment;
        MovedLink *moved; /* links of the host that are in the network namespace, or are about to go there */
        size_t n_moved;
        size_t n_extra;   /* of the spec's extra links, so many are made */
        int opens_output; /* by name, as its root looks: 1, -1 for no, 0 when nobody has looked */
} Held;

#define HELD_INIT ((Held){ .userns_fd = -EBADF, .netns_fd = -EBADF, .cgroup_fd = -EBADF })

typedef struct Worker Worker;

typedef struct Gate Gate;

struct Unit {
        Manager *manager;
        char *name;
        unsigned index; /* in the graph */
        LoadState load_state;
        char *load_error;
        UnitSpec *spec;
        uint64_t fingerprint; /* of the text: does a start mean the same as the last one? */
        uint64_t live;        /* of the text whose live keys are in effect; 0 = not known */
        RawUnit *raw_bad;     /* a file with mistakes: kept for its path and for "has it changed?" */

        Machine machine;
        const MachinePolicy *policy; /* shared with units that have the same */
        Held held;
        Child *main, *hook;
        struct Standby *standby;
        PullWaiter *pull;   /* what its preparation waits for */
        UnitUpdate *update; /* it is on its way to another image */
        Worker *mounting;   /* the same, of a volume */
        Worker *looking;    /* at what it mounts, perhaps still for an earlier start */
        NotifySocket *notify;
        NamedMain named;
        FdStore fds;
        pid_t main_pid;        /* of the container's first process in this invocation; when that was
                                  released, of the one that MAINPID= had named */
        uint32_t awaiting_job; /* whose start waits for units of the host */
        UnitHealth *health;    /* while its program runs, and there is something to check it with */
        UnitTrigger *trigger;  /* while it is armed: it is active then, even at rest */
        sd_event_source *timer;
        TAILQ_ENTRY(Unit) restart_list, names_list;
        sd_event_source *job_timer;
        sd_event_source *cgroup_watch;
        int cgroup_events_fd, hook_cgroup_fd;
        int mounts_fd;      /* mount namespace of main, -EBADF = not held: unit_hold_mounts() */
        int base_fd;        /* what its next launch begins with, -EBADF = not held: LaunchResult.base_fd */
        int status_errno;   /* ERRNO= of the invocation */
        uint64_t oom_kills; /* of the cgroup, when the invocation began */
        uint64_t oom_seen;  /* the same, as of the last event */
        sd_event_source *oom_watch;
        uint8_t invocation[16];
        uint64_t pid_identity, hook_identity; /* pidfd inode, or start time of the process on old kernels */
        char **monitor;    /* MONITOR_...=: of the unit whose OnFailure= or OnSuccess= has started this one */
        usec_t hold_begin; /* starts for the sake of Upholds= are counted from then on */
        unsigned hold_count;
        unsigned commits; /* writers of layers under way, for which it may be frozen */
        char *unmet;      /* the condition that was not met then, as the unit has it */
        char *fault_text;
        char *status_text;
        json_t *sent;      /* the last signals to the main process that the manager knows of: see signal.c */
        json_t *death;     /* record of an end of which it is not decided what follows: see death.c */
        json_t *death_due; /* one that is complete, to be written down before the turn ends */
        struct {
                int fds[3]; /* standard streams of the next launch, instead of null and the log */
                bool terminal;
        } lent;
        usec_t cpu_begin;    /* of the cgroup, when the invocation began */
        Gate *gate;          /* it connects to hosts by name, and to no others */
        uint64_t hosts_hash; /* of the text that its /etc/hosts was given last; 0 = not known */

        bool change_failed;    /* some live keys could not be put into effect: the fault text says so */
        bool notify_refused;   /* a notify socket was refused, and that was said */
        bool accounted;        /* its end may be kept in an accounting file, which has to be trimmed */
        bool trigger_due;      /* a start job is to run the container, and not to arm */
        bool host_ready;       /* the units of the host that awaiting_job waits for have been seen to */
        bool restart_due;      /* is in restart_list: the wait is over */
        bool condition_result; /* of the last start that was tried */
        bool assert_result;    /* the same */
        bool died;             /* there is, or was, a record of an end of this invocation */
        bool tried;            /* somebody has had it started, or tried to, since it was read */
        bool frozen;           /* its cgroup is, or is about to be */
        bool limit_told;       /* StartLimitAction= was looked at */
        bool member_ended;     /* of a pod: its end is to be thought of */
        bool hook_left;        /* a cgroup of a hook is still to be removed */
        bool has_names;        /* its names are found on its networks: it is in names_list */
        bool awaits_look;      /* what is being looked at is what its start waits for */
        bool looks_again;      /* ... and is then looked at once more */
        bool awaits_dns;       /* it is prepared but for a name server that is being started */
        bool log_file;         /* the output goes to a file that has to be rotated */
        bool standby_due;      /* is to be made, when it is time */
        bool in_event;         /* a machine step is under way: events that it causes wait for its end */
        UT_hash_handle hh;
};

/* An event that waits until the step of its unit is done. */
typedef struct PendingEvent {
        const Unit *unit;
        MachineEvent event;
} PendingEvent;

typedef struct DnsServer DnsServer;
typedef struct ExecSession ExecSession;
typedef struct Names Names;
typedef struct Worker Worker;
typedef struct ExecSession ExecSession;
typedef struct UpdateRun UpdateRun;

struct Manager {
        sd_event *event;
        Children *children;
        const ManagerConfig *config;
        const ManagerListener *listener;
        void *listener_data;

        HostSpecifiers *specifiers;
        char **unit_dirs;
        UnitPath *path;
        Unit *units;     /* by name */
        Unit **by_index; /* graph number to unit; NULL where only a dependency names it */
        size_t n_by_index;
        Graph *graph;
        JobQueue *jobs;
        JobLog *job_log;
        TAILQ_HEAD(, Unit) restarts; /* that are due */
        sd_event_source *restarts_source, *turn_tick;
        PendingEvent pending[32]; /* for one unit at most one answer and what its actions cause */
        size_t n_pending;
        Unit *turn_of;     /* it is restarted out of turn */
        usec_t turn_ended; /* of the last one that was */
        sd_event_source *jobs_source;

        ImageStore *images;
        CgroupRoot *cgroups;
        Network *network;
        sd_event_source *network_source;
        sd_event_source *collect_timer, *trash_timer, *purge_source, *purge_timer, *kept_timer;
        Names *names;
        LIST_HEAD(DnsServerList, DnsServer) dns;
        Keeper *keeper;
        struct LogReader *log_readers;
        int template_fd;
        Programs programs;
        int lock_fd; /* the run directory, locked */
        IdPool ids;
        Spares *spares;
        struct Standbys *standbys;
        ExecSession *exec_sessions;
        Pull *pulls;                     /* under way, by what they are asked for */
        TAILQ_HEAD(, UpdateRun) updates; /* the first one is under way */
        Stray *strays;
        sd_event_source *trim_timer, *trim_watch;
        uint64_t trim_stamp; /* of all log files, as they were seen last */
        bool purging, purge_again;
        bool adopted;            /* all that runs is known */
        usec_t begin;            /* of the first manager since boot */
        Emergency *emergency;    /* what a unit has done to the host, or to the manager */
        ClockWatch *clock_watch; /* as soon as there is a timer */
        char boot_id[40];
        const char *program;   /* our own */
        const char *fail_step; /* NSUNITSD_FAIL_STEP: inject a failure there (tests) */
};

/* unit.c */
int unit_new(Manager *m, const char *name, Unit **ret);
void unit_free(Unit *u);
/* Reads the file (again). Never fails for what the file says: that is the load state. 0 or -ENOMEM. */
int unit_load(Unit *u);
void unit_set_fault(Unit *u, const Fault *fault);
/* By what the unit says now, but for what a container has been told at its launch. */
void unit_set_policy(Unit *u, const UnitSpec *spec);
/* Nothing of its container runs or waits; it may be armed all the same. */
bool unit_at_rest(const Unit *u);
bool unit_can_reload(const Unit *u);

/* manager.c */
int manager_graph_index(Manager *m, const char *name, unsigned *ret);
void manager_tell_changed(Manager *m, Unit *u);
/* Also for a name without a file: something of that name runs. */
int manager_load_unit_anyway(Manager *m, const char *name, Unit **ret);
void manager_drop_unit(Manager *m, Unit *u);
/* Has @fn called a while after now, unless it is going to be already: a stream of reasons does not put it
 * off. */
void manager_arm_delay(Manager *m, sd_event_source **timer, usec_t delay, sd_event_time_handler_t fn);
/* What containers have written, and volumes that were removed. */
void manager_schedule_purge(Manager *m);
/* Bridges and the nftables table go some time after the last container that used them; so do cgroups of
 * hooks. */
void manager_schedule_collect(Manager *m);
int manager_setup_network(Manager *m, Fault *fault);
/* Once, when all attachments are known again. */
void manager_settle_network(Manager *m);
/* Links of namespaces that are given up now are to have gone some seconds later. */
void manager_schedule_kept(Manager *m);

/* lifecycle.c */
void unit_event(Unit *u, const MachineEvent *event);
/* For the answers of actions: looked at when all actions are done. */
void unit_queue_event(Unit *u, const MachineEvent *event);
void unit_process_events(Unit *u);
void unit_arm_timer(Unit *u);
void unit_adopted(Unit *u);

/* watch.c */
/* The end of the main process, in the words of the machine; what nobody knows becomes the fault text. */
MainExit unit_main_exit(Unit *u, const ChildExit *how);
MainExit unit_exit_in_words(const ChildExit *how);
/* @adopted: it may be the child of another process. */
int unit_watch_main(Unit *u, int pidfd, pid_t pid, bool adopted);

/* The end of the main process is known sooner while its mounts are held; who lets go last waits for what the
 * process would have waited for. So they are held when another one is to follow, until that one runs. */
void unit_hold_mounts(Unit *u);
void unit_drop_mounts(Unit *u);

/* What its next launch begins with, which takes 2.5 KiB of the kernel's memory; @fd: of a launch, or none.
 * To be let go before its root is unmounted. unit_lend_base(): a copy to be closed, or negative. */
bool unit_may_have_base(const Unit *u);
int unit_lend_base(const Unit *u);
void unit_hold_base(Unit *u, int fd);
void unit_drop_base(Unit *u);
int unit_watch_cgroup(Unit *u);
void unit_unwatch_cgroup(Unit *u);

/* What unit_fetch_image() waited for has come, or has failed as @failure says. */
void unit_image_came(Unit *u, const char *failure);
/* The same of unit_look_at_sources(). */
void unit_sources_came(Unit *u, const char *failure);

/* signal.c */
void unit_signal_stop(Unit *u);
void unit_signal_watchdog(Unit *u);
void unit_signal_reload(Unit *u);
void unit_kill_all(Unit *u);

/* hook-environment.c */
int unit_hook_environment(const Unit *u, char ***ret, Fault *fault);

/* hook.c */
void unit_run_hook(Unit *u);
void unit_hook_signal(Unit *u, int sig);
void unit_hook_kill(Unit *u);
void unit_hook_release(Unit *u);
/* Standard output and error for what runs on the host for @u; to be closed. */
int unit_open_log(const Unit *u, int ret_fds[2], Fault *fault);
/* Cgroups that could not be removed before. */
void unit_hook_collect(Unit *u);
/* The machine waits for one that the last manager has started: @pid, 0 = it did not come to that. */
void unit_hook_adopt(Unit *u, pid_t pid, uint64_t identity);

/* depend.c */
void unit_tell_dependents(Unit *u, MachineState before);
/* It waits no more. */
void unit_tell_disarmed(Unit *u);
/* Has a restart by policy nothing to do with other units and their jobs? */
bool unit_restarts_alone(const Unit *u);
/* The wait for a restart is over. True when the restart is to be a job, for the sake of other units. */
bool unit_restart_by_job(Unit *u);
/* Is every unit up that this one is bound to, and ordered after? */
bool unit_is_bound_well(const Unit *u);

/* prepare.c */
int unit_prepare(Unit *u, Fault *fault);

/* limits.c */
/* What its cgroup keeps now; NULL when nothing is held. */
const LimitSpec *unit_limits(const Unit *u);
/* Of those that the kernel has no use for. */
void unit_warn_of_weights(const Unit *u);
/* A default of nsunitd.conf that this host cannot keep is left out of @spec; what the unit itself asks for,
 * by its text @from, is not. 0 or -ENOMEM. */
int unit_drop_default_limits(const Unit *u, const UnitSpec *from, ContainerSpec *spec);
/* Can this host keep the limits of @spec? */
int unit_check_limits(const Unit *u, const ContainerSpec *spec, Fault *fault);
/* The unit was in the state @before: with those of Startup*=, or no longer. */
void unit_adapt_limits(Unit *u, MachineState before);
/* Those of @wanted for a container that has a cgroup; the caller takes them into its spec. On failure it
 * keeps what it had. @anew: whatever is in effect is not known. */
int unit_change_limits(Unit *u, const ContainerSpec *wanted, bool anew, Fault *fault);
/* As @limits and AddDevice= say, in place of what was said before; @fresh: nothing was. */
int unit_restrict_devices(Unit *u, const LimitSpec *limits, bool fresh, Fault *fault);
/* Also anew, when the cgroup or the policy is another. */
void unit_watch_oom(Unit *u);
/* OOMPolicy=kill, which has to be off while a first child is in the cgroup: it shares the manager's memory,
 * and who is killed with it is the manager. */
void unit_kill_as_whole(const Unit *u, bool whole);
void unit_unwatch_oom(Unit *u);

/* prepare-plain.c: the same for units that are no containers. */
/* 1: what a network has is kept for as long as containers are on it. */
int unit_prepare_plain(Unit *u, const UnitSpec *spec, Fault *fault);

/* Before each launch: a new cgroup in place of one that was killed, and what its counters say. */
int unit_renew_cgroup(Unit *u, Fault *fault);
void unit_release(Unit *u);
/* Is it of a kind whose preparation is kept in Unit.held? */
bool unit_holds(const Unit *u);
typedef struct SpecRequest {
        const UnitSpec *from;
        Image *image; /* borrowed; NULL = the one that the unit names now */
        bool running; /* of a container that runs: what its environment came from may be gone */
} SpecRequest;

/* What a start would use now: image and environment files are looked up. @ret_image may be NULL. */
int unit_make_spec(Unit *u, const SpecRequest *q, Image **ret_image, ContainerSpec **ret, Fault *fault);
/* Mount points that a changed spec needs beside those that are there. */
int unit_add_mount_points(Unit *u, const ContainerSpec *spec, Fault *fault);
/* -EIO when a test wants @step to fail, else 0. */
int manager_injected_fault(const Manager *m, const char *step, Fault *fault);

/* prepare.c: of a root that is held; @attach: where; @container_dir: unit_container_dir() */
RootRequest unit_root_request(const Unit *u, const char *attach, const char *container_dir);

/* unit-dirs.c: paths to be freed, NULL when out of memory; @name: in there, NULL = the directory itself */
/* /run/nsunitd/held/UNIT */
char *held_path(const Unit *u, const char *name);
/* /run/nsunitd/units/UNIT */
char *unit_files_path(const Unit *u, const char *name);
/* /var/lib/nsunits/containers/UNIT */
char *unit_container_dir(const Unit *u);

/* spaces.c */
/* NULL without a user namespace. */
const IdMap *held_ids(const Unit *u);
int unit_make_ids(Unit *u, Fault *fault);
void unit_drop_ids(Unit *u);
int unit_make_userns(Unit *u, Fault *fault);
void unit_drop_userns(Unit *u);
int unit_make_netns(Unit *u, Fault *fault);
void unit_drop_netns(Unit *u);
/* By which its processes have their network: its own, or that of the unit that shares its network. NULL when
 * there is none. */
const Attachment *unit_attachment(const Unit *u);
/* Namespaces of others, for one launch; -1 where it has its own or the host's. */
int unit_open_spaces(const Unit *u, int fds[SPACE_N_], Fault *fault);
void unit_close_spaces(int fds[SPACE_N_]);

/* pod.c */
bool unit_is_pod(const Unit *u);
/* What the pod that @spec names was started from, or would be, which is put into @made as well, for the
 * caller to free; NULL when it names none. */
int unit_pod_spec(const Unit *u, const UnitSpec *spec, ContainerSpec **made, const ContainerSpec **ret,
                  Fault *fault);
int unit_make_pod_spaces(Unit *u, Fault *fault);
void unit_drop_pod_spaces(Unit *u);
int unit_adopt_pod_spaces(Unit *u);
int unit_open_pod_space(const Unit *pod, Space space, Fault *fault);
/* Where the /dev/shm is that comes with another's IPC namespace; NULL where it has its own. */
int unit_pod_shm(const Unit *u, char **ret);
/* StopTimeout= of the pod, where the container says nothing of it. */
void unit_take_pod_policy(const Unit *u, const UnitSpec *spec, MachinePolicy *policy);
/* After all files were read. */
void manager_take_pod_policies(Manager *m);
/* @u has ended: does its pod follow? */
void unit_tell_pod(Unit *u);
void unit_settle_pod(Unit *pod);
/* What could not be decided before all units were adopted. */
void manager_settle_pods(Manager *m);

/* trim.c: files that grow are looked at in a while, and for as long as they do */
void manager_schedule_trim(Manager *m);

/* spawn.c */
/* What the container's processes have as "/", before anything is mounted on it; a descriptor. */
int unit_open_root(const Unit *u, Fault *fault);
void unit_begin_invocation(Unit *u);
enum { INVOCATION_TEXT_MAX = 33 };
/* In hex, into @text, which is returned. */
char *unit_invocation(const Unit *u, char text[static INVOCATION_TEXT_MAX]);
/* User=, Group= and GroupAdd= in the container's own files. */
int unit_resolve_identity(const Unit *u, int root_fd, Identity *ret, Fault *fault);
int unit_spawn(Unit *u, Fault *fault);
int unit_plan_text(Unit *u, char **ret, Fault *fault);

/* unit-names.c */
int manager_scan_units(Manager *m);
/* @name itself when there is no unit file; -EINVAL for a template without DefaultInstance=. */
int manager_real_name(const Manager *m, const char *name, char **ret);
/* In place; names that are not ours are left alone. */
int manager_use_real_names(const Manager *m, char **names);

/* ids.c */
/* A map in the saved state, and out of it. */
json_t *ids_to_json(const IdList *list);
int ids_from_json(const json_t *array, IdList *ret);
int id_pool_init(IdPool *p, const ManagerConfig *config);
int id_pool_take(IdPool *p, const ManagerConfig *config, uint32_t *ret_base, Fault *fault);
/* For adoption. -EADDRINUSE when another unit has it. */
int id_pool_take_at(IdPool *p, const ManagerConfig *config, uint32_t base);
void id_pool_give(IdPool *p, const ManagerConfig *config, uint32_t base);

/* unit-text.c: the text that a unit was started from */
uint64_t text_fingerprint(const char *text);
uint64_t raw_unit_fingerprint(const RawUnit *raw);
int unit_save_text(Unit *u, Fault *fault);
void unit_forget_text(Unit *u);
int unit_load_started(Unit *u, UnitSpec **ret, Fault *fault);

/* renew.c */
/* A restart keeps what is held if a start would make the same. */
bool unit_may_keep(Unit *u);
/* Are the users and the network that it shares with another unit still that one's, and will they be? */
bool unit_spaces_stay(const Unit *u);
/* Before a launch in what is held: what has changed since the last one, as far as a restart reaches. */
int unit_renew(Unit *u, Fault *fault);
/* A start of it, which must have a spec, reads more than its text, and so makes all anew. */
bool unit_reads_files(const Unit *u);
/* After a daemon-reload: changes that reach what runs. */
void manager_apply_live(Manager *m);
/* The same of a container that was adopted, whose cgroup may say anything. */
void unit_apply_live_anew(Unit *u);

/* saved.c */
int unit_save(Unit *u);
void unit_forget(Unit *u);
/* What was saved of the unit @name, in this boot: a new reference. Or -EBADMSG. */
int state_read(const Manager *m, const char *name, json_t **ret);

/* adopt.c */
int manager_adopt_all(Manager *m);

/* job-timer.c */
/* Of a job that is new, or begins to run. */
void unit_arm_job(Unit *u, const Job *job);
void unit_disarm_job(Unit *u);

/* jobs.c */
/* Conditions and asserts, tested now. False with what that makes of a start job in @ret, which may be NULL.
 */
bool unit_may_start(Unit *u, JobResult *ret);
/* For the manager's own ends: refused by no RefuseManualStart=. */
int manager_enqueue_one(Manager *m, const char *name, JobType type, JobMode mode, Fault *fault);
/* With the number of its job, 0 when there is nothing to be done. */
int manager_enqueue_job(Manager *m, const char *name, JobType type, JobMode mode, uint32_t *ret_id,
                        Fault *fault);
int manager_jobs_setup(Manager *m);
void manager_job_finished(Manager *m, Unit *u, JobType type, JobResult result);

/** unit_run_job() - begin with the unit's job now, and not in a turn of the loop. False when others come
 * first, or it waits for them. */
bool unit_run_job(Unit *u);
/* The next one that can run, and what has ended. */
void manager_run_job(Manager *m);
/* Tells of the jobs that have ended since the last call. For the loop: a caller knows the number of his job
 * first. */
void manager_tell_ends(Manager *m);

/* exec.c */
/* As manager_exec(), for who follows the process by himself. */
int unit_exec(const ExecCall *call, ExecResult *ret, Fault *fault);
void manager_exec_free_all(Manager *m);
/* As manager_exec_forget(), but the program goes on to its end. */
void manager_exec_leave(Manager *m, void *data);

#include "manager/internal-storage.h"
