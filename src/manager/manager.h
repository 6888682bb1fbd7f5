/*
 * The manager: all units, the jobs on them, and the one event loop that drives both.
 *
 * It joins the layers below; nothing here knows D-Bus. Whoever shows the manager to the outside
 * registers a ManagerListener and calls the functions below from handlers of the same loop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "basic/cleanup.h"
#include "basic/fault.h"
#include "config/manager-config.h"
#include "manager/unit.h"
#include "supervise/job.h"

typedef struct Manager Manager;

/* A queued job, or one that has just ended. */
typedef struct JobInfo {
        uint32_t id;
        Unit *unit;
        JobType type;
        JobState state;
} JobInfo;

/* Told what happens, in the order in which it happens. Any slot may be NULL. */
typedef struct ManagerListener {
        void (*job_new)(const JobInfo *job, void *data);
        /* @result is a word of systemd: done, canceled, timeout, failed, dependency, skipped. */
        void (*job_removed)(const JobInfo *job, const char *result, void *data);
        void (*unit_new)(Unit *unit, void *data);
        void (*unit_removed)(Unit *unit, void *data);
        /* A property that clients watch has changed: states, main pid, restart counter, result. */
        void (*unit_changed)(Unit *unit, void *data);
        void (*reloading)(bool begins, void *data);
        /* A start is about to begin: does it depend on what is not the manager's? 0 = no, 1 =
         * manager_may_start() will tell, or a negative errno with @fault: it cannot be. */
        int (*before_start)(Unit *unit, Fault *fault, void *data);
        /* That is not to be told any more. */
        void (*start_dropped)(Unit *unit, void *data);
} ManagerListener;

/**
 * manager_new() - make a manager; touches nothing on the system yet
 * @event:  borrowed
 * @config: borrowed, must outlive the manager
 */
int manager_new(sd_event *event, const ManagerConfig *config, Manager **ret);

/**
 * manager_startup() - take possession: run directory, cgroup, network, then load what runs already
 *
 * Containers that an earlier manager left running are adopted; what it left half-made is removed.
 *
 * Returns: 0, or a negative errno with @fault filled.
 */
int manager_startup(Manager *m, Fault *fault);

/**
 * manager_autostart() - start all units whose [Install] asks for it, in their order; once per boot
 *
 * Returns: 0, also when it was done before, or when single units cannot be started, which is logged; or a
 * negative errno.
 */
int manager_autostart(Manager *m);

/** manager_end() - stop all units, and end the loop when that is done. */
int manager_end(Manager *m);

/** manager_free() - let go. Containers run on; the next manager adopts them. NULL is fine. */
void manager_free(Manager *m);

AUTOPTR_DEFINE(Manager, manager_free);

/* What sd_event_loop() returns when the program is to be executed anew. */
#define MANAGER_EXIT_AGAIN 133

/** manager_set_program() - where the manager's own program lies, for manager_reexecute(); borrowed. */
void manager_set_program(Manager *m, const char *path);

/** manager_reexecute() - end the loop with MANAGER_EXIT_AGAIN; or say with @fault why that cannot be. */
int manager_reexecute(Manager *m, Fault *fault);

/** manager_set_listener() - @listener is borrowed; one listener per manager. */
void manager_set_listener(Manager *m, const ManagerListener *listener, void *data);

const ManagerConfig *manager_config(const Manager *m);

/** manager_reload() - read all unit files again; running containers keep their spec until they are started
 * anew. */
int manager_reload(Manager *m);

/**
 * manager_load_unit() - the unit of that name, from memory or else from its file
 * @name: complete unit name
 *
 * A unit whose file has errors is returned too, with its load state saying so (unit_status()).
 *
 * Returns: 0; -ENOENT no such file; -EINVAL not a unit name; -ENOMEM.
 */
int manager_load_unit(Manager *m, const char *name, Unit **ret);

/** manager_get_unit() - by complete name or alias, only from memory; NULL when it is not loaded. */
Unit *manager_get_unit(const Manager *m, const char *name);

/** manager_find_by_pid() - whose cgroup a process is in; NULL when it is in none of ours. */
Unit *manager_find_by_pid(const Manager *m, pid_t pid);

/** manager_next_unit() - walk all loaded units in the order of their names: NULL gives the first; NULL at the
 * end. */
Unit *manager_next_unit(const Manager *m, const Unit *unit);

/**
 * manager_enqueue() - one transaction of jobs
 * @names:   complete unit names
 * @ret_ids: one job id per name, in the same order; free(); 0 where nothing had to be done
 *
 * Returns: 0, or with @fault filled: -ENOENT no such unit; -EBADMSG the unit's file has errors; -ERFKILL
 * masked; -EDEADLK the ordering is cyclic; -EEXIST destructive (mode fail); -EACCES RefuseManualStart= or
 * RefuseManualStop=; -EOPNOTSUPP it cannot be reloaded; -EINVAL; -ENOMEM.
 */
int manager_enqueue(Manager *m, char *const *names, JobType type, JobMode mode, uint32_t **ret_ids,
                    Fault *fault);

/** manager_pass_job() - the number of a job of which nothing had to be done; manager_job_result() knows it.
 */
uint32_t manager_pass_job(Manager *m, Unit *u, JobType type);

/** manager_may_start() - the answer of ManagerListener.before_start(): @r of 0, or negative with @fault. */
void manager_may_start(Unit *u, int r, const Fault *fault);

/** manager_note_host() - whoever is about to ask for a start of @u has seen to what it depends on besides the
 * manager's units: before_start() is left out, once. */
void manager_note_host(Unit *u);

/** manager_next_job() - walk the queued jobs: @id 0 gives the first. Returns 1 with *ret set, or 0 at the
 * end. */
int manager_next_job(const Manager *m, uint32_t id, JobInfo *ret);

/** manager_note_asker() - who has asked for a job, in words, for the record; no such job is fine. */
void manager_note_asker(Manager *m, uint32_t id, const char *by);

/** manager_next_obstacle() - the same walk, over those that the job number @of waits for. */
int manager_next_obstacle(const Manager *m, uint32_t of, uint32_t id, JobInfo *ret);
/** manager_job_result() - of one of the last jobs that have ended, also with an earlier manager; or
 * JOB_RESULT_INVALID_. */
JobResult manager_job_result(const Manager *m, uint32_t id);

/** manager_cancel_job() - 0 or -ENOENT. */
int manager_cancel_job(Manager *m, uint32_t id);

/* Whom KillUnit reaches. */
typedef enum KillWhom {
        KILL_MAIN, /* the container's first process */
        KILL_ALL,  /* every process of the container's cgroup */
} KillWhom;

/** manager_kill_unit() - 0, -ESRCH when there is no main process, or another negative errno. @by: who asks
 * for it, in words for the record. */
int manager_kill_unit(Manager *m, Unit *u, KillWhom whom, int signal, const char *by);

/**
 * manager_lend_stdio() - standard streams for the next launch of a container that is at rest, and for no
 * other
 * @fds:      duplicated; they are forgotten when the unit comes to rest without a launch
 * @terminal: @fds are one terminal, which becomes that of the program's session
 */
int manager_lend_stdio(Unit *u, const int fds[3], bool terminal, Fault *fault);

/** manager_return_stdio() - there will be no such launch. */
void manager_return_stdio(Unit *u);

/** manager_freeze_unit() - let all processes of a running container stand still, or go on. 0; -ESRCH, -EBUSY
 * or another negative errno with @fault filled. */
int manager_freeze_unit(Unit *u, bool freeze, Fault *fault);

/** manager_reset_failed() - back from failed to inactive, counters to zero; @u NULL = all units. */
void manager_reset_failed(Manager *m, Unit *u);

/* The end of a request that took its time. @r: 0 or negative errno; @text: result (an id, JSON) or what went
 * wrong. */
typedef void (*ManagerReplyFn)(int r, const char *text, void *data);

/**
 * manager_import_image() - unpack an archive or a directory into the store, by a child process
 * @name:   reference to give it; NULL = the one in the archive
 * @path:   absolute; used when @fd is negative
 * @fd:     open archive; duplicated
 * @reply:  called once, later, from the loop; @text is the image id
 */
int manager_import_image(Manager *m, const char *name, const char *path, int fd, ManagerReplyFn reply,
                         void *data);

typedef struct ImagePull ImagePull;

typedef struct ImagePullCall {
        const char *reference;
        const char *name;         /* to give it; NULL = the reference */
        const char *platform;     /* [OS/]ARCHITECTURE[/VARIANT]; NULL = the host's */
        const char *auth_file;    /* absolute; NULL = skopeo's usual ones */
        const char *certificates; /* directory; NULL = the usual ones */
        const char *credentials;  /* USER[:PASSWORD] */
        bool no_tls_verify, all_tags;
        unsigned retry;
} ImagePullCall;

/* How far it is: see pull-event.h of image/. */
typedef void (*ImagePullFn)(const char *event, const char *text, uint64_t done, uint64_t total, void *data);

/**
 * manager_pull_image() - have an image fetched, whether it is there already or not
 * @done:  called once, later, from the loop; @text is the image id
 * @ret:   good until then; manager_pull_forget() ends it before, and the pull if nobody else waits for it
 */
int manager_pull_image(Manager *m, const ImagePullCall *call, ImagePullFn event, ManagerReplyFn done,
                       void *data, ImagePull **ret, Fault *fault);
void manager_pull_forget(ImagePull *p);

/**
 * manager_auto_update() - have units that say AutoUpdate= updated
 * @units: complete names of running units; NULL or empty = all that say so
 * @dry:   only look
 * @done:  called once, later, from the loop; @text is a JSON array: unit, image, policy, updated, reason
 *
 * Returns: 0, or with @fault filled: -ENOENT, -EINVAL for a unit that is not to be updated, ...
 */
int manager_auto_update(Manager *m, char *const *units, bool dry, ManagerReplyFn done, void *data,
                        Fault *fault);

/** manager_list_images() - JSON array as text; free(). */
int manager_list_images(Manager *m, char **ret, Fault *fault);
/** manager_inspect_image() - JSON object as text; free(). */
int manager_inspect_image(Manager *m, const char *reference, char **ret, Fault *fault);
/** manager_remove_image() - refused with -EBUSY while a container uses it. */
int manager_remove_image(Manager *m, const char *reference, Fault *fault);

/** manager_tag_image() - give an image one more name. */
int manager_tag_image(Manager *m, const char *reference, const char *name, Fault *fault);

/**
 * manager_prune_images() - remove images that have no name; with @all, every one that no unit names
 * @ret:  JSON array of them; free()
 *
 * One that a container uses stays.
 */
int manager_prune_images(Manager *m, bool all, char **ret, Fault *fault);

/** manager_export_image() - write an archive of an image to @fd, which is duplicated, by a child process; as
 * manager_import_image(). */
int manager_export_image(Manager *m, const char *reference, int fd, ManagerReplyFn reply, void *data);

/** manager_check_store() - compare all of the image store with its digests, by a child process; @text of the
 * reply is JSON (check.h of image/). */
int manager_check_store(Manager *m, bool repair, ManagerReplyFn reply, void *data);

/** manager_store_usage() - what takes space in the store, by a child process. @text of the reply is a JSON
 * array of objects: type, count, active, size_bytes, reclaimable_bytes, items. */
int manager_store_usage(Manager *m, ManagerReplyFn reply, void *data);

/** manager_list_volumes() - JSON array as text; free(). */
int manager_list_volumes(Manager *m, char **ret, Fault *fault);
/** manager_remove_volume() - -EBUSY while a container uses it or its device is mounted; @fault names them. */
int manager_remove_volume(Manager *m, const char *name, Fault *fault);
/**
 * manager_prune_volumes() - remove all that nothing uses
 * @all: also those that the file of a unit names which does not run
 * @ret: JSON array of their names; free()
 */
int manager_prune_volumes(Manager *m, bool all, char **ret, Fault *fault);

/**
 * manager_copy_volume() - its files to a tar, or a tar into it
 * @in:    from @fd into the volume, which is made when it is missing; else from it to @fd
 * @reply: called once, later, from the loop
 */
int manager_copy_volume(Manager *m, const char *name, bool in, int fd, ManagerReplyFn reply, void *data,
                        Fault *fault);

typedef struct CopyCall {
        Unit *unit;        /* a container that runs, or whose root is kept */
        const char *path;  /* in it */
        bool in;           /* into it; else out of it */
        int fd;            /* a tar; or a directory of the host ... */
        const char *other; /* ... with this name in it, "." = its contents; NULL = a tar */
} CopyCall;

/**
 * manager_copy_files() - files of a container to the host or the other way round, as cp(1)
 * @reply: called once, later, from the loop
 *
 * No path leads out of the container's root; owners are those that its user namespace makes of them.
 */
int manager_copy_files(Manager *m, const CopyCall *call, ManagerReplyFn reply, void *data, Fault *fault);

/** manager_diff_files() - what a container has changed of its root, to @fd: "A/path", "C/path" and "D/path",
 * each ended by a NUL byte. */
int manager_diff_files(Manager *m, Unit *u, int fd, ManagerReplyFn reply, void *data, Fault *fault);

/**
 * manager_commit_unit() - a new image: that of a container, and a layer of what it has written
 * @name:    of the image
 * @comment: for its history; may be empty
 * @reply:   called once, later, from the loop; @text is the image id
 */
int manager_commit_unit(Manager *m, Unit *u, const char *name, const char *comment, ManagerReplyFn reply,
                        void *data, Fault *fault);

/** manager_mount_files() - show a container's root, read-only, until it is stopped; @ret: where, free(). */
int manager_mount_files(Unit *u, char **ret, Fault *fault);
/** manager_unmount_files() - -ESRCH when it is not shown. */
int manager_unmount_files(Unit *u, Fault *fault);

/** manager_list_networks() - JSON array of networks with subnets, bridge, users. */
int manager_list_networks(Manager *m, char **ret);
/** manager_list_links() - JSON array: host link, unit, container link, addresses, network. */
int manager_list_links(Manager *m, char **ret);

/** manager_list_ports() - JSON array of all published ports and their owners. */
int manager_list_ports(Manager *m, char **ret);

/**
 * manager_trace_port() - JSON array of the steps of a packet to a port of the host: step, result, what
 * @from: address, or "" for anywhere
 *
 * The last one says whether it reaches a process. Returns: 0, or a negative errno with @fault filled.
 */
int manager_trace_port(Manager *m, uint16_t port, const char *protocol, const char *from, char **ret,
                       Fault *fault);

/**
 * manager_resolve() - JSON array of name, network, unit and address: what containers find by that name
 * @name:    or an address, to be told whose it is
 * @network: only there; NULL = anywhere
 */
int manager_resolve(Manager *m, const char *name, const char *network, char **ret);

/** manager_network_diff() - JSON array: what of the host's links, addresses, routes and firewall is not as it
 * should be. */
int manager_network_diff(Manager *m, char **ret);
/** manager_list_timers() - JSON array of the units whose timers run: when each starts its unit, when it did.
 */
int manager_list_timers(Manager *m, char **ret);

/** manager_trigger_unit() - a start job that is about to be queued is to start the container, as its timer or
 * its sockets would; with @on false that one could not be queued. */
void manager_trigger_unit(Unit *u, bool on);

typedef struct ExecCall {
        Unit *unit;
        char *const *argv; /* at least one */
        char *const *environment;
        const char *user;        /* NULL = the container's */
        const char *working_dir; /* NULL = the container's */
        bool terminal;
        int stdio[3]; /* without a terminal: duplicated */
} ExecCall;

/* How a process that `exec` started ended; si_code and si_status of waitid(2). */
typedef void (*ManagerExecFn)(int code, int status, void *data);

/**
 * manager_exec() - run a program inside a running container
 * @done:         called once when it has ended
 * @ret_terminal: with call->terminal the master side of its terminal, else -EBADF; the caller's to close
 * @ret_pid:      pid on the host
 *
 * Returns: 0, or a negative errno with @fault filled: -ESRCH the container does not run.
 */
int manager_exec(Manager *m, const ExecCall *call, ManagerExecFn done, void *data, int *ret_terminal,
                 pid_t *ret_pid, Fault *fault);

/** manager_exec_forget() - the client has gone: @done of these @data is not called any more; the program gets
 * SIGHUP. */
void manager_exec_forget(Manager *m, void *data);

/**
 * manager_unit_spec_json() - the OCI runtime-spec of a unit as it would be started now
 * @ret: free()
 */
int manager_unit_spec_json(Manager *m, Unit *u, char **ret, Fault *fault);

/** manager_unit_plan() - the launch plan, one step a line; free(). */
int manager_unit_plan(Manager *m, Unit *u, char **ret, Fault *fault);

/* The text of a unit's files, merged, without comments, and where the unit file lay. */
typedef struct UnitTexts {
        char *started, *started_file; /* as it was started last; "" when it does not run */
        char *loaded, *loaded_file;   /* as it was read last; "" when it could not be */
} UnitTexts;

/** unit_texts_clear() - safe on zeroed memory. */
void unit_texts_clear(UnitTexts *t);

/** manager_unit_texts() - @ret: zeroed before; to be cleared whatever is returned. */
int manager_unit_texts(Unit *u, UnitTexts *ret, Fault *fault);
