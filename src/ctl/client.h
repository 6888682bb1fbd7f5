/*
 * Talking to the manager: over its private socket when that is ours to open, else over the system bus.
 */
#pragma once

#include <jansson.h>

#include "basic/bus-names.h"
#include "ctl/verb.h"

static inline void cleanup_message_(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}

static inline void cleanup_error_(sd_bus_error *e) {
        sd_bus_error_free(e);
}

static inline void cleanup_json_(json_t **j) {
        json_decref(*j);
}

#define automessage __attribute__((cleanup(cleanup_message_)))
#define autoerror   __attribute__((cleanup(cleanup_error_)))
#define autojson    __attribute__((cleanup(cleanup_json_)))

/** client_open() - connect c->bus, once. Returns 0, or a negative errno that was told on stderr. */
int client_open(Ctl *c);

/** client_open_quietly() - the same without a word, for what can do without the manager. */
int client_open_quietly(Ctl *c);

/** client_open_again() - as nsunits_reopen(), for what a program before us has begun. */
int client_open_again(Ctl *c);

/** client_reopen() - nsunits_reopen(). */
int client_reopen(Ctl *c);

AUTOPTR_DEFINE(NsunitsJobs, nsunits_jobs_free);

/** client_jobs_new() - nsunits_jobs_new(); c->bus must be open. Returns 0 or a negative errno with @error
 * filled.
 */
int client_jobs_new(Ctl *c, sd_bus_error *error, NsunitsJobs **ret);

/** client_jobs_request() - ask for jobs of all these units, and add them. The same results. */
int client_jobs_request(Ctl *c, NsunitsJobs *jobs, const char *method, char *const *names, const char *mode,
                        sd_bus_error *error);

/** client_jobs_wait() - until all have ended. Returns 0 or a negative errno: the connection broke off. */
int client_jobs_wait(Ctl *c, NsunitsJobs *jobs);

/** client_job_has_failed() - is this, a word of the manager, a bad end? */
bool client_job_has_failed(const char *result);

/** client_jobs_next_failed() - walk the jobs that ended badly. @i: 0 at first. */
bool client_jobs_next_failed(const NsunitsJobs *jobs, size_t *i, const char **ret_unit,
                             const char **ret_result);

/** client_destination() - whom to address on c->bus: NULL on the private socket, where there is only one. */
const char *client_destination(const Ctl *c);

/**
 * client_call() - call a method and wait for the answer, however long it takes
 * @path, @interface: NULL = the manager's own
 * @ret:  may be NULL
 *
 * Returns: 0, or a negative errno with @error filled.
 */
int client_call(Ctl *c, const char *path, const char *interface, const char *member, sd_bus_error *error,
                sd_bus_message **ret, const char *types, ...);

/** client_call_message() - the same for a message made with client_message_new(). */
int client_call_message(Ctl *c, sd_bus_message *m, sd_bus_error *error, sd_bus_message **ret);

/** client_message_new() - a call of the manager's interface, to be filled. */
int client_message_new(Ctl *c, const char *member, sd_bus_message **ret);

/** client_reload() - have a manager that runs read the unit files again. Returns an exit status; what went
 * wrong was told.
 */
int client_reload(Ctl *c);

/** client_failure() - tell on stderr what became of @what. Returns the exit status that fits the error's
 * name. */
int client_failure(const char *what, int r, const sd_bus_error *error);

/**
 * client_unit_properties() - all properties of a unit, of all its interfaces, as a JSON object
 *
 * A unit that is not loaded is read from its file by the manager; one that has no file has the LoadState
 * "not-found".
 *
 * Returns: 0 with *ret to be json_decref()ed; or a negative errno with @error filled.
 */
int client_unit_properties(Ctl *c, const char *name, sd_bus_error *error, json_t **ret);

/** client_list_units() - all loaded units: objects with what tables show of them, for --json with all that
 * there is. Same ownership. */
int client_list_units(Ctl *c, sd_bus_error *error, json_t **ret);

/**
 * client_unit_names() - the units that are meant by @typed
 *
 * Words with *, ? or [ are patterns of names of loaded units (glob(7)). Without any word: all that are not at
 * rest. Mistakes are told on stderr. c->bus must be open.
 *
 * Returns: 0 or a negative errno; *ret may be NULL when nothing fits.
 */
int client_unit_names(Ctl *c, char *const *typed, char ***ret);

/** client_query_json() - call a method of the manager that returns JSON text. Same ownership. */
int client_query_json(Ctl *c, const char *member, const char *argument, sd_bus_error *error, json_t **ret);
