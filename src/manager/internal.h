/*
 * What the files of this folder share. Nobody else includes it.
 *
 *      manager.c   the object, its units, startup, reload           unit.c     one unit: file, status
 *      lifecycle.c machine <-> world: events in, actions out        prepare.c  MACHINE_PREPARE and its undo
 *      spawn.c     MACHINE_SPAWN                                    jobs.c     transactions and the job queue
 *      saved.c     state on disk, adoption                          worker.c   slow work in a child process
 *      exec.c      programs inside running containers               report.c   JSON listings
 *      files.c     the container's hosts, resolv.conf, ...          spaces.c   its namespaces, and those of
 * others
 */
#pragma once

#include <uthash.h>

#include "cgroup/cgroup.h"
#include "config/host-specifiers.h"
#include "config/unit-path.h"
#include "image/store.h"
#include "manager/child.h"
#include "manager/manager.h"
#include "manager/notify-socket.h"
#include "network/network.h"
#include "runtime/identity.h"
#include "runtime/launch.h"

/* Ids of user namespaces are given out in slots of users.id-count each. */
typedef struct IdPool {
        uint64_t *used; /* a bit per slot */
        uint32_t n_slots, next;
} IdPool;

/* What PREPARE makes and CLEAN releases; kept over restarts. Empty values mean "not held". */
typedef struct Held {
        Image *image;
        ContainerSpec *spec;
        char *directory;      /* /run/nsunitd/held/UNIT */
        char *container_dir;  /* /var/lib/nsunits/containers/UNIT */
        char *files_dir;      /* /run/nsunitd/units/UNIT */
        uint64_t fingerprint; /* of the unit file that it was made from */
        uint32_t id_base;     /* of the range that was picked; 0 = none */
        IdMap ids;            /* of the user namespace */
        int userns_fd, netns_fd, cgroup_fd;
        bool cgroup_killed; /* no process can be started in it any more */
        bool root;
        bool volumes_filled; /* the first spawn has filled and chowned what it had to */
        Attachment *attachment;
} Held;

#define HELD_INIT ((Held){ .userns_fd = -EBADF, .netns_fd = -EBADF, .cgroup_fd = -EBADF })

struct Unit {
        Manager *manager;
        char *name;
        unsigned index; /* in the graph */
        LoadState load_state;
        char *load_error;
        UnitSpec *spec;
        uint64_t fingerprint; /* of the text: does a start mean the same as the last one? */
        RawUnit *raw_bad;     /* a file with mistakes: kept for its path and for "has it changed?" */

        Machine machine;
        MachinePolicy policy;
        Held held;
        Child *main;
        NotifySocket *notify;
        sd_event_source *timer;
        sd_event_source *cgroup_watch;
        int cgroup_events_fd;
        uint64_t oom_kills; /* of the cgroup, when the invocation began */
        uint64_t oom_seen;  /* the same, as of the last event */
        sd_event_source *oom_watch;
        uint8_t invocation[16];
        uint64_t pid_identity; /* pidfd inode, or start time of the process on old kernels */
        Fault fault;
        char *fault_text;
        char *status_text;
        char **addresses, **ports; /* of the attachment, as text */
        bool log_file;             /* the output goes to a file that has to be rotated */
        bool in_event;             /* a machine step is under way: events that it causes are queued */
        MachineEvent queue[4];
        size_t n_queue;
        UT_hash_handle hh;
};

typedef struct ExecSession ExecSession;

struct Manager {
        sd_event *event;
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
        sd_event_source *jobs_source;

        ImageStore *images;
        CgroupRoot *cgroups;
        Network *network;
        sd_event_source *network_source;
        sd_event_source *collect_timer;
        int template_fd;
        int lock_fd; /* the run directory, locked */
        IdPool ids;
        ExecSession *exec_sessions;
        sd_event_source *rotate_timer;
        bool purging, purge_again;
        bool adopted; /* all that runs is known */
        char boot_id[40];
        const char *fail_step; /* NSUNITSD_FAIL_STEP: inject a failure there (tests) */
};

/* unit.c */
int unit_new(Manager *m, const char *name, Unit **ret);
void unit_free(Unit *u);
/* Reads the file (again). Never fails for what the file says: that is the load state. 0 or -ENOMEM. */
int unit_load(Unit *u);
void unit_set_fault(Unit *u, const Fault *fault);
bool unit_at_rest(const Unit *u);

/* manager.c */
int manager_graph_index(Manager *m, const char *name, unsigned *ret);
void manager_tell_changed(Manager *m, Unit *u);
/* Also for a name without a file: something of that name runs. */
int manager_load_unit_anyway(Manager *m, const char *name, Unit **ret);
void manager_drop_unit(Manager *m, Unit *u);
void manager_schedule_rotation(Manager *m);
void manager_schedule_purge(Manager *m);
/* Bridges and the nftables table go some time after the last container that used them. */
void manager_schedule_collect(Manager *m);
/* Once, when all attachments are known again. */
void manager_settle_network(Manager *m);

/* lifecycle.c */
void unit_event(Unit *u, const MachineEvent *event);
void unit_arm_timer(Unit *u);
void unit_adopted(Unit *u);
/* The end of the main process, in the words of the machine; what nobody knows becomes the fault text. */
MainExit unit_main_exit(Unit *u, const ChildExit *how);
int unit_watch_main(Unit *u, int pidfd, pid_t pid);
int unit_watch_cgroup(Unit *u);
void unit_on_notify(char *const *fields, void *data);

/* prepare.c */
int unit_prepare(Unit *u, Fault *fault);

/* limits.c */
/* What its cgroup keeps now; NULL when nothing is held. */
const LimitSpec *unit_limits(const Unit *u);
/* Can this host keep the limits of @spec? */
int unit_check_limits(const Unit *u, const ContainerSpec *spec, Fault *fault);
/* The unit was in the state @before: with those of Startup*=, or no longer. */
void unit_adapt_limits(Unit *u, MachineState before);
/* The limits of @now, which a changed unit file has, in place of those that its container has; @now gets the
 * old ones. Also on failure, but when this host lacks a controller. */
int unit_change_limits(Unit *u, ContainerSpec *now, Fault *fault);
int unit_restrict_devices(Unit *u, Fault *fault);
/* Also anew, when the cgroup or the policy is another. */
void unit_watch_oom(Unit *u);
void unit_unwatch_oom(Unit *u);

/* prepare-plain.c: the same for units that are no containers. */
int unit_prepare_plain(Unit *u, Fault *fault);
/* Before each launch: a new cgroup in place of one that was killed. */
int unit_renew_cgroup(Unit *u, Fault *fault);
void unit_release(Unit *u);
/* The spec that a start would use now: image and environment files are looked up. */
int unit_make_spec(Unit *u, const UnitSpec *from, Image **ret_image, ContainerSpec **ret, Fault *fault);
int held_paths(Unit *u);
int unit_describe_attachment(Unit *u);
char *held_path(const Unit *u, const char *name);
/* -EIO when a test wants @step to fail, else 0. */
int manager_injected_fault(const Manager *m, const char *step, Fault *fault);

/* spaces.c */
/* NULL without a user namespace. */
const IdMap *held_ids(const Unit *u);
int unit_make_ids(Unit *u, Fault *fault);
void unit_drop_ids(Unit *u);
int unit_make_userns(Unit *u, Fault *fault);
void unit_drop_userns(Unit *u);
int unit_make_netns(Unit *u, Fault *fault);
void unit_drop_netns(Unit *u);
/* By which its processes have their network: its own, or that of the container that shares its network. */
const Attachment *unit_attachment(const Unit *u);
/* Namespaces of others, for one launch; -1 where it has its own or the host's. */
int unit_open_spaces(const Unit *u, int fds[SPACE_N_], Fault *fault);
void unit_close_spaces(int fds[SPACE_N_]);

/* files.c */
typedef struct UnitFiles {
        LaunchFile items[8];
        char *sources[8]; /* owned; of the items */
        size_t n;
} UnitFiles;

int unit_make_files(Unit *u, Fault *fault);
/* The files that a launch binds; @files is empty before, and to be cleared. */
int unit_files_name(const Unit *u, UnitFiles *files);
/* One more: @name in the unit's directory of files. */
int unit_files_add(const Unit *u, const char *name, const char *destination, UnitFiles *files);
void unit_files_clear(UnitFiles *files);

/* spawn.c */
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
int id_pool_init(IdPool *p, const ManagerConfig *config);
int id_pool_take(IdPool *p, const ManagerConfig *config, uint32_t *ret_base, Fault *fault);
/* For adoption. -EADDRINUSE when another unit has it. */
int id_pool_take_at(IdPool *p, const ManagerConfig *config, uint32_t base);
void id_pool_give(IdPool *p, const ManagerConfig *config, uint32_t base);

/* saved.c */
uint64_t raw_unit_fingerprint(const RawUnit *raw);
int unit_save(Unit *u);
void unit_forget(Unit *u);
int manager_adopt_all(Manager *m);

/* jobs.c */
int manager_jobs_setup(Manager *m);
void manager_job_finished(Manager *m, Unit *u, JobType type, JobResult result);
void manager_schedule_jobs(Manager *m);

/* exec.c */
void manager_exec_free_all(Manager *m);

/* worker.c */
/* Runs `nsunitd --worker ARGS...`; @reply once at its end. @fd: inherited as descriptor 3 when >= 0. */
int worker_start(Manager *m, char *const *args, int fd, ManagerReplyFn reply, void *data);
