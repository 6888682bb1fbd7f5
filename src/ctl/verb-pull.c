/* nsctl image pull: one call, and what is heard until its answer. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/pull-progress.h"

typedef struct Wait {
        PullProgress *progress;
        sd_bus_message *reply;
} Wait;

static int on_progress(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *event, *text;
        uint64_t done, total;
        Wait *w = userdata;

        if (sd_bus_message_read(m, "ssstt", NULL, &event, &text, &done, &total) >= 0 && w->progress)
                pull_progress_event(w->progress, event, text, done, total);
        return 0;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Wait *w = userdata;

        w->reply = sd_bus_message_ref(m);
        return 0;
}

/* What a command line has is for everybody to see: taken away from there at once. */
static int take_credentials(const char *typed, char **ret) {
        char *copy = NULL;
        size_t n = 0;

        if (!typed)
                return 0;
        if (streq(typed, "-")) {
                if (getline(&copy, &n, stdin) < 0) {
                        free(copy);
                        return -ENODATA;
                }
                copy[strcspn(copy, "\r\n")] = '\0';
        } else {
                copy = strdup(typed);
                if (!copy)
                        return -ENOMEM;
                memset((char *) typed, 'x', strlen(typed));
        }
        *ret = copy;
        return 0;
}

static int append_option(sd_bus_message *m, const char *name, const char *value) {
        return value ? sd_bus_message_append(m, "{ss}", name, value) : 0;
}

/* The manager's working directory is another. */
static int append_path(sd_bus_message *m, const char *name, const char *value) {
        autofree char *real = value ? realpath(value, NULL) : NULL;

        if (value && !real)
                return -errno;
        return append_option(m, name, real);
}

static int append_call(Ctl *c, const char *reference, sd_bus_message *m) {
        const Options *o = &c->options;
        autofree char *credentials = NULL;
        int r;

        r = take_credentials(o->creds, &credentials);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", reference);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{ss}");
        if (r >= 0)
                r = append_option(m, "name", o->name);
        if (r >= 0)
                r = append_option(m, "platform", o->platform);
        if (r >= 0)
                r = append_path(m, "authfile", o->authfile);
        if (r >= 0)
                r = append_path(m, "cert-dir", o->cert_dir);
        if (r >= 0)
                r = append_option(m, "creds", credentials);
        if (r >= 0)
                r = append_option(m, "tls-verify", o->tls_verify);
        if (r >= 0)
                r = append_option(m, "all-tags", o->all_tags ? "yes" : NULL);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int wait_for_reply(Ctl *c, const Wait *w) {
        int r;

        while (!w->reply) {
                r = sd_bus_process(c->bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(c->bus, UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return r;
                if (!w->reply && sd_bus_is_open(c->bus) <= 0)
                        return -ECONNRESET;
        }
        return 0;
}

static int pull(Ctl *c, const char *reference, Wait *w) {
        automessage sd_bus_message *m = NULL;
        int r;

        r = sd_bus_match_signal(c->bus, NULL, client_destination(c), BUS_PATH, BUS_MANAGER_INTERFACE,
                                "PullProgress", on_progress, w);
        if (r >= 0)
                r = client_message_new(c, "PullImage", &m);
        if (r >= 0)
                r = append_call(c, reference, m);
        if (r >= 0)
                r = sd_bus_call_async(c->bus, NULL, m, on_reply, w, UINT64_MAX);
        return r < 0 ? r : wait_for_reply(c, w);
}

static int failure(int r, const sd_bus_error *error) {
        const char *rest = error && error->message ? startswith(error->message, "pull ") : NULL;

        return rest ? ctl_error("cannot pull %s", rest) : client_failure("image pull", r, error);
}

int verb_image_pull(Ctl *c, char **words) {
        autoptr(PullProgress) progress = NULL;
        automessage sd_bus_message *reply = NULL;
        const sd_bus_error *error;
        Wait w = {};
        const char *id;
        int r;

        if (!words[0] || words[1])
                return ctl_error("image pull takes the name of one image");
        if (client_open(c) < 0)
                return STATUS_FAILED;
        if (!c->options.quiet)
                w.progress = progress = pull_progress_new(stderr, isatty(STDERR_FILENO));

        r = pull(c, words[0], &w);
        reply = w.reply;
        error = reply ? sd_bus_message_get_error(reply) : NULL;
        if (r < 0 || error)
                return failure(r < 0 ? r : -sd_bus_error_get_errno(error), error);
        r = sd_bus_message_read(reply, "s", &id);
        if (r < 0)
                return client_failure("image pull", r, NULL);

        if (!c->options.quiet)
                puts(id);
        return STATUS_OK;
}
