/* What the files of the library share. */
#pragma once

#include <stdbool.h>

#include "basic/bus-names.h"
#include "basic/cleanup.h"
#include "basic/macro.h"
#include "client/nsunits.h"

struct Nsunits {
        sd_bus *bus;
        char *socket; /* NULL on the system bus */
        /* How many other managers there were meanwhile, of which none knows a subscriber; and which one does.
         */
        unsigned managers, subscribed;
        sd_bus_slot *owner, *changed, *added, *removed;
        NsunitsChangeFn fn;
        void *data;
        sd_bus_error error; /* of the last failure, if it was one of D-Bus */
        char *words;        /* else what it was, or NULL */
        int failed;         /* its errno */
};

AUTOPTR_DEFINE(Nsunits, nsunits_close);

/**
 * connection_call() - call a method and wait for the answer; failures are noted
 * @path, @interface: NULL = the manager's own
 * @ret: may be NULL
 */
int connection_call(Nsunits *n, const char *path, const char *interface, const char *member,
                    sd_bus_message **ret, const char *types, ...);

/** connection_call_new() - the same in two halves: a message to be filled ... */
int connection_call_new(Nsunits *n, const char *path, const char *interface, const char *member,
                        sd_bus_message **ret);

/** connection_call_message() - ... and the call, if @r, what came of the first half, is no failure; it is one
 * then. */
int connection_call_message(Nsunits *n, int r, sd_bus_message *m, sd_bus_message **ret);

/** connection_fail() - note a failure, and return its errno. @words: taken over; NULL = those of the errno.
 */
int connection_fail(Nsunits *n, int r, char *words);

/** connection_match() - have @fn called for a signal of the manager; @path NULL = of any object. */
int connection_match(Nsunits *n, const char *path, const char *interface, const char *member,
                     sd_bus_message_handler_t fn, void *data, sd_bus_slot **ret);

/** connection_open_again() - nsunits_reopen() of a connection to @path that another program has had;
 * -ECONNRESET where there is no manager any more. */
int connection_open_again(const char *path, Nsunits **ret);

/** connection_subscribe() - have the manager send signals. */
int connection_subscribe(Nsunits *n);

/** connection_is_lost() - does this errno mean that the manager has hung up? */
bool connection_is_lost(int r);
