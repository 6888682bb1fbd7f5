/* nsctl status: what a person wants to know about a unit, in the form that systemctl taught. */
#include <fcntl.h>
#include <string.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/explain.h"
#include "ctl/log-read.h"
#include "ctl/table.h"
#include "ctl/text.h"

#define TITLE_WIDTH 11

static void print_title(const char *title) {
        printf("%*s: ", TITLE_WIDTH, title);
}

static void print_text(const char *title, const char *text) {
        autofree char *visible = text[0] ? text_escape(text) : NULL;

        if (!visible)
                return;
        print_title(title);
        puts(visible);
}

static void print_list(const char *title, const json_t *list) {
        autofree char *text = json_array_size(list) ? table_cell(list, 0) : NULL;

        if (text)
                print_text(title, text);
}

static void print_head(const json_t *p, bool colours) {
        const char *state = property_string(p, "ActiveState"), *id = property_string(p, "Id");
        const char *description = property_string(p, "Description");
        bool known = !streq(property_string(p, "LoadState"), "not-found");
        autofree char *visible = text_escape(description);

        printf("%s%s%s %s", text_state_colour(state, colours), streq(state, "inactive") ? "○" : "●",
               text_reset(colours && text_state_colour(state, true)[0]), id);
        if (known && visible && !streq(description, id))
                printf(" - %s", visible);
        putchar('\n');
}

static void print_loaded(const json_t *p) {
        const char *load = property_string(p, "LoadState"), *file = property_string(p, "FragmentPath");
        const char *enabled = property_string(p, "UnitFileState");
        const json_t *error = json_object_get(p, "LoadError");

        print_title("Loaded");
        printf("%s", load);
        if (file[0])
                printf(" (%s%s%s)", file, enabled[0] ? "; " : "", enabled);
        putchar('\n');

        for (size_t i = 0; i < json_array_size(json_object_get(p, "DropInPaths")); i++) {
                print_title(i == 0 ? "Drop-In" : "");
                puts(json_string_value(json_array_get(json_object_get(p, "DropInPaths"), i)));
        }
        print_text("Error", strempty(json_string_value(json_array_get(error, 1))));
        if (json_is_true(json_object_get(p, "NeedDaemonReload")))
                print_text("Warning", "the unit file has changed on disk; run \"nsctl daemon-reload\"");
}

static void print_active(const json_t *p, bool colours) {
        const char *state = property_string(p, "ActiveState"), *result = property_string(p, "Result");
        usec_t since = (usec_t) property_number(p, "StateChangeTimestamp");
        char when[TEXT_MAX], ago[TEXT_MAX];

        print_title("Active");
        printf("%s%s (%s)%s", text_state_colour(state, colours), state,
               streq(state, "failed") ? strempty(result) : property_string(p, "SubState"),
               text_reset(colours));
        if (since)
                printf(" since %s; %s", text_timestamp(since, when),
                       text_ago(since, clock_now(CLOCK_REALTIME), ago));
        putchar('\n');
}

/* The command of a process, in brackets, as systemctl shows it. */
static void print_pid(pid_t pid) {
        char path[64];
        autofree char *command = NULL, *visible = NULL;

        if (pid == 0)
                return;

        print_title("Main PID");
        (void) snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        if (file_read_line(AT_FDCWD, path, &command) == 0)
                visible = text_escape(command);
        printf("%d%s%s%s\n", pid, visible ? " (" : "", strempty(visible), visible ? ")" : "");
}

/* Why it is not up, or why it was started anew: the manager's words and the end of the last process. */
static void print_cause(const json_t *p) {
        const char *state = property_string(p, "ActiveState"), *failure = property_string(p, "Failure");
        json_int_t restarts = property_number(p, "NRestarts");
        int code = (int) property_number(p, "ExecMainCode");
        bool failed = streq(state, "failed");
        autofree char *why = explain_end(p), *how = NULL, *last = NULL;

        /* Of what runs: a change that could not reach it. */
        if (failure[0])
                print_text(streq(state, "active") ? "Warning" : "Failure", failure);
        else if (failed && why)
                print_text("Failure", why);

        if (restarts > 0) {
                const int last_code = (int) property_number(p, "LastExitCode");

                last = explain_exit(last_code, (int) property_number(p, "LastExitStatus"));
                print_title("Restarts");
                /* There may have been no process, or nobody who saw its end. */
                printf("%" JSON_INTEGER_FORMAT "%s%s\n", restarts,
                       last_code != 0 ? ", the last one because the main process ended: " : "",
                       last_code != 0 ? strempty(last) : "");
        }
        if (code != 0 && property_number(p, "MainPID") == 0) {
                how = explain_exit(code, (int) property_number(p, "ExecMainStatus"));
                print_text("Last exit", strempty(how));
        }
}

static void print_firewalls(const json_t *list) {
        for (size_t i = 0; i < json_array_size(list); i++) {
                print_title("Firewall");
                printf("%s drops what none of its rules lets through\n",
                       json_string_value(json_array_get(list, i)));
        }
}

/* "unhealthy, 3 failures in a row: no answer" */
static void print_health(const json_t *p) {
        const char *state = property_string(p, "HealthState"), *output = property_string(p, "HealthOutput");
        json_int_t streak = property_number(p, "HealthFailingStreak");
        autofree char *text = NULL;
        char row[TEXT_MAX] = "";

        if (streak > 0)
                (void) snprintf(row, sizeof(row), ", %" JSON_INTEGER_FORMAT " failure%s in a row", streak,
                                streak == 1 ? "" : "s");
        if (asprintf(&text, "%s%s%s%s", state, row, output[0] ? ": " : "", output) < 0)
                text = NULL;
        if (state[0] && text)
                print_text("Health", text);
}

/* What stands in brackets behind a counter, of the properties that are set: "max: 64.0M, peak: 1.2M". */
typedef struct Detail {
        const char *property, *word;
        bool zero; /* is 0 worth a word? */
} Detail;

static int add_bytes(const json_t *p, const Detail *details, size_t n, char ***words) {
        char buf[TEXT_MAX];

        for (size_t i = 0; i < n; i++) {
                json_int_t value = property_number(p, details[i].property);

                if (!json_is_integer(json_object_get(p, details[i].property)) ||
                    (value == 0 && !details[i].zero))
                        continue;
                if (strv_addf(words, "%s: %s", details[i].word, text_bytes((uint64_t) value, buf)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static void print_counter(const char *title, const char *value, char *const *words) {
        autofree char *text = words ? strv_join(words, ", ") : NULL;

        print_title(title);
        printf("%s%s%s%s\n", value, text ? " (" : "", strempty(text), text ? ")" : "");
}

static void print_tasks(const json_t *p) {
        json_int_t max = property_number(p, "EffectiveTasksMax");
        autostrv char **words = NULL;
        char buf[TEXT_MAX];

        if (!json_is_integer(json_object_get(p, "TasksCurrent")))
                return;
        if (json_is_integer(json_object_get(p, "EffectiveTasksMax")))
                (void) strv_addf(&words, "limit: %" JSON_INTEGER_FORMAT, max);
        (void) snprintf(buf, sizeof(buf), "%" JSON_INTEGER_FORMAT, property_number(p, "TasksCurrent"));
        print_counter("Tasks", buf, words);
}

static void print_memory(const json_t *p) {
        static const Detail details[] = {
                { "MemoryMin", "min", false },
                { "MemoryLow", "low", false },
                { "EffectiveMemoryHigh", "high", true },
                { "EffectiveMemoryMax", "max", true },
                { "MemorySwapMax", "swap max", true },
                { "MemoryZSwapMax", "zswap max", true },
                { "MemoryPeak", "peak", false },
                { "MemorySwapCurrent", "swap", false },
                { "MemorySwapPeak", "swap peak", false },
                { "MemoryZSwapCurrent", "zswap", false },
        };
        autostrv char **words = NULL;
        char buf[TEXT_MAX];

        if (!json_is_integer(json_object_get(p, "MemoryCurrent")))
                return;
        (void) add_bytes(p, details, ELEMENTSOF(details), &words);
        print_counter("Memory", text_bytes((uint64_t) property_number(p, "MemoryCurrent"), buf), words);
}

static void print_cpu(const json_t *p) {
        json_int_t quota = property_number(p, "CPUQuotaPerSecUSec"), weight = property_number(p, "CPUWeight");
        const json_t *cpus = json_object_get(p, "AllowedCPUs");
        autofree char *allowed = json_array_size(cpus) ? table_cell(cpus, 0) : NULL;
        autostrv char **words = NULL;
        char buf[TEXT_MAX];

        if (!json_is_integer(json_object_get(p, "CPUUsageNSec")))
                return;
        if (json_is_integer(json_object_get(p, "CPUQuotaPerSecUSec")))
                (void) strv_addf(&words, "quota: %g%%", (double) quota / 10000);
        if (json_is_integer(json_object_get(p, "CPUWeight")))
                (void) (weight == 0 ? strv_add(&words, "idle")
                                    : strv_addf(&words, "weight: %" JSON_INTEGER_FORMAT, weight));
        if (allowed)
                (void) strv_addf(&words, "allowed: %s", allowed);
        print_counter("CPU",
                      text_span_rough((usec_t) property_number(p, "CPUUsageNSec") / NSEC_PER_USEC, buf),
                      words);
}

/* A list of a path and its value, one after the other. */
static void add_devices(const json_t *p, const char *property, const char *word, bool bytes, char ***words) {
        const json_t *list = json_object_get(p, property);

        for (size_t i = 0; i + 1 < json_array_size(list); i += 2) {
                autofree char *path = text_escape(strempty(json_string_value(json_array_get(list, i))));
                const char *value = strempty(json_string_value(json_array_get(list, i + 1)));
                char buf[TEXT_MAX];
                uint64_t n;

                if (bytes && parse_u64(value, &n) == 0)
                        value = text_bytes(n, buf);
                (void) strv_addf(words, "%s of %s: %s%s", word, strempty(path), value, bytes ? "/s" : "");
        }
}

static void print_io(const json_t *p) {
        static const struct {
                const char *property, *word;
                bool bytes;
        } limits[] = {
                { "IODeviceWeight", "weight", false },
                { "IOReadBandwidthMax", "read max", true },
                { "IOWriteBandwidthMax", "write max", true },
                { "IOReadIOPSMax", "reads/s max", false },
                { "IOWriteIOPSMax", "writes/s max", false },
                { "IODeviceLatencyTargetUSec", "latency", false },
        };
        autostrv char **words = NULL;
        char read[TEXT_MAX], written[TEXT_MAX], buf[2 * TEXT_MAX + 32];

        if (!json_is_integer(json_object_get(p, "IOReadBytes")))
                return;
        if (json_is_integer(json_object_get(p, "IOWeight")))
                (void) strv_addf(&words, "weight: %" JSON_INTEGER_FORMAT, property_number(p, "IOWeight"));
        for (size_t i = 0; i < ELEMENTSOF(limits); i++)
                add_devices(p, limits[i].property, limits[i].word, limits[i].bytes, &words);
        (void) snprintf(buf, sizeof(buf), "%s read, %s written",
                        text_bytes((uint64_t) property_number(p, "IOReadBytes"), read),
                        text_bytes((uint64_t) property_number(p, "IOWriteBytes"), written));
        print_counter("IO", buf, words);
}

static void print_traffic(const json_t *p) {
        json_int_t most = property_number(p, "BandwidthMax");
        char received[TEXT_MAX], sent[TEXT_MAX], buf[2 * TEXT_MAX + 32];
        autostrv char **words = NULL;

        if (!json_is_integer(json_object_get(p, "IPIngressBytes")))
                return;
        if (json_is_integer(json_object_get(p, "BandwidthMax")))
                (void) strv_addf(&words, "max: %" JSON_INTEGER_FORMAT " bit/s each", most);
        (void) snprintf(buf, sizeof(buf), "%s received, %s sent",
                        text_bytes((uint64_t) property_number(p, "IPIngressBytes"), received),
                        text_bytes((uint64_t) property_number(p, "IPEgressBytes"), sent));
        print_counter("Traffic", buf, words);
}

static void print_usage(const json_t *p) {
        print_tasks(p);
        print_memory(p);
        print_cpu(p);
        print_io(p);
        print_traffic(p);
        print_text("CGroup", property_string(p, "ControlGroup"));
}

/* What makes a container less confined than it would be by itself. */
static void print_confinement(const json_t *p) {
        autostrv char **off = NULL;
        autofree char *text = NULL;

        if (streq(property_string(p, "UserNS"), "host"))
                (void) strv_add(&off, "user namespace off");
        if (streq(property_string(p, "SeccompProfile"), "unconfined"))
                (void) strv_add(&off, "seccomp off");
        if (streq(property_string(p, "Unmask"), "ALL"))
                (void) strv_add(&off, "/proc and /sys not masked");
        if (json_is_false(json_object_get(p, "NoNewPrivileges")))
                (void) strv_add(&off, "new privileges allowed");
        if (off)
                text = strv_join(off, ", ");
        print_text("Confinement", strempty(text));
}

/* Of a unit that waits for its timer. */
static void print_timer(const json_t *p) {
        usec_t next = (usec_t) property_number(p, "NextElapseUSecRealtime"), now = clock_now(CLOCK_REALTIME);
        usec_t last = (usec_t) property_number(p, "LastTriggerUSec");
        char when[TEXT_MAX], ago[TEXT_MAX];

        if (next) {
                print_title("Next run");
                printf("%s; %s%s\n", text_timestamp(next, when), next > now ? "in " : "now",
                       next > now ? text_span_rough(next - now, ago) : "");
        }
        if (last) {
                print_title("Last run");
                printf("%s; %s\n", text_timestamp(last, when), text_ago(last, now, ago));
        }
}

static void print_lines(Ctl *c, const char *unit) {
        char *units[] = { (char *) unit, NULL };
        LogRequest q = { .units = units };

        if (ctl_lines(c, 10, &q.lines) < 0 || q.lines == 0)
                return;
        putchar('\n');
        (void) log_read(c, &q);
}

static int status_one(Ctl *c, const char *name, bool colours, int *ret_status) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *p = NULL;
        const char *state;
        int r;

        r = client_unit_properties(c, name, &error, &p);
        if (r < 0) {
                *ret_status = client_failure(name, r, &error);
                return r;
        }

        state = property_string(p, "ActiveState");
        if (streq(property_string(p, "LoadState"), "not-found")) {
                (void) ctl_no_unit(name);
                *ret_status = STATUS_NO_UNIT;
                return 0;
        }
        *ret_status = streq(state, "active") || streq(state, "reloading") ? STATUS_OK : STATUS_NOT_ACTIVE;

        print_head(p, colours);
        print_loaded(p);
        print_active(p, colours);
        print_timer(p);
        print_list("Listen", json_object_get(p, "Listen"));
        print_cause(p);
        print_pid((pid_t) property_number(p, "MainPID"));
        if (!streq(property_string(p, "FreezerState"), "running"))
                print_text("Freezer", property_string(p, "FreezerState"));
        print_text("Status", property_string(p, "StatusText"));
        print_health(p);
        print_text("Image", property_string(p, "Image"));
        print_list("Addresses", json_object_get(p, "Addresses"));
        print_list("Ports", json_object_get(p, "Ports"));
        print_firewalls(json_object_get(p, "Firewalls"));
        print_usage(p);
        print_confinement(p);
        print_lines(c, name);
        return 0;
}

int verb_status(Ctl *c, char **words) {
        bool colours = text_colours(stdout);
        autostrv char **names = NULL;
        int status = STATUS_OK;

        if (client_open(c) < 0 || client_unit_names(c, words + 1, &names) < 0)
                return STATUS_FAILED;

        STRV_FOREACH (name, names) {
                int one = STATUS_OK;

                if (name != names)
                        putchar('\n');
                if (status_one(c, *name, colours, &one) < 0)
                        return one;
                if (one != STATUS_OK && words[1])
                        status = one;
        }
        return status;
}
