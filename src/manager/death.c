/*
 * The black box: what is known of the end of a container, collected when its main process has ended,
 * completed when it is decided what follows, and written down when that has begun: nobody is to wait for it
 * who is restarted. Until then it is a part of the saved state.
 *
 * A record is a JSON object. Its members are the entries of the property Deaths of org.nsunits1.Unit, and, in
 * capitals, the fields of the one entry in the journal.
 */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/utf8.h"
#include "manager/death-log.h"
#include "manager/death.h"
#include "manager/internal.h"
#include "manager/log-file.h"

/* Of a log file; journald has the others. */
#define LOG_LINES 5

#define FIELD_PREFIX "NSUNITS_DEATH_"

/* Of all entries about deaths; see nsunitd(8). */

static char *log_path(const Unit *u) {
        char *path;

        return asprintf(&path, "%s/deaths/%s.json", u->manager->config->paths.run, u->name) < 0 ? NULL : path;
}

/* What is not known is left out. */
static void put_number(json_t *o, const char *name, uint64_t value) {
        if (value != UINT64_MAX)
                (void) json_object_set_new(o, name, json_integer((json_int_t) value));
}

static void put_text(json_t *o, const char *name, const char *text) {
        autofree char *plain = text && text[0] ? strdup(text) : NULL;

        if (plain)
                (void) json_object_set_new(o, name, json_string(utf8_make_plain(plain)));
}

/* Signals that the kernel sends for what the program itself has done. */
static bool is_fault(int sig) {
        return sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGSYS ||
               sig == SIGTRAP;
}

/* NULL: not the manager, and nobody tells who else. */
static const char *sender(const Unit *u, const MainExit *e) {
        const char *by = unit_sender_of(u, e->status, NULL);

        if (e->oom)
                return "the kernel, for want of memory";
        if (by)
                return by;
        if (e->status == SIGSYS)
                return "the kernel, for a system call that the filter forbids";
        return is_fault(e->status) ? "the kernel, for a fault of the program" : NULL;
}

static void put_exit(json_t *o, const Unit *u, const MainExit *e) {
        bool killed = e->kind == EXIT_KIND_KILLED || e->kind == EXIT_KIND_DUMPED;
        int last;
        const char *by = unit_sender_of(u, 0, &last);

        put_text(o, "Code", exit_kind_to_string(e->kind));
        if (e->kind != EXIT_KIND_NONE && e->kind != EXIT_KIND_UNKNOWN)
                put_number(o, "Status", (uint64_t) e->status);
        if (killed) {
                put_text(o, "Signal", signal_to_name(e->status));
                put_text(o, "Sender", sender(u, e));
        }
        (void) json_object_set_new(o, "CoreDumped", json_boolean(e->kind == EXIT_KIND_DUMPED));
        (void) json_object_set_new(o, "OutOfMemory", json_boolean(e->oom));
        if (by) {
                put_text(o, "SignalSent", signal_to_name(last));
                put_text(o, "SignalSentBy", by);
        }
}

static void put_pressure(json_t *o, const Unit *u) {
        static const struct {
                const char *resource, *name;
        } files[] = {
                { "cpu", "CPUPressure" },
                { "memory", "MemoryPressure" },
                { "io", "IOPressure" },
        };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                autofree char *text = NULL;

                if (cgroup_pressure(u->held.cgroup_fd, files[i].resource, &text) == 0)
                        put_text(o, files[i].name, text);
        }
}

static void put_usage(json_t *o, const Unit *u) {
        CgroupMemoryEvents events;
        CgroupStats stats;

        if (u->held.cgroup_fd < 0 || cgroup_totals(u->held.cgroup_fd, &stats) < 0)
                return;

        /* The cgroup counts on over restarts. */
        if (stats.cpu_usage != UINT64_MAX && stats.cpu_usage >= u->cpu_begin)
                put_number(o, "CPUUsageNSec", (stats.cpu_usage - u->cpu_begin) * NSEC_PER_USEC);
        put_number(o, "MemoryPeak", stats.memory_peak);
        put_number(o, "MemorySwapPeak", stats.swap_peak);
        put_number(o, "TasksPeak", stats.tasks_peak);
        put_number(o, "IOReadBytes", stats.io_read_bytes);
        put_number(o, "IOWriteBytes", stats.io_written_bytes);
        if (cgroup_memory_events(u->held.cgroup_fd, &events) == 0) {
                put_number(o, "OOMKills", events.oom_kill - MIN_OF(events.oom_kill, u->oom_kills));
                put_number(o, "MemoryMaxHits", events.max);
        }
        put_pressure(o, u);
}

static void put_log(json_t *o, const Unit *u) {
        autofree char *path = u->log_file ? log_file_path(u->manager->config->paths.logs, u->name) : NULL;
        autostrv char **lines = NULL;
        json_t *array;

        if (!path || log_file_tail(path, LOG_LINES, &lines) < 0 || !lines)
                return;
        array = json_array();
        STRV_FOREACH (line, lines)
                (void) json_array_append_new(array, json_string(utf8_make_plain(*line)));
        (void) json_object_set_new(o, "LogLines", array);
}

/* What it said of itself, and its health. */
static void put_words(json_t *o, Unit *u) {
        UnitStatus s;

        unit_status(u, &s);
        put_text(o, "StatusText", s.status_text);
        if (s.status_errno > 0)
                put_number(o, "StatusErrno", (uint64_t) s.status_errno);
        put_text(o, "HealthState", s.health);
        put_text(o, "HealthOutput", s.health_output);
}

static json_t *record_new(const Unit *u) {
        usec_t now = clock_now(CLOCK_REALTIME);
        char invocation[33];
        json_t *o = json_object();

        for (size_t i = 0; i < sizeof(u->invocation); i++)
                (void) snprintf(invocation + 2 * i, 3, "%02x", u->invocation[i]);
        put_text(o, "Id", invocation);
        put_number(o, "Time", now);
        return o;
}

void unit_death_begin(Unit *u, const MainExit *e, pid_t pid) {
        usec_t now = clock_now(CLOCK_BOOTTIME);

        if (unit_name_kind(u->name) != UNIT_CONTAINER)
                return;
        u->died = true;
        json_decref(u->death);
        u->death = record_new(u);
        if (!u->death)
                return;

        if (pid > 0)
                put_number(u->death, "MainPID", (uint64_t) pid);
        if (u->machine.main_start > 0 && u->machine.main_start <= now)
                put_number(u->death, "RuntimeUSec", now - u->machine.main_start);
        put_exit(u->death, u, e);
        put_text(u->death, "Result", unit_result_to_string(restart_result(&u->policy->restart, e)));
        put_usage(u->death, u);
        put_words(u->death, u);
        put_log(u->death, u);
}

/* --- what follows ----------------------------------------------------------------------------------- */

static char *policy_words(const Unit *u, const char *verdict) {
        const Machine *m = &u->machine;
        char *text;

        return asprintf(&text, "Restart=%s %s the result %s",
                        restart_policy_to_string(u->policy->restart.policy), verdict,
                        unit_result_to_string(m->result)) < 0
                       ? NULL
                       : text;
}

static char *rule_words(const Unit *u, bool again) {
        switch (restart_cause(&u->policy->restart, u->machine.result, &u->machine.exit)) {
        case RESTART_CAUSE_POLICY:
                return policy_words(u, again ? "covers" : "does not cover");
        case RESTART_CAUSE_FORCED:
                return strdup("RestartForceExitStatus= names how it ended");
        case RESTART_CAUSE_PREVENTED:
                return strdup("RestartPreventExitStatus= names how it ended");
        case RESTART_CAUSE_ONESHOT_DONE:
                return strdup("Type=oneshot has done its work");
        case RESTART_CAUSE_NO_FAILURE:
                return strdup("it was not to run at all");
        case RESTART_CAUSE_N_:
        case RESTART_CAUSE_INVALID_:
                break;
        }
        return NULL;
}

/* What follows: "restart", by policy; "start", for a job; "stay", RemainAfterExit=; or "rest". */
static const char *decision(const Machine *m) {
        if (m->state == MACHINE_AUTO_RESTART)
                return "restart";
        if (m->state == MACHINE_EXITED)
                return "stay";
        if (m->state != MACHINE_DEAD && m->state != MACHINE_FAILED)
                return "start";
        return m->restart && !m->wanted ? "start" : "rest";
}

/* The machine's own way of deciding (settle()), told afterwards. */
static void decide(json_t *o, const Unit *u) {
        const Machine *m = &u->machine;
        const char *word = decision(m);
        autofree char *reason = NULL;

        if (streq(word, "restart")) {
                put_number(o, "RestartDelayUSec", m->timer - MIN_OF(m->timer, m->state_change));
                reason = rule_words(u, true);
        } else if (streq(word, "start"))
                reason = strdup(m->restart ? "a restart was asked for" : "a start was asked for meanwhile");
        else if (streq(word, "stay"))
                reason = strdup("RemainAfterExit=yes");
        else if (m->limited)
                reason = strdup("started too often, see StartLimitBurst=");
        else if (!m->wanted)
                reason = strdup("it was told to stop");
        else
                reason = rule_words(u, false);

        put_text(o, "Decision", word);
        put_text(o, "Reason", reason);
}

/* "MemoryPeak" is NSUNITS_DEATH_MEMORY_PEAK, "CPUUsageNSec" ..._CPU_USAGE_NSEC. */
static void field_name(const char *member, char *out, size_t size) {
        size_t n = (size_t) snprintf(out, size, FIELD_PREFIX);

        for (size_t i = 0; member[i] && n + 2 < size; i++) {
                bool upper = isupper((unsigned char) member[i]) != 0;
                bool begins =
                        i > 0 && upper && !startswith(member + i, "Sec") &&
                        (islower((unsigned char) member[i - 1]) || islower((unsigned char) member[i + 1]));

                if (begins)
                        out[n++] = '_';
                out[n++] = (char) toupper((unsigned char) member[i]);
        }
        out[n] = '\0';
}

static char *field_value(const json_t *value) {
        autostrv char **lines = NULL;
        const json_t *line;
        char *text = NULL;
        size_t i;

        if (json_is_string(value))
                return strdup(json_string_value(value));
        if (json_is_boolean(value))
                return strdup(json_is_true(value) ? "yes" : "no");
        if (json_is_integer(value))
                return asprintf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) < 0 ? NULL : text;
        json_array_foreach(value, i, line) if (strv_add(&lines, json_string_value(line)) < 0) return NULL;
        return strv_join(lines, "\n");
}

static char **journal_fields(const json_t *record) {
        char **fields = NULL, name[128];
        const char *member;
        json_t *value;

        /* Of that invocation, though the next one may have begun. */
        if (strv_add(&fields, "MESSAGE_ID=" MESSAGE_ENDED) < 0 ||
            strv_addf(&fields, LOG_FIELD_INVOCATION "%s",
                      strempty(json_string_value(json_object_get(record, "Id")))) < 0)
                return fields;
        json_object_foreach((json_t *) record, member, value) {
                autofree char *text = field_value(value);

                field_name(member, name, sizeof(name));
                if (text)
                        (void) strv_addf(&fields, "%s=%s", name, text);
        }
        return fields;
}

static void tell(const Unit *u, const json_t *record) {
        const char *code = strempty(json_string_value(json_object_get(record, "Code")));
        const char *signal = json_string_value(json_object_get(record, "Signal"));
        const char *by = json_string_value(json_object_get(record, "Sender"));
        const char *result = strempty(json_string_value(json_object_get(record, "Result")));
        autostrv char **fields = journal_fields(record);
        autofree char *how = NULL;
        int n;

        if (streq(code, "none"))
                how = strdup("it was not running yet");
        else {
                n = signal ? asprintf(&how, "main process %s by %s%s%s", code, signal, by ? ", sent by " : "",
                                      strempty(by))
                           : asprintf(&how, "main process %s, status %" JSON_INTEGER_FORMAT, code,
                                      json_integer_value(json_object_get(record, "Status")));
                if (n < 0)
                        how = NULL;
        }
        log_entry(LOG_INFO, u->name, (const char *const *) fields, "ended with the result %s: %s; %s: %s",
                  result, strempty(how), strempty(json_string_value(json_object_get(record, "Decision"))),
                  strempty(json_string_value(json_object_get(record, "Reason"))));
}

static void finish(Unit *u) {
        /* When the next invocation has begun, the machine knows no more of this one. */
        if (u->machine.state == MACHINE_AUTO_RESTART || unit_at_rest(u))
                put_text(u->death, "Result", unit_result_to_string(u->machine.result));
        put_text(u->death, "Failure", u->fault_text);
        put_number(u->death, "NRestarts", u->machine.n_restarts);
        decide(u->death, u);
        unit_death_write(u);
        u->death_due = take_ptr(u->death);
        json_decref(take_ptr(u->sent)); /* it is in there */
}

/* Told first: a manager that is killed in between leaves one that is not in the log, and the next tells it.
 */
void unit_death_write(Unit *u) {
        autofree char *path = u->death_due ? log_path(u) : NULL;
        int r;

        if (!u->death_due)
                return;
        tell(u, u->death_due);
        r = path ? death_log_put(path, u->death_due) : -ENOMEM;
        if (r < 0)
                log_message(LOG_WARNING, u->name, "cannot keep the record of its end: %s", strerror(-r));
        json_decref(u->death_due);
        u->death_due = NULL;
}

/* By a manager that was killed before it had saved that. What was decided may be another thing since. */
static bool is_written(const Unit *u, const json_t *record) {
        autofree char *path = log_path(u);
        json_t *records = path ? death_log_read(path) : NULL;
        const json_t *last = json_array_get(records, json_array_size(records) - 1);
        bool written = json_equal(json_object_get(last, "Id"), json_object_get(record, "Id")) &&
                       json_equal(json_object_get(last, "Time"), json_object_get(record, "Time"));

        json_decref(records);
        return written;
}

/* The wait for a restart came to nothing: somebody stopped it, or the start limit forbids it. */
static void take_back(Unit *u) {
        autofree char *path = log_path(u);
        json_t *records, *last;

        unit_death_write(u);
        records = path ? death_log_read(path) : NULL;
        last = json_array_get(records, json_array_size(records) - 1);
        if (streq(strempty(json_string_value(json_object_get(last, "Decision"))), "restart")) {
                (void) json_object_del(last, "RestartDelayUSec");
                decide(last, u);
                (void) death_log_put(path, last);
        }
        json_decref(records);
}

/* A start that did not come as far as a process, or one whose process gave up before it ran the program. */
static void begin_without_process(Unit *u) {
        const Machine *m = &u->machine;

        if (m->result == RESULT_SUCCESS || m->result == RESULT_EXEC_CONDITION)
                return;
        u->died = true;
        u->death = record_new(u);
        if (u->death)
                put_exit(u->death, u, &m->exit);
}

void unit_death_follow(Unit *u, const MachineOutput *out) {
        const Machine *m = &u->machine;
        bool was_at_rest = out->before == MACHINE_DEAD || out->before == MACHINE_FAILED;
        bool settled = m->state == MACHINE_AUTO_RESTART || unit_at_rest(u);

        if (m->state == out->before || unit_name_kind(u->name) != UNIT_CONTAINER)
                return;
        if (!u->death && unit_at_rest(u) && (m->limited || m->given_up))
                return take_back(u);

        if (settled && !u->died && !was_at_rest && out->before != MACHINE_AUTO_RESTART)
                begin_without_process(u);
        if (u->death && (settled || m->state == MACHINE_EXITED || (out->actions & MACHINE_BEGIN)))
                finish(u);
}

json_t *unit_deaths(const Unit *u) {
        autofree char *path = log_path(u);
        json_t *records = path ? death_log_read(path) : NULL;

        if (records && u->death_due)
                (void) json_array_append(records, u->death_due);
        return records;
}

void unit_forget_deaths(const Unit *u) {
        autofree char *path = log_path(u);

        if (path)
                (void) unlink(path);
}

/* --- in the saved state ----------------------------------------------------------------------------- */

void unit_death_save(const Unit *u, json_t *o) {
        if (u->unmet)
                (void) json_object_set_new(o, "unmet", json_string(u->unmet));
        if (json_array_size(u->sent) > 0)
                (void) json_object_set(o, "sent", u->sent);
        if (u->death)
                (void) json_object_set(o, "death", u->death);
        if (u->death_due)
                (void) json_object_set(o, "death_due", u->death_due);
}

void unit_death_adopt(Unit *u, const json_t *saved) {
        const char *unmet = json_string_value(json_object_get(saved, "unmet"));
        json_t *due;

        u->cpu_begin = (usec_t) json_integer_value(json_object_get(saved, "cpu_begin"));
        u->unmet = unmet ? strdup(unmet) : NULL;
        u->sent = json_incref(json_object_get(saved, "sent"));
        u->death = json_incref(json_object_get(saved, "death"));
        u->died = u->death != NULL;
        due = json_object_get(saved, "death_due");
        if (!due || is_written(u, due))
                return;
        u->death_due = json_incref(due);
        unit_death_write(u);
}
