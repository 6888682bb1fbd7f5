/*
 * PullImage: answered when the image is there. Meanwhile its caller, and nobody else, gets PullProgress
 * signals. One that goes before the answer does not want the image any more.
 *
 * Options: name, platform, authfile, cert-dir, creds, tls-verify, all-tags, retry; all of them text, as they
 * are typed behind nsctl's options of these names.
 */
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "bus/bus-internal.h"

#define RETRY_DEFAULT 3
#define RETRY_MAX     100

struct PullCall {
        TAILQ_ENTRY(PullCall) link;
        Bus *bus;
        sd_bus_message *call;
        sd_bus_track *caller; /* on the system bus */
        ImagePull *pull;
        char *reference;
};

static void pull_call_free(PullCall *c) {
        if (!c)
                return;

        TAILQ_REMOVE(&c->bus->pulls, c, link);
        sd_bus_track_unref(c->caller);
        sd_bus_message_unref(c->call);
        free(c->reference);
        free(c);
}

AUTOPTR_DEFINE(PullCall, pull_call_free);

static void drop(PullCall *c) {
        manager_pull_forget(c->pull);
        pull_call_free(c);
}

void bus_pull_drop(Bus *b, const sd_bus *bus) {
        PullCall *c, *next;

        for (c = TAILQ_FIRST(&b->pulls); c; c = next) {
                next = TAILQ_NEXT(c, link);
                if (!bus || sd_bus_message_get_bus(c->call) == bus)
                        drop(c);
        }
}

static int on_caller_gone(sd_bus_track *track, void *data) {
        drop(data);
        return 0;
}

static void on_event(const char *event, const char *text, uint64_t done, uint64_t total, void *data) {
        const PullCall *c = data;
        sd_bus *bus = sd_bus_message_get_bus(c->call);
        sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_signal(bus, &m, BUS_PATH, BUS_MANAGER_INTERFACE, "PullProgress");
        if (r >= 0 && c->caller)
                r = sd_bus_message_set_destination(m, sd_bus_message_get_sender(c->call));
        if (r >= 0)
                r = sd_bus_message_append(m, "ssstt", c->reference, event, text, done, total);
        if (r >= 0)
                (void) sd_bus_send(bus, m, NULL);
        sd_bus_message_unref(m);
}

static void on_done(int r, const char *text, void *data) {
        autoptr(PullCall) c = data;

        if (r >= 0)
                (void) sd_bus_reply_method_return(c->call, "s", strempty(text));
        else
                (void) sd_bus_reply_method_errorf(c->call,
                                                  r == -ENOENT ? BUS_ERROR_NO_SUCH_IMAGE : BUS_ERROR_FAILED,
                                                  "%s", strempty(text));
}

static int take_option(ImagePullCall *q, const char *name, const char *value) {
        const struct {
                const char *name, **field;
        } texts[] = {
                { "name", &q->name },          { "platform", &q->platform },
                { "authfile", &q->auth_file }, { "cert-dir", &q->certificates },
                { "creds", &q->credentials },
        };
        bool on;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (streq(texts[i].name, name)) {
                        *texts[i].field = value;
                        return 0;
                }
        if (streq(name, "retry"))
                return parse_u32_range(value, 0, RETRY_MAX, &q->retry);

        r = parse_bool(value, &on);
        if (r < 0)
                return r;
        if (streq(name, "tls-verify"))
                q->no_tls_verify = !on;
        else if (streq(name, "all-tags"))
                q->all_tags = on;
        else
                return -EINVAL;
        return 0;
}

static int read_options(sd_bus_message *m, ImagePullCall *q, sd_bus_error *error) {
        const char *name, *value;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{ss}");
        while (r >= 0 && (r = sd_bus_message_read(m, "{ss}", &name, &value)) > 0)
                if (take_option(q, name, value) < 0)
                        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "bad option %s=%s", name,
                                                 streq(name, "creds") ? "" : value);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int pull_call_new(Bus *b, sd_bus_message *m, const char *reference, PullCall **ret) {
        autoptr(PullCall) c = calloc(1, sizeof(*c));
        Peer *p = bus_find_peer(b, sd_bus_message_get_bus(m));
        int r = 0;

        if (!c)
                return -ENOMEM;
        c->bus = b;
        c->call = sd_bus_message_ref(m);
        TAILQ_INSERT_TAIL(&b->pulls, c, link);
        c->reference = strdup(reference);
        if (!c->reference)
                return -ENOMEM;

        if (p->system)
                r = sd_bus_track_new(p->bus, &c->caller, on_caller_gone, c);
        if (r >= 0 && p->system)
                r = sd_bus_track_add_sender(c->caller, m);
        if (r < 0)
                return r;
        *ret = take_ptr(c);
        return 0;
}

int on_pull_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ImagePullCall q = { .retry = RETRY_DEFAULT };
        autoptr(PullCall) c = NULL;
        Bus *b = userdata;
        Fault fault = {};
        int r;

        r = sd_bus_message_read(m, "s", &q.reference);
        if (r >= 0)
                r = read_options(m, &q, error);
        if (r >= 0)
                r = pull_call_new(b, m, q.reference, &c);
        if (r < 0)
                return r;

        r = manager_pull_image(b->manager, &q, on_event, on_done, c, &c->pull, &fault);
        if (r < 0)
                return bus_error_set(error, ABOUT_IMAGE, r, &fault, q.reference);
        (void) take_ptr(c);
        return 1; /* answered later */
}
