/* What the files of this folder share. */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>
#include <systemd/sd-bus.h>
#include <uthash.h>

#include "basic/bus-names.h"
#include "bus/bus.h"

/* One connection: a client of the private socket, or the system bus. */
typedef struct Peer {
        TAILQ_ENTRY(Peer) link;
        Bus *owner;
        sd_bus *bus;
        bool system;
        bool subscribed;           /* private: this client wants signals ... */
        bool waits_for_jobs;       /* ... or JobRemoved only */
        sd_bus_track *subscribers; /* system: the clients that do */
        bool published;            /* the tables of bus_manager_publish() and its like */
        bool keys_published;       /* those of the keys of units */
        sd_bus_slot *filter;       /* all messages */
} Peer;

typedef struct UnitView UnitView;

/* The section whose keys are being looked at, see bus-keys.c. */
typedef struct KeyView {
        Bus *bus;
        void *section;
} KeyView;

typedef struct Exec Exec;
typedef struct PullCall PullCall;
typedef struct Question Question;
typedef struct Face Face;
typedef struct HostWait HostWait;

#define SYSTEMD           "org.freedesktop.systemd1"
#define SYSTEMD_PATH      "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER   "org.freedesktop.systemd1.Manager"
#define SYSTEMD_UNIT      "org.freedesktop.systemd1.Unit"
#define SYSTEMD_UNIT_PATH "/org/freedesktop/systemd1/unit"

struct Bus {
        sd_event *event; /* borrowed, like the manager */
        Manager *manager;
        TAILQ_HEAD(, Peer) peers;
        TAILQ_HEAD(, Exec) execs;
        TAILQ_HEAD(, PullCall) pulls;
        TAILQ_HEAD(, Question) questions; /* calls that polkit is asked about */
        unsigned n_questions;
        sd_event_source *listener;    /* private socket */
        sd_event_source *retry_timer; /* system bus */
        char *socket_path;
        sd_id128_t server_id;
        UnitView *view; /* the unit that is being looked at, see bus-unit.c */
        KeyView key_view;
        Face *faces;               /* by unit, see bus-face.c */
        struct Machines *machines; /* see bus-machine.c; NULL without a system bus */
        HostWait *host_waits;      /* by unit, see bus-host.c */
        sd_bus_slot *host_match;   /* as long as there are some */
};

/** peer_publish() - announce all to sd-bus but the keys of units. */
int peer_publish(Peer *p);

/** peer_wants_signals() - has anybody behind @p subscribed? */
bool peer_wants_signals(const Peer *p);

/** bus_signal() - emit a signal of the manager's interface to all who subscribed to it. */
void bus_signal(Bus *b, const char *member, const char *types, ...);

/** bus_system() - the system bus, when it is there and ready; else NULL. */
sd_bus *bus_system(const Bus *b);

/** bus_find_peer() - the peer that @bus belongs to. Never NULL for a message that we are handling. */
Peer *bus_find_peer(Bus *b, sd_bus *bus);

/** bus_unit_path() - object path of a unit; free(). NULL when out of memory. */
char *bus_unit_path(const char *name);

/** bus_file_state() - is the file of a unit enabled? "" when there is none. */
const char *bus_file_state(const Unit *u, const UnitStatus *s);

/** bus_job_path() - object path of a job, "/" for number 0. Returns @buf. */
const char *bus_job_path(uint32_t id, char buf[64]);

/** bus_sender() - the user whose call it is; (uid_t) -1 when that is not known. */
uid_t bus_sender(sd_bus_message *m);

#define BUS_ONLY_ROOT "only root may do that"

/** bus_require_root() - 0 when the caller may change things, else an error to be returned. */
int bus_require_root(sd_bus_message *m, sd_bus_error *error);

/** bus_caller_is_root() - the one whose call makes us look at a property. There is none when we look by
 * ourselves, to send a signal to all. */
bool bus_caller_is_root(sd_bus *bus);

/* What was looked for when a call ends with -ENOENT. */
typedef enum ErrorSubject {
        ABOUT_UNIT,
        ABOUT_JOB,
        ABOUT_IMAGE,
        ABOUT_VOLUME,
        ABOUT_PROGRAM, /* one to be executed */
} ErrorSubject;

/**
 * bus_error_set() - the D-Bus error for a negative errno of the manager
 * @fault: its words become the message; NULL or empty: those of the errno
 *
 * The only place that knows which errno is which error. Returns: a negative errno, to be returned by the
 * handler.
 */
int bus_error_set(sd_bus_error *error, ErrorSubject about, int r, const Fault *fault, const char *object);

/**
 * bus_answer_later() - answer a call whose handler has returned 1
 * @m:    the call; our reference to it is dropped
 * @text: the result, a string, if @with_text; or what went wrong
 */
void bus_answer_later(sd_bus_message *m, int r, ErrorSubject about, const char *text, bool with_text);

/** bus_error_set_refused() - the same for jobs that were not queued: says of which unit, and why not. */
int bus_error_set_refused(sd_bus_error *error, int r, const Fault *fault, const char *object);

/* A table of members, and the object that they belong to at a path. */
typedef struct BusTable {
        const char *interface; /* NULL ends a list */
        const sd_bus_vtable *members;
        sd_bus_object_find_t find;
} BusTable;

/* Those of a unit, without its keys. */
extern const BusTable bus_unit_tables[];

/** bus_get_all() - have GetAll of a unit answered without any table of sd-bus'. As bus_call_manager(). */
int bus_get_all(Bus *b, sd_bus_message *m, sd_bus_error *error);

/** bus_property_open() / bus_property_close() - before and after the value of a property in "a{sv}". */
int bus_property_open(sd_bus_message *reply, const char *name, const char *signature);
int bus_property_close(sd_bus_message *reply);

/** bus_keys_append() - for the answer to @m, GetAll: keys as properties, of one interface or of all, "".
 * Returns how many interfaces those are; or a negative errno, perhaps with @error. */
int bus_keys_append(Bus *b, sd_bus_message *m, const char *interface, sd_bus_message *reply,
                    sd_bus_error *error);

/* What is told of each table of members; many may be of one interface. */
typedef void (*BusTableFn)(const char *interface, const sd_bus_vtable *table, void *data);

/* The members of each object, for a description of them. */
void bus_manager_describe(BusTableFn fn, void *data);
void bus_unit_describe(BusTableFn fn, void *data);
void bus_job_describe(BusTableFn fn, void *data);
int bus_keys_describe(BusTableFn fn, void *data);

/* Each adds its vtables to a new connection. */
int bus_manager_publish(Bus *b, sd_bus *bus);
int bus_unit_publish(Bus *b, sd_bus *bus);
int bus_job_publish(Bus *b, sd_bus *bus);
int bus_keys_publish(Bus *b, sd_bus *bus);

/** bus_unit_find() - the unit that an object path means. 1 = found, 0 = no such object, or a negative errno
 * with @error. */
int bus_unit_find(Bus *b, sd_bus *bus, const char *path, Unit **ret, sd_bus_error *error);

/** bus_unit_view() - an sd_bus_object_find_t: *ret is the unit's state for the properties and methods of
 * org.nsunits1.Unit. */
int bus_unit_view(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret,
                  sd_bus_error *error);

/** bus_job_exists() / bus_job_of_path() - is there a job of this number, or with this object? */
bool bus_job_exists(Bus *b, uint32_t id, JobInfo *ret);
bool bus_job_of_path(Bus *b, const char *path, JobInfo *ret);

/** bus_may_load() - may who calls on @bus have this unit loaded, if it is not? */
bool bus_may_load(const Bus *b, sd_bus *bus, const char *name);

/** bus_unit_changed() - tell subscribers the properties that change by themselves. */
void bus_unit_changed(Bus *b, Unit *u);

/** bus_load_unit() - by its complete name, as the interface gets it; the error is set on failure. */
int bus_load_unit(Bus *b, const char *name, Unit **ret, sd_bus_error *error);

/** bus_read_unit() - the next argument of a call is the name of a unit; *ret_name is the message's. */
int bus_read_unit(Bus *b, sd_bus_message *m, const char **ret_name, Unit **ret, sd_bus_error *error);

/** bus_enqueue() - parse the mode and queue jobs for the sender of @m; the error is set on failure. free()
 * *ret_ids.
 */
int bus_enqueue(Bus *b, sd_bus_message *m, char *const *names, JobType type, const char *mode,
                uint32_t **ret_ids, sd_bus_error *error);

/** bus_note_asker() - these jobs were asked for by the sender of @m; 0 is no job. */
void bus_note_asker(Bus *b, sd_bus_message *m, const uint32_t *ids, size_t n);

/** bus_reply_job() - enqueue for one unit and answer with the job's path. */
int bus_reply_job(Bus *b, sd_bus_message *m, const char *name, JobType type, const char *mode,
                  sd_bus_error *error);

/** bus_kill() - KillUnit's half behind the arguments; @m says who asks. */
int bus_kill(Bus *b, sd_bus_message *m, Unit *u, const char *whom, int signal, sd_bus_error *error);

/** bus_append_deaths() - the value of the property Deaths, "aa{sv}". @all: with what only root may see. */
int bus_append_deaths(sd_bus_message *m, const Unit *u, bool all);

/** bus_caller() - who has sent @m, "nsctl (pid 12, user 0)"; free(). NULL when out of memory. */
char *bus_caller(sd_bus_message *m);

/** bus_append_job() - one line of ListJobs. */
int bus_append_job(sd_bus_message *reply, const JobInfo *job);

/* The handlers of all methods; what they are called for has been allowed. */
#define MANAGER(name, in, out, handler, ...) \
        int handler(sd_bus_message *m, void *userdata, sd_bus_error *error);
#define UNIT MANAGER
#define JOB  MANAGER
#include "bus/bus-methods.def"

/**
 * bus_dispatch() - have a call handled, now or when polkit has let it through
 * @userdata: for the handler
 */
int bus_dispatch(Bus *b, sd_bus_message *m, void *userdata, sd_bus_error *error);

/** bus_call_manager() - have a call of the manager's interface handled without any table of sd-bus'. Returns
 * 1; 0 when it is no such call, or not as it should be; or a negative errno, perhaps with @error. */
int bus_call_manager(Bus *b, sd_bus_message *m, sd_bus_error *error);

/** bus_go_on() - have the call handled that polkit has let through, and answered. */
void bus_go_on(Bus *b, sd_bus_message *m);

/** bus_require_little_text() - 0 when the arguments of @m have no more text than anybody may send, else an
 * error with @refusal, to be returned. */
int bus_require_little_text(sd_bus_message *m, const char *refusal, sd_bus_error *error);

/** bus_polkit_ask() - may the sender of @m do that with @units? If so, bus_go_on() is called later; if not,
 * it is answered. Returns 1, or a negative errno with @error. */
int bus_polkit_ask(Bus *b, sd_bus_message *m, const char *action, const char *units, const char *verb,
                   sd_bus_error *error);

/** bus_polkit_drop() - forget the calls of a connection that wait; NULL = all. */
void bus_polkit_drop(Bus *b, const sd_bus *bus);

/** bus_face_follow() - tell systemd when the service of @u is not what @u is. */
void bus_face_follow(Bus *b, Unit *u);

/** bus_face_settle() - the same for all units, with a system bus that has just come. */
void bus_face_settle(Bus *b);

/** bus_face_forget_unit() / bus_face_forget() - of one that is gone, and of all. */
void bus_face_forget_unit(Bus *b, const char *unit);
void bus_face_forget(Bus *b);

/** bus_machine_follow() - tell machined when what it knows of @u is not what @u is; nothing is waited for. */
void bus_machine_follow(Bus *b, Unit *u);

/** bus_machine_settle() - the same for all units, with a system bus that has just come. */
void bus_machine_settle(Bus *b, sd_bus *system);

/** bus_machine_forget() - the system bus goes. Machines stay registered: they run on. */
void bus_machine_forget(Bus *b);

/** bus_host_before_start() / bus_host_forget() - slots of the ManagerListener, see bus-host.c. */
int bus_host_before_start(Unit *u, Fault *fault, void *data);
void bus_host_forget(Unit *u, void *data);

/** bus_host_settle() / bus_host_lose() - a system bus has come, or gone. */
void bus_host_settle(Bus *b);
void bus_host_lose(Bus *b);

/** bus_host_forget_all() - for the end of the bus: nobody is told. */
void bus_host_forget_all(Bus *b);
int on_network_diff(sd_bus_message *m, void *userdata, sd_bus_error *error);

/** bus_pull_drop() - forget the pulls that were asked for on a connection; NULL = all. */
void bus_pull_drop(Bus *b, const sd_bus *bus);

/** exec_drop_all() - forget all programs whose end a client waits for. */
void exec_drop_all(Bus *b);

/** bus_keys_free() - the tables that bus_keys_publish() has made once for all connections. */
void bus_keys_free(void);
