/* nsctl why: the reasons for the state of a unit, on one screen. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "ctl/explain.h"
#include "ctl/log-read.h"
#include "ctl/table.h"
#include "ctl/text.h"
#include "ctl/why.h"

#define TITLE_WIDTH 10
#define LOG_LINES   5

/* "            " before all lines of a text but the first. */
static void print_line(const char *title, const char *text) {
        autofree char *visible = text_escape(text);

        printf("  %-*s  %s\n", TITLE_WIDTH, title, strempty(visible));
}

PRINTF_LIKE(2, 3)
static void print_words(const char *title, const char *fmt, ...) {
        autofree char *text = NULL;
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vasprintf(&text, fmt, ap);
        va_end(ap);
        if (n < 0)
                text = NULL;
        else
                print_line(title, text);
}

static void print_head(const json_t *why) {
        const char *active = property_string(why, "active"), *result = property_string(why, "result");
        usec_t since = (usec_t) property_number(why, "since");
        char ago[TEXT_MAX];

        printf("%s is %s (%s)", property_string(why, "unit"), active,
               streq(active, "failed") ? result : property_string(why, "sub"));
        if (since > 0)
                printf(" since %s", text_ago(since, clock_now(CLOCK_REALTIME), ago));
        puts(json_array_size(json_object_get(why, "findings")) > 0 ? ":" : ".");
}

static void print_how(const json_t *death) {
        const char *code = property_string(death, "Code"), *signal = property_string(death, "Signal");
        const char *by = property_string(death, "Sender");

        if (streq(code, "none"))
                print_line("end", "it failed before its program ran");
        else if (streq(code, "unknown"))
                print_line("end",
                           "its main process ended while no manager ran, and the kernel kept no status");
        else if (signal[0])
                print_words("end", "its main process was killed by %s%s, sent by %s", signal,
                            json_is_true(json_object_get(death, "CoreDumped")) ? " and dumped core" : "",
                            by[0] ? by : "somebody else than the manager");
        else
                print_words("end", "its main process exited with status %" JSON_INTEGER_FORMAT,
                            property_number(death, "Status"));
        if (!signal[0] && property_string(death, "SignalSent")[0])
                print_words("signal", "%s was sent by %s", property_string(death, "SignalSent"),
                            property_string(death, "SignalSentBy"));
}

/* "memory peak 12.0M, 3 processes at most, CPU 1.2s": what is known of it. */
static void print_usage(const json_t *death) {
        json_int_t runtime = property_number(death, "RuntimeUSec"),
                   kills = property_number(death, "OOMKills");
        json_int_t memory = property_number(death, "MemoryPeak"), tasks = property_number(death, "TasksPeak");
        json_int_t cpu = property_number(death, "CPUUsageNSec");
        autostrv char **parts = NULL;
        autofree char *text = NULL;
        char buf[TEXT_MAX];

        if (runtime > 0)
                (void) strv_addf(&parts, "ran for %s", text_span_rough((usec_t) runtime, buf));
        if (cpu > 0)
                (void) strv_addf(&parts, "CPU %s", text_span_rough((usec_t) cpu / NSEC_PER_USEC, buf));
        if (memory > 0)
                (void) strv_addf(&parts, "memory peak %s", text_bytes((uint64_t) memory, buf));
        if (tasks > 0)
                (void) strv_addf(&parts, "%" JSON_INTEGER_FORMAT " tasks at most", tasks);
        if (kills > 0)
                (void) strv_addf(&parts, "%" JSON_INTEGER_FORMAT " killed for want of memory", kills);
        text = parts ? strv_join(parts, ", ") : NULL;
        if (text)
                print_line("usage", text);
}

/* Of the last ten seconds; only where tasks have really waited. */
static void print_pressure(const json_t *death) {
        static const struct {
                const char *property, *title;
        } kinds[] = {
                { "CPUPressure", "cpu" },
                { "MemoryPressure", "memory" },
                { "IOPressure", "io" },
        };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                const char *average = strstr(property_string(death, kinds[i].property), "avg10=");
                double share = average ? strtod(average + strlen("avg10="), NULL) : 0;

                if (share >= 1)
                        print_words("pressure", "tasks waited for %s in %.0f %% of the last 10s",
                                    kinds[i].title, share);
        }
}

static void print_decision(const json_t *death) {
        const char *decision = property_string(death, "Decision"), *reason = property_string(death, "Reason");
        char span[TEXT_MAX];

        if (streq(decision, "restart"))
                print_words("then", "started again after %s: %s",
                            text_span_rough((usec_t) property_number(death, "RestartDelayUSec"), span),
                            reason);
        else if (streq(decision, "start"))
                print_words("then", "started again: %s", reason);
        else if (streq(decision, "stay"))
                print_words("then", "counts as active: %s", reason);
        else
                print_words("then", "not started again: %s", reason);
}

static void print_log(Ctl *c, const json_t *why, const json_t *death) {
        char *units[] = { (char *) property_string(why, "unit"), NULL };
        const json_t *line, *lines = json_object_get(death, "LogLines");
        LogRequest q = { .units = units, .lines = LOG_LINES, .indent = "    " };
        size_t i;

        if (ctl_lines(c, LOG_LINES, &q.lines) < 0 || q.lines == 0)
                return;
        if (json_array_size(lines) == 0) {
                (void) fflush(stdout);
                (void) log_read(c, &q);
                return;
        }
        json_array_foreach(lines, i, line) {
                autofree char *visible = text_escape(strempty(json_string_value(line)));

                printf("    %s\n", strempty(visible));
        }
}

static void print_death(Ctl *c, const json_t *why) {
        const json_t *death = json_object_get(why, "death");
        const char *failure = property_string(death, "Failure");
        char ago[TEXT_MAX], when[TEXT_MAX];
        usec_t time = (usec_t) property_number(death, "Time");

        printf("\nIts last end, %s (%s), result %s:\n", text_ago(time, clock_now(CLOCK_REALTIME), ago),
               text_timestamp(time, when), property_string(death, "Result"));
        print_how(death);
        if (failure[0])
                print_line("failure", failure);
        if (property_string(death, "StatusText")[0])
                print_line("status", property_string(death, "StatusText"));
        if (streq(property_string(death, "HealthState"), "unhealthy"))
                print_words("health", "unhealthy: %s", property_string(death, "HealthOutput"));
        print_usage(death);
        print_pressure(death);
        print_decision(death);
        print_log(c, why, death);
}

static void print_why(Ctl *c, const json_t *why) {
        const json_t *finding, *findings = json_object_get(why, "findings");
        size_t i;

        print_head(why);
        json_array_foreach(findings, i, finding)
                print_line(property_string(finding, "about"), property_string(finding, "text"));
        if (json_object_get(why, "death"))
                print_death(c, why);
}

int verb_why(Ctl *c, char **words) {
        autojson json_t *all = json_array();
        autostrv char **names = NULL;
        int status = STATUS_OK;

        if (!all || client_open(c) < 0 || client_unit_names(c, words + 1, &names) < 0)
                return STATUS_FAILED;

        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                json_t *why = NULL;
                int r;

                r = why_collect(c, *name, &error, &why);
                if (r < 0)
                        return client_failure(*name, r, &error);
                if (streq(property_string(why, "load"), "not-found") &&
                    streq(property_string(why, "active"), "inactive"))
                        status = ctl_no_unit(*name) == STATUS_OK ? STATUS_OK : STATUS_NO_UNIT;
                else if (!c->options.json) {
                        if (name != names)
                                putchar('\n');
                        print_why(c, why);
                }
                if (json_array_append_new(all, why) < 0)
                        return ctl_errno(-ENOMEM, "why");
        }
        return c->options.json ? json_print(all) : status;
}
