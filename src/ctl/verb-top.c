/*
 * nsctl top and monitor: a table of units that is drawn again and again. What they use is read from their
 * cgroups (cgroup-view.h), how they are from the manager.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"

#include "ctl/cgroup-view.h"
#include "ctl/client.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/text.h"

#define INTERVAL     USEC_PER_SEC
#define INTERVAL_MIN (50 * USEC_PER_MSEC)

/* Between two looks the unit may have ended and begun anew: a cgroup of the same name is another one then. */
typedef struct Meter {
        char *unit;
        int fd;
        bool known; /* @last says something */
        CgroupSample last;
        struct Meter *next;
} Meter;

typedef struct Top {
        Ctl *c;
        bool by_name; /* monitor */
        usec_t interval;
        Meter *meters;
} Top;

static void top_clear(Top *t) {
        while (t->meters) {
                Meter *m = t->meters;

                t->meters = m->next;
                cleanup_close_(&m->fd);
                free(m->unit);
                free(m);
        }
}

#define autotop __attribute__((cleanup(top_clear)))

static Meter *meter_of(Top *t, const char *unit) {
        Meter *m;

        for (m = t->meters; m; m = m->next)
                if (streq(m->unit, unit))
                        return m;

        m = calloc(1, sizeof(*m));
        if (!m)
                return NULL;
        m->fd = -EBADF;
        m->unit = strdup(unit);
        m->next = t->meters;
        t->meters = m;
        return m->unit ? m : NULL;
}

static void open_meter(Top *t, Meter *m) {
        automessage sd_bus_message *reply = NULL;
        autofree char *path = NULL;
        const char *cgroup;

        m->known = false;
        if (sd_bus_path_encode(BUS_UNIT_PREFIX, m->unit, &path) < 0 ||
            client_call(t->c, path, "org.freedesktop.DBus.Properties", "Get", NULL, &reply, "ss",
                        BUS_UNIT_INTERFACE, "ControlGroup") < 0 ||
            sd_bus_message_read(reply, "v", "s", &cgroup) < 0)
                return;
        m->fd = cgroup_view_open(cgroup);
}

static void put(json_t *row, const char *key, uint64_t value) {
        if (value != UINT64_MAX)
                (void) json_object_set_new(row, key, json_integer((json_int_t) value));
}

/* Per second, since the last look. */
static void put_rate(json_t *row, const char *key, uint64_t now, uint64_t before, usec_t span) {
        if (now != UINT64_MAX && before != UINT64_MAX && now >= before && span > 0)
                put(row, key, (now - before) * USEC_PER_SEC / span);
}

static void measure(Top *t, json_t *row, const char *unit) {
        Meter *m = meter_of(t, unit);
        CgroupSample s;

        if (!m)
                return;
        if (m->fd < 0)
                open_meter(t, m);
        if (m->fd < 0 || cgroup_view_sample(m->fd, &s) < 0) {
                replace_fd(&m->fd, -EBADF);
                return;
        }

        put(row, "memory", s.memory);
        put(row, "tasks", s.tasks);
        put(row, "cpu_usec", s.cpu_usec);
        if (m->known && s.cpu_usec >= m->last.cpu_usec && s.when > m->last.when) {
                usec_t span = s.when - m->last.when;
                double share = 100.0 * (double) (s.cpu_usec - m->last.cpu_usec) / (double) span;

                (void) json_object_set_new(row, "cpu_percent", json_real(share));
                put_rate(row, "read_per_second", s.read_bytes, m->last.read_bytes, span);
                put_rate(row, "written_per_second", s.written_bytes, m->last.written_bytes, span);
        }
        m->last = s;
        m->known = true;
}

static double cpu_of(const json_t *row) {
        return json_number_value(json_object_get(row, "cpu_percent"));
}

/* Whoever is busiest comes first; the manager's order is that of the names. */
static void sort_by_cpu(json_t *rows) {
        for (size_t i = 1; i < json_array_size(rows); i++) {
                json_t *row = json_incref(json_array_get(rows, i));
                size_t k = i;

                while (k > 0 && cpu_of(json_array_get(rows, k - 1)) < cpu_of(row))
                        k--;
                if (k < i) {
                        (void) json_array_remove(rows, i);
                        (void) json_array_insert(rows, k, row);
                }
                json_decref(row);
        }
}

static bool is_shown(const Top *t, const json_t *row, const char *unit) {
        const char *state = strempty(json_string_value(json_object_get(row, "active")));

        if (t->by_name)
                return t->c->options.all || !streq(state, "inactive");
        return unit_name_kind(unit) == UNIT_CONTAINER && !streq(state, "inactive") && !streq(state, "failed");
}

static int look(Top *t, json_t **ret) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *rows = NULL;
        int r;

        r = client_list_units(t->c, &error, &rows);
        if (r < 0) {
                client_failure(t->by_name ? "monitor" : "top", r, &error);
                return r;
        }
        for (size_t i = json_array_size(rows); i > 0; i--) {
                json_t *row = json_array_get(rows, i - 1);
                const char *unit = strempty(json_string_value(json_object_get(row, "unit")));

                if (is_shown(t, row, unit))
                        measure(t, row, unit);
                else
                        (void) json_array_remove(rows, i - 1);
        }
        if (!t->by_name)
                sort_by_cpu(rows);
        *ret = rows;
        return 0;
}

static int print(const Top *t, json_t *rows) {
        static const Column busy[] = {
                { "UNIT", "unit", COLUMN_CUT },
                { "CPU%", "cpu_percent", COLUMN_RIGHT },
                { "MEMORY", "memory", COLUMN_BYTES },
                { "TASKS", "tasks", COLUMN_RIGHT },
                { "READ/S", "read_per_second", COLUMN_BYTES },
                { "WRITTEN/S", "written_per_second", COLUMN_BYTES },
        };
        static const Column states[] = {
                { "UNIT", "unit", 0 },
                { "ACTIVE", "active", COLUMN_STATE },
                { "SUB", "sub", 0 },
                { "JOB", "job_type", 0 },
                { "CPU%", "cpu_percent", COLUMN_RIGHT },
                { "MEMORY", "memory", COLUMN_BYTES },
                { "TASKS", "tasks", COLUMN_RIGHT },
                { "DESCRIPTION", "description", COLUMN_CUT },
        };

        return t->by_name ? table_print(t->c, rows, states, ELEMENTSOF(states))
                          : table_print(t->c, rows, busy, ELEMENTSOF(busy));
}

/* A head, a line below, and as many units as there is room for. */
static void cut_to_screen(json_t *rows) {
        struct winsize size;

        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row < 4)
                return;
        while (json_array_size(rows) > (size_t) size.ws_row - 2)
                (void) json_array_remove(rows, json_array_size(rows) - 1);
}

/* Something is told by the manager, a key is typed, or the time is up. Returns 1 to go on, 0 to end. */
static int wait_for_change(const Top *t) {
        usec_t end = clock_now(CLOCK_MONOTONIC) + t->interval;
        struct pollfd p[] = {
                { .fd = STDIN_FILENO, .events = POLLIN },
                { .fd = t->by_name ? sd_bus_get_fd(t->c->bus) : -1, .events = POLLIN },
        };
        usec_t now = clock_now(CLOCK_MONOTONIC);
        char key;

        if (poll(p, ELEMENTSOF(p), end > now ? (int) ((end - now) / USEC_PER_MSEC) : 0) < 0 && errno != EINTR)
                return -errno;
        if (p[1].revents) {
                int r;

                while ((r = sd_bus_process(t->c->bus, NULL)) > 0)
                        ;
                if (r < 0)
                        return r;
                /* What comes in a row is drawn once. */
                (void) usleep(INTERVAL_MIN);
        }
        if (p[0].revents && (read(STDIN_FILENO, &key, 1) <= 0 || key == 'q'))
                return 0;
        return 1;
}

static int run_live(Top *t) {
        int r;

        r = terminal_set_keys(STDIN_FILENO);
        if (r == 0 && t->by_name)
                r = client_call(t->c, NULL, NULL, "Subscribe", NULL, NULL, NULL);
        if (r < 0)
                return ctl_errno(r, "cannot set up the terminal");

        do {
                autojson json_t *rows = NULL;
                char now[TEXT_MAX];

                r = look(t, &rows);
                if (r < 0)
                        break;
                cut_to_screen(rows);
                printf("\x1b[H\x1b[2J%s, q ends\n", text_timestamp(clock_now(CLOCK_REALTIME), now));
                r = print(t, rows) == STATUS_OK ? 0 : -EIO;
                (void) fflush(stdout);
                if (r == 0)
                        r = wait_for_change(t);
        } while (r > 0);

        terminal_restore();
        return r < 0 ? STATUS_FAILED : STATUS_OK;
}

/* Two looks, as what is used within a second cannot be seen by one. */
static int run_once(Top *t) {
        autojson json_t *first = NULL, *second = NULL;

        if (look(t, &first) < 0)
                return STATUS_FAILED;
        (void) usleep((useconds_t) t->interval);
        if (look(t, &second) < 0)
                return STATUS_FAILED;
        return print(t, second);
}

int verb_top(Ctl *c, char **words) {
        autotop Top t = { .c = c, .by_name = streq(words[0], "monitor"), .interval = INTERVAL };
        bool live = !c->options.batch && !c->options.json && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);

        if (c->options.interval && (parse_span(c->options.interval, &t.interval) < 0 ||
                                    t.interval < INTERVAL_MIN || t.interval > 60 * USEC_PER_SEC))
                return ctl_error("--interval=%s is not a time between 50ms and 1min", c->options.interval);
        if (client_open(c) < 0)
                return STATUS_FAILED;
        return live ? run_live(&t) : run_once(&t);
}
