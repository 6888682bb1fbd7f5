/*
 * Asking polkit whether somebody else than root may call a method. Nothing waits but that call: a password
 * may have to be typed first.
 *
 * The subject is the sender's unique name on the bus, which nobody gets a second time. Where there is no
 * polkit, only root may.
 */
#include <stdlib.h>
#include <string.h>

#include "basic/clock.h"
#include "bus/bus-internal.h"

#define POLKIT_SERVICE   "org.freedesktop.PolicyKit1"
#define POLKIT_OBJECT    "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

/* For whom a person may be asked. */
#define ALLOW_USER_INTERACTION 1U

/* Somebody may have to find the password first. */
#define ANSWER_TIMEOUT (2 * 60 * USEC_PER_SEC)

/* Calls that wait cost memory, and are anybody's: so many in all, and of one user, each with little text. */
#define WAITING_MAX 256
#define OF_USER_MAX 32

struct Question {
        TAILQ_ENTRY(Question) link;
        Bus *bus;
        uid_t sender;
        sd_bus_message *call;
        sd_bus_slot *slot;
};

static void question_free(Question *q) {
        if (!q)
                return;

        TAILQ_REMOVE(&q->bus->questions, q, link);
        q->bus->n_questions--;
        sd_bus_slot_unref(q->slot);
        sd_bus_message_unref(q->call);
        free(q);
}

AUTOPTR_DEFINE(Question, question_free);

typedef struct Refusal {
        const char *error, *words;
} Refusal;

/* Nothing of it is set when the call is allowed. */
static Refusal read_answer(sd_bus_message *answer) {
        int allowed = false, challenge = false;

        if (sd_bus_message_is_method_error(answer, NULL) ||
            sd_bus_message_enter_container(answer, 'r', "bba{ss}") < 0 ||
            sd_bus_message_read(answer, "bb", &allowed, &challenge) < 0)
                return (Refusal){ SD_BUS_ERROR_ACCESS_DENIED, BUS_ONLY_ROOT };
        if (allowed)
                return (Refusal){};
        return challenge ? (Refusal){ SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                                      "polkit wants a password first, and nobody can be asked for it" }
                         : (Refusal){ SD_BUS_ERROR_ACCESS_DENIED, "polkit does not allow that" };
}

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *error) {
        Refusal refusal = read_answer(answer);
        autoptr(Question) q = userdata;

        if (refusal.error)
                (void) sd_bus_reply_method_errorf(q->call, refusal.error, "%s", refusal.words);
        else
                bus_go_on(q->bus, q->call);
        return 0;
}

static unsigned count_of_user(const Bus *b, uid_t uid) {
        const Question *q;
        unsigned n = 0;

        TAILQ_FOREACH (q, &b->questions, link)
                n += q->sender == uid;
        return n;
}

int bus_polkit_ask(Bus *b, sd_bus_message *m, const char *action, const char *units, const char *verb,
                   sd_bus_error *error) {
        bool interactive = sd_bus_message_get_allow_interactive_authorization(m) > 0;
        sd_bus *bus = sd_bus_message_get_bus(m);
        const uid_t sender = bus_sender(m);
        sd_bus_message *ask = NULL;
        autoptr(Question) q = NULL;
        int r;

        if (b->n_questions >= WAITING_MAX || count_of_user(b, sender) >= OF_USER_MAX)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "too many calls wait for polkit");
        q = calloc(1, sizeof(*q));
        if (!q)
                return -ENOMEM;
        q->bus = b;
        q->sender = sender;
        q->call = sd_bus_message_ref(m);
        TAILQ_INSERT_TAIL(&b->questions, q, link);
        b->n_questions++;

        r = sd_bus_message_new_method_call(bus, &ask, POLKIT_SERVICE, POLKIT_OBJECT, POLKIT_INTERFACE,
                                           "CheckAuthorization");
        if (r >= 0)
                r = sd_bus_message_append(ask, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(m), action, 2, "unit", units, "verb",
                                          verb, interactive ? ALLOW_USER_INTERACTION : 0, "");
        if (r >= 0)
                r = sd_bus_call_async(bus, &q->slot, ask, on_answer, q, ANSWER_TIMEOUT);
        sd_bus_message_unref(ask);
        if (r < 0)
                return r;
        (void) take_ptr(q);
        return 1; /* answered later */
}

void bus_polkit_drop(Bus *b, const sd_bus *bus) {
        Question *q, *next;

        for (q = TAILQ_FIRST(&b->questions); q; q = next) {
                next = TAILQ_NEXT(q, link);
                if (!bus || sd_bus_message_get_bus(q->call) == bus)
                        question_free(q);
        }
}
