/*
 * nsctl run: a container without a unit file of anybody's. A file is written for it all the same, below
 * UNIT_TRANSIENT_DIR, so that it is supervised as any other unit and outlives the manager; the manager
 * removes the file when the container has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "config/unit-path.h"
#include "ctl/assignment.h"
#include "ctl/client.h"
#include "ctl/explain.h"
#include "ctl/relay.h"
#include "ctl/unit-end.h"
#include "ctl/unit-files.h"
#include "ctl/unit-writer.h"

typedef struct Run {
        Ctl *c;
        UnitText *text;
        char *path; /* of the file, while it is ours to remove */
        NsunitsJobs *wait;
        Relay relay;
        int slave;
        UnitEnd end;
} Run;

static void run_clear(Run *r) {
        relay_end(&r->relay);
        cleanup_close_(&r->slave);
        if (r->path)
                (void) unlink(r->path);
        free(r->path);
        unit_text_free(r->text);
        nsunits_jobs_free(r->wait);
}

#define autorun __attribute__((cleanup(run_clear)))

static bool is_attached(const Ctl *c) {
        return c->options.pipe || c->options.interactive || c->options.tty;
}

/* --- the unit --------------------------------------------------------------------------------------- */

static int part_of(const char *section) {
        return streq(section, "Unit")      ? PART_UNIT
               : streq(section, "Service") ? PART_SERVICE
               : streq(section, "Install") ? PART_INSTALL
                                           : PART_OWN;
}

/* "-p 8080:80" is a port, "-p MemoryMax=1G" a property: the one has no "=", the other nothing else. */
static int add_property(UnitText *u, const char *word) {
        const Where at = {};
        Assignment a = {};

        if (!strchr(word, '='))
                return unit_text_value(u, PART_OWN, "PublishPort", at, word);
        if (assignment_parse(UNIT_CONTAINER, word, &a) < 0)
                return -EBADMSG;
        return unit_text_raw(u, part_of(a.section), a.key->name, at, a.value);
}

/* A host path is ours, not that of the directory of the unit file. */
static int add_volume(UnitText *u, const char *word) {
        autofree char *here = get_current_dir_name(), *absolute = NULL;
        const Where at = {};

        if (word[0] != '.')
                return unit_text_value(u, PART_OWN, "Volume", at, word);
        if (!here || asprintf(&absolute, "%s/%s", here, word) < 0)
                return -ENOMEM;
        return unit_text_value(u, PART_OWN, "Volume", at, absolute);
}

static int add_each(UnitText *u, char *const *words, int (*fn)(UnitText *, const char *)) {
        STRV_FOREACH (w, words) {
                int r = fn(u, *w);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_port(UnitText *u, const char *word) {
        return unit_text_value(u, PART_OWN, "PublishPort", (Where){}, word);
}

static int add_variable(UnitText *u, const char *word) {
        return unit_text_word(u, PART_OWN, "Environment", (Where){}, word);
}

static int fill(const Ctl *c, UnitText *u, char *image, char **command) {
        const Options *o = &c->options;
        const Where at = {};
        int r;

        r = unit_text_note(u, "made by nsctl run; it goes when the container has ended");
        if (r >= 0 && o->remove)
                r = unit_text_raw(u, PART_UNIT, "CollectMode", at, "inactive-or-failed");
        if (r >= 0)
                r = unit_text_value(u, PART_OWN, "Image", at, image);
        if (r >= 0 && command[0])
                r = unit_text_words(u, PART_OWN, "Exec", at, command);
        if (r >= 0 && o->user)
                r = unit_text_value(u, PART_OWN, "User", at, o->user);
        if (r >= 0 && o->workdir)
                r = unit_text_value(u, PART_OWN, "WorkingDir", at, o->workdir);
        if (r >= 0)
                r = add_each(u, o->publish, add_port);
        if (r >= 0)
                r = add_each(u, o->volume, add_volume);
        if (r >= 0)
                r = add_each(u, o->env, add_variable);
        return r < 0 ? r : add_each(u, o->property, add_property);
}

/* --name, or one that nobody has. */
static int make_text(Run *r) {
        autofree char *stem = NULL;
        uint32_t number;

        if (r->c->options.name) {
                const char *end = endswith(r->c->options.name, ".container");

                stem = end ? strndup(r->c->options.name, (size_t) (end - r->c->options.name))
                           : strdup(r->c->options.name);
        } else if (getrandom(&number, sizeof(number), 0) != sizeof(number) ||
                   asprintf(&stem, "run-%08x", number) < 0)
                stem = NULL;
        return stem ? unit_text_new(UNIT_CONTAINER, stem, (Where){}, &r->text) : -ENOMEM;
}

static int is_free(const char *name) {
        autoptr(UnitPath) path = NULL;
        autostrv char **dirs = NULL;
        autofree char *fragment = NULL;
        int r;

        r = unit_path_dirs(&dirs);
        if (r == 0)
                r = unit_files_open(dirs, &path);
        if (r == 0)
                r = unit_path_find(path, name, &fragment);
        return r == -ENOENT ? 0 : r < 0 && r != -ERFKILL ? r : -EEXIST;
}

/* What is in an environment is nobody else's business. */
static int write_file(Run *r) {
        autofree char *text = NULL;
        autoclose int fd = -EBADF;
        size_t size = 0;
        FILE *f;
        int k;

        f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        unit_text_write(r->text, false, f);
        if (fclose(f) != 0)
                return -ENOMEM;

        k = dir_make(AT_FDCWD, UNIT_TRANSIENT_DIR, 0755);
        if (k < 0)
                return k;
        if (asprintf(&r->path, "%s/%s", UNIT_TRANSIENT_DIR, r->text->name) < 0) {
                r->path = NULL;
                return -ENOMEM;
        }
        fd = open(r->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0) {
                k = -errno;
                free(take_ptr(r->path));
                return k;
        }
        return write(fd, text, size) == (ssize_t) size ? 0 : -EIO;
}

static int make_unit(Run *r, char *image, char **command) {
        int k;

        k = make_text(r);
        if (k == -EINVAL)
                return ctl_error("\"%s\" cannot be the name of a container", r->c->options.name);
        if (k == 0)
                k = fill(r->c, r->text, image, command);
        if (k == -EBADMSG)
                return END_UNKNOWN;
        if (k == -EINVAL)
                return ctl_error("a value with a line break cannot be written down");
        if (k == 0)
                k = is_free(r->text->name);
        if (k == 0)
                k = write_file(r);
        if (k == -EEXIST)
                return ctl_error("%s is there already", r->text->name);
        return k < 0 ? ctl_errno(k, "cannot make a unit") : STATUS_OK;
}

/* --- its start -------------------------------------------------------------------------------------- */

/* A terminal of the host, whose one side is the container's at once: the manager may come and go. */
static int open_terminal(Run *r) {
        r->relay.terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (r->relay.terminal < 0 || grantpt(r->relay.terminal) < 0 || unlockpt(r->relay.terminal) < 0)
                return -errno;
        r->slave = open(ptsname(r->relay.terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
        return r->slave < 0 ? -errno : 0;
}

static int make_call(Run *r, sd_bus_message **ret) {
        bool tty = r->c->options.tty, input = r->c->options.pipe || r->c->options.interactive;
        automessage sd_bus_message *m = NULL;
        autoclose int null_fd = -EBADF;
        int k;

        null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        k = null_fd < 0 ? -errno : client_message_new(r->c, is_attached(r->c) ? "RunUnit" : "StartUnit", &m);
        if (k >= 0)
                k = sd_bus_message_append(m, "ss", r->text->name, "fail");
        if (k >= 0 && is_attached(r->c))
                k = tty ? sd_bus_message_append(m, "ahb", 3, r->slave, r->slave, r->slave, 1)
                        : sd_bus_message_append(m, "ahb", 3, input ? STDIN_FILENO : null_fd, STDOUT_FILENO,
                                                STDERR_FILENO, 0);
        if (k >= 0)
                *ret = take_ptr(m);
        return k;
}

static int start(Run *r, sd_bus_error *error) {
        automessage sd_bus_message *m = NULL, *reply = NULL;
        const char *path;
        int k;

        k = unit_end_watch(r->c, r->text->name, error, &r->end);
        if (k >= 0)
                k = client_jobs_new(r->c, error, &r->wait);
        if (k >= 0 && r->c->options.tty)
                k = open_terminal(r);
        if (k >= 0)
                k = make_call(r, &m);
        if (k >= 0)
                k = client_call_message(r->c, m, error, &reply);
        if (k >= 0)
                k = sd_bus_message_read(reply, "o", &path);
        if (k >= 0)
                k = nsunits_jobs_add(r->wait, path, r->text->name);
        return k < 0 ? k : 0;
}

/* --- its end ---------------------------------------------------------------------------------------- */

/* The manager would not have it, but may have read it. */
static int take_back(Run *r) {
        (void) unlink(r->path);
        free(take_ptr(r->path));
        (void) client_reload(r->c);
        return END_UNKNOWN;
}

/* It did not come as far as its program: that is told, and no reason to keep the name. */
static bool started_badly(const Run *r) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *p = NULL;
        const char *failure;

        if (client_unit_properties(r->c, r->text->name, &error, &p) < 0)
                return r->end.code == 0;
        failure = property_string(p, "Failure");
        if (failure[0])
                ctl_error("%s did not start: %s", r->text->name, failure);
        if (!failure[0] && r->end.code != 0)
                return false;
        (void) client_call(r->c, NULL, NULL, "ResetFailedUnit", NULL, NULL, "s", r->text->name);
        return true;
}

static int report_start(Run *r) {
        const char *unit, *result = NULL;
        size_t i = 0;

        if (!client_jobs_next_failed(r->wait, &i, &unit, &result))
                return STATUS_OK;
        if (!started_badly(r))
                ctl_error("%s did not start: %s", r->text->name, result);
        return END_UNKNOWN;
}

static int follow(Run *r) {
        int k;

        for (;;) {
                struct pollfd p[1 + RELAY_FDS] = {};

                while ((k = sd_bus_process(r->c->bus, NULL)) > 0)
                        ;
                if (k < 0)
                        return ctl_error("the connection to the manager broke off; %s runs on",
                                         r->text->name);
                if (r->end.ended)
                        break;

                p[0] = (struct pollfd){ .fd = sd_bus_get_fd(r->c->bus), .events = POLLIN };
                relay_prepare(&r->relay, p + 1);
                if (poll(p, ELEMENTSOF(p), -1) < 0 && errno != EINTR)
                        return ctl_errno(-errno, "poll");
                relay_pass(&r->relay, p + 1);
        }
        relay_drain(&r->relay);
        return started_badly(r) ? END_UNKNOWN : unit_end_status(&r->end);
}

int verb_run(Ctl *c, char **words) {
        autorun Run r = { .c = c, .relay = RELAY_INIT, .slave = -EBADF };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        int k;

        if (client_open(c) < 0 || make_unit(&r, words[1], words + 2) != STATUS_OK)
                return END_UNKNOWN;

        k = start(&r, &error);
        if (k < 0) {
                (void) client_failure(r.text->name, k, &error);
                return take_back(&r);
        }
        /* From now on the file is the manager's to remove. */
        free(take_ptr(r.path));
        replace_fd(&r.slave, -EBADF);

        if (c->options.tty) {
                k = relay_begin(&r.relay, c->options.interactive);
                if (k < 0)
                        return ctl_errno(k, "cannot set up the terminal");
        }
        if (!is_attached(c)) {
                if (!c->options.quiet)
                        puts(r.text->name);
                (void) fflush(stdout);
                if (c->options.no_block)
                        return STATUS_OK;
                if (client_jobs_wait(c, r.wait) < 0)
                        return ctl_error("the connection to the manager broke off");
                k = report_start(&r);
                return k != STATUS_OK ? k : c->options.wait ? follow(&r) : STATUS_OK;
        }
        return follow(&r);
}
