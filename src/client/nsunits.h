/*
 * libnsunits: for programs that manage containers of nsunits.
 *
 * A connection is one to the manager, nsunitd(8): over its private socket, which is root's, or over the
 * system bus. It belongs to one thread at a time. What the library does not have a function for is one call
 * of sd-bus(3) away: nsunits_get_bus() and org.nsunits1(5).
 *
 * Functions that return int return 0 or a negative errno; what went wrong is then in words in
 * nsunits_error(). -ECONNRESET is the end of the connection, see nsunits_reopen(). Units are named
 * completely, "web.container".
 *
 * Link with -lnsunits; pkg-config knows it as nsunits. Functions are not taken out or changed; members of the
 * structures are added at their ends only, and the library allocates them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NSUNITS_PUBLIC __attribute__((visibility("default")))

/* A time that does not come. */
#define NSUNITS_FOREVER UINT64_MAX

typedef struct Nsunits Nsunits;
typedef struct NsunitsJobs NsunitsJobs;
typedef struct NsunitsList NsunitsList;

/* --- connections ---------------------------------------------------------------------------------------- */

/**
 * nsunits_open() - connect to the manager of this machine
 *
 * The private socket is tried first.
 *
 * Returns: 0; -EACCES or -ECONNREFUSED, -ENOENT: what kept us from the private socket, when there is no
 * system bus either; or another negative errno.
 */
NSUNITS_PUBLIC int nsunits_open(Nsunits **ret);

/**
 * nsunits_open_socket() - connect to the private socket of a manager
 * @path: of the socket, "/run/nsunitd/bus"
 */
NSUNITS_PUBLIC int nsunits_open_socket(const char *path, Nsunits **ret);

/** nsunits_open_system() - connect over the system bus. */
NSUNITS_PUBLIC int nsunits_open_system(Nsunits **ret);

/** nsunits_close() - hang up. NULL is fine. Returns NULL. */
NSUNITS_PUBLIC Nsunits *nsunits_close(Nsunits *n);

/**
 * nsunits_reopen() - wait until the manager at the other end of a private socket has gone, and connect to the
 * next one
 *
 * What was subscribed to is so again. The bus is another one afterwards.
 *
 * Returns: 0; -ETIMEDOUT when none has come within ten seconds, or there is no private socket.
 */
NSUNITS_PUBLIC int nsunits_reopen(Nsunits *n);

/** nsunits_get_bus() - the connection, for calls of your own and for your event loop; borrowed, until
 * nsunits_reopen() and nsunits_close(). */
NSUNITS_PUBLIC sd_bus *nsunits_get_bus(Nsunits *n);

/** nsunits_get_destination() - whom to address on it: "org.nsunits1", or NULL on a private socket. */
NSUNITS_PUBLIC const char *nsunits_get_destination(const Nsunits *n);

/** nsunits_error() - what the last function that failed had to say; never NULL. Good until the next call. */
NSUNITS_PUBLIC const char *nsunits_error(const Nsunits *n);

/** nsunits_error_name() - the same as a name of org.nsunits1(5), "org.nsunits1.NoSuchUnit"; NULL if it was no
 * error of D-Bus. */
NSUNITS_PUBLIC const char *nsunits_error_name(const Nsunits *n);

/* --- jobs ----------------------------------------------------------------------------------------------- */

/**
 * nsunits_start(), nsunits_stop(), nsunits_restart(), nsunits_reload() - have that done, and wait until it is
 *
 * What is as it should be already is done at once.
 *
 * Returns: 0; -ENOENT there is no such unit; -EACCES you may not; -ECANCELED another job took this one's
 * place; -EIO the job has failed, nsunits_error() is its result; or another negative errno.
 */
NSUNITS_PUBLIC int nsunits_start(Nsunits *n, const char *unit);
NSUNITS_PUBLIC int nsunits_stop(Nsunits *n, const char *unit);
NSUNITS_PUBLIC int nsunits_restart(Nsunits *n, const char *unit);
NSUNITS_PUBLIC int nsunits_reload(Nsunits *n, const char *unit);

/**
 * nsunits_jobs_new() - jobs that are waited for together
 *
 * Their ends are subscribed to here, so that none is missed of a job that is asked for from now on.
 */
NSUNITS_PUBLIC int nsunits_jobs_new(Nsunits *n, NsunitsJobs **ret);

/** nsunits_jobs_free() - the jobs themselves go on. NULL is fine. Returns NULL. */
NSUNITS_PUBLIC NsunitsJobs *nsunits_jobs_free(NsunitsJobs *j);

/**
 * nsunits_jobs_request() - ask for a job, and add it
 * @method: of the manager: "StartUnit", "StopUnit", "TryRestartUnit", ...
 * @mode:   "replace", "fail" or "ignore-dependencies"
 */
NSUNITS_PUBLIC int nsunits_jobs_request(NsunitsJobs *j, const char *method, const char *unit,
                                        const char *mode);

/** nsunits_jobs_request_all() - ask for jobs of many units in one transaction, and add them. @method:
 * "StartUnits", "StopUnits", ... */
NSUNITS_PUBLIC int nsunits_jobs_request_all(NsunitsJobs *j, const char *method, char *const *units,
                                            const char *mode);

/** nsunits_jobs_add() - add a job that was asked for in another way. @path: of its object; "/" is one that
 * had nothing to do. */
NSUNITS_PUBLIC int nsunits_jobs_add(NsunitsJobs *j, const char *path, const char *unit);

/**
 * nsunits_jobs_wait() - until all of them have ended
 * @timeout: in µs
 *
 * A manager that is killed, upgraded or restarted meanwhile is waited for; the next one goes on with the
 * jobs.
 *
 * Returns: 0; -ETIMEDOUT; -ECONNRESET when the manager is gone and no other has come.
 */
NSUNITS_PUBLIC int nsunits_jobs_wait(NsunitsJobs *j, uint64_t timeout);

/**
 * nsunits_jobs_next() - walk the jobs in the order in which they were added
 * @i:          0 at first
 * @ret_unit:   borrowed
 * @ret_result: "done", "failed", "timeout", "canceled", "dependency", ...; NULL while it has not ended.
 * Borrowed.
 *
 * Returns: 1 with both set, 0 at the end.
 */
NSUNITS_PUBLIC int nsunits_jobs_next(const NsunitsJobs *j, size_t *i, const char **ret_unit,
                                     const char **ret_result);

/* --- units ---------------------------------------------------------------------------------------------- */

/* A unit as a list has it. No text is NULL. */
typedef struct NsunitsUnit {
        const char *name, *description;
        const char *load_state; /* "loaded", "not-found", "bad-setting", "masked" */
        const char
                *active_state; /* "active", "reloading", "inactive", "failed", "activating", "deactivating" */
        const char *sub_state; /* the same more closely, "running" */
} NsunitsUnit;

/** nsunits_list() - all units that the manager has loaded now, by name. nsunits_list_free(). */
NSUNITS_PUBLIC int nsunits_list(Nsunits *n, NsunitsList **ret);

/** nsunits_list_next() - the first or next of them, borrowed until the next call; NULL at the end. Its texts
 * are good as long as the list. */
NSUNITS_PUBLIC const NsunitsUnit *nsunits_list_next(NsunitsList *l);

/** nsunits_list_free() - NULL is fine. Returns NULL. */
NSUNITS_PUBLIC NsunitsList *nsunits_list_free(NsunitsList *l);

/* One unit at this moment. No text is NULL; a time is in µs since 1970, 0 for never. */
typedef struct NsunitsStatus {
        const char *name, *description, *load_state, *active_state, *sub_state;
        const char
                *result; /* why its last run has ended: "success", "exit-code", "signal", "oom-kill", ... */
        const char *failure;       /* why its last start has failed, in words */
        const char *status_text;   /* what it says of itself */
        const char *health;        /* "starting", "healthy", "unhealthy"; "" without a check */
        const char *control_group; /* below /sys/fs/cgroup */
        uint64_t state_change, active_enter, inactive_enter;
        uint64_t memory, cpu_nsec, tasks; /* UINT64_MAX: nobody counts */
        uint32_t main_pid;                /* 0: none */
        uint32_t restarts;                /* that the manager made by itself */
        int32_t exit_code, exit_status;   /* of the last end: CLD_EXITED, ... and the status or signal */
} NsunitsStatus;

/** nsunits_get_status() - of one unit; one without a file has the load state "not-found".
 * nsunits_status_free(). */
NSUNITS_PUBLIC int nsunits_get_status(Nsunits *n, const char *unit, NsunitsStatus **ret);

/** nsunits_status_free() - NULL is fine. Returns NULL. */
NSUNITS_PUBLIC NsunitsStatus *nsunits_status_free(NsunitsStatus *s);

/* --- changes -------------------------------------------------------------------------------------------- */

/**
 * NsunitsChangeFn - told that a unit has changed, or was loaded or forgotten
 * @unit: its name. Ask nsunits_get_status() for what it is now.
 */
typedef void (*NsunitsChangeFn)(Nsunits *n, const char *unit, void *data);

/**
 * nsunits_watch() - have @fn called for each change from now on; one watch a connection, NULL ends it
 *
 * It is called by nsunits_process(), by functions of the library that wait, and by your event loop if the bus
 * is attached to it.
 */
NSUNITS_PUBLIC int nsunits_watch(Nsunits *n, NsunitsChangeFn fn, void *data);

/**
 * nsunits_process() - take what has come, and wait for it if nothing has
 * @timeout: in µs
 *
 * Returns: 1 something was taken, 0 nothing came in time; -ECONNRESET the manager has gone, see
 * nsunits_reopen().
 */
NSUNITS_PUBLIC int nsunits_process(Nsunits *n, uint64_t timeout);

#ifdef __cplusplus
}
#endif
