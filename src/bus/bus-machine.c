/*
 * Registration with systemd-machined, so that machinectl, `ps -o machine` and names of hosts know containers.
 *
 * A queue of units whose registration is not what it should be, and one call at a time: of a thousand
 * containers that start at once it is told one after the other, and nothing waits for any of it. What is to
 * be done is seen when a unit's turn comes, by the process that machined knows and the one that runs.
 *
 *      none, 7     RegisterMachineWithNetwork
 *      7, none     UnregisterMachine
 *      7, 8        UnregisterMachine, and once more
 *
 * machined keeps what it was told when it is restarted, and we may be the next manager. A machine of the name
 * that is ours already (Service=nsunits) is looked at before it is replaced; one of somebody else's is left
 * alone. Where there is no machined, nothing is tried until one shows up.
 */
#include <stdlib.h>
#include <string.h>

#include "basic/log.h"
#include "basic/macro.h"
#include "bus/bus-internal.h"
#include "manager/registration.h"

#define MACHINED         "org.freedesktop.machine1"
#define MACHINED_PATH    "/org/freedesktop/machine1"
#define MACHINED_MANAGER "org.freedesktop.machine1.Manager"
#define MACHINED_MACHINE "org.freedesktop.machine1.Machine"
#define MACHINE_PATH     "/org/freedesktop/machine1/machine"
#define MACHINE_EXISTS   "org.freedesktop.machine1.MachineExists"
#define NO_SUCH_MACHINE  "org.freedesktop.machine1.NoSuchMachine"
#define SERVICE          "nsunits"
#define CLASS            "container"

#define MATCH_OWNER \
        "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" MACHINED "'"

typedef struct Entry {
        UT_hash_handle hh;
        TAILQ_ENTRY(Entry) link; /* in the queue */
        bool queued;
        char *unit;
        char name[REGISTRATION_NAME_MAX + 1];
        pid_t leader; /* that machined knows; 0 = none */
} Entry;

struct Machines {
        Bus *bus;
        sd_bus *system; /* borrowed: we end before it */
        sd_bus_slot *owner_match, *removed_match;
        Entry *entries;
        TAILQ_HEAD(, Entry) queue;
        Entry *current;    /* what the call is about */
        pid_t asked;       /* leader of a registration that is under way */
        sd_bus_slot *call; /* under way; cancelled with us */
        bool absent;       /* there is no machined */
};

static void step(struct Machines *m);

static void entry_free(struct Machines *m, Entry *e) {
        if (e->queued)
                TAILQ_REMOVE(&m->queue, e, link);
        HASH_DEL(m->entries, e);
        free(e->unit);
        free(e);
}

static void forget_entries(struct Machines *m) {
        Entry *e, *next;

        m->call = sd_bus_slot_unref(m->call);
        m->current = NULL;
        HASH_ITER (hh, m->entries, e, next)
                entry_free(m, e);
}

static void enqueue(struct Machines *m, Entry *e) {
        if (!e->queued)
                TAILQ_INSERT_TAIL(&m->queue, e, link);
        e->queued = true;
}

/* Unless something has come up meanwhile. */
static void drop(struct Machines *m, Entry *e) {
        if (!e->queued)
                entry_free(m, e);
}

static Entry *entry_new(struct Machines *m, const char *unit) {
        Entry *e = calloc(1, sizeof(*e));

        if (!e)
                return NULL;
        e->unit = strdup(unit);
        if (!e->unit) {
                free(e);
                return NULL;
        }
        HASH_ADD_KEYPTR(hh, m->entries, e->unit, strlen(e->unit), e);
        return e;
}

static Entry *end_call(struct Machines *m) {
        m->call = sd_bus_slot_unref(m->call);
        return take_ptr(m->current);
}

/* What it is that answers a call to a name without a service, or with one that cannot be started. */
static bool tells_absence(const sd_bus_error *e) {
        return sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(e, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
               startswith(e->name, "org.freedesktop.systemd1.") ||
               startswith(e->name, "org.freedesktop.DBus.Error.Spawn.");
}

/* Two of our units may come to the same name. */
static bool is_another_of_ours(const struct Machines *m, const Entry *e, pid_t leader) {
        for (const Entry *other = m->entries; other; other = other->hh.next)
                if (other != e && other->leader == leader)
                        return true;
        return false;
}

static int read_machine(sd_bus_message *message, bool *ret_ours, uint32_t *ret_leader) {
        const char *name, *service;
        int r;

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = sd_bus_message_read(message, "s", &name);
                if (r >= 0 && streq(name, "Service")) {
                        r = sd_bus_message_read(message, "v", "s", &service);
                        *ret_ours = r >= 0 && streq(service, SERVICE);
                } else if (r >= 0 && streq(name, "Leader"))
                        r = sd_bus_message_read(message, "v", "u", ret_leader);
                else if (r >= 0)
                        r = sd_bus_message_skip(message, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        return r;
}

/* That of the name which was there already. */
static int on_machine(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct Machines *m = userdata;
        Entry *e = end_call(m);
        uint32_t leader = 0;
        bool ours = false;

        if (!sd_bus_message_is_method_error(message, NULL) && read_machine(message, &ours, &leader) >= 0 &&
            ours && leader > 0 && !is_another_of_ours(m, e, (pid_t) leader)) {
                e->leader = (pid_t) leader;
                enqueue(m, e);
        } else {
                log_debug("%s: there is another machine %s", e->unit, e->name);
                drop(m, e);
        }
        step(m);
        return 0;
}

static int look(struct Machines *m, const Entry *e) {
        autofree char *path = NULL;
        int r;

        r = sd_bus_path_encode(MACHINE_PATH, e->name, &path);
        return r < 0 ? r
                     : sd_bus_call_method_async(m->system, &m->call, MACHINED, path,
                                                "org.freedesktop.DBus.Properties", "GetAll", on_machine, m,
                                                "s", MACHINED_MACHINE);
}

static void fail(struct Machines *m, Entry *e, const sd_bus_error *error) {
        log_debug("%s: machined: %s", e->unit, strempty(error->message));
        if (tells_absence(error)) {
                m->absent = true;
                forget_entries(m);
                return;
        }
        drop(m, e);
        step(m);
}

static int on_registered(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(message);
        struct Machines *m = userdata;
        Entry *entry = end_call(m);

        if (e && sd_bus_error_has_name(e, MACHINE_EXISTS) && look(m, entry) >= 0)
                m->current = entry;
        else if (e)
                fail(m, entry, e);
        else {
                entry->leader = m->asked;
                enqueue(m, entry); /* it may have ended by now */
                step(m);
        }
        return 0;
}

static int on_unregistered(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(message);
        struct Machines *m = userdata;
        Entry *entry = end_call(m);

        if (e && !sd_bus_error_has_name(e, NO_SUCH_MACHINE)) {
                fail(m, entry, e);
                return 0;
        }
        entry->leader = 0;
        enqueue(m, entry);
        step(m);
        return 0;
}

static int append_registration(sd_bus_message *message, const Registration *r, const uint8_t id[static 16]) {
        int e;

        e = sd_bus_message_append(message, "s", r->name);
        if (e >= 0)
                e = sd_bus_message_append_array(message, 'y', id, 16);
        if (e >= 0)
                e = sd_bus_message_append(message, "ssus", SERVICE, CLASS, (uint32_t) r->leader, r->root);
        if (e >= 0)
                e = sd_bus_message_append_array(message, 'i', r->interfaces,
                                                r->n_interfaces * sizeof(*r->interfaces));
        return e;
}

static int send_registration(struct Machines *m, Entry *e, Unit *u) {
        sd_bus_message *message = NULL;
        Registration registration;
        UnitStatus status;
        int r;

        r = unit_registration(u, &registration);
        if (r < 0)
                return r;
        unit_status(u, &status);
        (void) strcpy(e->name, registration.name);
        m->asked = registration.leader;

        r = sd_bus_message_new_method_call(m->system, &message, MACHINED, MACHINED_PATH, MACHINED_MANAGER,
                                           "RegisterMachineWithNetwork");
        if (r >= 0)
                r = append_registration(message, &registration, status.invocation);
        if (r >= 0)
                r = sd_bus_call_async(m->system, &m->call, message, on_registered, m, 0);
        sd_bus_message_unref(message);
        registration_done(&registration);
        return r;
}

static int send_end(struct Machines *m, const Entry *e) {
        return sd_bus_call_method_async(m->system, &m->call, MACHINED, MACHINED_PATH, MACHINED_MANAGER,
                                        "UnregisterMachine", on_unregistered, m, "s", e->name);
}

/* The next in the queue for which there is something to do. */
static void step(struct Machines *m) {
        Entry *e;

        while (!m->call && (e = TAILQ_FIRST(&m->queue))) {
                Unit *u = manager_get_unit(m->bus->manager, e->unit);
                pid_t leader = u ? unit_leader(u) : 0;
                int r = 0;

                TAILQ_REMOVE(&m->queue, e, link);
                e->queued = false;
                if (leader != e->leader)
                        r = e->leader > 0 ? send_end(m, e) : send_registration(m, e, u);
                if (m->call)
                        m->current = e;
                else if (r < 0 || e->leader == 0)
                        entry_free(m, e);
        }
}

void bus_machine_follow(Bus *b, Unit *u) {
        struct Machines *m = b->machines;
        Entry *e;

        if (!m || m->absent)
                return;
        HASH_FIND_STR(m->entries, unit_name(u), e);
        if (unit_leader(u) == (e ? e->leader : 0))
                return;
        if (!e)
                e = entry_new(m, unit_name(u));
        if (e)
                enqueue(m, e);
        step(m);
}

static void follow_all(struct Machines *m) {
        forget_entries(m);
        m->absent = false;
        for (Unit *u = manager_next_unit(m->bus->manager, NULL); u; u = manager_next_unit(m->bus->manager, u))
                bus_machine_follow(m->bus, u);
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const char *name, *before, *now;

        if (sd_bus_message_read(message, "sss", &name, &before, &now) >= 0 && now[0])
                follow_all(userdata);
        return 0;
}

/* machined drops machines whose service it does not find to be active, which is not for it to know. */
static int on_removed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct Machines *m = userdata;
        const char *name;

        if (sd_bus_message_read(message, "s", &name) < 0)
                return 0;
        for (Entry *e = m->entries; e; e = e->hh.next)
                if (e != m->current && e->leader > 0 && streq(e->name, name)) {
                        e->leader = 0;
                        enqueue(m, e);
                }
        step(m);
        return 0;
}

void bus_machine_settle(Bus *b, sd_bus *system) {
        struct Machines *m;
        int r;

        bus_machine_forget(b);
        m = calloc(1, sizeof(*m));
        if (!m)
                return;
        *m = (struct Machines){ .bus = b, .system = system };
        TAILQ_INIT(&m->queue);
        b->machines = m;

        r = sd_bus_add_match_async(system, &m->owner_match, MATCH_OWNER, on_owner, NULL, m);
        if (r >= 0)
                r = sd_bus_match_signal_async(system, &m->removed_match, MACHINED, MACHINED_PATH,
                                              MACHINED_MANAGER, "MachineRemoved", on_removed, NULL, m);
        if (r < 0)
                log_debug("cannot watch machined: %s", strerror(-r));
        follow_all(m);
}

void bus_machine_forget(Bus *b) {
        struct Machines *m = take_ptr(b->machines);

        if (!m)
                return;
        forget_entries(m);
        sd_bus_slot_unref(m->owner_match);
        sd_bus_slot_unref(m->removed_match);
        free(m);
}
